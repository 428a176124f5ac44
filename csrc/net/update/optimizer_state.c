#include "net/update/optimizer_state.h"

#include "base/status.h"

#include <string.h>

/* Expressions in optimizers.def call the parameters p. */
int pybp_optimizer_states(const pybp_optimizer *optimizer)
{
    const double *p = optimizer->params;
    switch (optimizer->kind) {
#define PYBP_OPTIMIZER(NAME, name, Class, states, powers, rule, params) \
    case PYBP_OPTIMIZER_##NAME: \
        return states;
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
    default:
        return 0;
    }
}

int pybp_weight_decay_of(pybp_optimizer_kind kind)
{
    static const char *const names[PYBP_N_OPTIMIZERS][PYBP_MAX_PARAMS + 1] = {
#define PYBP_PARAM(name, value, low, low_open, high, high_open) #name,
#define PYBP_OPTIMIZER(NAME, name_, Class, states, powers, rule, params) [PYBP_OPTIMIZER_##NAME] = {params NULL},
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
#undef PYBP_PARAM
    };
    for (int i = 0; names[kind][i] != NULL; i++)
        if (strcmp(names[kind][i], "weight_decay") == 0)
            return i;
    return -1;
}

void pybp_optimizer_detach(pybp_net *net)
{
    for (int i = 0; i < PYBP_N_STATES; i++) {
        pybp_free(net->state[i]);
        net->state[i] = NULL;
    }
    net->progress.steps = 0;
    net->progress.optimizer = -1;
    net->progress.states = 0;
    for (int i = 0; i < PYBP_N_POWERS; i++)
        net->progress.powers[i] = 1;
}

static void fill(const pybp_net *net, char *buffer, double value)
{
    for (size_t i = 0; i < pybp_buffer_bytes(net); i += net->k->size)
        net->k->set(buffer + i, value);
}

pybp_status pybp_optimizer_new_state(const pybp_net *net, int states, char *state[PYBP_N_STATES])
{
    bool fine = true;
    for (int i = 0; i < PYBP_N_STATES; i++) {
        const bool wanted = (states >> i & 1) != 0 && fine;
        state[i] = wanted ? pybp_alloc(pybp_buffer_bytes(net)) : NULL;
        fine = fine && (!wanted || state[i] != NULL);
    }
    if (fine)
        return PYBP_OK;
    for (int i = 0; i < PYBP_N_STATES; i++)
        pybp_free(state[i]);
    return pybp_fail(PYBP_NO_MEMORY, "no memory for the optimizer's state of %zu parameters", net->n_parameters);
}

pybp_status pybp_optimizer_attach(pybp_net *net, const pybp_optimizer *optimizer)
{
    const int states = pybp_optimizer_states(optimizer);
    char *state[PYBP_N_STATES];
    if (net->progress.optimizer == (int)optimizer->kind && net->progress.states == states)
        return PYBP_OK;
    const pybp_status status = pybp_optimizer_new_state(net, states, state);
    if (status != PYBP_OK)
        return status;
    pybp_optimizer_detach(net);
    net->progress.optimizer = (int)optimizer->kind;
    net->progress.states = states;
    for (int i = 0; i < PYBP_N_STATES; i++)
        net->state[i] = state[i];
    if (optimizer->kind == PYBP_OPTIMIZER_ADAGRAD && optimizer->params[2] != 0)
        fill(net, net->state[0], optimizer->params[2]);
    return PYBP_OK;
}
