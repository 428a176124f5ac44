#include "net/pass.h"

/* Below this many fused multiply-adds a thread, waking it and moving weights to its cache costs more than
 * it brings. */
#define WORTH 1.5e6

int pybp_worth_threads(int requested, double operations)
{
    const int threads = pybp_threads_resolve(requested, NULL);
    const double worth = 1 + operations / WORTH;
    return worth < threads ? (int)worth : threads;
}
