/* Making nets, looking into them and changing them: what the entry points accept, refuse and leave alone. */
#include <limits.h>
#include <stdint.h>

#include "base/memory.h"
#include "net_fixture.h"

static const shape odd = {5, {7, 18, 3}};

/* ---- create, copy, free ---------------------------------------------------------------------------- */

static void test_create(void)
{
    const long live = pybp_alloc_live();
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++) {
        pybp_net *net = make_net((pybp_dtype)dtype, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX), *copy = NULL;
        CHECK(pybp_net_dtype(net) == (pybp_dtype)dtype && pybp_net_seed(net) == 42);
        CHECK(pybp_net_n_in(net) == 5 && pybp_net_n_out(net) == 3 && pybp_net_n_layers(net) == 3);
        CHECK(pybp_net_n_parameters(net) == 7 * 6 + 18 * 7 + 3 * 19);
        CHECK(pybp_net_layer_n_in(net, 1) == 7 && pybp_net_layer_n_out(net, 1) == 18);
        CHECK(pybp_net_layer_n_in(net, 3) == 0 && pybp_net_layer_n_out(net, 3) == 0);
        CHECK(pybp_net_layer_has_bias(net, 0) && !pybp_net_layer_has_bias(net, 1) && !pybp_net_layer_has_bias(net, 3));
        CHECK(strcmp(pybp_net_isa(net), pybp_isa()) == 0);
        OK(pybp_net_copy(net, &copy));
        CHECK(unchanged(copy, 0, whole_image(net, 0)));
        CHECK(pybp_net_seed(copy) == 42 && pybp_net_n_parameters(copy) == pybp_net_n_parameters(net));
        FAILS(pybp_net_copy(NULL, &copy), PYBP_INVALID, "NULL");
        FAILS(pybp_net_copy(net, NULL), PYBP_INVALID, "NULL");
        pybp_net_free(net);
        OK(pybp_net_poke(copy, 0, 0, 0, 1, NULL)); /* a copy stands alone */
        pybp_net_free(copy);
    }
    pybp_net_free(NULL);
    CHECK(pybp_alloc_live() == live);
}

/* Creation fails with this code and words, and leaves *net alone. */
static void refuse(pybp_net_desc desc, pybp_status code, const char *words)
{
    const long live = pybp_alloc_live();
    int mark;
    pybp_net *net = (pybp_net *)(void *)&mark;
    FAILS(pybp_net_create(&desc, &net), code, words);
    CHECK((void *)net == (void *)&mark && pybp_alloc_live() == live);
}

static void refuse_layer(pybp_dtype dtype, pybp_layer_desc first, const char *words)
{
    const pybp_layer_desc layers[2] = {first, {.n_out = 2}};
    refuse((pybp_net_desc){.dtype = dtype, .n_in = 3, .n_layers = 2, .layers = layers}, PYBP_INVALID, words);
}

static void test_refused_descriptions(void)
{
    const pybp_layer_desc layer = {.n_out = 2};
    const pybp_net_desc fine = {.dtype = PYBP_FLOAT64, .n_in = 3, .n_layers = 1, .layers = &layer};
    pybp_net_desc desc = fine;
    pybp_net *net;
    FAILS(pybp_net_create(NULL, &net), PYBP_INVALID, "NULL");
    FAILS(pybp_net_create(&fine, NULL), PYBP_INVALID, "NULL");
    desc.layers = NULL;
    refuse(desc, PYBP_INVALID, "NULL");
    desc = fine, desc.dtype = (pybp_dtype)2;
    refuse(desc, PYBP_INVALID, "dtype 2");
    desc = fine, desc.n_in = 0;
    refuse(desc, PYBP_INVALID, "inputs");
    desc = fine, desc.n_layers = 0;
    refuse(desc, PYBP_INVALID, "layer");

    const pybp_dtype f64 = PYBP_FLOAT64;
    refuse_layer(f64, (pybp_layer_desc){.n_out = 0}, "n_out");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .kind = (pybp_layer_kind)PYBP_N_LAYER_KINDS}, "kind");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .activation = (pybp_activation)PYBP_N_ACTIVATIONS}, "activation");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .activation = PYBP_ACTIVATION_SOFTMAX}, "last layer");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .activation = PYBP_ACTIVATION_ELU}, "elu: alpha = 0");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .activation = PYBP_ACTIVATION_LEAKY_RELU,
                                        .activation_params = {NAN}}, "slope = nan");
    refuse_layer(PYBP_FLOAT32, (pybp_layer_desc){.n_out = 2, .activation = PYBP_ACTIVATION_ELU,
                                                 .activation_params = {1e-50}}, "alpha = 0 in the net's dtype");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .init = (pybp_initializer)PYBP_N_INITIALIZERS}, "initializer");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .init_value = NAN}, "init_value = nan");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .bias_init = -INFINITY}, "bias_init = -inf");
    refuse_layer(PYBP_FLOAT32, (pybp_layer_desc){.n_out = 2, .bias_init = 1e39}, "bias_init = 1e+39");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .bias_std = -1.0}, "bias_std = -1");
    refuse_layer(f64, (pybp_layer_desc){.n_out = 2, .bias_std = NAN}, "bias_std = nan");
    refuse_layer(PYBP_FLOAT32, (pybp_layer_desc){.n_out = 2, .bias_std = 1e39}, "bias_std = 1e+39");
}

/* More than PTRDIFF_MAX bytes: smaller requests are the system's to refuse. */
static void test_sizes_that_overflow(void)
{
    static const size_t sizes[][3] = {
        {SIZE_MAX, 1, 1}, {1, SIZE_MAX, 1}, {SIZE_MAX, SIZE_MAX, SIZE_MAX}, {SIZE_MAX / 64, 1, 1},
        {1, SIZE_MAX / 8, 1}, {SIZE_MAX - 1, 2, 1}, {(size_t)1 << 33, (size_t)1 << 33, 1},
        {1, (size_t)1 << 33, (size_t)1 << 33}, {(size_t)1 << 32, (size_t)1 << 29, 1},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        const pybp_layer_desc layers[2] = {{.n_out = sizes[i][1]}, {.n_out = sizes[i][2]}};
        pybp_net_desc desc = {.n_in = sizes[i][0], .n_layers = 2, .layers = layers};
        refuse(desc, PYBP_NO_MEMORY, "no memory");
        desc.dtype = PYBP_FLOAT64;
        refuse(desc, PYBP_NO_MEMORY, "no memory");
    }

    pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    const double row[5] = {1, 2, 3, 4, 5};
    const pybp_matrix endless = {row, SIZE_MAX / 2, 5, 0, PYBP_FLOAT64};
    const pybp_targets y = {.values = {row, SIZE_MAX / 2, 3, 0, PYBP_FLOAT64}};
    const pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, SIZE_MAX);
    pybp_evaluation evaluation;
    pybp_train_result result;
    const image before = whole_image(net, 0);
    FAILS(pybp_forward(net, &endless, 1, NULL, 1), PYBP_NO_MEMORY, "rows");
    FAILS(pybp_evaluate(net, &endless, &y, NULL, LOSS(MSE), PYBP_MEAN, 1, &evaluation), PYBP_NO_MEMORY, "rows");
    FAILS(pybp_train(net, &endless, &y, NULL, &options, &result), PYBP_NO_MEMORY, "rows");
    CHECK(unchanged(net, 0, before));
    pybp_net_free(net);
}

/* ---- get, set, poke --------------------------------------------------------------------------------- */

static void round_trip(pybp_dtype dtype, shape of)
{
    pybp_net *net = make_net(dtype, of, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    pybp_progress progress = {.optimizer = PYBP_OPTIMIZER_ADAM, .states = 7, .powers = {0.5, 0.25, 0.125}, .steps = 3};
    OK(pybp_set_progress(net, &progress));
    for (int what = PYBP_WEIGHTS; what <= PYBP_BIAS_STATE3; what++) {
        if (what == PYBP_WEIGHT_GRADIENT || what == PYBP_BIAS_GRADIENT)
            continue;
        for (size_t l = 0; l < pybp_net_n_layers(net); l++) {
            const size_t bytes = bytes_of(net, (pybp_array)what, l, 0), n = bytes / size_of(net);
            double *values = noises(n);
            float *narrow = need(n * sizeof *narrow);
            char *back = need(bytes + 1);
            for (size_t i = 0; i < n; i++)
                narrow[i] = (float)values[i];
            const void *from = dtype == PYBP_FLOAT32 ? (void *)narrow : (void *)values;
            back[bytes] = 77;
            if (what % 2 == 1 && !pybp_net_layer_has_bias(net, l)) { /* odd numbers are biases */
                FAILS(pybp_net_set(net, (pybp_array)what, l, from, bytes), PYBP_STATE, "no biases");
                FAILS(pybp_net_get(net, (pybp_array)what, l, back, bytes), PYBP_STATE, "no biases");
            } else {
                OK(pybp_net_set(net, (pybp_array)what, l, from, bytes));
                OK(pybp_net_get(net, (pybp_array)what, l, back, bytes));
                CHECK(memcmp(from, back, bytes) == 0 && back[bytes] == 77);
            }
            for (size_t i = 0; what == PYBP_WEIGHTS && i < n; i++) { /* row j: weights into neuron j */
                const size_t n_in = pybp_net_layer_n_in(net, l);
                double old = 0;
                OK(pybp_net_poke(net, l, i / n_in, i % n_in, 0.5, &old));
                CHECK(old == (dtype == PYBP_FLOAT32 ? (double)narrow[i] : values[i]));
            }
            free(values);
            free(narrow);
            free(back);
        }
    }
    pybp_net_free(net);
}

static void test_round_trips(void)
{
    static const shape shapes[] = {{1, {1}}, {5, {7, 18, 3}}, {16, {16, 8, 17}}, {47, {9, 48, 31}}, {97, {2, 1}}};
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
        round_trip(PYBP_FLOAT32, shapes[i]);
        round_trip(PYBP_FLOAT64, shapes[i]);
    }
}

static void test_refused_sets(void)
{
    pybp_net *net = make_net(PYBP_FLOAT64, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    double values[126] = {0}, old = 7;
    const size_t bytes = 7 * 5 * sizeof *values;
    const image before = whole_image(net, 0);
    FAILS(pybp_net_set(NULL, PYBP_WEIGHTS, 0, values, bytes), PYBP_INVALID, "NULL");
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 0, NULL, bytes), PYBP_INVALID, "NULL");
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 3, values, bytes), PYBP_INVALID, "layer 3");
    FAILS(pybp_net_set(net, (pybp_array)(PYBP_RUNNING_VAR + 1), 0, values, bytes), PYBP_INVALID, "no array 17");
    FAILS(pybp_net_set(net, (pybp_array)-1, 0, values, bytes), PYBP_INVALID, "no array -1");
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 0, values, bytes - 8), PYBP_SHAPE, "272 bytes, expected 280");
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 0, values, bytes + 1), PYBP_SHAPE, "expected 280");
    FAILS(pybp_net_set(net, PYBP_BIASES, 0, values, bytes), PYBP_SHAPE, "expected 56");
    FAILS(pybp_net_set(net, PYBP_BIASES, 1, values, 0), PYBP_STATE, "no biases");
    FAILS(pybp_net_set(net, PYBP_WEIGHT_STATE1, 0, values, bytes), PYBP_STATE, "no such array");
    for (int what = PYBP_WEIGHT_GRADIENT; what <= PYBP_BACK; what++)
        if (what < PYBP_WEIGHT_STATE1 || what > PYBP_BIAS_STATE3)
            FAILS(pybp_net_set(net, (pybp_array)what, 0, values, bytes), PYBP_INVALID, "cannot be set");
    values[34] = NAN;
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 0, values, bytes), PYBP_NOT_FINITE, "index 34");
    values[3] = -INFINITY;
    FAILS(pybp_net_set(net, PYBP_WEIGHTS, 0, values, bytes), PYBP_NOT_FINITE, "index 3");
    FAILS(pybp_net_get(net, PYBP_WEIGHTS, 0, values, bytes + 8), PYBP_SHAPE, "expected 280");
    FAILS(pybp_net_get(net, PYBP_WEIGHTS, 3, values, bytes), PYBP_INVALID, "layer 3");
    FAILS(pybp_net_get(NULL, PYBP_WEIGHTS, 0, values, bytes), PYBP_INVALID, "NULL");
    FAILS(pybp_net_get(net, PYBP_WEIGHTS, 0, NULL, bytes), PYBP_INVALID, "NULL");

    FAILS(pybp_net_poke(NULL, 0, 0, 0, 1, &old), PYBP_INVALID, "NULL");
    FAILS(pybp_net_poke(net, 3, 0, 0, 1, &old), PYBP_INVALID, "layer");
    FAILS(pybp_net_poke(net, 0, 7, 0, 1, &old), PYBP_INVALID, "(7, 0) in layer 0");
    FAILS(pybp_net_poke(net, 0, 0, 6, 1, &old), PYBP_INVALID, "(0, 6) in layer 0");
    FAILS(pybp_net_poke(net, 1, 0, 7, 1, &old), PYBP_INVALID, "(0, 7) in layer 1"); /* no bias there */
    FAILS(pybp_net_poke(net, 0, 0, 0, NAN, &old), PYBP_NOT_FINITE, "nan");
    CHECK(old == 7 && unchanged(net, 0, before));
    OK(pybp_net_poke(net, 0, 6, 5, 3, &old)); /* the last bias */
    CHECK(old == 0.125);
    OK(pybp_net_get(net, PYBP_BIASES, 0, values, 7 * sizeof *values));
    CHECK(values[6] == 3 && values[5] == 0.125);
    pybp_net_free(net);

    net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
    FAILS(pybp_net_poke(net, 0, 0, 0, 1e39, NULL), PYBP_NOT_FINITE, "1e+39");
    pybp_net_free(net);
}

/* ---- what must come before what ----------------------------------------------------------------------- */

static void test_order_of_calls(void)
{
    samples s = make_samples(9, 5, 3);
    pybp_net *net = make_net(PYBP_FLOAT64, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    const pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD);
    const size_t bytes = 9 * 5 * sizeof(double), z_bytes = 9 * 7 * sizeof(double), w_bytes = 7 * 5 * sizeof(double);
    double value, *buffer = need(9 * 18 * sizeof *buffer);
    const pybp_matrix *g = &s.y.values;

    FAILS(pybp_backward(net, g, NULL, 1), PYBP_STATE, "forward");
    FAILS(pybp_backward_loss(net, &s.y, NULL, LOSS(MSE), PYBP_MEAN, NULL, 1, &value), PYBP_STATE, "forward");
    FAILS(pybp_step(net, &sgd, 0.1, 1), PYBP_STATE, "backward");
    for (int what = PYBP_WEIGHT_GRADIENT; what <= PYBP_BACK; what++)
        FAILS(pybp_net_get(net, (pybp_array)what, 0, buffer, 1), PYBP_STATE, "no such array");

    OK(pybp_forward(net, &s.x, 0, NULL, 1));
    OK(pybp_net_get(net, PYBP_INPUT, 0, buffer, bytes));
    CHECK(memcmp(buffer, s.inputs, bytes) == 0);
    OK(pybp_net_get(net, PYBP_A, 0, buffer, z_bytes));
    FAILS(pybp_net_get(net, PYBP_A, 0, buffer, z_bytes + 1), PYBP_SHAPE, "expected 504");
    FAILS(pybp_net_get(net, PYBP_Z, 0, buffer, z_bytes), PYBP_STATE, "no such array");
    FAILS(pybp_net_get(net, PYBP_DELTA, 0, buffer, z_bytes), PYBP_STATE, "backward");
    OK(pybp_backward(net, g, NULL, 1));
    OK(pybp_net_get(net, PYBP_DELTA, 0, buffer, z_bytes));
    FAILS(pybp_net_get(net, PYBP_BACK, 0, buffer, bytes), PYBP_STATE, "no such array");
    OK(pybp_forward(net, &s.x, 1, NULL, 1));
    OK(pybp_net_get(net, PYBP_Z, 0, buffer, z_bytes));
    FAILS(pybp_net_get(net, PYBP_BACK, 0, buffer, bytes), PYBP_STATE, "backward");
    OK(pybp_backward(net, g, NULL, 1));
    OK(pybp_net_get(net, PYBP_BACK, 0, buffer, bytes));

    OK(pybp_step(net, &sgd, 0.1, 1)); /* new parameters: the pass is over, the gradients stay */
    OK(pybp_net_get(net, PYBP_WEIGHT_GRADIENT, 0, buffer, w_bytes));
    FAILS(pybp_net_get(net, PYBP_A, 0, buffer, z_bytes), PYBP_STATE, "forward");
    FAILS(pybp_backward(net, g, NULL, 1), PYBP_STATE, "forward");
    OK(pybp_forward(net, &s.x, 0, NULL, 1));
    OK(pybp_net_get(net, PYBP_WEIGHTS, 0, buffer, w_bytes));
    OK(pybp_net_set(net, PYBP_WEIGHTS, 0, buffer, w_bytes));
    FAILS(pybp_backward(net, g, NULL, 1), PYBP_STATE, "forward");
    OK(pybp_forward(net, &s.x, 0, NULL, 1));
    OK(pybp_net_poke(net, 0, 0, 0, 1, NULL));
    FAILS(pybp_backward(net, g, NULL, 1), PYBP_STATE, "forward");

    const pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 4);
    pybp_train_result result;
    OK(pybp_forward(net, &s.x, 0, NULL, 1));
    OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
    FAILS(pybp_backward(net, g, NULL, 1), PYBP_STATE, "forward");
    FAILS(pybp_step(net, &sgd, 0.1, 1), PYBP_STATE, "backward"); /* training leaves no gradients */
    OK(pybp_forward(net, &s.x, 0, NULL, 1));
    OK(pybp_net_get(net, PYBP_WEIGHT_STATE1, 0, buffer, w_bytes)); /* states are no parameters */
    OK(pybp_net_set(net, PYBP_WEIGHT_STATE1, 0, buffer, w_bytes));
    OK(pybp_backward(net, g, NULL, 1));
    free(buffer);
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- registries, instruction sets, names --------------------------------------------------------------- */

static void test_registries(void)
{
    static const int rows[] = {PYBP_N_ACTIVATIONS, PYBP_N_LOSSES, PYBP_N_OPTIMIZERS, PYBP_N_INITIALIZERS,
                               PYBP_N_LAYER_KINDS, PYBP_N_STATUS, PYBP_N_SCHEDULES};
    static const int most[] = {PYBP_MAX_ACTIVATION_PARAMS, PYBP_MAX_LOSS_PARAMS, PYBP_MAX_PARAMS, 0,
                               PYBP_MAX_LAYER_PARAMS, 0, PYBP_MAX_SCHEDULE_PARAMS};
    pybp_row row;
    for (int which = PYBP_REGISTRY_ACTIVATIONS; which <= PYBP_REGISTRY_SCHEDULES; which++) {
        for (int i = 0; i < rows[which]; i++) {
            OK(pybp_registry_row((pybp_registry)which, i, &row));
            CHECK(row.name[0] != '\0' && row.label != NULL && row.text[0] != '\0');
            CHECK(row.n_params <= most[which] && (row.n_params > 0 || which != PYBP_REGISTRY_OPTIMIZERS));
            for (int p = 0; p < row.n_params; p++) {
                const pybp_param_info *info = &row.params[p];
                CHECK(info->name[0] != '\0' && info->low < info->high);
                CHECK(info->value >= info->low && info->value <= info->high);
            }
        }
        FAILS(pybp_registry_row((pybp_registry)which, rows[which], &row), PYBP_INVALID, "rows");
        FAILS(pybp_registry_row((pybp_registry)which, -1, &row), PYBP_INVALID, "row -1");
    }
    FAILS(pybp_registry_row((pybp_registry)7, 0, &row), PYBP_INVALID, "registry 7");
    FAILS(pybp_registry_row(PYBP_REGISTRY_LOSSES, 0, NULL), PYBP_INVALID, "NULL");
    OK(pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, PYBP_OPTIMIZER_ADAM, &row));
    CHECK(strcmp(row.name, "adam") == 0 && strcmp(row.label, "Adam") == 0 && row.n_params == 5);
    CHECK(strcmp(row.params[1].name, "beta2") == 0 && row.params[1].value == 0.999 && row.params[1].high_open);
    OK(pybp_registry_row(PYBP_REGISTRY_STATUS, PYBP_BUSY, &row));
    CHECK(strcmp(row.name, "PYBP_BUSY") == 0 && strcmp(pybp_status_name(PYBP_BUSY), "PYBP_BUSY") == 0);
    CHECK(strcmp(pybp_status_name((pybp_status)PYBP_N_STATUS), "unknown status") == 0);
    CHECK(strcmp(pybp_version(), PYBP_VERSION) == 0);
    CHECK(pybp_default_threads(NULL) >= 1);
}

static void test_instruction_sets(void)
{
    const char *by_default = pybp_isa(), *name;
    int n = 0;
    for (; (name = pybp_isa_compiled(n)) != NULL; n++) {
        if (!pybp_isa_usable(name)) {
            FAILS(pybp_isa_select(name), PYBP_INVALID, name);
            continue;
        }
        OK(pybp_isa_select(name));
        CHECK(strcmp(pybp_isa(), name) == 0 && strcmp(pybp_isa_reason(), "selected by the program") == 0);
        pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_IDENTITY);
        OK(pybp_isa_select(NULL));
        CHECK(strcmp(pybp_net_isa(net), name) == 0); /* a net keeps what it was made with */
        pybp_net_free(net);
    }
    CHECK(n >= 1 && strcmp(pybp_isa_compiled(n - 1), "scalar") == 0 && pybp_isa_usable("scalar"));
    CHECK(pybp_isa_compiled(-1) == NULL && !pybp_isa_usable("abacus") && !pybp_isa_usable(NULL));
    FAILS(pybp_isa_select("abacus"), PYBP_INVALID, "abacus");
    FAILS(pybp_isa_select("\xff\n\xc3"), PYBP_INVALID, "'\?\?\?'");
    CHECK(strcmp(pybp_isa(), by_default) == 0);
}

CHECK_MAIN(CHECK_RUN(test_create); CHECK_RUN(test_refused_descriptions); CHECK_RUN(test_sizes_that_overflow);
           CHECK_RUN(test_round_trips); CHECK_RUN(test_refused_sets); CHECK_RUN(test_order_of_calls);
           CHECK_RUN(test_registries); CHECK_RUN(test_instruction_sets);)
