#include "io/saved_arrays.h"

#include <stdio.h>

static const uint64_t free_width = 1 << 22;

static const pybp_array weight_states[PYBP_N_STATES] = {PYBP_WEIGHT_STATE1, PYBP_WEIGHT_STATE2, PYBP_WEIGHT_STATE3};
static const pybp_array bias_states[PYBP_N_STATES] = {PYBP_BIAS_STATE1, PYBP_BIAS_STATE2, PYBP_BIAS_STATE3};

int pybp_saved_arrays(const pybp_net *net, size_t layer, int states, pybp_saved_array arrays[PYBP_MAX_SAVED_ARRAYS])
{
    const pybp_layer *of = &net->layers[layer];
    const size_t size = net->k->size;
    pybp_saved_array *at = arrays;
    if (of->fan > 0) {
        const bool matrix = of->traits->weights == PYBP_WEIGHTS_MATRIX;
        const pybp_saved_array one = {.what = PYBP_WEIGHTS, .layer = layer, .name = "weights",
                                      .n_dimensions = matrix ? 2 : 1, .shape = {of->n_out, matrix ? of->fan : 0},
                                      .bytes = of->n_out * of->fan * size};
        *at++ = one;
        for (int i = 0; i < PYBP_N_STATES; i++)
            if (states >> i & 1) {
                *at = one;
                at->what = weight_states[i];
                snprintf(at++->name, sizeof one.name, "weight_state%d", i + 1);
            }
    }
    const pybp_saved_array line = {.layer = layer, .n_dimensions = 1, .shape = {of->n_out, 0},
                                   .bytes = of->n_out * size};
    if (of->has_bias) {
        *at = line;
        at->what = PYBP_BIASES;
        snprintf(at++->name, sizeof line.name, "biases");
        for (int i = 0; i < PYBP_N_STATES; i++)
            if (states >> i & 1) {
                *at = line;
                at->what = bias_states[i];
                snprintf(at++->name, sizeof line.name, "bias_state%d", i + 1);
            }
    }
    if (of->traits->statistics > 0) {
        *at = line;
        at->what = PYBP_RUNNING_MEAN;
        snprintf(at++->name, sizeof line.name, "running_mean");
        *at = line;
        at->what = PYBP_RUNNING_VAR;
        snprintf(at++->name, sizeof line.name, "running_var");
    }
    return (int)(at - arrays);
}

bool pybp_widths_fit(const pybp_net *net, uint64_t data_bytes)
{
    uint64_t width = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        if (layer->traits->weights == PYBP_WEIGHTS_VECTOR && layer->fan == 0 && layer->traits->statistics == 0)
            width = width + layer->n_out < width ? UINT64_MAX : width + layer->n_out;
    }
    return width <= free_width + data_bytes;
}
