/* Forward and backward as separate calls: the net keeps what the next call needs (net->manual). */
#ifndef PYBP_NET_MANUAL_PASSES_H
#define PYBP_NET_MANUAL_PASSES_H

#include "net/model/net.h"
#include "net/rows/source.h"

/* Forward pass of all rows of x. `how`: PYBP_KEEP and PYBP_TRAINING, as for pybp_forward. out: (rows, n_out) of the
 * net's dtype, or NULL. PYBP_NO_MEMORY. */
pybp_status pybp_manual_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads);
/* Backward pass of the rows of the last forward pass: from dl_da, unless it is NULL; otherwise from the loss of the
 * source's targets, whose value *value becomes. net->grads becomes the gradient with respect to the parameters. dx:
 * (rows, n_in) of the net's dtype for dL/dx, or NULL. PYBP_NO_MEMORY. */
pybp_status pybp_manual_backward(pybp_net *net, const pybp_matrix *dl_da, const pybp_source *source,
                                 const pybp_loss_spec *loss, pybp_reduction reduction, void *dx, int threads,
                                 double *value);

#endif
