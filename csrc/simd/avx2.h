/* Verbs on AVX2 and FMA: 8 floats or 4 doubles. simd.h says what they mean. */
#ifndef PYBP_SIMD_AVX2_H
#define PYBP_SIMD_AVX2_H

#if !defined(__AVX2__) || !defined(__FMA__)
#error "PYBP_ISA_AVX2 needs -mavx2 -mfma"
#endif

#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>

#define F32_LANES 8
#define F64_LANES 4

typedef __m256 f32_v;
typedef __m256 f32_m; /* all bits of a lane set, or none */
typedef __m256d f64_v;
typedef __m256d f64_m;

/* ---- float ---- */

PYBP_INLINE f32_v f32_load(const float *p) { return _mm256_loadu_ps(p); }
PYBP_INLINE f32_v f32_load_first(const float *p, size_t n, f32_v rest)
{
    const __m256i index = _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7);
    const __m256i first = _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), index);
    return _mm256_blendv_ps(rest, _mm256_maskload_ps(p, first), _mm256_castsi256_ps(first));
}
PYBP_INLINE void f32_store(float *p, f32_v a) { _mm256_storeu_ps(p, a); }
PYBP_INLINE f32_v f32_set1(float x) { return _mm256_set1_ps(x); }
PYBP_INLINE f32_v f32_bcast(const float *p) { return _mm256_broadcast_ss(p); }
PYBP_INLINE f32_v f32_zero(void) { return _mm256_setzero_ps(); }

PYBP_INLINE f32_v f32_add(f32_v a, f32_v b) { return _mm256_add_ps(a, b); }
PYBP_INLINE f32_v f32_sub(f32_v a, f32_v b) { return _mm256_sub_ps(a, b); }
PYBP_INLINE f32_v f32_mul(f32_v a, f32_v b) { return _mm256_mul_ps(a, b); }
PYBP_INLINE f32_v f32_div(f32_v a, f32_v b) { return _mm256_div_ps(a, b); }
PYBP_INLINE f32_v f32_sqrt(f32_v a) { return _mm256_sqrt_ps(a); }
PYBP_INLINE f32_v f32_fma(f32_v a, f32_v b, f32_v c) { return _mm256_fmadd_ps(a, b, c); }
PYBP_INLINE f32_v f32_fnma(f32_v a, f32_v b, f32_v c) { return _mm256_fnmadd_ps(a, b, c); }

/* For the inner loops of matrix products. GCC folds a load into every FMA that
 * uses it, loads the same weights many times over and then spills accumulators
 * (half of peak). Operands that must be registers prevent the folding. Not
 * volatile, so that the compiler may still schedule it. */
PYBP_INLINE f32_v f32_acc(f32_v acc, f32_v a, f32_v b)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm__("vfmadd231ps %2, %1, %0" : "+x"(acc) : "x"(a), "x"(b));
    return acc;
#else
    return _mm256_fmadd_ps(a, b, acc);
#endif
}

PYBP_INLINE f32_v f32_min(f32_v a, f32_v b) { return _mm256_min_ps(a, b); }
PYBP_INLINE f32_v f32_max(f32_v a, f32_v b) { return _mm256_max_ps(a, b); }
PYBP_INLINE f32_v f32_neg(f32_v a) { return _mm256_xor_ps(a, _mm256_set1_ps(-0.0f)); }
PYBP_INLINE f32_v f32_abs(f32_v a) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a); }
PYBP_INLINE f32_v f32_copysign(f32_v mag, f32_v sgn)
{
    const __m256 sign = _mm256_set1_ps(-0.0f);
    return _mm256_or_ps(_mm256_andnot_ps(sign, mag), _mm256_and_ps(sign, sgn));
}

PYBP_INLINE f32_m f32_lt(f32_v a, f32_v b) { return _mm256_cmp_ps(a, b, _CMP_LT_OQ); }
PYBP_INLINE f32_m f32_le(f32_v a, f32_v b) { return _mm256_cmp_ps(a, b, _CMP_LE_OQ); }
PYBP_INLINE f32_m f32_eq(f32_v a, f32_v b) { return _mm256_cmp_ps(a, b, _CMP_EQ_OQ); }
PYBP_INLINE f32_m f32_mand(f32_m a, f32_m b) { return _mm256_and_ps(a, b); }
PYBP_INLINE f32_m f32_mor(f32_m a, f32_m b) { return _mm256_or_ps(a, b); }
PYBP_INLINE f32_m f32_mnot(f32_m a)
{
    return _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)));
}
PYBP_INLINE f32_v f32_select(f32_m m, f32_v a, f32_v b) { return _mm256_blendv_ps(b, a, m); }
PYBP_INLINE f32_v f32_flush(f32_v a)
{
    const __m256i high = _mm256_and_si256(_mm256_castps_si256(a), _mm256_set1_epi32(0x60000000));
    return _mm256_andnot_ps(_mm256_castsi256_ps(_mm256_cmpeq_epi32(high, _mm256_setzero_si256())), a);
}
PYBP_INLINE f32_v f32_mul_if(f32_m m, f32_v a, f32_v b) { return _mm256_mul_ps(_mm256_and_ps(m, a), b); }
PYBP_INLINE f32_v f32_relu_df(f32_v a, f32_v back) { return _mm256_and_ps(f32_lt(f32_zero(), a), f32_flush(back)); }

/* The sum's last bits are n + 127; the shift leaves them as the exponent. */
PYBP_INLINE f32_v f32_pow2(f32_v n)
{
    __m256 t = _mm256_add_ps(n, _mm256_set1_ps(0x1.8p23f + 127.0f));
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_castps_si256(t), 23));
}

/* 2^n as a product, since n may be out of range: the sum's last bits are
 * n + 254, and its halves, rounded down and up, are the two exponents. Only the
 * second product can round. */
PYBP_INLINE f32_v f32_ldexp(f32_v a, f32_v n)
{
    __m256i twice = _mm256_castps_si256(_mm256_add_ps(n, _mm256_set1_ps(0x1.8p23f + 254.0f)));
    __m256i half = _mm256_srli_epi32(twice, 1);
    __m256i p = _mm256_slli_epi32(half, 23);
    __m256i q = _mm256_slli_epi32(_mm256_sub_epi32(twice, half), 23);
    return _mm256_mul_ps(_mm256_mul_ps(a, _mm256_castsi256_ps(p)), _mm256_castsi256_ps(q));
}

/* Moving the boundary of the exponent field from 1 to sqrt(1/2) makes the field
 * of t equal k + 127 and its fraction the distance of m from sqrt(1/2). */
PYBP_INLINE f32_v f32_split(f32_v x, f32_v *m)
{
    const __m256i root = _mm256_set1_epi32(0x3f3504f3);
    __m256i t = _mm256_add_epi32(_mm256_castps_si256(x),
                                 _mm256_set1_epi32(0x3f800000 - 0x3f3504f3));
    __m256i k = _mm256_or_si256(_mm256_srli_epi32(t, 23), _mm256_set1_epi32(0x4b000000));
    *m = _mm256_castsi256_ps(
        _mm256_add_epi32(_mm256_and_si256(t, _mm256_set1_epi32(0x007fffff)), root));
    return _mm256_sub_ps(_mm256_castsi256_ps(k), _mm256_set1_ps(0x1p23f + 127.0f));
}

/* Loads combine halves of two rows, so that shuffles within 128 bits suffice. */
PYBP_INLINE void f32_transpose(const float *src, size_t src_stride, float *dst, size_t dst_stride)
{
    __m256 r[8], s[8];
    for (size_t i = 0; i < 4; i++) {
        const float *top = src + i * src_stride, *bottom = src + (i + 4) * src_stride;
        r[i] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(top)),
                                    _mm_loadu_ps(bottom), 1);
        r[i + 4] = _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(top + 4)),
                                        _mm_loadu_ps(bottom + 4), 1);
    }
    for (size_t h = 0; h < 8; h += 4) {
        __m256 a = _mm256_unpacklo_ps(r[h], r[h + 1]);
        __m256 b = _mm256_unpackhi_ps(r[h], r[h + 1]);
        __m256 c = _mm256_unpacklo_ps(r[h + 2], r[h + 3]);
        __m256 d = _mm256_unpackhi_ps(r[h + 2], r[h + 3]);
        s[h] = _mm256_shuffle_ps(a, c, 0x44);
        s[h + 1] = _mm256_shuffle_ps(a, c, 0xee);
        s[h + 2] = _mm256_shuffle_ps(b, d, 0x44);
        s[h + 3] = _mm256_shuffle_ps(b, d, 0xee);
    }
    for (size_t j = 0; j < 8; j++)
        _mm256_storeu_ps(dst + j * dst_stride, s[j]);
}

/* ---- double ---- */

PYBP_INLINE f64_v f64_load(const double *p) { return _mm256_loadu_pd(p); }
PYBP_INLINE f64_v f64_load_first(const double *p, size_t n, f64_v rest)
{
    const __m256i first = _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)n), _mm256_setr_epi64x(0, 1, 2, 3));
    return _mm256_blendv_pd(rest, _mm256_maskload_pd(p, first), _mm256_castsi256_pd(first));
}
PYBP_INLINE void f64_store(double *p, f64_v a) { _mm256_storeu_pd(p, a); }
PYBP_INLINE f64_v f64_set1(double x) { return _mm256_set1_pd(x); }
PYBP_INLINE f64_v f64_bcast(const double *p) { return _mm256_broadcast_sd(p); }
PYBP_INLINE f64_v f64_zero(void) { return _mm256_setzero_pd(); }

PYBP_INLINE f64_v f64_add(f64_v a, f64_v b) { return _mm256_add_pd(a, b); }
PYBP_INLINE f64_v f64_sub(f64_v a, f64_v b) { return _mm256_sub_pd(a, b); }
PYBP_INLINE f64_v f64_mul(f64_v a, f64_v b) { return _mm256_mul_pd(a, b); }
PYBP_INLINE f64_v f64_div(f64_v a, f64_v b) { return _mm256_div_pd(a, b); }
PYBP_INLINE f64_v f64_sqrt(f64_v a) { return _mm256_sqrt_pd(a); }
PYBP_INLINE f64_v f64_fma(f64_v a, f64_v b, f64_v c) { return _mm256_fmadd_pd(a, b, c); }
PYBP_INLINE f64_v f64_fnma(f64_v a, f64_v b, f64_v c) { return _mm256_fnmadd_pd(a, b, c); }

PYBP_INLINE f64_v f64_acc(f64_v acc, f64_v a, f64_v b)
{
#if defined(__GNUC__) || defined(__clang__)
    __asm__("vfmadd231pd %2, %1, %0" : "+x"(acc) : "x"(a), "x"(b));
    return acc;
#else
    return _mm256_fmadd_pd(a, b, acc);
#endif
}

PYBP_INLINE f64_v f64_min(f64_v a, f64_v b) { return _mm256_min_pd(a, b); }
PYBP_INLINE f64_v f64_max(f64_v a, f64_v b) { return _mm256_max_pd(a, b); }
PYBP_INLINE f64_v f64_neg(f64_v a) { return _mm256_xor_pd(a, _mm256_set1_pd(-0.0)); }
PYBP_INLINE f64_v f64_abs(f64_v a) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), a); }
PYBP_INLINE f64_v f64_copysign(f64_v mag, f64_v sgn)
{
    const __m256d sign = _mm256_set1_pd(-0.0);
    return _mm256_or_pd(_mm256_andnot_pd(sign, mag), _mm256_and_pd(sign, sgn));
}

PYBP_INLINE f64_m f64_lt(f64_v a, f64_v b) { return _mm256_cmp_pd(a, b, _CMP_LT_OQ); }
PYBP_INLINE f64_m f64_le(f64_v a, f64_v b) { return _mm256_cmp_pd(a, b, _CMP_LE_OQ); }
PYBP_INLINE f64_m f64_eq(f64_v a, f64_v b) { return _mm256_cmp_pd(a, b, _CMP_EQ_OQ); }
PYBP_INLINE f64_m f64_mand(f64_m a, f64_m b) { return _mm256_and_pd(a, b); }
PYBP_INLINE f64_m f64_mor(f64_m a, f64_m b) { return _mm256_or_pd(a, b); }
PYBP_INLINE f64_m f64_mnot(f64_m a)
{
    return _mm256_xor_pd(a, _mm256_castsi256_pd(_mm256_set1_epi32(-1)));
}
PYBP_INLINE f64_v f64_select(f64_m m, f64_v a, f64_v b) { return _mm256_blendv_pd(b, a, m); }
PYBP_INLINE f64_v f64_flush(f64_v a)
{
    const __m256i high = _mm256_and_si256(_mm256_castpd_si256(a), _mm256_set1_epi64x(0x6000000000000000));
    return _mm256_andnot_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(high, _mm256_setzero_si256())), a);
}
PYBP_INLINE f64_v f64_mul_if(f64_m m, f64_v a, f64_v b) { return _mm256_mul_pd(_mm256_and_pd(m, a), b); }
PYBP_INLINE f64_v f64_relu_df(f64_v a, f64_v back) { return _mm256_and_pd(f64_lt(f64_zero(), a), f64_flush(back)); }

PYBP_INLINE f64_v f64_pow2(f64_v n)
{
    __m256d t = _mm256_add_pd(n, _mm256_set1_pd(0x1.8p52 + 1023.0));
    return _mm256_castsi256_pd(_mm256_slli_epi64(_mm256_castpd_si256(t), 52));
}

PYBP_INLINE f64_v f64_ldexp(f64_v a, f64_v n)
{
    __m256i twice = _mm256_castpd_si256(_mm256_add_pd(n, _mm256_set1_pd(0x1.8p52 + 2046.0)));
    __m256i half = _mm256_srli_epi64(twice, 1);
    __m256i p = _mm256_slli_epi64(half, 52);
    __m256i q = _mm256_slli_epi64(_mm256_sub_epi64(twice, half), 52);
    return _mm256_mul_pd(_mm256_mul_pd(a, _mm256_castsi256_pd(p)), _mm256_castsi256_pd(q));
}

PYBP_INLINE f64_v f64_split(f64_v x, f64_v *m)
{
    const __m256i root = _mm256_set1_epi64x(0x3fe6a09e667f3bcd);
    __m256i t = _mm256_add_epi64(_mm256_castpd_si256(x),
                                 _mm256_set1_epi64x(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
    __m256i k = _mm256_or_si256(_mm256_srli_epi64(t, 52), _mm256_set1_epi64x(0x4330000000000000));
    *m = _mm256_castsi256_pd(
        _mm256_add_epi64(_mm256_and_si256(t, _mm256_set1_epi64x(0x000fffffffffffff)), root));
    return _mm256_sub_pd(_mm256_castsi256_pd(k), _mm256_set1_pd(0x1p52 + 1023.0));
}

PYBP_INLINE void f64_transpose(const double *src, size_t src_stride, double *dst,
                               size_t dst_stride)
{
    __m256d r[4];
    for (size_t i = 0; i < 2; i++) {
        const double *top = src + i * src_stride, *bottom = src + (i + 2) * src_stride;
        r[i] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(top)),
                                    _mm_loadu_pd(bottom), 1);
        r[i + 2] = _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(top + 2)),
                                        _mm_loadu_pd(bottom + 2), 1);
    }
    _mm256_storeu_pd(dst, _mm256_unpacklo_pd(r[0], r[1]));
    _mm256_storeu_pd(dst + dst_stride, _mm256_unpackhi_pd(r[0], r[1]));
    _mm256_storeu_pd(dst + 2 * dst_stride, _mm256_unpacklo_pd(r[2], r[3]));
    _mm256_storeu_pd(dst + 3 * dst_stride, _mm256_unpackhi_pd(r[2], r[3]));
}

#endif
