/* Normal deviates. */
#ifndef PYBP_MATH_NORMAL_QUANTILE_H
#define PYBP_MATH_NORMAL_QUANTILE_H

/* Inverse of the normal distribution function, 0 < p < 1: algorithm AS 241, PPND16 (Wichura 1988), with our own log. */
double pybp_normal_quantile(double p);

#endif
