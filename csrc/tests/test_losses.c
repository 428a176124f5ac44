/* Losses with parameters through the public API: defaults, lists, what is refused, right predictions. */
#include "net_fixture.h"

enum { ROWS = 23, IN = 4 };

static pybp_net *net_of(size_t n_out, pybp_activation output)
{
    return make_net(PYBP_FLOAT64, (shape){IN, {7, 5, n_out}}, PYBP_ACTIVATION_TANH, output);
}

static double loss_of(const pybp_net *net, const samples *s, const pybp_targets *y, const pybp_loss_spec *loss)
{
    pybp_evaluation evaluation = {0};
    OK(pybp_evaluate(net, &s->x, y, s->weights, loss, PYBP_MEAN, 1, &evaluation));
    return evaluation.loss;
}

/* Parameters that are not given have the registry's values. */
static void test_defaults(void)
{
    for (int kind = 0; kind < PYBP_N_LOSSES; kind++) {
        pybp_row row;
        OK(pybp_registry_row(PYBP_REGISTRY_LOSSES, kind, &row));
        pybp_loss_spec none = {.kind = (pybp_loss)kind}, all = {.kind = (pybp_loss)kind, .n_params = row.n_params};
        for (int i = 0; i < row.n_params; i++) {
            CHECK(!row.params[i].list || i == row.n_params - 1);
            all.params[i] = row.params[i].value;
        }
        samples s = make_samples(ROWS, IN, 3);
        pybp_net *net = net_of(3, strcmp(row.label, "ANY") == 0       ? PYBP_ACTIVATION_IDENTITY
                                  : strcmp(row.label, "SOFTMAX") == 0 ? PYBP_ACTIVATION_SOFTMAX
                                                                      : PYBP_ACTIVATION_SIGMOID);
        const double loss = loss_of(net, &s, &s.y, &none);
        CHECK(isfinite(loss) && loss == loss_of(net, &s, &s.y, &all));
        if (row.n_params > 0) { /* and they count */
            all.params[0] = 0.7;
            CHECK(loss != loss_of(net, &s, &s.y, &all));
        }
        pybp_net_free(net);
        free_samples(&s);
    }
}

/* Each function that takes a loss refuses it, and does not change the net. */
static void refuse(size_t n_out, size_t n_targets, pybp_activation output, pybp_loss_spec loss, pybp_status code,
                   const char *words)
{
    samples s = make_samples(ROWS, IN, n_targets);
    pybp_net *net = net_of(n_out, output);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), loss.kind, 4);
    pybp_evaluation evaluation;
    pybp_train_result result;
    double value;
    options.loss = loss;
    OK(pybp_forward(net, &s.x, 1, NULL, 1));
    const image before = whole_image(net, ROWS);
    FAILS(pybp_evaluate(net, &s.x, &s.y, NULL, &loss, PYBP_MEAN, 1, &evaluation), code, words);
    FAILS(pybp_backward_loss(net, &s.y, NULL, &loss, PYBP_MEAN, NULL, 1, &value), code, words);
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), code, words);
    CHECK(unchanged(net, ROWS, before));
    pybp_net_free(net);
    free_samples(&s);
}

static void test_refused(void)
{
    const pybp_activation any = PYBP_ACTIVATION_IDENTITY, sigmoid = PYBP_ACTIVATION_SIGMOID;
    const pybp_loss huber = PYBP_LOSS_HUBER, quantile = PYBP_LOSS_QUANTILE, binary = PYBP_LOSS_BINARY_CROSS_ENTROPY;
    static const double wrong_deltas[] = {0, -1, NAN, INFINITY}, wrong_quantiles[] = {0, 1, -0.5, 1.5, NAN};
    for (size_t i = 0; i < 4; i++)
        refuse(3, 3, any, (pybp_loss_spec){huber, 1, {wrong_deltas[i]}}, PYBP_INVALID, "huber: delta = ");
    for (size_t i = 0; i < 5; i++)
        refuse(2, 1, any, (pybp_loss_spec){quantile, 2, {0.5, wrong_quantiles[i]}}, PYBP_INVALID, "quantile: q = ");
    refuse(3, 3, any, (pybp_loss_spec){huber, 2, {1, 1}}, PYBP_INVALID, "huber: 2 parameters, expected 0 to 1");
    refuse(3, 3, any, (pybp_loss_spec){PYBP_LOSS_MAE, 1, {1}}, PYBP_INVALID, "mae: 1 parameters, expected 0 to 0");
    refuse(3, 3, any, (pybp_loss_spec){quantile, 33, {0.5}}, PYBP_INVALID, "quantile: 33 parameters, expected 0 to 32");
    refuse(3, 3, any, (pybp_loss_spec){quantile, -1, {0.5}}, PYBP_INVALID, "quantile: -1 parameters");
    refuse(3, 1, any, (pybp_loss_spec){quantile, 2, {0.1, 0.9}}, PYBP_SHAPE, "3 outputs, expected a multiple of 2");
    refuse(4, 4, any, (pybp_loss_spec){quantile, 2, {0.1, 0.9}}, PYBP_SHAPE, "y has 4 columns, expected 2");
    refuse(4, 1, any, (pybp_loss_spec){quantile, 2, {0.1, 0.9}}, PYBP_SHAPE, "y has 1 columns, expected 2");
    refuse(3, 3, sigmoid, (pybp_loss_spec){binary, 2, {1, 2}}, PYBP_SHAPE, "2 values of pos_weight, expected 1 or 3");
    refuse(3, 3, sigmoid, (pybp_loss_spec){binary, 3, {1, 2, 0}}, PYBP_INVALID, "pos_weight = 0");
    refuse(3, 3, sigmoid, (pybp_loss_spec){binary, 1, {INFINITY}}, PYBP_INVALID, "pos_weight = inf");
    refuse(3, 3, PYBP_ACTIVATION_SOFTMAX, (pybp_loss_spec){PYBP_LOSS_CROSS_ENTROPY, 1, {1.5}}, PYBP_INVALID,
           "label_smoothing = 1.5");
}

/* What a float net rounds to a bound is refused, too. */
static void test_refused_in_float(void)
{
    samples s = make_samples(ROWS, IN, 1);
    pybp_net *net = make_net(PYBP_FLOAT32, (shape){IN, {1}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    const pybp_loss_spec nearly_one = {PYBP_LOSS_QUANTILE, 1, {1 - 1e-12}}, tiny = {PYBP_LOSS_HUBER, 1, {1e-60}};
    pybp_evaluation evaluation;
    FAILS(pybp_evaluate(net, &s.x, &s.y, NULL, &nearly_one, PYBP_MEAN, 1, &evaluation), PYBP_INVALID, "q = 1");
    FAILS(pybp_evaluate(net, &s.x, &s.y, NULL, &tiny, PYBP_MEAN, 1, &evaluation), PYBP_INVALID, "delta = 0");
    pybp_net_free(net);
    free_samples(&s);
}

/* A list of as many values as the core takes. */
static void test_longest_list(void)
{
    samples s = make_samples(ROWS, IN, 2);
    pybp_net *net = net_of(2 * PYBP_MAX_LOSS_PARAMS, PYBP_ACTIVATION_IDENTITY);
    pybp_loss_spec loss = {.kind = PYBP_LOSS_QUANTILE, .n_params = PYBP_MAX_LOSS_PARAMS};
    double sum = 0, *out = need(ROWS * 2 * PYBP_MAX_LOSS_PARAMS * sizeof *out);
    for (int k = 0; k < loss.n_params; k++)
        loss.params[k] = (k + 1) / (PYBP_MAX_LOSS_PARAMS + 1.0);
    OK(pybp_predict(net, &s.x, out, 1));
    for (size_t r = 0; r < ROWS; r++)
        for (size_t j = 0; j < 2; j++)
            for (size_t k = 0; k < PYBP_MAX_LOSS_PARAMS; k++) {
                const double d = out[(r * 2 + j) * PYBP_MAX_LOSS_PARAMS + k] - s.values[r * 2 + j];
                sum += d > 0 ? (1 - loss.params[k]) * d : -loss.params[k] * d;
            }
    pybp_evaluation evaluation;
    OK(pybp_evaluate(net, &s.x, &s.y, NULL, &loss, PYBP_SUM, 2, &evaluation));
    CHECK_NEAR(evaluation.loss, sum / (2 * PYBP_MAX_LOSS_PARAMS), 1e-12);
    free(out);
    pybp_net_free(net);
    free_samples(&s);
}

static void test_right_answers(void)
{
    samples s = make_samples(ROWS, IN, 2);
    pybp_net *net = net_of(2, PYBP_ACTIVATION_IDENTITY);
    double out[ROWS * 2];
    size_t both = 0;
    OK(pybp_predict(net, &s.x, out, 1));
    for (size_t i = 0; i < ROWS * 2; i++)
        s.values[i] = i % 7 < 3 ? 1 : i % 2 ? -1 : 0;
    for (size_t r = 0; r < ROWS; r++)
        both += (out[2 * r] > 0) == (s.values[2 * r] > 0) && (out[2 * r + 1] > 0) == (s.values[2 * r + 1] > 0);
    pybp_evaluation evaluation;
    OK(pybp_evaluate(net, &s.x, &s.y, NULL, LOSS(HINGE), PYBP_MEAN, 2, &evaluation));
    CHECK(evaluation.n_correct == both && both > 0 && both < ROWS);
    OK(pybp_evaluate(net, &s.x, &s.y, NULL, LOSS(SQUARED_HINGE), PYBP_MEAN, 2, &evaluation));
    CHECK(evaluation.n_correct == both);
    pybp_net_free(net);
    free_samples(&s);
}

CHECK_MAIN(CHECK_RUN(test_defaults); CHECK_RUN(test_refused); CHECK_RUN(test_refused_in_float);
           CHECK_RUN(test_longest_list); CHECK_RUN(test_right_answers);)
