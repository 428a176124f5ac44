/* What the tests of the pool share: a job that checks itself. */
#ifndef PYBP_TESTS_POOL_JOBS_H
#define PYBP_TESTS_POOL_JOBS_H

#include "base/cpus.h"
#include "base/pool.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <time.h>

/* Sanitizers slow everything down by ten. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SLOW 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SLOW 1
#endif
#endif
#ifndef SLOW
#define SLOW 0
#endif

/* Longer than 200 microseconds, so that whoever waits falls asleep. */
static void nap(long microseconds)
{
    const struct timespec time = {0, microseconds * 1000};
    nanosleep(&time, NULL);
}

/* Each phase, each thread writes its own cell (plain, so that ThreadSanitizer sees a barrier that does
 * not order memory) and after the barrier reads all others'. */
typedef struct phases {
    int n_phases;
    int threads[PYBP_MAX_THREADS]; /* what fn was told, by tid */
    int cells[PYBP_MAX_THREADS];
    atomic_int wrong;
    atomic_int runs;
} phases;

static void phase_job(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    phases *p = ctx;
    atomic_fetch_add(&p->runs, 1);
    p->threads[tid] = threads;
    for (int phase = 1; phase <= p->n_phases; phase++) {
        p->cells[tid] = phase;
        pybp_barrier_wait(barrier);
        for (int t = 0; t < threads; t++)
            if (p->cells[t] != phase)
                atomic_fetch_add(&p->wrong, 1);
        pybp_barrier_wait(barrier);
    }
}

/* Returns the number of threads; < 0 if anything was wrong. */
static int run_phases(int threads, int n_phases)
{
    phases p = {.n_phases = n_phases};
    const int used = pybp_pool_run(threads, phase_job, &p);
    bool ok = used >= 1 && atomic_load(&p.wrong) == 0 && atomic_load(&p.runs) == used;
    for (int t = 0; ok && t < PYBP_MAX_THREADS; t++) {
        ok = ok && p.threads[t] == (t < used ? used : 0);
        ok = ok && p.cells[t] == (t < used ? n_phases : 0);
    }
    return ok ? used : -1;
}

#endif
