/* Data in and out: matrices of any stride and dtype, refused arguments, metrics. */
#include <float.h>
#include <stdint.h>

#include "net_fixture.h"

static const shape odd = {5, {7, 18, 3}};

/* ---- matrices ---------------------------------------------------------------------------------------- */

enum { ROWS = 37, IN = 5, OUT = 3, MANY = 300 };

/* Outputs of rows that lie `stride` elements apart equal those of the same rows, packed. */
static void check_stride(pybp_net *net, ptrdiff_t stride, pybp_dtype dtype)
{
    const size_t size = dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double), bytes = ROWS * OUT * size_of(net);
    enum { SPREAD = ROWS * 8 };
    double *spread = noises(SPREAD), *packed = need(ROWS * IN * sizeof *packed);
    float *narrow = need(SPREAD * sizeof *narrow);
    char *a = need(bytes), *b = need(bytes);
    for (size_t i = 0; i < SPREAD; i++)
        spread[i] = narrow[i] = (float)spread[i]; /* so that both dtypes hold the same numbers */
    const ptrdiff_t first = stride < 0 ? -stride * (ROWS - 1) : 0;
    for (ptrdiff_t r = 0; r < ROWS; r++)
        memcpy(packed + r * IN, spread + first + r * stride, IN * sizeof *packed);
    const char *base = dtype == PYBP_FLOAT32 ? (char *)narrow : (char *)spread;
    const pybp_matrix x = {base + first * (ptrdiff_t)size, ROWS, IN, stride * (ptrdiff_t)size, dtype};
    const pybp_matrix like = doubles(packed, ROWS, IN);
    OK(pybp_predict(net, &x, a, 1));
    OK(pybp_predict(net, &like, b, 1));
    CHECK_MSG(memcmp(a, b, bytes) == 0, "stride %td", stride);
    OK(pybp_forward(net, &x, 0, a, 1));
    CHECK_MSG(memcmp(a, b, bytes) == 0, "forward, stride %td", stride);
    free(spread);
    free(packed);
    free(narrow);
    free(a);
    free(b);
}

static void test_strides(void)
{
    static const ptrdiff_t strides[] = {IN, 8, 6, 0, 1, -IN, -7};
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = make_net((pybp_dtype)dtype, odd, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_SIGMOID);
        for (size_t i = 0; i < sizeof strides / sizeof *strides; i++) {
            check_stride(net, strides[i], PYBP_FLOAT32);
            check_stride(net, strides[i], PYBP_FLOAT64);
        }
        pybp_net_free(net);
    }
}

/* A float net rounds doubles once. */
static void test_conversion(void)
{
    pybp_net *net = make_net(PYBP_FLOAT32, (shape){1, {1}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    const double in[] = {0.1, 1 + 0x1p-24, 1 + 0x1.8p-23, 0x1.fffffeffffp127, 1e-42, -0.0};
    const pybp_matrix x = doubles(in, 6, 1);
    float out[6];
    OK(pybp_net_poke(net, 0, 0, 0, 1, NULL));
    OK(pybp_net_poke(net, 0, 0, 1, 0, NULL));
    OK(pybp_predict(net, &x, out, 1));
    for (int i = 0; i < 6; i++)
        CHECK_MSG(out[i] == (fabs(in[i]) < 0x1p-63 ? 0 : (float)in[i]), "%a became %a", in[i], (double)out[i]);
    pybp_net_free(net);
}

static void test_rows_alone(void)
{
    samples s = make_samples(300, 5, 3);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = make_net((pybp_dtype)dtype, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
        const size_t row = OUT * size_of(net);
        char *all = need(300 * row), *alone = need(row);
        OK(pybp_predict(net, &s.x, all, 3));
        for (size_t r = 0; r < 300; r++) {
            const pybp_matrix one = doubles(s.inputs + r * IN, 1, IN);
            OK(pybp_predict(net, &one, alone, 0));
            CHECK(memcmp(alone, all + r * row, row) == 0);
        }
        free(all);
        free(alone);
        pybp_net_free(net);
    }
    free_samples(&s);
}

static void test_matrix_check(void)
{
    double values[6] = {1, 2, 3, 4, FLT_MAX, 0x1.fffffeffffp127};
    pybp_matrix x = doubles(values, 2, 3);
    size_t row = 9, col = 9;
    OK(pybp_matrix_check(&x, PYBP_FLOAT64, &row, &col));
    OK(pybp_matrix_check(&x, PYBP_FLOAT32, &row, &col));
    CHECK(row == 9 && col == 9);
    values[5] = 0x1.ffffffp127; /* halfway to 2^128: rounds up */
    OK(pybp_matrix_check(&x, PYBP_FLOAT64, &row, &col));
    FAILS(pybp_matrix_check(&x, PYBP_FLOAT32, &row, &col), PYBP_NOT_FINITE, "row 1, column 2");
    CHECK(row == 1 && col == 2);
    values[1] = -INFINITY;
    FAILS(pybp_matrix_check(&x, PYBP_FLOAT64, &row, &col), PYBP_NOT_FINITE, "row 0, column 1");
    CHECK(row == 0 && col == 1);
    const float floats[2] = {1, NAN};
    const pybp_matrix f = {floats, 1, 2, 8, PYBP_FLOAT32};
    FAILS(pybp_matrix_check(&f, PYBP_FLOAT32, &row, &col), PYBP_NOT_FINITE, "row 0, column 1");
    FAILS(pybp_matrix_check(&f, PYBP_FLOAT64, &row, &col), PYBP_NOT_FINITE, "row 0, column 1");
    FAILS(pybp_matrix_check(&f, (pybp_dtype)2, &row, &col), PYBP_INVALID, "dtype 2");
    FAILS(pybp_matrix_check(NULL, PYBP_FLOAT64, &row, &col), PYBP_INVALID, "NULL");
    FAILS(pybp_matrix_check(&f, PYBP_FLOAT64, NULL, &col), PYBP_INVALID, "NULL");
    FAILS(pybp_matrix_check(&f, PYBP_FLOAT64, &row, NULL), PYBP_INVALID, "NULL");
    x.rows = 0;
    OK(pybp_matrix_check(&x, PYBP_FLOAT64, &row, &col));
}

/* Refused are also values that conversion makes infinite, in any block and on any thread. */
static void test_predict_finite(void)
{
    pybp_net *net = NULL;
    double values[MANY * 3], out[MANY * 2], expected[MANY * 2];
    size_t row = 9, col = 9;
    const pybp_layer_desc layer = {.n_out = 2};
    const pybp_net_desc desc = {.dtype = PYBP_FLOAT64, .n_in = 3, .layers = &layer, .n_layers = 1, .seed = 3};
    for (size_t i = 0; i < MANY * 3; i++)
        values[i] = (double)i;
    const pybp_matrix x = doubles(values, MANY, 3);
    OK(pybp_net_create(&desc, &net));
    OK(pybp_predict(net, &x, expected, 1));
    OK(pybp_predict_finite(net, &x, out, 2, &row, &col));
    CHECK(memcmp(out, expected, sizeof out) == 0 && row == 9 && col == 9);
    values[(MANY - 1) * 3 + 1] = NAN;
    FAILS(pybp_predict_finite(net, &x, out, 2, &row, &col), PYBP_NOT_FINITE, "row 299, column 1");
    CHECK(row == MANY - 1 && col == 1);
    values[0] = -INFINITY;
    FAILS(pybp_predict_finite(net, &x, out, 1, &row, &col), PYBP_NOT_FINITE, "row 0, column 0");
    FAILS(pybp_predict_finite(net, &x, out, 1, NULL, &col), PYBP_INVALID, "NULL");
    FAILS(pybp_predict_finite(net, &x, NULL, 1, &row, &col), PYBP_INVALID, "NULL");
    pybp_net_free(net);
    float single[2];
    const pybp_net_desc narrow = {.dtype = PYBP_FLOAT32, .n_in = 3, .layers = &layer, .n_layers = 1, .seed = 3};
    double large[3] = {1, 0x1.ffffffp127, 1};
    const pybp_matrix too_large = doubles(large, 1, 3);
    OK(pybp_net_create(&narrow, &net));
    FAILS(pybp_predict_finite(net, &too_large, single, 1, &row, &col), PYBP_NOT_FINITE, "row 0, column 1");
    pybp_net_free(net);
}

/* ---- refused data -------------------------------------------------------------------------------------- */

/* Each function that takes x refuses it. */
static void refuse_x(pybp_net *net, const pybp_matrix *x, const samples *s, pybp_status code, const char *words)
{
    const pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 4);
    pybp_evaluation evaluation;
    pybp_train_result result;
    double out[ROWS * OUT];
    FAILS(pybp_predict(net, x, out, 1), code, words);
    FAILS(pybp_forward(net, x, 1, NULL, 1), code, words);
    FAILS(pybp_evaluate(net, x, &s->y, NULL, LOSS(MSE), PYBP_MEAN, 1, &evaluation), code, words);
    FAILS(pybp_train(net, x, &s->y, NULL, &options, &result), code, words);
}

static void test_refused_inputs(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = make_net(PYBP_FLOAT64, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    OK(pybp_forward(net, &s.x, 1, NULL, 1));
    const image before = whole_image(net, ROWS);
    pybp_matrix x = s.x;
    refuse_x(net, NULL, &s, PYBP_INVALID, "NULL");
    x.data = NULL;
    refuse_x(net, &x, &s, PYBP_INVALID, "x is NULL");
    x = s.x, x.dtype = (pybp_dtype)7;
    refuse_x(net, &x, &s, PYBP_INVALID, "dtype 7");
    x = s.x, x.rows = 0;
    refuse_x(net, &x, &s, PYBP_SHAPE, "no rows");
    x = s.x, x.cols = 4;
    refuse_x(net, &x, &s, PYBP_SHAPE, "4 columns, expected 5");
    x = s.x, x.row_stride = 41;
    refuse_x(net, &x, &s, PYBP_INVALID, "aligned");
    x = s.x, x.data = (const char *)x.data + 4;
    refuse_x(net, &x, &s, PYBP_INVALID, "aligned");
    x = s.x, x.rows = SIZE_MAX;
    refuse_x(net, &x, &s, PYBP_SHAPE, "larger than memory");
    x = s.x, x.row_stride = PTRDIFF_MIN;
    refuse_x(net, &x, &s, PYBP_SHAPE, "larger than memory");
    FAILS(pybp_predict(NULL, &s.x, s.inputs, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_predict(net, &s.x, NULL, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_forward(NULL, &s.x, 0, NULL, 1), PYBP_INVALID, "NULL");
    CHECK(unchanged(net, ROWS, before));
    pybp_net_free(net);
    free_samples(&s);
}

/* Each function that takes targets and weights refuses these. */
static void refuse_y(pybp_net *net, const samples *s, const pybp_targets *y, const double *weights, pybp_loss loss,
                     pybp_reduction reduction, pybp_status code, const char *words)
{
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), loss, 4);
    pybp_evaluation evaluation;
    pybp_train_result result;
    double value;
    options.reduction = reduction;
    FAILS(pybp_evaluate(net, &s->x, y, weights, &options.loss, reduction, 1, &evaluation), code, words);
    FAILS(pybp_backward_loss(net, y, weights, &options.loss, reduction, NULL, 1, &value), code, words);
    FAILS(pybp_train(net, &s->x, y, weights, &options, &result), code, words);
}

static void test_refused_targets(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = make_net(PYBP_FLOAT64, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    const pybp_loss mse = PYBP_LOSS_MSE, ce = PYBP_LOSS_CROSS_ENTROPY;
    double bad[ROWS] = {0};
    OK(pybp_forward(net, &s.x, 1, NULL, 1));
    const image before = whole_image(net, ROWS);
    pybp_targets y = s.y;
    refuse_y(net, &s, NULL, NULL, mse, PYBP_MEAN, PYBP_INVALID, "NULL");
    y.values.data = NULL;
    refuse_y(net, &s, &y, NULL, mse, PYBP_MEAN, PYBP_INVALID, "y is NULL");
    y = s.y, y.values.rows = ROWS - 1;
    refuse_y(net, &s, &y, NULL, mse, PYBP_MEAN, PYBP_SHAPE, "36 rows");
    y = s.y, y.values.cols = 2;
    refuse_y(net, &s, &y, NULL, mse, PYBP_MEAN, PYBP_SHAPE, "y has 2 columns, expected 3");
    refuse_y(net, &s, &s.classes, NULL, mse, PYBP_MEAN, PYBP_INVALID, "cross_entropy only");
    refuse_y(net, &s, &s.y, NULL, PYBP_LOSS_BINARY_CROSS_ENTROPY, PYBP_MEAN, PYBP_INVALID, "sigmoid output");
    refuse_y(net, &s, &s.y, NULL, (pybp_loss)PYBP_N_LOSSES, PYBP_MEAN, PYBP_INVALID, "no loss");
    refuse_y(net, &s, &s.y, NULL, mse, (pybp_reduction)2, PYBP_INVALID, "no reduction 2");
    s.labels[7] = OUT;
    refuse_y(net, &s, &s.classes, NULL, ce, PYBP_MEAN, PYBP_INVALID, "label 3 in row 7: expected 0 to 2");
    s.labels[7] = -1;
    refuse_y(net, &s, &s.classes, NULL, ce, PYBP_MEAN, PYBP_INVALID, "label -1 in row 7");
    refuse_y(net, &s, &s.y, bad, mse, PYBP_MEAN, PYBP_INVALID, "sum to 0");
    bad[2] = -1;
    refuse_y(net, &s, &s.y, bad, mse, PYBP_MEAN, PYBP_INVALID, "weight -1 in row 2");
    bad[2] = NAN;
    refuse_y(net, &s, &s.y, bad, mse, PYBP_MEAN, PYBP_INVALID, "weight nan in row 2");
    bad[2] = bad[3] = DBL_MAX;
    refuse_y(net, &s, &s.y, bad, mse, PYBP_MEAN, PYBP_INVALID, "sum to inf");

    pybp_evaluation evaluation;
    double value;
    FAILS(pybp_evaluate(NULL, &s.x, &s.y, NULL, LOSS(MSE), PYBP_MEAN, 1, &evaluation), PYBP_INVALID, "NULL");
    FAILS(pybp_evaluate(net, &s.x, &s.y, NULL, LOSS(MSE), PYBP_MEAN, 1, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_backward_loss(NULL, &s.y, NULL, LOSS(MSE), PYBP_MEAN, NULL, 1, &value), PYBP_INVALID, "NULL");
    FAILS(pybp_backward_loss(net, &s.y, NULL, LOSS(MSE), PYBP_MEAN, NULL, 1, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_evaluate(net, &s.x, &s.y, NULL, NULL, PYBP_MEAN, 1, &evaluation), PYBP_INVALID, "loss is NULL");
    const pybp_loss_spec surplus = {.kind = PYBP_LOSS_MSE, .n_params = 1};
    const pybp_loss_spec fewer = {.kind = PYBP_LOSS_MSE, .n_params = -1};
    FAILS(pybp_evaluate(net, &s.x, &s.y, NULL, &surplus, PYBP_MEAN, 1, &evaluation), PYBP_INVALID, "mse: 1 parameters");
    FAILS(pybp_backward_loss(net, &s.y, NULL, &fewer, PYBP_MEAN, NULL, 1, &value), PYBP_INVALID, "mse: -1 parameters");
    FAILS(pybp_backward(NULL, &s.y.values, NULL, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_backward(net, NULL, NULL, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_backward(net, &s.x, NULL, 1), PYBP_SHAPE, "dl_da has 5 columns, expected 3");
    pybp_matrix g = s.y.values;
    g.rows = ROWS - 1;
    FAILS(pybp_backward(net, &g, NULL, 1), PYBP_SHAPE, "36 rows, the forward pass had 37");
    CHECK(unchanged(net, ROWS, before));
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- refused options ------------------------------------------------------------------------------------- */

/* pybp_step and pybp_train refuse the optimizer or the rate. */
static void refuse_optimizer(pybp_net *net, const samples *s, pybp_optimizer optimizer, double lr, const char *words)
{
    pybp_train_options options = default_options(optimizer, PYBP_LOSS_MSE, 10);
    pybp_train_result result;
    options.lr = &lr;
    FAILS(pybp_step(net, &optimizer, lr, 1), PYBP_INVALID, words);
    FAILS(pybp_train(net, &s->x, &s->y, NULL, &options, &result), PYBP_INVALID, words);
}

static void test_refused_optimizers(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    OK(pybp_forward(net, &s.x, 1, NULL, 1));
    OK(pybp_backward(net, &s.y.values, NULL, 1));
    const image before = whole_image(net, ROWS);
    const pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD);
    pybp_optimizer o = sgd;
    static const double rates[] = {-1, NAN, INFINITY};
    for (size_t i = 0; i < 3; i++)
        refuse_optimizer(net, &s, sgd, rates[i], "learning rate");
    o.kind = (pybp_optimizer_kind)PYBP_N_OPTIMIZERS;
    refuse_optimizer(net, &s, o, 0.1, "no such optimizer");
    for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++) {
        pybp_row row;
        OK(pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, kind, &row));
        for (int p = 0; p < row.n_params; p++) {
            const pybp_param_info *info = &row.params[p];
            o = default_optimizer((pybp_optimizer_kind)kind);
            o.params[p] = NAN;
            refuse_optimizer(net, &s, o, 0.1, info->name);
            o.params[p] = info->low_open ? info->low : info->low - 1;
            refuse_optimizer(net, &s, o, 0.1, info->name);
            o.params[p] = info->low_open ? 1e-60 : info->high_open ? info->high : info->high + 1; /* 1e-60f is 0 */
            refuse_optimizer(net, &s, o, 0.1, info->name);
        }
    }
    o = sgd, o.params[1] = 1;
    refuse_optimizer(net, &s, o, 0.1, "nesterov needs a momentum");
    o = sgd, o.clip_norm = -1;
    refuse_optimizer(net, &s, o, 0.1, "clip_norm = -1");
    o = sgd, o.clip_value = NAN;
    refuse_optimizer(net, &s, o, 0.1, "clip_value = nan");
    o = sgd, o.bias_lr_factor = INFINITY;
    refuse_optimizer(net, &s, o, 0.1, "bias_lr_factor = inf");
    FAILS(pybp_step(NULL, &sgd, 0.1, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_step(net, NULL, 0.1, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_reset_optimizer(NULL), PYBP_INVALID, "NULL");
    CHECK(unchanged(net, ROWS, before));
    pybp_net_free(net);
    free_samples(&s);
}

static void test_refused_options(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    const pybp_train_options fine = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 10);
    const double rates[4] = {0.1, 0.1, -0.1, 0.1};
    pybp_train_options o = fine;
    pybp_train_result result;
    size_t order[4];
    const image before = whole_image(net, 0);
    FAILS(pybp_train(NULL, &s.x, &s.y, NULL, &fine, &result), PYBP_INVALID, "NULL");
    FAILS(pybp_train(net, &s.x, &s.y, NULL, NULL, &result), PYBP_INVALID, "NULL");
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &fine, NULL), PYBP_INVALID, "NULL");
    o.batch_size = 0;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "batch_size is 0");
    o = fine, o.lr = NULL;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "learning rate");
    o = fine, o.n_lr = 0;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "learning rate");
    o = fine, o.lr = rates, o.n_lr = 2;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "2 learning rates for 4 steps");
    o.n_lr = 4;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "of step 2");
    FAILS(pybp_net_order(NULL, 4, order), PYBP_INVALID, "NULL");
    FAILS(pybp_net_order(net, 4, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_net_order(net, (size_t)1 << 33, order), PYBP_SHAPE, "shuffling");
    OK(pybp_net_order(net, 0, order));
    CHECK(unchanged(net, 0, before));
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- metrics --------------------------------------------------------------------------------------------- */

static double metric(pybp_metric which, const double *y, const double *p, size_t rows, size_t cols, const double *w)
{
    const pybp_matrix target = doubles(y, rows, cols), prediction = doubles(p, rows, cols);
    double value = NAN;
    OK(pybp_metric_value(which, &target, &prediction, w, &value));
    return value;
}

static void test_metrics(void)
{
    const double y[6] = {1, 10, 2, 10, 6, 10}, p[6] = {2, 10, 2, 10, 3, 10}, w[3] = {1, 0, 3};
    CHECK(metric(PYBP_METRIC_MSE, y, p, 3, 2, NULL) == 10.0 / 2 / 3);
    CHECK(metric(PYBP_METRIC_MAE, y, p, 3, 2, NULL) == 4.0 / 2 / 3);
    CHECK_NEAR(metric(PYBP_METRIC_R2, y, p, 3, 2, NULL), (1 - 10.0 / 14 + 1) / 2, 1e-15); /* a constant column: 1 */
    CHECK(metric(PYBP_METRIC_MSE, y, p, 3, 2, w) == 28.0 / 2 / 4);
    CHECK(metric(PYBP_METRIC_MAE, y, p, 3, 2, w) == 10.0 / 2 / 4);
    CHECK_NEAR(metric(PYBP_METRIC_R2, y, p, 3, 2, w), (1 - 28 / 18.75 + 1) / 2, 1e-15);
    const double constant[3] = {2, 2, 2}, off[3] = {2, 2, 3};
    CHECK(metric(PYBP_METRIC_R2, constant, off, 3, 1, NULL) == 0);
    CHECK(metric(PYBP_METRIC_R2, constant, constant, 3, 1, NULL) == 1);

    double *many = noises(600), *other = noises(600), chunks[3] = {0};
    for (size_t r = 0; r < 600; r++)
        chunks[r / 256] = chunks[r / 256] + fabs(other[r] - many[r]);
    CHECK(metric(PYBP_METRIC_MAE, many, other, 600, 1, NULL) == (chunks[0] + chunks[1] + chunks[2]) / 1 / 600);
    free(many);
    free(other);

    const float f[3] = {2, 2, 3};
    const pybp_matrix target = doubles(constant, 3, 1), floats = {f, 3, 1, 4, PYBP_FLOAT32};
    pybp_matrix bad = doubles(off, 2, 1);
    double value = 7;
    OK(pybp_metric_value(PYBP_METRIC_MSE, &target, &floats, NULL, &value));
    CHECK(value == 1.0 / 3);
    value = 7;
    FAILS(pybp_metric_value((pybp_metric)3, &target, &floats, NULL, &value), PYBP_INVALID, "no metric 3");
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, NULL, &floats, NULL, &value), PYBP_INVALID, "NULL");
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, &target, NULL, NULL, &value), PYBP_INVALID, "NULL");
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, &target, &floats, NULL, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, &target, &bad, NULL, &value), PYBP_SHAPE, "2 rows, target has 3");
    bad.cols = 2;
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, &target, &bad, NULL, &value), PYBP_SHAPE, "2 columns, expected 1");
    bad.cols = 0;
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, &bad, &floats, NULL, &value), PYBP_SHAPE, "no columns");
    const double zeros[3] = {0};
    FAILS(pybp_metric_value(PYBP_METRIC_MSE, &target, &floats, zeros, &value), PYBP_INVALID, "sum to 0");
    CHECK(value == 7);
}

CHECK_MAIN(CHECK_RUN(test_strides); CHECK_RUN(test_conversion); CHECK_RUN(test_rows_alone);
           CHECK_RUN(test_matrix_check); CHECK_RUN(test_predict_finite); CHECK_RUN(test_refused_inputs);
           CHECK_RUN(test_refused_targets);
           CHECK_RUN(test_refused_optimizers); CHECK_RUN(test_refused_options); CHECK_RUN(test_metrics);)
