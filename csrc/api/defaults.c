/* Entry points: structs filled with their defaults. */
#include "api/entry.h"

/* The row of what is described, if there is such a one, and its parameters' defaults. */
static pybp_status defaults_of(pybp_registry which, int kind, pybp_row *row, double *params)
{
    CHECK(pybp_registry_row(which, kind, row));
    for (int i = 0; i < row->n_params; i++)
        params[i] = row->params[i].value;
    return PYBP_OK;
}

pybp_status pybp_layer_init(pybp_layer_desc *layer, pybp_layer_kind kind, size_t n_out, pybp_activation activation)
{
    pybp_layer_desc filled = {.kind = kind, .n_out = n_out, .activation = activation, .init_value = 1,
                              .has_lr_factors = 1, .lr_factor = 1, .bias_lr_factor = 1};
    pybp_row row;
    CHECK_POINTERS(layer != NULL);
    CHECK(defaults_of(PYBP_REGISTRY_ACTIVATIONS, (int)activation, &row, filled.activation_params));
    CHECK(defaults_of(PYBP_REGISTRY_LAYERS, (int)kind, &row, filled.params));
    filled.n_params = row.n_params;
    *layer = filled;
    return PYBP_OK;
}

pybp_status pybp_loss_init(pybp_loss_spec *loss, pybp_loss kind)
{
    pybp_loss_spec filled = {.kind = kind};
    pybp_row row;
    CHECK_POINTERS(loss != NULL);
    CHECK(defaults_of(PYBP_REGISTRY_LOSSES, (int)kind, &row, filled.params));
    filled.n_params = row.n_params;
    *loss = filled;
    return PYBP_OK;
}

pybp_status pybp_optimizer_init(pybp_optimizer *optimizer, pybp_optimizer_kind kind)
{
    pybp_optimizer filled = {.kind = kind, .bias_lr_factor = 1};
    pybp_row row;
    CHECK_POINTERS(optimizer != NULL);
    CHECK(defaults_of(PYBP_REGISTRY_OPTIMIZERS, (int)kind, &row, filled.params));
    *optimizer = filled;
    return PYBP_OK;
}

pybp_status pybp_train_options_init(pybp_train_options *options, pybp_loss loss, pybp_optimizer_kind optimizer)
{
    pybp_train_options filled = {.reduction = PYBP_MEAN, .n_lr = 1, .batch_size = 32, .accumulate = 1, .epochs = 1,
                                 .shuffle = 1, .restore = 1, .interval_ms = 50};
    CHECK_POINTERS(options != NULL);
    CHECK(pybp_loss_init(&filled.loss, loss));
    CHECK(pybp_optimizer_init(&filled.optimizer, optimizer));
    *options = filled;
    return PYBP_OK;
}

pybp_status pybp_schedule_init(pybp_schedule *schedule, pybp_schedule_kind kind, double lr)
{
    pybp_schedule filled = {.kind = kind, .lr = lr};
    pybp_row row;
    CHECK_POINTERS(schedule != NULL);
    CHECK(defaults_of(PYBP_REGISTRY_SCHEDULES, (int)kind, &row, filled.params));
    *schedule = filled;
    return PYBP_OK;
}
