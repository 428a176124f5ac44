/* Verbs on plain C: one lane. This is the reference for every other
 * instruction set and the fallback on CPUs without FMA, where the builtins
 * below call the fma() of libm: slow, and the same bits. */
#ifndef PYBP_SIMD_SCALAR_H
#define PYBP_SIMD_SCALAR_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define F32_LANES 1
#define F64_LANES 1

typedef float f32_v;
typedef int f32_m;
typedef double f64_v;
typedef int f64_m;

/* ---- bits of a number ---- */

PYBP_INLINE uint32_t f32_to_bits(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

PYBP_INLINE float f32_from_bits(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

PYBP_INLINE uint64_t f64_to_bits(double x)
{
    uint64_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

PYBP_INLINE double f64_from_bits(uint64_t u)
{
    double x;
    memcpy(&x, &u, sizeof x);
    return x;
}

/* ---- float ---- */

PYBP_INLINE f32_v f32_load(const float *p) { return *p; }
PYBP_INLINE f32_v f32_load_first(const float *p, size_t n, f32_v rest) { return n > 0 ? *p : rest; }
PYBP_INLINE void f32_store(float *p, f32_v a) { *p = a; }
PYBP_INLINE f32_v f32_set1(float x) { return x; }
PYBP_INLINE f32_v f32_bcast(const float *p) { return *p; }
PYBP_INLINE f32_v f32_zero(void) { return 0.0f; }

PYBP_INLINE f32_v f32_add(f32_v a, f32_v b) { return a + b; }
PYBP_INLINE f32_v f32_sub(f32_v a, f32_v b) { return a - b; }
PYBP_INLINE f32_v f32_mul(f32_v a, f32_v b) { return a * b; }
PYBP_INLINE f32_v f32_div(f32_v a, f32_v b) { return a / b; }
PYBP_INLINE f32_v f32_sqrt(f32_v a) { return __builtin_sqrtf(a); }
PYBP_INLINE f32_v f32_fma(f32_v a, f32_v b, f32_v c) { return __builtin_fmaf(a, b, c); }
PYBP_INLINE f32_v f32_fnma(f32_v a, f32_v b, f32_v c) { return __builtin_fmaf(-a, b, c); }
PYBP_INLINE f32_v f32_acc(f32_v acc, f32_v a, f32_v b) { return __builtin_fmaf(a, b, acc); }

PYBP_INLINE f32_v f32_min(f32_v a, f32_v b) { return a < b ? a : b; }
PYBP_INLINE f32_v f32_max(f32_v a, f32_v b) { return a > b ? a : b; }
PYBP_INLINE f32_v f32_neg(f32_v a) { return f32_from_bits(f32_to_bits(a) ^ 0x80000000u); }
PYBP_INLINE f32_v f32_abs(f32_v a) { return f32_from_bits(f32_to_bits(a) & 0x7fffffffu); }
PYBP_INLINE f32_v f32_copysign(f32_v mag, f32_v sgn)
{
    return f32_from_bits((f32_to_bits(mag) & 0x7fffffffu) | (f32_to_bits(sgn) & 0x80000000u));
}

PYBP_INLINE f32_m f32_lt(f32_v a, f32_v b) { return a < b; }
PYBP_INLINE f32_m f32_le(f32_v a, f32_v b) { return a <= b; }
PYBP_INLINE f32_m f32_eq(f32_v a, f32_v b) { return a == b; }
PYBP_INLINE f32_m f32_mand(f32_m a, f32_m b) { return a & b; }
PYBP_INLINE f32_m f32_mor(f32_m a, f32_m b) { return a | b; }
PYBP_INLINE f32_m f32_mnot(f32_m a) { return !a; }
PYBP_INLINE f32_v f32_select(f32_m m, f32_v a, f32_v b) { return m ? a : b; }
PYBP_INLINE f32_v f32_flush(f32_v a) { return f32_to_bits(a) & 0x60000000u ? a : 0.0f; }
PYBP_INLINE f32_v f32_mul_if(f32_m m, f32_v a, f32_v b) { return (m ? a : 0.0f) * b; }
PYBP_INLINE f32_v f32_relu_df(f32_v a, f32_v back) { return 0.0f < a ? f32_flush(back) : 0.0f; }

/* The sum's last bits are n + 127; the shift leaves them as the exponent. */
PYBP_INLINE f32_v f32_pow2(f32_v n)
{
    return f32_from_bits(f32_to_bits(n + (0x1.8p23f + 127.0f)) << 23);
}

/* 2^n as a product, since n may be out of range: the sum's last bits are
 * n + 254, and its halves, rounded down and up, are the two exponents. Only the
 * second product can round. */
PYBP_INLINE f32_v f32_ldexp(f32_v a, f32_v n)
{
    uint32_t twice = f32_to_bits(n + (0x1.8p23f + 254.0f)), half = twice >> 1;
    return f32_mul(f32_mul(a, f32_from_bits(half << 23)), f32_from_bits((twice - half) << 23));
}

PYBP_INLINE f32_v f32_split(f32_v x, f32_v *m)
{
    uint32_t t = f32_to_bits(x) + (0x3f800000u - 0x3f3504f3u);
    *m = f32_from_bits((t & 0x007fffffu) + 0x3f3504f3u);
    return f32_from_bits((t >> 23) | 0x4b000000u) - (0x1p23f + 127.0f);
}

PYBP_INLINE void f32_transpose(const float *src, size_t src_stride, float *dst, size_t dst_stride)
{
    (void)src_stride;
    (void)dst_stride;
    *dst = *src;
}

/* ---- double ---- */

PYBP_INLINE f64_v f64_load(const double *p) { return *p; }
PYBP_INLINE f64_v f64_load_first(const double *p, size_t n, f64_v rest) { return n > 0 ? *p : rest; }
PYBP_INLINE void f64_store(double *p, f64_v a) { *p = a; }
PYBP_INLINE f64_v f64_set1(double x) { return x; }
PYBP_INLINE f64_v f64_bcast(const double *p) { return *p; }
PYBP_INLINE f64_v f64_zero(void) { return 0.0; }

PYBP_INLINE f64_v f64_add(f64_v a, f64_v b) { return a + b; }
PYBP_INLINE f64_v f64_sub(f64_v a, f64_v b) { return a - b; }
PYBP_INLINE f64_v f64_mul(f64_v a, f64_v b) { return a * b; }
PYBP_INLINE f64_v f64_div(f64_v a, f64_v b) { return a / b; }
PYBP_INLINE f64_v f64_sqrt(f64_v a) { return __builtin_sqrt(a); }
PYBP_INLINE f64_v f64_fma(f64_v a, f64_v b, f64_v c) { return __builtin_fma(a, b, c); }
PYBP_INLINE f64_v f64_fnma(f64_v a, f64_v b, f64_v c) { return __builtin_fma(-a, b, c); }
PYBP_INLINE f64_v f64_acc(f64_v acc, f64_v a, f64_v b) { return __builtin_fma(a, b, acc); }

PYBP_INLINE f64_v f64_min(f64_v a, f64_v b) { return a < b ? a : b; }
PYBP_INLINE f64_v f64_max(f64_v a, f64_v b) { return a > b ? a : b; }
PYBP_INLINE f64_v f64_neg(f64_v a) { return f64_from_bits(f64_to_bits(a) ^ 0x8000000000000000u); }
PYBP_INLINE f64_v f64_abs(f64_v a) { return f64_from_bits(f64_to_bits(a) & 0x7fffffffffffffffu); }
PYBP_INLINE f64_v f64_copysign(f64_v mag, f64_v sgn)
{
    return f64_from_bits((f64_to_bits(mag) & 0x7fffffffffffffffu) |
                         (f64_to_bits(sgn) & 0x8000000000000000u));
}

PYBP_INLINE f64_m f64_lt(f64_v a, f64_v b) { return a < b; }
PYBP_INLINE f64_m f64_le(f64_v a, f64_v b) { return a <= b; }
PYBP_INLINE f64_m f64_eq(f64_v a, f64_v b) { return a == b; }
PYBP_INLINE f64_m f64_mand(f64_m a, f64_m b) { return a & b; }
PYBP_INLINE f64_m f64_mor(f64_m a, f64_m b) { return a | b; }
PYBP_INLINE f64_m f64_mnot(f64_m a) { return !a; }
PYBP_INLINE f64_v f64_select(f64_m m, f64_v a, f64_v b) { return m ? a : b; }
PYBP_INLINE f64_v f64_flush(f64_v a) { return f64_to_bits(a) & 0x6000000000000000u ? a : 0.0; }
PYBP_INLINE f64_v f64_mul_if(f64_m m, f64_v a, f64_v b) { return (m ? a : 0.0) * b; }
PYBP_INLINE f64_v f64_relu_df(f64_v a, f64_v back) { return 0.0 < a ? f64_flush(back) : 0.0; }

PYBP_INLINE f64_v f64_pow2(f64_v n)
{
    return f64_from_bits(f64_to_bits(n + (0x1.8p52 + 1023.0)) << 52);
}

PYBP_INLINE f64_v f64_ldexp(f64_v a, f64_v n)
{
    uint64_t twice = f64_to_bits(n + (0x1.8p52 + 2046.0)), half = twice >> 1;
    return f64_mul(f64_mul(a, f64_from_bits(half << 52)), f64_from_bits((twice - half) << 52));
}

PYBP_INLINE f64_v f64_split(f64_v x, f64_v *m)
{
    uint64_t t = f64_to_bits(x) + (0x3ff0000000000000u - 0x3fe6a09e667f3bcdu);
    *m = f64_from_bits((t & 0x000fffffffffffffu) + 0x3fe6a09e667f3bcdu);
    return f64_from_bits((t >> 52) | 0x4330000000000000u) - (0x1p52 + 1023.0);
}

PYBP_INLINE void f64_transpose(const double *src, size_t src_stride, double *dst,
                               size_t dst_stride)
{
    (void)src_stride;
    (void)dst_stride;
    *dst = *src;
}

#endif
