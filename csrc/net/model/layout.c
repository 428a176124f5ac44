/* From a description to a layout: what each layer reads, how wide it is, where its parameters lie, and how what its
 * readers give back is summed. */
#include "base/status.h"
#include "net/layers/layer.h"

static const struct {
    bool rowwise, reads_z;
    pybp_initializer init;
} activations[PYBP_N_ACTIVATIONS] = {
#define ELEMENTWISE false
#define ROWWISE true
#define A false
#define Z true
#define PYBP_ACTIVATION(NAME, name, kind, init, reads, formula, derivative, params) \
    [PYBP_ACTIVATION_##NAME] = {kind, reads, PYBP_INIT_##init},
#include "registry/activations.def"
#undef PYBP_ACTIVATION
#undef ELEMENTWISE
#undef ROWWISE
#undef A
#undef Z
};

#define PYBP_PARAM(name, value, low, low_open, high, high_open) value,
static const struct {
    const char *name;
    enum pybp_weights_kind weights;
    size_t kept;
    bool unlike;
    double defaults[PYBP_MAX_LAYER_PARAMS + 1];
} kinds[PYBP_N_LAYER_KINDS] = {
#define SAME false
#define UNLIKE true
#define PYBP_LAYER(NAME, name, weights, kept, trained_pass, what, params) \
    [PYBP_LAYER_##NAME] = {#name, PYBP_WEIGHTS_##weights, kept, trained_pass, {params 0}},
#include "registry/layers.def"
#undef PYBP_LAYER
#undef SAME
#undef UNLIKE
};
#undef PYBP_PARAM

static pybp_status bad(size_t l, const pybp_layer *layer, const char *what)
{
    return pybp_fail(PYBP_INVALID, "layer %zu (%s): %s", l, kinds[layer->desc.kind].name, what);
}

/* ---- what is read ---- */

static size_t width_of(const pybp_net *net, ptrdiff_t from)
{
    return from < 0 ? net->n_in : net->layers[from].n_out;
}

/* The place `back` places before the one before layer l. */
static bool place(size_t l, size_t back, ptrdiff_t *from)
{
    *from = (ptrdiff_t)l - 1 - (ptrdiff_t)back;
    return back <= l;
}

static pybp_status link_layer(const pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    const pybp_layer_kind kind = layer->desc.kind;
    const bool from_input = kind == PYBP_LAYER_EMBEDDING || kind == PYBP_LAYER_JOIN;
    layer->n_links = kind == PYBP_LAYER_ADD ? 2 : kind == PYBP_LAYER_EMBEDDING ? 0 : 1;
    if (!place(l, from_input ? l : layer->desc.from, &layer->link[0].from))
        return bad(l, layer, "its input lies before the net's input");
    if (!place(l, layer->desc.skip, &layer->link[1].from))
        return bad(l, layer, "its other input lies before the net's input");
    if (layer->desc.skip != 0 && kind != PYBP_LAYER_ADD)
        return bad(l, layer, "only add has a skip");
    if (layer->desc.from != 0 && from_input)
        return bad(l, layer, "it reads the net's input, not another layer");
    for (int i = 0; i < layer->n_links; i++) {
        const ptrdiff_t from = layer->link[i].from;
        if (!from_input && (from < 0 ? net->n_embeddings > 0 : (size_t)from < net->n_embeddings))
            return bad(l, layer, "only join reads embeddings, and the input beside them");
    }
    return PYBP_OK;
}

/* ---- sizes ---- */

static size_t joined_width(const pybp_net *net, size_t l)
{
    size_t width = 0;
    for (size_t column = 0; column < net->n_in; column++) {
        bool category = false;
        for (size_t e = 0; e < l && !category; e++)
            category = net->layers[e].desc.column == column;
        width += !category;
    }
    for (size_t e = 0; e < l; e++)
        if (!pybp_add_size(width, net->layers[e].n_out, &width))
            return SIZE_MAX;
    return width;
}

static pybp_status size_embedding(pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    if (l != net->n_embeddings++)
        return bad(l, layer, "embeddings come first");
    if (layer->desc.column >= net->n_in)
        return bad(l, layer, "the net's input has no such column");
    if (layer->desc.n_categories == 0 || layer->desc.n_categories > (size_t)1 << 24)
        return bad(l, layer, "n_categories must be 1 to 2^24");
    layer->n_in = 1;
    layer->fan = layer->desc.n_categories;
    return PYBP_OK;
}

static pybp_status size_layer(pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    const pybp_layer_kind kind = layer->desc.kind;
    size_t natural = layer->n_in = width_of(net, layer->link[0].from);
    layer->n_out = layer->desc.n_out;
    layer->fan = layer->weights == PYBP_WEIGHTS_MATRIX ? layer->n_in : layer->weights == PYBP_WEIGHTS_VECTOR ? 1 : 0;
    if (layer->weights == PYBP_WEIGHTS_MATRIX) {
        if (layer->n_out == 0)
            return bad(l, layer, "n_out is 0, expected 1 or more");
        return kind == PYBP_LAYER_EMBEDDING ? size_embedding(net, l) : PYBP_OK;
    }
    if (kind == PYBP_LAYER_JOIN) {
        if (l == 0 || l != net->n_embeddings)
            return bad(l, layer, "a join comes right after the embeddings");
        natural = layer->n_in = joined_width(net, l);
    }
    if (kind == PYBP_LAYER_ADD && width_of(net, layer->link[1].from) != natural)
        return pybp_fail(PYBP_INVALID, "layer %zu (add): %zu outputs and %zu can't be added", l, natural,
                         width_of(net, layer->link[1].from));
    if (layer->n_out != 0 && layer->n_out != natural)
        return pybp_fail(PYBP_INVALID, "layer %zu (%s): n_out is %zu, but it comes to %zu", l, kinds[kind].name,
                         layer->n_out, natural);
    layer->n_out = natural;
    return PYBP_OK;
}

/* False if a size overflows. */
static bool place_parameters(pybp_net *net, pybp_layer *layer)
{
    size_t bytes;
    layer->panels = layer->n_out / net->k->panel + (layer->n_out % net->k->panel != 0);
    layer->offset = net->lines;
    layer->first = net->n_parameters;
    layer->panel_lines = 0;
    if (layer->weights != PYBP_WEIGHTS_NONE &&
        !pybp_add_size(layer->fan, 1 + kinds[layer->desc.kind].kept, &layer->panel_lines))
        return false;
    if (!pybp_mul_size(layer->panels, layer->panel_lines, &layer->lines) ||
        !pybp_add_size(net->lines, layer->lines, &net->lines) || !pybp_mul_size(net->lines, PYBP_LINE, &bytes))
        return false;
    layer->has_bias = layer->weights != PYBP_WEIGHTS_NONE && !layer->desc.no_bias && !layer->desc.no_scale &&
                      layer->desc.kind != PYBP_LAYER_EMBEDDING;
    if (layer->desc.no_scale)
        layer->fan = 0;
    layer->trained = layer->fan + layer->has_bias;
    layer->count = layer->n_out * layer->trained; /* < 16 lines: no overflow */
    net->n_parameters += layer->count;
    net->n_outputs += layer->n_out;
    pybp_layer_options(net, layer);
    return true;
}

/* ---- what goes back ---- */

/* Shares come from the last reader to the first, in turns into delta and sum so that the last one ends in delta. */
static pybp_status count_readers(pybp_net *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        pybp_layer *layer = &net->layers[l];
        layer->last_reader = (ptrdiff_t)l;
    }
    for (size_t l = 0; l < net->n_layers; l++)
        for (int i = 0; i < net->layers[l].n_links; i++) {
            const ptrdiff_t from = net->layers[l].link[i].from;
            int *readers = from < 0 ? &net->input_readers : &net->layers[from].readers;
            ++*readers;
            if (from >= 0)
                net->layers[from].last_reader = (ptrdiff_t)l;
        }
    for (size_t e = 0; e < net->n_embeddings; e++) {
        net->layers[e].readers = 1;
        net->layers[e].last_reader = (ptrdiff_t)net->n_embeddings;
    }
    if (net->n_embeddings == net->n_layers)
        return bad(0, &net->layers[0], "after embeddings comes a join");
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (net->layers[l].readers == 0)
            return bad(l, &net->layers[l], "no layer reads it");
    return PYBP_OK;
}

static void plan_shares(pybp_net *net)
{
    int input_shares = 0;
    for (size_t l = net->n_layers; l-- > 0;)
        for (int i = 0; i < net->layers[l].n_links; i++) {
            pybp_link *link = &net->layers[l].link[i];
            pybp_layer *to = link->from < 0 ? NULL : &net->layers[link->from];
            const int left = to == NULL ? net->input_readers - ++input_shares : to->readers - ++to->shares;
            const int share = to == NULL ? input_shares : to->shares;
            link->into_sum = left % 2 != 0;
            link->adds = share > 1;
            link->last = left == 0;
        }
}

/* ---- all of it ---- */

/* The activation that layer l's outputs meet first: its own, or that of an activation layer behind layers that do
 * not change what a weight is good for. */
static pybp_activation meets(const pybp_net *net, const pybp_layer_desc *descs, size_t l)
{
    const pybp_activation own = descs[l].activation;
    while (own == PYBP_ACTIVATION_IDENTITY && ++l < net->n_layers && descs[l].from == 0) {
        const pybp_layer_kind kind = descs[l].kind;
        if (kind == PYBP_LAYER_ACTIVATION)
            return descs[l].activation;
        if (kinds[kind].weights != PYBP_WEIGHTS_VECTOR && !kinds[kind].unlike)
            break;
    }
    return own;
}

static void resolve_init(const pybp_net *net, pybp_layer_desc *desc, const pybp_layer_desc *descs, size_t l)
{
    if (desc->init != PYBP_INIT_AUTO)
        return;
    desc->init = activations[meets(net, descs, l)].init;
    if (desc->kind == PYBP_LAYER_EMBEDDING) {
        desc->init = PYBP_INIT_NORMAL;
        desc->init_value = 1;
    }
}

static void resolve(const pybp_net *net, size_t l, const pybp_layer_desc *descs)
{
    pybp_layer *layer = &net->layers[l];
    const pybp_layer_desc *desc = &descs[l];
    const pybp_activation activation = desc->activation;
    layer->desc = *desc;
    resolve_init(net, &layer->desc, descs, l);
    layer->weights = kinds[desc->kind].weights;
    layer->idle = kinds[desc->kind].unlike && desc->kind != PYBP_LAYER_BATCH_NORM;
    layer->batch_coupled = pybp_layer_type_of(net, l)->couple_forward != NULL;
    layer->rowwise = activations[activation].rowwise;
    layer->reads_z = activations[activation].reads_z;
    layer->derive = activation == PYBP_ACTIVATION_IDENTITY ? NULL : net->k->derive[activation];
    for (int i = 0; i < PYBP_MAX_LAYER_PARAMS; i++)
        layer->params[i] = i < desc->n_params ? desc->params[i] : kinds[desc->kind].defaults[i];
    net->k->narrow(PYBP_MAX_ACTIVATION_PARAMS, desc->activation_params, layer->activation_params);
}

pybp_status pybp_lay_out(pybp_net *net, const pybp_layer_desc *descs)
{
    pybp_status status;
    net->plain_gradients = true;
    for (size_t l = 0; l < net->n_layers; l++) {
        pybp_layer *layer = &net->layers[l];
        resolve(net, l, descs);
        if ((status = link_layer(net, l)) != PYBP_OK || (status = size_layer(net, l)) != PYBP_OK)
            return status;
        if (!place_parameters(net, layer))
            return PYBP_NO_MEMORY;
        net->batch_coupled |= layer->batch_coupled;
        net->random |= layer->idle;
    }
    if ((status = count_readers(net)) != PYBP_OK)
        return status;
    plan_shares(net);
    return PYBP_OK;
}
