/* Making, copying and releasing nets. */
#ifndef PYBP_NET_CREATE_H
#define PYBP_NET_CREATE_H

#include "net/model/net.h"

/* A new net with initial parameters, from a description each of whose layers is valid by itself. *net is set on
 * PYBP_OK only; it is the caller's, for pybp_net_destroy. PYBP_INVALID if the layers do not fit together,
 * PYBP_NO_MEMORY. */
pybp_status pybp_net_build(const pybp_net_desc *desc, pybp_net **net);
/* The same in two steps: a net whose sizes are known, which has no parameters, then its parameters. After an error of the
 * second step the net is to be destroyed. */
pybp_status pybp_net_lay_out(const pybp_net_desc *desc, pybp_net **net);
pybp_status pybp_net_fill(pybp_net *net, bool zeroed);
/* Likewise a copy of parameters, optimizer state and progress; without gradients and activations. PYBP_NO_MEMORY. */
pybp_status pybp_net_clone(const pybp_net *net, pybp_net **copy);
/* Release a net and all that it owns; NULL is allowed. */
void pybp_net_destroy(pybp_net *net);

#endif
