/* The inverse of the normal distribution function. */
#ifndef PYBP_MATH_NORMAL_QUANTILE_H
#define PYBP_MATH_NORMAL_QUANTILE_H

/* 0 < p < 1. Algorithm AS 241, PPND16 (Wichura 1988), with pybp_log() for its logarithm. */
double pybp_normal_quantile(double p);

#endif
