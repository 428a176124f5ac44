/* Layers that bring several together: add, for residual blocks; embedding and join, for columns of categories. */
#include "net/layers/layer.h"

#include <string.h>

/* ---- add: a = x + skip ---- */

static void add_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels x = pybp_input_of(run, l), a = pybp_output_of(run, l);
    const pybp_panels skip = pybp_rows_from(run->pass->layers[layer->link[1].from].a, run->row);
    (void)output;
    for (size_t p = 0; p < layer->panels; p++)
        run->net->k->add_lines(run->rows, pybp_strip(x, p), pybp_strip(skip, p), pybp_strip(a, p));
}

static void add_back(const pybp_run *run, size_t l)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels delta = pybp_delta_of(run, l);
    for (int i = 0; i < 2; i++) {
        const pybp_target to = pybp_target_of(run, l, i);
        if (!to.wanted)
            continue;
        for (size_t p = 0; p < layer->panels; p++)
            memcpy(pybp_strip(to.out, p), pybp_strip(delta, p), run->rows * PYBP_LINE);
        pybp_deliver(run, layer->n_in, &to);
    }
}

const pybp_layer_type pybp_layer_add = {.forward = add_forward, .back = add_back};

/* ---- embedding: a = column k of W, k = a column of the net's input ---- */

/* Line 0 of the panel, moved to the column's lane. */
static char *categories_of(const pybp_run *run, size_t l)
{
    const size_t column = run->net->layers[l].desc.column, panel = run->net->k->panel;
    return pybp_strip(pybp_input_of(run, l), column / panel) + column % panel * run->net->k->size;
}

static void embedding_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels a = pybp_output_of(run, l);
    (void)output;
    for (size_t p = 0; p < layer->panels; p++)
        run->net->k->embed(run->rows, categories_of(run, l), layer->fan,
                           pybp_param_line(run->net, run->net->params, l, p, 0), pybp_strip(a, p));
}

static void embedding_back(const pybp_run *run, size_t l)
{
    (void)run;
    (void)l;
}

static void embedding_gradient(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    _Alignas(64) char chunk[PYBP_BLOCK_K * PYBP_LINE];
    run->net->k->embed_gradient(run->rows, categories_of(run, l), run->net->layers[l].fan,
                                pybp_strip(pybp_delta_of(run, l), panel), k0, k1, add, g, chunk);
}

const pybp_layer_type pybp_layer_embedding = {.forward = embedding_forward, .back = embedding_back,
                                              .gradient = embedding_gradient};

/* ---- join: the input's other columns, then the embeddings, which are all layers before it ---- */

static bool is_category(const pybp_net *net, size_t join, size_t column)
{
    for (size_t l = 0; l < join; l++)
        if (net->layers[l].desc.column == column)
            return true;
    return false;
}

static void join_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_net *net = run->net;
    const pybp_panels a = pybp_output_of(run, l), x = pybp_input_of(run, l);
    size_t to = 0;
    (void)output;
    for (size_t column = 0; column < net->n_in; column++)
        if (!is_category(net, l, column))
            net->k->copy_column(run->rows, x, column, a, to++);
    for (size_t e = 0; e < l; e++)
        for (size_t j = 0; j < net->layers[e].n_out; j++)
            net->k->copy_column(run->rows, pybp_output_of(run, e), j, a, to++);
}

/* Embeddings have no activation and no other reader, so what they get is their delta. */
static void join_back(const pybp_run *run, size_t l)
{
    const pybp_net *net = run->net;
    const pybp_target to = pybp_target_of(run, l, 0);
    const pybp_panels delta = pybp_delta_of(run, l);
    size_t from = 0;
    for (size_t column = 0; column < net->n_in; column++)
        if (!is_category(net, l, column)) {
            if (to.wanted)
                net->k->copy_column(run->rows, delta, from, to.out, column);
            from++;
        }
    for (size_t e = 0; e < l; e++)
        for (size_t j = 0; j < net->layers[e].n_out; j++)
            net->k->copy_column(run->rows, delta, from++, pybp_delta_of(run, e), j);
    if (to.wanted)
        pybp_deliver(run, net->n_in, &to);
}

const pybp_layer_type pybp_layer_join = {.forward = join_forward, .back = join_back};
