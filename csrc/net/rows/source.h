/* The rows of a call. */
#ifndef PYBP_NET_ROWS_SOURCE_H
#define PYBP_NET_ROWS_SOURCE_H

#include "pybp.h"

/* The caller's data, with rows numbered 0, 1, ... in the order in which the call takes them. */
typedef struct pybp_source {
    const pybp_matrix *x;
    const pybp_targets *y; /* or NULL */
    const double *weights; /* or NULL: all are 1 */
    const uint32_t *order; /* row of x, y and weights for each number, or NULL: the number itself */
} pybp_source;

static inline size_t pybp_source_row(const pybp_source *source, size_t number)
{
    return source->order != NULL ? source->order[number] : number;
}

static inline double pybp_source_weight(const pybp_source *source, size_t number)
{
    return source->weights != NULL ? source->weights[pybp_source_row(source, number)] : 1.0;
}

#endif
