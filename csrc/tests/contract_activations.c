/* Cases for the activations that the cycled ones do not use: each in hidden layers and at the output, with its default
 * parameters near zero and with others far out. */
#include <stdio.h>
#include <string.h>

#include "contract_cases.h"

#define FIRST (PYBP_ACTIVATION_SOFTMAX + 1)

static const struct {
    const char *name;
    double params[PYBP_MAX_ACTIVATION_PARAMS + 1]; /* the defaults */
} rows[PYBP_N_ACTIVATIONS] = {
#define PYBP_PARAM(name, value, low, low_open, high, high_open) value,
#define PYBP_ACTIVATION(NAME, name, kind, init, reads, formula, derivative, params) {#name, {params 0}},
#include "registry/activations.def"
#undef PYBP_ACTIVATION
#undef PYBP_PARAM
};

size_t contract_n_activation_cases(void)
{
    return 2 * (PYBP_N_ACTIVATIONS - FIRST);
}

void contract_activation_case(size_t i, contract_case *c)
{
    static const size_t widths[] = {33, 17, 5};
    const int far = i % 2 == 1;
    const pybp_activation activation = (pybp_activation)(FIRST + i / 2);
    c->seed = 7000 + i;
    c->data_seed = 7000 + i;
    c->data_dtype = c->dtype;
    c->n_in = 7;
    c->n_layers = 3;
    for (size_t l = 0; l < c->n_layers; l++) {
        pybp_layer_desc *layer = &c->layers[l];
        layer->n_out = widths[(l + i / 2) % 3];
        layer->bias_init = 0.25;
        layer->activation = activation;
        memcpy(layer->activation_params, rows[activation].params, sizeof layer->activation_params);
        for (size_t k = 0; far && k < PYBP_MAX_ACTIVATION_PARAMS; k++)
            layer->activation_params[k] *= 0.7;
    }
    c->loss.kind = far ? PYBP_LOSS_MSE : PYBP_LOSS_SQUARED_ERROR;
    c->weighted = far;
    c->rows = far ? 300 : 70;
    c->batch = far ? 257 : 16;
    c->epochs = 2;
    c->shuffle = !far;
    c->x_exponent = far ? 6 : 1;
    c->optimizer.kind = PYBP_OPTIMIZER_ADAM;
    memcpy(c->optimizer.params, (double[]){0.9, 0.999, 1e-8, 0.0}, 4 * sizeof(double));
    c->optimizer.bias_lr_factor = 1.0;
    c->lr = 0.01;
    snprintf(c->name, sizeof c->name, "%s%s", rows[activation].name, far ? ", far out" : "");
}
