/* Verbs on NEON (aarch64): 4 floats or 2 doubles. simd.h says what they mean. */
#ifndef PYBP_SIMD_NEON_H
#define PYBP_SIMD_NEON_H

#if !defined(__aarch64__) || !defined(__ARM_NEON)
#error "PYBP_ISA_NEON needs aarch64"
#endif

#include <arm_neon.h>
#include <stddef.h>
#include <stdint.h>

#define F32_LANES 4
#define F64_LANES 2

typedef float32x4_t f32_v;
typedef uint32x4_t f32_m; /* all bits of a lane set, or none */
typedef float64x2_t f64_v;
typedef uint64x2_t f64_m;

/* ---- float ---- */

PYBP_INLINE f32_v f32_load(const float *p) { return vld1q_f32(p); }
PYBP_INLINE f32_v f32_load_first(const float *p, size_t n, f32_v rest)
{
    rest = vld1q_lane_f32(p, rest, 0);
    rest = n > 1 ? vld1q_lane_f32(p + 1, rest, 1) : rest;
    return n > 2 ? vld1q_lane_f32(p + 2, rest, 2) : rest;
}
PYBP_INLINE void f32_store(float *p, f32_v a) { vst1q_f32(p, a); }
PYBP_INLINE f32_v f32_set1(float x) { return vdupq_n_f32(x); }
PYBP_INLINE f32_v f32_bcast(const float *p) { return vld1q_dup_f32(p); }
PYBP_INLINE f32_v f32_zero(void) { return vdupq_n_f32(0); }

PYBP_INLINE f32_v f32_add(f32_v a, f32_v b) { return vaddq_f32(a, b); }
PYBP_INLINE f32_v f32_sub(f32_v a, f32_v b) { return vsubq_f32(a, b); }
PYBP_INLINE f32_v f32_mul(f32_v a, f32_v b) { return vmulq_f32(a, b); }
PYBP_INLINE f32_v f32_div(f32_v a, f32_v b) { return vdivq_f32(a, b); }
PYBP_INLINE f32_v f32_sqrt(f32_v a) { return vsqrtq_f32(a); }
PYBP_INLINE f32_v f32_fma(f32_v a, f32_v b, f32_v c) { return vfmaq_f32(c, a, b); }
PYBP_INLINE f32_v f32_fnma(f32_v a, f32_v b, f32_v c) { return vfmsq_f32(c, a, b); }
/* To save registers, as in avx2.h: otherwise GCC loads inputs long before they are used. */
PYBP_INLINE f32_v f32_acc(f32_v acc, f32_v a, f32_v b)
{
    __asm__("fmla %0.4s, %1.4s, %2.4s" : "+w"(acc) : "w"(a), "w"(b));
    return acc;
}

PYBP_INLINE f32_m f32_lt(f32_v a, f32_v b) { return vcltq_f32(a, b); }
PYBP_INLINE f32_m f32_le(f32_v a, f32_v b) { return vcleq_f32(a, b); }
PYBP_INLINE f32_m f32_eq(f32_v a, f32_v b) { return vceqq_f32(a, b); }
PYBP_INLINE f32_m f32_mand(f32_m a, f32_m b) { return vandq_u32(a, b); }
PYBP_INLINE f32_m f32_mor(f32_m a, f32_m b) { return vorrq_u32(a, b); }
PYBP_INLINE f32_m f32_mnot(f32_m a) { return vmvnq_u32(a); }
PYBP_INLINE f32_v f32_select(f32_m m, f32_v a, f32_v b) { return vbslq_f32(m, a, b); }
PYBP_INLINE f32_v f32_flush(f32_v a)
{
    const uint32x4_t bits = vreinterpretq_u32_f32(a);
    return vreinterpretq_f32_u32(vandq_u32(bits, vtstq_u32(bits, vdupq_n_u32(0x60000000))));
}
PYBP_INLINE f32_v f32_mul_if(f32_m m, f32_v a, f32_v b)
{
    return vmulq_f32(vreinterpretq_f32_u32(vandq_u32(m, vreinterpretq_u32_f32(a))), b);
}
PYBP_INLINE f32_v f32_relu_df(f32_v a, f32_v back)
{
    return vreinterpretq_f32_u32(vandq_u32(vcltq_f32(vdupq_n_f32(0), a), vreinterpretq_u32_f32(f32_flush(back))));
}

/* Not the instructions for minimum and maximum, which treat NaN and zeros of unlike sign differently. */
PYBP_INLINE f32_v f32_min(f32_v a, f32_v b) { return vbslq_f32(vcltq_f32(a, b), a, b); }
PYBP_INLINE f32_v f32_max(f32_v a, f32_v b) { return vbslq_f32(vcltq_f32(b, a), a, b); }
PYBP_INLINE f32_v f32_neg(f32_v a) { return vnegq_f32(a); }
PYBP_INLINE f32_v f32_abs(f32_v a) { return vabsq_f32(a); }
PYBP_INLINE f32_v f32_copysign(f32_v mag, f32_v sgn)
{
    return vbslq_f32(vdupq_n_u32(0x80000000), sgn, mag);
}

/* The sum's last bits are n + 127; the shift leaves them as the exponent. */
PYBP_INLINE f32_v f32_pow2(f32_v n)
{
    uint32x4_t t = vreinterpretq_u32_f32(vaddq_f32(n, vdupq_n_f32(0x1.8p23f + 127.0f)));
    return vreinterpretq_f32_u32(vshlq_n_u32(t, 23));
}

/* 2^n as a product, since n may be out of range: the sum's last bits are
 * n + 254, and its halves, rounded down and up, are the two exponents. Only the
 * second product can round. */
PYBP_INLINE f32_v f32_ldexp(f32_v a, f32_v n)
{
    uint32x4_t twice = vreinterpretq_u32_f32(vaddq_f32(n, vdupq_n_f32(0x1.8p23f + 254.0f)));
    uint32x4_t half = vshrq_n_u32(twice, 1);
    uint32x4_t p = vshlq_n_u32(half, 23), q = vshlq_n_u32(vsubq_u32(twice, half), 23);
    return vmulq_f32(vmulq_f32(a, vreinterpretq_f32_u32(p)), vreinterpretq_f32_u32(q));
}

/* Moving the boundary of the exponent field from 1 to sqrt(1/2) makes the field
 * of t equal k + 127 and its fraction the distance of m from sqrt(1/2). */
PYBP_INLINE f32_v f32_split(f32_v x, f32_v *m)
{
    const uint32x4_t root = vdupq_n_u32(0x3f3504f3);
    uint32x4_t t = vaddq_u32(vreinterpretq_u32_f32(x), vdupq_n_u32(0x3f800000 - 0x3f3504f3));
    uint32x4_t k = vorrq_u32(vshrq_n_u32(t, 23), vdupq_n_u32(0x4b000000));
    *m = vreinterpretq_f32_u32(vaddq_u32(vandq_u32(t, vdupq_n_u32(0x007fffff)), root));
    return vsubq_f32(vreinterpretq_f32_u32(k), vdupq_n_f32(0x1p23f + 127.0f));
}

PYBP_INLINE void f32_transpose(const float *src, size_t src_stride, float *dst, size_t dst_stride)
{
    float32x4_t r0 = vld1q_f32(src), r1 = vld1q_f32(src + src_stride);
    float32x4_t r2 = vld1q_f32(src + 2 * src_stride), r3 = vld1q_f32(src + 3 * src_stride);
    float64x2_t a = vreinterpretq_f64_f32(vtrn1q_f32(r0, r1)), b = vreinterpretq_f64_f32(vtrn2q_f32(r0, r1));
    float64x2_t c = vreinterpretq_f64_f32(vtrn1q_f32(r2, r3)), d = vreinterpretq_f64_f32(vtrn2q_f32(r2, r3));
    vst1q_f32(dst, vreinterpretq_f32_f64(vtrn1q_f64(a, c)));
    vst1q_f32(dst + dst_stride, vreinterpretq_f32_f64(vtrn1q_f64(b, d)));
    vst1q_f32(dst + 2 * dst_stride, vreinterpretq_f32_f64(vtrn2q_f64(a, c)));
    vst1q_f32(dst + 3 * dst_stride, vreinterpretq_f32_f64(vtrn2q_f64(b, d)));
}

/* ---- double ---- */

PYBP_INLINE f64_v f64_load(const double *p) { return vld1q_f64(p); }
PYBP_INLINE f64_v f64_load_first(const double *p, size_t n, f64_v rest)
{
    (void)n; /* 1 */
    return vld1q_lane_f64(p, rest, 0);
}
PYBP_INLINE void f64_store(double *p, f64_v a) { vst1q_f64(p, a); }
PYBP_INLINE f64_v f64_set1(double x) { return vdupq_n_f64(x); }
PYBP_INLINE f64_v f64_bcast(const double *p) { return vld1q_dup_f64(p); }
PYBP_INLINE f64_v f64_zero(void) { return vdupq_n_f64(0); }

PYBP_INLINE f64_v f64_add(f64_v a, f64_v b) { return vaddq_f64(a, b); }
PYBP_INLINE f64_v f64_sub(f64_v a, f64_v b) { return vsubq_f64(a, b); }
PYBP_INLINE f64_v f64_mul(f64_v a, f64_v b) { return vmulq_f64(a, b); }
PYBP_INLINE f64_v f64_div(f64_v a, f64_v b) { return vdivq_f64(a, b); }
PYBP_INLINE f64_v f64_sqrt(f64_v a) { return vsqrtq_f64(a); }
PYBP_INLINE f64_v f64_fma(f64_v a, f64_v b, f64_v c) { return vfmaq_f64(c, a, b); }
PYBP_INLINE f64_v f64_fnma(f64_v a, f64_v b, f64_v c) { return vfmsq_f64(c, a, b); }
PYBP_INLINE f64_v f64_acc(f64_v acc, f64_v a, f64_v b)
{
    __asm__("fmla %0.2d, %1.2d, %2.2d" : "+w"(acc) : "w"(a), "w"(b));
    return acc;
}

PYBP_INLINE f64_m f64_lt(f64_v a, f64_v b) { return vcltq_f64(a, b); }
PYBP_INLINE f64_m f64_le(f64_v a, f64_v b) { return vcleq_f64(a, b); }
PYBP_INLINE f64_m f64_eq(f64_v a, f64_v b) { return vceqq_f64(a, b); }
PYBP_INLINE f64_m f64_mand(f64_m a, f64_m b) { return vandq_u64(a, b); }
PYBP_INLINE f64_m f64_mor(f64_m a, f64_m b) { return vorrq_u64(a, b); }
PYBP_INLINE f64_m f64_mnot(f64_m a) { return veorq_u64(a, vdupq_n_u64(UINT64_MAX)); }
PYBP_INLINE f64_v f64_select(f64_m m, f64_v a, f64_v b) { return vbslq_f64(m, a, b); }
PYBP_INLINE f64_v f64_flush(f64_v a)
{
    const uint64x2_t bits = vreinterpretq_u64_f64(a);
    return vreinterpretq_f64_u64(vandq_u64(bits, vtstq_u64(bits, vdupq_n_u64(0x6000000000000000))));
}
PYBP_INLINE f64_v f64_mul_if(f64_m m, f64_v a, f64_v b)
{
    return vmulq_f64(vreinterpretq_f64_u64(vandq_u64(m, vreinterpretq_u64_f64(a))), b);
}
PYBP_INLINE f64_v f64_relu_df(f64_v a, f64_v back)
{
    return vreinterpretq_f64_u64(vandq_u64(vcltq_f64(vdupq_n_f64(0), a), vreinterpretq_u64_f64(f64_flush(back))));
}

PYBP_INLINE f64_v f64_min(f64_v a, f64_v b) { return vbslq_f64(vcltq_f64(a, b), a, b); }
PYBP_INLINE f64_v f64_max(f64_v a, f64_v b) { return vbslq_f64(vcltq_f64(b, a), a, b); }
PYBP_INLINE f64_v f64_neg(f64_v a) { return vnegq_f64(a); }
PYBP_INLINE f64_v f64_abs(f64_v a) { return vabsq_f64(a); }
PYBP_INLINE f64_v f64_copysign(f64_v mag, f64_v sgn)
{
    return vbslq_f64(vdupq_n_u64(0x8000000000000000), sgn, mag);
}

PYBP_INLINE f64_v f64_pow2(f64_v n)
{
    uint64x2_t t = vreinterpretq_u64_f64(vaddq_f64(n, vdupq_n_f64(0x1.8p52 + 1023.0)));
    return vreinterpretq_f64_u64(vshlq_n_u64(t, 52));
}

PYBP_INLINE f64_v f64_ldexp(f64_v a, f64_v n)
{
    uint64x2_t twice = vreinterpretq_u64_f64(vaddq_f64(n, vdupq_n_f64(0x1.8p52 + 2046.0)));
    uint64x2_t half = vshrq_n_u64(twice, 1);
    uint64x2_t p = vshlq_n_u64(half, 52), q = vshlq_n_u64(vsubq_u64(twice, half), 52);
    return vmulq_f64(vmulq_f64(a, vreinterpretq_f64_u64(p)), vreinterpretq_f64_u64(q));
}

PYBP_INLINE f64_v f64_split(f64_v x, f64_v *m)
{
    const uint64x2_t root = vdupq_n_u64(0x3fe6a09e667f3bcd);
    uint64x2_t t = vaddq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
    uint64x2_t k = vorrq_u64(vshrq_n_u64(t, 52), vdupq_n_u64(0x4330000000000000));
    *m = vreinterpretq_f64_u64(vaddq_u64(vandq_u64(t, vdupq_n_u64(0x000fffffffffffff)), root));
    return vsubq_f64(vreinterpretq_f64_u64(k), vdupq_n_f64(0x1p52 + 1023.0));
}

PYBP_INLINE void f64_transpose(const double *src, size_t src_stride, double *dst, size_t dst_stride)
{
    float64x2_t top = vld1q_f64(src), bottom = vld1q_f64(src + src_stride);
    vst1q_f64(dst, vtrn1q_f64(top, bottom));
    vst1q_f64(dst + dst_stride, vtrn2q_f64(top, bottom));
}

#endif
