#include "net/update/penalties.h"

/* The penalty of each of the panel's outputs. */
static void panel_penalties(const pybp_net *net, size_t l, size_t panel, double *to)
{
    const pybp_layer *layer = &net->layers[l];
    const double u = layer->unscale, l1 = layer->desc.l1 * u, l2 = 0.5 * layer->desc.l2 * (u * u);
    double absolute[PYBP_MAX_PANEL], squares[PYBP_MAX_PANEL];
    net->k->magnitudes(layer->fan, pybp_param_line(net, net->params, l, panel, 0), absolute, squares);
    for (size_t j = 0; j < pybp_panel_width(net, layer->n_out, panel); j++)
        to[j] = l1 * absolute[j] + l2 * squares[j];
}

void pybp_penalty_part(const pybp_net *net, int tid, int threads, double *penalties)
{
    size_t number = 0; /* of the panel among all */
    for (size_t l = 0; l < net->n_layers; l++) {
        if (!net->layers[l].penalized)
            continue;
        for (size_t p = 0; p < net->layers[l].panels; p++, number++)
            if (number % (size_t)threads == (size_t)tid)
                panel_penalties(net, l, p, penalties + p * net->k->panel);
        penalties += net->layers[l].n_out;
    }
}

double pybp_penalty_sum(const pybp_net *net, const double *penalties)
{
    double sum = 0;
    for (size_t i = 0; i < net->n_penalized; i++)
        sum = sum + penalties[i];
    return sum;
}

double pybp_penalty(const pybp_net *net)
{
    double penalties[PYBP_MAX_PANEL], sum = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t p = 0; net->layers[l].penalized && p < net->layers[l].panels; p++) {
            panel_penalties(net, l, p, penalties);
            for (size_t j = 0; j < pybp_panel_width(net, net->layers[l].n_out, p); j++)
                sum = sum + penalties[j];
        }
    return sum;
}

void pybp_add_penalty_gradient(const pybp_net *net, char *grads)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        const double u = layer->unscale;
        for (size_t p = 0; layer->penalized && p < layer->panels; p++)
            net->k->penalize(layer->fan * net->k->panel, pybp_param_line(net, net->params, l, p, 0),
                             pybp_param_line(net, grads, l, p, 0), 1, layer->desc.l1 * u, layer->desc.l2 * (u * u));
    }
}
