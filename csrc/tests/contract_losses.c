/* The contract's cases of the losses and parameters that the cycled ones do not use: each within a panel of outputs and
 * over several, near its kinks and far out. */
#include "contract_cases.h"

#include <stdio.h>

static const struct goal {
    const char *name;
    pybp_loss_spec loss;
    pybp_activation output;
    int labels;
    size_t n_out; /* outputs come in multiples of it */
} goals[] = {
    {"mae", {PYBP_LOSS_MAE, 0, {0}}, PYBP_ACTIVATION_IDENTITY, 0, 1},
    {"mae of softmax", {PYBP_LOSS_MAE, 0, {0}}, PYBP_ACTIVATION_SOFTMAX, 0, 1},
    {"huber", {PYBP_LOSS_HUBER, 0, {0}}, PYBP_ACTIVATION_IDENTITY, 0, 1},
    {"huber, small delta", {PYBP_LOSS_HUBER, 1, {0.3}}, PYBP_ACTIVATION_TANH, 0, 1},
    {"log_cosh", {PYBP_LOSS_LOG_COSH, 0, {0}}, PYBP_ACTIVATION_IDENTITY, 0, 1},
    {"quantile", {PYBP_LOSS_QUANTILE, 1, {0.3}}, PYBP_ACTIVATION_IDENTITY, 0, 1},
    {"three quantiles", {PYBP_LOSS_QUANTILE, 3, {0.1, 0.5, 0.95}}, PYBP_ACTIVATION_SOFTPLUS, 0, 3},
    {"seven quantiles", {PYBP_LOSS_QUANTILE, 7, {0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98}}, PYBP_ACTIVATION_IDENTITY, 0, 7},
    {"poisson", {PYBP_LOSS_POISSON, 0, {0}}, PYBP_ACTIVATION_IDENTITY, 0, 1},
    {"hinge", {PYBP_LOSS_HINGE, 0, {0}}, PYBP_ACTIVATION_IDENTITY, 0, 1},
    {"squared_hinge", {PYBP_LOSS_SQUARED_HINGE, 0, {0}}, PYBP_ACTIVATION_TANH, 0, 1},
    {"smoothed classes", {PYBP_LOSS_CROSS_ENTROPY, 1, {0.1}}, PYBP_ACTIVATION_SOFTMAX, 1, 1},
    {"smoothed probabilities", {PYBP_LOSS_CROSS_ENTROPY, 1, {0.3}}, PYBP_ACTIVATION_SOFTMAX, 0, 1},
    {"unsmoothed", {PYBP_LOSS_CROSS_ENTROPY, 1, {0.0}}, PYBP_ACTIVATION_SOFTMAX, 1, 1},
    {"pos_weight", {PYBP_LOSS_BINARY_CROSS_ENTROPY, 1, {3.7}}, PYBP_ACTIVATION_SIGMOID, 0, 1},
    {"pos_weight of 1", {PYBP_LOSS_BINARY_CROSS_ENTROPY, 1, {1.0}}, PYBP_ACTIVATION_SIGMOID, 0, 1},
};

/* Within a panel of either dtype; over several. */
enum { NEAR, WIDE, FAR_OUT, VARIANTS };

/* A pos_weight for each of 5 outputs. */
static const pybp_loss_spec each_output = {PYBP_LOSS_BINARY_CROSS_ENTROPY, 5, {0.01, 1.0, 2.5, 40.0, 0.7}};

size_t contract_n_loss_cases(void)
{
    return VARIANTS * sizeof goals / sizeof *goals + 1;
}

void contract_loss_case(size_t i, contract_case *c)
{
    static const char *const names[VARIANTS] = {"", ", wide", ", far out"};
    static const size_t outputs[VARIANTS] = {5, 37, 19};
    const int last = i == contract_n_loss_cases() - 1;
    const struct goal *goal = &goals[last ? 0 : i / VARIANTS];
    const size_t variant = i % VARIANTS, some = outputs[variant] + goal->n_out - 1;
    c->seed = 9000 + i;
    c->data_seed = 9000 + i;
    c->data_dtype = variant == WIDE ? PYBP_FLOAT64 : c->dtype;
    c->n_in = 6;
    c->n_layers = 2;
    c->layers[0].n_out = 11;
    c->layers[0].activation = variant == FAR_OUT ? PYBP_ACTIVATION_IDENTITY : PYBP_ACTIVATION_TANH;
    c->layers[0].bias_init = 0.1;
    c->layers[1].n_out = some - some % goal->n_out;
    c->layers[1].activation = last ? PYBP_ACTIVATION_SIGMOID : goal->output;
    c->loss = last ? each_output : goal->loss;
    if (last)
        c->layers[1].n_out = (size_t)each_output.n_params;
    c->labels = goal->labels && !last;
    c->weighted = i / VARIANTS % 2 == 1;
    c->reduction = i / VARIANTS % 3 == 2 ? PYBP_SUM : PYBP_MEAN;
    c->rows = variant == WIDE ? 300 : 43;
    c->batch = variant == WIDE ? 259 : 10;
    c->epochs = 2;
    c->shuffle = variant != WIDE;
    c->wide = variant == WIDE;
    c->x_exponent = variant == FAR_OUT ? (goal->loss.kind == PYBP_LOSS_POISSON ? 4 : 6) : 0;
    c->optimizer.kind = PYBP_OPTIMIZER_ADAM;
    c->optimizer.params[0] = 0.9;
    c->optimizer.params[1] = 0.999;
    c->optimizer.params[2] = 1e-8;
    c->optimizer.bias_lr_factor = 1.0;
    c->lr = 0.01;
    snprintf(c->name, sizeof c->name, "%s%s", last ? "pos_weight of each output" : goal->name, names[variant]);
}

/* ---- targets ---- */

size_t contract_n_targets(const contract_case *c)
{
    return c->loss.kind == PYBP_LOSS_QUANTILE ? contract_n_out(c) / (size_t)c->loss.n_params : contract_n_out(c);
}

double contract_target(const contract_case *c, double value)
{
    switch (c->loss.kind) {
    case PYBP_LOSS_CROSS_ENTROPY: /* not normalised; a good part is 0 */
        return value < -0.5 ? 0.0 : value < 0.0 ? value + 1.0 : value;
    case PYBP_LOSS_BINARY_CROSS_ENTROPY:
        return value < -0.3 ? 0.0 : value < 0.0 ? 1.0 : value;
    case PYBP_LOSS_POISSON:
        return value < 0.0 ? 0.0 : value < 0.5 ? 1.0 : 3.0;
    case PYBP_LOSS_HINGE:
    case PYBP_LOSS_SQUARED_HINGE: /* 0 stands for -1 */
        return value < -0.4 ? -1.0 : value < 0.0 ? 0.0 : 1.0;
    default:
        return value;
    }
}
