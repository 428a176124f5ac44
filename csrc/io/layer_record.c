#include "io/layer_record.h"

#include "base/status.h"
#include "net/model/layer_traits.h"

#include <inttypes.h>
#include <string.h>

enum field_type { NUMBER, SIZE, SIZES, FLAG, PARAMS, ACTIVATION, ACTIVATION_PARAMS, INIT, PARAMETRIZATION };

typedef struct field {
    const char *name;
    enum field_type type;
    size_t offset; /* of its value in a record */
} field;

#define FIELD(name, type) {#name, type, offsetof(pybp_layer_record, name)}
/* In the order in which they are written. kind, n_in, n_out and inputs come before them. */
static const field fields[] = {
    FIELD(params, PARAMS),
    FIELD(activation, ACTIVATION),
    FIELD(init, INIT),
    FIELD(scale, FLAG),
    FIELD(bias, FLAG),
    FIELD(bias_init, NUMBER),
    FIELD(bias_std, NUMBER),
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
    FIELD(groups, SIZE),
    FIELD(columns, SIZES),
};
#undef FIELD
enum { N_FIELDS = sizeof fields / sizeof *fields, N_FORMAT_1 = N_FIELDS - 2 };

static const pybp_layer_record defaults = {
    .activation = PYBP_ACTIVATION_IDENTITY, .init = PYBP_INIT_AUTO, .lr_factor = 1, .bias_lr_factor = 1, .trainable = true};

static const char *const parametrizations[] = {[PYBP_STANDARD] = "standard", [PYBP_NTK] = "ntk"};

/* The numbers of a list of parameters; *count points to how many there are. */
static double *list_of(pybp_layer_record *record, enum field_type type, int **count, int *most)
{
    const bool own = type == PARAMS;
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

static bool same_field(const field *f, const pybp_layer_record *a, const pybp_layer_record *b)
{
    const char *one = (const char *)a + f->offset, *other = (const char *)b + f->offset;
    switch (f->type) {
    case NUMBER: /* 0.0 and -0.0 differ */
        return memcmp(one, other, sizeof(double)) == 0;
    case SIZE:
        return *(const uint64_t *)one == *(const uint64_t *)other;
    case SIZES:
        return same_columns(a, b);
    case FLAG:
        return *(const bool *)one == *(const bool *)other;
    case PARAMS:
        return a->n_params == b->n_params && memcmp(one, other, (size_t)a->n_params * sizeof(double)) == 0;
    case ACTIVATION_PARAMS:
        return a->n_activation_params == b->n_activation_params &&
               memcmp(one, other, (size_t)a->n_activation_params * sizeof(double)) == 0;
    case ACTIVATION:
        return a->activation == b->activation;
    case INIT:
        return a->init == b->init;
    default:
        return a->parametrization == b->parametrization;
    }
}

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

static bool read_list(const pybp_json *value, pybp_layer_record *record, enum field_type type)
{
    int *count, most;
    double *numbers = list_of(record, type, &count, &most);
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

static bool read_field(const field *f, const pybp_json *value, pybp_layer_record *record)
{
    char *to = (char *)record + f->offset;
    int row;
    switch (f->type) {
    case NUMBER:
        return pybp_json_float(value, (double *)to);
    case SIZE:
        return pybp_json_integer(value, INT64_MAX, (uint64_t *)to);
    case SIZES:
        return read_columns(value, record);
    case FLAG:
        *(bool *)to = value->type == PYBP_JSON_TRUE;
        return value->type == PYBP_JSON_TRUE || value->type == PYBP_JSON_FALSE;
    case PARAMS:
    case ACTIVATION_PARAMS:
        return read_list(value, record, f->type);
    case ACTIVATION:
        row = find_row(PYBP_REGISTRY_ACTIVATIONS, value);
        record->activation = (pybp_activation)row;
        return row >= 0;
    case INIT:
        row = find_row(PYBP_REGISTRY_INITIALIZERS, value);
        record->init = (pybp_initializer)row;
        return row >= 0;
    default:
        row = pybp_json_is(value, parametrizations[PYBP_NTK]);
        record->parametrization = row ? PYBP_NTK : PYBP_STANDARD;
        return row || pybp_json_is(value, parametrizations[PYBP_STANDARD]);
    }
}

/* Whether the file says what the layer reads; if not, this follows from its kind. */
static bool says_inputs(const pybp_layer_record *record)
{
    const enum pybp_reads reads = pybp_layer_traits_of(record->kind)->reads;
    return reads == PYBP_READS_LAYER || reads == PYBP_READS_TWO_LAYERS;
}

static bool says_n_out(const pybp_layer_record *record)
{
    return pybp_layer_traits_of(record->kind)->weights == PYBP_WEIGHTS_MATRIX;
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

/* In format 1 also a layer that reads what it always does says what. */
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
    else if (pybp_json_is(key, "n_out") && (format == 1 || says_n_out(record)))
        fine = pybp_json_integer(value, INT64_MAX, &record->n_out);
    else if (pybp_json_is(key, "inputs") && says_inputs(record)) {
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
    for (int i = 0; i < (format > 1 ? N_FIELDS : N_FORMAT_1); i++) {
        if (!pybp_json_is(key, fields[i].name))
            continue;
        if (!read_field(&fields[i], key + 1, record))
            return wrong(index, fields[i].name, key + 1);
        if (format > 1 && same_field(&fields[i], record, &defaults))
            return pybp_fail(PYBP_FILE, "layer %zu says %s, though it has the default", index, fields[i].name);
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
    *record = defaults;
    record->kind = (pybp_layer_kind)kind;
    record->n_inputs = !says_inputs(record) ? 0 : pybp_layer_traits_of(record->kind)->reads == PYBP_READS_TWO_LAYERS ? 2 : 1;
    for (int i = 0; i < record->n_inputs; i++)
        record->inputs[i] = i == 0 ? (int64_t)index - 1 : -2;
    for (uint32_t i = 0; i < given->length && status == PYBP_OK; i++, key = pybp_json_next(key + 1))
        status = read_entry(key, index, format, record);
    if (status != PYBP_OK)
        return status;
    if (record->n_inputs == 2 && record->inputs[1] == -2)
        return pybp_fail(PYBP_FILE, "layer %zu doesn't say what it reads", index);
    if (format == 1 && given->length != N_FORMAT_1 + 4)
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
    if (says_inputs(&record))
        record.n_inputs = layer->traits->reads == PYBP_READS_TWO_LAYERS ? 2 : 1;
    for (int i = 0; i < record.n_inputs; i++)
        record.inputs[i] = layer->link[i].from;
    return record;
}

pybp_status pybp_layer_record_compare(const pybp_layer_record *read, const pybp_layer_record *made, size_t index)
{
    for (int i = 0; i < N_FIELDS; i++)
        if (!same_field(&fields[i], read, made))
            return pybp_fail(PYBP_FILE, "layer %zu can't be described by this %s", index, fields[i].name);
    if ((read->n_in != 0 && read->n_in != made->n_in) || (read->n_out != 0 && read->n_out != made->n_out))
        return pybp_fail(PYBP_FILE, "layer %zu has another width", index);
    return PYBP_OK;
}

/* ---- writing ---- */

static void write_list(const pybp_layer_record *record, enum field_type type, pybp_text *text)
{
    pybp_layer_record copy = *record;
    int *count, most;
    const double *numbers = list_of(&copy, type, &count, &most);
    for (int i = 0; i < *count; i++) {
        pybp_text_format(text, i == 0 ? "[" : ", ");
        pybp_text_double(text, numbers[i]);
    }
    pybp_text_format(text, *count == 0 ? "[]" : "]");
}

static void write_columns(const pybp_layer_record *record, pybp_text *text)
{
    for (size_t i = 0; i < record->n_columns; i++)
        pybp_text_format(text, "%s%zu", i == 0 ? "[" : ", ", record->columns[i]);
    pybp_text_format(text, record->n_columns == 0 ? "[]" : "]");
}

static void write_name(pybp_registry which, int number, pybp_text *text)
{
    pybp_row row;
    if (pybp_registry_row(which, number, &row) == PYBP_OK)
        pybp_text_format(text, "\"%s\"", row.name);
}

static void write_field(const field *f, const pybp_layer_record *record, pybp_text *text)
{
    const char *from = (const char *)record + f->offset;
    pybp_text_format(text, ", \"%s\": ", f->name);
    switch (f->type) {
    case NUMBER:
        pybp_text_double(text, *(const double *)from);
        break;
    case SIZE:
        pybp_text_format(text, "%" PRIu64, *(const uint64_t *)from);
        break;
    case SIZES:
        write_columns(record, text);
        break;
    case FLAG:
        pybp_text_format(text, *(const bool *)from ? "true" : "false");
        break;
    case PARAMS:
    case ACTIVATION_PARAMS:
        write_list(record, f->type, text);
        break;
    case ACTIVATION:
        write_name(PYBP_REGISTRY_ACTIVATIONS, (int)record->activation, text);
        break;
    case INIT:
        write_name(PYBP_REGISTRY_INITIALIZERS, (int)record->init, text);
        break;
    default:
        pybp_text_format(text, "\"%s\"", parametrizations[record->parametrization]);
    }
}

void pybp_layer_record_write(const pybp_layer_record *record, size_t index, pybp_text *text)
{
    pybp_text_format(text, "{\"kind\": ");
    write_name(PYBP_REGISTRY_LAYERS, (int)record->kind, text);
    if (says_n_out(record))
        pybp_text_format(text, ", \"n_out\": %" PRIu64, record->n_out);
    if (record->n_inputs == 2)
        pybp_text_format(text, ", \"inputs\": [%" PRId64 ", %" PRId64 "]", record->inputs[0], record->inputs[1]);
    else if (record->n_inputs == 1 && record->inputs[0] != (int64_t)index - 1)
        pybp_text_format(text, ", \"inputs\": [%" PRId64 "]", record->inputs[0]);
    for (int i = 0; i < N_FIELDS; i++)
        if (!same_field(&fields[i], record, &defaults))
            write_field(&fields[i], record, text);
    pybp_text_format(text, "}");
}
