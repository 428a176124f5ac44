/* Layer types: what each provides. One table entry a row of layers.def, in layer_<name>.c. */
#ifndef PYBP_NET_LAYER_H
#define PYBP_NET_LAYER_H

#include "net/pass.h"

typedef struct pybp_layer_type {
    /* From the layer before's a (or the input) to z and a. */
    void (*forward)(const pybp_run *run, size_t l, pybp_output output);
    /* The last layer's: dL/da, standing in delta, becomes delta. */
    void (*output_delta)(const pybp_run *run, size_t l);
    /* From this layer's delta to dL/da of the layer before and, through its activation, its delta. */
    void (*back)(const pybp_run *run, size_t l);
    /* See pybp_run_gradient. */
    void (*gradient)(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g);
} pybp_layer_type;

#define PYBP_LAYER(NAME, name, what) extern const pybp_layer_type pybp_layer_##name;
#include "registry/layers.def"
#undef PYBP_LAYER

const pybp_layer_type *pybp_layer_type_of(const pybp_net *net, size_t l);

#endif
