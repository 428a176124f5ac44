#include "net/rows/loss.h"

static const struct {
    int link;
    bool per_output;
    pybp_targets_kind targets;
} table[PYBP_N_LOSSES] = {
#define ANY -1
#define SOFTMAX PYBP_ACTIVATION_SOFTMAX
#define SIGMOID PYBP_ACTIVATION_SIGMOID
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) \
    [PYBP_LOSS_##NAME] = {links, per_output, PYBP_TARGETS_##targets},
#include "registry/losses.def"
#undef PYBP_LOSS
#undef ANY
#undef SOFTMAX
#undef SIGMOID
};

pybp_targets_kind pybp_loss_targets(pybp_loss loss)
{
    return table[loss].targets;
}

int pybp_loss_link(pybp_loss loss)
{
    return table[loss].link;
}

pybp_output pybp_loss_output(const pybp_loss_spec *loss)
{
    return table[loss->kind].link >= 0 ? PYBP_OUTPUT_Z : PYBP_OUTPUT_A;
}

size_t pybp_loss_per_target(const pybp_loss_spec *loss)
{
    return loss->kind == PYBP_LOSS_QUANTILE ? (size_t)loss->n_params : 1;
}

double pybp_loss_per_output(const pybp_net *net, const pybp_loss_spec *loss)
{
    return table[loss->kind].per_output ? (double)pybp_last_layer(net)->n_out : 1.0;
}

void pybp_fill_row_scales(const pybp_rows *rows, const pybp_source *source, size_t first, double divisor,
                          double per_output)
{
    const pybp_kernels *k = rows->net->k;
    double scale[PYBP_CHUNK];
    for (size_t r = 0; r < rows->n;) {
        const size_t begin = r, end = rows->n - r < PYBP_CHUNK ? rows->n : r + PYBP_CHUNK;
        for (; r < end; r++)
            scale[r - begin] = pybp_source_weight(source, first + r) / divisor / per_output;
        k->narrow(end - begin, scale, rows->ws->scale + (rows->first + begin) * k->size);
    }
}

void pybp_compute_loss(const pybp_rows *rows, const pybp_loss_spec *loss)
{
    const pybp_workspace *ws = rows->ws;
    const size_t last = rows->net->n_layers - 1, size = rows->net->k->size;
    const pybp_loss_args args = {
        .rows = rows->n,
        .cols = rows->net->layers[last].n_out,
        .z = pybp_z_of(rows, last),
        .a = pybp_output_of(rows, last),
        .labels = ws->y_is_labels ? ws->labels + rows->first : NULL,
        .y = pybp_panels_from_row(ws->y, rows->first),
        .scale = ws->scale + rows->first * size,
        .row_loss = ws->row_loss + rows->first * size,
        .delta = pybp_delta_of(rows, last),
        .params = loss->params,
        .n_params = (size_t)loss->n_params,
        .per_target = pybp_loss_per_target(loss),
    };
    rows->net->k->loss[loss->kind](&args);
    if (pybp_loss_output(loss) == PYBP_OUTPUT_A)
        pybp_compute_output_delta(rows);
}

void pybp_read_row_losses(const pybp_rows *rows, double *losses)
{
    const pybp_kernels *k = rows->net->k;
    k->widen(rows->n, rows->ws->row_loss + rows->first * k->size, losses);
}

void pybp_compute_output_delta(const pybp_rows *rows)
{
    const size_t l = rows->net->n_layers - 1;
    const pybp_kernels *k = rows->net->k;
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels delta = pybp_delta_of(rows, l), from = pybp_derivative_input(rows, l);
    if (layer->rowwise)
        k->derive_rows[layer->desc.activation](rows->n, layer->n_out, from, delta);
    for (size_t p = 0; p < layer->panels && layer->derive != NULL; p++)
        layer->derive(rows->n, pybp_panel_width(rows->net, layer->n_out, p), layer->activation_params,
                      pybp_panel_at(from, p), pybp_panel_at(delta, p));
}
