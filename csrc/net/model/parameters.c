/* Parameters between logical order (row-major, as users see them) and packed panels. */
#include "net/model/net.h"

#include <string.h>

/* The element (row j of the panel layout, line k) of layer l. */
static char *element(const pybp_net *net, const char *buffer, size_t l, size_t j, size_t k)
{
    return pybp_param_line(net, (char *)(uintptr_t)buffer, l, j / net->k->panel, k) + j % net->k->panel * net->k->size;
}

/* Lines k0 ... k1 of the last panel: zeros above the real outputs, whatever a diverged training left there. */
static void clear_padding(const pybp_net *net, char *buffer, size_t l, size_t k0, size_t k1)
{
    const pybp_layer *layer = &net->layers[l];
    const size_t used = layer->n_out % net->k->panel * net->k->size;
    for (size_t k = k0; used > 0 && k < k1; k++)
        memset(element(net, buffer, l, layer->n_out, k), 0, PYBP_LINE - used);
}

static void copy_weights(const pybp_net *net, const char *buffer, size_t l, char *values, bool pack)
{
    const pybp_layer *layer = &net->layers[l];
    const size_t size = net->k->size;
    for (size_t j = 0; j < layer->n_out; j++) {
        char *packed = element(net, buffer, l, j, 0), *value = values + j * layer->fan * size;
        for (size_t i = 0; i < layer->fan; i++, packed += PYBP_LINE, value += size)
            memcpy(pack ? packed : value, pack ? value : packed, size);
    }
}

static void copy_line(const pybp_net *net, const char *buffer, size_t l, size_t line, char *values, bool pack)
{
    const pybp_layer *layer = &net->layers[l];
    const size_t size = net->k->size;
    for (size_t j = 0; j < layer->n_out; j++) {
        char *packed = element(net, buffer, l, j, line), *value = values + j * size;
        memcpy(pack ? packed : value, pack ? value : packed, size);
    }
}

void pybp_unpack_weights(const pybp_net *net, const char *buffer, size_t layer, void *to)
{
    copy_weights(net, buffer, layer, to, false);
}

void pybp_unpack_line(const pybp_net *net, const char *buffer, size_t layer, size_t line, void *to)
{
    copy_line(net, buffer, layer, line, to, false);
}

void pybp_pack_weights(const pybp_net *net, char *buffer, size_t layer, const void *from)
{
    copy_weights(net, buffer, layer, (char *)(uintptr_t)from, true);
    clear_padding(net, buffer, layer, 0, net->layers[layer].fan);
}

void pybp_pack_line(const pybp_net *net, char *buffer, size_t layer, size_t line, const void *from)
{
    copy_line(net, buffer, layer, line, (char *)(uintptr_t)from, true);
    clear_padding(net, buffer, layer, line, line + 1);
}

void pybp_copy_flat(const pybp_net *net, char *buffer, char *flat, bool pack)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        const size_t weights = layer->n_out * layer->fan * net->k->size;
        if (pack)
            pybp_pack_weights(net, buffer, l, flat);
        else
            pybp_unpack_weights(net, buffer, l, flat);
        flat += weights;
        if (layer->count * net->k->size == weights)
            continue; /* no biases */
        if (pack)
            pybp_pack_line(net, buffer, l, layer->fan, flat);
        else
            pybp_unpack_line(net, buffer, l, layer->fan, flat);
        flat += layer->n_out * net->k->size;
    }
}

bool pybp_buffer_finite(const pybp_net *net, const char *buffer)
{
    return net->k->finite(net->lines * net->k->panel, buffer);
}

void pybp_forget_pass(pybp_net *net)
{
    net->hand_rows = 0;
    net->hand_deltas = false;
}
