/* The memory that training needs. It stays in the net, so that the next call need not allocate. */
#ifndef PYBP_NET_TRAIN_BUFFERS_H
#define PYBP_NET_TRAIN_BUFFERS_H

#include "net/train/thread_choice.h"
#include "net/workspace/workspace.h"

struct pybp_train_buffers {
    /* What they fit. */
    size_t batch_rows, step_rows;
    int threads;
    bool by_chunks;            /* gradients are computed chunk by chunk, in stage A (minibatch.h) */
    bool stored;               /* the gradient is stored, as the update has to wait for all of it */

    pybp_workspace *ws;        /* for a minibatch, or by_chunks for a chunk of each thread */
    char *grads;               /* gradient buffers in a row: partial sums by_chunks; the gradient if stored */
    double *losses;            /* of the step's rows */
    double *penalties;         /* of outputs, if the net has some */
    double *squares;           /* sums of squares of the gradient's blocks, for clip_norm */
    pybp_thread_choice choice; /* of the last steps */

    uint32_t *order;           /* of an epoch's rows, for order_capacity of them; or NULL */
    size_t order_capacity;
    uint64_t order_epoch;      /* 1 + number of the epoch whose order it is; 0: none */
    size_t order_rows;         /* that epoch's rows */

    char *snapshot;            /* parameters before the epoch, to be restored if it diverges; or NULL */
    bool has_snapshot;
};

/* Make net->train_buffers fit steps of `step_rows` of `rows` rows, in minibatches of batch_rows. PYBP_NO_MEMORY. */
pybp_status pybp_train_buffers_fit(pybp_net *net, size_t rows, size_t batch_rows, size_t step_rows, int threads,
                                   const pybp_train_options *options);
/* NULL is allowed. */
void pybp_train_buffers_free(pybp_train_buffers *buffers);

#endif
