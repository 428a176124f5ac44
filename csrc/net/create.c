/* Nets come and go: description -> layout -> memory; copies; exclusive use. */
#include "base/status.h"
#include "dispatch/dispatch.h"
#include "net/workspace/workspace.h"
#include "net/train/epoch.h"

#include <string.h>

pybp_status pybp_net_build(const pybp_net_desc *desc, pybp_net **out)
{
    pybp_net *net = pybp_alloc(sizeof *net);
    pybp_status status;
    if (net == NULL)
        goto fail;
    net->k = pybp_dispatch(desc->dtype);
    net->dtype = desc->dtype;
    net->seed = desc->seed;
    net->n_in = desc->n_in;
    net->n_layers = desc->n_layers;
    net->layers = pybp_alloc_array(desc->n_layers, sizeof *net->layers);
    if (net->layers == NULL)
        goto fail;
    status = pybp_lay_out(net, desc->layers);
    if (status == PYBP_INVALID) {
        pybp_net_destroy(net);
        return status;
    }
    if (status != PYBP_OK)
        goto fail;
    net->params = pybp_alloc(pybp_buffer_bytes(net));
    if (net->params == NULL)
        goto fail;
    pybp_optimizer_detach(net);
    if (!pybp_initialize(net))
        goto fail;
    *out = net;
    return PYBP_OK;
fail:
    pybp_net_destroy(net);
    return pybp_fail(PYBP_NO_MEMORY, "no memory for a net of these sizes");
}

static bool copy_buffer(const pybp_net *net, const char *from, char **to)
{
    if (from == NULL)
        return true;
    *to = pybp_alloc(pybp_buffer_bytes(net));
    if (*to == NULL)
        return false;
    memcpy(*to, from, pybp_buffer_bytes(net));
    return true;
}

pybp_status pybp_net_clone(const pybp_net *net, pybp_net **out)
{
    pybp_net *copy = pybp_alloc(sizeof *copy);
    if (copy == NULL)
        goto fail;
    copy->k = net->k;
    copy->dtype = net->dtype;
    copy->seed = net->seed;
    copy->n_in = net->n_in;
    copy->n_layers = net->n_layers;
    copy->n_parameters = net->n_parameters;
    copy->n_outputs = net->n_outputs;
    copy->plain_gradients = net->plain_gradients;
    copy->constrained = net->constrained;
    copy->n_penalized = net->n_penalized;
    copy->free_lines = net->free_lines;
    copy->batch_coupled = net->batch_coupled;
    copy->random = net->random;
    copy->n_embeddings = net->n_embeddings;
    copy->input_readers = net->input_readers;
    copy->lines = net->lines;
    copy->progress = net->progress;
    copy->layers = pybp_alloc(net->n_layers * sizeof *net->layers);
    if (copy->layers == NULL)
        goto fail;
    memcpy(copy->layers, net->layers, net->n_layers * sizeof *net->layers);
    if (!copy_buffer(net, net->params, &copy->params))
        goto fail;
    for (int i = 0; i < PYBP_N_STATES; i++)
        if (!copy_buffer(net, net->state[i], &copy->state[i]))
            goto fail;
    *out = copy;
    return PYBP_OK;
fail:
    pybp_net_destroy(copy);
    return pybp_fail(PYBP_NO_MEMORY, "no memory for a copy of the net");
}

void pybp_net_destroy(pybp_net *net)
{
    if (net == NULL)
        return;
    pybp_pass_free(atomic_load(&net->spare));
    pybp_pass_free(net->hand);
    pybp_trainer_free(net->trainer);
    pybp_free(net->params);
    pybp_free(net->grads);
    for (int i = 0; i < PYBP_N_STATES; i++)
        pybp_free(net->state[i]);
    pybp_free(net->layers);
    pybp_free(net);
}

/* ---- exclusive use: readers count up from 0, a writer is -1 ---- */

bool pybp_enter_read(const pybp_net *net)
{
    atomic_int *users = (atomic_int *)(uintptr_t)&net->users;
    int n = atomic_load_explicit(users, memory_order_relaxed);
    while (n >= 0)
        if (atomic_compare_exchange_weak_explicit(users, &n, n + 1, memory_order_acquire, memory_order_relaxed))
            return true;
    return false;
}

void pybp_leave_read(const pybp_net *net)
{
    atomic_fetch_sub_explicit((atomic_int *)(uintptr_t)&net->users, 1, memory_order_release);
}

bool pybp_enter_write(pybp_net *net)
{
    int idle = 0;
    return atomic_compare_exchange_strong_explicit(&net->users, &idle, -1, memory_order_acquire,
                                                   memory_order_relaxed);
}

void pybp_leave_write(pybp_net *net)
{
    atomic_store_explicit(&net->users, 0, memory_order_release);
}
