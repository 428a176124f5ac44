/* Schedules: learning rates that change from step to step. */
#ifndef PYBP_NET_UPDATE_SCHEDULE_H
#define PYBP_NET_UPDATE_SCHEDULE_H

#include "pybp.h"

#include <stdbool.h>

/* Whether the schedule depends on the horizon, the number of steps that it spans. */
bool pybp_schedule_has_horizon(pybp_schedule_kind kind);
/* Steps of warm-up: the parameter itself, or, if it is below 1, that fraction of the horizon. */
uint64_t pybp_schedule_warmup(double warmup, uint64_t horizon);
/* The learning rate at position t. The schedule and the horizon are valid. */
double pybp_schedule_rate(const pybp_schedule *schedule, uint64_t t, uint64_t horizon);

#endif
