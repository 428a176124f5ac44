/* add, for residual blocks: a = x + skip, the outputs of two layers. */
#include "net/layers/layer.h"

static void add_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels x = pybp_input_of(rows, l), a = pybp_output_of(rows, l);
    const pybp_panels skip = pybp_panels_from_row(rows->ws->layers[layer->link[1].from].a, rows->first);
    (void)output;
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->add_lines(rows->n, pybp_panel_at(x, p), pybp_panel_at(skip, p), pybp_panel_at(a, p));
}

static void add_backward(const pybp_rows *rows, size_t l)
{
    pybp_contribute_delta(rows, l, 0);
    pybp_contribute_delta(rows, l, 1);
}

const pybp_layer_functions pybp_layer_add = {.forward = add_forward, .backward = add_backward};
