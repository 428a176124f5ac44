/* embedding and join, for columns of categories. The embeddings are the first layers; a join follows them. */
#include "net/layers/layer.h"

/* ---- embedding: a = column k of W, k = a column of the net's input ---- */

/* The category of the first row: in line 0 of its panel, the column's lane. */
static char *categories_of(const pybp_rows *rows, size_t l)
{
    const size_t column = rows->net->layers[l].desc.column, panel = rows->net->k->panel;
    return pybp_panel_at(pybp_input_of(rows, l), column / panel) + column % panel * rows->net->k->size;
}

static void embedding_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels a = pybp_output_of(rows, l);
    (void)output;
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->embed(rows->n, categories_of(rows, l), layer->fan,
                            pybp_param_line(rows->net, rows->net->params, l, p, 0), pybp_panel_at(a, p));
}

static void embedding_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    _Alignas(64) char chunk[PYBP_BLOCK_K * PYBP_LINE];
    rows->net->k->embed_gradient(rows->n, categories_of(rows, l), rows->net->layers[l].fan,
                                 pybp_panel_at(pybp_delta_of(rows, l), panel), k0, k1, add, g, chunk);
}

const pybp_layer_functions pybp_layer_embedding = {.forward = embedding_forward, .gradient = embedding_gradient};

/* ---- join: the input's other columns, then the outputs of the embeddings ---- */

/* The first column from `column` on that no embedding reads; *passed counts the others before it. */
static size_t number_column(const pybp_net *net, size_t column, size_t *passed)
{
    for (; *passed < net->n_category_columns && net->category_columns[*passed] == column; ++*passed)
        column++;
    return column;
}

static void join_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_net *net = rows->net;
    const pybp_panels a = pybp_output_of(rows, l), x = pybp_input_of(rows, l);
    size_t to = 0, passed = 0, column;
    (void)output;
    for (column = number_column(net, 0, &passed); column < net->n_in; column = number_column(net, column + 1, &passed))
        net->k->copy_columns(rows->n, 1, x, column, a, to++);
    for (size_t e = 0; e < l; to += net->layers[e++].n_out)
        net->k->copy_columns(rows->n, net->layers[e].n_out, pybp_output_of(rows, e), 0, a, to);
}

/* Embeddings have no activation and no other reader, so that the join's contribution is their delta. */
static void join_backward(const pybp_rows *rows, size_t l)
{
    const pybp_net *net = rows->net;
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    const pybp_panels delta = pybp_delta_of(rows, l);
    size_t from = 0, passed = 0, column;
    for (column = number_column(net, 0, &passed); column < net->n_in; column = number_column(net, column + 1, &passed)) {
        if (to.wanted)
            net->k->copy_columns(rows->n, 1, delta, from, to.out, column);
        from++;
    }
    for (size_t e = 0; e < l; from += net->layers[e++].n_out)
        net->k->copy_columns(rows->n, net->layers[e].n_out, delta, from, pybp_delta_of(rows, e), 0);
    if (to.wanted)
        pybp_finish_contribution(rows, net->n_in, &to);
}

const pybp_layer_functions pybp_layer_join = {.forward = join_forward, .backward = join_backward};
