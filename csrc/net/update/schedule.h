/* Learning rates that change from step to step. */
#ifndef PYBP_NET_UPDATE_SCHEDULE_H
#define PYBP_NET_UPDATE_SCHEDULE_H

#include "pybp.h"

/* Whether the schedule needs a horizon. */
int pybp_schedule_ends(pybp_schedule_kind kind);
/* Steps of warm-up: the parameter, or that share of the horizon if it is below 1. */
uint64_t pybp_schedule_warmup(double warmup, uint64_t horizon);
/* The learning rate at position t, on checked arguments. */
double pybp_schedule_rate(const pybp_schedule *schedule, uint64_t t, uint64_t horizon);

#endif
