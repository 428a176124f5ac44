#include "net/create.h"

#include "base/status.h"
#include "dispatch/dispatch.h"
#include "net/model/initializers.h"
#include "net/model/layout.h"
#include "net/train/buffers.h"
#include "net/update/optimizer_state.h"
#include "net/workspace/workspace.h"

#include <string.h>

static const char no_memory[] = "no memory for a net of these sizes";

static pybp_status lay_out(pybp_net *net, const pybp_net_desc *desc)
{
    net->k = pybp_dispatch(desc->dtype);
    net->dtype = desc->dtype;
    net->seed = desc->seed;
    net->n_in = desc->n_in;
    net->n_layers = desc->n_layers;
    net->layers = pybp_alloc_array(desc->n_layers, sizeof *net->layers);
    return net->layers == NULL ? PYBP_NO_MEMORY : pybp_lay_out(net, desc->layers);
}

pybp_status pybp_net_lay_out(const pybp_net_desc *desc, pybp_net **out)
{
    pybp_net *net = pybp_alloc(sizeof *net);
    const pybp_status status = net == NULL ? PYBP_NO_MEMORY : lay_out(net, desc);
    if (status == PYBP_OK) {
        *out = net;
        return PYBP_OK;
    }
    pybp_net_destroy(net);
    return status == PYBP_NO_MEMORY ? pybp_fail(status, "%s", no_memory) : status;
}

pybp_status pybp_net_fill(pybp_net *net, bool zeroed)
{
    net->params = pybp_alloc(pybp_buffer_bytes(net));
    if (net->params == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "%s", no_memory);
    pybp_optimizer_detach(net);
    return pybp_draw_parameters(net, zeroed) ? PYBP_OK : pybp_fail(PYBP_NO_MEMORY, "%s", no_memory);
}

pybp_status pybp_net_build(const pybp_net_desc *desc, pybp_net **out)
{
    pybp_net *net = NULL;
    pybp_status status = pybp_net_lay_out(desc, &net);
    if (status != PYBP_OK)
        return status;
    status = pybp_net_fill(net, desc->zeroed);
    if (status == PYBP_OK)
        *out = net;
    else
        pybp_net_destroy(net);
    return status;
}

/* A copy, or NULL if there is nothing to copy or no memory for it. */
static void *duplicate(const void *from, size_t bytes)
{
    void *copy = from == NULL ? NULL : pybp_alloc(bytes);
    return copy == NULL ? NULL : memcpy(copy, from, bytes);
}

/* The layers, with columns of their own. False when memory is short. */
static bool duplicate_layers(const pybp_net *net, pybp_net *copy)
{
    bool complete = true;
    copy->layers = duplicate(net->layers, net->n_layers * sizeof *net->layers);
    for (size_t l = 0; l < net->n_layers && copy->layers != NULL; l++) {
        const pybp_layer *layer = &net->layers[l];
        copy->layers[l].columns = duplicate(layer->columns, layer->n_columns * sizeof *layer->columns);
        complete = complete && (copy->layers[l].columns != NULL || layer->columns == NULL);
    }
    return complete && copy->layers != NULL;
}

pybp_status pybp_net_clone(const pybp_net *net, pybp_net **out)
{
    const size_t bytes = pybp_buffer_bytes(net);
    pybp_net *copy = pybp_alloc(sizeof *copy);
    bool complete = copy != NULL;
    if (complete) {
        memcpy(copy, net, offsetof(pybp_net, params));
        complete = duplicate_layers(net, copy);
        copy->category_columns =
            duplicate(net->category_columns, net->n_category_columns * sizeof *net->category_columns);
        copy->params = duplicate(net->params, bytes);
        complete = complete && copy->params != NULL &&
                   (copy->category_columns != NULL || net->category_columns == NULL);
    }
    for (int i = 0; i < PYBP_N_STATES && complete; i++) {
        copy->state[i] = duplicate(net->state[i], bytes);
        complete = copy->state[i] != NULL || net->state[i] == NULL;
    }
    if (complete) {
        *out = copy;
        return PYBP_OK;
    }
    pybp_net_destroy(copy);
    return pybp_fail(PYBP_NO_MEMORY, "no memory for a copy of the net");
}

void pybp_net_destroy(pybp_net *net)
{
    if (net == NULL)
        return;
    pybp_workspace_free(atomic_load(&net->spare_workspace));
    pybp_workspace_free(net->manual.workspace);
#ifndef PYBP_INFERENCE_ONLY
    pybp_train_buffers_free(net->train_buffers);
#endif
    pybp_free(net->params);
    pybp_free(net->grads);
    for (int i = 0; i < PYBP_N_STATES; i++)
        pybp_free(net->state[i]);
    pybp_free(net->category_columns);
    for (size_t l = 0; l < net->n_layers && net->layers != NULL; l++)
        pybp_free(net->layers[l].columns);
    pybp_free(net->layers);
    pybp_free(net);
}
