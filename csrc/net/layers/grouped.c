/* grouped_dense and periodic: dense layers whose outputs read a part of the inputs. */
#include "net/layers/layer.h"

#include <string.h>

/* Copy z, if the workspace keeps it, then apply the activation. */
static void finish(const pybp_rows *rows, size_t l, pybp_activate_panel *activate, pybp_panels out)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels z = pybp_z_of(rows, l);
    for (size_t p = 0; p < layer->panels; p++) {
        if (z.at != NULL && z.at != out.at) {
            memcpy(pybp_panel_at(z, p), pybp_panel_at(out, p), rows->n * PYBP_LINE);
            rows->net->k->flush(rows->n * rows->net->k->panel, pybp_panel_at(z, p));
        }
        if (activate != NULL)
            activate(rows->n, pybp_panel_width(rows->net, layer->n_out, p), layer->activation_params,
                     pybp_panel_at(out, p));
    }
}

/* ---- grouped_dense: z = W x + b for each group of inputs and outputs, a = f(z) ---- */

static pybp_grouped grouped_of(const pybp_rows *rows, size_t l)
{
    const pybp_layer *layer = &rows->net->layers[l];
    return (pybp_grouped){
        .rows = rows->n,
        .fan = layer->fan,
        .width = layer->n_out / layer->desc.groups,
        .n_in = layer->n_in,
        .n_out = layer->n_out,
        .weights = pybp_param_line(rows->net, rows->net->params, l, 0, 0),
        .step = layer->panel_lines,
        .x = pybp_input_of(rows, l),
    };
}

static void grouped_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    pybp_grouped f = grouped_of(rows, l);
    f.out = output == PYBP_OUTPUT_Z ? pybp_z_of(rows, l) : pybp_output_of(rows, l);
    rows->net->k->grouped(&f);
    finish(rows, l, output == PYBP_OUTPUT_Z ? NULL : rows->net->k->activate[layer->desc.activation], f.out);
    if (layer->rowwise && output != PYBP_OUTPUT_Z)
        rows->net->k->activate_rows[layer->desc.activation](rows->n, layer->n_out, f.out);
}

static void grouped_backward(const pybp_rows *rows, size_t l)
{
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    pybp_grouped f = grouped_of(rows, l);
    if (!to.wanted)
        return;
    f.x = to.out;
    f.out = pybp_delta_of(rows, l);
    rows->net->k->grouped_back(&f);
    pybp_finish_contribution(rows, f.n_in, &to);
}

static void grouped_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    const pybp_grouped f = grouped_of(rows, l);
    rows->net->k->grouped_gradient(&f, pybp_panel_at(pybp_delta_of(rows, l), panel), panel, k0, k1, add, g);
}

const pybp_layer_functions pybp_layer_grouped_dense = {
    .forward = grouped_forward,
    .backward = grouped_backward,
    .gradient = grouped_gradient,
};

/* ---- periodic: z = w x + b for each output's column x of the input, a = cos(z) ---- */

/* Outputs that read one column. */
static size_t outputs_per_column(const pybp_layer *layer)
{
    return layer->n_out / layer->n_columns;
}

/* The columns that the outputs of a panel read; padding reads that of the last output. */
static void columns_of_panel(const pybp_net *net, const pybp_layer *layer, size_t panel, size_t column[PYBP_MAX_PANEL])
{
    const size_t width = pybp_panel_width(net, layer->n_out, panel), each = outputs_per_column(layer);
    for (size_t i = 0; i < net->k->panel; i++)
        column[i] = layer->columns[(panel * net->k->panel + (i < width ? i : width - 1)) / each];
}

static void periodic_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_net *net = rows->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_panels a = pybp_output_of(rows, l);
    size_t column[PYBP_MAX_PANEL];
    (void)output;
    for (size_t p = 0; p < layer->panels; p++) {
        columns_of_panel(net, layer, p, column);
        net->k->periodic(rows->n, pybp_input_of(rows, l), column, pybp_param_line(net, net->params, l, p, 0),
                         pybp_param_line(net, net->params, l, p, 1), pybp_panel_at(a, p));
    }
    finish(rows, l, net->k->cosine, a);
}

static void periodic_backward(const pybp_rows *rows, size_t l)
{
    const pybp_net *net = rows->net;
    const pybp_layer *layer = &net->layers[l];
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    if (!to.wanted)
        return;
    for (size_t p = 0; p * net->k->panel < layer->n_in; p++)
        memset(pybp_panel_at(to.out, p), 0, rows->n * PYBP_LINE);
    net->k->periodic_back(rows->n, pybp_delta_of(rows, l), pybp_param_line(net, net->params, l, 0, 0),
                          layer->panel_lines, outputs_per_column(layer), layer->columns, layer->n_columns, to.out);
    pybp_finish_contribution(rows, layer->n_in, &to);
}

static void periodic_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    size_t column[PYBP_MAX_PANEL];
    columns_of_panel(rows->net, &rows->net->layers[l], panel, column);
    rows->net->k->periodic_gradient(rows->n, pybp_input_of(rows, l), column,
                                    pybp_panel_at(pybp_delta_of(rows, l), panel), k1 - k0, add, g);
}

const pybp_layer_functions pybp_layer_periodic = {
    .forward = periodic_forward,
    .backward = periodic_backward,
    .gradient = periodic_gradient,
};
