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

/* Element i of a sparse matrix's indptr or indices. volatile: it is loaded once, so that the value that was checked is the
 * one that is used, even if the caller's program is changing it. */
static inline int64_t pybp_sparse_index(const pybp_matrix *x, const void *numbers, size_t i)
{
    return x->wide ? ((const volatile int64_t *)numbers)[i] : (int64_t)((const volatile int32_t *)numbers)[i];
}

/* The elements of indices and data that are row r's: *begin ... *end - 1. They exist, whatever indptr says. */
static inline void pybp_sparse_row(const pybp_matrix *x, size_t r, size_t *begin, size_t *end)
{
    const uint64_t first = (uint64_t)pybp_sparse_index(x, x->indptr, r);
    const uint64_t after = (uint64_t)pybp_sparse_index(x, x->indptr, r + 1);
    *end = after < x->n_values ? (size_t)after : x->n_values;
    *begin = first < *end ? (size_t)first : *end;
}

#endif
