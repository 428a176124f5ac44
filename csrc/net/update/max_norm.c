#include "net/update/max_norm.h"

#include <math.h>

static void scale_panel(const pybp_net *net, size_t l, size_t panel)
{
    const pybp_layer *layer = &net->layers[l];
    const double limit = layer->desc.max_norm * layer->scale; /* of the weights as they are stored */
    double absolute[PYBP_MAX_PANEL], squares[PYBP_MAX_PANEL];
    _Alignas(PYBP_LINE) char factors[PYBP_LINE];
    bool any = false;
    net->k->magnitudes(layer->fan, pybp_param_line(net, net->params, l, panel, 0), absolute, squares);
    for (size_t j = 0; j < net->k->panel; j++) {
        const double norm = sqrt(squares[j]);
        const bool over = j < pybp_panel_width(net, layer->n_out, panel) && norm > limit;
        net->k->set(factors + j * net->k->size, over ? limit / norm : 1);
        any = any || over;
    }
    if (any)
        net->k->rescale(layer->fan, pybp_param_line(net, net->params, l, panel, 0), factors);
}

void pybp_apply_max_norm(const pybp_net *net, int tid, int threads)
{
    size_t number = 0; /* of the panel among those of all layers */
    for (size_t l = 0; l < net->n_layers; l++)
        for (size_t p = 0; !net->layers[l].desc.frozen && net->layers[l].desc.max_norm > 0 && p < net->layers[l].panels;
             p++, number++)
            if (number % (size_t)threads == (size_t)tid)
                scale_panel(net, l, p);
}
