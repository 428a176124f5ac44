/* Prefetching the next minibatch's rows while this one's gradients are computed.
 *
 * Shuffled rows are scattered in memory. Where access to memory is slow, waiting for a minibatch takes a tenth of a
 * small net's step. Prefetching all of it at once takes as long, since a core has some twenty requests in flight at a
 * time; so a few lines are prefetched between gradient tiles. */
#ifndef PYBP_NET_TRAIN_PREFETCH_H
#define PYBP_NET_TRAIN_PREFETCH_H

#include "net/rows/source.h"
#include "net/workspace/rows.h"

typedef struct pybp_prefetch {
    const pybp_source *source;
    size_t row, end; /* rows number row ... end - 1 of the source are still to be prefetched */
    size_t line;     /* the next line of this row, */
    size_t lines;    /* and the number of its lines: inputs, then targets */
    size_t at_once;  /* lines to prefetch in one call */
} pybp_prefetch;

/* A plan for this thread's rows of a minibatch that begins at row number `first` of the source and has as many rows
 * as `rows`, all rows of this minibatch. Nothing is prefetched if the data are small, sparse or in order. */
pybp_prefetch pybp_plan_prefetch(const pybp_rows *rows, const pybp_source *source, size_t first, int threads);
/* Prefetch some more lines. To be called twice for each of the thread's gradient tiles. */
void pybp_prefetch_some(pybp_prefetch *prefetch);

#endif
