/* The contract's cases of the layers that nets for tables are made of: parametric activations, periodic embeddings. */
#include "contract_build.inc.h"

static pybp_layer_desc *parametric(contract_case *c, pybp_activation which)
{
    pybp_layer_desc *layer = ADD(PARAMETRIC_ACTIVATION);
    layer->activation = which;
    layer->activation_params[0] = 0.2;
    layer->has_lr_factors = 1;
    layer->lr_factor = 3.0; /* so that alpha moves away from 1 */
    layer->bias_lr_factor = 1.0;
    return layer;
}

static pybp_layer_desc *periodic(contract_case *c, const size_t *columns, size_t n_columns, size_t n)
{
    pybp_layer_desc *layer = ADD(PERIODIC);
    layer->columns = columns;
    layer->n_columns = columns != NULL ? n_columns : 0;
    layer->n_out = n_columns * n;
    return layer;
}

static pybp_layer_desc *grouped(contract_case *c, size_t groups, size_t n, pybp_activation which)
{
    pybp_layer_desc *layer = ADD(GROUPED_DENSE);
    layer->groups = groups;
    layer->n_out = groups * n;
    layer->activation = which;
    layer->activation_params[0] = 0.2;
    layer->bias_init = 0.1;
    return layer;
}

/* (x, W2 cos(2 pi w x + b) + b2) for some columns. */
static void embed_numbers(contract_case *c, const size_t *columns, size_t n_columns, size_t frequencies, size_t n)
{
    periodic(c, columns, n_columns, frequencies);
    grouped(c, n_columns, n, PYBP_ACTIVATION_IDENTITY);
    ADD(CONCAT)->from = 2; /* what the periodic layer reads, beside what comes of it */
}

static const size_t some[] = {0, 2, 3, 6}, last[] = {6}, many[] = {1, 3, 4, 8, 15, 16, 17, 18};

#define GROUPED(groups, n, NAME) grouped(c, groups, n, PYBP_ACTIVATION_##NAME)
#define PARAMETRIC(NAME) parametric(c, PYBP_ACTIVATION_##NAME)

/* Each row makes the layers before the last (3 wide) of a net of 7 inputs, or of what the row says. */
#define POINTS(POINT)                                                                                      \
    POINT("parametric mish", DENSE(17, IDENTITY); PARAMETRIC(MISH))                                        \
    POINT("parametric selu", DENSE(9, IDENTITY); PARAMETRIC(SELU); DENSE(33, IDENTITY); PARAMETRIC(SELU))  \
    POINT("parametric leaky_relu", DENSE(8, IDENTITY); PARAMETRIC(LEAKY_RELU))                             \
    POINT("parametric identity", DENSE(16, TANH); PARAMETRIC(IDENTITY))                                    \
    POINT("parametric of the input", PARAMETRIC(TANH); DENSE(9, TANH))                                     \
    POINT("parametric, three chunks", DENSE(31, IDENTITY); PARAMETRIC(GELU); c->rows = 1100; c->batch = 600) \
    POINT("parametric, accumulated", DENSE(15, IDENTITY); PARAMETRIC(SILU); c->accumulate = 3; c->rows = 90) \
    POINT("parametric, penalised, clipped", DENSE(9, IDENTITY); PARAMETRIC(MISH)->l2 = 0.1;                \
          c->optimizer.clip_norm = 0.02)                                                                   \
    POINT("parametric, read twice", DENSE(9, IDENTITY); PARAMETRIC(MISH); DENSE(9, TANH); ADD(ADD)->skip = 1) \
    POINT("parametric, dropped", DENSE(17, IDENTITY); PARAMETRIC(SELU); with(ADD(DROPOUT), 0.15))          \
    POINT("numbers embedded", embed_numbers(c, some, 4, 16, 3))                                            \
    POINT("all numbers embedded", embed_numbers(c, NULL, 7, 16, 3); DENSE(17, TANH))                       \
    POINT("one number embedded", embed_numbers(c, last, 1, 5, 2); DENSE(9, TANH))                          \
    POINT("numbers embedded, three chunks", c->n_in = 19; embed_numbers(c, many, 8, 16, 3); c->rows = 1100; \
          c->batch = 600)                                                                                  \
    POINT("numbers beside categories", c->n_in = 6; embedding(c, 1, 5, 4); ADD(JOIN); embed_numbers(c, some, 3, 8, 5)) \
    POINT("periodic, standing alone", periodic(c, some, 3, 11)->no_bias = 1)                               \
    POINT("periodic of hidden units", DENSE(33, TANH); periodic(c, NULL, 33, 1); GROUPED(3, 2, TANH))      \
    POINT("periodic, wider, penalised", periodic(c, NULL, 7, 3)->l2 = 0.1; c->layers[0].init = PYBP_INIT_NORMAL; \
          c->layers[0].init_value = 1.5; c->optimizer.clip_norm = 0.02)                                    \
    POINT("periodic, accumulated", periodic(c, many, 2, 20); c->accumulate = 3; c->rows = 90)              \
    POINT("one group", GROUPED(1, 17, GELU); GROUPED(1, 9, TANH)->no_bias = 1)                             \
    POINT("groups of one", DENSE(40, TANH); GROUPED(40, 1, LEAKY_RELU))                                    \
    POINT("groups wider than a panel", DENSE(70, TANH); GROUPED(2, 37, TANH))                              \
    POINT("groups across panels", DENSE(55, TANH); GROUPED(11, 7, SILU); GROUPED(7, 3, TANH)->l1 = 0.01)   \
    POINT("groups, ntk", DENSE(30, TANH); GROUPED(6, 4, TANH)->parametrization = PYBP_NTK;                 \
          c->layers[1].init = PYBP_INIT_GLOROT_NORMAL; c->optimizer.clip_norm = 0.05)                      \
    POINT("many inputs in two groups", c->n_in = 300; GROUPED(2, 5, TANH); c->rows = 600; c->batch = 300)  \
    POINT("groups, accumulated", DENSE(15, TANH); GROUPED(5, 2, MISH); c->accumulate = 3; c->rows = 90)    \
    POINT("outputs beside inputs", DENSE(9, TANH); ADD(CONCAT)->from = 1; DENSE(8, TANH))                  \
    POINT("an output beside itself", DENSE(17, TANH); ADD(CONCAT); ADD(CONCAT)->skip = 1)                  \
    POINT("outputs beside outputs", DENSE(16, TANH); DENSE(3, SILU); DENSE(16, RELU)->from = 1; ADD(CONCAT)->skip = 1) \
    POINT("rates of dropout by step", DENSE(33, SELU); with(ADD(DROPOUT), 0.2); DENSE(9, SELU);            \
          ADD(ALPHA_DROPOUT); c->fall = 0.25; c->dropout_by_step = 0.5)                                    \
    POINT("weight decay by step", DENSE(17, TANH); trained_by(c, 2); c->fall = 0.5; c->decay_by_step = 0.4; \
          c->optimizer.no_bias_decay = 1)                                                                  \
    POINT("both, accumulated", DENSE(17, TANH); ADD(DROPOUT); trained_by(c, 3); c->fall = 0.125;           \
          c->decay_by_step = 0.25; c->dropout_by_step = 0.25; c->accumulate = 2; c->rows = 90)             \
    POINT("both, chunks", DENSE(8, TANH); ADD(DROPOUT); trained_by(c, 0); c->fall = 0.125;                 \
          c->decay_by_step = 0.25; c->dropout_by_step = 0.25; c->rows = 1100; c->batch = 600; c->lr_drop = 0.1) \
    POINT("unit variance", DENSE(17, SELU); DENSE(9, TANH)->no_bias = 1; c->from_data = 1)                 \
    POINT("biases of five rows", DENSE(17, SELU); DENSE(9, TANH); c->from_data = 2)                        \
    POINT("initial values from data, three chunks", c->n_in = 19; embed_numbers(c, many, 8, 16, 3);        \
          ADD(SCALE)->no_bias = 1; DENSE(33, IDENTITY)->parametrization = PYBP_NTK; PARAMETRIC(MISH);      \
          with(ADD(DROPOUT), 0.15); DENSE(17, RELU)->frozen = 1; DENSE(8, SELU); c->rows = 600; c->batch = 256; \
          c->from_data = 3)

static void pointed(size_t i, contract_case *c)
{
    size_t k = 0;
    c->n_in = 7;
    c->rows = 70;
    c->batch = 16;
    c->epochs = 2;
    c->shuffle = 1;
    trained_by(c, i % 3 == 2 ? 1 : 0);
#define POINT(text, layers)                            \
    if (k++ == i) {                                    \
        layers;                                        \
        snprintf(c->name, sizeof c->name, "%s", text); \
    }
    POINTS(POINT)
#undef POINT
    ends_with(c, i % COUNT(goals));
}

#define POINT(text, layers) +1
static const size_t n_pointed = POINTS(POINT);
#undef POINT

enum { LAST = 10 }; /* its place among the cases */

size_t contract_n_table_cases(void)
{
    return n_pointed + 1;
}

void contract_table_case(size_t i, contract_case *c)
{
    begin(c, i, 12000);
    pointed(i < LAST ? i : i == LAST ? 0 : i - 1, c);
    if (i == LAST) { /* as the last layer: no loss is linked to its activation */
        c->n_layers = 0;
        memset(c->layers, 0, sizeof c->layers);
        DENSE(3, IDENTITY);
        PARAMETRIC(SIGMOID);
        c->loss.kind = PYBP_LOSS_MSE;
        c->labels = 0;
        snprintf(c->name, sizeof c->name, "parametric, the last layer");
    }
}
