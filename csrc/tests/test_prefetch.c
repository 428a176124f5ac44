/* Shuffled rows of large data, which are prefetched: the same bits as the same rows in order, and no access beyond
 * the data. */
#include "net_fixture.h"

#include "net/rows/work.h"

/* Rows of n_in numbers; the last one ends where the allocated memory does. */
typedef struct wide {
    char *x, *y;
    int32_t *labels;
    size_t rows, n_in, n_out, stride;
    pybp_dtype dtype;
} wide;

enum { N_OUT = 5, PADDING = 3 };

static size_t bytes_a_number(pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
}

static char *numbers(pybp_dtype dtype, size_t n)
{
    char *at = need(n * bytes_a_number(dtype));
    for (size_t i = 0; i < n; i++) {
        const double value = noise();
        if (dtype == PYBP_FLOAT32)
            ((float *)(void *)at)[i] = (float)value;
        else
            ((double *)(void *)at)[i] = value;
    }
    return at;
}

static wide make(pybp_dtype dtype, size_t rows, size_t n_in, size_t padding)
{
    wide w = {.rows = rows, .n_in = n_in, .n_out = N_OUT, .stride = n_in + padding, .dtype = dtype};
    w.x = numbers(dtype, rows * w.stride - padding);
    w.y = numbers(dtype, rows * w.n_out);
    w.labels = need(rows * sizeof *w.labels);
    for (size_t r = 0; r < rows; r++)
        w.labels[r] = (int32_t)(r * 7 % w.n_out);
    return w;
}

/* The rows in that order, without padding. */
static wide sorted(const wide *w, const size_t *order)
{
    const size_t size = bytes_a_number(w->dtype), row = w->n_in * size, targets = w->n_out * size;
    wide s = *w;
    s.stride = w->n_in;
    s.x = need(w->rows * row);
    s.y = need(w->rows * targets);
    s.labels = need(w->rows * sizeof *s.labels);
    for (size_t r = 0; r < w->rows; r++) {
        memcpy(s.x + r * row, w->x + order[r] * w->stride * size, row);
        memcpy(s.y + r * targets, w->y + order[r] * targets, targets);
        s.labels[r] = w->labels[order[r]];
    }
    return s;
}

static void release(wide *w)
{
    free(w->x);
    free(w->y);
    free(w->labels);
}

typedef struct how {
    size_t batch;
    int labels, drop_last, threads;
} how;

static image train(const wide *w, const how *h, int shuffle)
{
    pybp_net *net = make_net(PYBP_FLOAT32, (shape){w->n_in, {24, N_OUT}}, PYBP_ACTIVATION_RELU,
                             PYBP_ACTIVATION_SOFTMAX);
    const size_t size = bytes_a_number(w->dtype);
    const pybp_matrix x = {w->x, w->rows, w->n_in, (ptrdiff_t)(w->stride * size), w->dtype};
    const pybp_targets y = {.values = {w->y, w->rows, w->n_out, (ptrdiff_t)(w->n_out * size), w->dtype},
                            .labels = h->labels ? w->labels : NULL};
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD),
                                                 h->labels ? PYBP_LOSS_CROSS_ENTROPY : PYBP_LOSS_MSE, h->batch);
    pybp_train_result result;
    options.shuffle = shuffle, options.threads = h->threads, options.drop_last = h->drop_last;
    OK(pybp_train(net, &x, &y, NULL, &options, &result));
    const image of = trained_image(net);
    pybp_net_free(net);
    return of;
}

static void check(pybp_dtype dtype, size_t rows, size_t n_in, size_t padding, how h)
{
    wide w = make(dtype, rows, n_in, padding);
    size_t *order = need(rows * sizeof *order);
    pybp_net *net = make_net(PYBP_FLOAT32, (shape){n_in, {24, N_OUT}}, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_SOFTMAX);
    OK(pybp_net_order(net, rows, order));
    wide s = sorted(&w, order);
    CHECK(rows * n_in * bytes_a_number(dtype) > 4u << 20); /* else nothing is prefetched */
    for (h.threads = 1; h.threads <= 3; h.threads++)
        CHECK(same_images(train(&w, &h, 1), train(&s, &h, 0)));
    pybp_net_free(net);
    release(&w);
    release(&s);
    free(order);
}

static void test_narrow_rows(void)
{
    check(PYBP_FLOAT32, 50021, 30, 0, (how){.batch = 200, .labels = 1}); /* a row lies in 2 or 3 lines */
    check(PYBP_FLOAT32, 50021, 30, PADDING, (how){.batch = 200, .drop_last = 1});
    check(PYBP_FLOAT64, 30011, 33, PADDING, (how){.batch = 32});
}

static void test_wide_rows(void) /* of which only the first are prefetched */
{
    check(PYBP_FLOAT32, 1403, 1000, PADDING, (how){.batch = 100});
    check(PYBP_FLOAT64, 1403, 1000, 0, (how){.batch = 100, .labels = 1});
}

CHECK_MAIN(pybp_set_thread_work(1); CHECK_RUN(test_narrow_rows); CHECK_RUN(test_wide_rows);)
