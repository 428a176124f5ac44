/* Verbs on AVX-512 (F and DQ): 16 floats or 8 doubles, so that a line of a panel is one vector. simd.h says what
 * they mean. With PYBP_EMULATE_AVX512 the intrinsics come from SIMDe, on AVX2 and FMA: for tests, on CPUs
 * that have no AVX-512. */
#ifndef PYBP_SIMD_AVX512_H
#define PYBP_SIMD_AVX512_H

#if defined(PYBP_EMULATE_AVX512)
#define SIMDE_ENABLE_NATIVE_ALIASES
#include <simde/x86/avx512.h>
#elif defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__AVX512BW__) && defined(__AVX512VL__)
#include <immintrin.h>
#else
#error "PYBP_ISA_AVX512 needs -mavx512f -mavx512dq -mavx512bw -mavx512vl"
#endif
#include <stddef.h>
#include <stdint.h>

#define F32_LANES 16
#define F64_LANES 8

typedef __m512 f32_v;
typedef __mmask16 f32_m;
typedef __m512d f64_v;
typedef __mmask8 f64_m;

#ifdef PYBP_EMULATE_AVX512 /* SIMDe has none of these */
#ifndef _mm256_test_epi64_mask
#define _mm256_test_epi64_mask(a, b) _mm256_cmpneq_epi64_mask(_mm256_and_si256(a, b), _mm256_setzero_si256())
#endif
#ifndef _mm512_mask_loadu_ps
#define _mm512_mask_loadu_ps(rest, mask, p) avx512_load_some_ps(rest, mask, p)
#define _mm512_mask_loadu_pd(rest, mask, p) avx512_load_some_pd(rest, mask, p)
PYBP_INLINE __m512 avx512_load_some_ps(__m512 rest, __mmask16 mask, const float *p)
{
    float lanes[F32_LANES];
    _mm512_storeu_ps(lanes, rest);
    for (size_t i = 0; i < F32_LANES; i++)
        if (mask >> i & 1)
            lanes[i] = p[i];
    return _mm512_loadu_ps(lanes);
}
PYBP_INLINE __m512d avx512_load_some_pd(__m512d rest, __mmask8 mask, const double *p)
{
    double lanes[F64_LANES];
    _mm512_storeu_pd(lanes, rest);
    for (size_t i = 0; i < F64_LANES; i++)
        if (mask >> i & 1)
            lanes[i] = p[i];
    return _mm512_loadu_pd(lanes);
}
#endif
#endif

/* Two 128-bit pieces of a and two of b, as two bits of imm each say. SIMDe has this type only. */
#define AVX512_PIECES_PS(a, b, imm) \
    _mm512_castsi512_ps(_mm512_shuffle_i32x4(_mm512_castps_si512(a), _mm512_castps_si512(b), imm))
#define AVX512_PIECES_PD(a, b, imm) \
    _mm512_castsi512_pd(_mm512_shuffle_i32x4(_mm512_castpd_si512(a), _mm512_castpd_si512(b), imm))

/* ---- float ---- */

PYBP_INLINE f32_v f32_load(const float *p) { return _mm512_loadu_ps(p); }
PYBP_INLINE f32_v f32_load_first(const float *p, size_t n, f32_v rest)
{
    return _mm512_mask_loadu_ps(rest, (__mmask16)((1u << n) - 1), p);
}
PYBP_INLINE void f32_store(float *p, f32_v a) { _mm512_storeu_ps(p, a); }
PYBP_INLINE f32_v f32_set1(float x) { return _mm512_set1_ps(x); }
PYBP_INLINE f32_v f32_bcast(const float *p) { return _mm512_set1_ps(*p); }
PYBP_INLINE f32_v f32_zero(void) { return _mm512_setzero_ps(); }

PYBP_INLINE f32_v f32_add(f32_v a, f32_v b) { return _mm512_add_ps(a, b); }
PYBP_INLINE f32_v f32_sub(f32_v a, f32_v b) { return _mm512_sub_ps(a, b); }
PYBP_INLINE f32_v f32_mul(f32_v a, f32_v b) { return _mm512_mul_ps(a, b); }
PYBP_INLINE f32_v f32_div(f32_v a, f32_v b) { return _mm512_div_ps(a, b); }
PYBP_INLINE f32_v f32_sqrt(f32_v a) { return _mm512_sqrt_ps(a); }
PYBP_INLINE f32_v f32_fma(f32_v a, f32_v b, f32_v c) { return _mm512_fmadd_ps(a, b, c); }
PYBP_INLINE f32_v f32_fnma(f32_v a, f32_v b, f32_v c) { return _mm512_fnmadd_ps(a, b, c); }

/* With 32 registers the compilers need not be forced, as in avx2.h: they keep chains and weights in registers, and
 * broadcast an input that is used once within the FMA. */
PYBP_INLINE f32_v f32_acc(f32_v acc, f32_v a, f32_v b) { return _mm512_fmadd_ps(a, b, acc); }

/* A table of vfixupimm, 4 bits for each of the kinds of number NaN, signalling NaN, 0, 1, -inf, inf, negative,
 * positive: 0 keeps the other operand, 8 gives +0. */
#define AVX512_IF_POSITIVE 0x08080888

/* Half a line. */
typedef __m256 f32_half_v;
PYBP_INLINE f32_half_v f32_half_load(const float *p) { return _mm256_loadu_ps(p); }
PYBP_INLINE f32_half_v f32_half_bcast(const float *p) { return _mm256_set1_ps(*p); }
PYBP_INLINE f32_half_v f32_half_acc(f32_half_v acc, f32_half_v a, f32_half_v b) { return _mm256_fmadd_ps(a, b, acc); }
PYBP_INLINE f32_half_v f32_half_relu_f(f32_half_v z)
{
    return _mm256_maskz_mov_ps(_mm256_cmp_ps_mask(z, _mm256_set1_ps(0x1p-63f), _CMP_NLT_UQ), z);
}
PYBP_INLINE f32_half_v f32_half_relu_df(f32_half_v a, f32_half_v back)
{
    const __m256i high = _mm256_set1_epi32(0x60000000);
    const __mmask8 counts = _mm256_test_epi32_mask(_mm256_castps_si256(back), high);
    return _mm256_maskz_fixupimm_ps(counts, back, a, _mm256_set1_epi32(AVX512_IF_POSITIVE), 0);
}
PYBP_INLINE void f32_half_store(float *p, f32_half_v a)
{
    _mm256_storeu_ps(p, a);
    _mm256_storeu_ps(p + 8, _mm256_setzero_ps());
}

PYBP_INLINE f32_v f32_min(f32_v a, f32_v b) { return _mm512_min_ps(a, b); }
PYBP_INLINE f32_v f32_max(f32_v a, f32_v b) { return _mm512_max_ps(a, b); }
PYBP_INLINE f32_v f32_neg(f32_v a) { return _mm512_xor_ps(a, _mm512_set1_ps(-0.0f)); }
PYBP_INLINE f32_v f32_abs(f32_v a) { return _mm512_andnot_ps(_mm512_set1_ps(-0.0f), a); }
PYBP_INLINE f32_v f32_copysign(f32_v mag, f32_v sgn)
{
    const f32_v sign = _mm512_set1_ps(-0.0f);
    return _mm512_or_ps(_mm512_andnot_ps(sign, mag), _mm512_and_ps(sign, sgn));
}

PYBP_INLINE f32_m f32_lt(f32_v a, f32_v b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
PYBP_INLINE f32_m f32_le(f32_v a, f32_v b) { return _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ); }
PYBP_INLINE f32_m f32_eq(f32_v a, f32_v b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
PYBP_INLINE f32_m f32_mand(f32_m a, f32_m b) { return (f32_m)(a & b); }
PYBP_INLINE f32_m f32_mor(f32_m a, f32_m b) { return (f32_m)(a | b); }
PYBP_INLINE f32_m f32_mnot(f32_m a) { return (f32_m)~a; }
PYBP_INLINE f32_v f32_select(f32_m m, f32_v a, f32_v b) { return _mm512_mask_blend_ps(m, b, a); }
PYBP_INLINE f32_v f32_flush(f32_v a)
{
    return _mm512_maskz_mov_ps(_mm512_test_epi32_mask(_mm512_castps_si512(a), _mm512_set1_epi32(0x60000000)), a);
}
PYBP_INLINE f32_v f32_mul_if(f32_m m, f32_v a, f32_v b) { return _mm512_maskz_mul_ps(m, a, b); }
PYBP_INLINE f32_v f32_relu_df(f32_v a, f32_v back)
{
    const f32_m counts = _mm512_test_epi32_mask(_mm512_castps_si512(back), _mm512_set1_epi32(0x60000000));
    return _mm512_maskz_fixupimm_ps(counts, back, a, _mm512_set1_epi32(AVX512_IF_POSITIVE), 0);
}

/* The sum's last bits are n + 127; the shift leaves them as the exponent. */
PYBP_INLINE f32_v f32_pow2(f32_v n)
{
    f32_v t = _mm512_add_ps(n, _mm512_set1_ps(0x1.8p23f + 127.0f));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_castps_si512(t), 23));
}

/* 2^n as a product, since n may be out of range: the sum's last bits are
 * n + 254, and its halves, rounded down and up, are the two exponents. Only the
 * second product can round. */
PYBP_INLINE f32_v f32_ldexp(f32_v a, f32_v n)
{
    __m512i twice = _mm512_castps_si512(_mm512_add_ps(n, _mm512_set1_ps(0x1.8p23f + 254.0f)));
    __m512i half = _mm512_srli_epi32(twice, 1);
    __m512i p = _mm512_slli_epi32(half, 23);
    __m512i q = _mm512_slli_epi32(_mm512_sub_epi32(twice, half), 23);
    return _mm512_mul_ps(_mm512_mul_ps(a, _mm512_castsi512_ps(p)), _mm512_castsi512_ps(q));
}

/* Moving the boundary of the exponent field from 1 to sqrt(1/2) makes the field
 * of t equal k + 127 and its fraction the distance of m from sqrt(1/2). */
PYBP_INLINE f32_v f32_split(f32_v x, f32_v *m)
{
    const __m512i root = _mm512_set1_epi32(0x3f3504f3);
    __m512i t = _mm512_add_epi32(_mm512_castps_si512(x), _mm512_set1_epi32(0x3f800000 - 0x3f3504f3));
    __m512i k = _mm512_or_si512(_mm512_srli_epi32(t, 23), _mm512_set1_epi32(0x4b000000));
    *m = _mm512_castsi512_ps(_mm512_add_epi32(_mm512_and_si512(t, _mm512_set1_epi32(0x007fffff)), root));
    return _mm512_sub_ps(_mm512_castsi512_ps(k), _mm512_set1_ps(0x1p23f + 127.0f));
}

/* First within 128 bits, which gives s[h + q]: columns q, q + 4, q + 8, q + 12 of rows h ... h + 3. Then the
 * 128-bit pieces of four such vectors are transposed. */
PYBP_INLINE void f32_transpose(const float *src, size_t src_stride, float *dst, size_t dst_stride)
{
    __m512 s[16];
    for (size_t h = 0; h < 16; h += 4) {
        const float *row = src + h * src_stride;
        __m512 r0 = _mm512_loadu_ps(row), r1 = _mm512_loadu_ps(row + src_stride);
        __m512 r2 = _mm512_loadu_ps(row + 2 * src_stride), r3 = _mm512_loadu_ps(row + 3 * src_stride);
        __m512 a = _mm512_unpacklo_ps(r0, r1), b = _mm512_unpackhi_ps(r0, r1);
        __m512 c = _mm512_unpacklo_ps(r2, r3), d = _mm512_unpackhi_ps(r2, r3);
        s[h] = _mm512_shuffle_ps(a, c, 0x44);
        s[h + 1] = _mm512_shuffle_ps(a, c, 0xee);
        s[h + 2] = _mm512_shuffle_ps(b, d, 0x44);
        s[h + 3] = _mm512_shuffle_ps(b, d, 0xee);
    }
    for (size_t q = 0; q < 4; q++) {
        __m512 a = AVX512_PIECES_PS(s[q], s[q + 4], 0x44), b = AVX512_PIECES_PS(s[q], s[q + 4], 0xee);
        __m512 c = AVX512_PIECES_PS(s[q + 8], s[q + 12], 0x44), d = AVX512_PIECES_PS(s[q + 8], s[q + 12], 0xee);
        float *to = dst + q * dst_stride;
        _mm512_storeu_ps(to, AVX512_PIECES_PS(a, c, 0x88));
        _mm512_storeu_ps(to + 4 * dst_stride, AVX512_PIECES_PS(a, c, 0xdd));
        _mm512_storeu_ps(to + 8 * dst_stride, AVX512_PIECES_PS(b, d, 0x88));
        _mm512_storeu_ps(to + 12 * dst_stride, AVX512_PIECES_PS(b, d, 0xdd));
    }
}

/* Rows q, q + 4, q + 8, q + 12 lie in the 128-bit pieces of r[q]; each piece is transposed by itself. */
PYBP_INLINE void f32_transpose_pieces(const __m512 r[4], __m512 t[4])
{
    __m512 a = _mm512_unpacklo_ps(r[0], r[1]), b = _mm512_unpackhi_ps(r[0], r[1]);
    __m512 c = _mm512_unpacklo_ps(r[2], r[3]), d = _mm512_unpackhi_ps(r[2], r[3]);
    t[0] = _mm512_shuffle_ps(a, c, 0x44);
    t[1] = _mm512_shuffle_ps(a, c, 0xee);
    t[2] = _mm512_shuffle_ps(b, d, 0x44);
    t[3] = _mm512_shuffle_ps(b, d, 0xee);
}
PYBP_INLINE void f32_load_columns_4(const float *src, size_t src_stride, float *dst)
{
    __m512 r[4], t[4];
    for (size_t q = 0; q < 4; q++, src += src_stride) {
        r[q] = _mm512_castps128_ps512(_mm_loadu_ps(src));
        r[q] = _mm512_insertf32x4(r[q], _mm_loadu_ps(src + 4 * src_stride), 1);
        r[q] = _mm512_insertf32x4(r[q], _mm_loadu_ps(src + 8 * src_stride), 2);
        r[q] = _mm512_insertf32x4(r[q], _mm_loadu_ps(src + 12 * src_stride), 3);
    }
    f32_transpose_pieces(r, t);
    for (size_t q = 0; q < 4; q++)
        _mm512_storeu_ps(dst + q * 16, t[q]);
}
PYBP_INLINE void f32_store_columns_4(const float *src, float *dst, size_t dst_stride)
{
    __m512 r[4], t[4];
    for (size_t q = 0; q < 4; q++)
        r[q] = _mm512_loadu_ps(src + q * 16);
    f32_transpose_pieces(r, t);
    for (size_t q = 0; q < 4; q++, dst += dst_stride) {
        _mm_storeu_ps(dst, _mm512_castps512_ps128(t[q]));
        _mm_storeu_ps(dst + 4 * dst_stride, _mm512_extractf32x4_ps(t[q], 1));
        _mm_storeu_ps(dst + 8 * dst_stride, _mm512_extractf32x4_ps(t[q], 2));
        _mm_storeu_ps(dst + 12 * dst_stride, _mm512_extractf32x4_ps(t[q], 3));
    }
}

/* ---- double ---- */

PYBP_INLINE f64_v f64_load(const double *p) { return _mm512_loadu_pd(p); }
PYBP_INLINE f64_v f64_load_first(const double *p, size_t n, f64_v rest)
{
    return _mm512_mask_loadu_pd(rest, (__mmask8)((1u << n) - 1), p);
}
PYBP_INLINE void f64_store(double *p, f64_v a) { _mm512_storeu_pd(p, a); }
PYBP_INLINE f64_v f64_set1(double x) { return _mm512_set1_pd(x); }
PYBP_INLINE f64_v f64_bcast(const double *p) { return _mm512_set1_pd(*p); }
PYBP_INLINE f64_v f64_zero(void) { return _mm512_setzero_pd(); }

PYBP_INLINE f64_v f64_add(f64_v a, f64_v b) { return _mm512_add_pd(a, b); }
PYBP_INLINE f64_v f64_sub(f64_v a, f64_v b) { return _mm512_sub_pd(a, b); }
PYBP_INLINE f64_v f64_mul(f64_v a, f64_v b) { return _mm512_mul_pd(a, b); }
PYBP_INLINE f64_v f64_div(f64_v a, f64_v b) { return _mm512_div_pd(a, b); }
PYBP_INLINE f64_v f64_sqrt(f64_v a) { return _mm512_sqrt_pd(a); }
PYBP_INLINE f64_v f64_fma(f64_v a, f64_v b, f64_v c) { return _mm512_fmadd_pd(a, b, c); }
PYBP_INLINE f64_v f64_fnma(f64_v a, f64_v b, f64_v c) { return _mm512_fnmadd_pd(a, b, c); }
PYBP_INLINE f64_v f64_acc(f64_v acc, f64_v a, f64_v b) { return _mm512_fmadd_pd(a, b, acc); }

typedef __m256d f64_half_v;
PYBP_INLINE f64_half_v f64_half_load(const double *p) { return _mm256_loadu_pd(p); }
PYBP_INLINE f64_half_v f64_half_bcast(const double *p) { return _mm256_set1_pd(*p); }
PYBP_INLINE f64_half_v f64_half_acc(f64_half_v acc, f64_half_v a, f64_half_v b) { return _mm256_fmadd_pd(a, b, acc); }
PYBP_INLINE f64_half_v f64_half_relu_f(f64_half_v z)
{
    return _mm256_maskz_mov_pd(_mm256_cmp_pd_mask(z, _mm256_set1_pd(0x1p-511), _CMP_NLT_UQ), z);
}
PYBP_INLINE f64_half_v f64_half_relu_df(f64_half_v a, f64_half_v back)
{
    const __m256i high = _mm256_set1_epi64x(0x6000000000000000);
    const __mmask8 counts = _mm256_test_epi64_mask(_mm256_castpd_si256(back), high);
    return _mm256_maskz_fixupimm_pd(counts, back, a, _mm256_set1_epi64x(AVX512_IF_POSITIVE), 0);
}
PYBP_INLINE void f64_half_store(double *p, f64_half_v a)
{
    _mm256_storeu_pd(p, a);
    _mm256_storeu_pd(p + 4, _mm256_setzero_pd());
}

PYBP_INLINE f64_v f64_min(f64_v a, f64_v b) { return _mm512_min_pd(a, b); }
PYBP_INLINE f64_v f64_max(f64_v a, f64_v b) { return _mm512_max_pd(a, b); }
PYBP_INLINE f64_v f64_neg(f64_v a) { return _mm512_xor_pd(a, _mm512_set1_pd(-0.0)); }
PYBP_INLINE f64_v f64_abs(f64_v a) { return _mm512_andnot_pd(_mm512_set1_pd(-0.0), a); }
PYBP_INLINE f64_v f64_copysign(f64_v mag, f64_v sgn)
{
    const f64_v sign = _mm512_set1_pd(-0.0);
    return _mm512_or_pd(_mm512_andnot_pd(sign, mag), _mm512_and_pd(sign, sgn));
}

PYBP_INLINE f64_m f64_lt(f64_v a, f64_v b) { return _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ); }
PYBP_INLINE f64_m f64_le(f64_v a, f64_v b) { return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ); }
PYBP_INLINE f64_m f64_eq(f64_v a, f64_v b) { return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ); }
PYBP_INLINE f64_m f64_mand(f64_m a, f64_m b) { return (f64_m)(a & b); }
PYBP_INLINE f64_m f64_mor(f64_m a, f64_m b) { return (f64_m)(a | b); }
PYBP_INLINE f64_m f64_mnot(f64_m a) { return (f64_m)~a; }
PYBP_INLINE f64_v f64_select(f64_m m, f64_v a, f64_v b) { return _mm512_mask_blend_pd(m, b, a); }
PYBP_INLINE f64_v f64_flush(f64_v a)
{
    const __m512i high = _mm512_set1_epi64(0x6000000000000000);
    return _mm512_maskz_mov_pd(_mm512_test_epi64_mask(_mm512_castpd_si512(a), high), a);
}
PYBP_INLINE f64_v f64_mul_if(f64_m m, f64_v a, f64_v b) { return _mm512_maskz_mul_pd(m, a, b); }
PYBP_INLINE f64_v f64_relu_df(f64_v a, f64_v back)
{
    const f64_m counts = _mm512_test_epi64_mask(_mm512_castpd_si512(back), _mm512_set1_epi64(0x6000000000000000));
    return _mm512_maskz_fixupimm_pd(counts, back, a, _mm512_set1_epi64(AVX512_IF_POSITIVE), 0);
}

PYBP_INLINE f64_v f64_pow2(f64_v n)
{
    f64_v t = _mm512_add_pd(n, _mm512_set1_pd(0x1.8p52 + 1023.0));
    return _mm512_castsi512_pd(_mm512_slli_epi64(_mm512_castpd_si512(t), 52));
}

PYBP_INLINE f64_v f64_ldexp(f64_v a, f64_v n)
{
    __m512i twice = _mm512_castpd_si512(_mm512_add_pd(n, _mm512_set1_pd(0x1.8p52 + 2046.0)));
    __m512i half = _mm512_srli_epi64(twice, 1);
    __m512i p = _mm512_slli_epi64(half, 52);
    __m512i q = _mm512_slli_epi64(_mm512_sub_epi64(twice, half), 52);
    return _mm512_mul_pd(_mm512_mul_pd(a, _mm512_castsi512_pd(p)), _mm512_castsi512_pd(q));
}

PYBP_INLINE f64_v f64_split(f64_v x, f64_v *m)
{
    const __m512i root = _mm512_set1_epi64(0x3fe6a09e667f3bcd);
    __m512i t = _mm512_add_epi64(_mm512_castpd_si512(x), _mm512_set1_epi64(0x3ff0000000000000 - 0x3fe6a09e667f3bcd));
    __m512i k = _mm512_or_si512(_mm512_srli_epi64(t, 52), _mm512_set1_epi64(0x4330000000000000));
    *m = _mm512_castsi512_pd(_mm512_add_epi64(_mm512_and_si512(t, _mm512_set1_epi64(0x000fffffffffffff)), root));
    return _mm512_sub_pd(_mm512_castsi512_pd(k), _mm512_set1_pd(0x1p52 + 1023.0));
}

PYBP_INLINE void f64_transpose(const double *src, size_t src_stride, double *dst, size_t dst_stride)
{
    __m512d s[8]; /* s[h + q]: columns q, q + 2, q + 4, q + 6 of rows h and h + 1 */
    for (size_t h = 0; h < 8; h += 2) {
        __m512d top = _mm512_loadu_pd(src + h * src_stride), bottom = _mm512_loadu_pd(src + (h + 1) * src_stride);
        s[h] = _mm512_unpacklo_pd(top, bottom);
        s[h + 1] = _mm512_unpackhi_pd(top, bottom);
    }
    for (size_t q = 0; q < 2; q++) {
        __m512d a = AVX512_PIECES_PD(s[q], s[q + 2], 0x44), b = AVX512_PIECES_PD(s[q], s[q + 2], 0xee);
        __m512d c = AVX512_PIECES_PD(s[q + 4], s[q + 6], 0x44), d = AVX512_PIECES_PD(s[q + 4], s[q + 6], 0xee);
        double *to = dst + q * dst_stride;
        _mm512_storeu_pd(to, AVX512_PIECES_PD(a, c, 0x88));
        _mm512_storeu_pd(to + 2 * dst_stride, AVX512_PIECES_PD(a, c, 0xdd));
        _mm512_storeu_pd(to + 4 * dst_stride, AVX512_PIECES_PD(b, d, 0x88));
        _mm512_storeu_pd(to + 6 * dst_stride, AVX512_PIECES_PD(b, d, 0xdd));
    }
}

/* Rows q and q + 4 lie in the halves of r[q]; each half is transposed by itself. */
PYBP_INLINE void f64_transpose_halves(const __m512d r[4], __m512d t[4])
{
    const __m512i low = _mm512_setr_epi64(0, 1, 8, 9, 4, 5, 12, 13);
    const __m512i high = _mm512_setr_epi64(2, 3, 10, 11, 6, 7, 14, 15);
    __m512d a = _mm512_unpacklo_pd(r[0], r[1]), b = _mm512_unpackhi_pd(r[0], r[1]);
    __m512d c = _mm512_unpacklo_pd(r[2], r[3]), d = _mm512_unpackhi_pd(r[2], r[3]);
    t[0] = _mm512_permutex2var_pd(a, low, c);
    t[1] = _mm512_permutex2var_pd(b, low, d);
    t[2] = _mm512_permutex2var_pd(a, high, c);
    t[3] = _mm512_permutex2var_pd(b, high, d);
}
PYBP_INLINE void f64_load_columns_4(const double *src, size_t src_stride, double *dst)
{
    __m512d r[4], t[4];
    for (size_t q = 0; q < 4; q++, src += src_stride)
        r[q] = _mm512_insertf64x4(_mm512_castpd256_pd512(_mm256_loadu_pd(src)),
                                  _mm256_loadu_pd(src + 4 * src_stride), 1);
    f64_transpose_halves(r, t);
    for (size_t q = 0; q < 4; q++)
        _mm512_storeu_pd(dst + q * 8, t[q]);
}
PYBP_INLINE void f64_store_columns_4(const double *src, double *dst, size_t dst_stride)
{
    __m512d r[4], t[4];
    for (size_t q = 0; q < 4; q++)
        r[q] = _mm512_loadu_pd(src + q * 8);
    f64_transpose_halves(r, t);
    for (size_t q = 0; q < 4; q++, dst += dst_stride) {
        _mm256_storeu_pd(dst, _mm512_castpd512_pd256(t[q]));
        _mm256_storeu_pd(dst + 4 * dst_stride, _mm512_extractf64x4_pd(t[q], 1));
    }
}

#endif
