/* Limits on the norm of each output's weights. */
#ifndef PYBP_NET_UPDATE_MAX_NORM_H
#define PYBP_NET_UPDATE_MAX_NORM_H

#include "net/model/net.h"

/* Scale down the weights of outputs whose norm is above their layer's max_norm; thread tid does its part of the
 * panels. */
void pybp_apply_max_norm(const pybp_net *net, int tid, int threads);

#endif
