/* Calls of the caller's `tick` during training. */
#ifndef PYBP_NET_TRAIN_TICK_H
#define PYBP_NET_TRAIN_TICK_H

#include "net/train/call.h"

/* At the beginning of a call. */
void pybp_start_clock(pybp_train_call *call);
/* After a step, by thread 0: whether options->interval_ms have elapsed since the last call. */
bool pybp_tick_is_due(pybp_train_call *call);
/* By thread 0 while the others wait at a barrier, so that the net is whole and the callback may read it: call
 * options->tick, and stop training if it says so. */
void pybp_call_tick(pybp_train_call *call, const pybp_progress *progress);

#endif
