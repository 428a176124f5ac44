#include "base/place.h"

#include "base/os.h"
#include "base/cpus.h"

#include <stdatomic.h>

static atomic_int places[PYBP_MAX_THREADS]; /* 1 + the CPU of each thread of the job; 0: not known */
static _Thread_local int my_tid, my_threads;

static void tell_here(void)
{
    const int place = pybp_os_cpu() + 1;
    if (atomic_load_explicit(&places[my_tid], memory_order_relaxed) != place) /* seldom written, so that all may look */
        atomic_store_explicit(&places[my_tid], place, memory_order_relaxed);
}

/* Move away if another thread of the job is here. */
static void settle(void)
{
    int others[PYBP_MAX_THREADS], n = 0, shared = 0;
    const int here = pybp_os_cpu();
    for (int i = 0; i < my_threads; i++) {
        const int place = atomic_load_explicit(&places[i], memory_order_relaxed);
        if (i == my_tid || place == 0)
            continue;
        others[n++] = place - 1;
        shared |= place - 1 == here;
    }
    if (shared)
        pybp_os_leave_cpus(others, n);
    tell_here();
}

void pybp_place_caller(int threads)
{
    my_tid = 0;
    my_threads = threads;
    tell_here();
}

void pybp_place_worker(int tid, int threads)
{
    my_tid = tid;
    my_threads = threads;
    settle();
}

void pybp_place_woken(void)
{
    if (my_tid == 0)
        tell_here();
    else
        settle();
}

void pybp_place_forget(void)
{
    for (int i = 0; i < PYBP_MAX_THREADS; i++)
        atomic_store_explicit(&places[i], 0, memory_order_relaxed);
}
