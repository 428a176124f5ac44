#include "net/layers/layer.h"

#include <string.h>

const pybp_layer_functions *pybp_layer_functions_of(const pybp_net *net, size_t l)
{
    static const pybp_layer_functions *const functions[PYBP_N_LAYER_KINDS] = {
#define PYBP_LAYER(NAME, name, reads, weights, statistics, z, training, what, params) \
    [PYBP_LAYER_##NAME] = &pybp_layer_##name,
#include "registry/layers.def"
#undef PYBP_LAYER
    };
    return functions[net->layers[l].desc.kind];
}

pybp_contribution pybp_contribution_of(const pybp_rows *rows, size_t l, int i)
{
    const pybp_net *net = rows->net;
    const pybp_link *link = &net->layers[l].link[i];
    const pybp_layer_buffers *read = &rows->ws->layers[link->from];
    const pybp_panels delta = pybp_panels_from_row(read->delta, rows->first);
    const pybp_panels sum = pybp_panels_from_row(read->sum, rows->first);
    pybp_contribution c = {.wanted = delta.at != NULL};
    if (!c.wanted)
        return c;
    c.out = link->into_sum ? sum : delta;
    if (link->adds)
        c.add = link->into_sum ? delta : sum;
    if (i == 0)
        c.keep = pybp_panels_from_row(rows->ws->layers[l].back, rows->first);
    if (link->last && link->from >= 0) {
        const pybp_layer *to = &net->layers[link->from];
        c.derive = to->derive;
        c.params = to->activation_params;
        c.x = pybp_derivative_input(rows, (size_t)link->from);
    }
    return c;
}

void pybp_finish_contribution(const pybp_rows *rows, size_t n, const pybp_contribution *to)
{
    const pybp_kernels *k = rows->net->k;
    for (size_t p = 0; p * k->panel < n; p++) {
        char *out = pybp_panel_at(to->out, p);
        if (to->keep.at != NULL)
            memcpy(pybp_panel_at(to->keep, p), out, rows->n * PYBP_LINE);
        if (to->add.at != NULL)
            k->add_lines(rows->n, pybp_panel_at(to->add, p), out, out);
        if (to->derive != NULL)
            to->derive(rows->n, pybp_panel_width(rows->net, n, p), to->params, pybp_panel_at(to->x, p), out);
    }
}

void pybp_contribute_delta(const pybp_rows *rows, size_t l, int link)
{
    const pybp_contribution to = pybp_contribution_of(rows, l, link);
    const size_t n = rows->net->layers[l].n_in;
    if (!to.wanted)
        return;
    pybp_copy_panels(rows, n, pybp_delta_of(rows, l), to.out);
    pybp_finish_contribution(rows, n, &to);
}

void pybp_copy_panels(const pybp_rows *rows, size_t n, pybp_panels from, pybp_panels to)
{
    for (size_t p = 0; p * rows->net->k->panel < n && from.at != to.at; p++)
        memcpy(pybp_panel_at(to, p), pybp_panel_at(from, p), rows->n * PYBP_LINE);
}
