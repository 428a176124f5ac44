/* Functions of one double, for the scalars of the numerics contract: no libm. */
#ifndef PYBP_MATH_SCALARS_H
#define PYBP_MATH_SCALARS_H

#include <stdint.h>

/* cos(pi x): at most 1.1 ulp from the true result (tests/test_schedules.c sweeps it). NaN where x is not
 * finite. */
double pybp_cospi(double x);
/* x^n by squaring. */
double pybp_whole_power(double x, uint64_t n);
/* x^p for x >= 0, p > 0: by squaring if p is an integer, sqrt if it is 1/2, otherwise exp(p log x). */
double pybp_power(double x, double p);
/* log2 x for x > 0, and exp and log of vmath.h. */
double pybp_log2(double x);
double pybp_exp(double x);
double pybp_log(double x);

#endif
