#include "io/layer_fields.h"

#include <inttypes.h>

static void write_list(const pybp_layer_record *record, enum pybp_field_type type, pybp_text *text)
{
    pybp_layer_record copy = *record;
    int *count, most;
    const double *numbers = pybp_params_of(&copy, type, &count, &most);
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

static void write_field(const pybp_layer_field *f, const pybp_layer_record *record, pybp_text *text)
{
    const char *from = (const char *)record + f->offset;
    pybp_text_format(text, ", \"%s\": ", f->name);
    switch (f->type) {
    case PYBP_FIELD_NUMBER:
        pybp_text_double(text, *(const double *)from);
        break;
    case PYBP_FIELD_SIZE:
        pybp_text_format(text, "%" PRIu64, *(const uint64_t *)from);
        break;
    case PYBP_FIELD_SIZES:
        write_columns(record, text);
        break;
    case PYBP_FIELD_FLAG:
        pybp_text_format(text, *(const bool *)from ? "true" : "false");
        break;
    case PYBP_FIELD_PARAMS:
    case PYBP_FIELD_ACTIVATION_PARAMS:
        write_list(record, f->type, text);
        break;
    case PYBP_FIELD_ACTIVATION:
        write_name(PYBP_REGISTRY_ACTIVATIONS, (int)record->activation, text);
        break;
    case PYBP_FIELD_INIT:
        write_name(PYBP_REGISTRY_INITIALIZERS, (int)record->init, text);
        break;
    default:
        pybp_text_format(text, "\"%s\"", pybp_parametrization_names[record->parametrization]);
    }
}

void pybp_layer_record_write(const pybp_layer_record *record, size_t index, pybp_text *text)
{
    pybp_text_format(text, "{\"kind\": ");
    write_name(PYBP_REGISTRY_LAYERS, (int)record->kind, text);
    if (pybp_says_n_out(record))
        pybp_text_format(text, ", \"n_out\": %" PRIu64, record->n_out);
    if (record->n_inputs == 2)
        pybp_text_format(text, ", \"inputs\": [%" PRId64 ", %" PRId64 "]", record->inputs[0], record->inputs[1]);
    else if (record->n_inputs == 1 && record->inputs[0] != (int64_t)index - 1)
        pybp_text_format(text, ", \"inputs\": [%" PRId64 "]", record->inputs[0]);
    for (int i = 0; i < PYBP_N_LAYER_FIELDS; i++)
        if (!pybp_same_field(&pybp_layer_fields[i], record, &pybp_layer_defaults))
            write_field(&pybp_layer_fields[i], record, text);
    pybp_text_format(text, "}");
}
