#include "net/workspace/workspace.h"

#include "base/status.h"

#include <string.h>

static size_t panels_of(const pybp_net *net, size_t n)
{
    return n / net->k->panel + (n % net->k->panel != 0);
}

/* Panels of 64-byte lines whose stride is odd: with a power of two, the lines of one row would fall into
 * the same few cache sets. */
static size_t reserve_panels(pybp_arena *arena, size_t panels, size_t capacity)
{
    size_t lines;
    if (!pybp_mul_size(panels, capacity | 1, &lines))
        lines = SIZE_MAX;
    return pybp_arena_reserve_array(arena, lines, PYBP_LINE);
}

static size_t most(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Offsets of a layer's buffers; NOWHERE: not there. */
#define NOWHERE SIZE_MAX
typedef struct offsets {
    size_t z, a, delta, sum, back, stats;
} offsets;

typedef struct plan {
    const pybp_net *net;
    const pybp_pass *pass;
    pybp_arena *arena;
    offsets *at;    /* of layers; at[-1]: the input */
    size_t swap[2]; /* two buffers that take turns */
    int turn;
} plan;

static bool has(const plan *p, int flag)
{
    return p->pass->flags & flag;
}

/* Layers that leave their input as it is, in a pass without a way back, share its buffer. */
static bool transparent(const plan *p, size_t l)
{
    return p->net->layers[l].idle && !has(p, PYBP_PASS_BACK | PYBP_PASS_TRAIN);
}

/* Whether the output is read only by the next layer that writes a buffer of its own. */
static bool short_lived(const plan *p, size_t l)
{
    ptrdiff_t end = p->net->layers[l].last_reader;
    int writers = 0;
    for (ptrdiff_t r = (ptrdiff_t)l + 1; r <= end; r++) {
        if (!transparent(p, (size_t)r))
            writers++;
        else if (p->net->layers[r].last_reader > end)
            end = p->net->layers[r].last_reader;
    }
    return writers <= 1;
}

static size_t plan_output(plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    const bool ones = has(p, PYBP_PASS_BACK) && l + 1 < p->net->n_layers;
    if (transparent(p, l))
        return p->at[layer->link[0].from].a;
    if (!has(p, PYBP_PASS_BACK) && short_lived(p, l))
        return p->swap[p->turn = 1 - p->turn];
    return reserve_panels(p->arena, panels_of(p->net, layer->n_out + ones), p->pass->capacity);
}

/* Whether the layer has a z of its own that this pass keeps. */
static bool keeps_z(const plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    const bool back = has(p, PYBP_PASS_BACK), last = l + 1 == p->net->n_layers;
    switch (layer->desc.kind) {
    case PYBP_LAYER_DENSE:
        return has(p, PYBP_PASS_KEEP) || (last && has(p, PYBP_PASS_LOSS)) || (back && layer->reads_z);
    case PYBP_LAYER_BATCH_NORM:
        return back || has(p, PYBP_PASS_TRAIN);
    case PYBP_LAYER_LAYER_NORM:
    case PYBP_LAYER_RMS_NORM:
        return back;
    default:
        return layer->idle && has(p, PYBP_PASS_TRAIN);
    }
}

static size_t plan_stats(const plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    if (layer->desc.kind == PYBP_LAYER_BATCH_NORM && has(p, PYBP_PASS_TRAIN))
        return pybp_arena_reserve_array(p->arena, layer->panels, PYBP_STATS_LINES * PYBP_LINE);
    if (layer->desc.kind == PYBP_LAYER_LAYER_NORM || layer->desc.kind == PYBP_LAYER_RMS_NORM)
        return pybp_arena_reserve_array(p->arena, p->pass->capacity, p->net->k->size);
    return NOWHERE;
}

static void plan_layer(plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    const bool last = l + 1 == p->net->n_layers, back = has(p, PYBP_PASS_BACK);
    const size_t out = panels_of(p->net, layer->n_out), in = panels_of(p->net, layer->n_in);
    const size_t capacity = p->pass->capacity;
    offsets *at = &p->at[l];
    *at = (offsets){NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE};
    at->a = plan_output(p, l);
    if (layer->desc.kind == PYBP_LAYER_ACTIVATION)
        at->z = p->at[layer->link[0].from].a;
    else if (keeps_z(p, l))
        at->z = reserve_panels(p->arena, out, capacity);
    if (back || (last && has(p, PYBP_PASS_LOSS)))
        at->delta = reserve_panels(p->arena, out, capacity);
    if (back && layer->readers > 1)
        at->sum = reserve_panels(p->arena, out, capacity);
    if (has(p, PYBP_PASS_KEEP) && layer->n_links > 0 && layer->desc.kind != PYBP_LAYER_JOIN)
        at->back = reserve_panels(p->arena, in, capacity);
    at->stats = plan_stats(p, l);
}

static void plan_input(plan *p)
{
    const size_t n_in = p->net->n_in, capacity = p->pass->capacity, in = panels_of(p->net, n_in);
    offsets *at = &p->at[-1];
    *at = (offsets){NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE};
    at->a = reserve_panels(p->arena, panels_of(p->net, n_in + (has(p, PYBP_PASS_BACK) ? 1 : 0)), capacity);
    if (has(p, PYBP_PASS_DX))
        at->delta = reserve_panels(p->arena, in, capacity);
    if (has(p, PYBP_PASS_DX) && p->net->input_readers > 1)
        at->sum = reserve_panels(p->arena, in, capacity);
}

static void plan_layers(plan *p)
{
    plan_input(p);
    if (!has(p, PYBP_PASS_BACK)) {
        size_t widest = 0;
        for (size_t l = 0; l < p->net->n_layers; l++)
            widest = most(widest, panels_of(p->net, p->net->layers[l].n_out));
        for (int i = 0; i < 2; i++)
            p->swap[i] = reserve_panels(p->arena, widest, p->pass->capacity);
    }
    for (size_t l = 0; l < p->net->n_layers; l++)
        plan_layer(p, l);
}

static pybp_panels place(const pybp_pass *pass, size_t offset)
{
    pybp_panels m = {NULL, pass->capacity | 1};
    if (offset != NOWHERE)
        m.at = pybp_arena_at(&pass->arena, offset);
    return m;
}

static pybp_layer_space space_at(const pybp_pass *pass, const offsets *at)
{
    return (pybp_layer_space){
        .z = place(pass, at->z),
        .a = place(pass, at->a),
        .delta = place(pass, at->delta),
        .sum = place(pass, at->sum),
        .back = place(pass, at->back),
        .stats = place(pass, at->stats).at,
    };
}

static void plan_scratch(const pybp_net *net, pybp_pass *pass)
{
    size_t lines = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        lines = most(lines, net->layers[l].panels * net->k->panel);
    pass->tile_offset = (pass->flags & PYBP_PASS_BACK) ? PYBP_BACK_PANELS * lines * PYBP_LINE : 0;
    pass->scratch_bytes = (pass->flags & PYBP_PASS_BACK) ? pass->tile_offset + PYBP_BLOCK_K * PYBP_LINE : 0;
}

/* The 1-columns that nothing overwrites: the input's, and those in a panel of their own. */
static void set_lasting_ones(const pybp_net *net, const pybp_pass *pass)
{
    net->k->ones(pass->spaces[0].a, pass->capacity, net->n_in);
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (net->layers[l].n_out % net->k->panel == 0)
            net->k->ones(pass->layers[l].a, pass->capacity, net->layers[l].n_out);
}

pybp_pass *pybp_pass_new(const pybp_net *net, size_t capacity, int flags, int threads)
{
    const size_t n_out = net->layers[net->n_layers - 1].n_out, n_spaces = net->n_layers + 1;
    const bool loss = flags & PYBP_PASS_LOSS;
    pybp_pass *pass = pybp_alloc(sizeof *pass);
    offsets *at = pybp_alloc_array(n_spaces, sizeof *at);
    size_t y = NOWHERE, labels = 0, scale = 0, row_loss = 0, scratch;
    if (pass == NULL || at == NULL)
        goto fail;
    pass->capacity = capacity;
    pass->flags = flags;
    pass->threads = threads;
    pass->spaces = pybp_alloc_array(n_spaces, sizeof *pass->spaces);
    if (pass->spaces == NULL)
        goto fail;
    pass->layers = pass->spaces + 1;
    plan_layers(&(plan){.net = net, .pass = pass, .arena = &pass->arena, .at = at + 1});
    if (loss) {
        y = reserve_panels(&pass->arena, panels_of(net, n_out), capacity);
        labels = pybp_arena_reserve_array(&pass->arena, capacity, sizeof(int32_t));
        scale = pybp_arena_reserve_array(&pass->arena, capacity, net->k->size);
        row_loss = pybp_arena_reserve_array(&pass->arena, capacity, net->k->size);
    }
    plan_scratch(net, pass);
    scratch = pybp_arena_reserve_array(&pass->arena, (size_t)threads, pass->scratch_bytes);
    if (!pybp_arena_commit(&pass->arena))
        goto fail;
    pass->y = place(pass, y);
    for (size_t i = 0; i < n_spaces; i++)
        pass->spaces[i] = space_at(pass, &at[i]);
    if (loss) {
        pass->labels = pybp_arena_at(&pass->arena, labels);
        pass->scale = pybp_arena_at(&pass->arena, scale);
        pass->row_loss = pybp_arena_at(&pass->arena, row_loss);
    }
    pass->scratch = pybp_arena_at(&pass->arena, scratch);
    if (flags & PYBP_PASS_BACK)
        set_lasting_ones(net, pass);
    pybp_free(at);
    return pass;
fail:
    pybp_free(at);
    pybp_pass_free(pass);
    pybp_fail(PYBP_NO_MEMORY, "no memory for the activations of %zu rows", capacity);
    return NULL;
}

void pybp_pass_free(pybp_pass *pass)
{
    if (pass == NULL)
        return;
    pybp_arena_release(&pass->arena);
    pybp_free(pass->spaces);
    pybp_free(pass);
}
