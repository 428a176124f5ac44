/* Layers other than dense ones: which descriptions, data and calls are refused, and that refusal changes nothing. */
#include <limits.h>

#include "base/memory.h"
#include "layer_fixture.h"

/* ---- descriptions ------------------------------------------------------------------------------------- */

/* Creation fails with this code and message, and does not set *net. */
static void refuse(pybp_net_desc desc, pybp_status code, const char *words)
{
    const long live = pybp_alloc_live();
    int mark;
    pybp_net *net = (pybp_net *)(void *)&mark;
    FAILS(pybp_net_create(&desc, &net), code, words);
    CHECK((void *)net == (void *)&mark && pybp_alloc_live() == live);
}

#define REFUSE(words, ...) refuse(DESC(PYBP_FLOAT64, 4, __VA_ARGS__), PYBP_INVALID, words)

static void test_refused_graphs(void)
{
    REFUSE("layer 0 (scale): its input lies before", LAYER(KIND(SCALE), .from = (size_t)PTRDIFF_MAX + 1));
    REFUSE("layer 0 (add): its other input lies before", LAYER(KIND(ADD), .skip = (size_t)PTRDIFF_MAX + 1));
    REFUSE("layer 0 (batch_norm)", LAYER(KIND(BATCH_NORM), .from = 1));
    REFUSE("layer 1 (dense)", DENSE(3, TANH), LAYER(KIND(DENSE), .n_out = 2, .from = 2));
    REFUSE("layer 1 (dense)", DENSE(3, TANH), LAYER(KIND(DENSE), .n_out = 2, .from = SIZE_MAX));
    REFUSE("layer 0 (add)", ADD(1));
    REFUSE("layer 2 (add)", DENSE(4, TANH), DENSE(4, TANH), ADD(3));
    REFUSE("layer 2 (add)", DENSE(4, TANH), DENSE(4, TANH), ADD(SIZE_MAX));
    REFUSE("layer 1 (add): 3 outputs and 4", DENSE(3, TANH), ADD(1));
    REFUSE("layer 2 (add): 5 outputs and 3", DENSE(3, TANH), DENSE(5, TANH), ADD(1), DENSE(1, TANH));
    REFUSE("skip", DENSE(3, TANH), LAYER(KIND(DENSE), .n_out = 2, .skip = 1));
    REFUSE("layer 0 (dense): no layer reads it", DENSE(3, TANH), LAYER(KIND(DENSE), .n_out = 2, .from = 1));
    REFUSE("layer 1 (scale): no layer reads it", DENSE(3, TANH), LAYER(KIND(SCALE)), LAYER(KIND(DROPOUT), .from = 1),
           DENSE(2, TANH));
    REFUSE("n_out is 5", DENSE(3, TANH), LAYER(KIND(BATCH_NORM), .n_out = 5));
    REFUSE("n_out is 3", LAYER(KIND(ADD), .n_out = 3));
    REFUSE("softmax", ACTIVATION(SOFTMAX), DENSE(3, TANH));
    REFUSE("softmax", DENSE(3, TANH), ACTIVATION(SOFTMAX), LAYER(KIND(SCALE)));
    REFUSE("no layer kind", LAYER(.kind = (pybp_layer_kind)PYBP_N_LAYER_KINDS));
    REFUSE("no layer kind", LAYER(.kind = (pybp_layer_kind)-1));
}

static void test_refused_embeddings(void)
{
    REFUSE("layer 0 (join)", LAYER(KIND(JOIN)), DENSE(2, TANH));
    REFUSE("layer 1 (join)", DENSE(3, TANH), LAYER(KIND(JOIN)));
    REFUSE("join", EMBEDDING(0, 3, 2));
    REFUSE("join", EMBEDDING(0, 3, 2), EMBEDDING(1, 3, 2));
    REFUSE("join", EMBEDDING(0, 3, 2), DENSE(3, TANH));
    REFUSE("join", EMBEDDING(0, 3, 2), EMBEDDING(1, 3, 2), DENSE(3, TANH), LAYER(KIND(JOIN)));
    REFUSE("layer 2 (join)", EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)), LAYER(KIND(JOIN)));
    REFUSE("layer 1 (embedding): embeddings come first", DENSE(3, TANH), EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)));
    REFUSE("layer 2 (embedding): embeddings come first", EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)), EMBEDDING(1, 3, 2));
    REFUSE("layer 2 (dense)", EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)), LAYER(KIND(DENSE), .n_out = 2, .from = 1));
    REFUSE("layer 2 (dense)", EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)), LAYER(KIND(DENSE), .n_out = 2, .from = 2));
    REFUSE("layer 2 (add)", EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)), ADD(1));
    REFUSE("column", EMBEDDING(4, 3, 2), LAYER(KIND(JOIN)));
    REFUSE("column", EMBEDDING(SIZE_MAX, 3, 2), LAYER(KIND(JOIN)));
    REFUSE("n_categories", EMBEDDING(0, 0, 2), LAYER(KIND(JOIN)));
    REFUSE("n_categories", EMBEDDING(0, SIZE_MAX, 2), LAYER(KIND(JOIN)));
    REFUSE("n_out is 0", EMBEDDING(0, 3, 0), LAYER(KIND(JOIN)));
    REFUSE("reads", LAYER(KIND(EMBEDDING), .n_categories = 3, .n_out = 2, .from = 1), LAYER(KIND(JOIN)));
    REFUSE("reads", EMBEDDING(0, 3, 2), LAYER(KIND(JOIN), .from = 1));
}

static void test_refused_parameters(void)
{
    static const double rates[] = {1.0, 1.5, -0.1, NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
        REFUSE("dropout: rate = ", WITH(DROPOUT, rates[i]), DENSE(2, TANH));
        REFUSE("alpha_dropout: rate = ", WITH(ALPHA_DROPOUT, rates[i]), DENSE(2, TANH));
        if (i > 1)
            REFUSE("gaussian_noise: std = ", WITH(GAUSSIAN_NOISE, rates[i]), DENSE(2, TANH));
        if (i > 0)
            REFUSE("batch_norm: momentum = ", WITH(BATCH_NORM, rates[i]));
    }
    static const double epsilons[] = {0.0, -1e-5, NAN, INFINITY};
    for (size_t i = 0; i < sizeof epsilons / sizeof *epsilons; i++) {
        REFUSE("layer_norm: eps = ", WITH(LAYER_NORM, epsilons[i]));
        REFUSE("rms_norm: eps = ", WITH(RMS_NORM, epsilons[i]));
        REFUSE("batch_norm: eps = ", LAYER(KIND(BATCH_NORM), .params = {0.1, epsilons[i]}, .n_params = 2));
    }
    refuse(DESC(PYBP_FLOAT32, 4, WITH(LAYER_NORM, 1e-50)), PYBP_INVALID, "eps = 0 in the net's dtype");
    refuse(DESC(PYBP_FLOAT32, 4, WITH(GAUSSIAN_NOISE, 1e39)), PYBP_INVALID, "std = inf in the net's dtype");
    REFUSE("2 parameters, expected 0 to 1", LAYER(KIND(DROPOUT), .params = {0.1, 0.1}, .n_params = 2));
    REFUSE("-1 parameters", LAYER(KIND(BATCH_NORM), .n_params = -1));
    REFUSE("1 parameters, expected 0 to 0", LAYER(KIND(SCALE), .n_params = 1));
    REFUSE("has no activation", LAYER(KIND(BATCH_NORM), .activation = PYBP_ACTIVATION_RELU));
    REFUSE("bias_init = nan", LAYER(KIND(LAYER_NORM), .bias_init = NAN));
    REFUSE("has no norm", LAYER(KIND(DENSE), .n_out = 2, .no_scale = 1));
    REFUSE("has no norm", LAYER(KIND(SCALE), .no_scale = 1));
    REFUSE("has no norm", LAYER(KIND(EMBEDDING), .n_categories = 3, .n_out = 2, .no_scale = 1), LAYER(KIND(JOIN)));
}

static void test_refused_groups_and_columns(void)
{
    static const size_t twice[] = {1, 1}, far[] = {0, 4}, some[] = {0, 2};
#define PERIODIC(n, ...) LAYER(KIND(PERIODIC), .n_out = (n), __VA_ARGS__)
    REFUSE("can't be cut into 0 groups", LAYER(KIND(GROUPED_DENSE), .n_out = 4));
    REFUSE("4 inputs and 4 outputs can't be cut into 3", LAYER(KIND(GROUPED_DENSE), .n_out = 4, .groups = 3));
    REFUSE("4 inputs and 5 outputs can't be cut into 2", LAYER(KIND(GROUPED_DENSE), .n_out = 5, .groups = 2));
    REFUSE("5 outputs can't read 4 of 4 columns", PERIODIC(5, .column = 0));
    REFUSE("3 outputs can't read 2 of 4 columns", PERIODIC(3, .columns = some, .n_columns = 2));
    REFUSE("can't read 0 of 4 columns", PERIODIC(4, .columns = some));
    REFUSE("must be ascending", PERIODIC(4, .columns = twice, .n_columns = 2));
    REFUSE("must be ascending", PERIODIC(4, .columns = far, .n_columns = 2));
    REFUSE("bias_std is not used", PERIODIC(4, .bias_std = 0.5));
    REFUSE("has no parametrization", PERIODIC(4, .parametrization = PYBP_NTK));
    REFUSE("has no activation", PERIODIC(4, .activation = PYBP_ACTIVATION_TANH));
    REFUSE("can't be parametric", LAYER(KIND(PARAMETRIC_ACTIVATION), .activation = PYBP_ACTIVATION_SOFTMAX));
    refuse(DESC(PYBP_FLOAT64, SIZE_MAX / 2 + 1, LAYER(KIND(CONCAT))), PYBP_NO_MEMORY, "no memory");
}

static void test_sizes_that_overflow(void)
{
    const pybp_dtype f64 = PYBP_FLOAT64;
    refuse(DESC(f64, 1, EMBEDDING(0, 1 << 24, SIZE_MAX / 8), LAYER(KIND(JOIN))), PYBP_NO_MEMORY, "no memory");
    refuse(DESC(f64, 1, EMBEDDING(0, 1, SIZE_MAX), LAYER(KIND(JOIN))), PYBP_NO_MEMORY, "no memory");
    refuse(DESC(f64, 2, EMBEDDING(0, 1, SIZE_MAX / 2), EMBEDDING(1, 1, SIZE_MAX / 2 + 2), LAYER(KIND(JOIN))),
           PYBP_NO_MEMORY, "no memory");
    refuse(DESC(f64, SIZE_MAX, LAYER(KIND(BATCH_NORM))), PYBP_NO_MEMORY, "no memory");
}

/* Inputs that no parameter belongs to cost nothing, however many they are. */
static void test_many_inputs(void)
{
    const size_t many = SIZE_MAX / 4;
    pybp_net *net = NET(PYBP_FLOAT64, many, EMBEDDING(5, 3, 2), EMBEDDING(many - 1, 3, 4), EMBEDDING(5, 2, 1),
                        LAYER(KIND(JOIN)), ACTIVATION(TANH));
    double one = 1;
    const pybp_matrix x = {.data = &one, .rows = 1, .cols = many, .dtype = PYBP_FLOAT64};
    CHECK(pybp_net_n_out(net) == many - 2 + 2 + 4 + 1);
    FAILS(pybp_predict(net, &x, &one, 1), PYBP_SHAPE, "larger than memory");
    const pybp_optimizer optimizer = default_optimizer(PYBP_OPTIMIZER_ADAM);
    double parameters[3 * 2 + 3 * 4 + 2], biases[1], penalty;
    OK(pybp_net_get_flat(net, PYBP_FLAT_PARAMETERS, parameters, sizeof parameters));
    OK(pybp_net_set_flat(net, PYBP_FLAT_PARAMETERS, parameters, sizeof parameters));
    OK(pybp_net_set_flat(net, PYBP_FLAT_GRADIENT, parameters, sizeof parameters));
    OK(pybp_step(net, &optimizer, 0.1, 2));
    OK(pybp_net_penalty(net, &penalty));
    FAILS(pybp_net_get(net, PYBP_BIASES, 4, biases, sizeof biases), PYBP_STATE, "no biases");
    pybp_net_free(net);
    refuse(DESC(PYBP_FLOAT64, many, EMBEDDING(0, 3, 1), LAYER(KIND(JOIN)), DENSE(1, IDENTITY)), PYBP_NO_MEMORY,
           "no memory");
}

static void test_zeroed(void)
{
    pybp_net_desc desc =
        DESC(PYBP_FLOAT64, 3, LAYER(KIND(DENSE), .n_out = 3, .init = PYBP_INIT_ORTHOGONAL, .bias_std = 1),
             LAYER(KIND(BATCH_NORM), .bias_init = 0.5), LAYER(KIND(LAYER_NORM), .no_scale = 1));
    double weights[9], biases[2][3], gamma[3], var[3];
    desc.zeroed = 1;
    pybp_net *net = net_of(desc);
    OK(pybp_net_get(net, PYBP_WEIGHTS, 0, weights, sizeof weights));
    OK(pybp_net_get(net, PYBP_BIASES, 0, biases[0], sizeof biases[0]));
    OK(pybp_net_get(net, PYBP_BIASES, 1, biases[1], sizeof biases[1]));
    OK(pybp_net_get(net, PYBP_WEIGHTS, 1, gamma, sizeof gamma));
    OK(pybp_net_get(net, PYBP_RUNNING_VAR, 1, var, sizeof var));
    for (size_t i = 0; i < 9; i++)
        CHECK(weights[i] == 0);
    for (size_t j = 0; j < 3; j++)
        CHECK(biases[0][j] == 0 && biases[1][j] == 0 && gamma[j] == 1 && var[j] == 1);
    pybp_net_free(net);
}

/* ---- what a net of layers looks like ------------------------------------------------------------------- */

static int has(const pybp_net *net, pybp_array what, size_t l, size_t bytes)
{
    char *buffer = need(bytes);
    const pybp_status status = pybp_net_get(net, what, l, buffer, bytes);
    free(buffer);
    CHECK(status == PYBP_OK || status == PYBP_STATE);
    return status == PYBP_OK;
}

static void test_looks(void)
{
    static const struct {
        size_t n_in, n_out, fan;
        int bias;
    } expected[ALL_LAYERS] = {
        {1, 3, 5, 0},    {1, 2, 2, 0},   {8, 8, 0, 0},   {8, 8, 1, 1},   {8, 8, 0, 0},
        {8, 17, 8, 1},   {17, 17, 1, 1}, {17, 17, 0, 0}, {17, 17, 0, 0}, {17, 17, 17, 1},
        {17, 17, 0, 0},  {17, 17, 1, 0}, {17, 17, 1, 1}, {17, 17, 0, 0}, {17, 3, 17, 1},
    };
    pybp_net *net = net_of_all(PYBP_FLOAT64);
    size_t n = 0;
    CHECK(pybp_net_n_layers(net) == ALL_LAYERS && pybp_net_n_in(net) == ALL_IN && pybp_net_n_out(net) == ALL_OUT);
    for (size_t l = 0; l < ALL_LAYERS; l++) {
        const size_t bytes = expected[l].n_out * sizeof(double);
        CHECK_MSG(pybp_net_layer_n_in(net, l) == expected[l].n_in &&
                      pybp_net_layer_n_out(net, l) == expected[l].n_out &&
                      pybp_net_layer_fan(net, l) == expected[l].fan &&
                      pybp_net_layer_has_bias(net, l) == expected[l].bias,
                  "layer %zu", l);
        CHECK(has(net, PYBP_WEIGHTS, l, bytes * expected[l].fan) == (expected[l].fan > 0));
        CHECK(has(net, PYBP_BIASES, l, bytes) == expected[l].bias);
        CHECK(has(net, PYBP_RUNNING_MEAN, l, bytes) == (l == ALL_BATCH_NORM));
        CHECK(has(net, PYBP_RUNNING_VAR, l, bytes) == (l == ALL_BATCH_NORM));
        n += expected[l].n_out * (expected[l].fan + (size_t)expected[l].bias);
    }
    CHECK(pybp_net_n_parameters(net) == n && pybp_net_layer_fan(net, ALL_LAYERS) == 0);
    pybp_net_free(net);
}

static void test_initial_values(void)
{
    pybp_net *net = NET(PYBP_FLOAT64, 9, LAYER(KIND(BATCH_NORM), .bias_init = 0.5), LAYER(KIND(SCALE)),
                        LAYER(KIND(LAYER_NORM), .no_scale = 1), LAYER(KIND(RMS_NORM), .no_bias = 1));
    double gamma[2][9], beta[2][9], mean[9], var[9];
    CHECK(pybp_net_n_parameters(net) == 9 * (2 + 2 + 0 + 1));
    for (size_t l = 0; l < 2; l++) {
        OK(pybp_net_get(net, PYBP_WEIGHTS, l, gamma[l], sizeof gamma[l]));
        OK(pybp_net_get(net, PYBP_BIASES, l, beta[l], sizeof beta[l]));
    }
    OK(pybp_net_get(net, PYBP_RUNNING_MEAN, 0, mean, sizeof mean));
    OK(pybp_net_get(net, PYBP_RUNNING_VAR, 0, var, sizeof var));
    for (size_t j = 0; j < 9; j++) {
        CHECK(gamma[0][j] == 1 && gamma[1][j] == 1 && beta[0][j] == 0.5 && beta[1][j] == 0);
        CHECK(mean[j] == 0 && var[j] == 1);
    }
    FAILS(pybp_net_get(net, PYBP_WEIGHTS, 2, gamma, sizeof gamma[0]), PYBP_STATE, "layer 2 has no weights");
    FAILS(pybp_net_get(net, PYBP_BIASES, 3, beta, sizeof beta[0]), PYBP_STATE, "layer 3 has no biases");
    FAILS(pybp_net_get(net, PYBP_RUNNING_VAR, 1, var, sizeof var), PYBP_STATE, "layer 1 has no running statistics");
    FAILS(pybp_net_get(net, PYBP_RUNNING_VAR, 0, var, sizeof var - 8), PYBP_SHAPE, "expected 72");
    pybp_net_free(net);
}

/* ---- setting ----------------------------------------------------------------------------------------------- */

static void round_trip(pybp_net *net, pybp_array what, size_t l)
{
    const size_t bytes = bytes_of(net, what, l, 0), n = bytes / size_of(net);
    double *values = noises(n);
    float *narrow = need(n * sizeof *narrow);
    char *back = need(bytes);
    for (size_t i = 0; i < n; i++)
        narrow[i] = (float)(values[i] = fabs(values[i]));
    const void *from = pybp_net_dtype(net) == PYBP_FLOAT32 ? (void *)narrow : (void *)values;
    if (pybp_net_get(net, what, l, back, bytes) == PYBP_OK) {
        OK(pybp_net_set(net, what, l, from, bytes));
        OK(pybp_net_get(net, what, l, back, bytes));
        CHECK_MSG(memcmp(from, back, bytes) == 0, "array %d of layer %zu", (int)what, l);
    } else {
        FAILS(pybp_net_set(net, what, l, from, bytes), PYBP_STATE, "has no");
    }
    free(values);
    free(narrow);
    free(back);
}

static void test_round_trips(void)
{
    static const pybp_array arrays[] = {PYBP_WEIGHTS,      PYBP_BIASES,        PYBP_WEIGHT_STATE1,
                                        PYBP_BIAS_STATE1,  PYBP_WEIGHT_STATE2, PYBP_BIAS_STATE2,
                                        PYBP_WEIGHT_STATE3, PYBP_BIAS_STATE3,
                                        PYBP_RUNNING_MEAN, PYBP_RUNNING_VAR};
    const pybp_progress progress = {
        .optimizer = PYBP_OPTIMIZER_ADAM, .states = 7, .powers = {0.5, 0.25, 0.5}, .steps = 3};
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = net_of_all((pybp_dtype)dtype);
        OK(pybp_set_progress(net, &progress));
        for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
            for (size_t l = 0; l < ALL_LAYERS; l++)
                round_trip(net, arrays[i], l);
        pybp_net_free(net);
    }
}

static void test_refused_sets(void)
{
    pybp_net *net = net_of_all(PYBP_FLOAT64);
    double values[17 * 17] = {0}, old = 7;
    const size_t bytes = 17 * sizeof *values, l = ALL_BATCH_NORM;
    const image before = whole_image(net, 0);
    values[16] = -1e-300;
    FAILS(pybp_net_set(net, PYBP_RUNNING_VAR, l, values, bytes), PYBP_INVALID, "index 16");
    values[16] = NAN;
    FAILS(pybp_net_set(net, PYBP_RUNNING_VAR, l, values, bytes), PYBP_NOT_FINITE, "index 16");
    FAILS(pybp_net_set(net, PYBP_RUNNING_MEAN, l, values, bytes), PYBP_NOT_FINITE, "index 16");
    FAILS(pybp_net_set(net, PYBP_RUNNING_MEAN, l, values, bytes - 8), PYBP_SHAPE, "expected 136");
    FAILS(pybp_net_set(net, PYBP_RUNNING_MEAN, l - 1, values, bytes), PYBP_STATE, "no running statistics");
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 10, values, 0), PYBP_STATE, "no weights");
    FAILS(pybp_net_set(net, PYBP_BIASES, 0, values, 24), PYBP_STATE, "no biases");
    FAILS(pybp_net_set(net, (pybp_array)(PYBP_RUNNING_VAR + 1), 0, values, bytes), PYBP_INVALID, "no array");
    FAILS(pybp_net_poke(net, 8, 0, 0, 1, &old), PYBP_INVALID, "(0, 0) in layer 8");
    FAILS(pybp_net_poke(net, l, 0, 2, 1, &old), PYBP_INVALID, "(0, 2) in layer 6");
    FAILS(pybp_net_poke(net, 11, 0, 1, 1, &old), PYBP_INVALID, "(0, 1) in layer 11"); /* a scale without shift */
    FAILS(pybp_net_poke(net, 0, 3, 0, 1, &old), PYBP_INVALID, "(3, 0) in layer 0");
    FAILS(pybp_net_poke(net, 0, 0, 5, 1, &old), PYBP_INVALID, "(0, 5) in layer 0");
    CHECK(old == 7 && unchanged(net, 0, before));
    OK(pybp_net_poke(net, l, 16, 0, 3, &old));
    CHECK(old == 1);
    OK(pybp_net_poke(net, l, 16, 1, 4, &old));
    CHECK(old == 0);
    OK(pybp_net_get(net, PYBP_WEIGHTS, l, values, bytes));
    CHECK(values[16] == 3 && values[15] == 1);
    OK(pybp_net_get(net, PYBP_BIASES, l, values, bytes));
    CHECK(values[16] == 4 && values[15] == 0);
    pybp_net_free(net);
}

/* ---- data ---------------------------------------------------------------------------------------------------- */

/* All functions that take inputs refuse these, with the message, and change nothing. */
static void refuse_inputs(pybp_net *net, const samples *s, const char *words)
{
    const pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 4);
    const image before = whole_image(net, 0);
    double *out = need(s->rows * ALL_OUT * sizeof *out);
    pybp_evaluation evaluation;
    pybp_train_result result;
    FAILS(pybp_predict(net, &s->x, out, 1), PYBP_INVALID, words);
    FAILS(pybp_evaluate(net, &s->x, &s->y, NULL, LOSS(MSE), PYBP_MEAN, 1, &evaluation), PYBP_INVALID, words);
    FAILS(pybp_forward(net, &s->x, 0, out, 1), PYBP_INVALID, words);
    FAILS(pybp_forward(net, &s->x, PYBP_KEEP | PYBP_TRAINING, NULL, 1), PYBP_INVALID, words);
    FAILS(pybp_train(net, &s->x, &s->y, NULL, &options, &result), PYBP_INVALID, words);
    CHECK(unchanged(net, 0, before));
    free(out);
}

static void test_categories(void)
{
    static const double wrong[] = {5, -1, 0.5, NAN, INFINITY, -INFINITY, 1e300, -0.25};
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        samples s = samples_for_all(16);
        float narrow[16 * ALL_IN];
        pybp_net *net = net_of_all((pybp_dtype)dtype);
        for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
            s.inputs[11 * ALL_IN + 1] = wrong[i];
            refuse_inputs(net, &s, "row 11, column 1");
            samples given = s;
            for (size_t k = 0; k < 16 * ALL_IN; k++)
                narrow[k] = (float)s.inputs[k];
            given.x = (pybp_matrix){narrow, 16, ALL_IN, ALL_IN * sizeof *narrow, PYBP_FLOAT32};
            refuse_inputs(net, &given, "row 11, column 1");
        }
        s.inputs[11 * ALL_IN + 1] = 4;
        s.inputs[2 * ALL_IN + 3] = 2;
        refuse_inputs(net, &s, "row 2, column 3");
        s.inputs[2 * ALL_IN + 3] = -0.0;
        OK(pybp_forward(net, &s.x, 0, NULL, 1));
        pybp_net_free(net);
        free_samples(&s);
    }
}

/* The output of an embedding is the vector of each row's category. */
static void test_lookup(void)
{
    static const double x[4][2] = {{2, 0.5}, {0, -1}, {2, 7}, {1, 0.25}};
    const pybp_matrix input = doubles(&x[0][0], 4, 2);
    pybp_net *net = NET(PYBP_FLOAT64, 2, EMBEDDING(0, 3, 2), LAYER(KIND(JOIN)));
    double table[2][3], out[4][3];
    OK(pybp_net_get(net, PYBP_WEIGHTS, 0, table, sizeof table));
    OK(pybp_predict(net, &input, out, 1));
    for (size_t r = 0; r < 4; r++)
        CHECK(out[r][0] == x[r][1] && out[r][1] == table[0][(int)x[r][0]] && out[r][2] == table[1][(int)x[r][0]]);
    pybp_net_free(net);
}

/* ---- minibatches of one row ------------------------------------------------------------------------------------- */

static pybp_status train_rows(pybp_net *net, const samples *s, size_t rows, size_t batch, size_t accumulate,
                              int drop_last)
{
    const samples part = part_of(s, 0, rows);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, batch);
    pybp_train_result result;
    options.accumulate = accumulate;
    options.drop_last = drop_last;
    return pybp_train(net, &part.x, &part.y, NULL, &options, &result);
}

static void test_single_rows(void)
{
    samples s = samples_for_all(13);
    pybp_net *net = net_of_all(PYBP_FLOAT64);
    const pybp_matrix one = rows_of(&s, 0, 1);
    image before = whole_image(net, 0);
    FAILS(pybp_forward(net, &one, PYBP_TRAINING, NULL, 1), PYBP_INVALID, "1 row");
    FAILS(train_rows(net, &s, 1, 1, 0, 0), PYBP_INVALID, "1 row");
    FAILS(train_rows(net, &s, 1, 8, 0, 0), PYBP_INVALID, "1 row");
    FAILS(train_rows(net, &s, 12, 1, 0, 0), PYBP_INVALID, "1 row");
    FAILS(train_rows(net, &s, 12, 1, 4, 0), PYBP_INVALID, "1 row");
    FAILS(train_rows(net, &s, 13, 4, 0, 0), PYBP_INVALID, "1 row");
    FAILS(train_rows(net, &s, 13, 4, 2, 0), PYBP_INVALID, "1 row");
    CHECK(unchanged(net, 0, before));
    OK(train_rows(net, &s, 13, 4, 0, 1)); /* that row is left out */
    OK(train_rows(net, &s, 13, 4, 2, 1));
    OK(train_rows(net, &s, 12, 4, 0, 0));
    OK(train_rows(net, &s, 13, 13, 0, 0));
    OK(pybp_forward(net, &one, 0, NULL, 1)); /* outside training one row is enough */
    pybp_net_free(net);

    net = NET(PYBP_FLOAT64, ALL_IN, LAYER(KIND(LAYER_NORM)), WITH(DROPOUT, 0.5), DENSE(ALL_OUT, TANH));
    OK(train_rows(net, &s, 13, 1, 0, 0)); /* only batch norm refuses it */
    OK(pybp_forward(net, &one, PYBP_TRAINING, NULL, 1));
    FAILS(pybp_forward(net, &one, 4, NULL, 1), PYBP_INVALID, "how is 4");
    FAILS(pybp_forward(net, &one, -1, NULL, 1), PYBP_INVALID, "how is -1");
    pybp_net_free(net);
    free_samples(&s);
}

CHECK_MAIN(CHECK_RUN(test_refused_graphs); CHECK_RUN(test_refused_embeddings); CHECK_RUN(test_refused_parameters);
           CHECK_RUN(test_refused_groups_and_columns); CHECK_RUN(test_sizes_that_overflow); CHECK_RUN(test_many_inputs); CHECK_RUN(test_zeroed);
           CHECK_RUN(test_looks); CHECK_RUN(test_initial_values);
           CHECK_RUN(test_round_trips); CHECK_RUN(test_refused_sets); CHECK_RUN(test_categories);
           CHECK_RUN(test_lookup); CHECK_RUN(test_single_rows);)
