#include "contract_cases.h"

#include <stdio.h>
#include <string.h>

#include "contract_initializers.inc.h"

#define COUNT(list) (sizeof(list) / sizeof(list)[0])

/* ---- the axes ------------------------------------------------------------------------------- */

static const size_t widths[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 33, 100, 257};
static const size_t batches[] = {1, 2, 3, 5, 7, 32, 255, 256, 257, 300, 511, 513, 600};

static const pybp_activation hidden[] = {PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_RELU,
                                         PYBP_ACTIVATION_SIGMOID, PYBP_ACTIVATION_IDENTITY};

static const struct goal {
    pybp_loss loss;
    pybp_activation output;
    int labels;
} goals[] = {
    {PYBP_LOSS_SQUARED_ERROR, PYBP_ACTIVATION_IDENTITY, 0},
    {PYBP_LOSS_CROSS_ENTROPY, PYBP_ACTIVATION_SOFTMAX, 0},
    {PYBP_LOSS_BINARY_CROSS_ENTROPY, PYBP_ACTIVATION_SIGMOID, 0},
    {PYBP_LOSS_MSE, PYBP_ACTIVATION_IDENTITY, 0},
    {PYBP_LOSS_SQUARED_ERROR, PYBP_ACTIVATION_TANH, 0},
    {PYBP_LOSS_CROSS_ENTROPY, PYBP_ACTIVATION_SOFTMAX, 1},
    {PYBP_LOSS_MSE, PYBP_ACTIVATION_SOFTMAX, 0},
    {PYBP_LOSS_SQUARED_ERROR, PYBP_ACTIVATION_SIGMOID, 0},
    {PYBP_LOSS_MSE, PYBP_ACTIVATION_RELU, 0},
    {PYBP_LOSS_MSE, PYBP_ACTIVATION_SIGMOID, 0},
    {PYBP_LOSS_SQUARED_ERROR, PYBP_ACTIVATION_SOFTMAX, 0},
};

static const struct method {
    pybp_optimizer_kind kind;
    double params[PYBP_MAX_PARAMS]; /* in the order of optimizers.def */
    double lr;
} methods[] = {
    {PYBP_OPTIMIZER_SGD, {0.0, 0.0, 0.0}, 0.5},
    {PYBP_OPTIMIZER_SGD, {0.9, 0.0, 0.0}, 0.125},
    {PYBP_OPTIMIZER_SGD, {0.8, 1.0, 0.0}, 0.25},
    {PYBP_OPTIMIZER_SGD, {0.0, 0.0, 0.01}, 0.3},
    {PYBP_OPTIMIZER_SGD, {0.7, 1.0, 0.003}, 0.2},
    {PYBP_OPTIMIZER_ADAGRAD, {0.0, 0.0, 0.0, 1e-10}, 0.03},
    {PYBP_OPTIMIZER_ADAGRAD, {0.05, 0.02, 0.1, 1e-7}, 0.05},
    {PYBP_OPTIMIZER_RMSPROP, {0.99, 1e-8, 0.0}, 0.002},
    {PYBP_OPTIMIZER_RMSPROP, {0.9, 1e-6, 0.01}, 0.003},
    {PYBP_OPTIMIZER_ADAM, {0.9, 0.999, 1e-8, 0.0}, 0.01},
    {PYBP_OPTIMIZER_ADAM, {0.8, 0.99, 1e-6, 0.02}, 0.004},
    {PYBP_OPTIMIZER_ADAMW, {0.9, 0.999, 1e-8, 0.01}, 0.01},
    {PYBP_OPTIMIZER_ADAMW, {0.85, 0.995, 1e-7, 0.1}, 0.005},
};

/* ---- cases that cycle through the axes ----------------------------------------------------- */

#define N_CYCLED 104 /* 8 times the number of batch sizes and of methods */

static size_t pick_width(size_t i, size_t position)
{
    return widths[contract_hash(i, 1, position) % COUNT(widths)];
}

static void set_method(contract_case *c, const struct method *method)
{
    size_t widest = c->n_in;
    for (size_t l = 0; l < c->n_layers; l++)
        if (c->layers[l].n_out > widest)
            widest = c->layers[l].n_out;

    c->optimizer.kind = method->kind;
    memcpy(c->optimizer.params, method->params, sizeof method->params);
    c->optimizer.bias_lr_factor = 1.0;
    c->lr = method->lr;
    if (method->kind == PYBP_OPTIMIZER_SGD) /* steps in proportion to the gradient must not blow up */
        c->lr /= (double)(8 + widest) * (c->reduction == PYBP_SUM ? (double)c->batch : 1.0);
}

/* The widest layer becomes the next narrower width of the list. */
static void slim(contract_case *c)
{
    size_t *widest = &c->n_in, k = 0;
    for (size_t l = 0; l < c->n_layers; l++)
        if (c->layers[l].n_out > *widest)
            widest = &c->layers[l].n_out;
    while (k + 1 < COUNT(widths) && widths[k + 1] < *widest)
        k++;
    *widest = widths[k];
}

static void cycled(size_t i, contract_case *c)
{
    const struct goal *goal = &goals[i % COUNT(goals)];
    c->seed = contract_hash(i, 0, 0) >> (i % 64);
    c->data_seed = i;
    c->n_in = pick_width(i, 0);
    c->n_layers = 1 + i % 5;
    for (size_t l = 0; l < c->n_layers; l++) {
        pybp_layer_desc *layer = &c->layers[l];
        layer->kind = PYBP_LAYER_DENSE;
        layer->n_out = pick_width(i, 1 + l);
        layer->activation = hidden[(i / 3 + l) % COUNT(hidden)];
        layer->init = (pybp_initializer)((i + 2 * l) % FIRST_ADDED);
        layer->init_value = layer->init == PYBP_INIT_CONSTANT ? 0.1 / (double)(1 + l) : 0.0;
        layer->no_bias = layer->init != PYBP_INIT_ZEROS && contract_hash(i, 2, l) % 4 == 0;
        layer->bias_init = layer->init == PYBP_INIT_ZEROS || contract_hash(i, 3, l) % 3 == 0 ? 0.3 : 0.0;
    }
    c->layers[c->n_layers - 1].activation = goal->output;

    c->loss.kind = goal->loss;
    c->labels = goal->labels;
    c->reduction = i % 7 < 4 ? PYBP_MEAN : PYBP_SUM;
    c->weighted = i % 3 == 1;
    c->shuffle = i % 4 != 2;
    c->wide = i % 5 == 3;
    c->data_dtype = i % 6 < 3 ? c->dtype : i % 2 ? PYBP_FLOAT32 : PYBP_FLOAT64;
    c->batch = batches[i % COUNT(batches)];
    c->epochs = 1 + contract_hash(i, 4, 0) % 3;
    if (c->batch <= 32) /* ends with a short minibatch, except where the hash gives 0 */
        c->rows = c->batch * (4 + contract_hash(i, 5, 0) % 8) + contract_hash(i, 6, 0) % c->batch;
    else
        c->rows = c->batch + contract_hash(i, 6, 0) % (c->batch / 2);

    while (contract_work(c) > (i % 13 == 8 ? 3e7 : 4e6))
        slim(c);
    set_method(c, &methods[(i + i / COUNT(methods)) % COUNT(methods)]);
    c->optimizer.clip_norm = i % 8 == 2 || i % 8 == 5 ? (i % 16 < 8 ? 0.05 : 2.0) : 0.0;
    c->optimizer.clip_value = i % 8 == 3 || i % 8 == 5 ? (i % 16 < 8 ? 0.002 : 0.3) : 0.0;
    c->optimizer.no_bias_decay = i % 9 < 4;
    c->optimizer.bias_lr_factor = i % 10 == 7 ? 2.0 : i % 10 == 4 ? 0.3 : 1.0;
    c->lr_drop = i % 6 == 5 ? 0.07 : 0.0;
    snprintf(c->name, sizeof c->name, "cycled-%03zu", i);
}

/* ---- cases with a point ---------------------------------------------------------------------- */

/* 5 - 9 tanh - 3: what the cases below change. */
static void plain(contract_case *c)
{
    c->seed = 42;
    c->data_seed = 1000;
    c->data_dtype = c->dtype;
    c->n_in = 5;
    c->n_layers = 2;
    c->layers[0].n_out = 9;
    c->layers[0].activation = PYBP_ACTIVATION_TANH;
    c->layers[1].n_out = 3;
    c->loss.kind = PYBP_LOSS_SQUARED_ERROR;
    c->rows = 70;
    c->batch = 16;
    c->epochs = 2;
    c->shuffle = 1;
    set_method(c, &methods[9]);
}

static void output(contract_case *c, size_t goal)
{
    c->loss.kind = goals[goal].loss;
    c->labels = goals[goal].labels;
    c->layers[c->n_layers - 1].activation = goals[goal].output;
}

static void saturated(contract_case *c, size_t goal, pybp_activation activation)
{
    output(c, goal);
    c->layers[0].activation = activation;
    c->x_exponent = c->dtype == PYBP_FLOAT32 ? 7 : 10; /* exp() runs into 0, subnormals and 1 */
}

static void subnormal(contract_case *c, size_t method)
{
    c->layers[0].activation = PYBP_ACTIVATION_IDENTITY;
    c->x_exponent = c->dtype == PYBP_FLOAT32 ? -70 : -530; /* squares of gradients are subnormal */
    if (method < 5) /* the gradients themselves are */
        c->x_exponent = c->dtype == PYBP_FLOAT32 ? -124 : -1020;
    set_method(c, &methods[method]);
}

static void deep_and_wide(contract_case *c, size_t n_in, size_t n_hidden, size_t n_out)
{
    c->n_in = n_in;
    c->n_layers = 3;
    c->layers[0].n_out = c->layers[1].n_out = n_hidden;
    c->layers[1].activation = PYBP_ACTIVATION_RELU;
    c->layers[2].n_out = n_out;
    c->rows = 300;
    c->batch = 257;
    c->epochs = 1;
}

/* Each row changes `c`, a plain case, to what its name says. */
#define POINTS(POINT)                                                                              \
    POINT("plain", (void)c)                                                                        \
    POINT("one row", c->rows = 1)                                                                  \
    POINT("one row of 600 in a batch", c->rows = 600; c->batch = 1; c->epochs = 1)                 \
    POINT("batch beyond the rows", c->batch = 1000)                                                \
    POINT("three chunks", c->rows = 1100; c->batch = 600; set_method(c, &methods[1]))              \
    POINT("many epochs", c->rows = 33; c->batch = 8; c->epochs = 12)                               \
    POINT("largest seed", c->seed = UINT64_MAX)                                                    \
    POINT("rate drops", c->lr_drop = 0.5; c->rows = 160; set_method(c, &methods[6]))               \
    POINT("biases at rest", c->optimizer.bias_lr_factor = 0.0)                                     \
    POINT("adamw, biases do not decay", set_method(c, &methods[12]); c->optimizer.no_bias_decay = 1) \
    POINT("weightless minibatch", c->weighted = 1; c->weightless = 20; c->shuffle = 0)       \
    POINT("weightless minibatch, sum", c->weighted = 1; c->weightless = 32; c->shuffle = 0;  \
          c->reduction = PYBP_SUM; output(c, 1))                                                   \
    POINT("saturated tanh", saturated(c, 1, PYBP_ACTIVATION_TANH))                                 \
    POINT("saturated sigmoid", saturated(c, 2, PYBP_ACTIVATION_SIGMOID))                           \
    POINT("saturated softmax", saturated(c, 5, PYBP_ACTIVATION_RELU))                              \
    POINT("saturated logits", saturated(c, 2, PYBP_ACTIVATION_RELU))                               \
    POINT("subnormal sgd", subnormal(c, 0))                                                        \
    POINT("subnormal momentum", subnormal(c, 1))                                                   \
    POINT("subnormal nesterov", subnormal(c, 2))                                                   \
    POINT("subnormal adagrad", subnormal(c, 5))                                                    \
    POINT("subnormal rmsprop", subnormal(c, 7))                                                    \
    POINT("subnormal adam", subnormal(c, 9))                                                       \
    POINT("norm over several blocks", deep_and_wide(c, 33, 100, 9); c->optimizer.clip_norm = 0.01) \
    POINT("both clips, several blocks", deep_and_wide(c, 100, 100, 7); output(c, 5);               \
          c->optimizer.clip_norm = 0.5; c->optimizer.clip_value = 0.01)                            \
    POINT("257 wide", deep_and_wide(c, 257, 257, 257); output(c, 1); c->rows = 40; c->batch = 27;  \
          set_method(c, &methods[4]))

static void pointed(size_t i, contract_case *c)
{
    size_t k = 0;
    plain(c);
    c->data_seed += i;
#define POINT(text, change)                            \
    if (k++ == i) {                                    \
        change;                                        \
        snprintf(c->name, sizeof c->name, "%s", text); \
    }
    POINTS(POINT)
#undef POINT
}

#define POINT(text, change) +1
static const size_t n_pointed = POINTS(POINT);
#undef POINT

/* ---- the list ---------------------------------------------------------------------------------- */

static size_t n_cycled(void)
{
    return N_CYCLED;
}

static size_t count_pointed(void)
{
    return n_pointed;
}

static size_t n_initialized(void)
{
    return N_INITIALIZED;
}

/* In this order; append only, and the checksums stay where they are. */
static const struct family {
    size_t (*n)(void);
    void (*get)(size_t i, contract_case *c);
} families[] = {
    {n_cycled, cycled},
    {count_pointed, pointed},
    {contract_n_activation_cases, contract_activation_case},
    {n_initialized, initialized},
    {contract_n_optimizer_cases, contract_optimizer_case},
    {contract_n_step_cases, contract_step_case},
    {contract_n_loss_cases, contract_loss_case},
    {contract_n_kind_cases, contract_kind_case},
    {contract_n_layer_cases, contract_layer_case},
    {contract_n_option_cases, contract_option_case},
    {contract_n_tile_cases, contract_tile_case},
    {contract_n_table_cases, contract_table_case},
};

size_t contract_n_cases(void)
{
    size_t n = 0;
    for (size_t k = 0; k < COUNT(families); k++)
        n += 2 * families[k].n();
    return n;
}

void contract_get_case(size_t index, contract_case *c)
{
    memset(c, 0, sizeof *c);
    c->dtype = index % 2 ? PYBP_FLOAT64 : PYBP_FLOAT32;
    index /= 2;
    const struct family *family = families;
    for (; index >= family->n(); family++)
        index -= family->n();
    family->get(index, c);
}

size_t contract_step_rows(const contract_case *c)
{
    size_t rows = c->batch * (c->accumulate ? c->accumulate : 1);
    return rows < c->rows ? rows : c->rows;
}

size_t contract_n_steps(const contract_case *c)
{
    size_t step = contract_step_rows(c);
    return c->drop_last ? c->rows / step : (c->rows + step - 1) / step;
}

double contract_work(const contract_case *c)
{
    size_t first = c->batch < c->rows ? c->batch : c->rows;
    return (double)contract_n_parameters(c) * (double)(3 * (c->epochs * c->rows + first) + 2 * c->rows);
}

void contract_describe(const contract_case *c, char *text, size_t size)
{
    size_t used = 0;
#define ADD(...)                                                     \
    do {                                                             \
        if (used < size)                                             \
            used += (size_t)snprintf(text + used, size - used, __VA_ARGS__); \
    } while (0)
    ADD("%s %s: %zu", c->dtype == PYBP_FLOAT32 ? "f32" : "f64", c->name, c->n_in);
    for (size_t l = 0; l < c->n_layers; l++)
        ADD("-%zu(k%d a%d i%d%s)", contract_layer_n_out(c, l), (int)c->layers[l].kind, (int)c->layers[l].activation,
            (int)c->layers[l].init, c->layers[l].no_bias ? " no bias" : "");
    ADD(", loss %d%s%s%s, optimizer %d", (int)c->loss.kind, c->labels ? " labels" : "",
        c->reduction == PYBP_SUM ? " sum" : "", c->weighted ? " weighted" : "", (int)c->optimizer.kind);
    ADD(", clip %g %g, %zu rows by %zu, %zu epochs%s", c->optimizer.clip_norm, c->optimizer.clip_value,
        c->rows, c->batch, c->epochs, c->shuffle ? ", shuffled" : "");
    ADD("%s%.0zu%s", c->accumulate ? ", accumulate " : "", c->accumulate, c->drop_last ? ", drop last" : "");
#undef ADD
}
