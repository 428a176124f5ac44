/* The inside of a net, shared by the files of net/ and api/. */
#ifndef PYBP_NET_MODEL_NET_H
#define PYBP_NET_MODEL_NET_H

#include "base/arena.h"
#include "base/pool.h"
#include "kernels/kernels.h"
#include "pybp.h"

#include <stdatomic.h>
#include <stdbool.h>

/* One of a layer's inputs, and how what goes back to it is summed with what other readers of it give. */
typedef struct pybp_link {
    ptrdiff_t from;  /* the layer read, or -1: the net's input */
    bool into_sum;   /* the share goes to the reader's `sum`, else to its `delta` */
    bool adds;       /* on top of the other one: not the first share */
    bool last;       /* no share comes after it */
} pybp_link;

enum pybp_weights_kind { PYBP_WEIGHTS_NONE, PYBP_WEIGHTS_VECTOR, PYBP_WEIGHTS_MATRIX };

/* Lines of a panel of parameters in layers with VECTOR weights. */
enum { PYBP_LINE_SCALE, PYBP_LINE_SHIFT, PYBP_LINE_RUNNING_MEAN, PYBP_LINE_RUNNING_VAR };

typedef struct pybp_layer {
    pybp_layer_desc desc; /* init resolved: never AUTO */
    size_t n_in, n_out;
    enum pybp_weights_kind weights;
    bool has_bias;
    double params[PYBP_MAX_LAYER_PARAMS]; /* of the kind, defaults filled in */
    int n_links;          /* inputs that something goes back to */
    pybp_link link[2];    /* link[0].from is the input of any layer */
    int readers;          /* links to this layer */
    int shares;           /* of those, counted while the links were made */
    ptrdiff_t last_reader;
    bool idle;            /* outside training, a is the input */
    bool batch_coupled;   /* in training, its rows depend on each other */
    pybp_derive *derive;  /* from dL/da to delta; NULL: they are the same, or it is for whole rows */
    size_t panels;  /* of outputs */
    size_t fan;     /* lines of weights in a panel; the line after them is the biases' */
    size_t panel_lines; /* of a parameter buffer: weights, biases, whatever else the type keeps */
    size_t trained; /* of those, the first ones that an optimizer changes */
    size_t offset;  /* lines before this layer's in a parameter buffer */
    size_t lines;   /* panels * panel_lines */
    size_t first;   /* parameters before this layer's in logical order */
    size_t count;   /* parameters */
    bool rowwise;   /* activation couples the outputs */
    bool reads_z;   /* its derivative is computed from z */
    double scale, unscale; /* of the weights kept: NTK 1 / sqrt(fan) and sqrt(fan), else 1 */
    double lr_factor, bias_lr_factor;
    bool plain_rule;      /* factors and scale are 1 */
    bool penalized;       /* by l1 or l2 */
    _Alignas(8) char activation_params[8 * PYBP_MAX_ACTIVATION_PARAMS]; /* T */
} pybp_layer;

typedef struct pybp_pass pybp_pass;
typedef struct pybp_trainer pybp_trainer;

struct pybp_net {
    const pybp_kernels *k;
    pybp_dtype dtype;
    uint64_t seed;
    size_t n_in, n_layers;
    pybp_layer *layers;
    size_t n_parameters;
    size_t n_outputs;      /* of all layers together */
    bool plain_gradients;  /* no layer has penalties or a scale, or is frozen */
    bool constrained;      /* some layer has a max_norm */
    size_t n_penalized;    /* outputs of the layers with penalties */
    size_t free_lines;     /* of the layers that are not frozen */
    bool batch_coupled;    /* some layer is */
    bool random;           /* some layer draws numbers in training */
    size_t n_embeddings;   /* the first layers */
    int input_readers;     /* links to the net's input */
    size_t lines;          /* of a parameter buffer: all layers, packed */
    char *params;          /* parameter buffers are this many lines, 64-byte aligned */
    char *grads;           /* NULL until a backward pass */
    char *state[PYBP_N_STATES]; /* NULL unless the optimizer has them */
    pybp_progress progress;
    pybp_pass *hand;       /* what pybp_forward remembers, or NULL */
    size_t hand_rows;      /* rows of that pass; 0: none */
    bool hand_keep;        /* z and back are kept */
    bool hand_deltas;      /* a backward has run on it */
    bool has_gradients;
    pybp_trainer *trainer; /* work space of the last pybp_train, for the next */
    _Atomic(pybp_pass *) spare; /* a pass for prediction that nobody uses now */
    atomic_int users;      /* calls running: n readers, or -1: one writer */
};

/* ---- exclusive use ---- */
bool pybp_enter_read(const pybp_net *net);
void pybp_leave_read(const pybp_net *net);
bool pybp_enter_write(pybp_net *net);
void pybp_leave_write(pybp_net *net);

/* ---- parameters ---- */
static inline size_t pybp_buffer_bytes(const pybp_net *net)
{
    return net->lines * PYBP_LINE;
}
/* Line k of panel p of layer l in a parameter buffer. */
static inline char *pybp_param_line(const pybp_net *net, char *buffer, size_t l, size_t panel, size_t k)
{
    const pybp_layer *layer = &net->layers[l];
    return buffer + (layer->offset + panel * layer->panel_lines + k) * PYBP_LINE;
}
pybp_status pybp_net_build(const pybp_net_desc *desc, pybp_net **net);
pybp_status pybp_net_clone(const pybp_net *net, pybp_net **copy);
void pybp_net_destroy(pybp_net *net);
/* What every layer reads, its sizes, and where its parameters lie; net->layers is zeroed. PYBP_INVALID, PYBP_NO_MEMORY. */
pybp_status pybp_lay_out(pybp_net *net, const pybp_layer_desc *descs);
/* Fill params from seed and description. False when memory is short. */
bool pybp_initialize(pybp_net *net);
/* Logical order <-> packed. weights: (n_out, fan); a line of panels, as the biases are: (n_out). One of `to`, `from` is used. */
void pybp_unpack_weights(const pybp_net *net, const char *buffer, size_t layer, void *to);
void pybp_unpack_line(const pybp_net *net, const char *buffer, size_t layer, size_t line, void *to);
void pybp_pack_weights(const pybp_net *net, char *buffer, size_t layer, const void *from);
void pybp_pack_line(const pybp_net *net, char *buffer, size_t layer, size_t line, const void *from);
/* Between a parameter buffer and a flat vector: weights, then biases, layer by layer. */
void pybp_copy_flat(const pybp_net *net, char *buffer, char *flat, bool pack);
/* Whether all entries of a parameter buffer, padding included, are finite. */
bool pybp_buffer_finite(const pybp_net *net, const char *buffer);
/* After parameters changed: a remembered forward pass no longer fits them. */
void pybp_forget_pass(pybp_net *net);

/* ---- optimizer state (update/optimizer.c) ---- */
/* Its states, as the bits of pybp_progress. */
int pybp_optimizer_states(const pybp_optimizer *optimizer);
/* New state buffers of zeros, the caller's to keep; NULL where there is no bit. An error leaves nothing to free. */
pybp_status pybp_optimizer_buffers(const pybp_net *net, int states, char *state[PYBP_N_STATES]);
/* Make the state buffers fit `optimizer`: kept while the kind and the states are the same, else new. */
pybp_status pybp_optimizer_attach(pybp_net *net, const pybp_optimizer *optimizer);
void pybp_optimizer_detach(pybp_net *net);

/* One step's constants, for weights and for biases. */
typedef struct pybp_rule {
    pybp_update *update;
    const pybp_optimizer *optimizer;
    pybp_step_scalars step;         /* lr without any factor */
    double penalty;                 /* what l1 and l2 are multiplied with */
    pybp_constants weights, biases; /* of layers with a plain rule */
    bool same;            /* both alike: one call does both */
    bool far;             /* parameters and states are too large for a cache of one core */
    double factor, limit; /* clipping: of norm (1: none) and by value (0: none) */
} pybp_rule;
/* Advance `progress` (t and powers) by one update and make its rule. */
void pybp_rule_next(const pybp_net *net, const pybp_optimizer *optimizer, double lr, pybp_progress *progress,
                    pybp_rule *rule);
/* Turn the gradient g of the loss by those lines into that by the layer's parameters, penalties included. */
void pybp_rule_gradient(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                        char *g);
/* Ask for the parameters and states of those lines, if they are far, before their gradient is computed. */
void pybp_rule_fetch(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1);
/* Clip the gradient g (lines k0 ... k1 of a panel, changed in place) and update those parameters and states. */
void pybp_rule_apply(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                     char *g);

/* ---- a layer's options (update/penalties.c) ---- */
/* Take over what desc says about the layer's training, once its fan is known. */
void pybp_layer_options(pybp_net *net, pybp_layer *layer);
/* What each output of the layers with penalties adds to the loss, by share tid of threads, then their sum. */
void pybp_penalty_part(const pybp_net *net, int tid, int threads, double *parts);
double pybp_penalty_sum(const pybp_net *net, const double *parts);
/* The same without memory. */
double pybp_penalty(const pybp_net *net);
/* Add the gradient of the penalties by the weights kept. */
void pybp_penalize(const pybp_net *net, char *grads);
/* Scale the weights of outputs down to their layer's max_norm; share tid of threads. */
void pybp_constrain(const pybp_net *net, int tid, int threads);

/* Clipping by the gradient's norm (update/clip_norm.c): sums of squares of blocks of logical elements, then what the
 * gradient is to be multiplied with where that is below 1. */
size_t pybp_norm_blocks(const pybp_net *net);
void pybp_norm_part(const pybp_net *net, const char *grads, size_t first, size_t end, double *sums);
double pybp_norm_factor(const double *sums, size_t blocks, double clip_norm);

#endif
