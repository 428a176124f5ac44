#include "net/update/tiles.h"

/* Threads divide the lines of all panels, as if these lay one after the other, into ranges of nearly equal length. A
 * range may begin and end within a panel, but only at multiples of this, as kernels require. */
#define CUT PYBP_MAX_PANEL

/* The line, of `used` lines of a panel that begins at line `first` of all, at which a range that ends at line `at` of
 * all is cut off. */
static size_t cut(size_t at, size_t first, size_t used)
{
    if (at <= first)
        return 0;
    const size_t k = (at - first + CUT - 1) / CUT * CUT;
    return k < used ? k : used;
}

static void for_each_tile(const pybp_net *net, bool frozen_too, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    const size_t all = frozen_too ? net->lines : net->free_lines;
    const size_t each = all / (size_t)threads, rest = all % (size_t)threads;
    const size_t begin = each * (size_t)tid + rest * (size_t)tid / (size_t)threads;
    const size_t end = each * ((size_t)tid + 1) + rest * ((size_t)tid + 1) / (size_t)threads;
    size_t offset = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        if (layer->desc.frozen && !frozen_too)
            continue;
        for (size_t p = 0; p < layer->panels && layer->trained > 0; p++) {
            const size_t first = offset + p * layer->panel_lines, last = cut(end, first, layer->trained);
            for (size_t k = cut(begin, first, layer->trained); k < last; k += PYBP_BLOCK_K)
                fn(ctx, l, p, k, last - k < PYBP_BLOCK_K ? last : k + PYBP_BLOCK_K);
        }
        offset += layer->lines;
    }
}

void pybp_for_each_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    for_each_tile(net, true, tid, threads, fn, ctx);
}

void pybp_for_each_trained_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    for_each_tile(net, false, tid, threads, fn, ctx);
}

size_t pybp_count_trained_tiles(const pybp_net *net)
{
    size_t tiles = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        if (!net->layers[l].desc.frozen)
            tiles += net->layers[l].panels * ((net->layers[l].trained + PYBP_BLOCK_K - 1) / PYBP_BLOCK_K);
    return tiles;
}
