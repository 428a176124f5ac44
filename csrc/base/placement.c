#include "base/placement.h"

#include "base/cpus.h"
#include "base/os.h"

#include <stdatomic.h>

static atomic_int cpu_of[PYBP_MAX_THREADS]; /* 1 + the CPU of each thread of the job; 0: unknown */
static _Thread_local int my_tid, my_threads;

/* Written only when it changes, as all threads read it. */
static void record_cpu(void)
{
    const int cpu = pybp_os_cpu() + 1;
    if (atomic_load_explicit(&cpu_of[my_tid], memory_order_relaxed) != cpu)
        atomic_store_explicit(&cpu_of[my_tid], cpu, memory_order_relaxed);
}

/* Move to another CPU if a thread of the job is on this one. */
static void move_away(void)
{
    int others[PYBP_MAX_THREADS], n = 0, shared = 0;
    const int here = pybp_os_cpu();
    for (int i = 0; i < my_threads; i++) {
        const int cpu = atomic_load_explicit(&cpu_of[i], memory_order_relaxed);
        if (i == my_tid || cpu == 0)
            continue;
        others[n++] = cpu - 1;
        shared |= cpu - 1 == here;
    }
    if (shared)
        pybp_os_leave_cpus(others, n);
    record_cpu();
}

void pybp_placement_caller(int threads)
{
    my_tid = 0;
    my_threads = threads;
    record_cpu();
}

void pybp_placement_worker(int tid, int threads)
{
    my_tid = tid;
    my_threads = threads;
    move_away();
}

void pybp_placement_woken(void)
{
    if (my_tid == 0)
        record_cpu();
    else
        move_away();
}

void pybp_placement_forget(void)
{
    for (int i = 0; i < PYBP_MAX_THREADS; i++)
        atomic_store_explicit(&cpu_of[i], 0, memory_order_relaxed);
}
