/* Structs filled with their defaults: what the registry says, and what other functions take. */
#include "layer_fixture.h"

static void test_optimizers(void)
{
    for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++) {
        pybp_optimizer filled;
        pybp_optimizer expected = default_optimizer((pybp_optimizer_kind)kind);
        memset(&filled, 77, sizeof filled);
        OK(pybp_optimizer_init(&filled, (pybp_optimizer_kind)kind));
        CHECK(filled.kind == expected.kind && memcmp(filled.params, expected.params, sizeof filled.params) == 0);
        CHECK(filled.clip_norm == 0 && filled.clip_value == 0 && !filled.no_bias_decay && filled.bias_lr_factor == 1);
    }
}

static void test_layers(void)
{
    for (int kind = 0; kind < PYBP_N_LAYER_KINDS; kind++) {
        pybp_layer_desc filled;
        pybp_row row;
        memset(&filled, 77, sizeof filled);
        OK(pybp_layer_init(&filled, (pybp_layer_kind)kind, 7, PYBP_ACTIVATION_ELU));
        OK(pybp_registry_row(PYBP_REGISTRY_LAYERS, kind, &row));
        CHECK(filled.kind == (pybp_layer_kind)kind && filled.n_out == 7 && filled.n_params == row.n_params);
        for (int i = 0; i < row.n_params; i++)
            CHECK(filled.params[i] == row.params[i].value);
        CHECK(filled.activation_params[0] == 1 && filled.activation_params[1] == 0); /* alpha of elu */
        CHECK(filled.has_lr_factors && filled.lr_factor == 1 && filled.bias_lr_factor == 1 && filled.init_value == 1);
        CHECK(filled.l1 == 0 && filled.l2 == 0 && filled.max_norm == 0 && !filled.frozen && !filled.no_bias);
    }
}

static void test_losses_and_schedules(void)
{
    for (int kind = 0; kind < PYBP_N_LOSSES; kind++) {
        pybp_loss_spec filled;
        pybp_row row;
        OK(pybp_loss_init(&filled, (pybp_loss)kind));
        OK(pybp_registry_row(PYBP_REGISTRY_LOSSES, kind, &row));
        CHECK(filled.kind == (pybp_loss)kind && filled.n_params == row.n_params);
        CHECK(row.n_params == 0 || filled.params[0] == row.params[0].value);
    }
    for (int kind = 0; kind < PYBP_N_SCHEDULES; kind++) {
        pybp_schedule filled;
        double rates[9];
        OK(pybp_schedule_init(&filled, (pybp_schedule_kind)kind, 0.5));
        CHECK(filled.lr == 0.5 && filled.milestones == NULL && filled.n_milestones == 0);
        OK(pybp_schedule_fill(&filled, 0, 9, 9, rates));
    }
}

static void test_nothing_such(void)
{
    pybp_layer_desc layer = {.n_out = 5};
    pybp_loss_spec loss = {.n_params = 5};
    pybp_optimizer optimizer = {.clip_norm = 5};
    pybp_schedule schedule = {.lr = 5};
    pybp_train_options options = {.batch_size = 5};
    FAILS(pybp_layer_init(&layer, PYBP_N_LAYER_KINDS, 1, PYBP_ACTIVATION_TANH), PYBP_INVALID, "of a registry of");
    FAILS(pybp_layer_init(&layer, PYBP_LAYER_DENSE, 1, PYBP_N_ACTIVATIONS), PYBP_INVALID, "of a registry");
    FAILS(pybp_loss_init(&loss, PYBP_N_LOSSES), PYBP_INVALID, "of a registry");
    FAILS(pybp_optimizer_init(&optimizer, PYBP_N_OPTIMIZERS), PYBP_INVALID, "of a registry");
    FAILS(pybp_schedule_init(&schedule, PYBP_N_SCHEDULES, 1), PYBP_INVALID, "of a registry");
    FAILS(pybp_train_options_init(&options, PYBP_N_LOSSES, PYBP_OPTIMIZER_SGD), PYBP_INVALID, "of a registry");
    FAILS(pybp_train_options_init(&options, PYBP_LOSS_MSE, PYBP_N_OPTIMIZERS), PYBP_INVALID, "of a registry");
    CHECK(layer.n_out == 5 && loss.n_params == 5 && optimizer.clip_norm == 5 && schedule.lr == 5);
    CHECK(options.batch_size == 5);
    FAILS(pybp_layer_init(NULL, PYBP_LAYER_DENSE, 1, PYBP_ACTIVATION_TANH), PYBP_INVALID, "NULL");
    FAILS(pybp_loss_init(NULL, PYBP_LOSS_MSE), PYBP_INVALID, "NULL");
    FAILS(pybp_optimizer_init(NULL, PYBP_OPTIMIZER_SGD), PYBP_INVALID, "NULL");
    FAILS(pybp_schedule_init(NULL, PYBP_SCHEDULE_STEP, 1), PYBP_INVALID, "NULL");
    FAILS(pybp_train_options_init(NULL, PYBP_LOSS_MSE, PYBP_OPTIMIZER_SGD), PYBP_INVALID, "NULL");
}

/* As the header shows it; all parameters move, biases too. */
static void test_use(void)
{
    samples s = make_samples(100, 2, 1);
    for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++) {
        pybp_layer_desc layers[2];
        const pybp_net_desc desc = {.dtype = PYBP_FLOAT64, .n_in = 2, .n_layers = 2, .layers = layers, .seed = 1};
        const double lr = 0.05;
        double before, after;
        pybp_train_options options;
        pybp_train_result result;
        pybp_net *net = NULL;
        OK(pybp_layer_init(&layers[0], PYBP_LAYER_DENSE, 8, PYBP_ACTIVATION_ELU));
        OK(pybp_layer_init(&layers[1], PYBP_LAYER_DENSE, 1, PYBP_ACTIVATION_SIGMOID));
        OK(pybp_net_create(&desc, &net));
        OK(pybp_train_options_init(&options, PYBP_LOSS_BINARY_CROSS_ENTROPY, (pybp_optimizer_kind)kind));
        FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INVALID, "no learning rate");
        options.lr = &lr;
        OK(pybp_net_poke(net, 1, 0, 8, 0, &before));
        OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
        OK(pybp_net_poke(net, 1, 0, 8, 0, &after));
        CHECK(result.steps == 4 && after != before);
        pybp_net_free(net);
    }
    free_samples(&s);
}

CHECK_MAIN(CHECK_RUN(test_optimizers); CHECK_RUN(test_layers); CHECK_RUN(test_losses_and_schedules);
           CHECK_RUN(test_nothing_such); CHECK_RUN(test_use);)
