/* Placing the threads of a job: each on a CPU of its own, as far as the system allows it.
 *
 * A system may wake a thread on a CPU that another thread of the job keeps busy, though other CPUs are idle, and
 * leave it there for milliseconds. Linux does so as a hypervisor's guest, since the guest cannot distinguish a
 * sleeping CPU from one that the hypervisor has taken away. So each thread records where it runs, and a worker that
 * finds itself beside another thread of the job moves. The caller's thread is never moved. */
#ifndef PYBP_BASE_PLACEMENT_H
#define PYBP_BASE_PLACEMENT_H

/* At the start of a job, by thread 0, before the workers are woken. */
void pybp_placement_caller(int threads);
/* At the start of a job, by thread tid > 0. */
void pybp_placement_worker(int tid, int threads);
/* Within a job, by a thread that has slept. */
void pybp_placement_woken(void);
/* In a forked child, where the other threads do not exist. */
void pybp_placement_forget(void);

#endif
