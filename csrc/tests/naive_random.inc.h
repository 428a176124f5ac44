/* docs/contract.md, "Random numbers". */

enum { STREAM_WEIGHTS = 1, STREAM_SHUFFLE = 2, STREAM_MASKS = 3 };

/* The 128-bit product of two words, from four products of halves. */
static uint64_t multiply(uint64_t a, uint64_t b, uint64_t *high)
{
    uint64_t a0 = a & 0xffffffffu, a1 = a >> 32, b0 = b & 0xffffffffu, b1 = b >> 32;
    uint64_t low = a0 * b0, middle1 = a1 * b0, middle2 = a0 * b1;
    uint64_t carry = ((low >> 32) + (middle1 & 0xffffffffu) + (middle2 & 0xffffffffu)) >> 32;
    *high = a1 * b1 + (middle1 >> 32) + (middle2 >> 32) + carry;
    return a * b;
}

/* Philox4x64-10. */
static void philox(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4])
{
    uint64_t c0 = counter[0], c1 = counter[1], c2 = counter[2], c3 = counter[3];
    uint64_t k0 = key[0], k1 = key[1];
    for (int round = 0; round < 10; round++) {
        uint64_t high0, high1;
        uint64_t low0 = multiply(0xd2e7470ee14c6c93u, c0, &high0);
        uint64_t low1 = multiply(0xca5a826395121157u, c2, &high1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += 0x9e3779b97f4a7c15u;
        k1 += 0xbb67ae8584caa73bu;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static uint64_t word3(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t third, uint64_t index)
{
    const uint64_t counter[4] = {index / 4 + 1, sub, third, 0}, key[2] = {seed, stream};
    uint64_t out[4];
    philox(counter, key, out);
    return out[index % 4];
}

static uint64_t word(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t index)
{
    return word3(seed, stream, sub, 0, index);
}

static double uniform(uint64_t random_word)
{
    return ((double)(random_word >> 12) + 0.5) * 0x1p-52;
}

/* Horner's form, each step two rounded operations. */
static double horner(const double coefficients[8], double r)
{
    double y = coefficients[7];
    for (int i = 6; i >= 0; i--) {
        y = y * r;
        y = y + coefficients[i];
    }
    return y;
}

/* The inverse normal distribution function, AS241 (PPND16). */
static double inverse_normal(double p)
{
    static const double a[8] = {3.3871328727963666080e0, 1.3314166789178437745e+2,
                                1.9715909503065514427e+3, 1.3731693765509461125e+4,
                                4.5921953931549871457e+4, 6.7265770927008700853e+4,
                                3.3430575583588128105e+4, 2.5090809287301226727e+3};
    static const double b[8] = {1.0, 4.2313330701600911252e+1, 6.8718700749205790830e+2,
                                5.3941960214247511077e+3, 2.1213794301586595867e+4,
                                3.9307895800092710610e+4, 2.8729085735721942674e+4,
                                5.2264952788528545610e+3};
    static const double c[8] = {1.42343711074968357734e0, 4.63033784615654529590e0,
                                5.76949722146069140550e0, 3.64784832476320460504e0,
                                1.27045825245236838258e0, 2.41780725177450611770e-1,
                                2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[8] = {1.0, 2.05319162663775882187e0, 1.67638483018380384940e0,
                                6.89767334985100004550e-1, 1.48103976427480074590e-1,
                                1.51986665636164571966e-2, 5.47593808499534494600e-4,
                                1.05075007164441684324e-9};
    static const double e[8] = {6.65790464350110377720e0, 5.46378491116411436990e0,
                                1.78482653991729133580e0, 2.96560571828504891230e-1,
                                2.65321895265761230930e-2, 1.24266094738807843860e-3,
                                2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[8] = {1.0, 5.99832206555887937690e-1, 1.36929880922735805310e-1,
                                1.48753612908506148525e-2, 7.86869131145613259100e-4,
                                1.84631831751005468180e-5, 1.42151175831644588870e-7,
                                2.04426310338993978564e-15};
    double q = p - 0.5, r, x;
    if (fabs(q) <= 0.425) {
        r = q * q;
        r = 0.180625 - r;
        x = q * horner(a, r);
        return x / horner(b, r);
    }
    r = q < 0.0 ? p : 1.0 - p;
    r = sqrt(-log_f64(r));
    if (r <= 5.0) {
        r = r - 1.6;
        x = horner(c, r) / horner(d, r);
    } else {
        r = r - 5.0;
        x = horner(e, r) / horner(f, r);
    }
    return q < 0.0 ? -x : x;
}

/* Bias j of layer `sub`. */
static double initial_bias(const contract_case *c, size_t sub, size_t j)
{
    const pybp_layer_desc *layer = &c->layers[sub];
    double u = uniform(word3(c->seed, STREAM_WEIGHTS, sub, 1, j));
    if (layer->kind == PYBP_LAYER_PERIODIC) {
        double twice = 2.0 * u, noise = 3.141592653589793 * (twice - 1.0);
        return layer->bias_init + noise;
    }
    double noise = layer->bias_std == 0.0 ? 0.0 : layer->bias_std * inverse_normal(u);
    return layer->bias_init + noise;
}

/* The order of epoch `epoch`: n row numbers. */
static void shuffle(uint64_t seed, uint64_t epoch, size_t n, size_t *order)
{
    for (size_t i = 0; i < n; i++)
        order[i] = i;
    for (size_t i = n; i-- > 1;) {
        uint64_t j;
        multiply(word(seed, STREAM_SHUFFLE, epoch, i), (uint64_t)i + 1, &j);
        size_t other = order[j];
        order[j] = order[i];
        order[i] = other;
    }
}

/* docs/contract.md, "Layers", dropout: so many of the numbers below 65536 are dropped. */
static unsigned dropped_numbers(double rate)
{
    double nearest = floor(rate * 65536.0 + 0.5);
    return nearest > 65535.0 ? 65535u : (unsigned)nearest;
}

/* The number of element (r, j) of n in a row. */
static unsigned mask_number(uint64_t seed, uint64_t layer, uint64_t pass, size_t n, size_t r, size_t j)
{
    uint64_t blocks = ((uint64_t)n + 15) / 16, block = (uint64_t)r * blocks + j / 16;
    uint64_t four = word3(seed, STREAM_MASKS, layer, pass, 4 * block + j % 16 / 4);
    return (unsigned)(four >> (16 * (j % 4)) & 0xffff);
}

static void alpha_constants(unsigned threshold, double *scale, double *shift, double *dropped)
{
    double h = -1.7580993408473769, drop = (double)threshold / 65536.0, stay = 1.0 - drop;
    double spread = h * h * stay * drop;
    double product;
    *scale = 1.0 / sqrt(stay + spread);
    product = *scale * drop * h;
    *shift = -product;
    product = *scale * h;
    *dropped = product + *shift;
}

/* Element `index` of layer `sub`: an initial weight in double, not yet rounded to T. */
static double initial_weight(const contract_case *c, size_t sub, size_t n_in, uint64_t index)
{
    enum { AUTO, CONSTANT, UNIFORM, NORMAL, TRUNCATED, ORTHOGONAL };
    enum { IN, AVG, VALUE };
    static const struct {
        int distribution, fan;
        double scale;
    } rules[] = {
#define PYBP_INITIALIZER(NAME, name, distribution, fan, scale, rule) {distribution, fan, scale},
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
    };
    static const pybp_initializer by_activation[] = {
#define PYBP_ACTIVATION(NAME, name, kind, initializer, reads, formula, derivative, params) PYBP_INIT_##initializer,
#include "registry/activations.def"
#undef PYBP_ACTIVATION
    };
    const pybp_layer_desc *layer = &c->layers[sub];
    if (layer->kind == PYBP_LAYER_EMBEDDING && layer->init == PYBP_INIT_AUTO) /* standard deviation 1 */
        return inverse_normal(uniform(word(c->seed, STREAM_WEIGHTS, sub, index)));
    if (layer->kind == PYBP_LAYER_PERIODIC && layer->init == PYBP_INIT_AUTO)
        return 0.1 * inverse_normal(uniform(word(c->seed, STREAM_WEIGHTS, sub, index)));
    pybp_initializer init =
        layer->init == PYBP_INIT_AUTO ? by_activation[contract_activation_after(c, sub)] : layer->init;
    double scale = rules[init].scale;
    size_t n_out = layer->kind == PYBP_LAYER_GROUPED_DENSE ? layer->n_out / layer->groups : layer->n_out;
    double fan = rules[init].fan == IN ? (double)n_in : ((double)n_in + (double)n_out) / 2.0;
    double u = uniform(word(c->seed, STREAM_WEIGHTS, sub, index));

    if (rules[init].distribution == UNIFORM) {
        double limit = rules[init].fan == VALUE ? layer->init_value : sqrt((3.0 * scale) / fan);
        double centred = 2.0 * u;
        return limit * (centred - 1.0);
    }
    if (rules[init].distribution == TRUNCATED) {
        double scaled = 0.9544997361036416 * u;
        return layer->init_value * inverse_normal(0.022750131948179207 + scaled);
    }
    if (rules[init].distribution == ORTHOGONAL) /* what the matrix is made from */
        return inverse_normal(u);
    if (rules[init].distribution == NORMAL && rules[init].fan == VALUE)
        return layer->init_value * inverse_normal(u);
    if (rules[init].distribution == NORMAL)
        return sqrt(scale / fan) * inverse_normal(u);
    return init == PYBP_INIT_CONSTANT ? layer->init_value : 0.0;
}

/* ---- orthogonal matrices: docs/contract.md, "Initial weights" ---------------------------------- */

/* Of elements from ... m - 1. */
static double column_dot(const double *x, const double *y, size_t from, size_t m)
{
    double lane[8] = {0.0}, s;
    for (size_t i = from; i < m; i++) {
        double product = x[i] * y[i];
        lane[(i - from) % 8] = lane[(i - from) % 8] + product;
    }
    s = lane[0];
    for (size_t c = 1; c < 8; c++)
        s = s + lane[c];
    return s;
}

static void reflect(const double *v, double *x, size_t from, size_t m)
{
    double vv = column_dot(v, v, from, m), t;
    if (vv == 0.0)
        return;
    t = 2.0 * column_dot(v, x, from, m);
    t = t / vv;
    for (size_t i = from; i < m; i++) {
        double part = t * v[i];
        x[i] = x[i] - part;
    }
}

/* Initial weights of an orthogonal layer, row-major. */
static double *orthogonal_weights(const contract_case *c, size_t l, size_t n_in)
{
    size_t n_out = c->layers[l].n_out, wide = n_out < n_in;
    size_t m = wide ? n_in : n_out, n = wide ? n_out : n_in;
    double *a = need(m * n, sizeof *a), *q = need(m * n, sizeof *q), *w = need(m * n, sizeof *w);
    for (size_t k = 0; k < n; k++) /* column k at a[k m] */
        for (size_t i = 0; i < m; i++)
            a[k * m + i] = initial_weight(c, l, n_in, wide ? k * n_in + i : i * n_in + k);
    for (size_t k = 0; k < n; k++) {
        double *v = &a[k * m], r = sqrt(column_dot(v, v, k, m));
        v[k] = v[k] > 0.0 ? v[k] + r : v[k] - r;
        for (size_t j = k + 1; j < n; j++)
            reflect(v, &a[j * m], k, m);
    }
    for (size_t k = n; k-- > 0;) {
        q[k * m + k] = a[k * m + k] > 0.0 ? -1.0 : 1.0;
        for (size_t j = k; j < n; j++)
            reflect(&a[k * m], &q[j * m], k, m);
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < m; i++)
            w[wide ? k * n_in + i : i * n_in + k] = c->layers[l].init_value * q[k * m + i];
    free(a);
    free(q);
    return w;
}
