/* What a layer says about its training: penalties, scales, factors, a largest norm. Sums over the weights of an
 * output are one chain each, so that panels can be dealt out to threads. */
#include "net/model/net.h"

#include <math.h>

void pybp_layer_options(pybp_net *net, pybp_layer *layer)
{
    const pybp_layer_desc *desc = &layer->desc;
    layer->unscale = desc->parametrization == PYBP_NTK ? sqrt((double)layer->fan) : 1;
    layer->scale = 1 / layer->unscale;
    layer->lr_factor = desc->has_lr_factors ? desc->lr_factor : 1;
    layer->bias_lr_factor = desc->has_lr_factors ? desc->bias_lr_factor : 1;
    layer->plain_rule = layer->scale == 1 && layer->lr_factor == 1 && layer->bias_lr_factor == 1;
    layer->penalized = !desc->frozen && layer->fan > 0 && (desc->l1 > 0 || desc->l2 > 0);
    net->n_penalized += layer->penalized ? layer->n_out : 0;
    net->free_lines += desc->frozen ? 0 : layer->lines;
    net->constrained = net->constrained || (!desc->frozen && desc->max_norm > 0);
    net->plain_gradients = net->plain_gradients && !layer->penalized && !desc->frozen && layer->scale == 1;
}

static size_t outputs_of(const pybp_net *net, const pybp_layer *layer, size_t panel)
{
    const size_t left = layer->n_out - panel * net->k->panel;
    return left < net->k->panel ? left : net->k->panel;
}

/* What the outputs of a panel add. */
static void panel_penalties(const pybp_net *net, size_t l, size_t panel, double *to)
{
    const pybp_layer *layer = &net->layers[l];
    const double u = layer->unscale, l1 = layer->desc.l1 * u, l2 = 0.5 * layer->desc.l2 * (u * u);
    double absolute[PYBP_MAX_PANEL], squares[PYBP_MAX_PANEL];
    net->k->magnitudes(layer->fan, pybp_param_line(net, net->params, l, panel, 0), absolute, squares);
    for (size_t j = 0; j < outputs_of(net, layer, panel); j++)
        to[j] = l1 * absolute[j] + l2 * squares[j];
}

void pybp_penalty_part(const pybp_net *net, int tid, int threads, double *parts)
{
    size_t number = 0; /* of the panel among all */
    for (size_t l = 0; l < net->n_layers; l++) {
        if (!net->layers[l].penalized)
            continue;
        for (size_t p = 0; p < net->layers[l].panels; p++, number++)
            if (number % (size_t)threads == (size_t)tid)
                panel_penalties(net, l, p, parts + p * net->k->panel);
        parts += net->layers[l].n_out;
    }
}

double pybp_penalty_sum(const pybp_net *net, const double *parts)
{
    double sum = 0;
    for (size_t i = 0; i < net->n_penalized; i++)
        sum = sum + parts[i];
    return sum;
}

double pybp_penalty(const pybp_net *net)
{
    double parts[PYBP_MAX_PANEL], sum = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t p = 0; net->layers[l].penalized && p < net->layers[l].panels; p++) {
            panel_penalties(net, l, p, parts);
            for (size_t j = 0; j < outputs_of(net, &net->layers[l], p); j++)
                sum = sum + parts[j];
        }
    return sum;
}

void pybp_penalize(const pybp_net *net, char *grads)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        const double u = layer->unscale;
        for (size_t p = 0; layer->penalized && p < layer->panels; p++)
            net->k->penalize(layer->fan * net->k->panel, pybp_param_line(net, net->params, l, p, 0),
                             pybp_param_line(net, grads, l, p, 0), 1, layer->desc.l1 * u, layer->desc.l2 * (u * u));
    }
}

static void constrain_panel(const pybp_net *net, size_t l, size_t panel)
{
    const pybp_layer *layer = &net->layers[l];
    const double limit = layer->desc.max_norm * layer->scale;
    double absolute[PYBP_MAX_PANEL], squares[PYBP_MAX_PANEL];
    _Alignas(PYBP_LINE) char factors[PYBP_LINE];
    bool any = false;
    net->k->magnitudes(layer->fan, pybp_param_line(net, net->params, l, panel, 0), absolute, squares);
    for (size_t j = 0; j < net->k->panel; j++) {
        const double norm = sqrt(squares[j]);
        const bool over = j < outputs_of(net, layer, panel) && norm > limit;
        net->k->set(factors + j * net->k->size, over ? limit / norm : 1);
        any = any || over;
    }
    if (any)
        net->k->rescale(layer->fan, pybp_param_line(net, net->params, l, panel, 0), factors);
}

void pybp_constrain(const pybp_net *net, int tid, int threads)
{
    size_t number = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t p = 0; !net->layers[l].desc.frozen && net->layers[l].desc.max_norm > 0 && p < net->layers[l].panels;
             p++, number++)
            if (number % (size_t)threads == (size_t)tid)
                constrain_panel(net, l, p);
}
