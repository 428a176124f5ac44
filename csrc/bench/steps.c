/* Whole training steps and predictions, through the public interface. */
#include "base/memory.h"
#include "bench/bench.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SIZES = 8, MAX_LAYERS = 5 * MAX_SIZES };
enum { BATCH_NORM = 1, DROPOUT = 2, RESIDUAL = 4 }; /* what hidden layers have in addition */

typedef struct cell {
    const char *name;
    size_t batch;
    pybp_activation hidden;
    pybp_loss loss;
    int predicted, extras;
    size_t sizes[MAX_SIZES + 1]; /* ends with 0 */
} cell;

#define BENCH_CELL(name, batch, hidden, loss, predicted, ...) \
    {name, batch, PYBP_ACTIVATION_##hidden, PYBP_LOSS_##loss, predicted, 0, {__VA_ARGS__}},
static const cell cells[] = {
#include "bench/cells.def"
};
enum { N_CELLS = sizeof cells / sizeof *cells };

typedef struct training {
    pybp_net *net;
    pybp_matrix x;
    pybp_targets y;
    pybp_train_options options;
    double lr;
    char *data, *targets, *out;
    int32_t *labels;
    size_t rows;
} training;

static void training_free(void *state)
{
    training *t = state;
    pybp_net_free(t->net);
    pybp_free(t->data);
    pybp_free(t->targets);
    pybp_free(t->out);
    free(t->labels);
    free(t);
}

static void require(int ok)
{
    if (!ok)
        exit(1);
}

static size_t width(pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
}

/* In huge pages, as NumPy's large arrays are. */
static char *fill(pybp_dtype dtype, size_t n)
{
    char *data = pybp_alloc(n * width(dtype));
    require(data != NULL);
    for (size_t i = 0; i < n; i++) {
        const double value = (double)((i * 2654435761u) % 1000) / 1000;
        if (dtype == PYBP_FLOAT32)
            ((float *)(void *)data)[i] = (float)value;
        else
            ((double *)(void *)data)[i] = value;
    }
    return data;
}

static pybp_layer_desc *add_layer(pybp_net_desc *desc, pybp_layer_desc *layers, pybp_layer_kind kind)
{
    pybp_layer_desc *layer = &layers[desc->n_layers++];
    memset(layer, 0, sizeof *layer);
    layer->kind = kind;
    return layer;
}

/* A hidden layer: dense, batch norm, activation, dropout, and its input added where the widths agree. */
static void add_hidden(const cell *c, size_t l, pybp_net_desc *desc, pybp_layer_desc *layers)
{
    const size_t first = desc->n_layers;
    pybp_layer_desc *dense = add_layer(desc, layers, PYBP_LAYER_DENSE);
    dense->n_out = c->sizes[l + 1];
    dense->activation = c->hidden;
    if (c->extras & BATCH_NORM) {
        dense->activation = PYBP_ACTIVATION_IDENTITY;
        add_layer(desc, layers, PYBP_LAYER_BATCH_NORM);
        add_layer(desc, layers, PYBP_LAYER_ACTIVATION)->activation = c->hidden;
    }
    if (c->extras & DROPOUT)
        add_layer(desc, layers, PYBP_LAYER_DROPOUT);
    if (c->extras & RESIDUAL && c->sizes[l] == c->sizes[l + 1])
        add_layer(desc, layers, PYBP_LAYER_ADD)->skip = desc->n_layers - 1 - first;
}

static void describe(const cell *c, pybp_net_desc *desc, pybp_layer_desc *layers)
{
    size_t l = 0;
    for (; c->sizes[l + 2] != 0; l++)
        add_hidden(c, l, desc, layers);
    pybp_layer_desc *last = add_layer(desc, layers, PYBP_LAYER_DENSE);
    last->n_out = c->sizes[l + 1];
    last->activation = c->loss == PYBP_LOSS_CROSS_ENTROPY ? PYBP_ACTIVATION_SOFTMAX : PYBP_ACTIVATION_IDENTITY;
}

static training *make(const cell *c, pybp_dtype dtype, size_t rows)
{
    training *t = calloc(1, sizeof *t);
    pybp_layer_desc layers[MAX_LAYERS];
    pybp_net_desc desc = {.dtype = dtype, .n_in = c->sizes[0], .layers = layers, .seed = 1};
    require(t != NULL);
    describe(c, &desc, layers);
    require(pybp_net_create(&desc, &t->net) == PYBP_OK);
    const size_t n_out = layers[desc.n_layers - 1].n_out;
    t->rows = rows;
    t->data = fill(dtype, rows * desc.n_in);
    t->targets = fill(dtype, rows * n_out);
    t->out = fill(dtype, rows * n_out);
    t->labels = malloc(rows * sizeof *t->labels);
    require(t->labels != NULL);
    for (size_t i = 0; i < rows; i++)
        t->labels[i] = (int32_t)(i % n_out);
    t->x = (pybp_matrix){t->data, rows, desc.n_in, (ptrdiff_t)(desc.n_in * width(dtype)), dtype};
    t->y.values = (pybp_matrix){t->targets, rows, n_out, (ptrdiff_t)(n_out * width(dtype)), dtype};
    if (c->loss == PYBP_LOSS_CROSS_ENTROPY)
        t->y.labels = t->labels;
    return t;
}

static double products(const cell *c, double first, double others)
{
    double sum = 0;
    for (size_t l = 0; c->sizes[l + 1] != 0; l++)
        sum += (l == 0 ? first : others) * (double)c->sizes[l] * (double)c->sizes[l + 1];
    return sum;
}

static void train(void *state, size_t times)
{
    training *t = state;
    pybp_train_result result;
    while (times-- > 0)
        require(pybp_train(t->net, &t->x, &t->y, NULL, &t->options, &result) == PYBP_OK);
}

static void predict(void *state, size_t times)
{
    training *t = state;
    while (times-- > 0)
        require(pybp_predict(t->net, &t->x, t->out, t->options.threads) == PYBP_OK);
}

/* Steps of an epoch without --steps: enough that waking threads and shuffling cost as little as in practice, and so few
 * that inputs take at most 16 MB, as in the benchmarks against peers. */
static size_t epoch_steps(const bench *b, const cell *c, pybp_dtype dtype)
{
    const size_t room = 16000000 / (c->batch * c->sizes[0] * width(dtype));
    if (b->steps > 0)
        return b->steps;
    if (c->batch >= 10000)
        return 1;
    return c->batch * c->sizes[0] >= 131072 ? 4 : room < 64 ? room : 64;
}

/* Returns the job's number, counted from 1, or 0 if --only leaves it out. */
static size_t add_training(bench *b, const cell *c, pybp_dtype dtype, int kind)
{
    const size_t steps = epoch_steps(b, c, dtype);
    pybp_row row;
    pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, kind, &row);
    bench_job *job = bench_add(b, "step", dtype, "%s, batch %zu, %s", c->name, c->batch, row.name);
    if (job == NULL)
        return 0;
    training *t = make(c, dtype, c->batch * steps);
    t->lr = 1e-6;
    t->options = (pybp_train_options){.loss = {.kind = c->loss}, .reduction = PYBP_MEAN, .lr = &t->lr, .n_lr = 1,
                                      .batch_size = c->batch, .shuffle = 1, .threads = b->threads};
    t->options.optimizer.kind = (pybp_optimizer_kind)kind;
    t->options.optimizer.bias_lr_factor = 1;
    for (int i = 0; i < row.n_params; i++)
        t->options.optimizer.params[i] = row.params[i].value;
    job->flop = products(c, 4, 6) * (double)c->batch * (double)steps;
    job->unit = (double)steps;
    job->threads = b->threads;
    job->run = train;
    job->release = training_free;
    job->state = t;
    return b->n;
}

static void add_prediction(bench *b, const cell *c, pybp_dtype dtype, size_t rows)
{
    bench_job *job = bench_add(b, "predict", dtype, "%s, %zu rows", c->name, rows);
    if (job == NULL)
        return;
    training *t = make(c, dtype, rows);
    t->options.threads = job->threads = b->threads;
    job->flop = products(c, 2, 2) * (double)rows;
    job->run = predict;
    job->release = training_free;
    job->state = t;
}

/* The cost of layers, in comparison with a plain net. */
static void add_extras(bench *b, pybp_dtype dtype)
{
    static const struct {
        const char *name;
        int extras;
    } rows[] = {
        {"784-512-512-10 plain", 0},
        {"784-512-512-10 batch norm", BATCH_NORM},
        {"784-512-512-10 dropout", DROPOUT},
        {"784-512-512-10 residual", RESIDUAL},
        {"784-512-512-10 all three", BATCH_NORM | DROPOUT | RESIDUAL},
    };
    size_t plain = 0;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const cell c = {rows[i].name, 128, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY, 0, rows[i].extras,
                        {784, 512, 512, 10}};
        const size_t job = add_training(b, &c, dtype, PYBP_OPTIMIZER_ADAM);
        if (i == 0)
            plain = job;
        else if (job > 0)
            b->jobs[job - 1].baseline = plain;
    }
}

void bench_add_steps(bench *b)
{
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < N_CELLS; i++) {
            add_training(b, &cells[i], (pybp_dtype)d, PYBP_OPTIMIZER_SGD);
            add_training(b, &cells[i], (pybp_dtype)d, PYBP_OPTIMIZER_ADAM);
        }
    for (int d = 0; d < 2; d++)
        add_extras(b, (pybp_dtype)d);
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < N_CELLS; i++)
            if (cells[i].predicted) {
                add_prediction(b, &cells[i], (pybp_dtype)d, 1);
                add_prediction(b, &cells[i], (pybp_dtype)d, 10000);
            }
}
