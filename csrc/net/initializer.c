/* Initial weights: every element from its own random word, so no order of execution matters. */
#define PYBP_ISA_SCALAR
#include "base/random.h"
#include "net/net.h"
#include "net/orthogonal.h"
#include "simd/simd.h"
#include "simd/vmath.h"

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

static double horner(double r, const double c[8])
{
    double y = c[7];
    for (int i = 6; i >= 0; i--)
        y = y * r + c[i];
    return y;
}

/* Inverse of the normal distribution function: algorithm AS 241, PPND16 (Wichura 1988), with our own log. */
static double normal_quantile(double p)
{
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e2, 1.9715909503065514427e3,
                                1.3731693765509461125e4, 4.5921953931549871457e4, 6.7265770927008700853e4,
                                3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[8] = {1.0, 4.2313330701600911252e1, 6.8718700749205790830e2, 5.3941960214247511077e3,
                                2.1213794301586595867e4, 3.9307895800092710610e4, 2.8729085735721942674e4,
                                5.2264952788528545610e3};
    static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0, 5.76949722146069140550e0,
                                3.64784832476320460504e0, 1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0, 6.89767334985100004550e-1,
                                1.48103976427480074590e-1, 1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0, 5.46378491116411436990e0, 1.78482653991729133580e0,
                                2.96560571828504891230e-1, 2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1, 1.48753612908506148525e-2,
                                7.86869131145613259100e-4, 1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    const double q = p - 0.5;
    double r, x;
    if (q <= 0.425 && q >= -0.425) {
        r = 0.180625 - q * q;
        return q * horner(r, a) / horner(r, b);
    }
    r = q < 0 ? p : 1.0 - p;
    r = __builtin_sqrt(-f64_log(r));
    if (r <= 5.0) {
        r = r - 1.6;
        x = horner(r, c) / horner(r, d);
    } else {
        r = r - 5.0;
        x = horner(r, e) / horner(r, f);
    }
    return q < 0 ? -x : x;
}

static double deviate(int distribution, uint64_t word)
{
    const double u = pybp_uniform(word);
    if (distribution == UNIFORM)
        return 2 * u - 1;
    if (distribution == TRUNCATED) /* from P(-2) to P(2), P the normal distribution function */
        return normal_quantile(0.022750131948179207 + 0.9544997361036416 * u);
    return normal_quantile(u);
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
                pybp_random_words(net->seed, PYBP_STREAM_WEIGHTS, l, j * layer->fan + i,
                                  layer->fan - i < 256 ? layer->fan - i : 256, words);
            put(net, l, j, i, deviate(distribution, words[i % 256]), to);
        }
}

static void put_weight(pybp_net *net, size_t l, size_t j, size_t i, double deviate, double *factor)
{
    net->k->set(place(net, l, j, i), *factor * deviate);
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
                net->k->set(place(net, l, j, i), layer->desc.init_value * q[tall(layer, j, i)]);
    }
    pybp_free(a);
    pybp_free(squares);
    pybp_free(q);
    return fine;
}

static bool initialize_layer(pybp_net *net, size_t l)
{
    const pybp_layer *layer = &net->layers[l];
    const init_rule *rule = &rules[layer->desc.init];
    double factor = spread(layer);
    for (size_t j = 0; j < layer->n_out && !layer->desc.no_bias; j++)
        net->k->set(place(net, l, j, layer->fan), layer->desc.bias_init);
    if (rule->distribution == ORTHOGONAL)
        return make_orthogonal(net, l);
    if (rule->distribution != CONSTANT) {
        draw(net, l, put_weight, &factor);
        return true;
    }
    for (size_t j = 0; j < layer->n_out; j++)
        for (size_t i = 0; i < layer->fan; i++)
            net->k->set(place(net, l, j, i), rule->scale == 0 ? 0 : layer->desc.init_value);
    return true;
}

bool pybp_initialize(pybp_net *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (!initialize_layer(net, l))
            return false;
    return true;
}
