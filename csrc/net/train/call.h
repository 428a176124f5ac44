/* The state of one call of pybp_train, common to its threads. */
#ifndef PYBP_NET_TRAIN_CALL_H
#define PYBP_NET_TRAIN_CALL_H

#include "net/rows/source.h"
#include "net/train/buffers.h"

typedef struct pybp_train_call {
    pybp_net *net;
    pybp_train_buffers *buffers;
    const pybp_train_options *options;
    pybp_train_result *result;
    pybp_source source;
    size_t rows, batch_rows, step_rows; /* of an epoch, a minibatch, a step */
    size_t steps;                       /* of an epoch */
    double per_output;                  /* pybp_loss_per_output */
    pybp_status status;
    atomic_bool stop;                   /* no further step */

    /* The clock (tick.h): steps between two readings, steps left until the next one, and, in milliseconds, when it
     * was read last and when options->tick was called last. */
    size_t clock_every, clock_left;
    double read_at, ticked_at;
    bool tick_due; /* after this step */

    /* Of the epoch: */
    size_t epoch;         /* its number in this call, from 0 */
    size_t begin, end;    /* steps begin ... end - 1 are to be done */
    double loss, weight;  /* sums over the rows so far */
    atomic_size_t correct;
    uint64_t passes;      /* progress.passes before it */
    bool complete;        /* its last step is done */
} pybp_train_call;

/* The mean or sum of the epoch's losses so far. */
static inline double pybp_loss_so_far(const pybp_train_call *call)
{
    const double loss = call->loss / call->per_output;
    return call->options->reduction == PYBP_MEAN ? loss / call->weight : loss;
}

/* No thread begins another step. */
static inline void pybp_stop_training(pybp_train_call *call, pybp_status status)
{
    call->status = status;
    atomic_store_explicit(&call->stop, true, memory_order_relaxed);
}

#endif
