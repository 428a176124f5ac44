/* Optimizer state and the rule of one step. */
#define PYBP_ISA_SCALAR
#include "base/status.h"
#include "net/model/net.h"
#include "simd/simd.h"
#include "simd/vmath.h"

#define NEAR (2u << 20) /* bytes of parameters up to which they and their states stay in a core's own cache */

enum { NONE, BETAS, NADAM };

static const int row_powers[PYBP_N_OPTIMIZERS] = {
#define PYBP_OPTIMIZER(NAME, name, Class, states, powers, rule, params) [PYBP_OPTIMIZER_##NAME] = powers,
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
};

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

pybp_status pybp_optimizer_buffers(const pybp_net *net, int states, char *state[PYBP_N_STATES])
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
    const pybp_status status = pybp_optimizer_buffers(net, states, state);
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

/* nadam's momentum of update t: beta1 (1 - 0.96^(t momentum_decay) / 2). */
static double nadam_momentum(const double *params, uint64_t t)
{
    const double log_of_0_96 = -0.040821994520255166;
    return params[0] * (1 - 0.5 * f64_exp((double)t * params[4] * log_of_0_96));
}

/* The running products that the rule reads, and the momenta behind the third. */
static void advance(const pybp_optimizer *optimizer, pybp_progress *progress, pybp_step_scalars *step)
{
    const int powers = row_powers[optimizer->kind];
    progress->steps += 1;
    step->t = progress->steps;
    step->powers = progress->powers;
    for (int i = 0; powers != NONE && i < 2; i++)
        progress->powers[i] = progress->powers[i] * optimizer->params[i];
    if (powers == NADAM) {
        step->mu = nadam_momentum(optimizer->params, step->t);
        step->mu_next = nadam_momentum(optimizer->params, step->t + 1);
        progress->powers[2] = progress->powers[2] * step->mu;
    }
}

/* The constants of a layer's weights or biases. The scale of its weights is a factor of how far they move, and
 * undone where a decay reads them. */
static void layer_constants(const pybp_net *net, const pybp_rule *rule, const pybp_layer *layer, bool biases,
                            pybp_constants *constants)
{
    pybp_step_scalars step = rule->step;
    const bool exempt = biases && rule->optimizer->no_bias_decay;
    double lr = step.lr * layer->lr_factor;
    if (biases)
        lr = step.lr * rule->optimizer->bias_lr_factor * layer->lr_factor * layer->bias_lr_factor;
    step.scale = biases ? 1 : layer->scale;
    step.lr = lr * step.scale;
    step.decay = exempt ? 0 : biases ? 1 : layer->unscale;
    step.shrink = exempt ? 0 : lr;
    net->k->prepare[rule->optimizer->kind](&step, constants);
}

void pybp_rule_next(const pybp_net *net, const pybp_optimizer *optimizer, double lr, pybp_progress *progress,
                    pybp_rule *rule)
{
    static const pybp_layer plain = {.scale = 1, .unscale = 1, .lr_factor = 1, .bias_lr_factor = 1};
    rule->update = net->k->update[optimizer->kind];
    rule->optimizer = optimizer;
    rule->step = (pybp_step_scalars){.params = optimizer->params, .lr = lr};
    advance(optimizer, progress, &rule->step);
    layer_constants(net, rule, &plain, false, &rule->weights);
    rule->same = optimizer->bias_lr_factor == 1 && !optimizer->no_bias_decay;
    if (!rule->same)
        layer_constants(net, rule, &plain, true, &rule->biases);
    rule->far = pybp_buffer_bytes(net) > NEAR;
    rule->penalty = 1;
    rule->factor = 1;
    rule->limit = optimizer->clip_value;
}

static void update_lines(const pybp_net *net, pybp_update *update, const pybp_constants *constants, size_t line,
                         size_t lines, const char *g)
{
    void *state[PYBP_N_STATES];
    for (int i = 0; i < PYBP_N_STATES; i++)
        state[i] = net->state[i] == NULL ? NULL : net->state[i] + line * PYBP_LINE;
    update(lines * net->k->panel, net->params + line * PYBP_LINE, g, state, constants);
}

void pybp_rule_gradient(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                        char *g)
{
    const pybp_layer *of = &net->layers[layer];
    const size_t end = k1 < of->fan ? k1 : of->fan;
    const double penalty = of->penalized ? rule->penalty : 0;
    if ((of->penalized || of->scale != 1) && k0 < end)
        net->k->penalize((end - k0) * net->k->panel, pybp_param_line(net, net->params, layer, panel, k0), g, of->scale,
                         of->desc.l1 * penalty, of->desc.l2 * of->unscale * penalty);
}

void pybp_rule_fetch(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1)
{
    const pybp_layer *of = &net->layers[layer];
    const size_t begin = (of->offset + panel * of->panel_lines + k0) * PYBP_LINE, end = begin + (k1 - k0) * PYBP_LINE;
    for (size_t at = begin; at < end && rule->far; at += PYBP_LINE) {
        PYBP_ASK_FOR_L2(net->params + at);
        for (int i = 0; i < PYBP_N_STATES; i++)
            if (net->state[i] != NULL)
                PYBP_ASK_FOR_L2(net->state[i] + at);
    }
}

void pybp_rule_apply(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                     char *g)
{
    const pybp_layer *of = &net->layers[layer];
    const size_t line = of->offset + panel * of->panel_lines + k0;
    const bool same = rule->same && of->plain_rule;
    const size_t weights = same || k1 <= of->fan ? k1 - k0 : of->fan - k0;
    const pybp_constants *of_weights = &rule->weights, *of_biases = &rule->biases;
    pybp_constants own;
    if (rule->factor < 1 || rule->limit > 0)
        net->k->clip((k1 - k0) * net->k->panel, g, rule->factor, rule->limit);
    if (!of->plain_rule) {
        layer_constants(net, rule, of, false, &own);
        of_weights = &own;
    }
    update_lines(net, rule->update, of_weights, line, weights, g);
    if (weights == k1 - k0)
        return;
    if (!of->plain_rule) { /* the last line: the biases */
        layer_constants(net, rule, of, true, &own);
        of_biases = &own;
    }
    update_lines(net, rule->update, of_biases, line + weights, 1, g + weights * PYBP_LINE);
}
