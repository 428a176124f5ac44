/* Data that another thread changes while a call works on them. What a call computes is then undefined, but it returns, and
 * it stays within the buffers that it was given: AddressSanitizer watches that. The races are meant, so that
 * ThreadSanitizer has nothing to say about these tests. */
#define _DEFAULT_SOURCE
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/clock.h"
#include "layer_fixture.h"
#include "net/rows/work.h"

enum { ROWS = 300, MS_EACH = 300, SECONDS_AT_MOST = 120 };

/* Buffers that lose their contents again and again. */
typedef struct mover {
    void *at[2];
    size_t words[2]; /* of 4 bytes */
    const uint32_t *values;
    size_t n_values; /* 0: any */
    atomic_bool stop;
    pthread_t thread;
} mover;

static void *move(void *arg)
{
    mover *m = arg;
    uint32_t state = 1;
    while (!atomic_load_explicit(&m->stop, memory_order_relaxed))
        for (size_t b = 0; b < 2; b++)
            for (size_t i = 0; i < m->words[b]; i++) {
                state = state * 1664525u + 1013904223u;
                ((volatile uint32_t *)m->at[b])[i] = m->n_values == 0 ? state : m->values[(state >> 16) % m->n_values];
            }
    return NULL;
}

static void start(mover *m)
{
    atomic_store(&m->stop, false);
    CHECK(pthread_create(&m->thread, NULL, move, m) == 0);
}

static void stop(mover *m)
{
    atomic_store(&m->stop, true);
    pthread_join(m->thread, NULL);
}

/* Everything that reads data, for some time; with `epochs` in a call, so that checks are long over while it trains. */
static void use(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights, pybp_loss loss)
{
    const double end = pybp_clock_ms() + MS_EACH;
    const pybp_loss_spec spec = {.kind = loss};
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), loss, 7);
    double *out = need(x->rows * pybp_net_n_out(net) * sizeof *out), value;
    static const double no_rate = 0;
    options.threads = 3, options.epochs = 20, options.shuffle = 1, options.lr = &no_rate, options.count_correct = 1;
    while (pybp_clock_ms() < end) {
        pybp_train_result result = {0};
        pybp_evaluation evaluation;
        size_t row, col;
        pybp_train(net, x, y, weights, &options, &result);
        pybp_predict(net, x, out, 2);
        pybp_predict_finite(net, x, out, 1, &row, &col);
        pybp_evaluate(net, x, y, weights, &spec, PYBP_MEAN, 2, &evaluation);
        pybp_matrix_check(x, PYBP_FLOAT32, &row, &col);
        if (pybp_forward(net, x, PYBP_TRAINING, NULL, 2) == PYBP_OK)
            pybp_backward_loss(net, y, weights, &spec, PYBP_MEAN, NULL, 2, &value);
    }
    free(out);
}

/* ---- sparse ----------------------------------------------------------------------------------------------- */

typedef struct sparse {
    int64_t *indptr, *indices;
    double *data;
    pybp_matrix x;
} sparse;

/* A value in every other column. */
static sparse make_sparse(size_t rows, size_t cols)
{
    const size_t each = cols / 2;
    sparse s = {need((rows + 1) * sizeof(int64_t)), need(rows * each * sizeof(int64_t)), noises(rows * each), {0}};
    for (size_t r = 0; r <= rows; r++)
        s.indptr[r] = (int64_t)(r * each);
    for (size_t i = 0; i < rows * each; i++)
        s.indices[i] = (int64_t)(2 * (i % each));
    s.x = (pybp_matrix){.data = s.data, .rows = rows, .cols = cols, .dtype = PYBP_FLOAT64, .indptr = s.indptr,
                        .indices = s.indices, .n_values = rows * each, .wide = 1};
    return s;
}

static void free_sparse(sparse *s)
{
    free(s->indptr);
    free(s->indices);
    free(s->data);
}

/* Numbers that are small or anything, so that the check at the beginning of a call has a chance to pass. */
static void test_indices(void)
{
    static const uint32_t numbers[] = {0, 0, 0, 0, 1, 2, 0x7fffffff, 0xffffffff};
    samples data = make_samples(ROWS, 10, 3);
    pybp_net *net = make_net(PYBP_FLOAT32, (shape){10, {6, 3}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
    for (int which = 0; which < 2; which++) {
        sparse s = make_sparse(ROWS, 10);
        mover m = {.values = numbers, .n_values = sizeof numbers / sizeof *numbers};
        m.at[0] = which == 0 ? s.indices : s.indptr;
        m.words[0] = 2 * (which == 0 ? s.x.n_values : ROWS + 1);
        start(&m);
        const double end = pybp_clock_ms() + MS_EACH;
        while (pybp_clock_ms() < end) { /* valid at the beginning of a call, more often than not */
            sparse again = make_sparse(ROWS, 10);
            memcpy(s.indptr, again.indptr, (ROWS + 1) * sizeof *s.indptr);
            memcpy(s.indices, again.indices, s.x.n_values * sizeof *s.indices);
            free_sparse(&again);
            float out[ROWS * 3];
            pybp_predict(net, &s.x, out, 2);
        }
        use(net, &s.x, &data.y, NULL, PYBP_LOSS_MSE);
        stop(&m);
        free_sparse(&s);
    }
    pybp_net_free(net);
    free_samples(&data);
}

/* The same behind the checks, which is where it was fatal: indices are overwritten once a training is under way. */
typedef struct overwriter {
    sparse *s;
    int64_t with;
    size_t calls;
} overwriter;

static int overwrite(void *user, size_t steps, double loss)
{
    overwriter *o = user;
    (void)steps, (void)loss;
    for (size_t i = 0; i < o->s->x.n_values; i++)
        o->s->indices[i] = o->with;
    for (size_t r = 0; r <= o->s->x.rows && o->calls > 0; r++)
        o->s->indptr[r] = o->with;
    o->calls++;
    return 0;
}

static void test_overwritten_indices(void)
{
    static const int64_t with[] = {10, 1 << 20, INT64_MAX, -1, INT64_MIN};
    samples data = make_samples(ROWS, 10, 3);
    for (size_t i = 0; i < sizeof with / sizeof *with; i++)
        for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
            sparse s = make_sparse(ROWS, 10);
            overwriter o = {&s, with[i], 0};
            pybp_net *net = make_net(dtype, (shape){10, {6, 3}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
            pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 7);
            pybp_train_result result;
            options.epochs = 4, options.tick = overwrite, options.user = &o;
            OK(pybp_train(net, &s.x, &data.y, NULL, &options, &result)); /* the rest of the rows counts as zeros */
            CHECK(o.calls > 1 && isfinite(result.loss));
            pybp_net_free(net);
            free_sparse(&s);
        }
    free_samples(&data);
}

/* ---- the rest --------------------------------------------------------------------------------------------- */

static const uint32_t zeros_and_ones[] = {0, 0x3ff00000, 0, 0}; /* as halves of doubles */

static void test_weights(void)
{
    samples data = make_samples(ROWS, 5, 3);
    pybp_net *net = make_net(PYBP_FLOAT64, (shape){5, {6, 3}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
    mover m = {.at = {data.weights}, .words = {2 * ROWS}, .values = zeros_and_ones, .n_values = 4};
    start(&m);
    use(net, &data.x, &data.y, data.weights, PYBP_LOSS_MSE);
    stop(&m);
    pybp_net_free(net);
    free_samples(&data);
}

static void test_inputs_and_targets(void)
{
    samples data = samples_for_all(ROWS);
    pybp_net *net = net_of_all(PYBP_FLOAT32);
    mover m = {.at = {data.inputs, data.values}, .words = {2 * ROWS * ALL_IN, 2 * ROWS * ALL_OUT},
               .values = zeros_and_ones, .n_values = 4};
    start(&m);
    use(net, &data.x, &data.y, NULL, PYBP_LOSS_MSE);
    m.n_values = 0;
    use(net, &data.x, &data.y, NULL, PYBP_LOSS_MSE);
    stop(&m);
    pybp_net_free(net);
    free_samples(&data);
}

static void test_labels(void)
{
    static const uint32_t labels[] = {0, 1, 2, 0, 1, 2, 0x7fffffff, 0x80000001};
    samples data = make_samples(ROWS, 5, 3);
    pybp_net *net = make_net(PYBP_FLOAT32, (shape){5, {6, 3}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    mover m = {.at = {data.labels}, .words = {ROWS}, .values = labels, .n_values = 3};
    start(&m);
    use(net, &data.x, &data.classes, NULL, PYBP_LOSS_CROSS_ENTROPY);
    m.n_values = 8;
    use(net, &data.x, &data.classes, NULL, PYBP_LOSS_CROSS_ENTROPY);
    stop(&m);
    pybp_net_free(net);
    free_samples(&data);
}

int main(void)
{
#if defined(__SANITIZE_THREAD__)
    return 77;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
    return 77;
#endif
#endif
    alarm(SECONDS_AT_MOST); /* what hangs is killed */
    pybp_set_thread_work(1);
    CHECK_RUN(test_indices);
    CHECK_RUN(test_overwritten_indices);
    CHECK_RUN(test_weights);
    CHECK_RUN(test_inputs_and_targets);
    CHECK_RUN(test_labels);
    return check_report();
}
