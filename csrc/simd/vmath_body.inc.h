/* The functions of vmath.h for the current dtype. Every line is one rounding
 * of the recipe there: neither merge nor reorder any. */

/* c[0] + x (c[1] + x (c[2] + ...)), count coefficients. Unrolled by hand: count
 * is a constant, and no compiler leaves a loop behind. */
#define VMATH_STEP(i) \
    if (i <= count - 2) \
        p = v_fma(p, x, v_set1(c[i]));
PYBP_INLINE vec REAL(horner)(vec x, const real *c, int count)
{
    vec p = v_set1(c[count - 1]);
    VMATH_STEP(17) VMATH_STEP(16) VMATH_STEP(15) VMATH_STEP(14) VMATH_STEP(13)
    VMATH_STEP(12) VMATH_STEP(11) VMATH_STEP(10) VMATH_STEP(9) VMATH_STEP(8) VMATH_STEP(7) VMATH_STEP(6) VMATH_STEP(5)
    VMATH_STEP(4) VMATH_STEP(3) VMATH_STEP(2) VMATH_STEP(1) VMATH_STEP(0)
    return p;
}

/* The same polynomial with the part above c[0] split into even and odd powers,
 * which halves the latency for no more operations, as x2 = x^2 is there anyway. */
#define VMATH_EVEN(i) \
    if (i <= count - 3) \
        even = v_fma(even, x2, v_set1(c[i]));
#define VMATH_ODD(i) \
    if (i <= count - 3) \
        odd = v_fma(odd, x2, v_set1(c[i]));
PYBP_INLINE vec REAL(even_odd)(vec x, vec x2, const real *c, int count)
{
    vec even = v_set1(c[count - 2]), odd = v_set1(c[count - 1]); /* count is odd */
    VMATH_EVEN(7) VMATH_EVEN(5) VMATH_EVEN(3) VMATH_EVEN(1)
    VMATH_ODD(8) VMATH_ODD(6) VMATH_ODD(4) VMATH_ODD(2)
    return v_fma(v_fma(odd, x, even), x, v_set1(c[0]));
}
#undef VMATH_EVEN
#undef VMATH_ODD
#undef VMATH_STEP
#define VMATH_COUNT(c) (int)(sizeof(c) / sizeof(c)[0])

/* x = n ln2 + r; returns exp(r) - 1. */
PYBP_INLINE vec REAL(exp_reduced)(vec x, vec *n)
{
    const vec magic = v_set1(REAL(round_magic));
    vec k = v_sub(v_fma(x, v_set1(REAL(log2e)), magic), magic);
    vec r = v_fnma(k, v_set1(REAL(ln2_hi)), x);
    r = v_fnma(k, v_set1(REAL(ln2_lo)), r);
    vec r2 = v_mul(r, r);
    *n = k;
    return v_fma(r2, REAL(even_odd)(r, r2, REAL(exp_q), VMATH_COUNT(REAL(exp_q))), r);
}

/* exp for exp_low <= x <= exp_high, or NaN. */
PYBP_INLINE vec REAL(exp_clamped)(vec x)
{
    vec n, p = REAL(exp_reduced)(x, &n);
    return v_ldexp(v_add(v_set1(REAL_C(1.0)), p), n);
}

PYBP_INLINE vec v_exp(vec x)
{
    x = v_max(v_set1(REAL(exp_low)), v_min(v_set1(REAL(exp_high)), v_flush(x))); /* a tiny one would be squared */
    return v_flush(REAL(exp_clamped)(x));
}

PYBP_INLINE vec v_expm1(vec x)
{
    vec y = v_max(v_set1(REAL(expm1_low)), v_min(v_set1(REAL(exp_high)), x));
    vec n, p = REAL(exp_reduced)(y, &n);
    vec most = v_min(v_set1(REAL(exponent_max)), n);
    vec s = v_pow2(most);
    vec e = v_fma(s, p, v_sub(s, v_set1(REAL_C(1.0))));
    return v_copysign(v_mul(e, v_pow2(v_sub(n, most))), x);
}

PYBP_INLINE vec v_tanh(vec x)
{
    const vec one = v_set1(REAL_C(1.0)), two = v_set1(REAL_C(2.0));
    vec a = v_abs(x);
    vec n, p = REAL(exp_reduced)(v_min(v_set1(REAL(tanh_high)), v_add(a, a)), &n);
    vec s = v_pow2(n);
    vec e = v_fma(s, p, v_sub(s, one));
    vec d = v_add(e, two);
    vec low = v_sub(e, v_sub(d, two)); /* d + low = e + 2 */
    vec inverse = v_div(one, d);
    vec t = v_mul(e, inverse);
    vec rest = v_fnma(t, low, v_fnma(t, d, e));
    return v_copysign(v_fma(rest, inverse, t), x);
}

PYBP_INLINE vec v_sigmoid(vec x)
{
    const vec one = v_set1(REAL_C(1.0));
    vec e = REAL(exp_clamped)(v_max(v_set1(REAL(exp_low)), v_neg(v_abs(x))));
    return v_flush(v_div(v_select(v_lt(x, v_zero()), e, one), v_add(one, e)));
}

/* log(m * 2^k) + extra. */
PYBP_INLINE vec REAL(log_reduced)(vec m, vec k, vec extra)
{
    vec f = v_sub(m, v_set1(REAL_C(1.0)));
    vec s = v_div(f, v_add(v_set1(REAL_C(2.0)), f));
    vec z = v_mul(s, s);
    vec tail = v_mul(z, REAL(horner)(z, REAL(log_c), VMATH_COUNT(REAL(log_c))));
    vec h = v_mul(v_mul(v_set1(REAL_C(0.5)), f), f);
    vec t = v_fma(s, v_add(h, tail), v_fma(k, v_set1(REAL(ln2_lo)), extra));
    return v_fma(k, v_set1(REAL(ln2_hi)), v_sub(f, v_sub(h, t)));
}

/* Puts the limits of log in: x > 0 keeps y, 0 gives -inf, below it NaN. */
PYBP_INLINE vec REAL(log_limits)(vec x, vec y)
{
    const vec zero = v_zero(), inf = v_set1(REAL_INF);
    vec outside = v_select(v_eq(x, zero), v_neg(inf), v_set1(REAL_NAN));
    y = v_select(v_lt(zero, x), y, outside);
    return v_select(v_eq(x, inf), inf, y);
}

PYBP_INLINE vec v_log(vec x)
{
    mask tiny = v_lt(x, v_set1(REAL_MIN));
    vec up = v_select(tiny, v_mul(x, v_set1(REAL(log_up))), x);
    vec back = v_select(tiny, v_set1(REAL(log_back)), v_zero());
    vec m, k = v_split(up, &m);
    return REAL(log_limits)(x, REAL(log_reduced)(m, v_sub(k, back), v_zero()));
}

PYBP_INLINE vec v_log1p(vec u)
{
    const vec one = v_set1(REAL_C(1.0));
    vec w = v_add(one, u);
    vec lost = v_sub(u, v_sub(w, one));
    vec m, k = v_split(w, &m);
    vec y = REAL(log_limits)(w, REAL(log_reduced)(m, k, v_div(lost, w)));
    return v_select(v_eq(w, one), u, y);
}

PYBP_INLINE vec v_erf(vec x)
{
    const vec one = v_set1(REAL_C(1.0));
    vec a = v_abs(x);
    vec t = v_min(v_set1(REAL(erf_high)), a);
    vec small = v_fma(REAL(horner)(v_mul(a, a), REAL(erf_p), VMATH_COUNT(REAL(erf_p))), a, a);
    vec u = v_fma(REAL(horner)(t, REAL(erf_q), VMATH_COUNT(REAL(erf_q))), t, t);
    vec large = v_sub(one, REAL(exp_clamped)(v_neg(u)));
    return v_copysign(v_select(v_lt(a, one), small, large), x);
}

/* x = (m + shift) pi + r; returns sin(r), and whether m is odd. */
PYBP_INLINE vec REAL(sin_reduced)(vec x, const real shift, mask *odd)
{
    const vec magic = v_set1(REAL(round_magic)), high = v_set1(REAL(cos_high));
    const vec y = v_max(v_neg(high), v_min(high, x));
    const vec m = v_sub(v_add(v_fma(y, v_set1(REAL(inv_pi)), v_set1(-shift)), magic), magic);
    const vec half = v_mul(m, v_set1(REAL_C(0.5)));
    *odd = v_mnot(v_eq(v_sub(v_add(half, magic), magic), half));
    const vec q = v_add(m, v_set1(shift));
    vec r = v_fnma(q, v_set1(REAL(pi_hi)), y);
    r = v_fnma(q, v_set1(REAL(pi_mid)), r);
    r = v_fnma(q, v_set1(REAL(pi_lo)), r);
    const vec z = v_flush(v_mul(r, r)); /* changes no bits of the result, and keeps z r from being subnormal */
    return v_fma(REAL(horner)(z, REAL(sin_c), VMATH_COUNT(REAL(sin_c))), v_mul(z, r), r);
}

PYBP_INLINE vec v_cos(vec x)
{
    mask odd;
    const vec s = REAL(sin_reduced)(x, REAL_C(0.5), &odd);
    return v_select(odd, s, v_neg(s));
}

PYBP_INLINE vec v_sin(vec x)
{
    mask odd;
    const vec s = REAL(sin_reduced)(x, REAL_C(0.0), &odd);
    return v_select(odd, v_neg(s), s);
}

#undef VMATH_COUNT
