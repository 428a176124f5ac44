/* A workspace: the buffers of all layers' activations and deltas, for a number of rows. */
#ifndef PYBP_NET_WORKSPACE_WORKSPACE_H
#define PYBP_NET_WORKSPACE_WORKSPACE_H

#include "base/arena.h"
#include "net/model/net.h"

/* What a workspace is for, which decides what it holds. */
enum pybp_workspace_flags {
    PYBP_FOR_BACKWARD = 1,  /* deltas, the columns of ones for bias gradients, and z where a derivative reads it */
    PYBP_FOR_LOSS = 2,      /* targets, scales and losses of rows; z and delta of the output layer */
    PYBP_FOR_TRACE = 4,     /* z of all layers, and each layer's contribution to dL/d input */
    PYBP_FOR_DX = 8,        /* dL/dx, x being the net's input */
    PYBP_FOR_TRAINING = 16  /* layers compute as in training: batch norm over the rows, dropout, noise */
};

#define PYBP_STATS_LINES 4 /* for each panel of a batch norm in training */

/* The buffers of a layer, or of the net's input; .at is NULL for those that the workspace does not hold. */
typedef struct pybp_layer_buffers {
    pybp_panels z, a, delta;
    pybp_panels sum;  /* of an output with several readers: contributions add up here and in delta (pybp_link) */
    pybp_panels back; /* the layer's contribution to dL/d input */
    char *stats;      /* of a norm: PYBP_STATS_LINES for each panel, or a T for each row */
} pybp_layer_buffers;

struct pybp_workspace {
    pybp_arena arena;
    size_t capacity; /* rows */
    int flags, threads;
    pybp_panels y;                /* targets */
    pybp_layer_buffers *buffers;  /* [0]: the input */
    pybp_layer_buffers *layers;   /* buffers + 1 */
    bool y_is_labels;             /* the last gather filled labels, not y */
    int32_t *labels;
    char *scale, *row_loss;       /* T, one for each row */
    char *scratch;                /* for each thread: transposed weights, then a gradient tile */
    size_t scratch_bytes;         /* of a thread */
    size_t tile_offset;           /* of the tile in them */
};

/* A workspace for `capacity` rows and so many threads, the caller's, for pybp_workspace_free. NULL, with a message,
 * when memory is short. */
pybp_workspace *pybp_workspace_new(const pybp_net *net, size_t capacity, int flags, int threads);
/* NULL is allowed. */
void pybp_workspace_free(pybp_workspace *workspace);

#endif
