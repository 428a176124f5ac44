/* The Jacobian, for least-squares solvers. */
#ifndef PYBP_NET_JACOBIAN_H
#define PYBP_NET_JACOBIAN_H

#include "net/model/net.h"

/* Derivatives of the predictions with respect to the parameters, (rows, n_out, n_parameters), into out. Discards the
 * net's last forward pass, and its gradients. PYBP_NO_MEMORY. */
pybp_status pybp_jacobian_rows(pybp_net *net, const pybp_matrix *x, char *out);

#endif
