#include "net/pass.h"

/* Below this many fused multiply-adds a thread, waking it and moving weights to its cache costs more than
 * it brings. */
static double worth_waking = 1.5e6;

void pybp_thread_work(double operations)
{
    worth_waking = operations;
}

int pybp_worth_threads(int requested, double operations)
{
    const double worth = 1 + operations / worth_waking;
    if (worth < 2)
        return 1; /* without asking how many there are, which takes longer than a small net's forward pass */
    const int threads = pybp_threads_resolve(requested, NULL);
    return worth < threads ? (int)worth : threads;
}
