/* The stages of a step for one minibatch. Every thread calls them, and does its part.
 *
 * Stage A, propagate, divides the rows among the threads: gather, forward, loss, backward. (Of a first layer with
 * many inputs it divides the outputs.) Stage B, gradients, divides the parameters, into tiles: the gradient over the
 * whole minibatch, then the update in place. If clip_norm is set, or a step has several minibatches, stage B stores
 * the gradient, and stage C, apply, updates once all of it is there.
 *
 * In a small net with many rows each thread computes gradients in stage A, chunk by chunk, while the chunk's
 * activations are in cache, and stage B adds the chunks. These are the same chains as over the whole minibatch, so
 * the bits are the same. */
#ifndef PYBP_NET_TRAIN_MINIBATCH_H
#define PYBP_NET_TRAIN_MINIBATCH_H

#include "base/pool.h"
#include "net/train/call.h"
#include "net/update/optimizer_step.h"
#include "net/workspace/rows.h"

typedef struct pybp_minibatch {
    pybp_train_call *call;
    size_t first, n; /* the epoch's rows number first ... first + n - 1 */
    size_t before;   /* rows of the step's earlier minibatches */
    double divisor;  /* of the loss: the weight of the step's rows, or 1 */
} pybp_minibatch;

/* `all`: all rows of the minibatch, with this thread's tid. A barrier has to follow. */
void pybp_minibatch_propagate(pybp_minibatch *m, const pybp_rows *all, int threads, pybp_barrier *barrier);
void pybp_minibatch_gradients(const pybp_minibatch *m, const pybp_rows *all, const pybp_rule *rule, int threads);
/* For the whole step, if its gradient is stored. */
void pybp_apply_gradients(pybp_train_call *call, pybp_rule *rule, int tid, int threads, pybp_barrier *barrier);

#endif
