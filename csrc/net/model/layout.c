#include "net/model/layout.h"

#include "base/status.h"
#include "net/model/links.h"

#include <math.h>
#include <stdlib.h>

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

bool pybp_activation_reads_z(pybp_activation activation)
{
    return activations[activation].reads_z;
}

/* ---- sizes ---- */

static size_t width_of(const pybp_net *net, ptrdiff_t from)
{
    return from < 0 ? net->n_in : net->layers[from].n_out;
}

/* Inputs of a join, SIZE_MAX if they are too many. */
static size_t joined_width(const pybp_net *net)
{
    size_t width = net->n_in - net->n_category_columns;
    for (size_t e = 0; e < net->n_embeddings; e++)
        if (!pybp_add_size(width, net->layers[e].n_out, &width))
            return SIZE_MAX;
    return width;
}

static int ascending(const void *a, const void *b)
{
    const size_t x = *(const size_t *)a, y = *(const size_t *)b;
    return (x > y) - (x < y);
}

/* Once all embeddings are sized. False when memory is short. */
static bool list_category_columns(pybp_net *net)
{
    size_t *columns = pybp_alloc_array(net->n_embeddings, sizeof *columns), n = 0;
    if (columns == NULL)
        return false;
    for (size_t e = 0; e < net->n_embeddings; e++)
        columns[e] = net->layers[e].desc.column;
    qsort(columns, net->n_embeddings, sizeof *columns, ascending);
    for (size_t e = 0; e < net->n_embeddings; e++)
        if (n == 0 || columns[e] != columns[n - 1])
            columns[n++] = columns[e];
    net->category_columns = columns;
    net->n_category_columns = n;
    return true;
}

static pybp_status size_embedding(pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    if (l != net->n_embeddings++)
        return pybp_layer_invalid(l, layer, "embeddings come first");
    if (layer->desc.column >= net->n_in)
        return pybp_layer_invalid(l, layer, "the net's input has no such column");
    if (layer->desc.n_categories == 0 || layer->desc.n_categories > (size_t)1 << 24)
        return pybp_layer_invalid(l, layer, "n_categories must be 1 to 2^24");
    layer->n_in = 1;
    layer->fan = layer->desc.n_categories;
    return PYBP_OK;
}

static pybp_status size_grouped(size_t l, pybp_layer *layer)
{
    const size_t groups = layer->desc.groups;
    if (groups == 0 || layer->n_in % groups != 0 || layer->n_out % groups != 0)
        return pybp_fail(PYBP_INVALID, "layer %zu (%s): %zu inputs and %zu outputs can't be cut into %zu groups", l,
                         layer->traits->name, layer->n_in, layer->n_out, groups);
    layer->fan = layer->n_in / groups;
    return PYBP_OK;
}

/* Of a layer that reads some columns, or all. */
static pybp_status size_periodic(size_t l, pybp_layer *layer)
{
    const size_t *given = layer->desc.columns, n = given != NULL ? layer->desc.n_columns : layer->n_in;
    layer->desc.columns = NULL; /* the caller's */
    layer->desc.n_columns = given != NULL ? n : 0;
    layer->fan = 1;
    layer->n_columns = n;
    if (n == 0 || n > layer->n_in || layer->n_out % n != 0)
        return pybp_fail(PYBP_INVALID, "layer %zu (%s): %zu outputs can't read %zu of %zu columns", l,
                         layer->traits->name, layer->n_out, n, layer->n_in);
    if ((layer->columns = pybp_alloc_array(n, sizeof *layer->columns)) == NULL)
        return PYBP_NO_MEMORY;
    for (size_t i = 0; i < n; i++) {
        layer->columns[i] = given != NULL ? given[i] : i;
        if (layer->columns[i] >= layer->n_in || (i > 0 && layer->columns[i] <= layer->columns[i - 1]))
            return pybp_layer_invalid(l, layer, "its columns must be ascending, each one of its input's");
    }
    return PYBP_OK;
}

/* Of a layer whose description says how many outputs it has. */
static pybp_status size_matrix(pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    layer->n_out = layer->desc.n_out;
    layer->fan = layer->n_in;
    if (layer->n_out == 0)
        return pybp_layer_invalid(l, layer, "n_out is 0, expected 1 or more");
    if (layer->desc.kind == PYBP_LAYER_GROUPED_DENSE)
        return size_grouped(l, layer);
    if (layer->traits->z == PYBP_Z_PHASE)
        return size_periodic(l, layer);
    return layer->traits->reads == PYBP_READS_COLUMN ? size_embedding(net, l) : PYBP_OK;
}

/* Of a layer whose number of outputs follows from what it reads. */
static pybp_status size_by_input(pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    const enum pybp_reads reads = layer->traits->reads;
    if (reads == PYBP_READS_JOINED) {
        if (l == 0 || l != net->n_embeddings)
            return pybp_layer_invalid(l, layer, "a join comes right after the embeddings");
        if (!list_category_columns(net))
            return PYBP_NO_MEMORY;
        layer->n_in = joined_width(net);
    }
    layer->n_out = layer->n_in;
    layer->fan = layer->traits->weights == PYBP_WEIGHTS_VECTOR;
    if (layer->desc.kind == PYBP_LAYER_CONCAT) {
        if (!pybp_add_size(layer->n_in, width_of(net, layer->link[1].from), &layer->n_out))
            return PYBP_NO_MEMORY;
    } else if (reads == PYBP_READS_TWO_LAYERS && width_of(net, layer->link[1].from) != layer->n_in) {
        return pybp_fail(PYBP_INVALID, "layer %zu (%s): %zu outputs and %zu can't be added", l, layer->traits->name,
                         layer->n_in, width_of(net, layer->link[1].from));
    }
    if (layer->desc.n_out != 0 && layer->desc.n_out != layer->n_out)
        return pybp_fail(PYBP_INVALID, "layer %zu (%s): n_out is %zu, but it comes to %zu", l, layer->traits->name,
                         layer->desc.n_out, layer->n_out);
    return PYBP_OK;
}

static pybp_status size_layer(pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    layer->n_in = width_of(net, layer->link[0].from);
    return layer->traits->weights == PYBP_WEIGHTS_MATRIX ? size_matrix(net, l) : size_by_input(net, l);
}

/* ---- parameters ---- */

/* The layer's place in a parameter buffer. False if a size overflows. */
static bool place_parameters(pybp_net *net, pybp_layer *layer)
{
    const pybp_layer_traits *traits = layer->traits;
    const bool has_weights = traits->weights != PYBP_WEIGHTS_NONE;
    size_t bytes;
    layer->panels = pybp_count_panels(net, layer->n_out);
    layer->offset = net->lines;
    layer->first = net->n_parameters;
    layer->panel_lines = 0;
    if (has_weights && !pybp_add_size(layer->fan, 1 + traits->statistics, &layer->panel_lines))
        return false;
    if (!pybp_mul_size(layer->panels, layer->panel_lines, &layer->lines) ||
        !pybp_add_size(net->lines, layer->lines, &net->lines) || !pybp_mul_size(net->lines, PYBP_LINE, &bytes))
        return false;
    layer->has_bias =
        has_weights && traits->reads != PYBP_READS_COLUMN && traits->z != PYBP_Z_ACTIVATED && !layer->desc.no_bias &&
        !layer->desc.no_scale;
    if (layer->desc.no_scale)
        layer->fan = 0;
    layer->trained = layer->fan + layer->has_bias;
    layer->count = layer->n_out * layer->trained; /* < 16 lines: no overflow */
    net->n_parameters += layer->count;
    net->n_outputs += layer->n_out;
    return true;
}

/* What the description says about the layer's training. */
static void set_training_options(pybp_net *net, pybp_layer *layer)
{
    const pybp_layer_desc *desc = &layer->desc;
    layer->unscale = desc->parametrization == PYBP_NTK ? sqrt((double)layer->fan) : 1;
    if (layer->traits->z == PYBP_Z_PHASE)
        layer->unscale = 0.15915494309189535; /* 1 / (2 pi) */
    layer->scale = 1 / layer->unscale;
    layer->lr_factor = desc->has_lr_factors ? desc->lr_factor : 1;
    layer->bias_lr_factor = desc->has_lr_factors ? desc->bias_lr_factor : 1;
    layer->plain_rule = layer->scale == 1 && layer->lr_factor == 1 && layer->bias_lr_factor == 1;
    layer->penalized = !desc->frozen && layer->fan > 0 && (desc->l1 > 0 || desc->l2 > 0);
    net->n_penalized += layer->penalized ? layer->n_out : 0;
    net->free_lines += desc->frozen ? 0 : layer->lines;
    net->has_max_norm |= !desc->frozen && desc->max_norm > 0;
    net->plain_gradients &= !layer->penalized && !desc->frozen && layer->scale == 1;
    net->batch_coupled |= layer->traits->training == PYBP_TRAINS_COUPLED;
    net->random |= layer->traits->training == PYBP_TRAINS_RANDOM;
}

/* ---- initialisers and activations ---- */

/* The activation for which layer l's initialiser is chosen: its own, or that of the next layer that is an activation,
 * parametric or not, if there are only norms, scales, dropout and noise in between. */
static pybp_activation next_activation(const pybp_net *net, const pybp_layer_desc *descs, size_t l)
{
    const pybp_activation own = descs[l].activation;
    while (own == PYBP_ACTIVATION_IDENTITY && ++l < net->n_layers && descs[l].from == 0) {
        const pybp_layer_traits *traits = pybp_layer_traits_of(descs[l].kind);
        if (traits->z == PYBP_Z_INPUT || traits->z == PYBP_Z_ACTIVATED)
            return descs[l].activation;
        if (traits->weights != PYBP_WEIGHTS_VECTOR && traits->training == PYBP_TRAINS_SAME)
            break;
    }
    return own;
}

static void resolve_init(const pybp_net *net, pybp_layer *layer, const pybp_layer_desc *descs, size_t l)
{
    pybp_layer_desc *desc = &layer->desc;
    if (desc->init != PYBP_INIT_AUTO || layer->traits->weights != PYBP_WEIGHTS_MATRIX)
        return;
    desc->init = activations[next_activation(net, descs, l)].init;
    if (layer->traits->reads == PYBP_READS_COLUMN || layer->traits->z == PYBP_Z_PHASE) {
        desc->init = PYBP_INIT_NORMAL;
        desc->init_value = layer->traits->z == PYBP_Z_PHASE ? 0.1 : 1;
    }
}

/* What follows from the layer's own description. */
static void describe_layer(const pybp_net *net, size_t l, const pybp_layer_desc *descs)
{
    pybp_layer *layer = &net->layers[l];
    const pybp_layer_desc *desc = &descs[l];
    const pybp_activation activation = desc->activation;
    layer->desc = *desc;
    layer->init_given = desc->init;
    layer->init_value_given = desc->init_value;
    layer->traits = pybp_layer_traits_of(desc->kind);
    resolve_init(net, layer, descs, l);
    layer->rowwise = activations[activation].rowwise;
    layer->reads_z = activations[activation].reads_z;
    if (activation != PYBP_ACTIVATION_IDENTITY && layer->traits->z != PYBP_Z_ACTIVATED)
        layer->derive = net->k->derive[activation];
    if (layer->traits->z == PYBP_Z_PHASE) {
        layer->derive = net->k->cosine_derive;
        layer->reads_z = true;
    }
    for (int i = 0; i < PYBP_MAX_LAYER_PARAMS; i++)
        layer->params[i] = i < desc->n_params ? desc->params[i] : layer->traits->defaults[i];
    net->k->narrow(PYBP_MAX_ACTIVATION_PARAMS, desc->activation_params, layer->activation_params);
}

pybp_status pybp_lay_out(pybp_net *net, const pybp_layer_desc *descs)
{
    net->plain_gradients = true;
    for (size_t l = 0; l < net->n_layers; l++) {
        pybp_layer *layer = &net->layers[l];
        pybp_status status;
        describe_layer(net, l, descs);
        if ((status = pybp_link_layer(net, l)) != PYBP_OK || (status = size_layer(net, l)) != PYBP_OK)
            return status;
        if (!place_parameters(net, layer))
            return PYBP_NO_MEMORY;
        set_training_options(net, layer);
    }
    return pybp_link_readers(net);
}
