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
 *            the call.  Buffers lie where their elements may (else PYBP_INVALID).  A net is
 *            released once, with pybp_net_free(); a second time, or any use after it, is undefined,
 *            as with free().
 *   Arrays   Matrices are row-major, one row a sample.  Weights are (n_out, n_in): row j holds the
 *            weights into neuron j.  "The net's dtype" is float or double as the net was made.
 *   Names    z = W a + b, a = f(z), delta = dL/dz, as in docs/backpropagation.md.
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

/* ---- what is registered: enums, expanded from csrc/registry ------------------------------- */

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
/* z = W a + b, or with NTK z = W a / sqrt(fan) + b, fan being the weights of a neuron. */
typedef enum pybp_parametrization { PYBP_STANDARD, PYBP_NTK } pybp_parametrization;

/* The registries as data: entry `index` of registry `which`.  `text` is the formula or rule.
 * The parameters of an activation, a loss, an optimizer, a layer or a schedule follow; for the others n_params
 * is 0.
 * Returns PYBP_INVALID past the last row.  The strings are static.  Thread-safe. */
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
    int list;                /* 1: it may be several values (of a loss, its last parameter) */
} pybp_param_info;

typedef struct pybp_row {
    const char *name;
    const char *label; /* Python class of an optimizer or schedule; links of a loss (ANY, SOFTMAX, SIGMOID); kind
                          of an activation; distribution of an initialiser; exception of a status */
    const char *text;
    int n_params;
    pybp_param_info params[PYBP_MAX_ROW_PARAMS];
} pybp_row;

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
/* The instruction set that nets created from now on will use.  First the environment variable
 * PYBP_ISA, if it names a usable one, then the best usable.  Static. */
PYBP_API const char *pybp_isa(void);
/* Why: "best of this CPU", "PYBP_ISA=scalar", ...  Static. */
PYBP_API const char *pybp_isa_reason(void);
/* Choose for nets created from now on; NULL returns to the default.  The bits do not depend on it.
 * PYBP_INVALID if unknown or not usable. */
PYBP_API pybp_status pybp_isa_select(const char *isa);
/* How many threads a call with threads = 0 may use: PYBP_NUM_THREADS, then OMP_NUM_THREADS, then
 * the CPUs this process may run on.  *why, if not NULL, gets a text valid until the next call. */
PYBP_API int pybp_default_threads(const char **why);

/* ---- nets ---------------------------------------------------------------------------------- */

typedef struct pybp_net pybp_net;

/* One layer.  Zero-initialise, then fill.
 *
 * Layers stand in the order in which they are computed.  Each reads the output of an earlier one, as a rule of
 * the layer before; `from` = n reaches n places further back, where the place before the first layer is the
 * net's input.  So a residual block of 2 dense layers is DENSE, DENSE, ADD with skip = 2.
 * EMBEDDINGs read one column of the net's input each.  They stand at the beginning, and after them one JOIN,
 * which reads them all; nothing else then reads the input. */
typedef struct pybp_layer_desc {
    pybp_layer_kind kind;
    size_t n_out;                  /* DENSE, EMBEDDING: >= 1.  The others: 0, or what it comes to */
    size_t from;                   /* places that the input lies further back than the layer before */
    size_t skip;                   /* ADD: likewise its other input */
    double params[PYBP_MAX_LAYER_PARAMS]; /* in the order of layers.def */
    int n_params;                  /* how many are given; the others have their defaults */
    size_t column, n_categories;   /* EMBEDDING: the input's column holds 0, 1, ... n_categories - 1 */
    pybp_activation activation;    /* DENSE and ACTIVATION; a ROWWISE one only in the last layer */
    double activation_params[PYBP_MAX_ACTIVATION_PARAMS]; /* in the order of activations.def */
    int no_bias;                   /* 1: z = W a, or a scale without a shift */
    int no_scale;                  /* 1: a norm without scale and shift */
    pybp_initializer init;
    double init_value;             /* value, limit, std or gain of an init that has one; finite */
    double bias_init;              /* initial value of every bias; finite */
    double bias_std;               /* standard deviation of the normal noise added to that; >= 0 */
    pybp_parametrization parametrization; /* NTK: WEIGHTS hold W / sqrt(fan); init, l1, l2, max_norm, weight
                                      decay and the optimizer's rule are about W */
    double l1, l2;                 /* penalty l1 sum|W| + l2/2 sum W^2, of weights only; >= 0.  It is part of every
                                      loss that a function reports; the update adds its gradient */
    int has_lr_factors;            /* 1: the next two hold; 0: both are 1 */
    double lr_factor;              /* learning rate of weights and biases, times this; >= 0 */
    double bias_lr_factor;         /* that of the biases, times this too; >= 0 */
    double max_norm;               /* > 0: after each update, the weights of a neuron are scaled down to this
                                      Euclidean norm if theirs is larger, to rounding; 0: off */
    int frozen;                    /* 1: never updated; then it has no penalty and no part in clip_norm */
} pybp_layer_desc;

typedef struct pybp_net_desc {
    pybp_dtype dtype;
    size_t n_in;                   /* >= 1 */
    size_t n_layers;               /* >= 1 */
    const pybp_layer_desc *layers; /* n_layers of them */
    uint64_t seed;                 /* of weights and shuffles */
    int zeroed;                    /* 1: weights and biases start as 0, for a caller that sets them all; factors
                                      of norms and running variances start as 1 in any case */
} pybp_net_desc;

/* Make a net with initialised weights.  *net is set only on PYBP_OK; release it with
 * pybp_net_free.  Errors: PYBP_INVALID, PYBP_NO_MEMORY (also when a size overflows). */
PYBP_API pybp_status pybp_net_create(const pybp_net_desc *desc, pybp_net **net);
/* A copy of everything: parameters, optimizer state, counters.  (No activations or gradients.) */
PYBP_API pybp_status pybp_net_copy(const pybp_net *net, pybp_net **copy);
/* Release; NULL is allowed and does nothing, so set the handle to NULL after it where it may come by
 * again.  No other call on the net may be running. */
PYBP_API void pybp_net_free(pybp_net *net);

PYBP_API pybp_dtype pybp_net_dtype(const pybp_net *net);
PYBP_API size_t pybp_net_n_in(const pybp_net *net);
PYBP_API size_t pybp_net_n_out(const pybp_net *net);
PYBP_API size_t pybp_net_n_layers(const pybp_net *net);
PYBP_API uint64_t pybp_net_seed(const pybp_net *net);
PYBP_API const char *pybp_net_isa(const pybp_net *net);
/* Trainable parameters, biases included. */
PYBP_API size_t pybp_net_n_parameters(const pybp_net *net);
/* Inputs of layer l; for l >= n_layers 0. */
PYBP_API size_t pybp_net_layer_n_in(const pybp_net *net, size_t layer);
/* Weights of each output of layer l: DENSE n_in, EMBEDDING n_categories, norms and SCALE 1; without any, 0. */
PYBP_API size_t pybp_net_layer_fan(const pybp_net *net, size_t layer);
PYBP_API size_t pybp_net_layer_n_out(const pybp_net *net, size_t layer);
PYBP_API int pybp_net_layer_has_bias(const pybp_net *net, size_t layer);

/* What l1 and l2 of all layers add to the reported loss; 0 if there are none. */
PYBP_API pybp_status pybp_net_penalty(const pybp_net *net, double *penalty);

/* Everything a net holds, by layer and in logical order.  Shapes, in the net's dtype:
 *   WEIGHTS, WEIGHT_GRADIENT, WEIGHT_STATE1, 2 and 3             (n_out, fan)
 *   BIASES, BIAS_GRADIENT, BIAS_STATE1, 2 and 3                  (n_out,)
 *   INPUT                                                        (rows, n_in)   a of the layer before
 *   Z, A, DELTA                                                  (rows, n_out)
 *   BACK                                                         (rows, n_in)   what goes to the layer
 *                                                                before: delta W, = dL/d INPUT
 *   RUNNING_MEAN, RUNNING_VAR                                    (n_out,)        BATCH_NORM
 * Norms and SCALE: the scale gamma is their WEIGHTS, the shift beta their BIASES.  Z is what they multiply (of
 * SCALE there is none: its INPUT); of DROPOUT and ALPHA_DROPOUT, after a forward in training, d A / d INPUT; of
 * GAUSSIAN_NOISE the noise.  ADD, EMBEDDING and JOIN have no Z; BACK is what goes to the first of two inputs.
 * INPUT and A need a forward before; Z and BACK need it with keep = 1; gradients and DELTA need
 * a backward; states need an optimizer that has them.  Changed parameters end the forward; gradients
 * stay until the next backward or pybp_train. */
typedef enum pybp_array {
    PYBP_WEIGHTS, PYBP_BIASES, PYBP_WEIGHT_GRADIENT, PYBP_BIAS_GRADIENT,
    PYBP_WEIGHT_STATE1, PYBP_BIAS_STATE1, PYBP_WEIGHT_STATE2, PYBP_BIAS_STATE2,
    PYBP_WEIGHT_STATE3, PYBP_BIAS_STATE3,
    PYBP_INPUT, PYBP_Z, PYBP_A, PYBP_DELTA, PYBP_BACK,
    PYBP_RUNNING_MEAN, PYBP_RUNNING_VAR
} pybp_array;

/* Copy an array out into `out`, a contiguous buffer of exactly its size in the net's dtype
 * (`bytes` says how large the buffer is: PYBP_SHAPE if it differs).  PYBP_STATE if the net does not
 * hold it now.  Biases of a layer without bias: PYBP_STATE. */
PYBP_API pybp_status pybp_net_get(const pybp_net *net, pybp_array what, size_t layer,
                                  void *out, size_t bytes);
/* Set WEIGHTS, BIASES, an optimizer state or a RUNNING array (others: PYBP_INVALID) from a contiguous buffer.
 * Values must be finite (PYBP_NOT_FINITE), a
 * variance not negative (PYBP_INVALID).  Optimizer state stays as it is. */
PYBP_API pybp_status pybp_net_set(pybp_net *net, pybp_array what, size_t layer,
                                  const void *values, size_t bytes);
/* All parameters, or the gradient that the last backward left, as one vector of pybp_net_n_parameters()
 * elements: layer by layer the weights (n_out, fan), then the biases.  LOSS_GRADIENT: the gradient with that of the
 * layers' penalties, so of the reported loss; it cannot be set.  `bytes` as in pybp_net_get. */
typedef enum pybp_flat { PYBP_FLAT_PARAMETERS, PYBP_FLAT_GRADIENT, PYBP_FLAT_LOSS_GRADIENT } pybp_flat;
PYBP_API pybp_status pybp_net_get_flat(const pybp_net *net, pybp_flat what, void *out, size_t bytes);
/* Set it, for pybp_step in the case of the gradient.  Values must be finite. */
PYBP_API pybp_status pybp_net_set_flat(pybp_net *net, pybp_flat what, const void *values, size_t bytes);
/* Change one weight (column < fan) or, at column == fan, one bias; used by numerical
 * differentiation.  *old, if not NULL, gets the value that stood there. */
PYBP_API pybp_status pybp_net_poke(pybp_net *net, size_t layer, size_t row, size_t column,
                                   double value, double *old);

/* ---- data ---------------------------------------------------------------------------------- */

/* A matrix of float or double, whatever the net's dtype (it is converted, rounding once).
 * Elements of a row are contiguous; rows are row_stride BYTES apart (may be 0 or negative; a multiple
 * of the element size).  Zero-initialise, then fill.
 *
 * Inputs (x) may be sparse instead, in CSR form: indptr is then not NULL, row_stride without meaning, and row r has
 * the values data[indptr[r]] ... data[indptr[r + 1] - 1] in the columns that stand at the same places of indices,
 * strictly ascending; zeros elsewhere.  The bits are those of the dense matrix. */
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
 * What values make sense is the loss's matter (losses.def: targets) and is not checked. */
typedef struct pybp_targets {
    const int32_t *labels;
    pybp_matrix values;
} pybp_targets;

/* Look for NaN and infinity, also those that conversion to `as` would create.  PYBP_OK if all is
 * finite; else PYBP_NOT_FINITE and *row, *col name the first.  Thread-safe. */
PYBP_API pybp_status pybp_matrix_check(const pybp_matrix *x, pybp_dtype as, size_t *row, size_t *col);

/* A loss and its parameters.  Lists:
 *   binary_cross_entropy  one pos_weight, or one for each output
 *   quantile              k quantiles; n_out is a multiple of k, and output j k + i is for quantile i of target j */
typedef struct pybp_loss_spec {
    pybp_loss kind;
    int n_params;                        /* how many are given; the others have their defaults */
    double params[PYBP_MAX_LOSS_PARAMS]; /* in the order of losses.def; of a list as many as it has */
} pybp_loss_spec;

/* ---- prediction and evaluation ---------------------------------------------------------- */

/* Output activations of x (rows, n_in) into out (rows, n_out), contiguous, in the net's dtype.
 * Row i of a batch has the same bits as row i alone.  threads: 0 = default. */
PYBP_API pybp_status pybp_predict(const pybp_net *net, const pybp_matrix *x, void *out, int threads);

/* The same for inputs that may hold NaN or infinity, also such as conversion to the net's dtype creates:
 * PYBP_NOT_FINITE then, *row and *col name the first, and what out holds is undefined; in a column of categories
 * they are PYBP_INVALID, as with pybp_predict.  Faster than a call of
 * pybp_matrix_check before.  Thread-safe, as pybp_predict is. */
PYBP_API pybp_status pybp_predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads,
                                         size_t *row, size_t *col);

typedef struct pybp_evaluation {
    double loss;        /* mean (weighted) or sum over rows */
    double weight;      /* sum of sample weights; rows if none */
    size_t n_correct;   /* rows whose largest output is at the largest target (or label); with one
                           output or SIGMOID outputs: rows where every (a >= 1/2) == (y >= 1/2); with the
                           hinge losses: rows where every (a > 0) == (y > 0) */
} pybp_evaluation;

/* Loss and number of right answers.  weights: (rows,) doubles, or NULL. */
PYBP_API pybp_status pybp_evaluate(const pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                                   const double *weights, const pybp_loss_spec *loss,
                                   pybp_reduction reduction, int threads, pybp_evaluation *result);

/* ---- one pass by hand: forward, backward, step ------------------------------------------- */

/* Forward pass that the net remembers (inputs and activations).  `how`: 0, or a sum of
 *   PYBP_KEEP      also z of all layers, for PYBP_Z, and later what is passed back, for PYBP_BACK
 *   PYBP_TRAINING  as in training: batch norm over these rows (2 at least), which also moves its running
 *                  statistics; dropout and noise from masks numbered by progress.passes, which counts up
 * out: as in pybp_predict, or NULL. */
enum { PYBP_KEEP = 1, PYBP_TRAINING = 2 };
PYBP_API pybp_status pybp_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads);
/* Backward pass from dL/da of the output (rows as in the last forward): gradients of all parameters
 * are kept in the net; dL/dx (rows, n_in), contiguous, in the net's dtype, goes to dx unless NULL.
 * PYBP_STATE if no forward came before, or parameters changed since. */
PYBP_API pybp_status pybp_backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads);
/* The same from a loss.  Also gives its value, with the layers' penalties; the gradients are without them: the
 * update adds theirs. */
PYBP_API pybp_status pybp_backward_loss(pybp_net *net, const pybp_targets *y, const double *weights,
                                        const pybp_loss_spec *loss, pybp_reduction reduction, void *dx,
                                        int threads, double *value);
/* Derivatives of each output for each row by each parameter, as the net predicts: out[r][k][p] of da_k / dp for row r
 * of x, with the parameters in the order of pybp_net_get_flat; contiguous, in the net's dtype, `bytes` large.  One row
 * and one output at a time, for small nets.  Ends the last forward, and its gradients. */
PYBP_API pybp_status pybp_jacobian(pybp_net *net, const pybp_matrix *x, void *out, size_t bytes);

/* ---- training ------------------------------------------------------------------------------ */

typedef struct pybp_optimizer {
    pybp_optimizer_kind kind;
    double params[PYBP_MAX_PARAMS]; /* in the order of optimizers.def */
    double clip_norm;               /* > 0: scale the gradient so that its global norm is at most this
                                       (before clip_value); 0: off */
    double clip_value;              /* > 0: clip each gradient element to [-clip_value, clip_value]; 0: off */
    int no_bias_decay;              /* 1: weight decay leaves the biases alone */
    double bias_lr_factor;          /* the biases' learning rate is lr times this; 1 for the usual */
} pybp_optimizer;

/* One update of all parameters from the gradients that the last backward left.
 * Optimizer state lives in the net: it goes on where it was as long as the kind and the states that it needs (of
 * adam with or without amsgrad, say) stay the same, else it starts anew.  PYBP_STATE without gradients.  PYBP_DIVERGED, and no change, if the
 * update would make a parameter infinite or NaN. */
PYBP_API pybp_status pybp_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads);
/* Forget optimizer state and its step counter. */
PYBP_API pybp_status pybp_reset_optimizer(pybp_net *net);

/* Scalars of the training state, for checkpoints and pickles. */
#define PYBP_N_POWERS 3
#define PYBP_N_STATES 3
typedef struct pybp_progress {
    uint64_t epochs;                /* finished: the shuffle of the next one depends on it */
    uint64_t steps;                 /* updates since the optimizer state was new */
    uint64_t passes;                /* forward passes in training, of nets with dropout or noise: the masks of the
                                       next depend on it */
    int optimizer;                  /* pybp_optimizer_kind, or -1: none yet */
    int states;                     /* state buffers in use, as bits: 1 for STATE1, 2 for STATE2, 4 for STATE3 */
    double powers[PYBP_N_POWERS];   /* running products, as beta^t */
} pybp_progress;
PYBP_API pybp_status pybp_get_progress(const pybp_net *net, pybp_progress *progress);
/* State buffers stay as they are if `optimizer` and `states` do not change; else they are made anew, zeroed,
 * to be filled with pybp_net_set.  PYBP_INVALID for a combination that cannot be. */
PYBP_API pybp_status pybp_set_progress(pybp_net *net, const pybp_progress *progress);

/* The order in which pybp_train with shuffle = 1 will take n rows in the net's next epoch, if that has several updates. */
PYBP_API pybp_status pybp_net_order(const pybp_net *net, size_t n, size_t *order);

/* Called from the thread that called pybp_train, between steps, at most every interval_ms.
 * steps: finished in this epoch; loss: mean so far in it.  Non-zero stops after this step.
 * The net is as the steps done have left it: this call may read it (copy it, predict), but not change it. */
typedef int (*pybp_tick)(void *user, size_t steps, double loss);

/* What an epoch saw. */
typedef struct pybp_train_result {
    double loss;           /* over the epoch, weighted mean or sum, measured before each update */
    size_t steps;          /* updates done */
    size_t n_correct;      /* as in pybp_evaluation, measured before each update */
    size_t n_rows;         /* rows that these are of: all but those skipped or left out */
    size_t epoch;          /* the epoch's number in this call, from 0 */
    size_t bad_step;       /* PYBP_DIVERGED: the step (from 0) whose loss was not finite, or steps if the
                              parameters at the end were not */
    double loss_sum, weight_sum; /* what the next part goes on with */
} pybp_train_result;

/* Called from the thread that called pybp_train, after each epoch that was finished; *result, which is valid during the
 * call, is what the epoch saw.  Non-zero stops here. */
typedef int (*pybp_on_epoch)(void *user, const pybp_train_result *result);

typedef struct pybp_train_options {
    pybp_loss_spec loss;
    pybp_reduction reduction;
    pybp_optimizer optimizer;
    const double *lr;      /* n_lr learning rates, one a step (of `accumulate` batches), the same in each epoch; n_lr = 1:
                              one for all steps */
    size_t n_lr;
    size_t batch_size;     /* >= 1; the last batch of an epoch may be smaller.  With BATCH_NORM no batch may
                              have only 1 row (PYBP_INVALID) */
    size_t accumulate;     /* gradients of so many batches make one step, as if they were one batch (0: as 1);
                              memory is needed for the activations of one of them */
    int drop_last;         /* 1: leave out the rows that are too few for a whole step, unless they are all */
    int gradient_only;     /* 1: the gradient of the only step, over all rows, is left in the net, and nothing is updated;
                              optimizer, lr and restore have no meaning, and no epoch is counted */
    size_t epochs;         /* how many to train, one after the other; 0: as 1 */
    int part;              /* 1: a part of an epoch: progress.epochs stays as it is */
    size_t first_step;     /* to train one epoch in parts: where this part begins, and */
    size_t n_steps;        /* how many steps it has; 0: all that are left */
    int penalty_per_weight; /* 1: l1 and l2 are divided by the weight of each step's rows, as scikit-learn's alpha is;
                              the losses of other functions have them undivided */
    int shuffle;           /* 1: a new order each epoch, from the net's seed and epoch count, unless it is one update */
    int threads;           /* 0 = default */
    int restore;           /* 1: on PYBP_DIVERGED put the parameters back as they were before the epoch and
                              clear the optimizer state (costs one copy of the parameters an epoch) */
    int count_correct;     /* 1: fill result.n_correct */
    pybp_tick tick;        /* or NULL */
    pybp_on_epoch on_epoch; /* or NULL */
    void *user;            /* what tick and on_epoch are given */
    double interval_ms;
} pybp_train_options;

/* Train `epochs` epochs: in each, every row of x once, in minibatches.  x and y hold finite values; weights: (rows,),
 * >= 0, or NULL; a minibatch whose weights sum to 0 is skipped.  The bits are those of as many calls with one epoch, but
 * the arguments are checked and memory is allocated only once: what they point to may not change before the call
 * returns, and no step allocates.
 *
 * An epoch that is finished adds 1 to progress.epochs, shuffled or not, and is reported to on_epoch.  *result, the
 * caller's, is what the last epoch that was begun saw: number result.epoch of this call, so that as many were finished
 * before it.  It is filled on every return but PYBP_INVALID, PYBP_SHAPE, PYBP_NO_MEMORY and PYBP_BUSY, and after those
 * the net is as it was.
 *
 * One epoch may be trained in parts, calls with the same arguments but first_step and n_steps: with first_step > 0,
 * *result must hold what the part before left there, and goes on from it; restore then goes back to before the first
 * part.  Any parts give the bits of the whole.
 *
 * PYBP_DIVERGED: a loss or a parameter became infinite or NaN in epoch number result.epoch.  The epochs before it stay
 * done; with `restore` the parameters are as they were after them, else they are of no use.
 * PYBP_INTERRUPTED: a callback stopped it.  The steps done stay done, and the epoch counts if they were all of it.
 * Callbacks run while the net is in use: any call on it from there returns PYBP_BUSY. */
PYBP_API pybp_status pybp_train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                                const double *weights, const pybp_train_options *options,
                                pybp_train_result *result);

/* ---- schedules ------------------------------------------------------------------------------- */

/* How the learning rate goes with the position t of a step. */
typedef struct pybp_schedule {
    pybp_schedule_kind kind;
    double lr;                               /* finite, >= 0 */
    double params[PYBP_MAX_SCHEDULE_PARAMS]; /* in the order of schedules.def, all of them */
    const uint64_t *milestones;              /* of MULTISTEP, ascending; may be NULL if there are none */
    size_t n_milestones;
} pybp_schedule;

/* The learning rates of positions first, first + 1, ..., n of them, for pybp_train_options.lr.  horizon: the
 * number of steps that the schedule spans; of no meaning to those that go on for ever.  lr is untouched
 * unless PYBP_OK.  PYBP_INVALID: an argument is out of its range.  Thread-safe. */
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
