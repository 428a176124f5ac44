/* Entry points: all parameters, or the gradient, as one vector. */
#include "api/data.h"
#include "base/fpenv.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

static pybp_status check(const pybp_net *net, pybp_flat what, const void *values, size_t bytes)
{
    if (net == NULL || values == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if ((unsigned)what > PYBP_FLAT_LOSS_GRADIENT)
        return pybp_fail(PYBP_INVALID, "no vector %d", (int)what);
    if (bytes != net->n_parameters * net->k->size)
        return pybp_fail(PYBP_SHAPE, "the buffer has %zu bytes, expected %zu", bytes,
                         net->n_parameters * net->k->size);
    return pybp_check_aligned("the buffer", values, net->k->size);
}

static pybp_status loss_gradient(const pybp_net *net, char *out)
{
    char *whole = pybp_alloc(pybp_buffer_bytes(net));
    if (whole == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient");
    memcpy(whole, net->grads, pybp_buffer_bytes(net));
    pybp_penalize(net, whole);
    pybp_copy_flat(net, whole, out, false);
    pybp_free(whole);
    return PYBP_OK;
}

pybp_status pybp_net_get_flat(const pybp_net *net, pybp_flat what, void *out, size_t bytes)
{
    pybp_status status = check(net, what, out, bytes);
    if (status != PYBP_OK)
        return status;
    if (!pybp_enter_read(net))
        return pybp_fail(PYBP_BUSY, "another call is using this net");
    const pybp_fpenv env = pybp_fpenv_enter();
    if (what == PYBP_FLAT_PARAMETERS)
        pybp_copy_flat(net, net->params, out, false);
    else if (!net->has_gradients)
        status = pybp_fail(PYBP_STATE, "the gradient needs a backward pass first");
    else if (what == PYBP_FLAT_GRADIENT)
        pybp_copy_flat(net, net->grads, out, false);
    else
        status = loss_gradient(net, out);
    pybp_fpenv_leave(env);
    pybp_leave_read(net);
    return status;
}

static pybp_status set_flat(pybp_net *net, pybp_flat what, const char *values)
{
    for (size_t i = 0; i < net->n_parameters; i++)
        if (!isfinite(net->k->get(values + i * net->k->size)))
            return pybp_fail(PYBP_NOT_FINITE, "NaN or infinity at index %zu", i);
    if (what == PYBP_FLAT_LOSS_GRADIENT)
        return pybp_fail(PYBP_INVALID, "this vector cannot be set");
    if (what == PYBP_FLAT_PARAMETERS) {
        pybp_copy_flat(net, net->params, (char *)(uintptr_t)values, true);
        pybp_forget_pass(net);
        return PYBP_OK;
    }
    if (net->grads == NULL && (net->grads = pybp_alloc(pybp_buffer_bytes(net))) == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradients");
    pybp_copy_flat(net, net->grads, (char *)(uintptr_t)values, true);
    net->has_gradients = true;
    return PYBP_OK;
}

pybp_status pybp_net_set_flat(pybp_net *net, pybp_flat what, const void *values, size_t bytes)
{
    pybp_status status = check(net, what, values, bytes);
    if (status != PYBP_OK)
        return status;
    if (!pybp_enter_write(net))
        return pybp_fail(PYBP_BUSY, "another call is using this net");
    status = set_flat(net, what, values);
    pybp_leave_write(net);
    return status;
}
