/* Training, epoch after epoch. */
#ifndef PYBP_NET_TRAIN_EPOCH_H
#define PYBP_NET_TRAIN_EPOCH_H

#include "net/workspace/workspace.h"

void pybp_trainer_free(pybp_trainer *trainer);

/* Rows that make a step: at most `rows`. */
size_t pybp_step_rows(const pybp_train_options *options, size_t rows);
/* Steps of an epoch. */
size_t pybp_train_steps(const pybp_train_options *options, size_t rows);
/* The body of pybp_train, on checked arguments. */
pybp_status pybp_train_epochs(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                              const pybp_train_options *options, pybp_train_result *result);

/* The other bodies (predict.c, manual.c). */
/* check: PYBP_NOT_FINITE, without a message, if x is not all finite. */
pybp_status pybp_predict_rows(const pybp_net *net, const pybp_matrix *x, void *out, bool check, int threads);
pybp_status pybp_evaluate_rows(const pybp_net *net, const pybp_source *source, size_t rows,
                               const pybp_loss_spec *loss, pybp_reduction reduction, int threads,
                               pybp_evaluation *result);
pybp_status pybp_hand_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads);
/* From dL/da if that is given, else from the loss of source->y. */
pybp_status pybp_hand_backward(pybp_net *net, const pybp_matrix *dl_da, const pybp_source *source,
                               const pybp_loss_spec *loss, pybp_reduction reduction, void *dx, int threads,
                               double *value);
pybp_status pybp_hand_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads);

/* Of prediction: (rows, n_out, n_parameters) into out. */
pybp_status pybp_jacobian_rows(pybp_net *net, const pybp_matrix *x, char *out);

#endif
