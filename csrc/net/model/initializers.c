#include "net/model/initializers.h"

#include "base/random.h"
#include "math/normal_quantile.h"
#include "math/orthogonal.h"

enum { AUTO, CONSTANT, UNIFORM, NORMAL, TRUNCATED, ORTHOGONAL };
enum { IN, AVG, VALUE };

typedef struct init_rule {
    int distribution;
    int fan;
    double scale;
} init_rule;

static const init_rule rules[PYBP_N_INITIALIZERS] = {
#define PYBP_INITIALIZER(NAME, name, dist, fan, scale, text) [PYBP_INIT_##NAME] = {dist, fan, scale},
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
};

/* A deviate of limit, or standard deviation, 1. */
static double deviate(int distribution, uint64_t word)
{
    const double u = pybp_uniform(word);
    if (distribution == UNIFORM)
        return 2 * u - 1;
    if (distribution == TRUNCATED) /* from P(-2) to P(2), P the normal distribution function */
        return pybp_normal_quantile(0.022750131948179207 + 0.9544997361036416 * u);
    return pybp_normal_quantile(u);
}

/* The factor of a layer's deviates. */
static double spread(const pybp_layer *layer)
{
    const init_rule *rule = &rules[layer->desc.init];
    const size_t groups = layer->desc.kind == PYBP_LAYER_GROUPED_DENSE ? layer->desc.groups : 1;
    const double n_in = (double)layer->fan, n_out = (double)(layer->n_out / groups);
    if (rule->fan == VALUE)
        return layer->desc.init_value;
    const double fan = rule->fan == AVG ? (n_in + n_out) / 2 : n_in;
    return __builtin_sqrt((rule->distribution == UNIFORM ? 3 * rule->scale : rule->scale) / fan);
}

static void set_param(pybp_net *net, size_t l, size_t j, size_t i, double value)
{
    net->k->set(pybp_param_at(net, net->params, l, j, i), value);
}

/* Call put(net, l, j, i, deviate, to) for each weight (j, i) of layer l. Each deviate is made of a random word that
 * depends on the position of the weight only (random.h), so that the order of calls does not matter. */
static void draw(pybp_net *net, size_t l, void (*put)(pybp_net *, size_t, size_t, size_t, double, double *), double *to)
{
    const pybp_layer *layer = &net->layers[l];
    const int distribution = rules[layer->desc.init].distribution;
    uint64_t words[256];
    for (size_t j = 0; j < layer->n_out; j++)
        for (size_t i = 0; i < layer->fan; i++) {
            if (i % 256 == 0)
                pybp_random_words(net->seed, PYBP_STREAM_WEIGHTS, l, 0, j * layer->fan + i,
                                  layer->fan - i < 256 ? layer->fan - i : 256, words);
            put(net, l, j, i, deviate(distribution, words[i % 256]), to);
        }
}

static void put_weight(pybp_net *net, size_t l, size_t j, size_t i, double deviate, double *factor)
{
    set_param(net, l, j, i, *factor * deviate * net->layers[l].scale);
}

/* The index of weight (j, i) in W or its transpose, whichever has no more columns than rows, stored by columns. */
static size_t tall_index(const pybp_layer *layer, size_t j, size_t i)
{
    return layer->n_out < layer->fan ? j * layer->fan + i : i * layer->n_out + j;
}

static void put_tall(pybp_net *net, size_t l, size_t j, size_t i, double deviate, double *matrix)
{
    matrix[tall_index(&net->layers[l], j, i)] = deviate;
}

/* False when memory is short. */
static bool make_orthogonal(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    const bool wide = layer->n_out < layer->fan;
    const size_t m = wide ? layer->fan : layer->n_out, n = wide ? layer->n_out : layer->fan;
    size_t count, bytes;
    double *a = NULL, *squares = NULL, *q = NULL;
    if (pybp_mul_size(m, n, &count) && pybp_mul_size(count, sizeof *a, &bytes)) {
        a = pybp_alloc(bytes);
        squares = pybp_alloc(n * sizeof *squares);
        q = pybp_alloc(bytes);
    }
    const bool fine = a != NULL && squares != NULL && q != NULL;
    if (fine) {
        draw(net, l, put_tall, a);
        pybp_orthogonal(m, n, a, squares, q);
        for (size_t j = 0; j < layer->n_out; j++)
            for (size_t i = 0; i < layer->fan; i++)
                set_param(net, l, j, i, layer->desc.init_value * q[tall_index(layer, j, i)] * layer->scale);
    }
    pybp_free(a);
    pybp_free(squares);
    pybp_free(q);
    return fine;
}

/* Scales and running variances are 1. Running means stay 0. */
static void initialize_vector(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    for (size_t j = 0; j < layer->n_out && layer->traits->weights == PYBP_WEIGHTS_VECTOR; j++) {
        set_param(net, l, j, PYBP_LINE_SCALE, 1);
        if (layer->traits->statistics > 0)
            set_param(net, l, j, PYBP_LINE_RUNNING_VAR, 1);
    }
}

/* What is added to the initial value of a bias. */
static double bias_noise(const pybp_layer *layer, uint64_t word)
{
    const double pi = 3.141592653589793;
    if (layer->traits->z == PYBP_Z_PHASE)
        return pi * deviate(UNIFORM, word);
    return layer->desc.bias_std == 0 ? 0 : layer->desc.bias_std * deviate(NORMAL, word);
}

static void initialize_biases(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    for (size_t j = 0; j < layer->n_out && layer->has_bias; j++) {
        uint64_t word;
        pybp_random_words(net->seed, PYBP_STREAM_WEIGHTS, l, 1, j, 1, &word);
        set_param(net, l, j, layer->fan, layer->desc.bias_init + bias_noise(layer, word));
    }
}

static void fill_constant(pybp_net *net, size_t l, double value)
{
    for (size_t j = 0; j < net->layers[l].n_out; j++)
        for (size_t i = 0; i < net->layers[l].fan; i++)
            set_param(net, l, j, i, value);
}

static bool initialize_matrix(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    const init_rule *rule = &rules[layer->desc.init];
    double factor = spread(layer);
    if (rule->distribution == ORTHOGONAL)
        return make_orthogonal(net, l);
    if (rule->distribution == CONSTANT)
        fill_constant(net, l, rule->scale == 0 ? 0 : layer->desc.init_value * layer->scale);
    else
        draw(net, l, put_weight, &factor);
    return true;
}

bool pybp_draw_parameters(pybp_net *net, bool zeroed)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        initialize_vector(net, l);
        if (zeroed)
            continue;
        initialize_biases(net, l);
        if (net->layers[l].traits->weights == PYBP_WEIGHTS_MATRIX && !initialize_matrix(net, l))
            return false;
    }
    return true;
}
