/* The state of the optimizer that trains a net: net->state and net->progress. */
#ifndef PYBP_NET_UPDATE_OPTIMIZER_STATE_H
#define PYBP_NET_UPDATE_OPTIMIZER_STATE_H

#include "net/model/net.h"

/* The state buffers that an optimizer needs, as the bits of pybp_progress.states. */
int pybp_optimizer_states(const pybp_optimizer *optimizer);
/* The index of weight_decay among an optimizer's parameters; -1: it has none. */
int pybp_weight_decay_of(pybp_optimizer_kind kind);
/* Make the net's state fit an optimizer: it stays while kind and state buffers are the same, otherwise it is new.
 * PYBP_NO_MEMORY, and no change. */
pybp_status pybp_optimizer_attach(pybp_net *net, const pybp_optimizer *optimizer);
/* Release the state; progress says that there is none. */
void pybp_optimizer_detach(pybp_net *net);
/* Allocate state buffers of zeros, the caller's, for pybp_free; NULL where the bit is not set. PYBP_NO_MEMORY, and
 * nothing to release. */
pybp_status pybp_optimizer_new_state(const pybp_net *net, int states, char *state[PYBP_N_STATES]);

#endif
