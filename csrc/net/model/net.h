/* The members of a net, for the code in all folders of net/ and in api/. */
#ifndef PYBP_NET_MODEL_NET_H
#define PYBP_NET_MODEL_NET_H

#include "base/memory.h"
#include "kernels/kernels.h"
#include "net/model/layer_traits.h"
#include "pybp.h"

#include <stdatomic.h>
#include <stdbool.h>

/* One of a layer's inputs, and where the backward pass writes the layer's contribution to dL/d input.
 *
 * If several layers read an output a, dL/da is the sum of their contributions, beginning with the last reader's. The
 * sum so far and the next contribution need two buffers: `delta` and `sum` of the layer read. Contributions are
 * written to them alternately, such that the complete sum is in `delta`. */
typedef struct pybp_link {
    ptrdiff_t from; /* the layer read, or -1: the net's input */
    bool into_sum;  /* the contribution is written to `sum` of the layer read, otherwise to its `delta` */
    bool adds;      /* the sum so far, in the other buffer, is added to it; false for the first contribution */
    bool last;      /* it completes the sum */
} pybp_link;

/* Lines of a parameter panel in layers with VECTOR weights. */
enum { PYBP_LINE_SCALE, PYBP_LINE_SHIFT, PYBP_LINE_RUNNING_MEAN, PYBP_LINE_RUNNING_VAR };

typedef struct pybp_layer {
    pybp_layer_desc desc; /* as the caller gave it, but init is resolved: never AUTO where it has a matrix */
    pybp_initializer init_given; /* as the caller gave it */
    double init_value_given;
    const pybp_layer_traits *traits;
    size_t n_in, n_out;
    double params[PYBP_MAX_LAYER_PARAMS]; /* of the kind, defaults filled in */
    bool has_bias;

    /* What it reads and what reads it. */
    pybp_link link[2]; /* link[0].from is the input of any layer */
    int n_links;       /* inputs that get a contribution in the backward pass */
    int readers;       /* links from other layers to this one */
    int contributions; /* of those, planned so far (links.c) */
    ptrdiff_t last_reader;

    /* Its activation. */
    _Alignas(8) char activation_params[8 * PYBP_MAX_ACTIVATION_PARAMS]; /* T */
    pybp_derive_panel *derive; /* from dL/da to delta; NULL: they are equal, or the activation is rowwise, or the
                                  layer applies it to a part of its input (parametric_activation) */
    bool rowwise;        /* each output depends on the z of all outputs */
    bool reads_z;        /* the derivative is computed from z, otherwise from a */

    size_t *columns;     /* the columns of its input that a periodic layer reads, the net's own; otherwise NULL */
    size_t n_columns;

    /* Where its parameters are in a parameter buffer: `panels` panels of `panel_lines` lines each. */
    size_t panels;
    size_t fan;         /* lines of weights in a panel; the biases are the next line */
    size_t panel_lines; /* weights, biases and statistics */
    size_t trained;     /* the first lines of a panel, those that an optimizer updates */
    size_t offset;      /* lines of the layers before this one */
    size_t lines;       /* panels * panel_lines */
    size_t first;       /* parameters of the layers before this one, in logical order */
    size_t count;       /* parameters */

    /* How its training differs from the net's. */
    double scale, unscale; /* weights are stored as scale * W: with NTK 1 / sqrt(fan), of a periodic layer 2 pi, and
                              its inverse; otherwise 1 */
    double lr_factor, bias_lr_factor;
    bool plain_rule;       /* lr factors and scale are 1 */
    bool penalized;        /* by l1 or l2 */
} pybp_layer;

typedef struct pybp_workspace pybp_workspace;
typedef struct pybp_train_buffers pybp_train_buffers;

struct pybp_net {
    const pybp_kernels *k;
    pybp_dtype dtype;
    uint64_t seed;
    size_t n_in, n_layers;
    pybp_layer *layers;
    size_t *category_columns; /* the columns of the net's input that embeddings read, ascending; NULL: none */
    size_t n_category_columns;
    size_t n_parameters;
    size_t n_outputs;      /* of all layers together */
    size_t n_embeddings;   /* the first layers */
    size_t n_penalized;    /* outputs of the layers with penalties */
    int input_readers;     /* links to the net's input */
    bool plain_gradients;  /* no layer has penalties or a scale, or is frozen */
    bool has_max_norm;     /* some layer has one */
    bool batch_coupled;    /* some layer couples the rows of a minibatch */
    bool random;           /* some layer draws random numbers in training */

    size_t lines;          /* of a parameter buffer */
    size_t free_lines;     /* of those, the lines of layers that are not frozen */
    pybp_progress progress;

    /* Parameter buffers, 64-byte aligned: all layers, packed in panels. (pybp_net_clone copies the members above as
     * they are.) */
    char *params;
    char *state[PYBP_N_STATES]; /* of the optimizer; NULL: it has no such state */
    char *grads;                /* NULL until a backward pass */
    bool has_gradients;

    /* The last call of pybp_forward, for pybp_backward and pybp_net_get. */
    struct {
        pybp_workspace *workspace; /* or NULL */
        size_t rows;               /* 0: there was none, or the parameters have changed since */
        bool keeps_z;              /* it was called with PYBP_KEEP */
        bool has_deltas;           /* a backward pass has followed */
    } manual;

    pybp_train_buffers *train_buffers;         /* of the last pybp_train, for the next one; or NULL */
    _Atomic(pybp_workspace *) spare_workspace; /* for the next prediction; or NULL */
    atomic_int users;                          /* calls that use the net: n readers, or -1: one writer (lock.h) */
};

static inline const pybp_layer *pybp_last_layer(const pybp_net *net)
{
    return &net->layers[net->n_layers - 1];
}

/* The activation that makes the net's outputs, identity if no activation does. */
static inline pybp_activation pybp_output_activation(const pybp_net *net)
{
    const pybp_layer *last = pybp_last_layer(net);
    return last->traits->z == PYBP_Z_ACTIVATED ? PYBP_ACTIVATION_IDENTITY : last->desc.activation;
}

/* Panels that n columns take. */
static inline size_t pybp_count_panels(const pybp_net *net, size_t n)
{
    return n / net->k->panel + (n % net->k->panel != 0);
}

/* Of n columns, those in a given panel. */
static inline size_t pybp_panel_width(const pybp_net *net, size_t n, size_t panel)
{
    const size_t left = n - panel * net->k->panel;
    return left < net->k->panel ? left : net->k->panel;
}

/* ---- parameter buffers ---- */

static inline size_t pybp_buffer_bytes(const pybp_net *net)
{
    return net->lines * PYBP_LINE;
}

/* Line k of a panel of layer l. */
static inline char *pybp_param_line(const pybp_net *net, char *buffer, size_t l, size_t panel, size_t k)
{
    const pybp_layer *layer = &net->layers[l];
    return buffer + (layer->offset + panel * layer->panel_lines + k) * PYBP_LINE;
}

/* The parameter of layer l's output j in line k of its panel. */
static inline char *pybp_param_at(const pybp_net *net, char *buffer, size_t l, size_t j, size_t k)
{
    return pybp_param_line(net, buffer, l, j / net->k->panel, k) + j % net->k->panel * net->k->size;
}

#endif
