/* Forward and backward through the layers: of a range of rows, and of all rows by several threads. */
#ifndef PYBP_NET_ROWS_PROPAGATE_H
#define PYBP_NET_ROWS_PROPAGATE_H

#include "base/pool.h"
#include "net/workspace/rows.h"

/* Layers begin ... end - 1 forward. `output`: what to compute of the net's last layer, if it is among them. */
void pybp_forward_layers(const pybp_rows *rows, size_t begin, size_t end, pybp_output output);
/* Layers end - 1 ... begin backward: from their deltas to those of the layers that they read. */
void pybp_backward_layers(const pybp_rows *rows, size_t begin, size_t end);

/* Forward and backward for all rows of a workspace, as one of several threads.
 *
 * Each thread takes a range of the rows (pybp_thread_range), and takes it in blocks: between two layers that couple
 * the rows of a minibatch, rows are independent, so all those layers are computed for one block, while its
 * activations are in cache, before the next block. Before and after the statistics of a coupled layer all threads
 * wait for each other. */
typedef struct pybp_propagation {
    pybp_rows all;  /* every row; .tid is this thread */
    int threads;
    pybp_barrier *barrier;
    pybp_output output;
    void *ctx;
    void (*load)(void *ctx, const pybp_rows *block);         /* fill a block's inputs */
    void (*output_delta)(void *ctx, const pybp_rows *block); /* after forward, before backward: compute the delta of a
                                                                block's outputs; or NULL: it is there */
    bool split_first_layer; /* of the first layer, threads compute ranges of outputs for all rows, not ranges of rows */
} pybp_propagation;

enum { PYBP_FORWARD = 1, PYBP_BACKWARD = 2 };
/* Called by all threads, with directions PYBP_FORWARD, PYBP_BACKWARD or both. */
void pybp_propagate(const pybp_propagation *propagation, int directions);

#endif
