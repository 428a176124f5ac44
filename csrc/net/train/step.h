/* The stages of a step, which every thread goes through with its share.
 *
 * Stage A splits the rows: gather, forward, loss, deltas; of a first layer with many inputs it splits the outputs. Stage B
 * splits the parameters into tiles: gradient over the whole batch, update in place. With clip_norm the update waits for
 * all gradients (stage C), and with accumulate for those of all its minibatches. Where many rows meet few parameters,
 * stage A also sums each chunk's gradient while its activations are in cache, and stage B adds the chunks: the same
 * chains, so the same bits. */
#ifndef PYBP_NET_TRAIN_STEP_H
#define PYBP_NET_TRAIN_STEP_H

#include "net/train/buffers.h"

#include <stdatomic.h>

/* One call of pybp_train. */
typedef struct pybp_call {
    pybp_net *net;
    pybp_trainer *trainer;
    const pybp_train_options *options;
    pybp_train_result *result;
    pybp_source source;
    size_t n, batch, step_rows;
    size_t steps;              /* of an epoch */
    double per_output;
    pybp_status status;
    atomic_bool stop;
    size_t clock_every, clock_left; /* steps between two readings of the clock; left until the next */
    double ticked, read;       /* when tick was called, when the clock was read */
    /* of the epoch: */
    size_t epoch;              /* its number in this call, from 0 */
    size_t begin, end;         /* its steps that are left to take */
    double loss, weight;       /* sums so far */
    uint64_t passes;           /* progress.passes before it */
    bool complete;             /* its last step is done */
    atomic_size_t correct;
} pybp_call;

/* A minibatch: `rows` rows of the epoch's order from `first` on, the `before` of which are this step's already. */
typedef struct pybp_minibatch {
    pybp_call *c;
    size_t first, rows, before;
    double divisor;
} pybp_minibatch;

/* `all`: all rows of the minibatch, and this thread's tid. A barrier has to follow stage A. */
void pybp_stage_a(pybp_minibatch *m, const pybp_run *all, int threads, pybp_barrier *barrier);
void pybp_stage_b(const pybp_minibatch *m, const pybp_run *all, const pybp_rule *rule, int threads);
void pybp_stage_c(pybp_call *c, pybp_rule *rule, int tid, int threads, pybp_barrier *barrier);

#endif
