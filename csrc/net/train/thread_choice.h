/* Whether the next steps use all threads or one, by timing both.
 *
 * What short steps gain from threads depends on how far apart their cores are: a cache line takes 50 ns from one core
 * to another of the same group, and six times as long between groups, or where a hypervisor has spread the threads.
 * So a few steps now and then are timed both ways, and the faster way is used for some time. The bits are the same
 * either way.
 *
 * On a system with other work a thread is suspended for some milliseconds, and all others wait for it. The fastest of
 * a few steps doesn't show that; the mean over a longer time does. If it is worse than what the other way might reach,
 * the other way is tried for as long, and the better mean is used. */
#ifndef PYBP_NET_TRAIN_THREAD_CHOICE_H
#define PYBP_NET_TRAIN_THREAD_CHOICE_H

#include "net/rows/work.h"

/* All zeros: nothing was timed yet. */
typedef struct pybp_thread_choice {
    int phase;
    size_t left;       /* steps that are left of the phase */
    double ms;         /* milliseconds of the steps done in it, */
    size_t steps;      /* and their number */
    double best[2];    /* milliseconds of the fastest step: [false] with all threads, [true] with one */
    double mean[2];    /* milliseconds of a step over a longer time */
    double used_ms;    /* milliseconds since the last mean of the choice, */
    size_t used_steps; /* and steps */
    bool use_one;      /* the choice */
    bool by_mean;      /* whether it was made by means */
    size_t length;     /* steps for which it holds; 0: there is none yet */
    double hold_ms;    /* the least time, in milliseconds, for which it holds */
} pybp_thread_choice;

/* Threads for the next steps: `threads` or 1. */
int pybp_thread_choice_threads(const pybp_thread_choice *choice, int threads);
/* For how many steps, at most `most` >= 1, that holds. */
size_t pybp_thread_choice_steps(pybp_thread_choice *choice, pybp_thread_gain gain, size_t most);
/* Record how long those steps took; `threads` as before. */
void pybp_thread_choice_record(pybp_thread_choice *choice, pybp_thread_gain gain, int threads, size_t steps, double ms);

#endif
