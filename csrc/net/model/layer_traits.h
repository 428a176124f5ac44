/* What layers.def says about a kind of layer, as data for the code that treats all kinds alike. */
#ifndef PYBP_NET_MODEL_LAYER_TRAITS_H
#define PYBP_NET_MODEL_LAYER_TRAITS_H

#include "pybp.h"

/* The columns of layers.def, which explains each value. */
enum pybp_reads { PYBP_READS_LAYER, PYBP_READS_TWO_LAYERS, PYBP_READS_COLUMN, PYBP_READS_JOINED };
enum pybp_weights_kind { PYBP_WEIGHTS_NONE, PYBP_WEIGHTS_VECTOR, PYBP_WEIGHTS_MATRIX };
enum pybp_z_kind {
    PYBP_Z_NONE, PYBP_Z_PRODUCT, PYBP_Z_INPUT, PYBP_Z_ACTIVATED, PYBP_Z_PHASE, PYBP_Z_STANDARDIZED, PYBP_Z_NOISE
};
enum pybp_in_training { PYBP_TRAINS_SAME, PYBP_TRAINS_RANDOM, PYBP_TRAINS_COUPLED };

typedef struct pybp_layer_traits {
    const char *name;
    enum pybp_reads reads;
    enum pybp_weights_kind weights;
    size_t statistics;
    enum pybp_z_kind z;
    enum pybp_in_training training;
    double defaults[PYBP_MAX_LAYER_PARAMS + 1]; /* of the parameters; the last one is a terminator */
} pybp_layer_traits;

/* The row of a kind, which must be a valid one. Static. */
const pybp_layer_traits *pybp_layer_traits_of(pybp_layer_kind kind);

#endif
