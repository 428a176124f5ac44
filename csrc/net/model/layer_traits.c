#include "net/model/layer_traits.h"

#define PYBP_PARAM(name, value, low, low_open, high, high_open) value,
static const pybp_layer_traits traits[PYBP_N_LAYER_KINDS] = {
#define PYBP_LAYER(NAME, name, reads, weights, statistics, z, training, what, params) \
    [PYBP_LAYER_##NAME] = {#name,           PYBP_READS_##reads,   PYBP_WEIGHTS_##weights, statistics, \
                           PYBP_Z_##z,      PYBP_TRAINS_##training, {params 0}},
#include "registry/layers.def"
#undef PYBP_LAYER
};
#undef PYBP_PARAM

const pybp_layer_traits *pybp_layer_traits_of(pybp_layer_kind kind)
{
    return &traits[kind];
}
