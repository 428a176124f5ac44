/* Parameters cut into tiles: at most PYBP_BLOCK_K lines of one panel of one layer, beginning at a multiple of
 * PYBP_MAX_PANEL. */
#ifndef PYBP_NET_UPDATE_TILES_H
#define PYBP_NET_UPDATE_TILES_H

#include "net/model/net.h"

/* Called for lines k0 ... k1 - 1 of a panel. */
typedef void pybp_tile_fn(void *ctx, size_t layer, size_t panel, size_t k0, size_t k1);

/* Called for lines k0 ... k1 - 1 of `panels` neighbouring panels. */
typedef void pybp_tiles_fn(void *ctx, size_t layer, size_t panel, size_t panels, size_t k0, size_t k1);

/* Call fn for thread tid's part of the tiles of all layers that are not frozen; the parts of all threads together are
 * all tiles. Lines that no optimizer updates (absent biases, statistics) belong to no tile. */
void pybp_for_each_trained_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx);
/* The same, with tiles of neighbouring panels in one call, as many as k->gradient_panels. */
void pybp_for_each_trained_tile_group(const pybp_net *net, int tid, int threads, pybp_tiles_fn *fn, void *ctx);
/* The same, with frozen layers. */
void pybp_for_each_tile_group(const pybp_net *net, int tid, int threads, pybp_tiles_fn *fn, void *ctx);
/* The number of groups that are not frozen, with one thread. */
size_t pybp_count_trained_tile_groups(const pybp_net *net);

#endif
