/* From a description to a layout: the width of each layer, what it reads, and where its parameters are stored. */
#ifndef PYBP_NET_MODEL_LAYOUT_H
#define PYBP_NET_MODEL_LAYOUT_H

#include "net/model/net.h"

/* Fill net->layers, which is zeroed and has n_layers entries, and what the net knows of all layers together. net->k,
 * n_in and n_layers are set. PYBP_INVALID, with a message, if the layers do not fit together; PYBP_NO_MEMORY, without
 * a message, if a size overflows. */
pybp_status pybp_lay_out(pybp_net *net, const pybp_layer_desc *descs);
/* Whether the derivative of an activation is computed from z; otherwise it is computed from a. */
bool pybp_activation_reads_z(pybp_activation activation);

#endif
