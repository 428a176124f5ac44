/* The penalties l1 and l2 of the layers, as part of the loss. (In a step, pybp_rule_finish_gradient adds their
 * gradient.) The sum over the weights of an output is one chain; different threads compute different outputs. */
#ifndef PYBP_NET_UPDATE_PENALTIES_H
#define PYBP_NET_UPDATE_PENALTIES_H

#include "net/model/net.h"

/* The penalties of the net's outputs, net->n_penalized of them, of which thread tid computes a part; then their sum. */
void pybp_penalty_part(const pybp_net *net, int tid, int threads, double *penalties);
double pybp_penalty_sum(const pybp_net *net, const double *penalties);
/* The same sum in one call, which needs no memory. */
double pybp_penalty(const pybp_net *net);
/* Add to a gradient buffer the gradient of the penalties with respect to the weights as they are stored. */
void pybp_add_penalty_gradient(const pybp_net *net, char *grads);

#endif
