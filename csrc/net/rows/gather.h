/* From the caller's matrices into a workspace. */
#ifndef PYBP_NET_ROWS_GATHER_H
#define PYBP_NET_ROWS_GATHER_H

#include "net/rows/source.h"
#include "net/workspace/rows.h"

/* Fill the rows with inputs, and, if the source has targets, with targets, from its row number `first` on. Values are
 * converted to the net's dtype. */
void pybp_gather_rows(const pybp_rows *rows, const pybp_source *source, size_t first);

#endif
