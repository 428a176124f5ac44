/* One epoch, or a part of one. */
#ifndef PYBP_NET_TRAIN_EPOCH_H
#define PYBP_NET_TRAIN_EPOCH_H

#include "net/train/call.h"

/* Train epoch number call->epoch of the call, fill in call->result and report it to options->on_epoch. time_threads:
 * try whether one thread is faster than all of them (thread_choice.h). PYBP_DIVERGED, PYBP_INTERRUPTED (see
 * pybp_train), or PYBP_STATE in a child that a callback has forked. */
pybp_status pybp_train_epoch(pybp_train_call *call, int threads, bool time_threads);

#endif
