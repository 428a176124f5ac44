#include "net/model/links.h"

#include "base/status.h"

pybp_status pybp_layer_invalid(size_t l, const pybp_layer *layer, const char *what)
{
    return pybp_fail(PYBP_INVALID, "layer %zu (%s): %s", l, layer->traits->name, what);
}

/* ---- what a layer reads ---- */

/* `from` becomes the layer that is `back` places before the one before layer l, -1 being the net's input. False if
 * there is no such place. */
static bool find_source(size_t l, size_t back, ptrdiff_t *from)
{
    if (back > l)
        return false;
    *from = (ptrdiff_t)(l - back) - 1;
    return true;
}

static int count_links(enum pybp_reads reads)
{
    return reads == PYBP_READS_TWO_LAYERS ? 2 : reads == PYBP_READS_COLUMN ? 0 : 1;
}

/* JOINED and COLUMN layers read the net's input, and JOINED ones the embeddings besides; the others read one or two
 * layers. */
pybp_status pybp_link_layer(const pybp_net *net, size_t l)
{
    pybp_layer *layer = &net->layers[l];
    const enum pybp_reads reads = layer->traits->reads;
    const bool from_input = reads == PYBP_READS_COLUMN || reads == PYBP_READS_JOINED;
    layer->n_links = count_links(reads);
    if (!find_source(l, from_input ? l : layer->desc.from, &layer->link[0].from))
        return pybp_layer_invalid(l, layer, "its input lies before the net's input");
    if (!find_source(l, layer->desc.skip, &layer->link[1].from))
        return pybp_layer_invalid(l, layer, "its other input lies before the net's input");
    if (layer->desc.skip != 0 && reads != PYBP_READS_TWO_LAYERS)
        return pybp_layer_invalid(l, layer, "only add and concat have a skip");
    if (layer->desc.from != 0 && from_input)
        return pybp_layer_invalid(l, layer, "it reads the net's input, not another layer");
    for (int i = 0; i < layer->n_links; i++) {
        const ptrdiff_t from = layer->link[i].from;
        if (!from_input && (from < 0 ? net->n_embeddings > 0 : (size_t)from < net->n_embeddings))
            return pybp_layer_invalid(l, layer, "only join reads embeddings, and the input beside them");
    }
    return PYBP_OK;
}

/* ---- what reads a layer ---- */

static void count_readers(pybp_net *net)
{
    for (size_t l = 0; l < net->n_layers; l++)
        net->layers[l].last_reader = (ptrdiff_t)l;
    for (size_t l = 0; l < net->n_layers; l++)
        for (int i = 0; i < net->layers[l].n_links; i++) {
            const ptrdiff_t from = net->layers[l].link[i].from;
            int *readers = from < 0 ? &net->input_readers : &net->layers[from].readers;
            ++*readers;
            if (from >= 0)
                net->layers[from].last_reader = (ptrdiff_t)l;
        }
    for (size_t e = 0; e < net->n_embeddings; e++) { /* the join has no links to them */
        net->layers[e].readers = 1;
        net->layers[e].last_reader = (ptrdiff_t)net->n_embeddings;
    }
}

static pybp_status check_readers(const pybp_net *net)
{
    if (net->n_embeddings == net->n_layers)
        return pybp_layer_invalid(0, &net->layers[0], "after embeddings comes a join");
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (net->layers[l].readers == 0)
            return pybp_layer_invalid(l, &net->layers[l], "no layer reads it");
    return PYBP_OK;
}

/* In the order in which the backward pass makes them. */
static void plan_contributions(pybp_net *net)
{
    int to_input = 0;
    for (size_t l = net->n_layers; l-- > 0;)
        for (int i = 0; i < net->layers[l].n_links; i++) {
            pybp_link *link = &net->layers[l].link[i];
            pybp_layer *to = link->from < 0 ? NULL : &net->layers[link->from];
            const int number = to == NULL ? ++to_input : ++to->contributions;
            const int left = (to == NULL ? net->input_readers : to->readers) - number;
            link->into_sum = left % 2 != 0;
            link->adds = number > 1;
            link->last = left == 0;
        }
}

pybp_status pybp_link_readers(pybp_net *net)
{
    count_readers(net);
    plan_contributions(net);
    return check_readers(net);
}
