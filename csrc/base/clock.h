/* A monotonic clock. */
#ifndef PYBP_BASE_CLOCK_H
#define PYBP_BASE_CLOCK_H

/* Milliseconds since some moment.  Thread-safe. */
double pybp_clock_ms(void);

#endif
