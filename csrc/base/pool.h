/* The thread pool of the process.
 *
 * A job is SPMD: every thread calls the same function, with its number, tid; barriers make them wait for each other.
 * Waiting threads spin for at most 200 microseconds and then sleep; they do not spin at all if the job has more threads
 * than the process has CPUs.  Worker threads start when they are first needed, and stay.
 *
 * A job may get fewer threads than requested: divide work by the number that fn is given. */
#ifndef PYBP_BASE_POOL_H
#define PYBP_BASE_POOL_H

typedef struct pybp_barrier pybp_barrier;
typedef void (*pybp_job)(void *ctx, int tid, int threads, pybp_barrier *barrier);

/* Call fn(ctx, tid, n, barrier) for tid = 0 ... n - 1, tid 0 on the calling thread, and return n when all calls have
 * returned; what they wrote is then visible to the caller.  1 <= n <= max(1, threads), capped at PYBP_MAX_THREADS
 * (cpus.h); n is smaller when the system refuses a thread, and 1 when the pool is busy, with another caller or because
 * the caller is itself inside a job.  It cannot fail, and allocates nothing but the workers.
 *
 * Workers call fn in the floating-point environment of fpenv.h; tid 0 keeps the caller's, which the entry point has
 * set.  Workers receive no asynchronous signals, and keep the CPU affinity of the thread whose call started them.  They
 * end at exit and when the library is unloaded.
 *
 * The return waits for all threads, so that fn needs no barrier at its end.
 *
 * fork: a child may use the pool, whatever the parent was doing, and starts its own workers.  fn itself should not
 * fork.  If tid 0 does (in a callback, say), barriers no longer wait in the child, and pybp_pool_run returns 0 there:
 * the other threads' part of the job is lost.  Other threads must not fork.
 *
 * Thread-safe. */
int pybp_pool_run(int threads, pybp_job fn, void *ctx);

/* Wait until all threads of the job have called this as often as the caller.  What any of them wrote before is then
 * visible to all.  Returns at once in a job of one thread.  For use in fn only, by all of its threads. */
void pybp_barrier_wait(pybp_barrier *barrier);

/* Worker threads that exist now.  Thread-safe; for tests and diagnosis. */
int pybp_pool_workers(void);

/* For tests: the next n thread creations succeed, all later ones fail; n < 0 switches this off, and the pool tries
 * again to create threads that it was refused.  Not during a job. */
void pybp_pool_fail_create_after(int n);

#endif
