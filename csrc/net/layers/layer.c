/* What layer types share: the table of types, and giving back. */
#include "net/layers/layer.h"

#include <string.h>

const pybp_layer_type *pybp_layer_type_of(const pybp_net *net, size_t l)
{
    static const pybp_layer_type *const types[PYBP_N_LAYER_KINDS] = {
#define PYBP_LAYER(NAME, name, weights, kept, trained_pass, what, params) [PYBP_LAYER_##NAME] = &pybp_layer_##name,
#include "registry/layers.def"
#undef PYBP_LAYER
    };
    return types[net->layers[l].desc.kind];
}

/* Shares of several readers pile up in turns in two buffers, so that none is read and written at once
 * and the last sum lands in delta. */
pybp_target pybp_target_of(const pybp_run *run, size_t l, int i)
{
    const pybp_net *net = run->net;
    const pybp_link *link = &net->layers[l].link[i];
    const pybp_layer_space *space = &run->pass->layers[link->from];
    pybp_target t = {.wanted = space->delta.at != NULL};
    const pybp_panels delta = pybp_rows_from(space->delta, run->row), sum = pybp_rows_from(space->sum, run->row);
    if (!t.wanted)
        return t;
    t.out = link->into_sum ? sum : delta;
    if (link->adds)
        t.add = link->into_sum ? delta : sum;
    if (i == 0)
        t.keep = pybp_rows_from(run->pass->layers[l].back, run->row);
    if (link->last && link->from >= 0) {
        const pybp_layer *to = &net->layers[link->from];
        t.derive = to->derive;
        t.params = to->activation_params;
        t.x = pybp_derived_from(run, (size_t)link->from);
    }
    return t;
}

void pybp_deliver(const pybp_run *run, size_t n, const pybp_target *t)
{
    const pybp_kernels *k = run->net->k;
    for (size_t p = 0; p * k->panel < n; p++) {
        char *out = pybp_strip(t->out, p);
        if (t->keep.at != NULL)
            memcpy(pybp_strip(t->keep, p), out, run->rows * PYBP_LINE);
        if (t->add.at != NULL)
            k->add_lines(run->rows, pybp_strip(t->add, p), out, out);
        if (t->derive != NULL)
            t->derive(run->rows, pybp_cols_of_panel(run->net, n, p), t->params, pybp_strip(t->x, p), out);
    }
}
