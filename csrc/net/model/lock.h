/* Exclusive use of a net: many readers, or one writer. Nobody waits; whoever is refused returns PYBP_BUSY. */
#ifndef PYBP_NET_MODEL_LOCK_H
#define PYBP_NET_MODEL_LOCK_H

#include "net/model/net.h"

/* False: a writer is at work. */
bool pybp_enter_read(const pybp_net *net);
void pybp_leave_read(const pybp_net *net);
/* False: a reader or a writer is at work. */
bool pybp_enter_write(pybp_net *net);
void pybp_leave_write(pybp_net *net);
/* From now on this thread may read `net` although a writer, itself, is at work; NULL: no such net. Returns the one
 * before. */
const pybp_net *pybp_admit_reader(const pybp_net *net);

#endif
