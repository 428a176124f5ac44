/* Forward and backward: gradients against central differences, and the same bits however the calls are made. */
#if defined(__SSE2__)
#include <xmmintrin.h>
#endif

#include "layer_fixture.h"
#include "net/rows/work.h"

/* ---- gradients against central differences ------------------------------------------------------------ */

typedef struct problem {
    pybp_net *net;
    samples s;
    const pybp_targets *y;
    const double *weights;
    pybp_loss_spec loss;
    pybp_reduction reduction;
    const char *name;
    double base; /* the loss with unchanged parameters */
} problem;

#define STEP 1e-5
static int n_compared, n_kinks;

static double loss_of(const problem *p)
{
    pybp_evaluation evaluation = {0};
    OK(pybp_evaluate(p->net, &p->s.x, p->y, p->weights, &p->loss, p->reduction, 1, &evaluation));
    return evaluation.loss;
}

static void compare(const problem *p, double analytic, double up, double down, const char *what)
{
    const double numeric = (up - down) / (2 * STEP), error = fabs(analytic - numeric);
    n_compared++;
    if (error > 1e-8 * (1 + fabs(analytic)) && error < fabs(up - 2 * p->base + down) / STEP) {
        n_kinks++; /* the slopes of the two sides differ by more than the error: at most a few */
        return;
    }
    CHECK_MSG(error <= 1e-8 * (1 + fabs(analytic)), "%s, %s: %.12g, by differences %.12g", p->name, what, analytic,
              numeric);
}

static double loss_at(const problem *p, size_t l, size_t j, size_t i, double value)
{
    OK(pybp_net_poke(p->net, l, j, i, value, NULL));
    return loss_of(p);
}

static void check_parameters(const problem *p)
{
    for (size_t l = 0; l < pybp_net_n_layers(p->net); l++) {
        const size_t n_in = pybp_net_layer_n_in(p->net, l), n_out = pybp_net_layer_n_out(p->net, l);
        const int bias = pybp_net_layer_has_bias(p->net, l);
        double *dw = need(n_in * n_out * sizeof *dw), *db = need(n_out * sizeof *db), old;
        OK(pybp_net_get(p->net, PYBP_WEIGHT_GRADIENT, l, dw, n_in * n_out * sizeof *dw));
        if (bias)
            OK(pybp_net_get(p->net, PYBP_BIAS_GRADIENT, l, db, n_out * sizeof *db));
        for (size_t j = 0; j < n_out; j++)
            for (size_t i = 0; i < n_in + (bias ? 1 : 0); i++) {
                OK(pybp_net_poke(p->net, l, j, i, 0, &old));
                const double up = loss_at(p, l, j, i, old + STEP), down = loss_at(p, l, j, i, old - STEP);
                compare(p, i < n_in ? dw[j * n_in + i] : db[j], up, down, i < n_in ? "weight" : "bias");
                OK(pybp_net_poke(p->net, l, j, i, old, NULL));
            }
        free(dw);
        free(db);
    }
}

static void check_inputs(const problem *p, const double *dx)
{
    for (size_t i = 0; i < p->s.rows * p->s.n_in; i++) {
        const double old = p->s.inputs[i];
        p->s.inputs[i] = old + STEP;
        const double up = loss_of(p);
        p->s.inputs[i] = old - STEP;
        compare(p, dx[i], up, loss_of(p), "input");
        p->s.inputs[i] = old;
    }
}

static void check_problem(problem *p)
{
    const size_t bytes = p->s.rows * p->s.n_in * sizeof(double);
    double value = NAN, *dx = need(bytes), *back = need(bytes);
    OK(pybp_forward(p->net, &p->s.x, 1, NULL, 1));
    OK(pybp_backward_loss(p->net, p->y, p->weights, &p->loss, p->reduction, dx, 1, &value));
    p->base = value;
    CHECK_MSG(value == loss_of(p), "%s: loss of backward %g, of evaluate %g", p->name, value, loss_of(p));
    OK(pybp_net_get(p->net, PYBP_BACK, 0, back, bytes));
    CHECK(memcmp(dx, back, bytes) == 0);
    check_inputs(p, dx);
    check_parameters(p);
    free(dx);
    free(back);
}

/* A loss needs its output activation, or takes any. */
static int goes_with(pybp_loss loss, pybp_activation output)
{
    static const pybp_activation linked[] = {PYBP_ACTIVATION_SOFTMAX, PYBP_ACTIVATION_SIGMOID};
    pybp_row row;
    OK(pybp_registry_row(PYBP_REGISTRY_LOSSES, (int)loss, &row));
    return strcmp(row.label, "ANY") == 0 || output == linked[strcmp(row.label, "SIGMOID") == 0];
}

/* Losses with parameters of their own follow those with the defaults. */
static const pybp_loss_spec with_params[] = {
    {PYBP_LOSS_CROSS_ENTROPY, 1, {0.2}},
    {PYBP_LOSS_BINARY_CROSS_ENTROPY, 1, {0.3}},
    {PYBP_LOSS_BINARY_CROSS_ENTROPY, 10, {0.1, 0.5, 1, 2, 3, 4, 5, 6, 7, 8}},
    {PYBP_LOSS_HUBER, 1, {0.1}},
    {PYBP_LOSS_QUANTILE, 1, {0.2}},
    {PYBP_LOSS_QUANTILE, 5, {0.1, 0.3, 0.5, 0.7, 0.9}},
};

static pybp_loss_spec loss_number(int i)
{
    return i < PYBP_N_LOSSES ? (pybp_loss_spec){.kind = (pybp_loss)i} : with_params[i - PYBP_N_LOSSES];
}

static void check_gradients(pybp_activation hidden, pybp_activation output, const pybp_loss_spec *loss, int labels,
                            int n)
{
    char name[96];
    const size_t n_targets = loss->kind == PYBP_LOSS_QUANTILE && loss->n_params > 1 ? 10 / (size_t)loss->n_params : 10;
    problem p = {.s = make_samples(4, 3, n_targets), .loss = *loss, .name = name};
    snprintf(name, sizeof name, "activations %d, %d, loss %d, labels %d", (int)hidden, (int)output, (int)loss->kind,
             labels);
    p.net = make_net(PYBP_FLOAT64, (shape){3, {5, 9, 10}}, hidden, output);
    p.y = labels ? &p.s.classes : &p.s.y;
    p.weights = n % 3 == 1 ? p.s.weights : NULL;
    p.reduction = n % 2 == 0 ? PYBP_MEAN : PYBP_SUM;
    check_problem(&p);
    pybp_net_free(p.net);
    free_samples(&p.s);
}

/* Each hidden activation with each loss at its usual output; each output with each loss behind tanh. */
static void test_gradients(void)
{
    const int n_losses = PYBP_N_LOSSES + (int)(sizeof with_params / sizeof *with_params);
    int n = 0;
    for (int hidden = 0; hidden < PYBP_N_ACTIVATIONS; hidden++)
        for (int output = 0; output < PYBP_N_ACTIVATIONS; output++)
            for (int i = 0; i < n_losses; i++) {
                const pybp_loss_spec loss = loss_number(i);
                const int linked = !goes_with(loss.kind, PYBP_ACTIVATION_IDENTITY);
                if (hidden == PYBP_ACTIVATION_SOFTMAX || !goes_with(loss.kind, (pybp_activation)output) ||
                    (hidden != PYBP_ACTIVATION_TANH && !linked && output != PYBP_ACTIVATION_IDENTITY))
                    continue;
                for (int labels = 0; labels <= (loss.kind == PYBP_LOSS_CROSS_ENTROPY); labels++)
                    check_gradients((pybp_activation)hidden, (pybp_activation)output, &loss, labels, n++);
            }
    CHECK(n >= (PYBP_N_ACTIVATIONS - 1) * n_losses);
    CHECK_MSG(n_kinks < n_compared / 5000, "%d of %d derivatives at kinks", n_kinks, n_compared);
}

/* Given dL/da of mse, pybp_backward leaves what pybp_backward_loss does. */
static void test_backward_from_outputs(void)
{
    for (int output = 0; output < PYBP_N_ACTIVATIONS; output++) {
        samples s = make_samples(300, 5, 3);
        const size_t n = 300 * 3;
        pybp_net *a = make_net(PYBP_FLOAT64, (shape){5, {7, 18, 3}}, PYBP_ACTIVATION_TANH, (pybp_activation)output);
        pybp_net *b = NULL;
        double *out = need(n * sizeof *out), value, dx[2][300 * 5];
        const double scale = 1.0 / 300 / 3;
        OK(pybp_net_copy(a, &b));
        OK(pybp_forward(a, &s.x, 1, out, 1));
        OK(pybp_forward(b, &s.x, 1, NULL, 1));
        OK(pybp_backward_loss(a, &s.y, NULL, LOSS(MSE), PYBP_MEAN, dx[0], 1, &value));
        for (size_t i = 0; i < n; i++)
            out[i] = 2 * (out[i] - s.values[i]) * scale;
        const pybp_matrix g = doubles(out, 300, 3);
        OK(pybp_backward(b, &g, dx[1], 2));
        CHECK(memcmp(dx[0], dx[1], sizeof dx[0]) == 0);
        CHECK(unchanged(b, 300, whole_image(a, 300)));
        OK(pybp_backward(b, &g, NULL, 1)); /* again, from the same pass */
        OK(pybp_backward_loss(a, &s.y, NULL, LOSS(MSE), PYBP_MEAN, NULL, 3, &value));
        CHECK(unchanged(b, 300, whole_image(a, 300)));
        free(out);
        pybp_net_free(a);
        pybp_net_free(b);
        free_samples(&s);
    }
}

/* A second forward pass of another size, with and without PYBP_KEEP, gives what a new net gives. */
static void test_passes_in_a_row(void)
{
    static const size_t rows[] = {3, 300, 300, 1, 17};
    samples s = make_samples(300, 5, 3);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *used = make_net((pybp_dtype)dtype, (shape){5, {7, 16, 3}}, PYBP_ACTIVATION_RELU,
                                  PYBP_ACTIVATION_SOFTMAX);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            pybp_net *fresh = NULL;
            const int keep = i % 2 == 1, threads = 1 + (int)(i % 3);
            double value[2];
            OK(pybp_net_copy(used, &fresh));
            for (int k = 0; k < 2; k++) {
                samples part = s;
                part.x.rows = part.y.values.rows = rows[i];
                OK(pybp_forward(k ? fresh : used, &part.x, keep, NULL, threads));
                OK(pybp_backward_loss(k ? fresh : used, i % 2 ? &part.y : &part.classes, s.weights,
                                      LOSS(CROSS_ENTROPY), PYBP_MEAN, NULL, threads, &value[k]));
            }
            CHECK(value[0] == value[1]);
            CHECK(unchanged(fresh, rows[i], whole_image(used, rows[i])));
            pybp_net_free(fresh);
        }
        pybp_net_free(used);
    }
    free_samples(&s);
}

/* ---- evaluation ------------------------------------------------------------------------------------------- */

static size_t correct(pybp_net *net, const samples *s, const pybp_targets *y, const pybp_loss_spec *loss)
{
    pybp_evaluation evaluation = {0};
    OK(pybp_evaluate(net, &s->x, y, s->weights, loss, PYBP_MEAN, 2, &evaluation));
    return evaluation.n_correct;
}

static void test_right_answers(void)
{
    samples s = make_samples(200, 5, 3);
    double *out = need(200 * 3 * sizeof *out), weight = 0;
    size_t by_label = 0, by_value = 0, by_half = 0;
    pybp_net *net = make_net(PYBP_FLOAT64, (shape){5, {7, 18, 3}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    pybp_net *yes = make_net(PYBP_FLOAT64, (shape){5, {7, 18, 3}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
    OK(pybp_predict(net, &s.x, out, 1));
    for (size_t r = 0; r < 200; r++) {
        size_t a = 0, y = 0;
        for (size_t c = 1; c < 3; c++) {
            a = out[r * 3 + c] > out[r * 3 + a] ? c : a;
            y = s.values[r * 3 + c] > s.values[r * 3 + y] ? c : y;
        }
        by_label += a == (size_t)s.labels[r];
        by_value += a == y;
        weight += s.weights[r];
    }
    OK(pybp_predict(yes, &s.x, out, 1));
    for (size_t r = 0; r < 200; r++) {
        int same = 1;
        for (size_t c = 0; c < 3; c++)
            same &= (out[r * 3 + c] >= 0.5) == (s.values[r * 3 + c] >= 0.5);
        by_half += (size_t)same;
    }
    CHECK(correct(net, &s, &s.classes, LOSS(CROSS_ENTROPY)) == by_label);
    CHECK(correct(net, &s, &s.y, LOSS(MSE)) == by_value);
    CHECK(correct(yes, &s, &s.y, LOSS(BINARY_CROSS_ENTROPY)) == by_half);
    pybp_evaluation mean = {0}, sum = {0};
    OK(pybp_evaluate(net, &s.x, &s.y, s.weights, LOSS(MSE), PYBP_MEAN, 1, &mean));
    OK(pybp_evaluate(net, &s.x, &s.y, s.weights, LOSS(MSE), PYBP_SUM, 1, &sum));
    CHECK_NEAR(mean.weight, weight, 1e-10);
    CHECK(mean.weight == sum.weight && mean.loss == sum.loss / sum.weight);
    OK(pybp_evaluate(net, &s.x, &s.y, NULL, LOSS(MSE), PYBP_SUM, 1, &sum));
    CHECK(sum.weight == 200);
    free(out);
    pybp_net_free(net);
    pybp_net_free(yes);
    free_samples(&s);
}

/* ---- the caller's arithmetic --------------------------------------------------------------------------------- */

#if defined(__SSE2__)

enum { FLUSH = 0x8040, ROUND_UP = 0x4000 }; /* FTZ and DAZ; the rounding mode */

/* Everything that computes, on numbers small enough to be flushed. */
static image whole_life(unsigned mode, int of_all_layers)
{
    const unsigned usual = _mm_getcsr(), control = 0xFFC0;
    samples s = make_samples(40, 5, 3);
    double value, tiny[40];
    float out[40 * 3];
    pybp_train_result result;
    pybp_evaluation evaluation;
    for (size_t i = 0; i < 40 * 5; i++)
        s.inputs[i] *= i % 2 ? 1e-41 : 1;
    categorize(&s);
    for (size_t r = 0; r < 40; r++)
        tiny[r] = 0x1p-1070;
    const pybp_optimizer adam = default_optimizer(PYBP_OPTIMIZER_ADAM);
    const pybp_train_options options = default_options(adam, PYBP_LOSS_MSE, 7);
    _mm_setcsr((usual & ~control) | (mode | 0x1F80));
    const unsigned set = _mm_getcsr() & control;
    pybp_net *net = of_all_layers ? net_of_all(PYBP_FLOAT32)
                                  : make_net(PYBP_FLOAT32, (shape){5, {7, 18, 3}}, PYBP_ACTIVATION_RELU,
                                             PYBP_ACTIVATION_SIGMOID);
    OK(pybp_net_poke(net, 0, 0, 1, 0x1.8p-149, NULL));
    OK(pybp_net_poke(net, 0, 1, 1, 0.1, NULL));
    OK(pybp_forward(net, &s.x, PYBP_KEEP | PYBP_TRAINING, NULL, 2));
    OK(pybp_backward_loss(net, &s.y, s.weights, LOSS(MSE), PYBP_MEAN, NULL, 2, &value));
    OK(pybp_step(net, &adam, 0.01, 2));
    OK(pybp_train(net, &s.x, &s.y, tiny, &options, &result));
    OK(pybp_evaluate(net, &s.x, &s.y, tiny, LOSS(MSE), PYBP_MEAN, 2, &evaluation));
    OK(pybp_predict(net, &s.x, out, 2));
    OK(pybp_forward(net, &s.x, 1, NULL, 1));
    OK(pybp_backward(net, &s.y.values, NULL, 1));
    CHECK((_mm_getcsr() & control) == set);
    _mm_setcsr(usual);
    image of = whole_image(net, 40);
    const double numbers[] = {value, result.loss, evaluation.loss, evaluation.weight};
    of.bytes = realloc(of.bytes, of.size + sizeof numbers + sizeof out);
    if (of.bytes == NULL)
        abort();
    memcpy(of.bytes + of.size, numbers, sizeof numbers);
    memcpy(of.bytes + of.size + sizeof numbers, out, sizeof out);
    of.size += sizeof numbers + sizeof out;
    pybp_net_free(net);
    free_samples(&s);
    return of;
}

static void test_caller_flushes(void)
{
    static const unsigned modes[] = {FLUSH, ROUND_UP, FLUSH | ROUND_UP};
    for (int of_all_layers = 0; of_all_layers < 2; of_all_layers++) {
        noise_state = 5;
        const image usual = whole_life(0, of_all_layers);
        for (size_t i = 0; i < 3; i++) {
            noise_state = 5;
            image other = whole_life(modes[i], of_all_layers);
            CHECK_MSG(other.size == usual.size && memcmp(other.bytes, usual.bytes, usual.size) == 0, "mode %x",
                      modes[i]);
            free(other.bytes);
        }
        free(usual.bytes);
    }
}

#else

static void test_caller_flushes(void)
{
}

#endif

static void all(void)
{
    CHECK_RUN(test_gradients);
    CHECK_RUN(test_backward_from_outputs);
    CHECK_RUN(test_passes_in_a_row);
    CHECK_RUN(test_right_answers);
    CHECK_RUN(test_caller_flushes);
}

CHECK_MAIN(all(); pybp_set_thread_work(1); all();) /* the second time on several threads */
