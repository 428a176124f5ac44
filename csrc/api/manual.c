/* Entry points: forward, backward and step as separate calls; the Jacobian. */
#include "api/check_data.h"
#include "api/check_options.h"
#include "api/entry.h"
#include "net/initialize.h"
#include "net/jacobian.h"
#include "net/manual_passes.h"
#include "net/manual_step.h"

static pybp_status check_how(const pybp_net *net, const pybp_matrix *x, int how)
{
    if ((how & ~(PYBP_KEEP | PYBP_TRAINING)) != 0)
        return pybp_fail(PYBP_INVALID, "how is %d, expected PYBP_KEEP, PYBP_TRAINING, both or 0", how);
    return how & PYBP_TRAINING ? pybp_check_batch(net, x->rows) : PYBP_OK;
}

pybp_status pybp_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads)
{
    CHECK_POINTERS(net != NULL && x != NULL);
    CHECK(pybp_check_rows(net, x));
    CHECK(check_how(net, x, how));
    CHECK(pybp_check_aligned("out", out, net->k->size));
    RETURN_LOCKED(net, write, pybp_manual_forward(net, x, how, out, threads));
}

/* Called with the net locked: only then is it known whether it has a forward pass. */
static pybp_status backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads)
{
    if (net->manual.rows == 0)
        return pybp_fail(PYBP_STATE, "backward needs a forward pass first, on these parameters");
    CHECK(pybp_check_matrix("dl_da", dl_da, pybp_last_layer(net)->n_out));
    if (dl_da->rows != net->manual.rows)
        return pybp_fail(PYBP_SHAPE, "dl_da has %zu rows, the forward pass had %zu", dl_da->rows, net->manual.rows);
    return pybp_manual_backward(net, dl_da, NULL, NULL, PYBP_MEAN, dx, threads, NULL);
}

pybp_status pybp_backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads)
{
    CHECK_POINTERS(net != NULL && dl_da != NULL);
    CHECK(pybp_check_aligned("dx", dx, net->k->size));
    RETURN_LOCKED(net, write, backward(net, dl_da, dx, threads));
}

static pybp_status backward_loss(pybp_net *net, const pybp_targets *y, const double *weights,
                                 const pybp_loss_spec *loss, pybp_reduction reduction, void *dx, int threads,
                                 double *value)
{
    if (net->manual.rows == 0)
        return pybp_fail(PYBP_STATE, "backward needs a forward pass first, on these parameters");
    CHECK(pybp_check_targets(net, y, net->manual.rows, loss));
    CHECK(pybp_check_weights(weights, net->manual.rows));
    const pybp_matrix no_inputs = {.data = net->params, .rows = net->manual.rows, .dtype = net->dtype};
    const pybp_source source = {&no_inputs, y, weights, NULL}; /* the workspace has the inputs already */
    return pybp_manual_backward(net, NULL, &source, loss, reduction, dx, threads, value);
}

pybp_status pybp_backward_loss(pybp_net *net, const pybp_targets *y, const double *weights, const pybp_loss_spec *loss,
                               pybp_reduction reduction, void *dx, int threads, double *value)
{
    pybp_loss_spec full;
    CHECK_POINTERS(net != NULL && y != NULL && value != NULL);
    CHECK(pybp_check_loss(net, loss, reduction, &full));
    CHECK(pybp_check_aligned("dx", dx, net->k->size));
    RETURN_LOCKED(net, write, backward_loss(net, y, weights, &full, reduction, dx, threads, value));
}

pybp_status pybp_jacobian(pybp_net *net, const pybp_matrix *x, void *out, size_t bytes)
{
    size_t expected;
    CHECK_POINTERS(net != NULL && x != NULL && out != NULL);
    CHECK(pybp_check_input("x", x, net->n_in));
    CHECK(pybp_check_aligned("out", out, net->k->size));
    if (!pybp_mul_size(net->n_parameters * net->k->size, pybp_last_layer(net)->n_out, &expected) ||
        !pybp_mul_size(expected, x->rows, &expected) || bytes != expected)
        return pybp_fail(PYBP_SHAPE, "out has %zu bytes, expected %zu rows of %zu outputs by %zu parameters", bytes,
                         x->rows, pybp_last_layer(net)->n_out, net->n_parameters);
    RETURN_LOCKED(net, write, pybp_jacobian_rows(net, x, out));
}

static pybp_status step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    if (!net->has_gradients)
        return pybp_fail(PYBP_STATE, "step needs the gradients of a backward pass");
    return pybp_manual_step(net, optimizer, lr, threads);
}

pybp_status pybp_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    CHECK_POINTERS(net != NULL && optimizer != NULL);
    CHECK(pybp_check_optimizer(net, optimizer));
    CHECK(pybp_check_rates(&lr, 1));
    RETURN_LOCKED(net, write, step(net, optimizer, lr, threads));
}

pybp_status pybp_initialize(pybp_net *net, const pybp_matrix *x, int how)
{
    CHECK_POINTERS(net != NULL && x != NULL);
    CHECK(pybp_check_rows(net, x));
    if (how < 0 || how > (PYBP_UNIT_VARIANCE | PYBP_COMBINED_BIASES))
        return pybp_fail(PYBP_INVALID, "how is %d, expected a sum of PYBP_UNIT_VARIANCE and PYBP_COMBINED_BIASES", how);
    RETURN_LOCKED(net, write, pybp_initialize_rows(net, x, how));
}
