/* docs/contract.md, "Schedules", states each function as a sequence of operations. */
#define PYBP_ISA_SCALAR
#include "math/scalars.h"

#include "simd/simd.h"
#include "simd/vmath.h"

/* Taylor: the first term left out is below 2^-58 of the result for |y| <= 1/4. */
static const double cos_c[8] = {
    -0x1.3bd3cc9be45dep+2, 0x1.03c1f081b5ac4p+2,   -0x1.55d3c7e3cbffap+0,  0x1.e1f506891babbp-3,
    -0x1.a6d1f2a204a8cp-6, 0x1.f9d38a3763cc3p-10, -0x1.b6e24f44b128fp-14, 0x1.20c62c2f2d7f5p-18,
};
static const double sin_c[8] = {
    -0x1.4abbce625be53p+2, 0x1.466bc6775aae2p+1,   -0x1.32d2cce62bd86p-1,  0x1.50783487ee782p-4,
    -0x1.e3074fde8871fp-8, 0x1.e8f434d018d63p-12, -0x1.6fadb9f155744p-16, 0x1.aaec32af93359p-21,
};
static const double pi_high = 0x1.921fb54442d18p+1, pi_low = 0x1.1a62633145c07p-53;
static const double log2_e = 0x1.71547652b82fep+0;

#define ALL_EVEN 0x1p53 /* every double from here on is an even integer */

static double horner(double z, const double c[8])
{
    double y = c[7];
    for (int i = 6; i >= 0; i--)
        y = __builtin_fma(y, z, c[i]);
    return y;
}

/* 0 <= y <= 1/4 */
static double cos_small(double y)
{
    const double z = y * y;
    return __builtin_fma(z, horner(z, cos_c), 1.0);
}

static double sin_small(double y)
{
    const double z = y * y, rest = __builtin_fma(z, horner(z, sin_c), pi_low);
    return __builtin_fma(y, pi_high, y * rest);
}

double pybp_cospi(double x)
{
    double r = x < 0 ? -x : x;
    if (!(r < ALL_EVEN))
        return r <= 0x1.fffffffffffffp1023 ? 1.0 : x - x;
    r = r - 2 * (double)(uint64_t)(0.5 * r); /* in [0, 2); all of these steps are exact */
    r = r > 1 ? 2 - r : r;
    const double distance = r > 0.5 ? 1 - r : r; /* from the nearest integer */
    const double y = distance <= 0.25 ? cos_small(distance) : sin_small(0.5 - distance);
    return r > 0.5 ? -y : y;
}

double pybp_whole_power(double x, uint64_t n)
{
    double y = 1;
    for (; n > 0; n >>= 1) {
        if (n & 1)
            y = y * x;
        if (n > 1)
            x = x * x;
    }
    return y;
}

double pybp_power(double x, double p)
{
    if (p == 0.5)
        return __builtin_sqrt(x);
    if (p < ALL_EVEN && p == (double)(uint64_t)p)
        return pybp_whole_power(x, (uint64_t)p);
    return x == 0 ? 0 : pybp_exp(p * pybp_log(x));
}

double pybp_log2(double x)
{
    return pybp_log(x) * log2_e;
}

double pybp_exp(double x)
{
    return f64_exp(x);
}

double pybp_log(double x)
{
    return f64_log(x);
}
