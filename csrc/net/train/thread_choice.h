/* Whether the next steps use all threads or one, by timing both.
 *
 * What short steps gain from threads depends on how far apart their cores are: a cache line takes 50 ns from one core
 * to another of the same group, and six times as long between groups, or where a hypervisor has spread the threads.
 * So a few steps now and then are timed both ways, and the faster way is used for some time. The bits are the same
 * either way. */
#ifndef PYBP_NET_TRAIN_THREAD_CHOICE_H
#define PYBP_NET_TRAIN_THREAD_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

/* All zeros: nothing was timed yet. */
typedef struct pybp_thread_choice {
    int phase;
    size_t left;     /* steps of the phase */
    double all, one; /* milliseconds of the fastest step with all threads, and with one */
    bool use_one;    /* the choice */
    size_t length;   /* steps for which it holds; 0: there is none yet */
} pybp_thread_choice;

/* Threads for the next steps: `threads` or 1. */
int pybp_thread_choice_threads(const pybp_thread_choice *choice, int threads);
/* For how many steps, at most `most` >= 1, that holds. */
size_t pybp_thread_choice_steps(pybp_thread_choice *choice, size_t most);
/* Record how long those steps took. */
void pybp_thread_choice_record(pybp_thread_choice *choice, size_t steps, double ms);

#endif
