#include "io/layer_fields.h"

#include "base/status.h"
#include "net/model/layer_traits.h"

#include <inttypes.h>
#include <string.h>

/* ---- reading ---- */

/* The number of the row of a registry with this name, or -1. */
static int find_row(pybp_registry which, const pybp_json *name)
{
    pybp_row row;
    for (int i = 0; name != NULL && pybp_registry_row(which, i, &row) == PYBP_OK; i++)
        if (pybp_json_is(name, row.name))
            return i;
    return -1;
}

static bool read_list(const pybp_json *value, pybp_layer_record *record, enum pybp_field_type type)
{
    int *count, most;
    double *numbers = pybp_params_of(record, type, &count, &most);
    if (value->type != PYBP_JSON_ARRAY || value->length > (uint32_t)most)
        return false;
    *count = (int)value->length;
    for (int i = 0; i < *count; i++)
        if (!pybp_json_float(value + 1 + i, &numbers[i]))
            return false;
    return true;
}

static bool read_columns(const pybp_json *value, pybp_layer_record *record)
{
    size_t *columns = value->type == PYBP_JSON_ARRAY ? pybp_alloc_array(value->length, sizeof *columns) : NULL;
    record->columns = columns;
    record->n_columns = columns == NULL ? 0 : value->length;
    for (size_t i = 0; i < record->n_columns; i++) {
        uint64_t number;
        if (!pybp_json_integer(value + 1 + i, INT64_MAX, &number))
            return false;
        columns[i] = (size_t)number;
    }
    return columns != NULL;
}

static bool read_field(const pybp_layer_field *f, const pybp_json *value, pybp_layer_record *record)
{
    char *to = (char *)record + f->offset;
    int row;
    switch (f->type) {
    case PYBP_FIELD_NUMBER:
        return pybp_json_float(value, (double *)to);
    case PYBP_FIELD_SIZE:
        return pybp_json_integer(value, INT64_MAX, (uint64_t *)to);
    case PYBP_FIELD_SIZES:
        return read_columns(value, record);
    case PYBP_FIELD_FLAG:
        *(bool *)to = value->type == PYBP_JSON_TRUE;
        return value->type == PYBP_JSON_TRUE || value->type == PYBP_JSON_FALSE;
    case PYBP_FIELD_PARAMS:
    case PYBP_FIELD_ACTIVATION_PARAMS:
        return read_list(value, record, f->type);
    case PYBP_FIELD_ACTIVATION:
        row = find_row(PYBP_REGISTRY_ACTIVATIONS, value);
        record->activation = (pybp_activation)row;
        return row >= 0;
    case PYBP_FIELD_INIT:
        row = find_row(PYBP_REGISTRY_INITIALIZERS, value);
        record->init = (pybp_initializer)row;
        return row >= 0;
    default:
        row = pybp_json_is(value, pybp_parametrization_names[PYBP_NTK]);
        record->parametrization = row ? PYBP_NTK : PYBP_STANDARD;
        return row || pybp_json_is(value, pybp_parametrization_names[PYBP_STANDARD]);
    }
}

static bool read_inputs(const pybp_json *value, size_t index, pybp_layer_record *record)
{
    if (value->type != PYBP_JSON_ARRAY || value->length != (uint32_t)record->n_inputs)
        return false;
    for (int i = 0; i < record->n_inputs; i++) {
        const pybp_json *item = value + 1 + i;
        uint64_t number = 0;
        const bool input = item->type == PYBP_JSON_INTEGER && item->length == 2 && memcmp(item->text, "-1", 2) == 0;
        if (!input && (!pybp_json_integer(item, INT64_MAX, &number) || number >= index))
            return false;
        record->inputs[i] = input ? -1 : (int64_t)number;
    }
    return true;
}

/* Format 1 also has the inputs of layers whose inputs follow from their place. */
static bool says_all_inputs(const pybp_json *value, size_t index, const pybp_layer_record *record)
{
    const bool joined = pybp_layer_traits_of(record->kind)->reads == PYBP_READS_JOINED;
    uint64_t number;
    if (value->type != PYBP_JSON_ARRAY || value->length != 1 + (joined ? index : 0) || value[1].length != 2 ||
        value[1].type != PYBP_JSON_INTEGER || memcmp(value[1].text, "-1", 2) != 0)
        return false;
    for (uint32_t i = 1; i < value->length; i++)
        if (!pybp_json_integer(value + 1 + i, index, &number) || number != i - 1)
            return false;
    return true;
}

static pybp_status wrong(size_t index, const char *name, const pybp_json *value)
{
    char shown[PYBP_SHOWN];
    return pybp_fail(PYBP_FILE, "layer %zu can't have the %s %s", index, name, pybp_json_show(value, shown));
}

/* A field other than those of the table. False: there is no such one, or, in *status, its value is wrong. */
static bool read_first_fields(const pybp_json *key, size_t index, int format, pybp_layer_record *record,
                              pybp_status *status)
{
    const pybp_json *value = key + 1;
    bool fine = true;
    if (pybp_json_is(key, "kind"))
        return true;
    if (pybp_json_is(key, "n_in") && format == 1)
        fine = pybp_json_integer(value, INT64_MAX, &record->n_in);
    else if (pybp_json_is(key, "n_out") && (format == 1 || pybp_says_n_out(record)))
        fine = pybp_json_integer(value, INT64_MAX, &record->n_out);
    else if (pybp_json_is(key, "inputs") && pybp_says_inputs(record)) {
        fine = read_inputs(value, index, record);
        if (fine && format > 1)
            fine = !(record->n_inputs == 1 && record->inputs[0] == (int64_t)index - 1);
    } else if (pybp_json_is(key, "inputs") && format == 1)
        fine = says_all_inputs(value, index, record);
    else
        return false;
    if (!fine)
        *status = wrong(index, key->text[0] == 'i' ? "inputs" : "width", value);
    return true;
}

static pybp_status read_entry(const pybp_json *key, size_t index, int format, pybp_layer_record *record)
{
    pybp_status status = PYBP_OK;
    char shown[PYBP_SHOWN];
    if (read_first_fields(key, index, format, record, &status))
        return status;
    for (int i = 0; i < PYBP_N_LAYER_FIELDS; i++) {
        if (!pybp_json_is(key, pybp_layer_fields[i].name) || format < pybp_layer_fields[i].since)
            continue;
        if (!read_field(&pybp_layer_fields[i], key + 1, record))
            return wrong(index, pybp_layer_fields[i].name, key + 1);
        if (format > 1 && pybp_same_field(&pybp_layer_fields[i], record, &pybp_layer_defaults))
            return pybp_fail(PYBP_FILE, "layer %zu says %s, though it has the default", index,
                             pybp_layer_fields[i].name);
        return PYBP_OK;
    }
    return pybp_fail(PYBP_FILE, "layer %zu has no field %s", index, pybp_json_show(key, shown));
}

pybp_status pybp_layer_record_read(const pybp_json *given, size_t index, int format, pybp_layer_record *record)
{
    const pybp_json *name = pybp_json_member(given, "kind"), *key = given + 1;
    const int kind = find_row(PYBP_REGISTRY_LAYERS, name);
    pybp_status status = PYBP_OK;
    if (given->type != PYBP_JSON_OBJECT)
        return pybp_fail(PYBP_FILE, "layer %zu has no description", index);
    if (kind < 0)
        return pybp_fail(PYBP_FILE, "layer %zu has no known kind", index);
    *record = pybp_layer_defaults;
    record->kind = (pybp_layer_kind)kind;
    const bool two = pybp_layer_traits_of(record->kind)->reads == PYBP_READS_TWO_LAYERS;
    record->n_inputs = !pybp_says_inputs(record) ? 0 : two ? 2 : 1;
    for (int i = 0; i < record->n_inputs; i++)
        record->inputs[i] = i == 0 ? (int64_t)index - 1 : -2;
    for (uint32_t i = 0; i < given->length && status == PYBP_OK; i++, key = pybp_json_next(key + 1))
        status = read_entry(key, index, format, record);
    if (status != PYBP_OK)
        return status;
    if (record->n_inputs == 2 && record->inputs[1] == -2)
        return pybp_fail(PYBP_FILE, "layer %zu doesn't say what it reads", index);
    if (format == 1 && given->length != PYBP_N_FORMAT_1 + 4)
        return pybp_fail(PYBP_FILE, "layer %zu doesn't have the fields of format 1", index);
    return PYBP_OK;
}

/* ---- to and from the core ---- */

pybp_layer_desc pybp_layer_record_desc(const pybp_layer_record *record, size_t index)
{
    const pybp_layer_traits *traits = pybp_layer_traits_of(record->kind);
    pybp_layer_desc desc = {
        .kind = record->kind,
        .n_out = (size_t)record->n_out,
        .n_params = record->n_params,
        .groups = (size_t)record->groups,
        .columns = record->columns,
        .n_columns = record->n_columns,
        .column = (size_t)record->column,
        .n_categories = (size_t)record->n_categories,
        .activation = record->activation,
        .no_bias = !record->bias,
        .no_scale = traits->weights == PYBP_WEIGHTS_VECTOR && !record->scale,
        .init = record->init,
        .init_value = record->init_value,
        .bias_init = record->bias_init,
        .bias_std = record->bias_std,
        .parametrization = record->parametrization,
        .l1 = record->l1,
        .l2 = record->l2,
        .has_lr_factors = 1,
        .lr_factor = record->lr_factor,
        .bias_lr_factor = record->bias_lr_factor,
        .max_norm = record->max_norm,
        .frozen = !record->trainable,
    };
    memcpy(desc.params, record->params, sizeof desc.params);
    memcpy(desc.activation_params, record->activation_params, sizeof desc.activation_params);
    if (record->n_inputs > 0)
        desc.from = (size_t)((int64_t)index - 1 - record->inputs[0]);
    if (record->n_inputs > 1)
        desc.skip = (size_t)((int64_t)index - 1 - record->inputs[1]);
    return desc;
}

static int count_params(pybp_registry which, int index)
{
    pybp_row row;
    return pybp_registry_row(which, index, &row) == PYBP_OK ? row.n_params : 0;
}

/* Whether the initialiser has a parameter. */
static bool has_value(pybp_initializer init)
{
    enum { IN, AVG, VALUE };
    enum { AUTO, CONSTANT, UNIFORM, NORMAL, TRUNCATED, ORTHOGONAL };
    static const bool has[PYBP_N_INITIALIZERS] = {
#define PYBP_INITIALIZER(NAME, name, dist, fan, scale, rule) \
    [PYBP_INIT_##NAME] = fan == VALUE || (dist == CONSTANT && scale != 0),
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
    };
    return has[init];
}

pybp_layer_record pybp_layer_record_of(const pybp_net *net, size_t index)
{
    const pybp_layer *layer = &net->layers[index];
    const pybp_layer_desc *desc = &layer->desc;
    pybp_layer_record record = {
        .kind = desc->kind,
        .n_in = layer->traits->reads == PYBP_READS_COLUMN ? net->n_in : layer->n_in,
        .n_out = layer->n_out,
        .n_params = count_params(PYBP_REGISTRY_LAYERS, (int)desc->kind),
        .activation = desc->activation,
        .init = layer->init_given,
        .scale = layer->traits->weights == PYBP_WEIGHTS_VECTOR && !desc->no_scale,
        .bias = layer->has_bias,
        .bias_init = desc->bias_init,
        .bias_std = desc->bias_std,
        .groups = desc->groups,
        .columns = desc->n_columns > 0 ? layer->columns : NULL,
        .n_columns = desc->n_columns,
        .column = desc->column,
        .n_categories = desc->n_categories,
        .l1 = desc->l1,
        .l2 = desc->l2,
        .lr_factor = layer->lr_factor,
        .bias_lr_factor = layer->bias_lr_factor,
        .max_norm = desc->max_norm,
        .trainable = !desc->frozen,
        .parametrization = desc->parametrization,
        .n_activation_params = count_params(PYBP_REGISTRY_ACTIVATIONS, (int)desc->activation),
        .init_value = has_value(layer->init_given) ? layer->init_value_given : 0,
    };
    memcpy(record.params, layer->params, sizeof record.params);
    memcpy(record.activation_params, desc->activation_params, sizeof record.activation_params);
    if (pybp_says_inputs(&record))
        record.n_inputs = layer->traits->reads == PYBP_READS_TWO_LAYERS ? 2 : 1;
    for (int i = 0; i < record.n_inputs; i++)
        record.inputs[i] = layer->link[i].from;
    return record;
}

pybp_status pybp_layer_record_compare(const pybp_layer_record *read, const pybp_layer_record *made, size_t index)
{
    for (int i = 0; i < PYBP_N_LAYER_FIELDS; i++)
        if (!pybp_same_field(&pybp_layer_fields[i], read, made))
            return pybp_fail(PYBP_FILE, "layer %zu can't be described by this %s", index, pybp_layer_fields[i].name);
    if ((read->n_in != 0 && read->n_in != made->n_in) || (read->n_out != 0 && read->n_out != made->n_out))
        return pybp_fail(PYBP_FILE, "layer %zu has another width", index);
    return PYBP_OK;
}
