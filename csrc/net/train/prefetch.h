/* Rows of the next minibatch, asked for bit by bit while this one's gradients are computed.
 *
 * Shuffled rows come from anywhere. Where memory is far, waiting for a minibatch of a small net takes a tenth of its step,
 * and asking for all of it at once takes as long: a core has some twenty requests under way. */
#ifndef PYBP_NET_TRAIN_PREFETCH_H
#define PYBP_NET_TRAIN_PREFETCH_H

#include "net/workspace/workspace.h"

typedef struct pybp_ahead {
    const pybp_source *source;
    size_t row, end;    /* of the order, still to be asked for */
    size_t line, lines; /* the next one of a row's inputs and targets; of a row */
    size_t each;        /* lines to ask for at a time */
} pybp_ahead;

/* For the thread of `run`, whose minibatch's rows end at number `first` of the order. It will ask twice a tile. */
pybp_ahead pybp_ahead_of(const pybp_run *run, const pybp_source *source, size_t first, int threads);
/* Ask for some more. */
void pybp_ahead_ask(pybp_ahead *ahead);

#endif
