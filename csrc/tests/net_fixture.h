/* Small nets and data for the tests of the public API, and images of nets to compare them by. */
#ifndef PYBP_TESTS_NET_FIXTURE_H
#define PYBP_TESTS_NET_FIXTURE_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "pybp.h"

/* The call failed with this code, and the message says something about it. */
#define FAILS(call, code, words)                                                                        \
    do {                                                                                                \
        const pybp_status got_ = (call);                                                                \
        CHECK_MSG(got_ == (code) && strstr(pybp_last_error(), (words)) != NULL, "%s: %s, \"%s\"; expected %s, \"%s\"", \
                  #call, pybp_status_name(got_), pybp_last_error(), pybp_status_name(code), (words));    \
    } while (0)
#define OK(call)                                                                                        \
    do {                                                                                                \
        const pybp_status got_ = (call);                                                                \
        CHECK_MSG(got_ == PYBP_OK, "%s: %s, \"%s\"", #call, pybp_status_name(got_), pybp_last_error()); \
    } while (0)

static inline void *need(size_t bytes)
{
    void *memory = calloc(bytes ? bytes : 1, 1);
    if (memory == NULL)
        abort();
    return memory;
}

/* ---- data ---------------------------------------------------------------------------------------- */

static uint64_t noise_state = 1;

/* Uniform in (-1, 1), from a fixed sequence. */
static inline double noise(void)
{
    noise_state = noise_state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(noise_state >> 11) + 0.5) * 0x1p-52 - 1;
}

static inline double *noises(size_t n)
{
    double *values = need(n * sizeof *values);
    for (size_t i = 0; i < n; i++)
        values[i] = noise();
    return values;
}

static inline pybp_matrix doubles(const double *data, size_t rows, size_t cols)
{
    return (pybp_matrix){data, rows, cols, (ptrdiff_t)(cols * sizeof *data), PYBP_FLOAT64};
}

/* Targets that suit every loss: rows of positive numbers with sum 1, about. */
typedef struct samples {
    size_t rows, n_in, n_out;
    double *inputs, *values, *weights;
    int32_t *labels;
    pybp_matrix x;
    pybp_targets y, classes; /* values; labels */
} samples;

static inline samples make_samples(size_t rows, size_t n_in, size_t n_out)
{
    samples s = {.rows = rows, .n_in = n_in, .n_out = n_out};
    s.inputs = noises(rows * n_in);
    s.values = noises(rows * n_out);
    s.weights = noises(rows);
    s.labels = need(rows * sizeof *s.labels);
    for (size_t i = 0; i < rows * n_out; i++)
        s.values[i] = (1 + s.values[i]) / (double)n_out;
    for (size_t r = 0; r < rows; r++) {
        s.weights[r] = r % 5 == 3 ? 0 : 1 + s.weights[r];
        s.labels[r] = (int32_t)((r * 7 + 1) % n_out);
    }
    s.x = doubles(s.inputs, rows, n_in);
    s.y = (pybp_targets){.values = doubles(s.values, rows, n_out)};
    s.classes = (pybp_targets){.labels = s.labels};
    return s;
}

/* Rows first ... of the samples. */
static inline samples part_of(const samples *s, size_t first, size_t rows)
{
    samples part = *s;
    part.x = doubles(s->inputs + first * s->n_in, rows, s->n_in);
    part.y.values = doubles(s->values + first * s->n_out, rows, s->n_out);
    part.weights = s->weights + first;
    part.rows = rows;
    return part;
}

static inline void free_samples(samples *s)
{
    free(s->inputs);
    free(s->values);
    free(s->weights);
    free(s->labels);
}

/* ---- nets ---------------------------------------------------------------------------------------- */

/* n_in, then up to 4 layers, 0 where there is no more. */
typedef struct shape {
    size_t n_in, n_out[4];
} shape;

/* The activation with the registry's defaults. */
static inline void set_activation(pybp_layer_desc *layer, pybp_activation activation)
{
    pybp_row row;
    OK(pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, (int)activation, &row));
    layer->activation = activation;
    for (int i = 0; i < row.n_params; i++)
        layer->activation_params[i] = row.params[i].value;
}

static inline pybp_net *make_net(pybp_dtype dtype, shape of, pybp_activation hidden, pybp_activation output)
{
    pybp_layer_desc layers[4] = {{0}};
    pybp_net_desc desc = {.dtype = dtype, .n_in = of.n_in, .layers = layers, .seed = 42};
    pybp_net *net = NULL;
    for (size_t l = 0; l < 4 && of.n_out[l] != 0; l++) {
        layers[l].n_out = of.n_out[l];
        set_activation(&layers[l], l == 3 || of.n_out[l + 1] == 0 ? output : hidden);
        layers[l].bias_init = 0.125;
        layers[l].no_bias = l == 1; /* the second layer has none */
        desc.n_layers = l + 1;
    }
    OK(pybp_net_create(&desc, &net));
    if (net == NULL)
        abort();
    return net;
}

static inline size_t size_of(const pybp_net *net)
{
    return pybp_net_dtype(net) == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
}

/* Bytes of an array; rows: of the forward pass. */
static inline size_t bytes_of(const pybp_net *net, pybp_array what, size_t l, size_t rows)
{
    const size_t n_in = pybp_net_layer_n_in(net, l), n_out = pybp_net_layer_n_out(net, l);
    switch (what) {
    case PYBP_WEIGHTS: case PYBP_WEIGHT_GRADIENT: case PYBP_WEIGHT_STATE1: case PYBP_WEIGHT_STATE2:
    case PYBP_WEIGHT_STATE3:
        return n_out * pybp_net_layer_fan(net, l) * size_of(net);
    case PYBP_BIASES: case PYBP_BIAS_GRADIENT: case PYBP_BIAS_STATE1: case PYBP_BIAS_STATE2: case PYBP_BIAS_STATE3:
    case PYBP_RUNNING_MEAN: case PYBP_RUNNING_VAR:
        return n_out * size_of(net);
    case PYBP_INPUT: case PYBP_BACK:
        return rows * n_in * size_of(net);
    default:
        return rows * n_out * size_of(net);
    }
}

/* ---- images: all that a net shows ------------------------------------------------------------------ */

typedef struct image {
    char *bytes;
    size_t size;
} image;

/* Arrays first to last and the progress; `rows` is that of the last forward pass. */
static inline image image_of(const pybp_net *net, pybp_array first, pybp_array last, size_t rows)
{
    image of = {NULL, sizeof(pybp_progress)};
    for (int what = (int)first; what <= (int)last; what++)
        for (size_t l = 0; l < pybp_net_n_layers(net); l++)
            of.size += sizeof(pybp_status) + bytes_of(net, (pybp_array)what, l, rows);
    char *to = of.bytes = need(of.size);
    OK(pybp_get_progress(net, (pybp_progress *)(void *)to));
    to += sizeof(pybp_progress);
    for (int what = (int)first; what <= (int)last; what++)
        for (size_t l = 0; l < pybp_net_n_layers(net); l++) {
            const size_t bytes = bytes_of(net, (pybp_array)what, l, rows);
            const pybp_status status = pybp_net_get(net, (pybp_array)what, l, to + sizeof status, bytes);
            memcpy(to, &status, sizeof status);
            to += sizeof status + bytes;
        }
    return of;
}

static inline image whole_image(const pybp_net *net, size_t rows)
{
    return image_of(net, PYBP_WEIGHTS, PYBP_RUNNING_VAR, rows);
}

/* Appends the second and releases it. */
static inline image joined_images(image a, image b)
{
    a.bytes = realloc(a.bytes, a.size + b.size);
    if (a.bytes == NULL)
        abort();
    memcpy(a.bytes + a.size, b.bytes, b.size);
    a.size += b.size;
    free(b.bytes);
    return a;
}

/* What training changes: parameters, running statistics, states, progress. Gradients are no part of it. */
static inline image trained_image(const pybp_net *net)
{
    const image parameters = image_of(net, PYBP_WEIGHTS, PYBP_BIASES, 0);
    const image running = image_of(net, PYBP_RUNNING_MEAN, PYBP_RUNNING_VAR, 0);
    return joined_images(joined_images(parameters, running), image_of(net, PYBP_WEIGHT_STATE1, PYBP_BIAS_STATE3, 0));
}

/* Compares and releases both. */
static inline int same_images(image a, image b)
{
    const int same = a.size == b.size && memcmp(a.bytes, b.bytes, a.size) == 0;
    free(a.bytes);
    free(b.bytes);
    return same;
}

/* Whether the net still looks like that; releases the image. */
static inline int unchanged(const pybp_net *net, size_t rows, image before)
{
    return same_images(before, whole_image(net, rows));
}

/* ---- optimizers ------------------------------------------------------------------------------------- */

/* The registry's defaults. */
static inline pybp_optimizer default_optimizer(pybp_optimizer_kind kind)
{
    pybp_optimizer o = {.kind = kind, .bias_lr_factor = 1};
    pybp_row row;
    OK(pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, (int)kind, &row));
    for (int i = 0; i < row.n_params; i++)
        o.params[i] = row.params[i].value;
    return o;
}

/* A loss with its default parameters, as an argument. */
#define LOSS(NAME) (&(const pybp_loss_spec){.kind = PYBP_LOSS_##NAME})

static const double usual_rate = 0.05;

static inline pybp_train_options default_options(pybp_optimizer optimizer, pybp_loss loss, size_t batch)
{
    return (pybp_train_options){.loss = {.kind = loss}, .optimizer = optimizer, .lr = &usual_rate, .n_lr = 1,
                                .batch_size = batch, .threads = 1, .interval_ms = 0};
}

#endif
