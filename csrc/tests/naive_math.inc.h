/* Scalar twins of csrc/simd/vmath.h: the same operations in the same order, one rounding each. */

/* docs/contract.md, "Tiny numbers" */
static T F(flush)(T x)
{
    return ABS(x) < (T)TINY ? C(0.0) : x;
}

static T F(fade)(T x)
{
    return x < TINY_SQUARE ? C(0.0) : x;
}

/* To T, rounded once. */
static T F(convert)(double x)
{
    return fabs(x) < TINY ? C(0.0) : (T)x;
}

/* c[0] + x (c[1] + x (...)) */
static T F(polynomial)(T x, const T *c, int count)
{
    T p = c[count - 1];
    for (int i = count - 2; i >= 0; i--)
        p = FMA(p, x, c[i]);
    return p;
}

/* The same, count odd, with even and odd powers above c[0] apart. */
static T F(even_odd)(T x, T x2, const T *c, int count)
{
    T even = c[count - 2], odd = c[count - 1];
    for (int i = count - 4; i >= 1; i -= 2)
        even = FMA(even, x2, c[i]);
    for (int i = count - 3; i >= 2; i -= 2)
        odd = FMA(odd, x2, c[i]);
    return FMA(FMA(odd, x, even), x, c[0]);
}

/* To the nearest integer. */
static T F(nearest)(T x)
{
    return x + ROUND_MAGIC - ROUND_MAGIC;
}

/* 2^n, a normal number. */
static T F(power_of_two)(T n)
{
    BITS bits = (BITS)((int)n + EXPONENT_BIAS) << MANTISSA_BITS;
    T value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* x = n ln2 + r; gives n and exp(r) - 1. */
static T F(exp_reduced)(T x, T *n)
{
    static const T q[] = EXP_Q;
    T k = FMA(x, LOG2E, ROUND_MAGIC);
    k = k - ROUND_MAGIC;
    T r = FMA(-k, LN2_HI, x);
    r = FMA(-k, LN2_LO, r);
    *n = k;
    T r2 = r * r;
    return FMA(r2, F(even_odd)(r, r2, q, (int)(sizeof q / sizeof q[0])), r);
}

/* exp before it is flushed. */
static T F(exp_kept)(T x)
{
    if (x > EXP_HIGH)
        x = EXP_HIGH;
    if (x < EXP_LOW)
        x = EXP_LOW;
    T n, p = F(exp_reduced)(x, &n);
    T half = F(nearest)(n * C(0.5));
    T e = C(1.0) + p;
    return e * F(power_of_two)(half) * F(power_of_two)(n - half);
}

static T F(exp)(T x)
{
    return x != x ? x : F(flush)(F(exp_kept)(x));
}

static T F(tanh)(T x)
{
    if (x != x)
        return x;
    T a = ABS(x), twice = a + a;
    if (twice > TANH_HIGH)
        twice = TANH_HIGH;
    T n, p = F(exp_reduced)(twice, &n);
    T s = F(power_of_two)(n);
    T e = FMA(s, p, s - C(1.0)); /* expm1(2a); tanh = e / (e + 2) */
    T d = e + C(2.0);
    T back = d - C(2.0);
    T low = e - back; /* d + low = e + 2 */
    T inverse = C(1.0) / d;
    T t = e * inverse;
    T rest = FMA(-t, low, FMA(-t, d, e));
    T y = FMA(rest, inverse, t);
    return signbit(x) ? -y : y;
}

static T F(sigmoid)(T x)
{
    if (x != x)
        return x;
    T e = F(exp_kept)(-ABS(x));
    return F(flush)((x < C(0.0) ? e : C(1.0)) / (C(1.0) + e));
}

/* x = m 2^k with sqrt(1/2) <= m < sqrt(2); x positive and normal. */
static T F(split)(T x, T *m)
{
    BITS bits, fraction;
    memcpy(&bits, &x, sizeof bits);
    bits += ONE_BITS - SQRT_HALF_BITS;
    fraction = (bits & (((BITS)1 << MANTISSA_BITS) - 1)) + SQRT_HALF_BITS;
    memcpy(m, &fraction, sizeof fraction);
    return (T)((int)(bits >> MANTISSA_BITS) - EXPONENT_BIAS);
}

/* log(m 2^k) + extra */
static T F(log_reduced)(T m, T k, T extra)
{
    static const T c[] = LOG_C;
    T f = m - C(1.0);
    T s = f / (C(2.0) + f);
    T z = s * s;
    T tail = z * F(polynomial)(z, c, (int)(sizeof c / sizeof c[0]));
    T h = C(0.5) * f * f;
    T t = FMA(s, h + tail, FMA(k, LN2_LO, extra));
    T rest = h - t;
    return FMA(k, LN2_HI, f - rest);
}

static T F(log)(T x)
{
    if (x != x || x < C(0.0))
        return (T)NAN;
    if (x == C(0.0))
        return -(T)INFINITY;
    if (isinf(x))
        return x;
    T back = C(0.0), m, k;
    if (x < SMALLEST_NORMAL) {
        x = x * LOG_UP;
        back = LOG_BACK;
    }
    k = F(split)(x, &m);
    return F(log_reduced)(m, k - back, C(0.0));
}

/* u from exp(): 0 <= u <= 1. */
static T F(log1p)(T u)
{
    if (u != u)
        return u;
    T w = C(1.0) + u;
    T kept = w - C(1.0);
    T lost = u - kept;
    if (w == C(1.0))
        return u;
    T m, k = F(split)(w, &m);
    return F(log_reduced)(m, k, lost / w);
}

static T F(expm1)(T x)
{
    if (x != x)
        return x;
    T y = x > EXP_HIGH ? EXP_HIGH : x < EXPM1_LOW ? EXPM1_LOW : x;
    T n, p = F(exp_reduced)(y, &n);
    T k = EXPONENT_MAX < n ? EXPONENT_MAX : n;
    T s = F(power_of_two)(k);
    T e = FMA(s, p, s - C(1.0));
    e = ABS(e * F(power_of_two)(n - k));
    return signbit(x) ? -e : e;
}

/* x = (m + shift) pi + r; gives sin(r), and whether m is odd. */
static T F(sin_reduced)(T x, T shift, int *odd)
{
    static const T c[] = SIN_C;
    T y = x > COS_HIGH ? COS_HIGH : x < -COS_HIGH ? -COS_HIGH : x;
    T m = F(nearest)(FMA(y, INV_PI, -shift)), q = m + shift;
    *odd = F(nearest)(C(0.5) * m) != C(0.5) * m;
    T r = FMA(-q, PI_HI, y);
    r = FMA(-q, PI_MID, r);
    r = FMA(-q, PI_LO, r);
    T z = r * r, cube = z * r;
    return FMA(F(polynomial)(z, c, (int)(sizeof c / sizeof c[0])), cube, r);
}

static T F(cos)(T x)
{
    int odd;
    T s = F(sin_reduced)(x, C(0.5), &odd);
    return odd ? s : -s;
}

static T F(sin)(T x)
{
    int odd;
    T s = F(sin_reduced)(x, C(0.0), &odd);
    return odd ? -s : s;
}

static T F(erf)(T x)
{
    static const T small[] = ERF_P, large[] = ERF_Q;
    if (x != x)
        return x;
    T a = ABS(x), y;
    if (a < C(1.0)) {
        y = FMA(F(polynomial)(a * a, small, (int)(sizeof small / sizeof small[0])), a, a);
    } else {
        T t = a > ERF_HIGH ? ERF_HIGH : a;
        T u = FMA(F(polynomial)(t, large, (int)(sizeof large / sizeof large[0])), t, t);
        y = C(1.0) - F(exp_kept)(-u);
    }
    return signbit(x) ? -y : y;
}
