/* The thread pool of the process.
 *
 * A job is SPMD: the same function runs on every thread, tells itself apart by tid, and meets the others
 * at barriers.  Waiting threads spin for at most 200 microseconds and then sleep; they do not spin at all
 * if the job has more threads than the process has CPUs.  Workers start when first needed and stay.
 *
 * Rule: the number of threads asked for is a wish.  Work must be divided by the number given to fn. */
#ifndef PYBP_BASE_POOL_H
#define PYBP_BASE_POOL_H

typedef struct pybp_barrier pybp_barrier;
typedef void (*pybp_job)(void *ctx, int tid, int threads, pybp_barrier *barrier);

/* Run fn(ctx, tid, n, barrier) for tid = 0 ... n - 1, tid 0 on the calling thread, and return n when all
 * have returned; what they wrote is then visible to the caller.  1 <= n <= max(1, threads), capped at
 * PYBP_MAX_THREADS; n is smaller when the system refuses a thread, and 1 (inline) when the pool is
 * busy: with another caller, or because the caller is itself inside a job.  It cannot fail and
 * allocates nothing but the workers.
 *
 * Workers run fn in the floating-point environment of fpenv.h; tid 0 keeps the caller's, which the
 * entry point has set.  Workers take no asynchronous signals, and keep the CPU affinity of
 * the thread whose call started them.  They end at exit and when the library is unloaded.
 *
 * The return waits for all threads: a barrier at the end of fn would be wasted.
 *
 * fork: a child may use the pool, whatever the parent was doing, and starts its own workers.  fn itself
 * should not fork; if tid 0 does (say, a callback), barriers no longer wait in the child and
 * pybp_pool_run returns 0 there: the other threads' share was lost.  Other tids must not.
 *
 * Thread-safe. */
int pybp_pool_run(int threads, pybp_job fn, void *ctx);

/* Wait until all threads of the job have called this as often as the caller has.  What any of them wrote
 * before is visible to all of them after.  Returns at once in a job of one thread.  For use in fn only,
 * by all of its threads. */
void pybp_barrier_wait(pybp_barrier *barrier);

/* Workers alive now (the calling threads do not count).  Thread-safe; for tests and diagnosis. */
int pybp_pool_workers(void);

/* For tests: the next n thread creations succeed, all later ones fail; n < 0 switches this off (and
 * makes the pool forget that it was refused threads).  Not while a job runs. */
void pybp_pool_fail_create_after(int n);

#endif
