/* activation and parametric_activation. */
#include "net/layers/layer.h"

/* Apply layer l's activation, which is elementwise, to its panels of z, in place. */
static void activate(const pybp_rows *rows, size_t l, pybp_panels z)
{
    const pybp_layer *layer = &rows->net->layers[l];
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->activate[layer->desc.activation](rows->n, pybp_panel_width(rows->net, layer->n_out, p),
                                                       layer->activation_params, pybp_panel_at(z, p));
}

/* ---- activation: a = f(z), where z is the input. Its derivative is applied to the sum of its readers'
 * contributions, so that its own contribution is its delta. ---- */

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
    activate(rows, l, a);
}

static void activation_backward(const pybp_rows *rows, size_t l)
{
    pybp_contribute_delta(rows, l, 0);
}

const pybp_layer_functions pybp_layer_activation = {.forward = activation_forward, .backward = activation_backward};

/* ---- parametric_activation: z = f(x), a = x + alpha (z - x), with a weight alpha for each feature ---- */

static char *alpha_of(const pybp_rows *rows, size_t l, size_t panel)
{
    return pybp_param_line(rows->net, rows->net->params, l, panel, PYBP_LINE_SCALE);
}

static void parametric_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels x = pybp_input_of(rows, l), a = pybp_output_of(rows, l), z = pybp_z_of(rows, l);
    const pybp_panels f = z.at != NULL ? z : a;
    (void)output;
    pybp_copy_panels(rows, layer->n_out, x, f);
    activate(rows, l, f);
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->mix(rows->n, pybp_panel_at(x, p), pybp_panel_at(f, p), alpha_of(rows, l, p), pybp_panel_at(a, p));
}

static void parametric_backward(const pybp_rows *rows, size_t l)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    const pybp_panels delta = pybp_delta_of(rows, l);
    const pybp_panels from = layer->reads_z ? pybp_input_of(rows, l) : pybp_z_of(rows, l); /* of f' */
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++) {
        char *out = pybp_panel_at(to.out, p);
        k->scale(rows->n, pybp_panel_at(delta, p), alpha_of(rows, l, p), out);
        k->derive[layer->desc.activation](rows->n, pybp_panel_width(rows->net, layer->n_out, p),
                                          layer->activation_params, pybp_panel_at(from, p), out);
        k->mix_back(rows->n, pybp_panel_at(delta, p), alpha_of(rows, l, p), out);
    }
    pybp_finish_contribution(rows, layer->n_in, &to);
}

static void parametric_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    (void)k0;
    (void)k1;
    rows->net->k->mix_sums(rows->n, pybp_panel_at(pybp_delta_of(rows, l), panel),
                           pybp_panel_at(pybp_input_of(rows, l), panel), pybp_panel_at(pybp_z_of(rows, l), panel), add,
                           g);
}

const pybp_layer_functions pybp_layer_parametric_activation = {
    .forward = parametric_forward,
    .backward = parametric_backward,
    .gradient = parametric_gradient,
};
