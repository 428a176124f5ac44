/* The state of one call of pybp_train, common to its threads. */
#ifndef PYBP_NET_TRAIN_CALL_H
#define PYBP_NET_TRAIN_CALL_H

#include "net/rows/source.h"
#include "net/train/buffers.h"

/* What thread 0 decides about a step for all threads. */
typedef struct pybp_decision {
    bool tick;     /* before it, options->tick is called */
    bool stop;     /* neither this step nor any after it is done */
    double weight; /* of its rows; 0: it is skipped */
} pybp_decision;

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
    bool stop;                          /* no further step; for thread 0 */
    pybp_decision decisions[2];         /* of this step and the next (pybp_decide) */

    /* The clock (tick.h): steps between two readings, steps left until the next one, and, in milliseconds, when it
     * was read last and when options->tick was called last. */
    size_t clock_every, clock_left;
    double read_at, ticked_at;

    /* Of the epoch: */
    size_t epoch;         /* its number in this call, from 0 */
    size_t begin, end;    /* steps begin ... end - 1 are to be done */
    double loss, weight;  /* sums over the rows so far */
    atomic_size_t correct;
    uint64_t passes;      /* progress.passes before it */
    bool complete;        /* its last step is done */
} pybp_train_call;

/* The decision about a step, for any thread. While one step is done, the next one is decided, in the other place. */
static inline pybp_decision *pybp_decision_of(pybp_train_call *call, size_t step)
{
    return &call->decisions[step % 2];
}

/* The mean or sum of the epoch's losses so far; 0 before the first. */
static inline double pybp_loss_so_far(const pybp_train_call *call)
{
    const double loss = call->loss / call->per_output;
    return call->options->reduction == PYBP_MEAN && call->weight > 0 ? loss / call->weight : loss;
}

/* By thread 0: no thread begins another step. */
static inline void pybp_stop_training(pybp_train_call *call, pybp_status status)
{
    call->status = status;
    call->stop = true;
}

#endif
