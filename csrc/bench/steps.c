/* Whole training steps and predictions, through the public interface. */
#include "bench/bench.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_LAYERS = 8 };

typedef struct work {
    const char *name;
    size_t sizes[MAX_LAYERS + 1]; /* ends with 0 */
    size_t batch;
    pybp_activation hidden;
    pybp_loss loss;
} work;

static const work works[] = {
    {"2-8-2", {2, 8, 2}, 4, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY},
    {"8-32-32-2", {8, 32, 32, 2}, 32, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY},
    {"30-100-2", {30, 100, 2}, 200, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY},
    {"64-128-64-10", {64, 128, 64, 10}, 128, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY},
    {"64x4", {64, 64, 64, 64, 64}, 32, PYBP_ACTIVATION_RELU, PYBP_LOSS_MSE},
    {"256x4", {256, 256, 256, 256, 256}, 128, PYBP_ACTIVATION_RELU, PYBP_LOSS_MSE},
    {"784-128-10", {784, 128, 10}, 128, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY},
    {"784-512-512-10", {784, 512, 512, 10}, 128, PYBP_ACTIVATION_RELU, PYBP_LOSS_CROSS_ENTROPY},
    {"1024-2048-2048-1024", {1024, 2048, 2048, 1024}, 256, PYBP_ACTIVATION_RELU, PYBP_LOSS_MSE},
    {"1024-2048-2048-1024", {1024, 2048, 2048, 1024}, 32, PYBP_ACTIVATION_RELU, PYBP_LOSS_MSE},
    {"4-32-16-4 tanh", {4, 32, 16, 4}, 10000, PYBP_ACTIVATION_TANH, PYBP_LOSS_SQUARED_ERROR},
};

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
    free(t->data);
    free(t->targets);
    free(t->out);
    free(t->labels);
    free(t);
}

static void must(int ok)
{
    if (!ok)
        exit(1);
}

static size_t width(pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
}

static char *fill(pybp_dtype dtype, size_t n)
{
    char *data = malloc(n * width(dtype));
    must(data != NULL);
    for (size_t i = 0; i < n; i++) {
        const double value = (double)((i * 2654435761u) % 1000) / 1000;
        if (dtype == PYBP_FLOAT32)
            ((float *)(void *)data)[i] = (float)value;
        else
            ((double *)(void *)data)[i] = value;
    }
    return data;
}

static training *make(const work *w, pybp_dtype dtype, size_t rows)
{
    training *t = calloc(1, sizeof *t);
    pybp_layer_desc layers[MAX_LAYERS];
    pybp_net_desc desc = {.dtype = dtype, .n_in = w->sizes[0], .layers = layers, .seed = 1};
    must(t != NULL);
    memset(layers, 0, sizeof layers);
    for (; w->sizes[desc.n_layers + 1] != 0; desc.n_layers++) {
        layers[desc.n_layers].n_out = w->sizes[desc.n_layers + 1];
        layers[desc.n_layers].activation = w->hidden;
    }
    layers[desc.n_layers - 1].activation =
        w->loss == PYBP_LOSS_CROSS_ENTROPY ? PYBP_ACTIVATION_SOFTMAX : PYBP_ACTIVATION_IDENTITY;
    must(pybp_net_create(&desc, &t->net) == PYBP_OK);
    const size_t n_out = layers[desc.n_layers - 1].n_out;
    t->rows = rows;
    t->data = fill(dtype, rows * desc.n_in);
    t->targets = fill(dtype, rows * n_out);
    t->out = fill(dtype, rows * n_out);
    t->labels = malloc(rows * sizeof *t->labels);
    must(t->labels != NULL);
    for (size_t i = 0; i < rows; i++)
        t->labels[i] = (int32_t)(i % n_out);
    t->x = (pybp_matrix){t->data, rows, desc.n_in, (ptrdiff_t)(desc.n_in * width(dtype)), dtype};
    t->y.values = (pybp_matrix){t->targets, rows, n_out, (ptrdiff_t)(n_out * width(dtype)), dtype};
    if (w->loss == PYBP_LOSS_CROSS_ENTROPY)
        t->y.labels = t->labels;
    return t;
}

static double products(const work *w, double first, double others)
{
    double sum = 0;
    for (size_t l = 0; w->sizes[l + 1] != 0; l++)
        sum += (l == 0 ? first : others) * (double)w->sizes[l] * (double)w->sizes[l + 1];
    return sum;
}

static void train(void *state, size_t times)
{
    training *t = state;
    pybp_train_result result;
    while (times-- > 0)
        must(pybp_train(t->net, &t->x, &t->y, NULL, &t->options, &result) == PYBP_OK);
}

static void predict(void *state, size_t times)
{
    training *t = state;
    while (times-- > 0)
        must(pybp_predict(t->net, &t->x, t->out, t->options.threads) == PYBP_OK);
}

static void add_training(bench *b, const work *w, pybp_dtype dtype, int kind, int threads)
{
    const size_t steps = w->batch >= 10000 ? 1 : w->batch * w->sizes[0] < 4096 ? 64 : 4; /* an epoch */
    pybp_row row;
    pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, kind, &row);
    bench_job *job = bench_add(b, "step", dtype, "%s, batch %zu, %s", w->name, w->batch, row.name);
    if (job == NULL)
        return;
    training *t = make(w, dtype, w->batch * steps);
    t->lr = 1e-6;
    t->options = (pybp_train_options){.loss = {.kind = w->loss}, .reduction = PYBP_MEAN, .lr = &t->lr, .n_lr = 1,
                                      .batch_size = w->batch, .shuffle = 1, .threads = threads};
    t->options.optimizer.kind = (pybp_optimizer_kind)kind;
    t->options.optimizer.bias_lr_factor = 1;
    for (int i = 0; i < row.n_params; i++)
        t->options.optimizer.params[i] = row.params[i].value;
    job->flop = products(w, 4, 6) * (double)w->batch * (double)steps;
    job->unit = (double)steps;
    job->run = train;
    job->release = training_free;
    job->state = t;
}

static void add_prediction(bench *b, const work *w, pybp_dtype dtype, size_t rows, int threads)
{
    bench_job *job = bench_add(b, "predict", dtype, "%s, %zu rows", w->name, rows);
    if (job == NULL)
        return;
    training *t = make(w, dtype, rows);
    t->options.threads = threads;
    job->flop = products(w, 2, 2) * (double)rows;
    job->run = predict;
    job->release = training_free;
    job->state = t;
}

void bench_add_steps(bench *b, int threads)
{
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
            add_training(b, &works[i], (pybp_dtype)d, PYBP_OPTIMIZER_SGD, threads);
            add_training(b, &works[i], (pybp_dtype)d, PYBP_OPTIMIZER_ADAM, threads);
        }
    for (int d = 0; d < 2; d++)
        for (size_t i = 0; i < sizeof works / sizeof *works; i++)
            if (strcmp(works[i].name, "64x4") == 0 || strcmp(works[i].name, "784-128-10") == 0) {
                add_prediction(b, &works[i], (pybp_dtype)d, 1, threads);
                add_prediction(b, &works[i], (pybp_dtype)d, 10000, threads);
            }
}
