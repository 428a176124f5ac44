/* The lock of a net: many readers, or one writer. Calls don't wait for it; a call that is refused returns PYBP_BUSY. */
#ifndef PYBP_NET_MODEL_LOCK_H
#define PYBP_NET_MODEL_LOCK_H

#include "net/model/net.h"

/* False: a writer uses the net. */
bool pybp_enter_read(const pybp_net *net);
void pybp_leave_read(const pybp_net *net);
/* False: a reader or a writer uses the net. */
bool pybp_enter_write(pybp_net *net);
void pybp_leave_write(pybp_net *net);
/* Allow this thread, the writer of `net`, to read it too, as in a callback; NULL: allow no net. Returns the net that
 * was allowed before. */
const pybp_net *pybp_admit_reader(const pybp_net *net);

#endif
