/* Checks of the caller's matrices, targets and weights. They return PYBP_OK, or store a message, with the argument's
 * name, and return PYBP_INVALID or PYBP_SHAPE. */
#ifndef PYBP_API_CHECK_DATA_H
#define PYBP_API_CHECK_DATA_H

#include "net/model/net.h"

/* A buffer is aligned to its elements of `size` bytes; NULL is. */
pybp_status pybp_check_aligned(const char *name, const void *buffer, size_t size);
/* A dense matrix has rows, so many columns, and a shape that fits in memory. */
pybp_status pybp_check_matrix(const char *name, const pybp_matrix *x, size_t cols);
/* The same for inputs, which may be sparse. */
pybp_status pybp_check_input(const char *name, const pybp_matrix *x, size_t cols);
/* x is an input of this net, and its columns of categories hold categories. */
pybp_status pybp_check_rows(const pybp_net *net, const pybp_matrix *x);
/* The net can be trained on a minibatch of so many rows. */
pybp_status pybp_check_batch(const pybp_net *net, size_t rows);
/* Targets for so many rows, and for this loss. */
pybp_status pybp_check_targets(const pybp_net *net, const pybp_targets *y, size_t rows, const pybp_loss_spec *loss);
/* Weights are finite, >= 0, and not all zero; NULL is fine. */
pybp_status pybp_check_weights(const double *weights, size_t rows);

#endif
