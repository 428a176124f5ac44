/* Dtype-neutral names of the verbs, for bodies written once and compiled for
 * float and for double. They expand where they are used, so they follow
 * whichever of real_f32.h and real_f64.h was included last. */
#ifndef PYBP_SIMD_VERBS_H
#define PYBP_SIMD_VERBS_H

#define PYBP_PASTE_(a, b) a##b
#define PYBP_PASTE(a, b) PYBP_PASTE_(a, b) /* expands its arguments first */

#define v_load REAL(load)
#define v_load_first REAL(load_first)
#define v_store REAL(store)
#define v_set1 REAL(set1)
#define v_bcast REAL(bcast)
#define v_zero REAL(zero)

#define v_add REAL(add)
#define v_sub REAL(sub)
#define v_mul REAL(mul)
#define v_div REAL(div)
#define v_sqrt REAL(sqrt)
#define v_fma REAL(fma)
#define v_fnma REAL(fnma)
#define v_acc REAL(acc)

#define v_min REAL(min)
#define v_max REAL(max)
#define v_neg REAL(neg)
#define v_abs REAL(abs)
#define v_copysign REAL(copysign)

#define v_lt REAL(lt)
#define v_le REAL(le)
#define v_eq REAL(eq)
#define v_mand REAL(mand)
#define v_mor REAL(mor)
#define v_mnot REAL(mnot)
#define v_select REAL(select)
#define v_flush REAL(flush)
#define v_mul_if REAL(mul_if)

#define v_pow2 REAL(pow2)
#define v_ldexp REAL(ldexp)
#define v_split REAL(split)
#define v_transpose REAL(transpose)
#define v_load_columns_4 REAL(load_columns_4)
#define v_store_columns_4 REAL(store_columns_4)

/* vmath.h */
#define v_erf REAL(erf)
#define v_cos REAL(cos)
#define v_sin REAL(sin)
#define v_exp REAL(exp)
#define v_expm1 REAL(expm1)
#define v_log REAL(log)
#define v_log1p REAL(log1p)
#define v_tanh REAL(tanh)
#define v_sigmoid REAL(sigmoid)

#endif
