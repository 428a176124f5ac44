/* Counting correct predictions. */
#ifndef PYBP_NET_ROWS_CORRECT_H
#define PYBP_NET_ROWS_CORRECT_H

#include "net/workspace/rows.h"

/* After a forward pass, with targets in the workspace: how many rows are predicted correctly
 * (pybp_evaluation.n_correct). */
size_t pybp_count_correct(const pybp_rows *rows, const pybp_loss_spec *loss);

#endif
