#include "net/workspace/workspace.h"

/* Below this many fused multiply-adds a thread, meeting the others and moving weights to its cache costs more than it
 * brings; below CALL times as many in a call, waking it does, which takes a tenth of a millisecond where its CPU has
 * gone to sleep. */
static double worth_waking = 1.5e6;
#define CALL 24

/* What threads exchange is less than they gain in steps of more than so many, wherever they run. */
#define LARGE 1e8
static bool asked_for; /* by a test, which wants its threads */

bool pybp_threads_in_doubt(int threads, double step)
{
    return threads > 1 && step < LARGE && !asked_for;
}

void pybp_thread_work(double operations)
{
    worth_waking = operations;
    asked_for = true;
}

int pybp_worth_threads(int requested, double step, size_t steps)
{
    const double worth = 1 + step / worth_waking;
    if (worth < 2 || step * (double)steps < CALL * worth_waking)
        return 1; /* without asking how many there are, which takes longer than a small net's forward pass */
    const int threads = pybp_threads_resolve(requested, NULL);
    return worth < threads ? (int)worth : threads;
}
