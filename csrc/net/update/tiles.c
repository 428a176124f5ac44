#include "net/update/tiles.h"

/* A share begins and ends at any panel's line that is a multiple of this, so that shares are nearly equal. */
#define CUT PYBP_MAX_PANEL /* as kernels want it */

static size_t cut(size_t place, size_t first, size_t used)
{
    if (place <= first)
        return 0;
    const size_t k = (place - first + CUT - 1) / CUT * CUT;
    return k < used ? k : used;
}

static void each_tile(const pybp_net *net, bool frozen_too, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    const size_t all = frozen_too ? net->lines : net->free_lines;
    const size_t share = all / (size_t)threads, spare = all % (size_t)threads;
    const size_t begin = share * (size_t)tid + spare * (size_t)tid / (size_t)threads;
    const size_t end = share * ((size_t)tid + 1) + spare * ((size_t)tid + 1) / (size_t)threads;
    size_t offset = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        if (layer->desc.frozen && !frozen_too)
            continue;
        const size_t lines = layer->panel_lines, used = layer->trained;
        for (size_t p = 0; p < layer->panels; p++) {
            const size_t first = offset + p * lines, last = cut(end, first, used);
            for (size_t k = cut(begin, first, used); k < last; k += PYBP_BLOCK_K)
                fn(ctx, l, p, k, last - k < PYBP_BLOCK_K ? last : k + PYBP_BLOCK_K);
        }
        offset += layer->lines;
    }
}

void pybp_each_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    each_tile(net, true, tid, threads, fn, ctx);
}

void pybp_each_trained_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    each_tile(net, false, tid, threads, fn, ctx);
}

size_t pybp_trained_tiles(const pybp_net *net)
{
    size_t tiles = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        if (!net->layers[l].desc.frozen)
            tiles += net->layers[l].panels * ((net->layers[l].trained + PYBP_BLOCK_K - 1) / PYBP_BLOCK_K);
    return tiles;
}
