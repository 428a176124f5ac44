/* dense: z = W a + b, a = f(z). activation: a = f(z), z the input. */
#include "net/layers/layer.h"

#include <string.h>

/* From panel p on; .at NULL stays. */
static pybp_panels from_panel(pybp_panels m, size_t p)
{
    if (m.at != NULL)
        m.at = pybp_strip(m, p);
    return m;
}

static void product(const pybp_run *run, size_t l, size_t p0, size_t p1, bool to_z)
{
    const pybp_net *net = run->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_panels a = from_panel(pybp_output_of(run, l), p0), z = from_panel(pybp_z_of(run, l), p0);
    const size_t begin = p0 * net->k->panel, end = p1 * net->k->panel;
    const pybp_forward_args args = {
        .rows = run->rows,
        .n_in = layer->n_in,
        .n_out = (end < layer->n_out ? end : layer->n_out) - begin,
        .in = pybp_input_of(run, l),
        .weights = pybp_param_line(net, net->params, l, p0, 0),
        .out = to_z ? z : a,
        .z = to_z ? (pybp_panels){NULL, 0} : z,
        .activate = to_z ? NULL : net->k->activate[layer->desc.activation],
        .params = layer->activation_params,
    };
    net->k->forward(&args);
}

static void dense_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_layer *layer = &run->net->layers[l];
    product(run, l, 0, layer->panels, output == PYBP_OUTPUT_Z);
    if (layer->rowwise && output != PYBP_OUTPUT_Z)
        run->net->k->activate_rows[layer->desc.activation](run->rows, layer->n_out, pybp_output_of(run, l));
}

static void dense_forward_panels(const pybp_run *run, size_t l, size_t p0, size_t p1)
{
    if (p0 < p1)
        product(run, l, p0, p1, false);
}

static void dense_back(const pybp_run *run, size_t l)
{
    const pybp_net *net = run->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_target to = pybp_target_of(run, l, 0);
    const pybp_back_args args = {
        .rows = run->rows,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .delta = pybp_delta_of(run, l),
        .weights = pybp_param_line(net, net->params, l, 0, 0),
        .scratch = run->pass->scratch + (size_t)run->tid * run->pass->scratch_bytes,
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

static void dense_gradient(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    const pybp_layer *layer = &run->net->layers[l];
    run->net->k->gradient(run->rows, pybp_input_of(run, l), pybp_strip(pybp_delta_of(run, l), panel),
                          pybp_cols_of_panel(run->net, layer->n_out, panel), k0, k1, add, g);
}

const pybp_layer_type pybp_layer_dense = {
    .forward = dense_forward, .forward_panels = dense_forward_panels, .back = dense_back, .gradient = dense_gradient};

/* z is the input itself, see workspace.c. */
static void activation_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_kernels *k = run->net->k;
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels z = pybp_input_of(run, l), a = pybp_output_of(run, l);
    if (output == PYBP_OUTPUT_Z)
        return;
    for (size_t p = 0; p < layer->panels; p++) {
        memcpy(pybp_strip(a, p), pybp_strip(z, p), run->rows * PYBP_LINE);
        if (!layer->rowwise)
            k->activate[layer->desc.activation](run->rows, pybp_cols_of_panel(run->net, layer->n_out, p),
                                                layer->activation_params, pybp_strip(a, p));
    }
    if (layer->rowwise)
        k->activate_rows[layer->desc.activation](run->rows, layer->n_out, a);
}

static void activation_back(const pybp_run *run, size_t l)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_target to = pybp_target_of(run, l, 0);
    const pybp_panels delta = pybp_delta_of(run, l);
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++)
        memcpy(pybp_strip(to.out, p), pybp_strip(delta, p), run->rows * PYBP_LINE);
    pybp_deliver(run, layer->n_in, &to);
}

const pybp_layer_type pybp_layer_activation = {.forward = activation_forward, .back = activation_back};
