/* The operations of csrc/simd/scalar.h that a compiler could merge or whose form depends on the target, and helpers of
 * csrc/simd/vmath_body.inc.h as plain loops. */

/* a * b + c, rounded once. */
static inline real v_fma(real a, real b, real c)
{
#ifdef NET_NO_FMA
    return a * b + c;
#else
    return REAL_FMA(a, b, c);
#endif
}

/* A product that no compiler merges with a sum. By default gcc fuses a * b + c where the CPU can, and it
 * ignores the pragma. It doesn't fuse the result of a fused multiply-add of -0, which has the product's bits. */
static inline real v_mul(real a, real b)
{
#ifdef NET_FUSES_PRODUCTS
    return REAL_FMA(a, b, -REAL_C(0.0));
#else
    return a * b;
#endif
}

static inline real v_fnma(real a, real b, real c) { return v_fma(-a, b, c); }
static inline real v_sqrt(real a) { return REAL_SQRT(a); }

/* c[0] + x (c[1] + x (c[2] + ...)), count coefficients. */
static inline real REAL(horner)(real x, const real *c, int count)
{
    real p = c[count - 1];
    for (int i = count - 2; i >= 0; i--)
        p = v_fma(p, x, c[i]);
    return p;
}

/* The same with the part above c[0] split into even and odd powers; count is odd. */
static inline real REAL(even_odd)(real x, real x2, const real *c, int count)
{
    real even = c[count - 2], odd = c[count - 1];
    for (int i = count - 4; i >= 1; i -= 2)
        even = v_fma(even, x2, c[i]);
    for (int i = count - 3; i >= 2; i -= 2)
        odd = v_fma(odd, x2, c[i]);
    return v_fma(v_fma(odd, x, even), x, c[0]);
}
