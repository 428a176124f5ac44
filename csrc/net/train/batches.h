/* How an epoch is divided into steps, minibatches and chunks. */
#ifndef PYBP_NET_TRAIN_BATCHES_H
#define PYBP_NET_TRAIN_BATCHES_H

#include "kernels/kernels.h"
#include "pybp.h"

#include <stdbool.h>

/* Rows of a step, which are those of `accumulate` minibatches but at most all `rows`. */
size_t pybp_step_rows(const pybp_train_options *options, size_t rows);
/* Steps of an epoch of so many rows. */
size_t pybp_epoch_steps(const pybp_train_options *options, size_t rows);

/* Whether an epoch takes its rows in a random order: not if all of them make one step. */
static inline bool pybp_is_shuffled(const pybp_train_options *options, size_t rows)
{
    return options->shuffle && pybp_step_rows(options, rows) < rows;
}

/* Chunks of a minibatch. */
static inline size_t pybp_count_chunks(size_t rows)
{
    return (rows + PYBP_CHUNK - 1) / PYBP_CHUNK;
}

/* Thread tid takes the chunks from here to the next thread's first one; thread 0 takes at least one. */
static inline size_t pybp_first_chunk(size_t chunks, int tid, int threads)
{
    return (chunks * (size_t)tid + (size_t)threads - 1) / (size_t)threads;
}

/* Gradient buffers of a minibatch whose gradient is computed by chunks: one for the sum of thread 0's chunks, and one
 * for each chunk of the other threads. */
static inline size_t pybp_count_partials(size_t chunks, int threads)
{
    return 1 + chunks - pybp_first_chunk(chunks, 1, threads);
}

#endif
