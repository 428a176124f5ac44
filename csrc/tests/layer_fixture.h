/* Nets of all kinds of layers for the tests of the public API. */
#ifndef PYBP_TESTS_LAYER_FIXTURE_H
#define PYBP_TESTS_LAYER_FIXTURE_H

#include "net_fixture.h"

/* LAYER(KIND(BATCH_NORM), .no_scale = 1) */
#define KIND(NAME) .kind = PYBP_LAYER_##NAME
#define LAYER(...) ((pybp_layer_desc){__VA_ARGS__})
#define DENSE(n, NAME) \
    LAYER(KIND(DENSE), .n_out = (n), .activation = PYBP_ACTIVATION_##NAME, .bias_init = 0.125)
#define ACTIVATION(NAME) LAYER(KIND(ACTIVATION), .activation = PYBP_ACTIVATION_##NAME)
#define WITH(NAME, value) LAYER(KIND(NAME), .params = {value}, .n_params = 1)
#define ADD(places) LAYER(KIND(ADD), .skip = (places))
#define EMBEDDING(of, categories, n) \
    LAYER(KIND(EMBEDDING), .column = (of), .n_categories = (categories), .n_out = (n))

/* DESC(dtype, n_in, layer, ...): a description of a net, for as long as the block lasts. */
#define DESC(type, inputs, ...)                                                                        \
    ((pybp_net_desc){.dtype = (type), .n_in = (inputs), .seed = 42,                                    \
                     .n_layers = sizeof((pybp_layer_desc[]){__VA_ARGS__}) / sizeof(pybp_layer_desc),   \
                     .layers = (pybp_layer_desc[]){__VA_ARGS__}})
#define NET(...) net_of(DESC(__VA_ARGS__))

static inline pybp_net *net_of(pybp_net_desc desc)
{
    pybp_net *net = NULL;
    OK(pybp_net_create(&desc, &net));
    if (net == NULL)
        abort();
    return net;
}

/* 5 inputs, two of them categories; a residual block; every kind of layer. */
enum { ALL_IN = 5, ALL_OUT = 3, ALL_BATCH_NORM = 6, ALL_LAYERS = 15 };

static inline pybp_net *net_of_all(pybp_dtype dtype)
{
    return NET(dtype, ALL_IN, EMBEDDING(1, 5, 3), EMBEDDING(3, 2, 2), LAYER(KIND(JOIN)), LAYER(KIND(LAYER_NORM)),
               WITH(GAUSSIAN_NOISE, 0.1), DENSE(17, TANH), LAYER(KIND(BATCH_NORM)), ACTIVATION(RELU),
               WITH(DROPOUT, 0.25), DENSE(17, IDENTITY), ADD(4), LAYER(KIND(SCALE), .no_bias = 1),
               LAYER(KIND(RMS_NORM)), WITH(ALPHA_DROPOUT, 0.1), DENSE(ALL_OUT, SIGMOID));
}

/* Categories into the columns that the embeddings above read. */
static inline void categorize(samples *s)
{
    for (size_t r = 0; r < s->rows; r++) {
        s->inputs[r * s->n_in + 1] = (double)(r * 3 % 5);
        s->inputs[r * s->n_in + 3] = (double)(r % 2);
    }
}

static inline samples samples_for_all(size_t rows)
{
    samples s = make_samples(rows, ALL_IN, ALL_OUT);
    categorize(&s);
    return s;
}

/* A pybp_matrix of rows first ... of a matrix. */
static inline pybp_matrix rows_of(const samples *s, size_t first, size_t rows)
{
    return part_of(s, first, rows).x;
}

static inline uint64_t passes_of(const pybp_net *net)
{
    pybp_progress progress = {0};
    OK(pybp_get_progress(net, &progress));
    return progress.passes;
}

/* The next forward pass in training uses the random numbers of pass number `passes`. */
static inline void set_passes(pybp_net *net, uint64_t passes)
{
    pybp_progress progress = {0};
    OK(pybp_get_progress(net, &progress));
    progress.passes = passes;
    OK(pybp_set_progress(net, &progress));
}

#endif
