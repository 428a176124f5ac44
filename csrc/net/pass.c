#include "net/pass.h"

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

/* Offsets of a layer's buffers; SIZE_MAX: not there. */
typedef struct offsets {
    size_t z, a, delta, back;
} offsets;

static void plan_layer(const pybp_net *net, const pybp_pass *pass, pybp_arena *arena, size_t l, const size_t swap[2],
                       offsets *at)
{
    const pybp_layer *layer = &net->layers[l];
    const bool last = l + 1 == net->n_layers, back = pass->flags & PYBP_PASS_BACK;
    const bool loss = pass->flags & PYBP_PASS_LOSS, keep = pass->flags & PYBP_PASS_KEEP;
    const size_t out = panels_of(net, layer->n_out), in = panels_of(net, layer->n_in);
    *at = (offsets){SIZE_MAX, SIZE_MAX, SIZE_MAX, SIZE_MAX};
    at->a = back ? reserve_panels(arena, last ? out : panels_of(net, layer->n_out + 1), pass->capacity) : swap[l % 2];
    if (keep || (last && loss) || (back && layer->reads_z))
        at->z = reserve_panels(arena, out, pass->capacity);
    if (back || (last && loss))
        at->delta = reserve_panels(arena, out, pass->capacity);
    if (keep || (l == 0 && (pass->flags & PYBP_PASS_DX)))
        at->back = reserve_panels(arena, in, pass->capacity);
}

static pybp_panels place(const pybp_pass *pass, size_t offset)
{
    pybp_panels m = {NULL, pass->capacity | 1};
    if (offset != SIZE_MAX)
        m.at = pybp_arena_at(&pass->arena, offset);
    return m;
}

/* Without a backward pass two buffers take turns. */
static void plan_swap(const pybp_net *net, const pybp_pass *pass, pybp_arena *arena, size_t swap[2])
{
    size_t widest[2] = {0, 0};
    for (size_t l = 0; l < net->n_layers; l++)
        widest[l % 2] = most(widest[l % 2], panels_of(net, net->layers[l].n_out));
    for (int i = 0; i < 2; i++)
        swap[i] = reserve_panels(arena, widest[i], pass->capacity);
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
    net->k->ones(pass->input, pass->capacity, net->n_in);
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (net->layers[l].n_out % net->k->panel == 0)
            net->k->ones(pass->layers[l].a, pass->capacity, net->layers[l].n_out);
}

pybp_pass *pybp_pass_new(const pybp_net *net, size_t capacity, int flags, int threads)
{
    const size_t n_out = net->layers[net->n_layers - 1].n_out;
    const bool back = flags & PYBP_PASS_BACK, loss = flags & PYBP_PASS_LOSS;
    pybp_pass *pass = pybp_alloc(sizeof *pass);
    offsets *at = pybp_alloc(net->n_layers * sizeof *at);
    size_t swap[2], input, y = SIZE_MAX, labels = 0, scale = 0, row_loss = 0, scratch;
    if (pass == NULL || at == NULL)
        goto fail;
    pass->capacity = capacity;
    pass->flags = flags;
    pass->threads = threads;
    pass->layers = pybp_alloc(net->n_layers * sizeof *pass->layers);
    if (pass->layers == NULL)
        goto fail;
    input = reserve_panels(&pass->arena, panels_of(net, net->n_in + (back ? 1 : 0)), capacity);
    if (!back)
        plan_swap(net, pass, &pass->arena, swap);
    for (size_t l = 0; l < net->n_layers; l++)
        plan_layer(net, pass, &pass->arena, l, swap, &at[l]);
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
    pass->input = place(pass, input);
    pass->y = place(pass, y);
    for (size_t l = 0; l < net->n_layers; l++)
        pass->layers[l] = (pybp_layer_space){.z = place(pass, at[l].z), .a = place(pass, at[l].a),
                                             .delta = place(pass, at[l].delta), .back = place(pass, at[l].back)};
    if (loss) {
        pass->labels = pybp_arena_at(&pass->arena, labels);
        pass->scale = pybp_arena_at(&pass->arena, scale);
        pass->row_loss = pybp_arena_at(&pass->arena, row_loss);
    }
    pass->scratch = pybp_arena_at(&pass->arena, scratch);
    if (back)
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
    pybp_free(pass->layers);
    pybp_free(pass);
}
