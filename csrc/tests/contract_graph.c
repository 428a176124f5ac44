/* What the layers of a contract case come to: the sizes that follow from the layers before, by docs/contract.md and
 * the description in pybp.h. */
#include "contract_cases.h"

enum { NONE, VECTOR, MATRIX };
enum { SAME, RANDOM, COUPLED };

static const struct {
    int weights, training;
    double params[PYBP_MAX_LAYER_PARAMS + 1]; /* the defaults */
} kinds[PYBP_N_LAYER_KINDS] = {
#define PYBP_PARAM(name, value, low, low_open, high, high_open) value,
#define PYBP_LAYER(NAME, name, reads, weights, statistics, z, training, what, params) {weights, training, {params 0}},
#include "registry/layers.def"
#undef PYBP_LAYER
#undef PYBP_PARAM
};

int contract_source(size_t l, size_t steps)
{
    return (int)l - 1 - (int)steps;
}

static size_t width_of(const contract_case *c, int place)
{
    return place < 0 ? c->n_in : contract_layer_n_out(c, (size_t)place);
}

size_t contract_layer_n_in(const contract_case *c, size_t l)
{
    if (c->layers[l].kind == PYBP_LAYER_EMBEDDING)
        return 1;
    if (c->layers[l].kind == PYBP_LAYER_JOIN)
        return contract_layer_n_out(c, l);
    return width_of(c, contract_source(l, c->layers[l].from));
}

size_t contract_layer_n_out(const contract_case *c, size_t l)
{
    size_t n = 0;
    switch (c->layers[l].kind) {
    case PYBP_LAYER_DENSE:
    case PYBP_LAYER_GROUPED_DENSE:
    case PYBP_LAYER_PERIODIC:
    case PYBP_LAYER_EMBEDDING:
        return c->layers[l].n_out;
    case PYBP_LAYER_CONCAT:
        return contract_layer_n_in(c, l) + width_of(c, contract_source(l, c->layers[l].skip));
    case PYBP_LAYER_JOIN:
        for (size_t column = 0; column < c->n_in; column++)
            n += contract_categories(c, column) == 0;
        for (size_t e = 0; e < l; e++)
            n += c->layers[e].n_out;
        return n;
    default:
        return contract_layer_n_in(c, l);
    }
}

size_t contract_layer_fan(const contract_case *c, size_t l)
{
    const pybp_layer_desc *layer = &c->layers[l];
    if (kinds[layer->kind].weights == VECTOR)
        return !layer->no_scale;
    if (kinds[layer->kind].weights == NONE)
        return 0;
    if (layer->kind == PYBP_LAYER_PERIODIC)
        return 1;
    if (layer->kind == PYBP_LAYER_GROUPED_DENSE)
        return contract_layer_n_in(c, l) / layer->groups;
    return layer->kind == PYBP_LAYER_EMBEDDING ? layer->n_categories : contract_layer_n_in(c, l);
}

int contract_layer_bias(const contract_case *c, size_t l)
{
    const pybp_layer_desc *layer = &c->layers[l];
    return kinds[layer->kind].weights != NONE && layer->kind != PYBP_LAYER_EMBEDDING &&
           layer->kind != PYBP_LAYER_PARAMETRIC_ACTIVATION && !layer->no_bias && !layer->no_scale;
}

size_t contract_layer_reads(const contract_case *c, size_t l, size_t j)
{
    const pybp_layer_desc *layer = &c->layers[l];
    const size_t n = layer->columns ? layer->n_columns : contract_layer_n_in(c, l);
    if (layer->kind == PYBP_LAYER_GROUPED_DENSE)
        return j / (layer->n_out / layer->groups) * contract_layer_fan(c, l);
    if (layer->kind != PYBP_LAYER_PERIODIC)
        return 0;
    return layer->columns ? layer->columns[j / (layer->n_out / n)] : j / (layer->n_out / n);
}

double contract_layer_param(const contract_case *c, size_t l, int i)
{
    const pybp_layer_desc *layer = &c->layers[l];
    return i < layer->n_params ? layer->params[i] : kinds[layer->kind].params[i];
}

int contract_training_differs(const contract_case *c)
{
    int differs = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        differs |= kinds[c->layers[l].kind].training != SAME;
    return differs;
}

int contract_has(const contract_case *c, pybp_array what, size_t l, int training)
{
    switch (c->layers[l].kind) {
    case PYBP_LAYER_EMBEDDING:
    case PYBP_LAYER_JOIN:
        return 0;
    case PYBP_LAYER_SCALE:
    case PYBP_LAYER_ADD:
    case PYBP_LAYER_CONCAT:
        return what == PYBP_BACK;
    case PYBP_LAYER_DROPOUT:
    case PYBP_LAYER_ALPHA_DROPOUT:
    case PYBP_LAYER_GAUSSIAN_NOISE:
        return what == PYBP_BACK || training;
    default:
        return 1;
    }
}

size_t contract_categories(const contract_case *c, size_t column)
{
    size_t fewest = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        if (c->layers[l].kind == PYBP_LAYER_EMBEDDING && c->layers[l].column == column &&
            (fewest == 0 || c->layers[l].n_categories < fewest))
            fewest = c->layers[l].n_categories;
    return fewest;
}

static int passes_features_on(pybp_layer_kind kind)
{
    switch (kind) {
    case PYBP_LAYER_BATCH_NORM:
    case PYBP_LAYER_LAYER_NORM:
    case PYBP_LAYER_RMS_NORM:
    case PYBP_LAYER_SCALE:
    case PYBP_LAYER_DROPOUT:
    case PYBP_LAYER_ALPHA_DROPOUT:
    case PYBP_LAYER_GAUSSIAN_NOISE:
        return 1;
    default:
        return 0;
    }
}

pybp_activation contract_activation_after(const contract_case *c, size_t l)
{
    const pybp_activation own = c->layers[l].activation;
    if (own != PYBP_ACTIVATION_IDENTITY)
        return own;
    do
        l++;
    while (l < c->n_layers && c->layers[l].from == 0 && passes_features_on(c->layers[l].kind));
    return l < c->n_layers && c->layers[l].from == 0 &&
                   (c->layers[l].kind == PYBP_LAYER_ACTIVATION || c->layers[l].kind == PYBP_LAYER_PARAMETRIC_ACTIVATION)
               ? c->layers[l].activation
               : own;
}

size_t contract_n_out(const contract_case *c)
{
    return contract_layer_n_out(c, c->n_layers - 1);
}

size_t contract_n_parameters(const contract_case *c)
{
    size_t n = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        n += contract_layer_n_out(c, l) * (contract_layer_fan(c, l) + (size_t)contract_layer_bias(c, l));
    return n;
}
