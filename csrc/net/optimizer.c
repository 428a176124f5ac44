/* Optimizer state and the rule of one step. */
#include "base/status.h"
#include "net/net.h"

static const int row_states[PYBP_N_OPTIMIZERS] = {
#define PYBP_OPTIMIZER(NAME, name, Class, states, rule, params) [PYBP_OPTIMIZER_##NAME] = states,
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
};

int pybp_optimizer_states(const pybp_optimizer *optimizer)
{
    if (optimizer->kind == PYBP_OPTIMIZER_SGD && optimizer->params[0] == 0)
        return 0; /* no momentum, no velocity */
    return row_states[optimizer->kind];
}

void pybp_optimizer_detach(pybp_net *net)
{
    for (int i = 0; i < 2; i++) {
        pybp_free(net->state[i]);
        net->state[i] = NULL;
    }
    net->progress.steps = 0;
    net->progress.optimizer = -1;
    net->progress.n_states = 0;
    for (int i = 0; i < PYBP_N_POWERS; i++)
        net->progress.powers[i] = 1;
}

static void fill(const pybp_net *net, char *buffer, double value)
{
    for (size_t i = 0; i < pybp_buffer_bytes(net); i += net->k->size)
        net->k->set(buffer + i, value);
}

pybp_status pybp_optimizer_buffers(const pybp_net *net, int n, char *state[2])
{
    state[0] = state[1] = NULL;
    for (int i = 0; i < n; i++) {
        state[i] = pybp_alloc(pybp_buffer_bytes(net));
        if (state[i] == NULL) {
            pybp_free(state[0]);
            return pybp_fail(PYBP_NO_MEMORY, "no memory for the optimizer's state of %zu parameters",
                             net->n_parameters);
        }
    }
    return PYBP_OK;
}

pybp_status pybp_optimizer_attach(pybp_net *net, const pybp_optimizer *optimizer)
{
    const int states = pybp_optimizer_states(optimizer);
    const bool fresh = net->progress.optimizer != (int)optimizer->kind;
    char *state[2];
    if (!fresh && net->progress.n_states == states)
        return PYBP_OK;
    const pybp_status status = pybp_optimizer_buffers(net, states, state);
    if (status != PYBP_OK)
        return status;
    if (fresh) {
        pybp_optimizer_detach(net);
        net->progress.optimizer = (int)optimizer->kind;
    } else { /* SGD with momentum switched on or off: the velocity starts at zero */
        for (int i = 0; i < 2; i++)
            pybp_free(net->state[i]);
    }
    net->progress.n_states = states;
    for (int i = 0; i < 2; i++)
        net->state[i] = state[i];
    if (optimizer->kind == PYBP_OPTIMIZER_ADAGRAD && optimizer->params[2] != 0)
        fill(net, net->state[0], optimizer->params[2]);
    return PYBP_OK;
}

/* The rules that divide by 1 - beta^t; their first parameters are the betas. */
static bool has_betas(pybp_optimizer_kind kind)
{
    return kind == PYBP_OPTIMIZER_ADAM || kind == PYBP_OPTIMIZER_ADAMW || kind == PYBP_OPTIMIZER_ADAMAX ||
           kind == PYBP_OPTIMIZER_RADAM;
}

void pybp_rule_next(const pybp_net *net, const pybp_optimizer *optimizer, double lr, pybp_progress *progress,
                    pybp_rule *rule)
{
    pybp_step_scalars step = {.params = optimizer->params, .lr = lr, .weight_decay_factor = 1};
    progress->steps += 1;
    for (int i = 0; has_betas(optimizer->kind) && i < PYBP_N_POWERS; i++)
        progress->powers[i] = progress->powers[i] * optimizer->params[i];
    step.t = progress->steps;
    step.powers = progress->powers;
    rule->update = net->k->update[optimizer->kind];
    net->k->prepare[optimizer->kind](&step, &rule->weights);
    step.lr = lr * optimizer->bias_lr_factor;
    step.weight_decay_factor = optimizer->no_bias_decay ? 0 : 1;
    rule->same = optimizer->bias_lr_factor == 1 && !optimizer->no_bias_decay;
    if (!rule->same)
        net->k->prepare[optimizer->kind](&step, &rule->biases);
    rule->factor = 1;
    rule->limit = optimizer->clip_value;
}

static char *at_line(char *buffer, size_t line)
{
    return buffer == NULL ? NULL : buffer + line * PYBP_LINE;
}

void pybp_rule_apply(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                     char *g)
{
    const pybp_layer *of = &net->layers[layer];
    const size_t line = of->offset + panel * of->panel_lines + k0, per_line = net->k->panel;
    const size_t weights = !rule->same && k1 > of->fan ? of->fan - k0 : k1 - k0;
    if (rule->factor < 1 || rule->limit > 0)
        net->k->clip((k1 - k0) * per_line, g, rule->factor, rule->limit);
    rule->update(weights * per_line, at_line(net->params, line), g, at_line(net->state[0], line),
                 at_line(net->state[1], line), &rule->weights);
    if (weights < k1 - k0) /* the last line: the biases */
        rule->update(per_line, at_line(net->params, line + weights), at_line(g, weights),
                     at_line(net->state[0], line + weights), at_line(net->state[1], line + weights), &rule->biases);
}
