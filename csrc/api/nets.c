/* Entry points: a net's life after pybp_net_create, and its properties. */
#include "api/entry.h"
#include "net/create.h"
#include "net/update/penalties.h"

pybp_status pybp_net_copy(const pybp_net *net, pybp_net **copy)
{
    CHECK_POINTERS(net != NULL && copy != NULL);
    RETURN_LOCKED(net, read, pybp_net_clone(net, copy));
}

void pybp_net_free(pybp_net *net)
{
    pybp_net_destroy(net);
}

pybp_dtype pybp_net_dtype(const pybp_net *net) { return net->dtype; }
size_t pybp_net_n_in(const pybp_net *net) { return net->n_in; }
size_t pybp_net_n_out(const pybp_net *net) { return pybp_last_layer(net)->n_out; }
size_t pybp_net_n_layers(const pybp_net *net) { return net->n_layers; }
uint64_t pybp_net_seed(const pybp_net *net) { return net->seed; }
const char *pybp_net_isa(const pybp_net *net) { return net->k->isa; }
size_t pybp_net_n_parameters(const pybp_net *net) { return net->n_parameters; }

size_t pybp_net_layer_n_in(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers ? net->layers[layer].n_in : 0;
}

size_t pybp_net_layer_n_out(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers ? net->layers[layer].n_out : 0;
}

size_t pybp_net_layer_fan(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers ? net->layers[layer].fan : 0;
}

int pybp_net_layer_has_bias(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers && net->layers[layer].has_bias;
}

static pybp_status get_penalty(const pybp_net *net, double *penalty)
{
    *penalty = pybp_penalty(net);
    return PYBP_OK;
}

pybp_status pybp_net_penalty(const pybp_net *net, double *penalty)
{
    CHECK_POINTERS(net != NULL && penalty != NULL);
    RETURN_LOCKED(net, read, get_penalty(net, penalty));
}
