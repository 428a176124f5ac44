/* Entry points: prediction and evaluation. */
#include "net/predict.h"

#include "api/check_data.h"
#include "api/check_options.h"
#include "api/entry.h"

static pybp_status check_prediction(const pybp_net *net, const pybp_matrix *x, const void *out)
{
    CHECK_POINTERS(net != NULL && x != NULL && out != NULL);
    CHECK(pybp_check_rows(net, x));
    return pybp_check_aligned("out", out, net->k->size);
}

pybp_status pybp_predict(const pybp_net *net, const pybp_matrix *x, void *out, int threads)
{
    CHECK(check_prediction(net, x, out));
    RETURN_LOCKED(net, read, pybp_predict_rows(net, x, out, false, threads));
}

/* Inputs are checked block by block in the workspace. Only if one is bad, the matrix is searched for the first one. */
static pybp_status predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads, size_t *row,
                                  size_t *col)
{
    const pybp_status status = pybp_predict_rows(net, x, out, true, threads);
    if (status != PYBP_NOT_FINITE)
        return status;
    *row = *col = 0;
    CHECK(pybp_matrix_check(x, net->dtype, row, col));
    return pybp_fail(PYBP_NOT_FINITE, "x held NaN or infinity, and was changed at the same time");
}

pybp_status pybp_predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads, size_t *row,
                                size_t *col)
{
    CHECK_POINTERS(row != NULL && col != NULL);
    CHECK(check_prediction(net, x, out));
    RETURN_LOCKED(net, read, predict_finite(net, x, out, threads, row, col));
}

/* The weights are checked here, in the contract's floating-point environment, on which the sum of subnormal numbers
 * depends. */
static pybp_status evaluate(const pybp_net *net, const pybp_source *source, const pybp_loss_spec *loss,
                            pybp_reduction reduction, int threads, pybp_evaluation *result)
{
    CHECK(pybp_check_weights(source->weights, source->x->rows));
    return pybp_evaluate_rows(net, source, source->x->rows, loss, reduction, threads, result);
}

pybp_status pybp_evaluate(const pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                          const pybp_loss_spec *loss, pybp_reduction reduction, int threads,
                          pybp_evaluation *result)
{
    pybp_loss_spec full;
    CHECK_POINTERS(net != NULL && x != NULL && result != NULL);
    CHECK(pybp_check_loss(net, loss, reduction, &full));
    CHECK(pybp_check_rows(net, x));
    CHECK(pybp_check_targets(net, y, x->rows, &full));
    const pybp_source source = {x, y, weights, NULL};
    RETURN_LOCKED(net, read, evaluate(net, &source, &full, reduction, threads, result));
}
