#include "net/rows/work.h"

#include "base/thread_count.h"

/* A thread needs at least this many fused multiply-adds: with fewer, waiting for other threads and moving weights to
 * its cache costs more than the thread saves. */
static double thread_work = 1.5e6;
/* A call needs at least this many times thread_work before threads are woken for it: waking takes a tenth of a
 * millisecond if a CPU sleeps. */
#define CALL_WORK 24

/* In steps with more fused multiply-adds than this, threads gain more than they lose by exchanging data, whichever
 * cores they run on. */
#define LARGE_STEP 1e8
static bool set_by_test;

pybp_thread_gain pybp_expected_thread_gain(int threads, double step)
{
    if (threads == 1 || set_by_test)
        return PYBP_GAIN_CERTAIN;
    return step < LARGE_STEP ? PYBP_GAIN_UNCERTAIN : PYBP_GAIN_LIKELY;
}

void pybp_set_thread_work(double operations)
{
    thread_work = operations;
    set_by_test = true;
}

int pybp_worthwhile_threads(int requested, double step, size_t steps)
{
    const double worthwhile = 1 + step / thread_work;
    if (worthwhile < 2 || step * (double)steps < CALL_WORK * thread_work)
        return 1; /* looking up the default number would take longer than a small net's forward pass */
    const int threads = pybp_resolve_threads(requested, NULL);
    return worthwhile < threads ? (int)worthwhile : threads;
}
