/* dense: z = W a + b, a = f(z). */
#include "net/layer.h"

static pybp_panels input_of(const pybp_run *run, size_t l)
{
    return pybp_rows_from(l == 0 ? run->pass->input : run->pass->layers[l - 1].a, run->row);
}

/* What the derivative of layer l's activation reads. */
static pybp_panels derived_from(const pybp_run *run, size_t l)
{
    const pybp_layer_space *space = &run->pass->layers[l];
    return pybp_rows_from(run->net->layers[l].reads_z ? space->z : space->a, run->row);
}

static size_t cols_of_panel(const pybp_run *run, size_t n, size_t panel)
{
    const size_t left = n - panel * run->net->k->panel;
    return left < run->net->k->panel ? left : run->net->k->panel;
}

static void forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_net *net = run->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_layer_space *space = &run->pass->layers[l];
    const bool to_z = output == PYBP_OUTPUT_Z;
    const pybp_panels a = pybp_rows_from(space->a, run->row), z = pybp_rows_from(space->z, run->row);
    const pybp_forward_args args = {
        .rows = run->rows,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .in = input_of(run, l),
        .weights = pybp_param_line(net, net->params, l, 0, 0),
        .out = to_z ? z : a,
        .z = to_z ? (pybp_panels){NULL, 0} : z,
        .activate = to_z ? NULL : net->k->activate[layer->desc.activation],
        .params = layer->activation_params,
    };
    net->k->forward(&args);
    if (layer->rowwise && !to_z)
        net->k->activate_rows[layer->desc.activation](run->rows, layer->n_out, a);
    if ((run->pass->flags & PYBP_PASS_BACK) && l + 1 < net->n_layers && layer->n_out % net->k->panel != 0)
        net->k->ones(a, run->rows, layer->n_out);
}

static void output_delta(const pybp_run *run, size_t l)
{
    const pybp_kernels *k = run->net->k;
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels x = derived_from(run, l);
    const pybp_panels delta = pybp_rows_from(run->pass->layers[l].delta, run->row);
    if (layer->rowwise) {
        k->derive_rows[layer->desc.activation](run->rows, layer->n_out, x, delta);
        return;
    }
    for (size_t p = 0; p < layer->panels; p++)
        k->derive[layer->desc.activation](run->rows, cols_of_panel(run, layer->n_out, p), layer->activation_params,
                                          x.at + p * x.stride * PYBP_LINE, delta.at + p * delta.stride * PYBP_LINE);
}

static void back(const pybp_run *run, size_t l)
{
    const pybp_net *net = run->net;
    const pybp_pass *pass = run->pass;
    const pybp_layer *layer = &net->layers[l], *before = l > 0 ? &net->layers[l - 1] : NULL;
    const pybp_panels none = {NULL, 0}, kept = pybp_rows_from(pass->layers[l].back, run->row);
    const pybp_back_args args = {
        .rows = run->rows,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .delta = pybp_rows_from(pass->layers[l].delta, run->row),
        .weights = pybp_param_line(net, net->params, l, 0, 0),
        .scratch = pass->scratch + (size_t)run->tid * pass->scratch_bytes,
        .out = l > 0 ? pybp_rows_from(pass->layers[l - 1].delta, run->row) : kept,
        .keep = l > 0 ? kept : none,
        .x = before != NULL ? derived_from(run, l - 1) : none,
        .derive = before != NULL ? net->k->derive[before->desc.activation] : NULL,
        .params = before != NULL ? before->activation_params : NULL,
    };
    net->k->back(&args);
}

static void gradient(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels delta = pybp_rows_from(run->pass->layers[l].delta, run->row);
    run->net->k->gradient(run->rows, input_of(run, l), delta.at + panel * delta.stride * PYBP_LINE,
                          cols_of_panel(run, layer->n_out, panel), k0, k1, add, g);
}

const pybp_layer_type pybp_layer_dense = {forward, output_delta, back, gradient};
