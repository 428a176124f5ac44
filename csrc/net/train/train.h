/* Training: the body of pybp_train. */
#ifndef PYBP_NET_TRAIN_TRAIN_H
#define PYBP_NET_TRAIN_TRAIN_H

#include "net/model/net.h"

/* Arguments and results are those of pybp_train; the arguments are valid. */
pybp_status pybp_train_epochs(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                              const pybp_train_options *options, pybp_train_result *result);

#endif
