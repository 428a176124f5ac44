/* pybp: multilayer perceptrons, trained by backpropagation, with the same bits everywhere.
 *
 * The one public header.  Plain C11, nothing but the C library behind it.
 *
 * Conventions
 *   Status   Functions that can fail return a pybp_status; PYBP_OK is 0.  pybp_last_error() then
 *            explains in a sentence, per thread.  After an error the net is as it was before the
 *            call, unless the function says otherwise.  Nothing here aborts or prints.
 *   Threads  Functions that take a const pybp_net * may run on one net from several threads at
 *            once.  Functions that take a pybp_net * change the net: while one runs, any other call
 *            on that net returns PYBP_BUSY at once.  Different nets are independent.
 *   Memory   The caller owns every buffer that it passes; the library keeps no pointer to it after
 *            the call.  Buffers must be aligned to their elements (else PYBP_INVALID).  A net is
 *            released once, with pybp_net_free(); a second time, or any use after it, is undefined,
 *            as with free().  Buffers that are read may not overlap those that are written, and may not
 *            change during a call: its results are then undefined, but it returns, and it stays within
 *            the buffers.
 *   Arrays   Matrices are row-major, one row a sample.  Weights are (n_out, n_in): row j holds the
 *            weights into neuron j.  "The net's dtype" is float or double, as the net's description says.
 *   Names    z = W a + b, a = f(z), delta = dL/dz, as in docs/backpropagation.md.
 *
 * Use
 *     pybp_layer_desc layers[2];
 *     pybp_layer_init(&layers[0], PYBP_LAYER_DENSE, 8, PYBP_ACTIVATION_TANH);
 *     pybp_layer_init(&layers[1], PYBP_LAYER_DENSE, 1, PYBP_ACTIVATION_SIGMOID);
 *     layers[0].l2 = 1e-4;
 *     pybp_net_desc desc = {.dtype = PYBP_FLOAT32, .n_in = 2, .n_layers = 2, .layers = layers, .seed = 0};
 *     pybp_net *net;
 *     pybp_net_create(&desc, &net);
 *
 *     const double lr = 0.05;
 *     pybp_train_options options;
 *     pybp_train_options_init(&options, PYBP_LOSS_BINARY_CROSS_ENTROPY, PYBP_OPTIMIZER_ADAM);
 *     options.lr = &lr;
 *     options.epochs = 10;
 *     pybp_train_result result;
 *     pybp_train(net, &x, &y, NULL, &options, &result);
 *
 * The _init functions fill a struct with defaults, also for the parameters of optimizers, losses and layers.  Change
 * fields afterwards.  A struct of zeros differs from that: eps = 0 is refused, and with bias_lr_factor = 0 biases are
 * never updated.
 */
#ifndef PYBP_H
#define PYBP_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32) && defined(PYBP_SHARED)
#define PYBP_API __declspec(dllexport)
#elif defined(__GNUC__)
#define PYBP_API __attribute__((visibility("default")))
#else
#define PYBP_API
#endif

#define PYBP_VERSION "0.1.0"
/* The same as numbers, for #if. Before 1.0 another minor version may change what is in this header. */
#define PYBP_VERSION_MAJOR 0
#define PYBP_VERSION_MINOR 1
#define PYBP_VERSION_PATCH 0

/* ---- enums, expanded from the lists in csrc/registry --------------------------------------- */

typedef enum pybp_status {
#define PYBP_STATUS(NAME, exception, message) PYBP_##NAME,
#include "registry/status.def"
#undef PYBP_STATUS
    PYBP_N_STATUS
} pybp_status;

typedef enum pybp_activation {
#define PYBP_ACTIVATION(NAME, name, kind, init, reads, formula, derivative, params) PYBP_ACTIVATION_##NAME,
#include "registry/activations.def"
#undef PYBP_ACTIVATION
    PYBP_N_ACTIVATIONS
} pybp_activation;

typedef enum pybp_loss {
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) PYBP_LOSS_##NAME,
#include "registry/losses.def"
#undef PYBP_LOSS
    PYBP_N_LOSSES
} pybp_loss;

typedef enum pybp_optimizer_kind {
#define PYBP_OPTIMIZER(NAME, name, Class, states, powers, rule, params) PYBP_OPTIMIZER_##NAME,
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
    PYBP_N_OPTIMIZERS
} pybp_optimizer_kind;

typedef enum pybp_schedule_kind {
#define PYBP_SCHEDULE(NAME, name, Class, horizon, formula, params) PYBP_SCHEDULE_##NAME,
#include "registry/schedules.def"
#undef PYBP_SCHEDULE
    PYBP_N_SCHEDULES
} pybp_schedule_kind;

typedef enum pybp_initializer {
#define PYBP_INITIALIZER(NAME, name, dist, fan, scale, rule) PYBP_INIT_##NAME,
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
    PYBP_N_INITIALIZERS
} pybp_initializer;

typedef enum pybp_layer_kind {
#define PYBP_LAYER(NAME, name, reads, weights, statistics, z, training, what, params) PYBP_LAYER_##NAME,
#include "registry/layers.def"
#undef PYBP_LAYER
    PYBP_N_LAYER_KINDS
} pybp_layer_kind;

typedef enum pybp_dtype { PYBP_FLOAT32, PYBP_FLOAT64 } pybp_dtype;
typedef enum pybp_reduction { PYBP_MEAN, PYBP_SUM } pybp_reduction;
/* z = W a + b, or with NTK z = W a / sqrt(fan) + b, where fan is the number of weights of a neuron. */
typedef enum pybp_parametrization { PYBP_STANDARD, PYBP_NTK } pybp_parametrization;

/* The lists in csrc/registry, for pybp_registry_row. */
typedef enum pybp_registry {
    PYBP_REGISTRY_ACTIVATIONS, PYBP_REGISTRY_LOSSES, PYBP_REGISTRY_OPTIMIZERS,
    PYBP_REGISTRY_INITIALIZERS, PYBP_REGISTRY_LAYERS, PYBP_REGISTRY_STATUS, PYBP_REGISTRY_SCHEDULES
} pybp_registry;

#define PYBP_MAX_PARAMS 6            /* of an optimizer */
#define PYBP_MAX_ACTIVATION_PARAMS 2
#define PYBP_MAX_LOSS_PARAMS 32      /* values: a loss may take a list of them */
#define PYBP_MAX_SCHEDULE_PARAMS 6
#define PYBP_MAX_LAYER_PARAMS 2
#define PYBP_MAX_ROW_PARAMS 8        /* of any row */

typedef struct pybp_param_info {
    const char *name;
    double value;            /* the default */
    double low, high;        /* the allowed range */
    int low_open, high_open; /* 1: the bound itself is not allowed */
    int list;                /* 1: several values may be given (only of the last parameter of a loss) */
} pybp_param_info;

typedef struct pybp_row {
    const char *name;
    const char *label; /* Python class of an optimizer or schedule; links of a loss (ANY, SOFTMAX, SIGMOID); kind of an
                          activation; distribution of an initialiser; weights of a layer; exception of a status */
    const char *text;  /* formula, rule or meaning */
    int n_params;      /* 0 for initialisers and statuses */
    pybp_param_info params[PYBP_MAX_ROW_PARAMS];
} pybp_row;

/* Copy row `index` of registry `which` to *row.  PYBP_INVALID after the last row.  The strings are static.
 * Thread-safe. */
PYBP_API pybp_status pybp_registry_row(pybp_registry which, int index, pybp_row *row);

/* ---- errors, version, machine ------------------------------------------------------------- */

/* The message of this thread's last failed call; "" if none.  Valid until its next failed call. */
PYBP_API const char *pybp_last_error(void);
/* Name of a status, "PYBP_OK" and so on; "unknown status" for other numbers.  Static. */
PYBP_API const char *pybp_status_name(pybp_status status);
/* "0.1.0".  Static. */
PYBP_API const char *pybp_version(void);

/* Instruction sets compiled in, best first: index 0, 1, ... until NULL.  Static. */
PYBP_API const char *pybp_isa_compiled(int index);
/* 1 if this CPU and its operating system can run that instruction set, else 0. */
PYBP_API int pybp_isa_usable(const char *isa);
/* The instruction set that nets created from now on will use: that of pybp_isa_select, else that of the environment
 * variable PYBP_ISA, if it is usable, else the best usable one.  Static. */
PYBP_API const char *pybp_isa(void);
/* The reason for this choice: "best of this CPU", "PYBP_ISA=scalar", ...  Static. */
PYBP_API const char *pybp_isa_reason(void);
/* Choose the instruction set of nets created from now on; NULL: the default.  The bits do not depend on it.
 * PYBP_INVALID if unknown or not usable. */
PYBP_API pybp_status pybp_isa_select(const char *isa);
/* How many threads a call with threads = 0 may use: PYBP_NUM_THREADS, else OMP_NUM_THREADS, else the number of CPUs
 * that this process may use.  *why, if not NULL, becomes a text that says which; it is valid until the thread's next
 * call. */
PYBP_API int pybp_default_threads(const char **why);

/* ---- activations --------------------------------------------------------------------------- */

/* Values and derivatives of an activation at z, `rows` rows of `cols` (>= 1) elements, contiguous, of `dtype`.
 *   params      the activation's parameters, in the order of activations.def; NULL if it has none
 *   a           receives f(z), unless NULL.  It may be the same buffer as z
 *   derivative  receives f'(z), one element for each of z, unless NULL; for ROWWISE activations (softmax) the Jacobian
 *               of each row, (rows, cols, cols) elements, [r][j][k] = d a_j / d z_k.  It may not
 *               be the buffer of z or a
 * The results have the same bits as in a net.  PYBP_INVALID, PYBP_SHAPE or PYBP_NO_MEMORY; a and derivative are then
 * untouched.  Thread-safe. */
PYBP_API pybp_status pybp_activate(pybp_activation activation, const double *params, pybp_dtype dtype, size_t rows,
                                   size_t cols, const void *z, void *a, void *derivative);

/* ---- nets ---------------------------------------------------------------------------------- */

typedef struct pybp_net pybp_net;

/* One layer.  pybp_layer_init, then set what differs.
 *
 * Layers are listed in the order in which they are computed.  A layer reads the output of the previous layer, or, with
 * `from` = n, of the layer n places before the previous one.  The net's input counts as the layer before the first one.
 * So a residual block of 2 dense layers is DENSE, DENSE, ADD with skip = 2.
 *
 * Each EMBEDDING reads one column of the net's input.  EMBEDDINGs come first, followed by one JOIN, which reads all of
 * them and the input's other columns; no other layer then reads the input. */
typedef struct pybp_layer_desc {
    pybp_layer_kind kind;
    size_t n_out;                  /* DENSE, GROUPED_DENSE, PERIODIC, EMBEDDING: >= 1.  Others: 0, or the number that
                                      follows from what it reads */
    size_t from;                   /* it reads the layer this many places before the previous one */
    size_t skip;                   /* ADD, CONCAT: as `from`, for the second input */
    double params[PYBP_MAX_LAYER_PARAMS]; /* in the order of layers.def */
    int n_params;                  /* how many are given; the others have their defaults */
    size_t groups;                 /* GROUPED_DENSE: >= 1, divides the numbers of inputs and of outputs */
    const size_t *columns;         /* PERIODIC: the columns of its input that it reads, ascending; NULL: all.  n_out is
                                      a multiple of their number */
    size_t n_columns;
    size_t column, n_categories;   /* EMBEDDING: the input's column holds 0, 1, ... n_categories - 1 */
    pybp_activation activation;    /* DENSE, GROUPED_DENSE, ACTIVATION, PARAMETRIC_ACTIVATION; a ROWWISE one only in the
                                      last layer, and not parametric */
    double activation_params[PYBP_MAX_ACTIVATION_PARAMS]; /* in the order of activations.def */
    int no_bias;                   /* 1: no biases; of a norm or SCALE, no shift */
    int no_scale;                  /* 1: a norm has neither scale nor shift */
    pybp_initializer init;
    /* Of PERIODIC, AUTO is NORMAL with init_value 0.1, init is that of w, and PYBP_WEIGHTS holds 2 pi w. */
    double init_value;             /* value, limit, std or gain, if `init` has one; finite */
    double bias_init;              /* initial value of every bias; finite */
    double bias_std;               /* standard deviation of the normal noise added to that; >= 0 */
    pybp_parametrization parametrization; /* NTK: PYBP_WEIGHTS holds W / sqrt(fan); init, l1, l2, max_norm,
                                      weight decay and the optimizer's rule apply to W */
    double l1, l2;                 /* penalty l1 sum|W| + l2/2 sum W^2, of weights only; >= 0.  It is part of every
                                      loss that a function reports; the update adds its gradient */
    int has_lr_factors;            /* 1: the next two are used; 0: both are 1 */
    double lr_factor;              /* learning rate of weights and biases, times this; >= 0 */
    double bias_lr_factor;         /* that of the biases, times this too; >= 0 */
    double max_norm;               /* > 0: after each update, a neuron's weights whose Euclidean norm is
                                      larger are scaled to this norm, up to rounding; 0: off */
    int frozen;                    /* 1: never updated; no penalty, and not counted for clip_norm */
} pybp_layer_desc;

/* The defaults of a layer: those of its own parameters and of its activation's, no penalties, factors 1, init AUTO;
 * init_value is 1.  PYBP_INVALID, and no change, if there is no such kind or activation. */
PYBP_API pybp_status pybp_layer_init(pybp_layer_desc *layer, pybp_layer_kind kind, size_t n_out,
                                     pybp_activation activation);

typedef struct pybp_net_desc {
    pybp_dtype dtype;
    size_t n_in;                   /* >= 1 */
    size_t n_layers;               /* >= 1 */
    const pybp_layer_desc *layers; /* n_layers of them */
    uint64_t seed;                 /* of weights, shuffles, dropout and noise */
    int zeroed;                    /* 1: weights and biases start as 0, for a caller that sets them all; factors
                                      of norms and running variances start as 1 in any case */
} pybp_net_desc;

/* Make a net with initialised weights.  *net is set only on PYBP_OK; release it with
 * pybp_net_free.  Errors: PYBP_INVALID, PYBP_NO_MEMORY (also when a size overflows). */
PYBP_API pybp_status pybp_net_create(const pybp_net_desc *desc, pybp_net **net);
/* A copy of everything: parameters, optimizer state, counters.  (No activations or gradients.) */
PYBP_API pybp_status pybp_net_copy(const pybp_net *net, pybp_net **copy);
/* Release a net; NULL is allowed.  No other call on the net may be running. */
PYBP_API void pybp_net_free(pybp_net *net);

PYBP_API pybp_dtype pybp_net_dtype(const pybp_net *net);
PYBP_API size_t pybp_net_n_in(const pybp_net *net);
PYBP_API size_t pybp_net_n_out(const pybp_net *net);
PYBP_API size_t pybp_net_n_layers(const pybp_net *net);
PYBP_API uint64_t pybp_net_seed(const pybp_net *net);
PYBP_API const char *pybp_net_isa(const pybp_net *net);
/* Trainable parameters, biases included. */
PYBP_API size_t pybp_net_n_parameters(const pybp_net *net);
/* Inputs of a layer; 0 if there is no such layer. */
PYBP_API size_t pybp_net_layer_n_in(const pybp_net *net, size_t layer);
/* Weights of each output of a layer: DENSE n_in, GROUPED_DENSE n_in / groups, EMBEDDING n_categories, PERIODIC,
 * PARAMETRIC_ACTIVATION, norms and SCALE 1, others 0. */
PYBP_API size_t pybp_net_layer_fan(const pybp_net *net, size_t layer);
PYBP_API size_t pybp_net_layer_n_out(const pybp_net *net, size_t layer);
PYBP_API int pybp_net_layer_has_bias(const pybp_net *net, size_t layer);

/* What l1 and l2 of all layers add to the reported loss; 0 if there are none. */
PYBP_API pybp_status pybp_net_penalty(const pybp_net *net, double *penalty);

/* The arrays that a net holds of each layer, row-major, in the net's dtype:
 *   WEIGHTS, WEIGHT_GRADIENT, WEIGHT_STATE1, 2 and 3   (n_out, fan)
 *   BIASES, BIAS_GRADIENT, BIAS_STATE1, 2 and 3        (n_out,)
 *   INPUT                                              (rows, n_in)   A of the layer that it reads
 *   Z, A, DELTA                                        (rows, n_out)
 *   BACK                                               (rows, n_in)   its contribution to dL/d INPUT: delta W
 *   RUNNING_MEAN, RUNNING_VAR                          (n_out,)       of BATCH_NORM
 * Norms and SCALE: the scale gamma is their WEIGHTS, the shift beta their BIASES.  Z of a norm is what they are
 * applied to; SCALE, which applies them to its INPUT, has none.  Z of DROPOUT and ALPHA_DROPOUT, after a forward pass
 * in training, is d A / d INPUT, of GAUSSIAN_NOISE the noise.  ADD, EMBEDDING and JOIN have no Z; BACK of ADD is for
 * its first input.
 *
 * INPUT and A need a pybp_forward before; Z and BACK need one with PYBP_KEEP; gradients, DELTA and BACK need a backward
 * pass; states need an optimizer that has them.  When parameters change, the net discards the forward pass; gradients
 * stay until the next backward pass or pybp_train. */
typedef enum pybp_array {
    PYBP_WEIGHTS, PYBP_BIASES, PYBP_WEIGHT_GRADIENT, PYBP_BIAS_GRADIENT,
    PYBP_WEIGHT_STATE1, PYBP_BIAS_STATE1, PYBP_WEIGHT_STATE2, PYBP_BIAS_STATE2,
    PYBP_WEIGHT_STATE3, PYBP_BIAS_STATE3,
    PYBP_INPUT, PYBP_Z, PYBP_A, PYBP_DELTA, PYBP_BACK,
    PYBP_RUNNING_MEAN, PYBP_RUNNING_VAR
} pybp_array;

/* Copy an array out into `out`, a contiguous buffer of exactly its size in the net's dtype
 * (`bytes` is the size of the buffer; PYBP_SHAPE if it is another one).  PYBP_STATE if the net does not
 * hold the array now, or the layer never has it. */
PYBP_API pybp_status pybp_net_get(const pybp_net *net, pybp_array what, size_t layer,
                                  void *out, size_t bytes);
/* Set WEIGHTS, BIASES, an optimizer state or a RUNNING array (others: PYBP_INVALID) from a contiguous buffer.
 * Values must be finite (PYBP_NOT_FINITE), variances not negative (PYBP_INVALID).  Setting parameters leaves the
 * optimizer's state as it is. */
PYBP_API pybp_status pybp_net_set(pybp_net *net, pybp_array what, size_t layer,
                                  const void *values, size_t bytes);
/* All parameters, or the gradient of the last backward pass, as one vector of pybp_net_n_parameters() elements: layer
 * by layer the weights (n_out, fan), then the biases.  LOSS_GRADIENT: the gradient of the loss with the layers'
 * penalties, as it is reported; it cannot be set.  `bytes` as in pybp_net_get. */
typedef enum pybp_flat { PYBP_FLAT_PARAMETERS, PYBP_FLAT_GRADIENT, PYBP_FLAT_LOSS_GRADIENT } pybp_flat;
PYBP_API pybp_status pybp_net_get_flat(const pybp_net *net, pybp_flat what, void *out, size_t bytes);
/* Set the parameters, or the gradient that pybp_step uses.  Values must be finite. */
PYBP_API pybp_status pybp_net_set_flat(pybp_net *net, pybp_flat what, const void *values, size_t bytes);
/* Set one weight (column < fan) or, at column == fan, one bias; for numerical differentiation.  *old, if not NULL,
 * becomes the value before. */
PYBP_API pybp_status pybp_net_poke(pybp_net *net, size_t layer, size_t row, size_t column,
                                   double value, double *old);

/* ---- files ----------------------------------------------------------------------------------- */

/* Files are those of Python's MLP.save and pybp.load: docs/file-format.md, which also bounds the memory that reading
 * takes. Reading executes no code. Paths are UTF-8 on Windows. */

/* Write a net to a file, with the state of its training. The file at `path` is replaced only once the new one is
 * complete and on the disk; after an error the new one is removed. Other threads may read the net meanwhile.
 * PYBP_SYSTEM: the system can't write, for example because the disk is full. PYBP_INVALID: `path` is no regular file,
 * or the net has more than 16,384 layers. PYBP_NOT_FINITE, PYBP_NO_MEMORY, PYBP_BUSY. */
PYBP_API pybp_status pybp_net_save(const pybp_net *net, const char *path);
/* The net in a file, or in the n bytes of one in memory; release it with pybp_net_free. PYBP_SYSTEM: the file can't be
 * opened. PYBP_FILE: it was not written by pybp, or it is damaged. PYBP_NOT_ONE_NET: it holds several nets, or nets
 * whose inputs need its preprocessing: use pybp_file_open. PYBP_NO_MEMORY. *net is set on PYBP_OK only. */
PYBP_API pybp_status pybp_net_load(const char *path, pybp_net **net);
PYBP_API pybp_status pybp_net_load_buffer(const void *bytes, size_t n, pybp_net **net);

/* An open file, whatever it holds: its header and all checksums have been checked. */
typedef struct pybp_file pybp_file;
/* Open a file, a descriptor (which stays the caller's), or n bytes in memory (which must stay as they are until the
 * file is closed). Release it with pybp_file_close. Errors as those of pybp_net_load. */
PYBP_API pybp_status pybp_file_open(const char *path, pybp_file **file);
PYBP_API pybp_status pybp_file_open_descriptor(int descriptor, pybp_file **file);
PYBP_API pybp_status pybp_file_open_buffer(const void *bytes, size_t n, pybp_file **file);
PYBP_API void pybp_file_close(pybp_file *file);
/* What it holds: "net", "ensemble" or "tabular". Static. */
PYBP_API const char *pybp_file_kind(const pybp_file *file);
PYBP_API size_t pybp_file_n_nets(const pybp_file *file);
/* A new net, number `index` of those in the file. Several threads may read from one file, but not from one descriptor
 * on Windows. */
PYBP_API pybp_status pybp_file_net(const pybp_file *file, size_t index, pybp_net **net);
/* The description of the contents in JSON, valid until the file is closed. */
PYBP_API const char *pybp_file_description(const pybp_file *file);

#define PYBP_MAX_DIMENSIONS 8
typedef struct pybp_array_info {
    const char *name;      /* name_length bytes, not terminated; valid until the file is closed */
    size_t name_length;
    const char *dtype;     /* NumPy's name: "float32", "float64", "int32", "int64" or "uint8".  Static */
    size_t n_dimensions;
    size_t shape[PYBP_MAX_DIMENSIONS];
    size_t bytes;
} pybp_array_info;

/* The arrays in the file, ordered by name. */
PYBP_API size_t pybp_file_n_arrays(const pybp_file *file);
/* PYBP_INVALID if there is no such array. */
PYBP_API pybp_status pybp_file_array(const pybp_file *file, size_t index, pybp_array_info *info);
/* Copy an array to `out`, row-major; PYBP_SHAPE unless it has exactly this number of bytes. */
PYBP_API pybp_status pybp_file_read(const pybp_file *file, size_t index, void *out, size_t bytes);

/* ---- data ---------------------------------------------------------------------------------- */

/* A matrix of float or double, whatever the net's dtype (it is converted, rounding once). Elements of a row are
 * contiguous; rows are row_stride BYTES apart (may be 0 or negative; a multiple of the element size).
 * Zero-initialise, then fill.
 *
 * Inputs (x) may be sparse, in CSR form: then indptr is not NULL, and row_stride is not used.  Row r has the values
 * data[i] in the columns indices[i], for i from indptr[r] to indptr[r + 1] - 1, in strictly ascending columns, and
 * zeros elsewhere.  The results have the bits of those for the dense matrix. */
typedef struct pybp_matrix {
    const void *data;
    size_t rows, cols;
    ptrdiff_t row_stride;
    pybp_dtype dtype;
    const void *indptr, *indices; /* rows + 1 and n_values numbers: int32_t, or int64_t if `wide` */
    size_t n_values;              /* elements of data and of indices */
    int wide;
} pybp_matrix;

/* Targets: either `labels` (class indices in [0, n_out); cross_entropy only) or, if labels is
 * NULL, `values` of shape (rows, n_out); for a quantile loss of k quantiles (rows, n_out / k).
 * losses.def says which values of the targets a loss expects; the core does not check them. */
typedef struct pybp_targets {
    const int32_t *labels;
    pybp_matrix values;
} pybp_targets;

/* Look for NaN and infinity, and for values that become infinite when converted to `as`.  PYBP_OK if there are none;
 * else PYBP_NOT_FINITE, and *row and *col become the position of the first one.  Thread-safe. */
PYBP_API pybp_status pybp_matrix_check(const pybp_matrix *x, pybp_dtype as, size_t *row, size_t *col);

/* A loss and its parameters.  Lists:
 *   binary_cross_entropy  one pos_weight, or one for each output
 *   quantile              k quantiles; n_out is a multiple of k, and output j k + i is for quantile i of target j */
typedef struct pybp_loss_spec {
    pybp_loss kind;
    int n_params;                        /* how many are given; the others have their defaults */
    double params[PYBP_MAX_LOSS_PARAMS]; /* in the order of losses.def; of a list, each of its values */
} pybp_loss_spec;

/* The defaults of a loss.  PYBP_INVALID, and no change, if there is no such loss. */
PYBP_API pybp_status pybp_loss_init(pybp_loss_spec *loss, pybp_loss kind);

/* ---- prediction and evaluation ---------------------------------------------------------- */

/* Output activations of x (rows, n_in) into out (rows, n_out), contiguous, in the net's dtype.
 * Row i of a batch has the same bits as row i alone.  threads: 0 = default. */
PYBP_API pybp_status pybp_predict(const pybp_net *net, const pybp_matrix *x, void *out, int threads);

/* The same for inputs that may hold NaN, infinity, or values that become infinite in the net's dtype.  If there are
 * any, it returns PYBP_NOT_FINITE, *row and *col become the position of the first one, and out is undefined.  (In a
 * column of categories: PYBP_INVALID, as with pybp_predict.)  Faster than pybp_matrix_check before pybp_predict.
 * Thread-safe. */
PYBP_API pybp_status pybp_predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads,
                                         size_t *row, size_t *col);

typedef struct pybp_evaluation {
    double loss;        /* mean (weighted) or sum over rows */
    double weight;      /* sum of sample weights; rows if none */
    size_t n_correct;   /* rows whose largest output is at the largest target (or label); with one
                           output or SIGMOID outputs: rows where every (a >= 1/2) == (y >= 1/2); with the
                           hinge losses: rows where every (a > 0) == (y > 0) */
} pybp_evaluation;

/* Loss and number of correct predictions.  weights: (rows,) doubles, or NULL. */
PYBP_API pybp_status pybp_evaluate(const pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                                   const double *weights, const pybp_loss_spec *loss,
                                   pybp_reduction reduction, int threads, pybp_evaluation *result);

/* ---- initial values from data ---------------------------------------------------------------- */

/* Set the parameters of the DENSE layers that are not frozen by the rows of x. The first layer comes first; each later
 * one gets the outputs of the layers before it, with their new parameters.  Biases first become 0.  `how`: a sum of
 *   PYBP_UNIT_VARIANCE    the weights of each output are scaled such that its z has variance 1 over the rows,
 *                         unless it is the same for all rows
 *   PYBP_COMBINED_BIASES  then each bias becomes minus a random convex combination of its z for five rows
 * PYBP_INVALID, PYBP_SHAPE, PYBP_NO_MEMORY; PYBP_DIVERGED: a parameter would be infinite or NaN.  The net is then
 * unchanged.  The last forward pass and the gradients are discarded. */
enum { PYBP_UNIT_VARIANCE = 1, PYBP_COMBINED_BIASES = 2 };
PYBP_API pybp_status pybp_initialize(pybp_net *net, const pybp_matrix *x, int how);

/* ---- forward, backward and step as separate calls ------------------------------------------ */

/* Forward pass.  The net keeps inputs and activations, for pybp_backward and pybp_net_get.  `how`: 0, or a sum of
 *   PYBP_KEEP      the net also keeps z of all layers, and a backward pass keeps BACK
 *   PYBP_TRAINING  as in training: batch norm over these rows (at least 2), which also updates its running statistics;
 *                  dropout and noise from random numbers of pass number progress.passes, which is then increased
 * out: as in pybp_predict, or NULL. */
enum { PYBP_KEEP = 1, PYBP_TRAINING = 2 };
PYBP_API pybp_status pybp_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads);
/* Backward pass from dL/da of the output (rows as in the last forward pass).  The net keeps the gradient of all
 * parameters; dx, if not NULL, becomes dL/dx (rows, n_in), contiguous, in the net's dtype.  PYBP_STATE if there was no
 * forward pass, or parameters have changed since. */
PYBP_API pybp_status pybp_backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads);
/* The same from a loss.  *value becomes the loss with the layers' penalties.  The gradient is without penalties: a step
 * adds theirs. */
PYBP_API pybp_status pybp_backward_loss(pybp_net *net, const pybp_targets *y, const double *weights,
                                        const pybp_loss_spec *loss, pybp_reduction reduction, void *dx,
                                        int threads, double *value);
/* Derivatives of the outputs with respect to the parameters: out[r][k][p] = da_k / dp for row r of x, with the
 * parameters in the order of pybp_net_get_flat; contiguous, in the net's dtype, of `bytes` bytes.  Computed one row and
 * one output at a time, so it suits small nets.  The net discards the last forward pass and its gradients. */
PYBP_API pybp_status pybp_jacobian(pybp_net *net, const pybp_matrix *x, void *out, size_t bytes);

/* ---- training ------------------------------------------------------------------------------ */

typedef struct pybp_optimizer {
    pybp_optimizer_kind kind;
    double params[PYBP_MAX_PARAMS]; /* in the order of optimizers.def */
    double clip_norm;               /* > 0: scale the gradient so that its global norm is at most this
                                       (before clip_value); 0: off */
    double clip_value;              /* > 0: clip each gradient element to [-clip_value, clip_value]; 0: off */
    int no_bias_decay;              /* 1: weight decay does not apply to biases */
    double bias_lr_factor;          /* the biases' learning rate is lr times this; 0: they are never updated */
} pybp_optimizer;

/* The defaults of an optimizer: those of its parameters, no clipping, bias_lr_factor 1.  PYBP_INVALID, and no change,
 * if there is no such optimizer. */
PYBP_API pybp_status pybp_optimizer_init(pybp_optimizer *optimizer, pybp_optimizer_kind kind);

/* Update all parameters with the gradient of the last backward pass.  The net keeps the optimizer's state as
 * long as the optimizer's kind and the buffers that it needs (adam with amsgrad needs one more, for example) stay the
 * same; otherwise the state starts anew.  PYBP_STATE without a gradient.  PYBP_DIVERGED, and no change, if a parameter
 * would become infinite or NaN. */
PYBP_API pybp_status pybp_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads);
/* Discard the optimizer's state and its step counter. */
PYBP_API pybp_status pybp_reset_optimizer(pybp_net *net);

/* Scalars of the training state, for checkpoints and pickles. */
#define PYBP_N_POWERS 3
#define PYBP_N_STATES 3
typedef struct pybp_progress {
    uint64_t epochs;                /* finished; the order of rows in the next one depends on it */
    uint64_t steps;                 /* updates since the optimizer state was new */
    uint64_t passes;                /* forward passes in training, of nets with dropout or noise; the random
                                       numbers of the next one depend on it */
    int optimizer;                  /* pybp_optimizer_kind, or -1: none yet */
    int states;                     /* state buffers in use, as bits: 1 for STATE1, 2 for STATE2, 4 for STATE3 */
    double powers[PYBP_N_POWERS];   /* running products, such as beta^t (optimizers.def) */
} pybp_progress;
PYBP_API pybp_status pybp_get_progress(const pybp_net *net, pybp_progress *progress);
/* State buffers stay as they are if `optimizer` and `states` do not change; otherwise they become zero, and are to be
 * set with pybp_net_set.  PYBP_INVALID if the states are not those of the optimizer. */
PYBP_API pybp_status pybp_set_progress(pybp_net *net, const pybp_progress *progress);

/* The order in which pybp_train with shuffle = 1 takes n rows in the net's next epoch, if that has several updates. */
PYBP_API pybp_status pybp_net_order(const pybp_net *net, size_t n, size_t *order);

/* Called from the thread that called pybp_train, between steps, at most every interval_ms.
 * steps: finished in this epoch; loss: its mean so far, 0 before the first step.  Returning non-zero stops training.
 * The callback may read the net as it is after these steps (copy it, predict), but not change it. */
typedef int (*pybp_tick)(void *user, size_t steps, double loss);

/* The result of an epoch. */
typedef struct pybp_train_result {
    double loss;           /* over the epoch, weighted mean or sum, measured before each update; 0 as long as no row
                              has had a weight */
    size_t steps;          /* updates done */
    size_t n_correct;      /* as in pybp_evaluation, measured before each update */
    size_t n_rows;         /* rows that n_correct counts: all but those skipped or left out */
    size_t epoch;          /* the epoch's number in this call, from 0 */
    size_t bad_step;       /* PYBP_DIVERGED: the step (from 0) whose loss was not finite, or steps if the
                              parameters at the end were not */
    double loss_sum, weight_sum; /* for the next part of the epoch */
} pybp_train_result;

/* Called from the thread that called pybp_train, after each finished epoch, with the epoch's result, which is valid
 * during the call.  Returning non-zero stops training.  Like pybp_tick, it may read the net, but not
 * change it. */
typedef int (*pybp_on_epoch)(void *user, const pybp_train_result *result);

typedef struct pybp_train_options {
    pybp_loss_spec loss;
    pybp_reduction reduction;
    pybp_optimizer optimizer;
    const double *lr;      /* n_lr learning rates, one for each step of an epoch, or one for all */
    size_t n_lr;
    const double *weight_decay; /* n_lr weight decays, instead of the optimizer's; NULL: that.  PYBP_INVALID if it has
                              none */
    const double *dropout; /* n_lr rates, instead of those of DROPOUT and ALPHA_DROPOUT layers; NULL: those */
    size_t batch_size;     /* >= 1; the last batch of an epoch may be smaller.  With BATCH_NORM no batch may
                              have only 1 row (PYBP_INVALID) */
    size_t accumulate;     /* number of batches whose gradient a step uses, as if they were one batch (0: as 1); it
                              needs memory for the activations of one of them */
    int drop_last;         /* 1: leave out last rows that are too few for a whole step, unless there are no others.
                              PYBP_INVALID if these could be all rows that have a weight */
    int gradient_only;     /* 1: the net keeps the gradient of the only step, over all rows, and nothing is updated;
                              optimizer and lr are not used, and no epoch is counted.  shuffle, restore, first_step and
                              further epochs are PYBP_INVALID then */
    size_t epochs;         /* how many to train, one after the other; 0: as 1 */
    int part;              /* 1: progress.epochs stays as it is */
    size_t first_step;     /* to train one epoch in parts: the first step of this part, */
    size_t n_steps;        /* and its number of steps; 0: all that are left */
    int penalty_per_weight; /* 1: l1 and l2 are divided by the sum of weights of each step's rows, as scikit-learn
                              divides alpha; in other functions' losses they are not divided */
    int shuffle;           /* 1: a new order each epoch, from the net's seed and progress.epochs; none if all rows make
                              one step */
    int threads;           /* 0 = default */
    int restore;           /* 1: on PYBP_DIVERGED restore the parameters from before the epoch and discard the
                              optimizer's state (costs a copy of the parameters each epoch) */
    int count_correct;     /* 1: fill result.n_correct */
    pybp_tick tick;        /* or NULL */
    pybp_on_epoch on_epoch; /* or NULL */
    void *user;            /* passed to tick and on_epoch */
    double interval_ms;
} pybp_train_options;

/* The defaults: loss and optimizer with theirs, mean, batches of 32 rows, one shuffled epoch, restore, ticks every
 * 50 ms, n_lr = 1.  lr is NULL and has to be set, unless gradient_only is.  PYBP_INVALID, and no change, if there is no
 * such loss or optimizer. */
PYBP_API pybp_status pybp_train_options_init(pybp_train_options *options, pybp_loss loss,
                                             pybp_optimizer_kind optimizer);

/* Train `epochs` epochs: in each, every row of x once, in minibatches.  x and y hold finite values; weights: (rows,),
 * >= 0, or NULL; a minibatch whose weights sum to 0 is skipped.  The bits are those of as many calls with one epoch,
 * but arguments are checked and memory is allocated only once.  So the caller's data may not change before the call
 * returns, and no step allocates memory.
 *
 * A finished epoch adds 1 to progress.epochs, shuffled or not, and is reported to on_epoch.  *result becomes the result
 * of the last epoch that was begun; before it this call has finished result.epoch epochs.  It is filled on every return
 * but PYBP_INVALID, PYBP_SHAPE, PYBP_NO_MEMORY and PYBP_BUSY, after which the net is unchanged.
 *
 * One epoch may be trained in parts, by calls whose arguments differ in first_step and n_steps only.  With first_step
 * > 0, *result must be that of the part before, and is continued; `restore` then restores the parameters from before
 * the first part.  Any division into parts gives the same bits.
 *
 * PYBP_DIVERGED: a loss or a parameter became infinite or NaN in epoch number result.epoch.  The net keeps the epochs
 * before it; with `restore` its parameters are those after them, otherwise they are useless.
 * PYBP_INTERRUPTED: a callback stopped training.  The net keeps the steps done, and the epoch counts if all were
 * done. */
PYBP_API pybp_status pybp_train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                                const double *weights, const pybp_train_options *options,
                                pybp_train_result *result);

/* ---- schedules ------------------------------------------------------------------------------- */

/* How the learning rate depends on the position t of a step. */
typedef struct pybp_schedule {
    pybp_schedule_kind kind;
    double lr;                               /* finite, >= 0 */
    double params[PYBP_MAX_SCHEDULE_PARAMS]; /* in the order of schedules.def, all of them */
    const uint64_t *milestones;              /* of MULTISTEP, ascending; NULL if there are none */
    size_t n_milestones;
} pybp_schedule;

/* A schedule with the defaults of its parameters, and no milestones.  PYBP_INVALID, and no change, if there is no such
 * schedule. */
PYBP_API pybp_status pybp_schedule_init(pybp_schedule *schedule, pybp_schedule_kind kind, double lr);

/* The n learning rates of positions first, first + 1, ..., for pybp_train_options.lr.  horizon: the number of steps
 * that the schedule spans; not used by schedules that do not end.  lr is written only on PYBP_OK.  PYBP_INVALID: an
 * argument is out of its range.  Thread-safe. */
PYBP_API pybp_status pybp_schedule_fill(const pybp_schedule *schedule, uint64_t first, uint64_t horizon, size_t n,
                                        double *lr);

/* ---- metrics --------------------------------------------------------------------------------- */

typedef enum pybp_metric { PYBP_METRIC_MSE, PYBP_METRIC_MAE, PYBP_METRIC_R2 } pybp_metric;
/* A metric of predictions against targets, both (rows, cols), summed in double as the contract says
 * (chunks of 256 rows in order).  weights: (rows,) or NULL.  R2 is 1 - SS_res / SS_tot, averaged over
 * columns; a constant column counts 1 if predicted exactly, else 0.  Thread-safe. */
PYBP_API pybp_status pybp_metric_value(pybp_metric metric, const pybp_matrix *target,
                                       const pybp_matrix *prediction, const double *weights, double *value);

#ifdef __cplusplus
}
#endif
#endif /* PYBP_H */
