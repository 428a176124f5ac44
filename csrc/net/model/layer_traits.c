#include "net/model/layer_traits.h"

#define PYBP_PARAM(name, value, low, low_open, high, high_open) value,
static const pybp_layer_traits traits[PYBP_N_LAYER_KINDS] = {
#define PYBP_LAYER(NAME, name_, reads_, weights_, statistics_, z_, training_, what, params) \
    [PYBP_LAYER_##NAME] = {.name = #name_, \
                           .reads = PYBP_READS_##reads_, \
                           .weights = PYBP_WEIGHTS_##weights_, \
                           .statistics = statistics_, \
                           .z = PYBP_Z_##z_, \
                           .training = PYBP_TRAINS_##training_, \
                           .defaults = {params 0}},
#include "registry/layers.def"
#undef PYBP_LAYER
};
#undef PYBP_PARAM

const pybp_layer_traits *pybp_layer_traits_of(pybp_layer_kind kind)
{
    return &traits[kind];
}
