/* Initial parameters, as initializers.def describes them. */
#ifndef PYBP_NET_MODEL_INITIALIZERS_H
#define PYBP_NET_MODEL_INITIALIZERS_H

#include "net/model/net.h"

/* Fill net->params, which holds zeros, from the layers' descriptions and the net's seed; if `zeroed`, only scales of
 * norms and running variances. False when memory is short. */
bool pybp_draw_parameters(pybp_net *net, bool zeroed);

#endif
