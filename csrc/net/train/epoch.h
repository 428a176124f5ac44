/* One epoch, or a part of one. */
#ifndef PYBP_NET_TRAIN_EPOCH_H
#define PYBP_NET_TRAIN_EPOCH_H

#include "net/rows/work.h"
#include "net/train/call.h"

/* Train epoch number call->epoch of the call, fill in call->result and report it to options->on_epoch. Unless the
 * gain of the threads is certain, try whether one is faster (thread_choice.h). PYBP_DIVERGED, PYBP_INTERRUPTED (see
 * pybp_train), or PYBP_STATE in a child that a callback has forked. */
pybp_status pybp_train_epoch(pybp_train_call *call, int threads, pybp_thread_gain gain);

#endif
