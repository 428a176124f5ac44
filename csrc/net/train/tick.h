/* Calls of the caller's `tick` during training. */
#ifndef PYBP_NET_TRAIN_TICK_H
#define PYBP_NET_TRAIN_TICK_H

#include "net/train/call.h"

/* At the beginning of a call. */
void pybp_start_clock(pybp_train_call *call);
/* After a step, by thread 0: call options->tick if options->interval_ms have elapsed, and stop training if it says
 * so. */
void pybp_tick_if_due(pybp_train_call *call);

#endif
