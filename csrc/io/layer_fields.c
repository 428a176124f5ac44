#include "io/layer_fields.h"

#include "net/model/layer_traits.h"

#include <string.h>

#define FIELD(name, type) {#name, PYBP_FIELD_##type, offsetof(pybp_layer_record, name), 1}
#define FIELD_2(name, type) {#name, PYBP_FIELD_##type, offsetof(pybp_layer_record, name), 2}
/* In the order in which they are written. kind, n_in, n_out and inputs come before them. */
const pybp_layer_field pybp_layer_fields[PYBP_N_LAYER_FIELDS] = {
    FIELD(params, PARAMS),
    FIELD(activation, ACTIVATION),
    FIELD(init, INIT),
    FIELD(scale, FLAG),
    FIELD(bias, FLAG),
    FIELD(bias_init, NUMBER),
    FIELD(bias_std, NUMBER),
    FIELD_2(groups, SIZE),
    FIELD_2(columns, SIZES),
    FIELD(column, SIZE),
    FIELD(n_categories, SIZE),
    FIELD(l1, NUMBER),
    FIELD(l2, NUMBER),
    FIELD(lr_factor, NUMBER),
    FIELD(bias_lr_factor, NUMBER),
    FIELD(max_norm, NUMBER),
    FIELD(trainable, FLAG),
    FIELD(parametrization, PARAMETRIZATION),
    FIELD(activation_params, ACTIVATION_PARAMS),
    FIELD(init_value, NUMBER),
};
#undef FIELD
#undef FIELD_2

const pybp_layer_record pybp_layer_defaults = {.activation = PYBP_ACTIVATION_IDENTITY, .init = PYBP_INIT_AUTO,
                                               .lr_factor = 1, .bias_lr_factor = 1, .trainable = true};

const char *const pybp_parametrization_names[2] = {[PYBP_STANDARD] = "standard", [PYBP_NTK] = "ntk"};

double *pybp_params_of(pybp_layer_record *record, enum pybp_field_type type, int **count, int *most)
{
    const bool own = type == PYBP_FIELD_PARAMS;
    *count = own ? &record->n_params : &record->n_activation_params;
    *most = own ? PYBP_MAX_LAYER_PARAMS : PYBP_MAX_ACTIVATION_PARAMS;
    return own ? record->params : record->activation_params;
}

static bool same_columns(const pybp_layer_record *a, const pybp_layer_record *b)
{
    bool same = a->n_columns == b->n_columns;
    for (size_t i = 0; i < a->n_columns && same; i++)
        same = a->columns[i] == b->columns[i];
    return same;
}

bool pybp_same_field(const pybp_layer_field *f, const pybp_layer_record *a, const pybp_layer_record *b)
{
    const char *one = (const char *)a + f->offset, *other = (const char *)b + f->offset;
    switch (f->type) {
    case PYBP_FIELD_NUMBER: /* 0.0 and -0.0 differ */
        return memcmp(one, other, sizeof(double)) == 0;
    case PYBP_FIELD_SIZE:
        return *(const uint64_t *)one == *(const uint64_t *)other;
    case PYBP_FIELD_SIZES:
        return same_columns(a, b);
    case PYBP_FIELD_FLAG:
        return *(const bool *)one == *(const bool *)other;
    case PYBP_FIELD_PARAMS:
        return a->n_params == b->n_params && memcmp(one, other, (size_t)a->n_params * sizeof(double)) == 0;
    case PYBP_FIELD_ACTIVATION_PARAMS:
        return a->n_activation_params == b->n_activation_params &&
               memcmp(one, other, (size_t)a->n_activation_params * sizeof(double)) == 0;
    case PYBP_FIELD_ACTIVATION:
        return a->activation == b->activation;
    case PYBP_FIELD_INIT:
        return a->init == b->init;
    default:
        return a->parametrization == b->parametrization;
    }
}

bool pybp_says_inputs(const pybp_layer_record *record)
{
    const enum pybp_reads reads = pybp_layer_traits_of(record->kind)->reads;
    return reads == PYBP_READS_LAYER || reads == PYBP_READS_TWO_LAYERS;
}

bool pybp_says_n_out(const pybp_layer_record *record)
{
    return pybp_layer_traits_of(record->kind)->weights == PYBP_WEIGHTS_MATRIX;
}
