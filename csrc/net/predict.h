/* Prediction and evaluation. */
#ifndef PYBP_NET_PREDICT_H
#define PYBP_NET_PREDICT_H

#include "net/model/net.h"
#include "net/rows/source.h"

/* Outputs of all rows of x into out, (rows, n_out) of the net's dtype. check: return PYBP_NOT_FINITE, without a
 * message, if an input is infinite or NaN in the net's dtype; out is then undefined. PYBP_NO_MEMORY. */
pybp_status pybp_predict_rows(const pybp_net *net, const pybp_matrix *x, void *out, bool check, int threads);
/* Loss and number of correct predictions of the source's first `rows` rows. PYBP_NO_MEMORY. */
pybp_status pybp_evaluate_rows(const pybp_net *net, const pybp_source *source, size_t rows,
                               const pybp_loss_spec *loss, pybp_reduction reduction, int threads,
                               pybp_evaluation *result);

#endif
