/* Checks of matrices, targets and options, shared by the entry points. */
#ifndef PYBP_API_DATA_H
#define PYBP_API_DATA_H

#include "net/workspace/workspace.h"

/* Whether a caller's buffer lies where its elements of `size` bytes may; NULL is fine. */
pybp_status pybp_check_aligned(const char *name, const void *buffer, size_t size);
pybp_status pybp_check_matrix(const char *name, const pybp_matrix *x, size_t cols);
/* The same for inputs, which may be sparse. */
pybp_status pybp_check_input(const char *name, const pybp_matrix *x, size_t cols);
/* Inputs of this net: every category is one that its embedding has. */
pybp_status pybp_check_rows(const pybp_net *net, const pybp_matrix *x);
/* Whether a net can be trained on a minibatch of so many rows. */
pybp_status pybp_check_batch(const pybp_net *net, size_t rows);
pybp_status pybp_check_targets(const pybp_net *net, const pybp_targets *y, size_t rows, const pybp_loss_spec *loss);
/* Finite, >= 0, and not all zero; NULL is fine. */
pybp_status pybp_check_weights(const double *weights, size_t rows);
/* The loss with its defaults filled in goes to *full. */
pybp_status pybp_check_loss(const pybp_net *net, const pybp_loss_spec *loss, pybp_reduction reduction,
                            pybp_loss_spec *full);
/* The parameters of a row in their ranges, as the dtype rounds them: an eps that becomes 0 would divide 0 by 0. */
pybp_status pybp_check_params(const char *name, const pybp_row *row, const double *params, pybp_dtype dtype);
pybp_status pybp_check_optimizer(const pybp_net *net, const pybp_optimizer *optimizer);
pybp_status pybp_check_rates(const double *lr, size_t n);

#endif
