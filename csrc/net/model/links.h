/* Which outputs each layer reads, and in what order contributions to their gradients are summed. */
#ifndef PYBP_NET_MODEL_LINKS_H
#define PYBP_NET_MODEL_LINKS_H

#include "net/model/net.h"

/* Fill in what layer l reads; desc and traits of this layer and of those before it are set. PYBP_INVALID if it cannot
 * read that. */
pybp_status pybp_link_layer(const pybp_net *net, size_t l);
/* Once all layers are linked: count readers and plan contributions. PYBP_INVALID if an output has no reader. */
pybp_status pybp_link_readers(pybp_net *net);

/* An error message about a layer; returns PYBP_INVALID. */
pybp_status pybp_layer_invalid(size_t l, const pybp_layer *layer, const char *what);

#endif
