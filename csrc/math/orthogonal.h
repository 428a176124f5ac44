/* Orthogonal matrices, by Householder's QR decomposition in double. */
#ifndef PYBP_MATH_ORTHOGONAL_H
#define PYBP_MATH_ORTHOGONAL_H

#include <stddef.h>

/* The Q, with orthonormal columns, of a = Q R where R has a positive diagonal. Both (m, n), m >= n, columns
 * contiguous; a and squares, n numbers, are overwritten. The order of operations is docs/contract.md's. */
void pybp_orthogonal(size_t m, size_t n, double *a, double *squares, double *q);

#endif
