/* Sums over rows, in the order of the numerics contract. */
#ifndef PYBP_NET_ROWS_ROW_SUMS_H
#define PYBP_NET_ROWS_ROW_SUMS_H

#include "kernels/kernels.h"
#include "net/rows/source.h"

/* Chunks of PYBP_CHUNK rows, each a chain from zero, are added in ascending order. add(chain, ctx, r) adds row r to a
 * chain. Inline, so that `add` is too. */
static inline double pybp_sum_rows(size_t rows, double (*add)(double chain, const void *ctx, size_t r), const void *ctx)
{
    double sum = 0;
    for (size_t r = 0; r < rows;) {
        const size_t end = rows - r < PYBP_CHUNK ? rows : r + PYBP_CHUNK;
        double chunk = 0;
        for (; r < end; r++)
            chunk = add(chunk, ctx, r);
        sum = end <= PYBP_CHUNK ? chunk : sum + chunk;
    }
    return sum;
}

/* Sum of weight times loss over n rows from number `first` of the source on; losses[0] is that of the first of them. */
double pybp_sum_losses(const double *losses, const pybp_source *source, size_t first, size_t n);
/* Sum of those rows' weights; n if there are none. */
double pybp_sum_weights(const pybp_source *source, size_t first, size_t n);

#endif
