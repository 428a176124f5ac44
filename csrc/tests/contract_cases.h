/* The training runs on which the core and the naive program must agree to the last bit.
 *
 * A case says everything about a run: the net, the data, the loss, the optimizer.  Case
 * numbers and contents are fixed by contract_cases.c, and tests/golden/checksums.txt holds the
 * results; a changed case means a changed golden file.
 *
 * Data come from an integer hash that has nothing to do with pybp's random numbers (the finaliser of
 * SplitMix64 over case, kind of data and position) and are exact: a number of k bits times a power of
 * two, so no rounding of this program enters the run. */
#ifndef PYBP_TESTS_CONTRACT_CASES_H
#define PYBP_TESTS_CONTRACT_CASES_H

#include <stddef.h>
#include <stdint.h>

#include "pybp.h"

#define CONTRACT_MAX_LAYERS 24

typedef struct contract_case {
    char name[48];
    pybp_dtype dtype;
    size_t n_in, n_layers;
    pybp_layer_desc layers[CONTRACT_MAX_LAYERS];
    uint64_t seed;

    int from_data;            /* initial values from all rows: pybp_initialize's `how`; 0: none */
    size_t rows;
    uint64_t data_seed;
    pybp_dtype data_dtype;    /* of x and y as given; values of 21 bits, of 53 if `wide` */
    int wide;
    int x_exponent;           /* x is in [-1, 1) times 2^x_exponent */
    int labels;               /* cross_entropy: class indices instead of values */
    int weighted;             /* sample weights: some of them 0, the others in [1/4, 5/4) */
    size_t weightless;        /* weighted: so many rows from the second minibatch on weigh 0 */

    pybp_loss_spec loss;
    pybp_reduction reduction;
    pybp_optimizer optimizer;
    double lr, lr_drop;       /* the learning rate of step s of an epoch is lr / (1 + s lr_drop) */
    double fall;              /* > 0: weight decay and rates of dropout of step s are by_step / (1 + s fall) */
    double decay_by_step, dropout_by_step; /* 0: those of the optimizer, of the layers */
    size_t batch, epochs;
    size_t accumulate;        /* minibatches that make a step; 0 is 1 */
    int drop_last;            /* an epoch leaves out the rows that don't make a whole step */
    int shuffle;
    int penalty_per_weight;   /* penalties are divided by the weight of a step's rows */
} contract_case;

/* Those of contract_activations.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_activation_cases(void);
void contract_activation_case(size_t i, contract_case *c);
/* Those of contract_optimizers.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_optimizer_cases(void);
void contract_optimizer_case(size_t i, contract_case *c);

/* Those of contract_steps.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_step_cases(void);
void contract_step_case(size_t i, contract_case *c);
/* Those of contract_kinds.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_kind_cases(void);
void contract_kind_case(size_t i, contract_case *c);
/* Those of contract_layers.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_layer_cases(void);
void contract_layer_case(size_t i, contract_case *c);

/* Those of contract_options.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_option_cases(void);
void contract_option_case(size_t i, contract_case *c);
/* Those of contract_losses.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_loss_cases(void);
void contract_loss_case(size_t i, contract_case *c);
/* Those of contract_tiles.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_tile_cases(void);
void contract_tile_case(size_t i, contract_case *c);
/* Those of contract_tables.c, for either dtype; *c is zeroed but for the dtype. */
size_t contract_n_table_cases(void);
void contract_table_case(size_t i, contract_case *c);
/* A target that suits the case's loss, from a value in [-1, 1). */
double contract_target(const contract_case *c, double value);

size_t contract_n_cases(void);
/* index < contract_n_cases() */
void contract_get_case(size_t index, contract_case *c);

size_t contract_n_out(const contract_case *c);
/* Columns of the targets: fewer than outputs where several quantiles of a target are predicted. */
size_t contract_n_targets(const contract_case *c);
size_t contract_n_parameters(const contract_case *c);
size_t contract_step_rows(const contract_case *c); /* at most all rows */
size_t contract_n_steps(const contract_case *c);   /* of an epoch */

/* contract_graph.c: what a layer comes to by the layers before it. */
/* Number of the layer whose output lies `steps` places further back than that of the layer before l; -1: the net's
 * input. */
int contract_source(size_t l, size_t steps);
size_t contract_layer_n_in(const contract_case *c, size_t l);
size_t contract_layer_n_out(const contract_case *c, size_t l);
/* Weights of each output; whether there is a bias. */
size_t contract_layer_fan(const contract_case *c, size_t l);
int contract_layer_bias(const contract_case *c, size_t l);
/* Parameter i of layers.def, given or default; 0 beyond the last. */
double contract_layer_param(const contract_case *c, size_t l, int i);
/* Whether a layer computes something else in training. */
int contract_training_differs(const contract_case *c);
/* Whether layer l has PYBP_Z or PYBP_BACK after a pass. */
int contract_has(const contract_case *c, pybp_array what, size_t l, int training);
/* The activation that a dense layer's automatic initial weights suit: its own or, through layers that keep each
 * feature for itself, that of an ACTIVATION. */
pybp_activation contract_activation_after(const contract_case *c, size_t l);
/* The first of the inputs that output j of a dense, grouped or periodic layer reads. */
size_t contract_layer_reads(const contract_case *c, size_t l, size_t j);
/* Categories of the input's column that embeddings read (of the one with the fewest); 0 if none does. */
size_t contract_categories(const contract_case *c, size_t column);
/* Fused multiply-adds of a run, about. */
double contract_work(const contract_case *c);
/* One line for people. */
void contract_describe(const contract_case *c, char *text, size_t size);

/* The hash behind sizes and data. */
uint64_t contract_hash(uint64_t seed, uint64_t kind, uint64_t index);

/* All values are exact in data_dtype, although they stand in doubles here. */
typedef struct contract_data {
    double *x;       /* (rows, n_in) */
    double *y;       /* (rows, n_targets), NULL if labels are given */
    int32_t *labels; /* (rows,), or NULL */
    double *weights; /* (rows,), or NULL */
    double *lr;      /* n_lr of them: 1, or one for each step */
    size_t n_lr;
    double *weight_decay, *dropout; /* n_lr of them, or NULL */
} contract_data;

/* 0 if memory is exhausted. */
int contract_data_make(const contract_case *c, contract_data *data);
void contract_data_free(contract_data *data);

#endif
