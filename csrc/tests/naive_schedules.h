/* The naive twin of csrc/net/update/schedule.c: docs/contract.md, "Schedules", written out. */
#ifndef PYBP_TESTS_NAIVE_SCHEDULES_H
#define PYBP_TESTS_NAIVE_SCHEDULES_H

#include "pybp.h"

double naive_schedule(const pybp_schedule *s, uint64_t t, uint64_t horizon);
double naive_cospi(double x);

#endif
