/* The fields of a layer's record, as a table for reading and writing. */
#ifndef PYBP_IO_LAYER_FIELDS_H
#define PYBP_IO_LAYER_FIELDS_H

#include "io/layer_record.h"

enum pybp_field_type {
    PYBP_FIELD_NUMBER, PYBP_FIELD_SIZE, PYBP_FIELD_SIZES, PYBP_FIELD_FLAG, PYBP_FIELD_PARAMS, PYBP_FIELD_ACTIVATION,
    PYBP_FIELD_ACTIVATION_PARAMS, PYBP_FIELD_INIT, PYBP_FIELD_PARAMETRIZATION
};

typedef struct pybp_layer_field {
    const char *name;
    enum pybp_field_type type;
    size_t offset; /* of its value in a record */
    int since;     /* the first format that has it */
} pybp_layer_field;

enum { PYBP_N_LAYER_FIELDS = 20, PYBP_N_FORMAT_1 = PYBP_N_LAYER_FIELDS - 2 };
extern const pybp_layer_field pybp_layer_fields[PYBP_N_LAYER_FIELDS];
extern const pybp_layer_record pybp_layer_defaults;
extern const char *const pybp_parametrization_names[2];

bool pybp_same_field(const pybp_layer_field *f, const pybp_layer_record *a, const pybp_layer_record *b);
/* The numbers of a list of parameters; *count points to how many there are, at most *most. */
double *pybp_params_of(pybp_layer_record *record, enum pybp_field_type type, int **count, int *most);
/* Whether files have a layer's inputs, and its number of outputs; if not, these follow from its kind. */
bool pybp_says_inputs(const pybp_layer_record *record);
bool pybp_says_n_out(const pybp_layer_record *record);

#endif
