/* Orthogonal matrices, by Householder's QR decomposition in double. */
#ifndef PYBP_MATH_ORTHOGONAL_H
#define PYBP_MATH_ORTHOGONAL_H

#include <stddef.h>

/* q becomes the matrix with orthonormal columns of a = q R, where R has a positive diagonal. a and q are (m, n), m >= n,
 * stored by columns. a and squares, n numbers, are overwritten. docs/contract.md states the order of operations. */
void pybp_orthogonal(size_t m, size_t n, double *a, double *squares, double *q);

#endif
