/* Buffers that are not aligned to their elements: refused before anything is read or written. */
#include <stdint.h>

#include "net_fixture.h"

enum { ROWS = 5, IN = 3, OUT = 2 };

typedef struct buffers {
    samples s;
    char *out;       /* large enough for whatever is written, with room before and behind */
    size_t out_size;
    pybp_net *net;
    image before;
} buffers;

static buffers make_buffers(pybp_dtype dtype)
{
    buffers b = {.s = make_samples(ROWS, IN, OUT), .out_size = 512};
    b.out = need(b.out_size);
    memset(b.out, 77, b.out_size);
    b.net = make_net(dtype, (shape){IN, {4, OUT}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    OK(pybp_forward(b.net, &b.s.x, 1, NULL, 1));
    b.before = whole_image(b.net, ROWS);
    return b;
}

/* Nothing was written, and the net is as it was; releases all of it. */
static void check_and_free(buffers *b)
{
    for (size_t i = 0; i < b->out_size; i++)
        CHECK(b->out[i] == 77);
    CHECK(unchanged(b->net, ROWS, b->before));
    pybp_net_free(b->net);
    free(b->out);
    free_samples(&b->s);
}

static void *shifted(const void *buffer, size_t bytes)
{
    return (void *)((uintptr_t)buffer + bytes);
}

static void test_outputs_and_parameters(void)
{
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        buffers b = make_buffers((pybp_dtype)dtype);
        const size_t size = size_of(b.net);
        for (size_t shift = 1; shift < size; shift++) {
            void *out = shifted(b.out, shift);
            double value = 7;
            FAILS(pybp_predict(b.net, &b.s.x, out, 1), PYBP_INVALID, "out is not aligned");
            FAILS(pybp_forward(b.net, &b.s.x, 0, out, 1), PYBP_INVALID, "out is not aligned");
            FAILS(pybp_backward(b.net, &b.s.y.values, out, 1), PYBP_INVALID, "dx is not aligned");
            FAILS(pybp_backward_loss(b.net, &b.s.y, NULL, LOSS(MSE), PYBP_MEAN, out, 1, &value), PYBP_INVALID,
                  "dx is not aligned");
            FAILS(pybp_net_get(b.net, PYBP_BIASES, 0, out, 4 * size), PYBP_INVALID, "buffer is not aligned");
            FAILS(pybp_net_set(b.net, PYBP_BIASES, 0, out, 4 * size), PYBP_INVALID, "buffer is not aligned");
            CHECK(value == 7);
        }
        check_and_free(&b);
    }
}

static void test_labels_and_weights(void)
{
    buffers b = make_buffers(PYBP_FLOAT32);
    const pybp_train_options options =
        default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_CROSS_ENTROPY, ROWS);
    pybp_train_result result = {0};
    pybp_evaluation evaluation;
    for (size_t shift = 1; shift < sizeof(int32_t); shift++) {
        const pybp_targets y = {.labels = shifted(b.s.labels, shift)};
        FAILS(pybp_train(b.net, &b.s.x, &y, NULL, &options, &result), PYBP_INVALID, "labels is not aligned");
        FAILS(pybp_evaluate(b.net, &b.s.x, &y, NULL, LOSS(CROSS_ENTROPY), PYBP_MEAN, 1, &evaluation), PYBP_INVALID,
              "labels is not aligned");
    }
    for (size_t shift = 1; shift < sizeof(double); shift++) {
        const double *weights = shifted(b.s.weights, shift);
        double value = 7;
        FAILS(pybp_train(b.net, &b.s.x, &b.s.classes, weights, &options, &result), PYBP_INVALID, "weights is not");
        FAILS(pybp_metric_value(PYBP_METRIC_MSE, &b.s.y.values, &b.s.y.values, weights, &value), PYBP_INVALID,
              "weights is not aligned");
        FAILS(pybp_backward_loss(b.net, &b.s.classes, weights, LOSS(CROSS_ENTROPY), PYBP_MEAN, NULL, 1, &value),
              PYBP_INVALID, "weights is not aligned");
        CHECK(value == 7);
    }
    check_and_free(&b);
}

/* Half an element beside its place each, as in a packed record. */
static void test_matrices(void)
{
    buffers b = make_buffers(PYBP_FLOAT64);
    size_t row, col;
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        const ptrdiff_t size = dtype == PYBP_FLOAT32 ? 4 : 8;
        pybp_matrix x = {shifted(b.s.inputs, (size_t)size / 2), ROWS - 1, IN, IN * size, (pybp_dtype)dtype};
        FAILS(pybp_matrix_check(&x, PYBP_FLOAT32, &row, &col), PYBP_INVALID, "x is not aligned");
        FAILS(pybp_predict(b.net, &x, b.out, 1), PYBP_INVALID, "x is not aligned");
        x.data = b.s.inputs, x.row_stride = IN * size + size / 2;
        FAILS(pybp_predict(b.net, &x, b.out, 1), PYBP_INVALID, "rows that are not aligned");
        x.row_stride = -x.row_stride;
        FAILS(pybp_predict(b.net, &x, b.out, 1), PYBP_INVALID, "rows that are not aligned");
    }
    check_and_free(&b);
}

CHECK_MAIN(CHECK_RUN(test_outputs_and_parameters); CHECK_RUN(test_labels_and_weights); CHECK_RUN(test_matrices);)
