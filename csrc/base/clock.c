#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include "base/clock.h"

#include <time.h>

double pybp_clock_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec * 1e-6;
}
