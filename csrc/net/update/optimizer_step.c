#include "net/update/optimizer_step.h"

#include "math/scalars.h"

/* Bytes of parameters that stay, with their states, in a core's own cache. */
#define CACHED_BYTES (2u << 20)

/* What running products an optimizer keeps (optimizers.def). */
enum { NONE, BETAS, NADAM };

static const int row_powers[PYBP_N_OPTIMIZERS] = {
#define PYBP_OPTIMIZER(NAME, name, Class, states, powers, rule, params) [PYBP_OPTIMIZER_##NAME] = powers,
#include "registry/optimizers.def"
#undef PYBP_OPTIMIZER
};

/* nadam's momentum of update t: beta1 (1 - 0.96^(t momentum_decay) / 2). */
static double nadam_momentum(const double *params, uint64_t t)
{
    const double log_of_0_96 = -0.040821994520255166;
    return params[0] * (1 - 0.5 * pybp_exp((double)t * params[4] * log_of_0_96));
}

/* b^t, which ends at 0 before it is subnormal. */
static double next_power(double power, double factor)
{
    const double next = power * factor;
    return next < 0x1p-511 ? 0 : next;
}

/* Count the step, and update the running products and momenta that the optimizer reads. */
static void advance(const pybp_optimizer *optimizer, pybp_progress *progress, pybp_step_scalars *step)
{
    const int powers = row_powers[optimizer->kind];
    progress->steps += 1;
    step->t = progress->steps;
    step->powers = progress->powers;
    for (int i = 0; powers != NONE && i < 2; i++)
        progress->powers[i] = next_power(progress->powers[i], optimizer->params[i]);
    if (powers == NADAM) {
        step->mu = nadam_momentum(optimizer->params, step->t);
        step->mu_next = nadam_momentum(optimizer->params, step->t + 1);
        progress->powers[2] = next_power(progress->powers[2], step->mu);
    }
}

/* The constants of a layer's weights or biases. Weights are stored times the layer's scale, so that their update is
 * multiplied by it; weight decay applies to the weights without it. */
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

void pybp_rule_next_step(const pybp_net *net, const pybp_optimizer *optimizer, double lr, pybp_progress *progress,
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
    rule->prefetch = pybp_buffer_bytes(net) > CACHED_BYTES;
    rule->penalty = 1;
    rule->clip_factor = 1;
    rule->clip_value = optimizer->clip_value;
}

/* Update lines of a parameter buffer, beginning at line `first` of the buffer. */
static void update_lines(const pybp_net *net, pybp_update *update, const pybp_constants *constants, size_t first,
                         size_t lines, const char *g)
{
    void *state[PYBP_N_STATES];
    for (int i = 0; i < PYBP_N_STATES; i++)
        state[i] = net->state[i] == NULL ? NULL : net->state[i] + first * PYBP_LINE;
    update(lines * net->k->panel, net->params + first * PYBP_LINE, g, state, constants);
}

void pybp_rule_finish_gradient(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0,
                               size_t k1, char *g)
{
    const pybp_layer *of = &net->layers[layer];
    const size_t end = k1 < of->fan ? k1 : of->fan; /* not the biases */
    const double penalty = of->penalized ? rule->penalty : 0;
    if ((of->penalized || of->scale != 1) && k0 < end)
        net->k->penalize((end - k0) * net->k->panel, pybp_param_line(net, net->params, layer, panel, k0), g, of->scale,
                         of->desc.l1 * penalty, of->desc.l2 * of->unscale * penalty);
}

static size_t line_number(const pybp_layer *layer, size_t panel, size_t k)
{
    return layer->offset + panel * layer->panel_lines + k;
}

void pybp_rule_prefetch(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1)
{
    const size_t begin = line_number(&net->layers[layer], panel, k0) * PYBP_LINE, end = begin + (k1 - k0) * PYBP_LINE;
    for (size_t at = begin; at < end && rule->prefetch; at += PYBP_LINE) {
        PYBP_PREFETCH_L2(net->params + at);
        for (int i = 0; i < PYBP_N_STATES; i++)
            if (net->state[i] != NULL)
                PYBP_PREFETCH_L2(net->state[i] + at);
    }
}

void pybp_rule_apply(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                     char *g)
{
    const pybp_layer *of = &net->layers[layer];
    const size_t first = line_number(of, panel, k0);
    const bool same = rule->same && of->plain_rule;
    const size_t weights = same || k1 <= of->fan ? k1 - k0 : of->fan - k0;
    const pybp_constants *of_weights = &rule->weights, *of_biases = &rule->biases;
    pybp_constants own;
    if (rule->clip_factor < 1 || rule->clip_value > 0)
        net->k->clip((k1 - k0) * net->k->panel, g, rule->clip_factor, rule->clip_value);
    if (!of->plain_rule) {
        layer_constants(net, rule, of, false, &own);
        of_weights = &own;
    }
    update_lines(net, rule->update, of_weights, first, weights, g);
    if (weights == k1 - k0)
        return;
    if (!of->plain_rule) { /* the last line: the biases */
        layer_constants(net, rule, of, true, &own);
        of_biases = &own;
    }
    update_lines(net, rule->update, of_biases, first + weights, 1, g + weights * PYBP_LINE);
}
