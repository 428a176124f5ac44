/* Entry points: all parameters, or the gradient, as one vector. */
#include "api/check_data.h"
#include "api/entry.h"
#include "net/model/parameters.h"
#include "net/update/penalties.h"

#include <math.h>
#include <string.h>

static pybp_status check(const pybp_net *net, pybp_flat what, const void *values, size_t bytes)
{
    CHECK_POINTERS(net != NULL && values != NULL);
    if ((unsigned)what > PYBP_FLAT_LOSS_GRADIENT)
        return pybp_fail(PYBP_INVALID, "no vector %d", (int)what);
    if (bytes != net->n_parameters * net->k->size)
        return pybp_fail(PYBP_SHAPE, "the buffer has %zu bytes, expected %zu", bytes,
                         net->n_parameters * net->k->size);
    return pybp_check_aligned("the buffer", values, net->k->size);
}

static pybp_status get_loss_gradient(const pybp_net *net, char *out)
{
    char *grads = pybp_alloc(pybp_buffer_bytes(net));
    if (grads == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient");
    memcpy(grads, net->grads, pybp_buffer_bytes(net));
    pybp_add_penalty_gradient(net, grads);
    pybp_unpack_all(net, grads, out);
    pybp_free(grads);
    return PYBP_OK;
}

static pybp_status get_flat(const pybp_net *net, pybp_flat what, char *out)
{
    if (what != PYBP_FLAT_PARAMETERS && !net->has_gradients)
        return pybp_fail(PYBP_STATE, "the gradient needs a backward pass first");
    if (what == PYBP_FLAT_LOSS_GRADIENT)
        return get_loss_gradient(net, out);
    pybp_unpack_all(net, what == PYBP_FLAT_PARAMETERS ? net->params : net->grads, out);
    return PYBP_OK;
}

pybp_status pybp_net_get_flat(const pybp_net *net, pybp_flat what, void *out, size_t bytes)
{
    CHECK(check(net, what, out, bytes));
    RETURN_LOCKED(net, read, get_flat(net, what, out));
}

static pybp_status set_gradient(pybp_net *net, const char *values)
{
    if (net->grads == NULL && (net->grads = pybp_alloc(pybp_buffer_bytes(net))) == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradients");
    pybp_pack_all(net, net->grads, values);
    pybp_flush_all(net, net->grads);
    net->has_gradients = true;
    return PYBP_OK;
}

static pybp_status set_flat(pybp_net *net, pybp_flat what, const char *values)
{
    for (size_t i = 0; i < net->n_parameters; i++)
        if (!isfinite(net->k->get(values + i * net->k->size)))
            return pybp_fail(PYBP_NOT_FINITE, "NaN or infinity at index %zu", i);
    if (what == PYBP_FLAT_LOSS_GRADIENT)
        return pybp_fail(PYBP_INVALID, "this vector cannot be set");
    if (what == PYBP_FLAT_GRADIENT)
        return set_gradient(net, values);
    pybp_pack_all(net, net->params, values);
    pybp_flush_all(net, net->params);
    pybp_forget_forward(net);
    return PYBP_OK;
}

pybp_status pybp_net_set_flat(pybp_net *net, pybp_flat what, const void *values, size_t bytes)
{
    CHECK(check(net, what, values, bytes));
    RETURN_LOCKED(net, write, set_flat(net, what, values));
}
