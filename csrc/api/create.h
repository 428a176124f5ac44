/* Making a net in two steps, for readers of files. */
#ifndef PYBP_API_CREATE_H
#define PYBP_API_CREATE_H

#include "pybp.h"

/* Check a description as pybp_net_create does, and lay out its net, which then has no parameters; pybp_net_fill
 * (net/create.h) gives it those. PYBP_INVALID, PYBP_NO_MEMORY (also when a size overflows). */
pybp_status pybp_net_plan(const pybp_net_desc *desc, pybp_net **net);

#endif
