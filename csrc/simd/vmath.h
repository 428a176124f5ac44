/* exp, expm1, log, log1p, tanh, sigmoid, erf, cos, sin: polynomials on the verbs, so that libm,
 * whose last bit differs between systems, never enters.
 *
 * Usage: f32_exp(v) and f64_exp(v), or v_exp(v) after real_f32.h or real_f64.h.
 * Including this header leaves the dtype at double.
 *
 * Largest errors measured, in ulp of the true result. Float: all 2^32 inputs;
 * double: 60 million inputs a function, dense where it is hardest, so there the
 * true maximum may be slightly above. tests/test_vmath.c asserts the bounds.
 *
 *            float    double   asserted
 *   exp      1.05     0.98     1.1
 *   expm1    1.59     1.84     2.0
 *   log      0.84     0.84     1.0
 *   log1p    0.84     0.86     1.0
 *   tanh     1.74     1.94     2.0
 *   sigmoid  2.41     2.37     2.5
 *   erf      1.04     1.04     1.2
 *   cos      2.10     2.08     2.2
 *   sin      1.59     1.51     2.0
 *
 * Limits. NaN gives NaN. exp and sigmoid are 0 where they would be smaller than tiny, 2^-63 or 2^-511 (simd.h,
 * flush), and make nothing that is much smaller on their way; log takes
 * denormal numbers; log(+-0) = -inf, log(x < 0) = NaN, log(inf) = inf, log1p
 * likewise at -1; tanh, expm1 and log1p keep the sign of zero and return tiny x
 * as it is, erf the sign of zero; cos and sin are those of x clamped to +-COS_HIGH (2^16 in float, 2^32 in double),
 * and |cos| <= 1, |sin| <= 1; |tanh| <= 1 and |erf| <= 1.
 *
 * ---- The recipe, which defines the bits ----
 *
 * Each line is one correctly rounded operation in the dtype (round to nearest,
 * ties to even), performed exactly as written:
 *   fma(a, b, c) = a * b + c     fnma(a, b, c) = c - a * b     (one rounding)
 *   min(a, b) = a < b ? a : b    max(a, b) = a > b ? a : b     (b for NaN)
 * Names in capitals are constants of vmath_coef.h, without their f32_ or f64_;
 * Q = exp_q (5 or 11 numbers), C = log_c (3 or 7 numbers), MAGIC = round_magic,
 * E = erf_p (7 or 12 numbers), G = erf_q (7 or 19 numbers), S = sin_c (5 or 8 numbers).
 *
 * reduce(x) -> n, p                     x = n ln2 + r, p = exp(r) - 1
 *     t = fma(x, LOG2E, MAGIC)
 *     n = t - MAGIC                     x / ln2 to the nearest integer
 *     r = fnma(n, LN2_HI, x)
 *     r = fnma(n, LN2_LO, r)
 *     r2 = r * r
 *     last = number of Q's last coefficient (4 or 10)
 *     even = Q[last-1]; for i = last-3, last-5, ..., 1: even = fma(even, r2, Q[i])
 *     odd  = Q[last];   for i = last-2, last-4, ..., 2: odd  = fma(odd, r2, Q[i])
 *     q = fma(odd, r, even)
 *     q = fma(q, r, Q[0])
 *     p = fma(r2, q, r)
 *
 * exp_clamped(x)
 *     n, p = reduce(x)
 *     e = 1 + p
 *     e * 2^n                           exact, or inf
 *
 * exp(x)
 *     y = min(EXP_HIGH, flush(x))
 *     y = max(EXP_LOW, y)
 *     flush(exp_clamped(y))
 *
 * expm1(x)
 *     y = min(EXP_HIGH, x)
 *     y = max(EXPM1_LOW, y)
 *     n, p = reduce(y)
 *     k = min(EXPONENT_MAX, n)
 *     s = 2^k                           exact
 *     d = s - 1
 *     e = fma(s, p, d)
 *     e = e * 2^(n-k)                   times 1 or 2
 *     e with the sign bit of x
 *
 * tanh(x)                               a = |x|, e = exp(2a) - 1, e / (e + 2)
 *     y = a + a
 *     y = min(TANH_HIGH, y)
 *     n, p = reduce(y)
 *     s = 2^n                           exact
 *     d = s - 1
 *     e = fma(s, p, d)
 *     d = e + 2
 *     low = d - 2
 *     low = e - low                     d + low = e + 2
 *     inverse = 1 / d
 *     t = e * inverse
 *     rest = fnma(t, d, e)
 *     rest = fnma(t, low, rest)
 *     t = fma(rest, inverse, t)
 *     t with the sign bit of x
 *
 * sigmoid(x)                            of -|x|, so that nothing overflows
 *     y = max(EXP_LOW, -|x|)
 *     e = exp_clamped(y)
 *     d = 1 + e
 *     flush(x < 0 ? e / d : 1 / d)
 *
 * log_reduced(m, k, extra)              log(m 2^k) + extra
 *     f = m - 1
 *     d = 2 + f
 *     s = f / d
 *     z = s * s
 *     poly = C[last]; for i = last-1, ..., 0: poly = fma(poly, z, C[i])
 *     R = z * poly
 *     h = 0.5 * f
 *     h = h * f
 *     g = h + R
 *     t = fma(k, LN2_LO, extra)
 *     t = fma(s, g, t)
 *     h = h - t
 *     h = f - h
 *     fma(k, LN2_HI, h)
 *
 * log(x)                                x = m 2^k, SQRT_HALF <= m < 2 SQRT_HALF
 *     if x = 0: -inf; if x < 0 or NaN: NaN; if x = inf: inf
 *     if x < REAL_MIN: x = x * LOG_UP, and take LOG_BACK off k below (exact)
 *     m, k = split(x)                   exact; SQRT_HALF has the bits 0x3f3504f3
 *                                       (float), 0x3fe6a09e667f3bcd (double)
 *     log_reduced(m, k, 0)
 *
 * log1p(u)
 *     w = 1 + u
 *     if w = 1: u; if w = 0: -inf; if w < 0 or NaN: NaN; if w = inf: inf
 *     lost = w - 1
 *     lost = u - lost                   exact
 *     m, k = split(w)
 *     extra = lost / w
 *     log_reduced(m, k, extra)
 *
 * erf(x)                                a = |x|
 *     if a < 1:
 *         z = a * a
 *         poly = E[last]; for i = last-1, ..., 0: poly = fma(poly, z, E[i])
 *         y = fma(poly, a, a)
 *     else (NaN too):
 *         t = min(ERF_HIGH, a)
 *         poly = G[last]; for i = last-1, ..., 0: poly = fma(poly, t, G[i])
 *         u = fma(poly, t, t)           -log(1 - erf(t))
 *         y = 1 - exp_clamped(-u)
 *     y with the sign bit of x
 *
 * cos(x): of_turns(x, 1/2), negated if m is even
 * sin(x): of_turns(x, 0), negated if m is odd
 * of_turns(x, shift) -> m, sin(r)       x = (m + shift) pi + r
 *     y = min(COS_HIGH, x)
 *     y = max(-COS_HIGH, y)
 *     t = fma(y, INV_PI, -shift)
 *     m = t + MAGIC
 *     m = m - MAGIC                     to the nearest integer
 *     q = m + shift                     exact
 *     r = fnma(q, PI_HI, y)             exact
 *     r = fnma(q, PI_MID, r)
 *     r = fnma(q, PI_LO, r)
 *     z = flush(r * r)
 *     poly = S[last]; for i = last-1, ..., 0: poly = fma(poly, z, S[i])
 *     t = z * r
 *     fma(poly, t, r)
 *
 * Where a function is defined by cases the code computes all and selects. */
#ifndef PYBP_SIMD_VMATH_H
#define PYBP_SIMD_VMATH_H

#include "simd.h"
#include "vmath_coef.h"

#include "real_f32.h"
#include "vmath_body.inc.h"

#include "real_f64.h"
#include "vmath_body.inc.h"

#endif
