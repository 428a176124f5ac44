/* The thread pool: jobs, barriers, concurrent callers, what workers inherit.  (Fork and refusals:
 * test_pool_fork.c.) */
#ifdef __linux__
#define _GNU_SOURCE 1
#endif

#include "base/fpenv.h"
#include "base/os.h"
#include "check.h"
#include "pool_jobs.h"

#include <pthread.h>
#include <signal.h>
#ifdef __linux__
#include <sched.h>
#endif

static void test_jobs(void)
{
    CHECK(pybp_pool_workers() == 0);
    CHECK(run_phases(1, 3) == 1);
    CHECK(run_phases(0, 3) == 1);
    CHECK(run_phases(-5, 3) == 1);
    CHECK(pybp_pool_workers() == 0); /* one thread wakes nobody */
    static const int counts[] = {2, 3, 8, 64, 2, 5, 1, 64, 3};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        CHECK(run_phases(counts[i], 10) == counts[i]);
    CHECK(pybp_pool_workers() == 63);
    CHECK(run_phases(64, 0) == 64);
}

static void test_many_jobs(void)
{
    static const struct {
        int threads, jobs, phases;
    } plans[] = {{1, 100000, 1}, {2, 4000, 1}, {2, 4000, 0}, {3, 1000, 2}, {8, 200, 2}, {2, 3, 4000}};
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        int wrong = 0;
        for (int job = 0; job < plans[i].jobs / (SLOW ? 10 : 1) + 1; job++)
            wrong += run_phases(plans[i].threads, plans[i].phases) != plans[i].threads;
        CHECK_MSG(wrong == 0, "%d jobs of %d threads went wrong", wrong, plans[i].threads);
    }
}

static void sleepy_job(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    (void)ctx;
    for (int phase = 0; phase < 4; phase++) {
        if (phase % threads == tid)
            nap(300);
        pybp_barrier_wait(barrier);
    }
    if (tid == threads - 1)
        nap(300);
}

static void test_sleeping(void)
{
    for (int job = 0; job < 50; job++) {
        CHECK(pybp_pool_run(2 + job % 3, sleepy_job, NULL) == 2 + job % 3);
        nap(300);
        CHECK(run_phases(2, 2) == 2);
    }
}

static void test_cap(void)
{
    CHECK(run_phases(1000000, 2) == PYBP_MAX_THREADS);
    CHECK(pybp_pool_workers() == PYBP_MAX_THREADS - 1);
    CHECK(run_phases(2, 2) == 2);
}

/* ---- a busy pool -------------------------------------------------------------------------------- */

static void nesting_job(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    atomic_int *good = ctx;
    (void)tid;
    (void)threads;
    for (int i = 0; i < 10; i++)
        if (run_phases(4, 3) == 1)
            atomic_fetch_add(good, 1);
    pybp_barrier_wait(barrier);
}

static void test_nested_jobs_run_inline(void)
{
    atomic_int good = 0;
    CHECK(pybp_pool_run(4, nesting_job, &good) == 4);
    CHECK(atomic_load(&good) == 40);
}

typedef struct caller {
    pthread_t thread;
    int threads, jobs;
    int wrong, shared;
} caller;

static void *call_often(void *argument)
{
    caller *self = argument;
    for (int job = 0; job < self->jobs; job++) {
        const int used = run_phases(self->threads, 2);
        self->wrong += used != self->threads && used != 1;
        self->shared += used > 1;
    }
    return NULL;
}

static void test_concurrent_callers(void)
{
    enum { CALLERS = 4 };
    caller callers[CALLERS];
    int wrong = 0, shared = 0;
    for (int i = 0; i < CALLERS; i++) {
        callers[i] = (caller){.threads = 2 + i % 2, .jobs = SLOW ? 300 : 1000};
        CHECK(pthread_create(&callers[i].thread, NULL, call_often, &callers[i]) == 0);
    }
    for (int i = 0; i < CALLERS; i++) {
        pthread_join(callers[i].thread, NULL);
        wrong += callers[i].wrong;
        shared += callers[i].shared;
    }
    CHECK(wrong == 0 && shared > 0);
    CHECK(run_phases(3, 2) == 3);
}

/* ---- what workers inherit ----------------------------------------------------------------------- */

static volatile double tiny = 0x1p-1022;

typedef struct environment {
    atomic_int flushed, unblocked;
} environment;

static void environment_job(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    environment *e = ctx;
    (void)threads;
    (void)barrier;
    if (tid == 0)
        return;
    const volatile double half = tiny / 2;
    if (half == 0)
        atomic_fetch_add(&e->flushed, 1);
#if defined(__SSE2__)
    _mm_setcsr(0x9FC0); /* left behind for the next job */
#endif
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    if (!sigismember(&mask, SIGINT) || !sigismember(&mask, SIGALRM) || sigismember(&mask, SIGSEGV))
        atomic_fetch_add(&e->unblocked, 1);
}

static void test_environment(void)
{
    environment e = {0, 0};
    for (int i = 0; i < 3; i++)
        CHECK(pybp_pool_run(3, environment_job, &e) == 3);
    CHECK(atomic_load(&e.flushed) == 0 && atomic_load(&e.unblocked) == 0);
    sigset_t mask;
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    CHECK(!sigismember(&mask, SIGINT)); /* the caller's mask is its own again */
}

/* A thread that leaves its CPU is elsewhere, if it may be anywhere else, and may return. */
static void test_leaving_a_cpu(void)
{
    const int here = pybp_os_cpu();
    pybp_os_leave_cpus(&here, 1);
#ifdef __linux__
    cpu_set_t before, after;
    CHECK(here >= 0);
    CHECK(sched_getaffinity(0, sizeof before, &before) == 0);
    for (int i = 0; i < 100; i++) {
        const int cpu = pybp_os_cpu(), nowhere = -1, beyond = CPU_SETSIZE;
        pybp_os_leave_cpus(&nowhere, 1);
        pybp_os_leave_cpus(&beyond, 1);
        pybp_os_leave_cpus(&cpu, 1);
        CHECK(sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&before, &after));
    }
    int all[CPU_SETSIZE], moved = 0;
    for (int i = 0; i < CPU_SETSIZE; i++)
        all[i] = i;
    pybp_os_leave_cpus(all, CPU_SETSIZE); /* there is no other */
    CHECK(sched_getaffinity(0, sizeof after, &after) == 0 && CPU_EQUAL(&before, &after));
    for (int i = 0; i < 100; i++) {
        const int cpu = pybp_os_cpu();
        pybp_os_leave_cpus(&cpu, 1);
        moved += pybp_os_cpu() != cpu;
    }
    if (moved == 0 && CPU_COUNT(&before) > 1) /* emulators take affinities and forget them */
        printf("skipped: this system does not move threads\n");
#endif
}

CHECK_MAIN(
    CHECK_RUN(test_jobs);
    CHECK_RUN(test_many_jobs);
    CHECK_RUN(test_sleeping);
    CHECK_RUN(test_nested_jobs_run_inline);
    CHECK_RUN(test_concurrent_callers);
    CHECK_RUN(test_environment);
    CHECK_RUN(test_leaving_a_cpu);
    CHECK_RUN(test_cap);)
