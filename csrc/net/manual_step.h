/* An optimizer's step as a call of its own. */
#ifndef PYBP_NET_MANUAL_STEP_H
#define PYBP_NET_MANUAL_STEP_H

#include "net/model/net.h"

/* Update the parameters with the gradient in net->grads. PYBP_NO_MEMORY, or PYBP_DIVERGED if a parameter would become
 * infinite or NaN; the net is then as before. */
pybp_status pybp_manual_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads);

#endif
