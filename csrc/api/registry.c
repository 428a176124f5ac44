/* The registries as data, expanded from the .def files. */
#include "base/status.h"

#include <math.h>

typedef struct table {
    const pybp_row *rows;
    int n;
} table;

/* A parameter's row ends in a comma, so that rows in sequence make an initialiser. */
#define PYBP_PARAM(name, value, low, low_open, high, high_open) {#name, value, low, high, low_open, high_open, 0},
#define PYBP_PARAM_LIST(name, value, low, low_open, high, high_open) {#name, value, low, high, low_open, high_open, 1},
static const pybp_row activations[] = {
#define PYBP_ACTIVATION(NAME, name, kind, init, reads, formula, derivative, params) \
    {#name, #kind, formula, 0, {params {0}}},
#include "registry/activations.def"
#undef PYBP_ACTIVATION
};

static const pybp_row losses[] = {
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) {#name, #links, formula, 0, {params {0}}},
#include "registry/losses.def"
#undef PYBP_LOSS
};

static const pybp_row optimizers[] = {
#define PYBP_OPTIMIZER(NAME, name, Class, states, powers, rule, params) {#name, #Class, rule, 0, {params {0}}},
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
};

static const pybp_row schedules[] = {
#define PYBP_SCHEDULE(NAME, name, Class, horizon, formula, params) {#name, #Class, formula, 0, {params {0}}},
#include "registry/schedules.def"
#undef PYBP_SCHEDULE
};

static const pybp_row initializers[] = {
#define PYBP_INITIALIZER(NAME, name, dist, fan, scale, rule) {#name, #dist, rule, 0, {{0}}},
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
};

static const pybp_row layers[] = {
#define PYBP_LAYER(NAME, name, reads, weights, statistics, z, training, what, params) \
    {#name, #weights, what, 0, {params {0}}},
#include "registry/layers.def"
#undef PYBP_LAYER
};
#undef PYBP_PARAM
#undef PYBP_PARAM_LIST

static const pybp_row statuses[] = {
#define PYBP_STATUS(NAME, exception, message) {"PYBP_" #NAME, #exception, message, 0, {{0}}},
#include "registry/status.def"
#undef PYBP_STATUS
};

#define TABLE(rows) {rows, (int)(sizeof rows / sizeof *rows)}
static const table tables[] = {
    [PYBP_REGISTRY_ACTIVATIONS] = TABLE(activations), [PYBP_REGISTRY_LOSSES] = TABLE(losses),
    [PYBP_REGISTRY_OPTIMIZERS] = TABLE(optimizers),   [PYBP_REGISTRY_INITIALIZERS] = TABLE(initializers),
    [PYBP_REGISTRY_LAYERS] = TABLE(layers),           [PYBP_REGISTRY_STATUS] = TABLE(statuses),
    [PYBP_REGISTRY_SCHEDULES] = TABLE(schedules),
};

pybp_status pybp_registry_row(pybp_registry which, int index, pybp_row *row)
{
    if (row == NULL)
        return pybp_fail(PYBP_INVALID, "row is NULL");
    if ((unsigned)which >= sizeof tables / sizeof *tables)
        return pybp_fail(PYBP_INVALID, "no registry %d", (int)which);
    if (index < 0 || index >= tables[which].n)
        return pybp_fail(PYBP_INVALID, "row %d of a registry of %d rows", index, tables[which].n);
    *row = tables[which].rows[index];
    while (row->n_params < PYBP_MAX_ROW_PARAMS && row->params[row->n_params].name != NULL)
        row->n_params++;
    return PYBP_OK;
}
