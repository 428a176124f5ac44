/* concat: the outputs of two layers, x and skip, side by side. */
#include "net/layers/layer.h"

static pybp_panels skip_of(const pybp_rows *rows, size_t l)
{
    return pybp_panels_from_row(rows->ws->layers[rows->net->layers[l].link[1].from].a, rows->first);
}

static void concat_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels a = pybp_output_of(rows, l);
    (void)output;
    pybp_copy_panels(rows, layer->n_in, pybp_input_of(rows, l), a);
    rows->net->k->copy_columns(rows->n, layer->n_out - layer->n_in, skip_of(rows, l), 0, a, layer->n_in);
}

static void concat_backward(const pybp_rows *rows, size_t l)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels delta = pybp_delta_of(rows, l);
    size_t from = 0;
    for (int i = 0; i < 2; i++) {
        const pybp_contribution to = pybp_contribution_of(rows, l, i);
        const size_t n = i == 0 ? layer->n_in : layer->n_out - layer->n_in;
        if (to.wanted) {
            rows->net->k->copy_columns(rows->n, n, delta, from, to.out, 0);
            pybp_finish_contribution(rows, n, &to);
        }
        from += n;
    }
}

const pybp_layer_functions pybp_layer_concat = {.forward = concat_forward, .backward = concat_backward};
