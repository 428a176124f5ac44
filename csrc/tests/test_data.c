/* Sparse inputs give the bits of dense ones, and minibatches of whole chunks add up to the large one. */
#include "net/pass.h"
#include "net_fixture.h"

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

/* Leave about a third of the values, whole rows of none too; what is left, by place. */
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

/* Everything that takes inputs. */
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

static pybp_net *trained(const samples *s, size_t batch, size_t accumulate, double clip_norm, int threads, int drop_last,
                         pybp_train_result *result)
{
    const shape small = {5, {19, OUT}};
    pybp_net *net = make_net(PYBP_FLOAT32, small, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_CROSS_ENTROPY, batch);
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
            pybp_net *one = trained(&s, 768, 1, clip, 1, 0, &all), *other = trained(&s, 256, 3, clip, threads, 0, &parts);
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

int main(void)
{
    pybp_thread_work(1);
    test_sparse();
    test_bad_sparse();
    test_accumulate();
    test_parts();
    return check_report();
}
