/* The loss of rows, and the gradient with which the backward pass begins. */
#ifndef PYBP_NET_ROWS_LOSS_H
#define PYBP_NET_ROWS_LOSS_H

#include "net/rows/source.h"
#include "net/workspace/rows.h"

/* What targets a loss takes (losses.def). */
typedef enum pybp_targets_kind {
    PYBP_TARGETS_NUMBERS,
    PYBP_TARGETS_COUNTS,
    PYBP_TARGETS_SIGNS,
    PYBP_TARGETS_PROBABILITIES,
    PYBP_TARGETS_CLASSES
} pybp_targets_kind;
pybp_targets_kind pybp_loss_targets(pybp_loss loss);
/* The only activation of the output layer that the loss can be used with (a pybp_activation), or -1: any. */
int pybp_loss_link(pybp_loss loss);
/* What a forward pass has to compute of the last layer for this loss. */
pybp_output pybp_loss_output(const pybp_loss_spec *loss);
/* How many outputs share a target: one for each quantile, with other losses 1. The loss has all its parameters. */
size_t pybp_loss_per_target(const pybp_loss_spec *loss);
/* What the sum of a row's losses is divided by: its outputs, or 1. */
double pybp_loss_per_output(const pybp_net *net, const pybp_loss_spec *loss);

/* Set the factors of the rows' deltas: weight / divisor / per_output, with the weights of the source's rows from number
 * `first` on. */
void pybp_fill_row_scales(const pybp_rows *rows, const pybp_source *source, size_t first, double divisor,
                          double per_output);
/* After a forward pass, with targets and factors in the workspace: the rows' losses and the output layer's delta. */
void pybp_compute_loss(const pybp_rows *rows, const pybp_loss_spec *loss);
/* Copy the rows' losses, as doubles. */
void pybp_read_row_losses(const pybp_rows *rows, double *losses);
/* Turn dL/da, in the output layer's delta buffer, into its delta. */
void pybp_compute_output_delta(const pybp_rows *rows);

#endif
