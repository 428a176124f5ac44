/* Parameters cut into tiles: at most PYBP_BLOCK_K lines of one panel of one layer, from a multiple of PYBP_MAX_PANEL
 * on. */
#ifndef PYBP_NET_UPDATE_TILES_H
#define PYBP_NET_UPDATE_TILES_H

#include "net/model/net.h"

typedef void pybp_tile_fn(void *ctx, size_t layer, size_t panel, size_t k0, size_t k1);

/* Call fn for this thread's share of all tiles, so that every tile is some thread's. Lines of absent
 * biases belong to none. */
void pybp_each_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx);
/* The same for the layers that are not frozen. */
void pybp_each_trained_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx);
/* How many those are on one thread. */
size_t pybp_trained_tiles(const pybp_net *net);

#endif
