#include "net/model/parameters.h"

#include <string.h>

/* Set the lanes of the last panel that belong to no output to zero, in lines k0 ... k1 - 1: a diverged training may
 * have left infinities there. */
static void clear_padding(const pybp_net *net, char *buffer, size_t l, size_t k0, size_t k1)
{
    const pybp_layer *layer = &net->layers[l];
    const size_t used = layer->n_out % net->k->panel * net->k->size;
    for (size_t k = k0; used > 0 && k < k1; k++)
        memset(pybp_param_at(net, buffer, l, layer->n_out, k), 0, PYBP_LINE - used);
}

/* Between lines first ... first + lines - 1 of layer l and (n_out, lines) values. */
static void copy(const pybp_net *net, char *buffer, size_t l, size_t first, size_t lines, char *values, bool pack)
{
    const size_t size = net->k->size;
    if (lines == 0) /* and there may be more outputs than memory */
        return;
    for (size_t j = 0; j < net->layers[l].n_out; j++) {
        char *packed = pybp_param_at(net, buffer, l, j, first);
        for (size_t i = 0; i < lines; i++, packed += PYBP_LINE, values += size)
            memcpy(pack ? packed : values, pack ? values : packed, size);
    }
}

static void unpack(const pybp_net *net, const char *buffer, size_t l, size_t first, size_t lines, void *values)
{
    copy(net, (char *)(uintptr_t)buffer, l, first, lines, values, false);
}

static void pack(const pybp_net *net, char *buffer, size_t l, size_t first, size_t lines, const void *values)
{
    copy(net, buffer, l, first, lines, (char *)(uintptr_t)values, true);
    clear_padding(net, buffer, l, first, first + lines);
}

void pybp_unpack_weights(const pybp_net *net, const char *buffer, size_t layer, void *values)
{
    unpack(net, buffer, layer, 0, net->layers[layer].fan, values);
}

void pybp_pack_weights(const pybp_net *net, char *buffer, size_t layer, const void *values)
{
    pack(net, buffer, layer, 0, net->layers[layer].fan, values);
}

void pybp_unpack_line(const pybp_net *net, const char *buffer, size_t layer, size_t line, void *values)
{
    unpack(net, buffer, layer, line, 1, values);
}

void pybp_pack_line(const pybp_net *net, char *buffer, size_t layer, size_t line, const void *values)
{
    pack(net, buffer, layer, line, 1, values);
}

void pybp_unpack_all(const pybp_net *net, const char *buffer, char *values)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        pybp_unpack_weights(net, buffer, l, values);
        values += layer->n_out * layer->fan * net->k->size;
        if (!layer->has_bias)
            continue;
        pybp_unpack_line(net, buffer, l, layer->fan, values);
        values += layer->n_out * net->k->size;
    }
}

void pybp_pack_all(const pybp_net *net, char *buffer, const char *values)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        pybp_pack_weights(net, buffer, l, values);
        values += layer->n_out * layer->fan * net->k->size;
        if (!layer->has_bias)
            continue;
        pybp_pack_line(net, buffer, l, layer->fan, values);
        values += layer->n_out * net->k->size;
    }
}

void pybp_flush_layer(const pybp_net *net, char *buffer, size_t l)
{
    net->k->flush(net->layers[l].lines * net->k->panel, pybp_param_line(net, buffer, l, 0, 0));
}

void pybp_flush_all(const pybp_net *net, char *buffer)
{
    net->k->flush(net->lines * net->k->panel, buffer);
}

bool pybp_buffer_finite(const pybp_net *net, const char *buffer)
{
    return net->k->finite(net->lines * net->k->panel, buffer);
}

void pybp_forget_forward(pybp_net *net)
{
    net->manual.rows = 0;
    net->manual.has_deltas = false;
}
