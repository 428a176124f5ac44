/* Building nets for the contract's cases: layers one after the other, a loss, an optimizer. */
#include <stdio.h>
#include <string.h>

#include "contract_cases.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

static const struct method {
    pybp_optimizer_kind kind;
    double params[PYBP_MAX_PARAMS]; /* in the order of optimizers.def */
    double lr;
} methods[] = {
    {PYBP_OPTIMIZER_ADAM, {0.9, 0.999, 1e-8, 0.0}, 0.01},      {PYBP_OPTIMIZER_SGD, {0.9, 0.0, 0.0}, 0.01},
    {PYBP_OPTIMIZER_ADAMW, {0.9, 0.99, 1e-7, 0.1}, 0.005},     {PYBP_OPTIMIZER_SGD, {0.0, 0.0, 0.01}, 0.02},
    {PYBP_OPTIMIZER_RMSPROP, {0.9, 1e-6, 0.01}, 0.003},        {PYBP_OPTIMIZER_LION, {0.9, 0.99, 0.1}, 0.001},
    {PYBP_OPTIMIZER_ADAGRAD, {0.05, 0.02, 0.1, 1e-7}, 0.05},
};

static const struct goal {
    pybp_loss loss;
    pybp_activation output;
    int labels;
} goals[] = {
    {PYBP_LOSS_CROSS_ENTROPY, PYBP_ACTIVATION_SOFTMAX, 1},
    {PYBP_LOSS_MSE, PYBP_ACTIVATION_IDENTITY, 0},
    {PYBP_LOSS_BINARY_CROSS_ENTROPY, PYBP_ACTIVATION_SIGMOID, 0},
    {PYBP_LOSS_SQUARED_ERROR, PYBP_ACTIVATION_TANH, 0},
    {PYBP_LOSS_CROSS_ENTROPY, PYBP_ACTIVATION_SOFTMAX, 0},
};

/* ---- building ------------------------------------------------------------------------------------ */

static inline pybp_layer_desc *add(contract_case *c, pybp_layer_kind kind)
{
    c->layers[c->n_layers].kind = kind;
    return &c->layers[c->n_layers++];
}

#define ADD(KIND) add(c, PYBP_LAYER_##KIND)

static inline pybp_layer_desc *dense(contract_case *c, size_t n, pybp_activation activation)
{
    pybp_layer_desc *layer = ADD(DENSE);
    layer->n_out = n;
    layer->activation = activation;
    layer->bias_init = 0.1;
    return layer;
}

#define DENSE(n, NAME) dense(c, n, PYBP_ACTIVATION_##NAME)

static inline void activation(contract_case *c, pybp_activation which)
{
    pybp_layer_desc *layer = ADD(ACTIVATION);
    layer->activation = which;
    if (which == PYBP_ACTIVATION_LEAKY_RELU)
        layer->activation_params[0] = 0.2;
}

#define ACTIVATION(NAME) activation(c, PYBP_ACTIVATION_##NAME)

/* With its first parameter. */
static inline pybp_layer_desc *with(pybp_layer_desc *layer, double value)
{
    layer->params[0] = value;
    layer->n_params = 1;
    return layer;
}

static inline void embedding(contract_case *c, size_t column, size_t n_categories, size_t n)
{
    pybp_layer_desc *layer = ADD(EMBEDDING);
    layer->column = column;
    layer->n_categories = n_categories;
    layer->n_out = n;
}

static inline void ends_with(contract_case *c, size_t goal)
{
    c->loss.kind = goals[goal].loss;
    c->labels = goals[goal].labels;
    dense(c, 3, goals[goal].output);
}

static inline void trained_by(contract_case *c, size_t method)
{
    c->optimizer.kind = methods[method].kind;
    memcpy(c->optimizer.params, methods[method].params, sizeof methods[method].params);
    c->lr = methods[method].lr / (c->reduction == PYBP_SUM ? (double)c->batch : 1.0);
}

/* No batch norm over one row. */
static inline void no_single_row(contract_case *c)
{
    if (c->rows % c->batch == 1)
        c->rows++;
}

/* Seeds of case i of its file. */
static inline void begin(contract_case *c, size_t i, uint64_t data_seed)
{
    c->seed = 0x9e3779b97f4a7c15u * (i + 1) >> (i % 64);
    c->data_seed = data_seed + i;
    c->data_dtype = c->dtype;
    c->optimizer.bias_lr_factor = 1.0;
}
