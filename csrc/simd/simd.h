/* Picks the verbs of the one instruction set this unit is compiled for.
 *
 * The build defines exactly one PYBP_ISA_xxx and passes the flags that go with
 * it. A verb is a static, always inlined function: two units compiled for
 * different instruction sets must never share an out-of-line copy, or the
 * linker could keep the one that the running CPU cannot execute.
 *
 * Every header of verbs defines, for P in {f32, f64} (T = float, double):
 *
 *   P_v, P_m, P_LANES       vector, comparison mask, elements in a vector
 *                           (P_LANES is F32_LANES, F64_LANES)
 *   P_load(const T *)       unaligned loads and stores are fine
 *   P_load_first(p, n, rest)  lanes 0 ... n - 1 from p, the others of rest; 0 < n < P_LANES
 *   P_store(T *, v)
 *   P_set1(T)               the same value in all lanes
 *   P_bcast(const T *)      the same, from memory
 *   P_zero()
 *   P_add P_sub P_mul P_div P_sqrt      one correctly rounded operation
 *   P_fma(a, b, c)          a * b + c, one rounding
 *   P_fnma(a, b, c)         c - a * b, one rounding
 *   P_acc(acc, a, b)        acc + a * b, one rounding; operands stay in
 *                           registers (see avx2.h for why)
 *   P_half_v, P_half_load, P_half_bcast, P_half_acc, P_half_relu_f, P_half_relu_df, P_half_store(T *, v)
 *                           only where a vector is a line: half of one; the
 *                           store puts zeros in the line's other half
 *   P_min(a, b)             a < b ? a : b      so b if either is NaN, and b
 *   P_max(a, b)             a > b ? a : b      for zeros of unlike sign
 *   P_neg P_abs             sign bit flipped, cleared (NaN and -0 too)
 *   P_copysign(mag, sgn)
 *   P_lt P_le P_eq          a mask; false where an operand is NaN
 *   P_mand P_mor P_mnot     on masks
 *   P_select(m, a, b)       m ? a : b, moves bits and computes nothing
 *   P_flush(a)              |a| < tiny ? 0 : a, tiny = 2^-63 in float, 2^-511 in double, by a look at two bits of
 *                           the exponent: it computes nothing, so no CPU needs longer for a subnormal a
 *   P_relu_df(a, back)      a > 0 ? P_flush(back) : 0; a is 0, not tiny, or NaN
 *   P_mul_if(m, a, b)       (m ? a : 0) * b
 *   P_pow2(n)               2^n; n integral, 2^n a normal number
 *   P_ldexp(a, n)           a * 2^n, rounded once; 1/2 <= |a| <= 2 or NaN, n integral,
 *                           |n| <= 250 in float, 2042 in double
 *   P_split(x, &m)          k with x = m * 2^k and SQRT_HALF <= m < 2 SQRT_HALF,
 *                           x positive and normal; SQRT_HALF is sqrt(1/2)
 *                           rounded: 0x3f3504f3 or 0x3fe6a09e667f3bcd as bits
 *   P_transpose(src, src_stride, dst, dst_stride)
 *                           a LANES x LANES block, strides in elements,
 *                           dst[j * dst_stride + i] = src[i * src_stride + j]
 *   P_load_columns_4(src, src_stride, dst), P_store_columns_4(src, dst, dst_stride)
 *                           only where a vector is a line: four columns of LANES rows into four
 *                           vectors that follow each other, and back
 *
 * All of them give the same bits on every instruction set, except for the
 * payload and sign of a NaN that an operation produces, and for P_pow2,
 * P_ldexp and P_split outside their domain (any value, but no trap). */
#ifndef PYBP_SIMD_H
#define PYBP_SIMD_H

#if defined(__GNUC__) || defined(__clang__)
#define PYBP_INLINE static inline __attribute__((always_inline))
#elif defined(_MSC_VER)
#define PYBP_INLINE static __forceinline
#else
#define PYBP_INLINE static inline
#endif

#if defined(PYBP_ISA_AVX512)
#include "avx512.h"
#elif defined(PYBP_ISA_AVX2)
#include "avx2.h"
#elif defined(PYBP_ISA_NEON)
#include "neon.h"
#elif defined(PYBP_ISA_SCALAR)
#include "scalar.h"
#else
#error "define one of PYBP_ISA_AVX512, PYBP_ISA_AVX2, PYBP_ISA_NEON, PYBP_ISA_SCALAR"
#endif

#include "verbs.h"

#endif
