/* dense: z = W x + b, a = f(z). */
#include "net/layers/layer.h"

/* The same panels from panel p on. */
static pybp_panels from_panel(pybp_panels m, size_t p)
{
    if (m.at != NULL)
        m.at = pybp_panel_at(m, p);
    return m;
}

/* Panels p0 ... p1 - 1 of z, or of z and a = f(z) if f is elementwise. */
static void product(const pybp_rows *rows, size_t l, size_t p0, size_t p1, bool to_z)
{
    const pybp_net *net = rows->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_panels a = from_panel(pybp_output_of(rows, l), p0), z = from_panel(pybp_z_of(rows, l), p0);
    const size_t begin = p0 * net->k->panel, end = p1 * net->k->panel;
    const pybp_forward_args args = {
        .rows = rows->n,
        .n_in = layer->n_in,
        .n_out = (end < layer->n_out ? end : layer->n_out) - begin,
        .in = pybp_input_of(rows, l),
        .weights = pybp_param_line(net, net->params, l, p0, 0),
        .out = to_z ? z : a,
        .z = to_z ? (pybp_panels){NULL, 0} : z,
        .activate = to_z ? NULL : net->k->activate[layer->desc.activation],
        .params = layer->activation_params,
    };
    net->k->forward(&args);
}

static void dense_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    product(rows, l, 0, layer->panels, output == PYBP_OUTPUT_Z);
    if (layer->rowwise && output != PYBP_OUTPUT_Z)
        rows->net->k->activate_rows[layer->desc.activation](rows->n, layer->n_out, pybp_output_of(rows, l));
}

static void dense_forward_panels(const pybp_rows *rows, size_t l, size_t p0, size_t p1)
{
    if (p0 < p1)
        product(rows, l, p0, p1, false);
}

static void dense_backward(const pybp_rows *rows, size_t l)
{
    const pybp_net *net = rows->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    const pybp_back_args args = {
        .rows = rows->n,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .delta = pybp_delta_of(rows, l),
        .weights = pybp_param_line(net, net->params, l, 0, 0),
        .scratch = rows->ws->scratch + (size_t)rows->tid * rows->ws->scratch_bytes,
        .out = to.out,
        .keep = to.keep,
        .add = to.add,
        .x = to.x,
        .derive = to.derive,
        .params = to.params,
    };
    if (to.wanted)
        net->k->back(&args);
}

static void dense_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t panels, size_t k0, size_t k1, bool add,
                           char *g, size_t g_step)
{
    const pybp_net *net = rows->net;
    const size_t begin = panel * net->k->panel, end = begin + panels * net->k->panel, n_out = net->layers[l].n_out;
    const pybp_gradient_args args = {
        .rows = rows->n,
        .in = pybp_input_of(rows, l),
        .delta = from_panel(pybp_delta_of(rows, l), panel),
        .cols = (end < n_out ? end : n_out) - begin,
        .k0 = k0,
        .k1 = k1,
        .add = add,
        .g = g,
        .g_step = g_step,
    };
    net->k->gradient(&args);
}

const pybp_layer_functions pybp_layer_dense = {
    .forward = dense_forward,
    .forward_panels = dense_forward_panels,
    .backward = dense_backward,
    .gradient_panels = dense_gradient,
};
