/* Checks of matrices, targets and options, shared by the entry points. */
#ifndef PYBP_API_DATA_H
#define PYBP_API_DATA_H

#include "net/pass.h"

pybp_status pybp_check_matrix(const char *name, const pybp_matrix *x, size_t cols);
pybp_status pybp_check_targets(const pybp_net *net, const pybp_targets *y, size_t rows, pybp_loss loss);
/* Finite, >= 0, and not all zero; NULL is fine. */
pybp_status pybp_check_weights(const double *weights, size_t rows);
pybp_status pybp_check_loss(const pybp_net *net, pybp_loss loss, pybp_reduction reduction);
/* Parameters in their ranges, as the net's dtype rounds them: an eps that becomes 0 would divide 0 by 0. */
pybp_status pybp_check_optimizer(const pybp_net *net, const pybp_optimizer *optimizer);
pybp_status pybp_check_rates(const double *lr, size_t n);

#endif
