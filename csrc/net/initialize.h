/* Initial values of dense layers that depend on the data. */
#ifndef PYBP_NET_INITIALIZE_H
#define PYBP_NET_INITIALIZE_H

#include "net/model/net.h"

/* pybp_initialize, after the checks of its arguments. */
pybp_status pybp_initialize_rows(pybp_net *net, const pybp_matrix *x, int how);

#endif
