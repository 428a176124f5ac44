/* Layers other than dense ones, forward and backward, in and outside training: what they leave in the net, and that
 * neither threads nor the way of calling changes the bits. */
#include "layer_fixture.h"
#include "net/rows/work.h"

enum { ROWS = 300 };

/* ---- passes in training --------------------------------------------------------------------------------- */

static image output_of(pybp_net *net, const pybp_matrix *x, int how, int threads)
{
    const size_t bytes = x->rows * pybp_net_n_out(net) * size_of(net);
    image of = {need(bytes), bytes};
    OK(pybp_forward(net, x, how, of.bytes, threads));
    return of;
}

static image trained_output(pybp_net *net, const pybp_matrix *x, uint64_t pass)
{
    set_passes(net, pass);
    return output_of(net, x, PYBP_TRAINING, 1);
}

/* The number of a forward pass determines its random numbers; only passes in training count. */
static void test_pass_numbers(void)
{
    samples s = samples_for_all(20);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = net_of_all((pybp_dtype)dtype);
        CHECK(passes_of(net) == 0);
        CHECK(same_images(output_of(net, &s.x, 0, 1), output_of(net, &s.x, PYBP_KEEP, 1)));
        CHECK(passes_of(net) == 0);
        const image first = output_of(net, &s.x, PYBP_TRAINING, 1);
        CHECK(passes_of(net) == 1);
        CHECK(!same_images(first, output_of(net, &s.x, PYBP_TRAINING | PYBP_KEEP, 1)));
        CHECK(passes_of(net) == 2);
        CHECK(same_images(trained_output(net, &s.x, 7), trained_output(net, &s.x, 7)));
        CHECK(!same_images(trained_output(net, &s.x, 7), trained_output(net, &s.x, (uint64_t)1 << 63)));
        pybp_net_free(net);
    }
    free_samples(&s);
}

/* Each minibatch is a pass, except one without weight. */
static void test_passes_of_training(void)
{
    samples s = samples_for_all(40);
    pybp_net *net = net_of_all(PYBP_FLOAT64);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 6);
    pybp_train_result result;
    OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
    CHECK(passes_of(net) == 7 && result.steps == 7);
    options.accumulate = 3;
    OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
    CHECK(passes_of(net) == 14 && result.steps == 3);
    for (size_t r = 0; r < 40; r++)
        s.weights[r] = r < 12 ? 0 : 1;
    options.accumulate = 1;
    OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    CHECK(passes_of(net) == 19 && result.steps == 5);
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- masks --------------------------------------------------------------------------------------------------- */

/* The fraction of ones that dropout sets to zero; the others are scaled so that the mean stays. */
static void check_dropout(double rate, pybp_dtype dtype)
{
    enum { N = 33 };
    static double ones[2000 * N];
    for (size_t i = 0; i < 2000 * N; i++)
        ones[i] = 1;
    const pybp_matrix x = doubles(ones, 2000, N);
    pybp_net *net = NET(dtype, N, WITH(DROPOUT, rate));
    image out = output_of(net, &x, PYBP_TRAINING, 2);
    size_t zeros = 0;
    double sum = 0;
    for (size_t i = 0; i < 2000 * N; i++) {
        const void *values = out.bytes;
        const double a = dtype == PYBP_FLOAT32 ? (double)((const float *)values)[i] : ((const double *)values)[i];
        zeros += a == 0;
        sum += a;
        CHECK(a == 0 || fabs(a * (1 - rate) - 1) < 1e-4);
    }
    const double dropped = (double)zeros / (2000 * N), deviation = sqrt(rate * (1 - rate) / (2000 * N));
    CHECK_MSG(fabs(dropped - rate) <= 4 * deviation + 1e-5, "rate %g dropped %g", rate, dropped);
    CHECK_NEAR(sum / (2000 * N), 1, 5 * deviation / (1 - rate) + 1e-4);
    const image passed = output_of(net, &x, 0, 1); /* outside training, nothing */
    const void *values = passed.bytes;
    for (size_t i = 0; i < 2000 * N; i++)
        CHECK(dtype == PYBP_FLOAT32 ? ((const float *)values)[i] == 1 : ((const double *)values)[i] == 1);
    free(passed.bytes);
    free(out.bytes);
    pybp_net_free(net);
}

static void test_dropout(void)
{
    static const double rates[] = {0, 0.1, 0.5, 0.9};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        check_dropout(rates[i], PYBP_FLOAT32);
        check_dropout(rates[i], PYBP_FLOAT64);
    }
}

/* Mean and variance of what a layer makes of standard normal inputs. */
static void moments(pybp_layer_desc layer, double *mean, double *var)
{
    enum { N = 100, R = 1000 };
    static double out[R * N];
    static double zeros[R * N];
    const pybp_matrix x = doubles(zeros, R, N);
    pybp_net *normal = NET(PYBP_FLOAT64, N, WITH(GAUSSIAN_NOISE, 1)), *net = NET(PYBP_FLOAT64, N, layer);
    OK(pybp_forward(normal, &x, PYBP_TRAINING, out, 1));
    const pybp_matrix y = doubles(out, R, N);
    image of = output_of(net, &y, PYBP_TRAINING, 1);
    const double *a = (const double *)(const void *)of.bytes;
    *mean = *var = 0;
    for (size_t i = 0; i < R * N; i++)
        *mean += a[i] / (R * N);
    for (size_t i = 0; i < R * N; i++)
        *var += (a[i] - *mean) * (a[i] - *mean) / (R * N);
    free(of.bytes);
    pybp_net_free(normal);
    pybp_net_free(net);
}

static void test_moments(void)
{
    double mean, var;
    moments(WITH(ALPHA_DROPOUT, 0.2), &mean, &var);
    CHECK_NEAR(mean, 0, 0.02);
    CHECK_NEAR(var, 1, 0.03);
    moments(WITH(GAUSSIAN_NOISE, 0.5), &mean, &var); /* seed, layer and pass are those of the inputs: 1.5 times them */
    CHECK_NEAR(mean, 0, 0.02);
    CHECK_NEAR(var, 2.25, 0.03);
    moments(WITH(DROPOUT, 0.2), &mean, &var);
    CHECK_NEAR(mean, 0, 0.02);
    CHECK_NEAR(var, 1 / 0.8, 0.03);
}

/* ---- running statistics --------------------------------------------------------------------------------------- */

/* Textbook formulas, summed plainly. */
static void test_running_statistics(void)
{
    enum { N = 5, B = 50 };
    samples s = make_samples(B, N, 1);
    pybp_net *net = NET(PYBP_FLOAT64, N, LAYER(KIND(BATCH_NORM), .params = {0.25, 1e-3}, .n_params = 2,
                        .bias_init = 0.5));
    double out[B * N], mean[N], var[N], expected[2][N];
    OK(pybp_forward(net, &s.x, PYBP_TRAINING, out, 1));
    OK(pybp_net_get(net, PYBP_RUNNING_MEAN, 0, mean, sizeof mean));
    OK(pybp_net_get(net, PYBP_RUNNING_VAR, 0, var, sizeof var));
    for (size_t j = 0; j < N; j++) {
        double m = 0, q = 0;
        for (size_t r = 0; r < B; r++)
            m += s.inputs[r * N + j] / B;
        for (size_t r = 0; r < B; r++)
            q += (s.inputs[r * N + j] - m) * (s.inputs[r * N + j] - m);
        expected[0][j] = 0.25 * m;
        expected[1][j] = 0.75 + 0.25 * q / (B - 1);
        CHECK_NEAR(mean[j], expected[0][j], 1e-14);
        CHECK_NEAR(var[j], expected[1][j], 1e-14);
        for (size_t r = 0; r < B; r++)
            CHECK_NEAR(out[r * N + j], (s.inputs[r * N + j] - m) / sqrt(q / B + 1e-3) + 0.5, 1e-13);
    }
    OK(pybp_forward(net, &s.x, 0, out, 1));
    for (size_t i = 0; i < B * N; i++)
        CHECK_NEAR(out[i], (s.inputs[i] - expected[0][i % N]) / sqrt(expected[1][i % N] + 1e-3) + 0.5, 1e-13);
    const double far[N] = {1, 2, 3, 4, 5}, wide[N] = {0, 4, 9, 16, 25};
    OK(pybp_net_set(net, PYBP_RUNNING_MEAN, 0, far, sizeof far));
    OK(pybp_net_set(net, PYBP_RUNNING_VAR, 0, wide, sizeof wide));
    OK(pybp_predict(net, &s.x, out, 1));
    for (size_t i = 0; i < B * N; i++)
        CHECK_NEAR(out[i], (s.inputs[i] - far[i % N]) / sqrt(wide[i % N] + 1e-3) + 0.5, 1e-12);
    OK(pybp_net_get(net, PYBP_RUNNING_MEAN, 0, mean, sizeof mean));
    CHECK(memcmp(mean, far, sizeof mean) == 0); /* prediction leaves running statistics as they are */
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- states ------------------------------------------------------------------------------------------------------ */

static void train(pybp_net *net, const samples *s, size_t batch, int threads)
{
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, batch);
    pybp_train_result result;
    options.threads = threads;
    options.shuffle = 1;
    OK(pybp_train(net, &s->x, &s->y, s->weights, &options, &result));
}

/* A copy has all that training continues from. */
static void test_copies(void)
{
    samples s = samples_for_all(ROWS);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = net_of_all((pybp_dtype)dtype), *copy = NULL;
        train(net, &s, 64, 1);
        OK(pybp_net_copy(net, &copy));
        CHECK(same_images(trained_image(net), trained_image(copy)));
        train(net, &s, 64, 1);
        CHECK(!same_images(trained_image(net), trained_image(copy)));
        train(copy, &s, 64, 2);
        CHECK(same_images(trained_image(net), trained_image(copy)));
        pybp_net_free(net);
        pybp_net_free(copy);
    }
    free_samples(&s);
}

/* A new net that is given what a checkpoint holds: parameters, running statistics, states, progress. */
static void test_restored_nets(void)
{
    static const pybp_array arrays[] = {PYBP_WEIGHTS,       PYBP_BIASES,      PYBP_RUNNING_MEAN,  PYBP_RUNNING_VAR,
                                        PYBP_WEIGHT_STATE1, PYBP_BIAS_STATE1, PYBP_WEIGHT_STATE2, PYBP_BIAS_STATE2};
    samples s = samples_for_all(ROWS);
    pybp_net *net = net_of_all(PYBP_FLOAT32), *other = net_of_all(PYBP_FLOAT32);
    pybp_progress progress;
    train(net, &s, 64, 1);
    OK(pybp_get_progress(net, &progress));
    OK(pybp_set_progress(other, &progress));
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        for (size_t l = 0; l < ALL_LAYERS; l++) {
            const size_t bytes = bytes_of(net, arrays[i], l, 0);
            char *values = need(bytes);
            if (pybp_net_get(net, arrays[i], l, values, bytes) == PYBP_OK)
                OK(pybp_net_set(other, arrays[i], l, values, bytes));
            free(values);
        }
    train(net, &s, 64, 1);
    train(other, &s, 64, 1);
    CHECK(same_images(trained_image(net), trained_image(other)));
    pybp_net_free(net);
    pybp_net_free(other);
    free_samples(&s);
}

/* After divergence running statistics are restored too. */
static void test_divergence(void)
{
    samples s = samples_for_all(ROWS);
    pybp_net *net = net_of_all(PYBP_FLOAT32);
    const double rate = 1e30;
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 64);
    pybp_train_result result;
    train(net, &s, 64, 1);
    const image parameters = image_of(net, PYBP_WEIGHTS, PYBP_BIASES, 0);
    const image running = image_of(net, PYBP_RUNNING_MEAN, PYBP_RUNNING_VAR, 0);
    options.lr = &rate, options.restore = 1;
    options.optimizer.clip_value = 0;
    for (size_t i = 0; i < ROWS * ALL_IN; i++)
        s.inputs[i] *= i % ALL_IN % 2 ? 1 : 1e18;
    const pybp_status status = pybp_train(net, &s.x, &s.y, s.weights, &options, &result);
    CHECK_MSG(status == PYBP_DIVERGED, "%s", pybp_status_name(status));
    pybp_progress progress;
    OK(pybp_get_progress(net, &progress));
    image now = image_of(net, PYBP_WEIGHTS, PYBP_BIASES, 0);
    const size_t skip = sizeof progress; /* the progress is another */
    CHECK(memcmp(now.bytes + skip, parameters.bytes + skip, now.size - skip) == 0);
    free(now.bytes);
    now = image_of(net, PYBP_RUNNING_MEAN, PYBP_RUNNING_VAR, 0);
    CHECK(memcmp(now.bytes + skip, running.bytes + skip, now.size - skip) == 0);
    free(now.bytes);
    free(parameters.bytes);
    free(running.bytes);
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- the same bits ------------------------------------------------------------------------------------------- */

static void test_thread_counts(void)
{
    static const int threads[] = {1, 2, 3, 8};
    samples s = samples_for_all(ROWS);
    pybp_set_thread_work(1);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        image first = {NULL, 0};
        for (size_t i = 0; i < 4; i++) {
            pybp_net *net = net_of_all((pybp_dtype)dtype);
            double value;
            train(net, &s, 64, threads[i]);
            train(net, &s, ROWS, threads[i]);
            OK(pybp_forward(net, &s.x, PYBP_KEEP | PYBP_TRAINING, NULL, threads[i]));
            OK(pybp_backward_loss(net, &s.y, s.weights, LOSS(MSE), PYBP_MEAN, NULL, threads[i], &value));
            image of = joined_images(whole_image(net, ROWS), output_of(net, &s.x, 0, threads[i]));
            if (i == 0)
                first = of;
            else
                CHECK_MSG(of.size == first.size && memcmp(of.bytes, first.bytes, of.size) == 0, "%d threads",
                          threads[i]);
            if (i > 0)
                free(of.bytes);
            pybp_net_free(net);
        }
        free(first.bytes);
    }
    free_samples(&s);
}

/* Outside training rows are independent of each other. */
static void test_rows_alone(void)
{
    samples s = samples_for_all(ROWS);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = net_of_all((pybp_dtype)dtype);
        train(net, &s, 64, 1);
        const size_t row = ALL_OUT * size_of(net);
        const image all = output_of(net, &s.x, 0, 3);
        for (size_t r = 0; r < ROWS; r++) {
            const pybp_matrix x = rows_of(&s, r, 1);
            char out[ALL_OUT * sizeof(double)];
            OK(pybp_predict(net, &x, out, 1));
            CHECK(memcmp(out, all.bytes + r * row, row) == 0);
        }
        free(all.bytes);
        pybp_net_free(net);
    }
    free_samples(&s);
}

/* A layer's input is the output of the layer before; outputs of an add are the sum of its inputs. */
static void test_inputs(void)
{
    enum { B = 20 };
    samples s = samples_for_all(B);
    double before[B * 17], input[B * 17];
    pybp_net *net = net_of_all(PYBP_FLOAT64);
    OK(pybp_forward(net, &s.x, PYBP_KEEP | PYBP_TRAINING, NULL, 1));
    for (size_t l = 3; l < ALL_LAYERS; l++) {
        const size_t bytes = B * pybp_net_layer_n_in(net, l) * sizeof(double);
        OK(pybp_net_get(net, PYBP_A, l - 1, before, bytes));
        OK(pybp_net_get(net, PYBP_INPUT, l, input, bytes));
        CHECK_MSG(memcmp(before, input, bytes) == 0, "layer %zu", l);
    }
    double skip[B * 17], sum[B * 17];
    OK(pybp_net_get(net, PYBP_INPUT, 10, input, sizeof input));
    OK(pybp_net_get(net, PYBP_A, 5, skip, sizeof skip));
    OK(pybp_net_get(net, PYBP_A, 10, sum, sizeof sum));
    for (size_t i = 0; i < B * 17; i++)
        CHECK(sum[i] == input[i] + skip[i]);
    for (size_t l = 0; l < 3; l++)
        FAILS(pybp_net_get(net, PYBP_INPUT, l, input, sizeof(double)), PYBP_STATE, "no such array");
    FAILS(pybp_net_get(net, PYBP_Z, 10, input, sizeof input), PYBP_STATE, "no such array");
    FAILS(pybp_net_get(net, PYBP_Z, 11, input, sizeof input), PYBP_STATE, "no such array");
    OK(pybp_net_get(net, PYBP_Z, 8, input, sizeof input));
    OK(pybp_forward(net, &s.x, PYBP_KEEP, NULL, 1)); /* outside training there are no masks */
    FAILS(pybp_net_get(net, PYBP_Z, 8, input, sizeof input), PYBP_STATE, "no such array");
    pybp_net_free(net);
    free_samples(&s);
}

CHECK_MAIN(CHECK_RUN(test_pass_numbers); CHECK_RUN(test_passes_of_training); CHECK_RUN(test_dropout);
           CHECK_RUN(test_moments); CHECK_RUN(test_running_statistics); CHECK_RUN(test_copies);
           CHECK_RUN(test_restored_nets); CHECK_RUN(test_divergence); CHECK_RUN(test_rows_alone);
           CHECK_RUN(test_inputs);
           CHECK_RUN(test_thread_counts);)
