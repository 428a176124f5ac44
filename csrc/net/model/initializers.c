/* Initial weights: every element from its own random word, so no order of execution matters. */
#include "base/random.h"
#include "math/normal_quantile.h"
#include "net/model/net.h"
#include "math/orthogonal.h"

enum { AUTO, CONSTANT, UNIFORM, NORMAL, TRUNCATED, ORTHOGONAL };
enum { IN, AVG, VALUE };

typedef struct rule {
    int distribution;
    int fan;
    double scale;
} init_rule;

static const init_rule rules[PYBP_N_INITIALIZERS] = {
#define PYBP_INITIALIZER(NAME, name, dist, fan, scale, text) [PYBP_INIT_##NAME] = {dist, fan, scale},
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
};

static double deviate(int distribution, uint64_t word)
{
    const double u = pybp_uniform(word);
    if (distribution == UNIFORM)
        return 2 * u - 1;
    if (distribution == TRUNCATED) /* from P(-2) to P(2), P the normal distribution function */
        return pybp_normal_quantile(0.022750131948179207 + 0.9544997361036416 * u);
    return pybp_normal_quantile(u);
}

/* What deviates are multiplied by. */
static double spread(const pybp_layer *layer)
{
    const init_rule *rule = &rules[layer->desc.init];
    const double n_in = (double)layer->fan, n_out = (double)layer->n_out;
    if (rule->fan == VALUE)
        return layer->desc.init_value;
    const double fan = rule->fan == AVG ? (n_in + n_out) / 2 : n_in;
    return __builtin_sqrt((rule->distribution == UNIFORM ? 3 * rule->scale : rule->scale) / fan);
}

static char *place(pybp_net *net, size_t l, size_t j, size_t i)
{
    const pybp_kernels *k = net->k;
    return pybp_param_line(net, net->params, l, j / k->panel, i) + j % k->panel * k->size;
}

/* Each deviate (j, i) of layer l goes to put(net, l, j, i, deviate, to). */
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
    net->k->set(place(net, l, j, i), *factor * deviate * net->layers[l].scale);
}

/* Element (j, i) of the tall one of W and its transpose, columns contiguous. */
static size_t tall(const pybp_layer *layer, size_t j, size_t i)
{
    return layer->n_out < layer->fan ? j * layer->fan + i : i * layer->n_out + j;
}

static void put_tall(pybp_net *net, size_t l, size_t j, size_t i, double deviate, double *matrix)
{
    matrix[tall(&net->layers[l], j, i)] = deviate;
}

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
                net->k->set(place(net, l, j, i), layer->desc.init_value * q[tall(layer, j, i)] * layer->scale);
    }
    pybp_free(a);
    pybp_free(squares);
    pybp_free(q);
    return fine;
}

/* Scales and running variances are 1; the rest of the lines, running means among them, stays 0. */
static void start_lines(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    for (size_t j = 0; j < layer->n_out && layer->weights == PYBP_WEIGHTS_VECTOR; j++) {
        net->k->set(place(net, l, j, PYBP_LINE_SCALE), 1);
        if (layer->panel_lines > PYBP_LINE_RUNNING_VAR)
            net->k->set(place(net, l, j, PYBP_LINE_RUNNING_VAR), 1);
    }
}

static void start_biases(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    for (size_t j = 0; j < layer->n_out && layer->has_bias; j++) {
        uint64_t word;
        pybp_random_words(net->seed, PYBP_STREAM_WEIGHTS, l, 1, j, 1, &word);
        const double noise = layer->desc.bias_std == 0 ? 0 : layer->desc.bias_std * deviate(NORMAL, word);
        net->k->set(place(net, l, j, layer->fan), layer->desc.bias_init + noise);
    }
}

static bool initialize_layer(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    const init_rule *rule = &rules[layer->desc.init];
    double factor = spread(layer);
    start_biases(net, l);
    if (layer->weights != PYBP_WEIGHTS_MATRIX) {
        start_lines(net, l);
        return true;
    }
    if (rule->distribution == ORTHOGONAL)
        return make_orthogonal(net, l);
    if (rule->distribution != CONSTANT) {
        draw(net, l, put_weight, &factor);
        return true;
    }
    for (size_t j = 0; j < layer->n_out; j++)
        for (size_t i = 0; i < layer->fan; i++)
            net->k->set(place(net, l, j, i), rule->scale == 0 ? 0 : layer->desc.init_value * layer->scale);
    return true;
}

bool pybp_initialize(pybp_net *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (!initialize_layer(net, l))
            return false;
    return true;
}
