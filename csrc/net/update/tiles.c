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

/* A thread's part of the lines of all panels. */
typedef struct range {
    size_t begin, end;
} range;

/* How many panels of a layer, from panel p on, lie in the range with the same lines: at most `most`. Lines are numbered
 * as cut() does; panel p begins at `first`. */
static size_t panels_alike(const pybp_layer *layer, range r, size_t first, size_t p, size_t most)
{
    size_t n = 1;
    if (most == 1 || p + 1 == layer->panels)
        return n;
    const size_t begin = cut(r.begin, first, layer->trained), end = cut(r.end, first, layer->trained);
    for (; n < most && p + n < layer->panels; n++) {
        first += layer->panel_lines;
        if (cut(r.begin, first, layer->trained) != begin || cut(r.end, first, layer->trained) != end)
            break;
    }
    return n;
}

/* All panels of INPUTS inputs before the next ones: a gradient reads the activations of its inputs, which stay in L2
 * meanwhile (256 rows of them are 393 KB in float, twice that in double). Panel by panel, wide layers would read all of
 * their activations from L3 for each. */
#define INPUTS (4 * PYBP_BLOCK_K)

static void for_each_in_layer(const pybp_net *net, size_t l, size_t offset, range r, size_t most, pybp_tiles_fn *fn,
                              void *ctx)
{
    const pybp_layer *layer = &net->layers[l];
    for (size_t from = 0, n; from < layer->trained; from += INPUTS)
        for (size_t p = 0; p < layer->panels; p += n) {
            const size_t first = offset + p * layer->panel_lines, end = cut(r.end, first, layer->trained);
            const size_t begin = cut(r.begin, first, layer->trained), last = end < from + INPUTS ? end : from + INPUTS;
            n = panels_alike(layer, r, first, p, most);
            for (size_t k = begin > from ? begin : from; k < last; k += PYBP_BLOCK_K)
                fn(ctx, l, p, n, k, last - k < PYBP_BLOCK_K ? last : k + PYBP_BLOCK_K);
        }
}

static void for_each(const pybp_net *net, bool frozen_too, int tid, int threads, size_t most, pybp_tiles_fn *fn,
                     void *ctx)
{
    const size_t all = frozen_too ? net->lines : net->free_lines;
    const size_t each = all / (size_t)threads, rest = all % (size_t)threads;
    const range r = {.begin = each * (size_t)tid + rest * (size_t)tid / (size_t)threads,
                     .end = each * ((size_t)tid + 1) + rest * ((size_t)tid + 1) / (size_t)threads};
    size_t offset = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        if (layer->desc.frozen && !frozen_too)
            continue;
        if (layer->trained > 0)
            for_each_in_layer(net, l, offset, r, most, fn, ctx);
        offset += layer->lines;
    }
}

typedef struct single {
    pybp_tile_fn *fn;
    void *ctx;
} single;

static void call_single(void *ctx, size_t l, size_t panel, size_t panels, size_t k0, size_t k1)
{
    const single *s = ctx;
    (void)panels;
    s->fn(s->ctx, l, panel, k0, k1);
}

void pybp_for_each_trained_tile(const pybp_net *net, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    single s = {fn, ctx};
    for_each(net, false, tid, threads, 1, call_single, &s);
}

void pybp_for_each_tile_group(const pybp_net *net, int tid, int threads, pybp_tiles_fn *fn, void *ctx)
{
    for_each(net, true, tid, threads, net->k->gradient_panels, fn, ctx);
}

void pybp_for_each_trained_tile_group(const pybp_net *net, int tid, int threads, pybp_tiles_fn *fn, void *ctx)
{
    for_each(net, false, tid, threads, net->k->gradient_panels, fn, ctx);
}

size_t pybp_count_trained_tile_groups(const pybp_net *net)
{
    const size_t most = net->k->gradient_panels;
    size_t groups = 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const pybp_layer *layer = &net->layers[l];
        if (!layer->desc.frozen)
            groups += (layer->panels + most - 1) / most * ((layer->trained + PYBP_BLOCK_K - 1) / PYBP_BLOCK_K);
    }
    return groups;
}
