/* One step of training: the gradient of one minibatch or several, and the update. */
#ifndef PYBP_NET_TRAIN_STEP_H
#define PYBP_NET_TRAIN_STEP_H

#include "base/pool.h"
#include "net/train/call.h"

/* By thread 0: decide about step number `step` of the epoch, and whether `tick` is called before it, so that all
 * threads do the same, even if the caller's data change meanwhile. A barrier has to follow. */
void pybp_decide(pybp_train_call *call, size_t step, bool tick);
/* Do step number `step`, which was decided, unless the weights of its rows sum to 0. Called by all threads, each with
 * its own copy of the net's progress, which it advances. Thread 0 adds the step to call->result, and stops training if
 * the step's loss is not finite. A barrier has to follow. */
void pybp_train_step(pybp_train_call *call, size_t step, pybp_progress *progress, int tid, int threads,
                     pybp_barrier *barrier);

#endif
