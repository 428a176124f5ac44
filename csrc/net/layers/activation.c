/* activation: a = f(z), where z is the input. Its derivative is applied to the sum of its readers' contributions, so
 * that its own contribution is its delta. */
#include "net/layers/layer.h"

static void activation_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels a = pybp_output_of(rows, l);
    if (output == PYBP_OUTPUT_Z)
        return;
    pybp_copy_panels(rows, layer->n_out, pybp_input_of(rows, l), a);
    if (layer->rowwise) {
        k->activate_rows[layer->desc.activation](rows->n, layer->n_out, a);
        return;
    }
    for (size_t p = 0; p < layer->panels; p++)
        k->activate[layer->desc.activation](rows->n, pybp_panel_width(rows->net, layer->n_out, p),
                                            layer->activation_params, pybp_panel_at(a, p));
}

static void activation_backward(const pybp_rows *rows, size_t l)
{
    pybp_contribute_delta(rows, l, 0);
}

const pybp_layer_functions pybp_layer_activation = {.forward = activation_forward, .backward = activation_backward};
