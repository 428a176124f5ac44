/* The work of a call, the number of threads that it is worth, and the rows of each thread. */
#ifndef PYBP_NET_ROWS_WORK_H
#define PYBP_NET_ROWS_WORK_H

#include "net/model/net.h"

/* Fused multiply-adds of a forward pass; deltas and gradients take as many each. Each output counts as
 * PYBP_OUTPUT_WORK more, for its activation and for loading and storing it: half of the time of a 4-32-16-4 net. */
#define PYBP_OUTPUT_WORK 16
static inline double pybp_forward_work(const pybp_net *net, size_t rows)
{
    return ((double)net->n_parameters + PYBP_OUTPUT_WORK * (double)net->n_outputs) * (double)rows;
}

/* Threads worth using for a call of `steps` steps of `step` fused multiply-adds each, of those that the caller
 * requested (0: the default number). Threads wait for each other once or twice in a step. */
int pybp_worthwhile_threads(int requested, double step, size_t steps);
/* Whether so many threads are faster than one in such steps. */
typedef enum pybp_thread_gain {
    PYBP_GAIN_CERTAIN,
    PYBP_GAIN_LIKELY,   /* unless other work suspends them */
    PYBP_GAIN_UNCERTAIN /* perhaps not even then: both should be timed (thread_choice.h) */
} pybp_thread_gain;
pybp_thread_gain pybp_expected_thread_gain(int threads, double step);
/* For tests: this many fused multiply-adds make a thread worthwhile, and the gain of more threads is always certain.
 * With 1, small nets too use all threads requested. Not to be called while the core computes. */
void pybp_set_thread_work(double operations);

/* Thread tid of `threads` takes rows *begin ... *end - 1. Ranges begin at multiples of 4. */
static inline void pybp_thread_range(size_t rows, int tid, int threads, size_t *begin, size_t *end)
{
    const size_t quads = (rows + 3) / 4;
    *begin = quads * (size_t)tid / (size_t)threads * 4;
    *end = quads * ((size_t)tid + 1) / (size_t)threads * 4;
    if (*end > rows)
        *end = rows;
    if (*begin > rows)
        *begin = rows;
}

#endif
