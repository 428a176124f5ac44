/* The caller's matrices (pybp_matrix). */
#ifndef PYBP_KERNELS_MATRIX_H
#define PYBP_KERNELS_MATRIX_H

#include "pybp.h"

static inline size_t pybp_element_size(pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
}

/* Bytes of a dense matrix's row, without a gap to the next one. */
static inline size_t pybp_row_bytes(const pybp_matrix *x)
{
    return x->cols * pybp_element_size(x->dtype);
}

/* Element i of a sparse matrix's indptr or indices. */
static inline int64_t pybp_sparse_index(const pybp_matrix *x, const void *numbers, size_t i)
{
    return x->wide ? ((const int64_t *)numbers)[i] : (int64_t)((const int32_t *)numbers)[i];
}

#endif
