/* The contract's cases of the optimizers that came after the first five: each rule with its
 * defaults, with all parameters changed, and where squares of gradients are subnormal. */
#include "contract_cases.h"

#include <stdio.h>
#include <string.h>

static const struct method {
    const char *name;
    pybp_optimizer_kind kind;
    double params[PYBP_MAX_PARAMS]; /* in the order of optimizers.def */
    double lr;
} methods[] = {
    {"adadelta", PYBP_OPTIMIZER_ADADELTA, {0.9, 1e-6, 0.0}, 1.0},
    {"adadelta, decay", PYBP_OPTIMIZER_ADADELTA, {0.8, 1e-4, 0.02}, 0.5},
    {"adamax", PYBP_OPTIMIZER_ADAMAX, {0.9, 0.999, 1e-8, 0.0}, 0.01},
    {"adamax, decay", PYBP_OPTIMIZER_ADAMAX, {0.7, 0.9, 1e-6, 0.02}, 0.005},
    {"radam", PYBP_OPTIMIZER_RADAM, {0.9, 0.999, 1e-8, 0.0, 0.0}, 0.01},
    {"radam, decay", PYBP_OPTIMIZER_RADAM, {0.8, 0.99, 1e-6, 0.02, 0.0}, 0.02},
    {"radam, decoupled decay", PYBP_OPTIMIZER_RADAM, {0.85, 0.95, 1e-7, 0.1, 1.0}, 0.01},
    {"radam, never adaptive", PYBP_OPTIMIZER_RADAM, {0.5, 0.5, 1e-8, 0.0, 0.0}, 0.01},
    {"lion", PYBP_OPTIMIZER_LION, {0.9, 0.99, 0.0}, 0.001},
    {"lion, decay", PYBP_OPTIMIZER_LION, {0.8, 0.95, 0.3}, 0.002},
    {"rprop", PYBP_OPTIMIZER_RPROP, {0.5, 1.2, 1e-6, 50.0}, 0.01},
    {"rprop, short steps", PYBP_OPTIMIZER_RPROP, {0.4, 1.5, 1e-3, 0.02}, 0.005},
    {"adam, amsgrad", PYBP_OPTIMIZER_ADAM, {0.9, 0.9, 1e-8, 0.0, 1.0}, 0.01},
    {"adam, amsgrad, decay", PYBP_OPTIMIZER_ADAM, {0.8, 0.95, 1e-6, 0.02, 1.0}, 0.01},
    {"adamw, amsgrad", PYBP_OPTIMIZER_ADAMW, {0.9, 0.8, 1e-7, 0.1, 1.0}, 0.01},
    {"rmsprop, momentum", PYBP_OPTIMIZER_RMSPROP, {0.99, 1e-8, 0.0, 0.9, 0.0}, 0.001},
    {"rmsprop, centered", PYBP_OPTIMIZER_RMSPROP, {0.9, 1e-6, 0.01, 0.0, 1.0}, 0.002},
    {"rmsprop, both", PYBP_OPTIMIZER_RMSPROP, {0.95, 1e-4, 0.02, 0.7, 1.0}, 0.002},
    {"nadam", PYBP_OPTIMIZER_NADAM, {0.9, 0.999, 1e-8, 0.0, 4e-3, 0.0}, 0.01},
    {"nadam, decay", PYBP_OPTIMIZER_NADAM, {0.8, 0.99, 1e-6, 0.02, 0.5, 0.0}, 0.005},
    {"nadam, decoupled decay", PYBP_OPTIMIZER_NADAM, {0.85, 0.95, 1e-7, 0.1, 0.0, 1.0}, 0.01},
};

enum { VARIANTS = 3 };

size_t contract_n_optimizer_cases(void)
{
    return VARIANTS * sizeof methods / sizeof *methods;
}

void contract_optimizer_case(size_t i, contract_case *c)
{
    static const char *const names[VARIANTS] = {"", ", clipped", ", subnormal"};
    const struct method *method = &methods[i / VARIANTS];
    const size_t variant = i % VARIANTS;
    c->seed = 77 + i;
    c->data_seed = 3000 + i;
    c->data_dtype = c->dtype;
    c->n_in = 7;
    c->n_layers = 2;
    c->layers[0].n_out = 19;
    c->layers[0].activation = variant == 2 ? PYBP_ACTIVATION_IDENTITY : PYBP_ACTIVATION_TANH;
    c->layers[0].bias_init = 0.1;
    c->layers[1].n_out = 3;
    c->layers[1].no_bias = variant == 1;
    c->loss.kind = PYBP_LOSS_MSE;
    c->rows = 90;
    c->batch = 13;
    c->epochs = 3;
    c->shuffle = variant == 0;
    c->weighted = variant == 1;
    if (variant == 2)
        c->x_exponent = c->dtype == PYBP_FLOAT32 ? -70 : -530;
    c->optimizer.kind = method->kind;
    memcpy(c->optimizer.params, method->params, sizeof method->params);
    c->optimizer.bias_lr_factor = variant == 1 ? 0.5 : 1.0;
    c->optimizer.no_bias_decay = variant == 1;
    c->optimizer.clip_norm = variant == 1 ? 0.05 : 0.0;
    c->lr = method->lr;
    c->lr_drop = variant == 1 ? 0.1 : 0.0;
    snprintf(c->name, sizeof c->name, "%s%s", method->name, names[variant]);
}
