#include "base/pool.h"

#include "base/fpenv.h"
#include "base/os.h"
#include "base/placement.h"
#include "base/cpus.h"
#include "base/wait.h"

#include <stdatomic.h>
#include <stdbool.h>

/* Fields that different threads write at different times are on different cache lines. */
#define CACHE_LINE 64

/* ---- state ------------------------------------------------------------------------------------ */

struct pybp_barrier {
    _Alignas(CACHE_LINE) atomic_int missing; /* threads that have not arrived in this phase */
    int threads;
    bool spin;
    pybp_signal phase;
};

/* A worker's job lies beside the signal that announces it, so that one cache line moves when a job starts. */
typedef struct worker {
    _Alignas(CACHE_LINE) pybp_signal start;
    int tid;
    int threads;
    bool spin;
    pybp_job fn;
    void *ctx;
    uint32_t first; /* the generation of `start` when it was created */
    pybp_thread thread;
} worker;

static struct {
    atomic_bool busy;         /* a caller has a job; all that follows is its own */
    bool fork_handled;
    int retry_after;          /* jobs until the next try to create a thread that was refused */
    unsigned n_jobs;
    int cpus;                 /* when last looked up */
    atomic_int n_workers;
    atomic_uint era;          /* forks between the first process and this one */
    _Alignas(CACHE_LINE) atomic_int unfinished; /* workers still in the job */
    pybp_signal done;
    pybp_barrier barrier;
    worker workers[PYBP_MAX_THREADS - 1];
} pool = {.done = PYBP_SIGNAL_INIT, .barrier = {.phase = PYBP_SIGNAL_INIT}};

/* For jobs of one thread, of which there may be many at once: never written. */
static pybp_barrier solo = {.threads = 1, .phase = PYBP_SIGNAL_INIT};

/* Within a job. Threads spin if there is a CPU for each. */
static void wait_for(pybp_signal *signal, uint32_t known, bool spin)
{
    bool slept;
    (void)pybp_signal_wait(signal, known, spin, &slept);
    if (slept && spin)
        pybp_placement_woken();
}

/* ---- barrier ---------------------------------------------------------------------------------- */

void pybp_barrier_wait(pybp_barrier *barrier)
{
    if (barrier->threads == 1)
        return;
    /* The phase cannot change before this thread has arrived. */
    const uint32_t phase = pybp_signal_generation(&barrier->phase);
    if (atomic_fetch_sub_explicit(&barrier->missing, 1, memory_order_acq_rel) == 1) {
        atomic_store_explicit(&barrier->missing, barrier->threads, memory_order_relaxed);
        pybp_signal_advance(&barrier->phase, phase);
    } else {
        wait_for(&barrier->phase, phase, barrier->spin);
    }
}

/* ---- workers ---------------------------------------------------------------------------------- */

static void worker_main(void *argument)
{
    worker *self = argument;
    uint32_t seen = self->first;
    bool spin = true, slept;
    for (;;) {
        seen = pybp_signal_wait(&self->start, seen, spin, &slept);
        if (self->fn == NULL)
            return;
        spin = self->spin; /* read now: the next job may overwrite it once this one is finished */
        if (spin)
            pybp_placement_worker(self->tid, self->threads);
        (void)pybp_fpenv_enter();
        self->fn(self->ctx, self->tid, self->threads, &pool.barrier);
        if (atomic_fetch_sub_explicit(&pool.unfinished, 1, memory_order_acq_rel) == 1)
            pybp_signal_advance(&pool.done, pybp_signal_generation(&pool.done));
    }
}

/* Give a job to an idle worker; fn = NULL ends it. */
static void post(worker *w, pybp_job fn, void *ctx, int threads, bool spin)
{
    w->fn = fn;
    w->ctx = ctx;
    w->threads = threads;
    w->spin = spin;
    pybp_signal_advance(&w->start, pybp_signal_generation(&w->start));
}

/* ---- threads, fork ---------------------------------------------------------------------------- */

#define STACK_BYTES ((size_t)1 << 20) /* small: kernels' scratch memory is not on the stack */

/* In the child of a fork only the forking thread exists.  If it is inside a job, its barriers and its wait for the
 * other threads end at once. */
static void after_fork_in_child(void)
{
    atomic_fetch_add(&pool.era, 1);
    pool.barrier.threads = 1;
    pybp_signal_reset(&pool.barrier.phase);
    pybp_signal_reset(&pool.done);
    atomic_store(&pool.n_workers, 0);
    pool.retry_after = 0;
    pool.n_jobs = 0;
    pybp_cpus_forget();
    pybp_placement_forget();
    atomic_store(&pool.busy, false);
}

static atomic_int creations_left = -1; /* for tests; < 0: no limit */

static bool create_thread(worker *w)
{
    const int left = atomic_load(&creations_left);
    if (left == 0)
        return false;
    if (left > 0)
        atomic_store(&creations_left, left - 1);

    return pybp_thread_start(&w->thread, worker_main, w, STACK_BYTES);
}

/* At exit, and before the library is unloaded with the code that the workers execute.  Not during a job: then the
 * threads end with the process.  The pool stays busy, so that later callers, in other exit handlers, use one thread.
 * On Windows threads have ended by then, and a library that is being unloaded must not wait for them. */
#ifndef _WIN32
__attribute__((destructor)) static void dismiss_workers(void)
{
    if (atomic_exchange_explicit(&pool.busy, true, memory_order_acquire))
        return;
    const int n = atomic_load_explicit(&pool.n_workers, memory_order_relaxed);
    for (int i = 0; i < n; i++)
        post(&pool.workers[i], NULL, NULL, 1, false);
    for (int i = 0; i < n; i++)
        pybp_thread_join(&pool.workers[i].thread);
    atomic_store_explicit(&pool.n_workers, 0, memory_order_relaxed);
}
#endif

#define RETRY_JOBS 1000

/* Create workers until there are `wanted`, if possible; returns how many there are.  For the caller that has the
 * pool. */
static int provide_workers(int wanted)
{
    int n = atomic_load_explicit(&pool.n_workers, memory_order_relaxed);
    if (n >= wanted)
        return wanted;
    if (pool.retry_after > 0) {
        pool.retry_after--;
        return n;
    }
    if (!pool.fork_handled) {
        if (!pybp_os_after_fork(after_fork_in_child))
            return 0;
        pool.fork_handled = true;
    }
    for (; n < wanted; n++) {
        worker *w = &pool.workers[n];
        pybp_signal_reset(&w->start);
        w->first = pybp_signal_generation(&w->start);
        w->tid = n + 1;
        if (!create_thread(w)) {
            pool.retry_after = RETRY_JOBS;
            break;
        }
    }
    atomic_store_explicit(&pool.n_workers, n, memory_order_relaxed);
    return n;
}

/* ---- jobs ------------------------------------------------------------------------------------- */

static int run_inline(pybp_job fn, void *ctx)
{
    fn(ctx, 0, 1, &solo);
    return 1;
}

#define JOBS_PER_LOOKUP 32 /* of the number of CPUs, which takes a good part of the time to start a job */

int pybp_pool_run(int threads, pybp_job fn, void *ctx)
{
    /* The load comes before the exchange, so that callers that find the pool busy do not write to its cache line. */
    if (threads <= 1 || atomic_load_explicit(&pool.busy, memory_order_relaxed) ||
        atomic_exchange_explicit(&pool.busy, true, memory_order_acquire))
        return run_inline(fn, ctx);

    threads = 1 + provide_workers((threads < PYBP_MAX_THREADS ? threads : PYBP_MAX_THREADS) - 1);
    if (threads == 1) {
        atomic_store_explicit(&pool.busy, false, memory_order_release);
        return run_inline(fn, ctx);
    }

    const unsigned era = atomic_load_explicit(&pool.era, memory_order_relaxed);
    if (pool.n_jobs++ % JOBS_PER_LOOKUP == 0)
        pool.cpus = pybp_cpus(false, NULL);
    const bool spin = threads <= pool.cpus;
    const uint32_t done = pybp_signal_generation(&pool.done);
    pool.barrier.threads = threads;
    pool.barrier.spin = spin;
    atomic_store_explicit(&pool.barrier.missing, threads, memory_order_relaxed);
    atomic_store_explicit(&pool.unfinished, threads - 1, memory_order_relaxed);
    if (spin)
        pybp_placement_caller(threads);
    for (int i = 0; i < threads - 1; i++)
        post(&pool.workers[i], fn, ctx, threads, spin);

    fn(ctx, 0, threads, &pool.barrier);

    wait_for(&pool.done, done, spin);
    if (atomic_load_explicit(&pool.era, memory_order_relaxed) != era)
        return 0; /* in a child, forked inside fn: the pool does not belong to this job any more */
    atomic_store_explicit(&pool.busy, false, memory_order_release);
    return threads;
}

int pybp_pool_workers(void)
{
    return atomic_load_explicit(&pool.n_workers, memory_order_relaxed);
}

void pybp_pool_fail_create_after(int n)
{
    atomic_store(&creations_left, n < 0 ? -1 : n);
    if (n < 0)
        pool.retry_after = 0;
}
