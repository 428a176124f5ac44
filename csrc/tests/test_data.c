/* Sparse inputs give the bits of dense ones, and minibatches of whole chunks add up to the large one. */
#include "net/rows/work.h"
#include "layer_fixture.h"

enum { ROWS = 300, IN = 37, OUT = 3 };
static const shape odd = {IN, {11, OUT}};

/* ---- sparse ------------------------------------------------------------------------------------------ */

typedef struct sparse {
    int64_t indptr[ROWS + 1];
    int64_t *indices;
    int32_t *indices32, indptr32[ROWS + 1];
    double *values;
    float *floats;
} sparse;

/* Keep about a third of the values, in some rows none; what is kept depends on the position. */
static sparse thin_out(samples *s)
{
    sparse a;
    size_t n = 0;
    a.indices = need(ROWS * IN * sizeof *a.indices);
    a.indices32 = need(ROWS * IN * sizeof *a.indices32);
    a.values = need(ROWS * IN * sizeof *a.values);
    a.floats = need(ROWS * IN * sizeof *a.floats);
    for (size_t r = 0; r < ROWS; r++) {
        a.indptr[r] = (int64_t)n;
        for (size_t c = 0; c < IN; c++) {
            double *x = &s->inputs[r * IN + c];
            if (r % 7 == 5 || noise() > -0.3) {
                *x = 0;
                continue;
            }
            *x = (float)*x;
            a.values[n] = *x;
            a.floats[n] = (float)*x;
            a.indices[n++] = (int64_t)c;
        }
    }
    a.indptr[ROWS] = (int64_t)n;
    for (size_t i = 0; i < n; i++)
        a.indices32[i] = (int32_t)a.indices[i];
    for (size_t r = 0; r <= ROWS; r++)
        a.indptr32[r] = (int32_t)a.indptr[r];
    return a;
}

static pybp_matrix matrix_of(const sparse *a, pybp_dtype dtype, int wide)
{
    pybp_matrix x = {.data = dtype == PYBP_FLOAT64 ? (const void *)a->values : a->floats, .rows = ROWS, .cols = IN};
    x.dtype = dtype;
    x.indptr = wide ? (const void *)a->indptr : a->indptr32;
    x.indices = wide ? (const void *)a->indices : a->indices32;
    x.n_values = (size_t)a->indptr[ROWS];
    x.wide = wide;
    return x;
}

static void free_sparse(sparse *a)
{
    free(a->indices);
    free(a->indices32);
    free(a->values);
    free(a->floats);
}

/* All functions that take inputs. */
static void compare(const samples *s, const pybp_matrix *x, pybp_dtype dtype)
{
    pybp_net *dense = make_net(dtype, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX), *thin = NULL;
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_CROSS_ENTROPY, 64);
    pybp_train_result one, other;
    pybp_evaluation e1, e2;
    double value1, value2;
    char *out1 = need(ROWS * OUT * sizeof(double)), *out2 = need(ROWS * OUT * sizeof(double));
    const size_t bytes = ROWS * OUT * (dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double));
    OK(pybp_net_copy(dense, &thin));
    options.shuffle = 1;
    for (int threads = 1; threads <= 3; threads++) {
        options.threads = threads;
        OK(pybp_train(dense, &s->x, &s->y, s->weights, &options, &one));
        OK(pybp_train(thin, x, &s->y, s->weights, &options, &other));
        CHECK(one.loss == other.loss);
        CHECK(same_images(trained_image(dense), trained_image(thin)));
    }
    OK(pybp_predict(dense, &s->x, out1, 2));
    OK(pybp_predict(thin, x, out2, 2));
    CHECK(memcmp(out1, out2, bytes) == 0);
    OK(pybp_evaluate(dense, &s->x, &s->y, NULL, LOSS(CROSS_ENTROPY), PYBP_MEAN, 1, &e1));
    OK(pybp_evaluate(thin, x, &s->y, NULL, LOSS(CROSS_ENTROPY), PYBP_MEAN, 1, &e2));
    CHECK(e1.loss == e2.loss && e1.n_correct == e2.n_correct);
    OK(pybp_forward(dense, &s->x, 0, out1, 1));
    OK(pybp_forward(thin, x, 0, out2, 1));
    CHECK(memcmp(out1, out2, bytes) == 0);
    OK(pybp_backward_loss(dense, &s->y, NULL, LOSS(CROSS_ENTROPY), PYBP_MEAN, NULL, 1, &value1));
    OK(pybp_backward_loss(thin, &s->y, NULL, LOSS(CROSS_ENTROPY), PYBP_MEAN, NULL, 1, &value2));
    CHECK(value1 == value2);
    free(out1);
    free(out2);
    pybp_net_free(dense);
    pybp_net_free(thin);
}

static void test_sparse(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    sparse a = thin_out(&s);
    for (int net = PYBP_FLOAT32; net <= PYBP_FLOAT64; net++)
        for (int data = PYBP_FLOAT32; data <= PYBP_FLOAT64; data++)
            for (int wide = 0; wide <= 1; wide++) {
                const pybp_matrix x = matrix_of(&a, (pybp_dtype)data, wide);
                compare(&s, &x, (pybp_dtype)net);
            }
    free_sparse(&a);
    free_samples(&s);
}

static void test_bad_sparse(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    sparse a = thin_out(&s);
    pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    const pybp_matrix good = matrix_of(&a, PYBP_FLOAT64, 1);
    pybp_matrix x = good;
    float out[ROWS * OUT];
    size_t row, col, kept = (size_t)a.indptr[2];
    int64_t old;
    x.cols = IN - 1;
    FAILS(pybp_predict(net, &x, out, 1), PYBP_SHAPE, "36 columns");
    x = good, x.indices = NULL;
    FAILS(pybp_predict(net, &x, out, 1), PYBP_INVALID, "no indices");
    x = good, x.indptr = (const char *)a.indptr + 1;
    FAILS(pybp_predict(net, &x, out, 1), PYBP_INVALID, "not aligned");
    x = good, x.n_values = kept;
    FAILS(pybp_predict(net, &x, out, 1), PYBP_INVALID, "row 2");
    old = a.indptr[3], a.indptr[3] = a.indptr[2] - 1;
    FAILS(pybp_predict(net, &good, out, 1), PYBP_INVALID, "row 2");
    a.indptr[3] = old, old = a.indptr[0], a.indptr[0] = -1;
    FAILS(pybp_predict(net, &good, out, 1), PYBP_INVALID, "row 0");
    a.indptr[0] = old, old = a.indices[kept], a.indices[kept] = IN;
    FAILS(pybp_predict(net, &good, out, 1), PYBP_INVALID, "columns of row 2");
    a.indices[kept] = -1;
    FAILS(pybp_predict(net, &good, out, 1), PYBP_INVALID, "columns of row 2");
    a.indices[kept] = a.indices[kept + 1];
    FAILS(pybp_predict(net, &good, out, 1), PYBP_INVALID, "columns of row 2");
    a.indices[kept] = old, a.values[kept + 1] = NAN;
    FAILS(pybp_matrix_check(&good, PYBP_FLOAT32, &row, &col), PYBP_NOT_FINITE, "row 2");
    CHECK(row == 2 && col == (size_t)a.indices[kept + 1]);
    a.values[kept + 1] = 1e39;
    CHECK(pybp_matrix_check(&good, PYBP_FLOAT32, &row, &col) == PYBP_NOT_FINITE);
    OK(pybp_matrix_check(&good, PYBP_FLOAT64, &row, &col));
    const pybp_targets y = {.values = good};
    FAILS(pybp_evaluate(net, &s.x, &y, NULL, LOSS(MSE), PYBP_MEAN, 1, &(pybp_evaluation){0}), PYBP_SHAPE, "columns");
    pybp_net_free(net);
    free_sparse(&a);
    free_samples(&s);
}

/* ---- accumulated gradients ------------------------------------------------------------------------------ */

static pybp_net *trained(const samples *s, size_t batch, size_t accumulate, double clip_norm, int threads,
                         int drop_last,
                         pybp_train_result *result)
{
    const shape small = {5, {19, OUT}};
    pybp_net *net = make_net(PYBP_FLOAT32, small, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    pybp_train_options options =
        default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_CROSS_ENTROPY, batch);
    options.accumulate = accumulate;
    options.optimizer.clip_norm = clip_norm;
    options.threads = threads;
    options.drop_last = drop_last;
    options.shuffle = 1;
    for (int epoch = 0; epoch < 3; epoch++)
        OK(pybp_train(net, &s->x, &s->y, s->weights, &options, result));
    return net;
}

static void test_accumulate(void)
{
    samples s = make_samples(2000, 5, OUT);
    pybp_train_result all, parts;
    for (int threads = 1; threads <= 3; threads++)
        for (int clipped = 0; clipped <= 1; clipped++) {
            const double clip = clipped ? 0.01 : 0;
            pybp_net *one = trained(&s, 768, 1, clip, 1, 0, &all);
            pybp_net *other = trained(&s, 256, 3, clip, threads, 0, &parts);
            CHECK(all.loss == parts.loss && all.steps == 3 && parts.steps == 3 && parts.n_rows == 2000);
            CHECK(same_images(trained_image(one), trained_image(other)));
            pybp_net_free(other);
            other = trained(&s, 384, 2, clip, threads, 0, &parts); /* chunks that start elsewhere */
            CHECK(fabs(all.loss - parts.loss) < 1e-5);
            CHECK(!same_images(trained_image(one), trained_image(other)));
            pybp_net_free(one);
            pybp_net_free(other);
        }
    pybp_net *net = trained(&s, 300, 2, 0, 2, 1, &parts);
    CHECK(parts.steps == 3 && parts.n_rows == 1800);
    pybp_net_free(net);
    net = trained(&s, SIZE_MAX, SIZE_MAX, 0, 2, 1, &parts);
    CHECK(parts.steps == 1 && parts.n_rows == 2000);
    pybp_net_free(net);
    free_samples(&s);
}

/* Parts of an epoch leave its number alone. */
static void test_parts(void)
{
    samples s = make_samples(20, 5, OUT);
    const shape small = {5, {4, OUT}};
    pybp_net *net = make_net(PYBP_FLOAT64, small, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_CROSS_ENTROPY, 20);
    pybp_train_result result;
    pybp_progress progress;
    options.part = 1;
    OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
    OK(pybp_get_progress(net, &progress));
    CHECK(progress.epochs == 0 && progress.steps == 1);
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- the gradient alone, and the Jacobian ------------------------------------------------------------------ */

/* Over all rows at once it is the gradient of a backward pass, and nothing else changes. */
static void test_gradient_only(void)
{
    samples s = make_samples(600, 5, OUT);
    const shape small = {5, {19, OUT}};
    pybp_net *net = make_net(PYBP_FLOAT32, small, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX), *twin = NULL;
    pybp_train_options options = {.batch_size = 256, .accumulate = SIZE_MAX, .gradient_only = 1};
    pybp_train_result result;
    const size_t bytes = pybp_net_n_parameters(net) * sizeof(float);
    float *one = need(bytes), *other = need(bytes);
    double value;
    options.loss.kind = PYBP_LOSS_CROSS_ENTROPY;
    OK(pybp_net_copy(net, &twin));
    OK(pybp_forward(twin, &s.x, 0, NULL, 1));
    OK(pybp_backward_loss(twin, &s.y, s.weights, LOSS(CROSS_ENTROPY), PYBP_MEAN, NULL, 1, &value));
    OK(pybp_net_get_flat(twin, PYBP_FLAT_GRADIENT, other, bytes));
    for (int threads = 1; threads <= 3; threads++) {
        options.threads = threads;
        OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
        OK(pybp_net_get_flat(net, PYBP_FLAT_GRADIENT, one, bytes));
        CHECK(result.loss == value && memcmp(one, other, bytes) == 0);
        CHECK(same_images(trained_image(net), trained_image(twin)));
    }
    options.shuffle = 1;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INVALID, "the gradient alone");
    options.shuffle = 0, options.accumulate = 1;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INVALID, "the gradient alone");
    pybp_net_free(net);
    pybp_net_free(twin);
    free(one);
    free(other);
    free_samples(&s);
}

/* Neither running statistics nor max_norm change anything then, and other options are checked as always. */
static void test_gradient_only_changes_nothing(void)
{
    samples s = make_samples(40, 5, OUT);
    pybp_net *net = NET(PYBP_FLOAT64, 5, LAYER(KIND(DENSE), .n_out = 9, .max_norm = 0.01), LAYER(KIND(BATCH_NORM)),
                        ACTIVATION(TANH), WITH(DROPOUT, 0.25), DENSE(OUT, IDENTITY));
    pybp_train_options options = {.loss = {.kind = PYBP_LOSS_MSE}, .batch_size = 40, .gradient_only = 1};
    pybp_train_result result;
    const image before = trained_image(net);
    for (int threads = 1; threads <= 3; threads++) {
        options.threads = threads;
        OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    }
    options.first_step = (size_t)1 << 58;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INVALID, "the gradient alone");
    options.first_step = 0, options.batch_size = 39, options.accumulate = SIZE_MAX;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INVALID, "minibatch has 1 row");
    CHECK(same_images(before, trained_image(net)));
    pybp_net_free(net);
    free_samples(&s);
}

/* Each row of it is what a backward pass of that row and output gives; sparse rows give the same. */
static void test_jacobian(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    sparse a = thin_out(&s);
    pybp_net *net = make_net(PYBP_FLOAT64, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    const size_t n = pybp_net_n_parameters(net), rows = 40, bytes = rows * OUT * n * sizeof(double);
    double *table = need(bytes), *again = need(bytes), *g = need(n * sizeof *g);
    pybp_matrix x = s.x, thin = matrix_of(&a, PYBP_FLOAT64, 0);
    x.rows = thin.rows = rows;
    OK(pybp_jacobian(net, &x, table, bytes));
    OK(pybp_jacobian(net, &thin, again, bytes));
    CHECK(memcmp(table, again, bytes) == 0);
    for (size_t r = 0; r < rows; r += 13)
        for (size_t k = 0; k < OUT; k++) {
            double slope[OUT] = {0};
            const pybp_matrix row = doubles(s.inputs + r * IN, 1, IN), dl_da = doubles(slope, 1, OUT);
            slope[k] = 1;
            OK(pybp_forward(net, &row, 0, NULL, 1));
            OK(pybp_backward(net, &dl_da, NULL, 1));
            OK(pybp_net_get_flat(net, PYBP_FLAT_GRADIENT, g, n * sizeof *g));
            CHECK(memcmp(g, table + (r * OUT + k) * n, n * sizeof *g) == 0);
        }
    FAILS(pybp_jacobian(net, &x, table, bytes - 8), PYBP_SHAPE, "40 rows of 3 outputs");
    FAILS(pybp_jacobian(net, &x, (char *)table + 1, bytes), PYBP_INVALID, "not aligned");
    FAILS(pybp_jacobian(net, &x, NULL, bytes), PYBP_INVALID, "NULL");
    OK(pybp_jacobian(net, &x, table, bytes));
    FAILS(pybp_net_get_flat(net, PYBP_FLAT_GRADIENT, g, n * sizeof *g), PYBP_STATE, "backward pass");
    free(table);
    free(again);
    free(g);
    pybp_net_free(net);
    free_sparse(&a);
    free_samples(&s);
}

/* ---- flat vectors ------------------------------------------------------------------------------------------- */

static void test_flat(void)
{
    const shape small = {2, {3, 1}};
    pybp_net *net = make_net(PYBP_FLOAT64, small, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    double v[12], w[6], g[12]; /* the last layer has no biases */
    for (int i = 0; i < 12; i++)
        v[i] = i + 1;
    OK(pybp_net_set_flat(net, PYBP_FLAT_PARAMETERS, v, sizeof v));
    OK(pybp_net_get(net, PYBP_WEIGHTS, 0, w, sizeof w));
    for (int i = 0; i < 6; i++)
        CHECK(w[i] == i + 1);
    OK(pybp_net_get(net, PYBP_BIASES, 0, w, 3 * sizeof *w));
    CHECK(w[0] == 7 && w[2] == 9);
    OK(pybp_net_get(net, PYBP_WEIGHTS, 1, w, 3 * sizeof *w));
    CHECK(w[0] == 10 && w[2] == 12);
    OK(pybp_net_get_flat(net, PYBP_FLAT_PARAMETERS, g, sizeof g));
    CHECK(memcmp(v, g, sizeof v) == 0);
    FAILS(pybp_net_get_flat(net, PYBP_FLAT_GRADIENT, g, sizeof g), PYBP_STATE, "backward pass");
    const pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD);
    OK(pybp_net_set_flat(net, PYBP_FLAT_GRADIENT, v, sizeof v));
    OK(pybp_step(net, &sgd, 0.5, 1));
    OK(pybp_net_get_flat(net, PYBP_FLAT_PARAMETERS, g, sizeof g));
    for (int i = 0; i < 12; i++)
        CHECK(g[i] == v[i] / 2);
    v[7] = NAN;
    FAILS(pybp_net_set_flat(net, PYBP_FLAT_PARAMETERS, v, sizeof v), PYBP_NOT_FINITE, "index 7");
    FAILS(pybp_net_set_flat(net, PYBP_FLAT_PARAMETERS, v, sizeof v - 8), PYBP_SHAPE, "88 bytes, expected 96");
    FAILS(pybp_net_get_flat(net, (pybp_flat)7, g, sizeof g), PYBP_INVALID, "no vector 7");
    pybp_net_free(net);
}

int main(void)
{
    pybp_set_thread_work(1);
    test_sparse();
    test_bad_sparse();
    test_accumulate();
    test_parts();
    test_gradient_only();
    test_gradient_only_changes_nothing();
    test_jacobian();
    test_flat();
    return check_report();
}
