/* CPUs for the threads of a job: one each, as far as the system lets us say so.
 *
 * A system may wake a thread on the CPU that another one of the job keeps busy, though others are idle, and leave it
 * there for milliseconds. Linux does so as a hypervisor's guest, to which a CPU that sleeps looks as if it were taken
 * away. So each thread tells where it runs, and a worker that wakes up beside another moves. The caller's thread is
 * not ours to move. */
#ifndef PYBP_BASE_PLACE_H
#define PYBP_BASE_PLACE_H

/* At the start of a job, before the others are told of it: this is thread 0, of so many. */
void pybp_place_caller(int threads);
/* At the start of a job: this is thread tid > 0. */
void pybp_place_worker(int tid, int threads);
/* This thread has slept within the job. */
void pybp_place_woken(void);
/* In a forked child: the others are gone. */
void pybp_place_forget(void);

#endif
