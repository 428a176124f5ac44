/* Checks of losses, optimizers and their parameters. They return PYBP_OK, or store a message and return PYBP_INVALID
 * (or PYBP_SHAPE). */
#ifndef PYBP_API_CHECK_OPTIONS_H
#define PYBP_API_CHECK_OPTIONS_H

#include "net/model/net.h"

/* Whether a number is finite in a dtype. */
bool pybp_fits(double value, pybp_dtype dtype);
/* The parameters of a registry's row are in their ranges, also as the dtype rounds them: an eps that becomes 0 would
 * divide 0 by 0. */
pybp_status pybp_check_params(const char *name, const pybp_row *row, const double *params, pybp_dtype dtype);
/* A loss, its parameters and the reduction suit the net. *full becomes the loss with its defaults filled in. */
pybp_status pybp_check_loss(const pybp_net *net, const pybp_loss_spec *loss, pybp_reduction reduction,
                            pybp_loss_spec *full);
pybp_status pybp_check_optimizer(const pybp_net *net, const pybp_optimizer *optimizer);
/* n > 0 learning rates are finite and >= 0. */
pybp_status pybp_check_rates(const double *lr, size_t n);
/* Of training options with n_lr learning rates: weight decays and rates of dropout by step, if there are any. */
pybp_status pybp_check_other_rates(const pybp_net *net, const pybp_train_options *options);

#endif
