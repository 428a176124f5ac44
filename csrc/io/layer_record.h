/* A layer as a file describes it: docs/file-format.md. */
#ifndef PYBP_IO_LAYER_RECORD_H
#define PYBP_IO_LAYER_RECORD_H

#include "io/json.h"
#include "io/text.h"
#include "net/model/net.h"

/* The fields of a layer, in the order in which they are written. */
typedef struct pybp_layer_record {
    pybp_layer_kind kind;
    uint64_t n_in, n_out; /* written, or 0 */
    int64_t inputs[2];    /* the layers that it reads, if it is one that may read any */
    int n_inputs;
    double params[PYBP_MAX_LAYER_PARAMS];
    int n_params;
    pybp_activation activation;
    pybp_initializer init;
    bool scale, bias;
    double bias_init, bias_std;
    uint64_t column, n_categories;
    double l1, l2, lr_factor, bias_lr_factor, max_norm;
    bool trainable;
    pybp_parametrization parametrization;
    double activation_params[PYBP_MAX_ACTIVATION_PARAMS];
    int n_activation_params;
    double init_value;
    uint64_t groups;
    const size_t *columns; /* NULL: all */
    size_t n_columns;
} pybp_layer_record;

/* Read a layer's description in format 1 or 2 into a record of zeros. record->columns, if not NULL, becomes the
 * caller's, for pybp_free, also after an error. PYBP_FILE: it is not one that pybp writes. */
pybp_status pybp_layer_record_read(const pybp_json *given, size_t index, int format, pybp_layer_record *record);
/* The description for the core. */
pybp_layer_desc pybp_layer_record_desc(const pybp_layer_record *record, size_t index);
/* What a file says about layer `index` of a net. Columns are the net's. */
pybp_layer_record pybp_layer_record_of(const pybp_net *net, size_t index);
/* PYBP_FILE, with the first field's name, if the records differ. */
pybp_status pybp_layer_record_compare(const pybp_layer_record *read, const pybp_layer_record *made, size_t index);
/* Append it in format 2. */
void pybp_layer_record_write(const pybp_layer_record *record, size_t index, pybp_text *text);

#endif
