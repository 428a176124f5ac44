/* The work space of training. */
#ifndef PYBP_NET_TRAIN_BUFFERS_H
#define PYBP_NET_TRAIN_BUFFERS_H

#include "net/train/thread_choice.h"
#include "net/train/epoch.h"

/* What a shape of training needs; kept in the net, so that the next call need not allocate. */
struct pybp_trainer {
    size_t batch, step;  /* rows of a minibatch, and of an update */
    int threads;
    bool chunked, flat;  /* gradients by chunks; gradients to memory before the update */
    pybp_pass *pass;     /* batch rows, or a chunk for each thread */
    size_t partials;     /* gradient buffers in `grads` */
    char *grads;
    double *losses;      /* of the update's rows */
    double *penalties;   /* of outputs, where layers have some */
    double *norm;        /* sums of squares of blocks, with clip_norm */
    uint32_t *order;     /* of n rows */
    size_t n;
    uint64_t shuffled;   /* 1 + the epoch whose order that is, of shuffled_rows rows; 0: of none */
    size_t shuffled_rows;
    char *snapshot;      /* parameters before the epoch */
    bool has_snapshot;
    pybp_team team;      /* of the last steps */
};

static inline size_t pybp_chunks_of(size_t rows)
{
    return (rows + PYBP_CHUNK - 1) / PYBP_CHUNK;
}

/* Chunks are dealt out in runs; thread 0, which gets at least one, sums its run as it goes, the others
 * keep theirs apart. */
static inline size_t pybp_first_chunk(size_t chunks, int tid, int threads)
{
    return (chunks * (size_t)tid + (size_t)threads - 1) / (size_t)threads;
}

/* Whether an epoch of n rows has an order of its own: not if all of them make one update of `step` rows. */
static inline bool pybp_shuffled(const pybp_train_options *options, size_t n, size_t step)
{
    return options->shuffle && step < n;
}

/* Make net->trainer fit steps of `step` of n rows, `batch` at a time. */
pybp_status pybp_trainer_fit(pybp_net *net, size_t n, size_t batch, size_t step, int threads,
                             const pybp_train_options *options);

#endif
