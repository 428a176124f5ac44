#include "net/workspace/workspace.h"

#include "base/status.h"

#define NOWHERE SIZE_MAX /* offset of a buffer that the workspace does not hold */

/* Offsets in the arena of a layer's buffers. */
typedef struct offsets {
    size_t z, a, delta, sum, back, stats;
} offsets;

static const offsets none = {NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE, NOWHERE};

typedef struct plan {
    const pybp_net *net;
    pybp_workspace *ws;
    offsets *at;         /* of layers; at[-1]: of the input */
    size_t alternate[2]; /* two buffers for outputs that only the next layer reads */
    int next;            /* of those */
    size_t y, labels, scale, row_loss, scratch;
} plan;

static bool is_for(const plan *p, int flag)
{
    return p->ws->flags & flag;
}

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

/* Panels with room for all rows. Their stride is odd: were it a power of two, the lines of one row would fall into
 * the same few cache sets. */
static size_t reserve_panels(plan *p, size_t panels)
{
    size_t lines;
    if (!pybp_mul_size(panels, p->ws->capacity | 1, &lines))
        lines = SIZE_MAX;
    return pybp_arena_reserve_array(&p->ws->arena, lines, PYBP_LINE);
}

static size_t reserve_rows(plan *p, size_t size)
{
    return pybp_arena_reserve_array(&p->ws->arena, p->ws->capacity, size);
}

/* ---- planning a layer ---- */

/* Whether the layer's output is its input, so that one buffer serves both. */
static bool is_identity(const plan *p, size_t l)
{
    const bool random = p->net->layers[l].traits->training == PYBP_TRAINS_RANDOM;
    return random && !is_for(p, PYBP_FOR_BACKWARD | PYBP_FOR_TRAINING);
}

/* Whether only the layers up to the next one that has an output buffer of its own read layer l's output. */
static bool only_next_reads(const plan *p, size_t l)
{
    ptrdiff_t end = p->net->layers[l].last_reader;
    int writers = 0;
    for (ptrdiff_t r = (ptrdiff_t)l + 1; r <= end && writers <= 1; r++) {
        if (!is_identity(p, (size_t)r))
            writers++;
        else if (p->net->layers[r].last_reader > end)
            end = p->net->layers[r].last_reader;
    }
    return writers <= 1;
}

static size_t plan_output(plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    const bool ones = is_for(p, PYBP_FOR_BACKWARD) && l + 1 < p->net->n_layers;
    if (is_identity(p, l))
        return p->at[layer->link[0].from].a;
    if (!is_for(p, PYBP_FOR_BACKWARD) && only_next_reads(p, l))
        return p->alternate[p->next = 1 - p->next];
    return reserve_panels(p, pybp_count_panels(p->net, layer->n_out + ones));
}

static size_t plan_z(plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    const bool last = l + 1 == p->net->n_layers;
    bool wanted = false;
    switch (layer->traits->z) {
    case PYBP_Z_PRODUCT:
        wanted = is_for(p, PYBP_FOR_TRACE) || (last && is_for(p, PYBP_FOR_LOSS)) ||
                 (layer->reads_z && is_for(p, PYBP_FOR_BACKWARD));
        break;
    case PYBP_Z_INPUT:
        return p->at[layer->link[0].from].a;
    case PYBP_Z_ACTIVATED:
    case PYBP_Z_PHASE:
    case PYBP_Z_STANDARDIZED:
        wanted = is_for(p, PYBP_FOR_BACKWARD);
        break;
    case PYBP_Z_NOISE:
        wanted = is_for(p, PYBP_FOR_TRAINING);
        break;
    case PYBP_Z_NONE:
        break;
    }
    return wanted ? reserve_panels(p, layer->panels) : NOWHERE;
}

/* Statistics of features in batch norm, of rows in the other norms. */
static size_t plan_stats(plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    if (layer->traits->z != PYBP_Z_STANDARDIZED)
        return NOWHERE;
    if (layer->traits->training != PYBP_TRAINS_COUPLED)
        return reserve_rows(p, p->net->k->size);
    if (!is_for(p, PYBP_FOR_TRAINING))
        return NOWHERE;
    return pybp_arena_reserve_array(&p->ws->arena, layer->panels, PYBP_STATS_LINES * PYBP_LINE);
}

static void plan_layer(plan *p, size_t l)
{
    const pybp_layer *layer = &p->net->layers[l];
    const bool last = l + 1 == p->net->n_layers, backward = is_for(p, PYBP_FOR_BACKWARD);
    offsets *at = &p->at[l];
    *at = none;
    at->a = plan_output(p, l);
    at->z = plan_z(p, l);
    if (backward || (last && is_for(p, PYBP_FOR_LOSS)))
        at->delta = reserve_panels(p, layer->panels);
    if (backward && layer->readers > 1)
        at->sum = reserve_panels(p, layer->panels);
    if (is_for(p, PYBP_FOR_TRACE) && layer->n_links > 0 && layer->traits->reads != PYBP_READS_JOINED)
        at->back = reserve_panels(p, pybp_count_panels(p->net, layer->n_in));
    at->stats = plan_stats(p, l);
}

/* ---- planning the rest ---- */

static void plan_input(plan *p)
{
    const size_t n_in = p->net->n_in, ones = is_for(p, PYBP_FOR_BACKWARD);
    offsets *at = &p->at[-1];
    *at = none;
    at->a = reserve_panels(p, pybp_count_panels(p->net, n_in + ones));
    if (is_for(p, PYBP_FOR_DX))
        at->delta = reserve_panels(p, pybp_count_panels(p->net, n_in));
    if (is_for(p, PYBP_FOR_DX) && p->net->input_readers > 1)
        at->sum = reserve_panels(p, pybp_count_panels(p->net, n_in));
}

static void plan_alternate(plan *p)
{
    size_t widest = 0;
    for (size_t l = 0; l < p->net->n_layers; l++)
        widest = larger(widest, p->net->layers[l].panels);
    for (int i = 0; i < 2; i++)
        p->alternate[i] = reserve_panels(p, widest);
}

static void plan_loss(plan *p)
{
    p->y = NOWHERE;
    if (!is_for(p, PYBP_FOR_LOSS))
        return;
    p->y = reserve_panels(p, pybp_last_layer(p->net)->panels);
    p->labels = reserve_rows(p, sizeof(int32_t));
    p->scale = reserve_rows(p, p->net->k->size);
    p->row_loss = reserve_rows(p, p->net->k->size);
}

static void plan_scratch(plan *p)
{
    size_t lines = 0;
    for (size_t l = 0; l < p->net->n_layers; l++)
        lines = larger(lines, p->net->layers[l].panels * p->net->k->panel);
    if (is_for(p, PYBP_FOR_BACKWARD)) {
        p->ws->tile_offset = PYBP_BACK_PANELS * lines * PYBP_LINE;
        p->ws->scratch_bytes = p->ws->tile_offset + p->net->k->gradient_panels * PYBP_BLOCK_K * PYBP_LINE;
    }
    p->scratch = pybp_arena_reserve_array(&p->ws->arena, (size_t)p->ws->threads, p->ws->scratch_bytes);
}

static void plan_all(plan *p)
{
    plan_input(p);
    if (!is_for(p, PYBP_FOR_BACKWARD))
        plan_alternate(p);
    for (size_t l = 0; l < p->net->n_layers; l++)
        plan_layer(p, l);
    plan_loss(p);
    plan_scratch(p);
}

/* ---- from offsets to addresses ---- */

static pybp_panels panels_at(const pybp_workspace *ws, size_t offset)
{
    pybp_panels m = {NULL, ws->capacity | 1};
    if (offset != NOWHERE)
        m.at = pybp_arena_at(&ws->arena, offset);
    return m;
}

static pybp_layer_buffers buffers_at(const pybp_workspace *ws, const offsets *at)
{
    return (pybp_layer_buffers){
        .z = panels_at(ws, at->z),
        .a = panels_at(ws, at->a),
        .delta = panels_at(ws, at->delta),
        .sum = panels_at(ws, at->sum),
        .back = panels_at(ws, at->back),
        .stats = panels_at(ws, at->stats).at,
    };
}

static void set_addresses(const plan *p)
{
    pybp_workspace *ws = p->ws;
    for (ptrdiff_t l = -1; l < (ptrdiff_t)p->net->n_layers; l++)
        ws->layers[l] = buffers_at(ws, &p->at[l]);
    ws->y = panels_at(ws, p->y);
    if (is_for(p, PYBP_FOR_LOSS)) {
        ws->labels = pybp_arena_at(&ws->arena, p->labels);
        ws->scale = pybp_arena_at(&ws->arena, p->scale);
        ws->row_loss = pybp_arena_at(&ws->arena, p->row_loss);
    }
    ws->scratch = pybp_arena_at(&ws->arena, p->scratch);
}

/* The columns of ones that nothing overwrites: the input's, and those in a panel of their own. */
static void set_lasting_ones(const pybp_net *net, const pybp_workspace *ws)
{
    net->k->ones(ws->buffers[0].a, ws->capacity, net->n_in);
    for (size_t l = 0; l + 1 < net->n_layers; l++)
        if (net->layers[l].n_out % net->k->panel == 0)
            net->k->ones(ws->layers[l].a, ws->capacity, net->layers[l].n_out);
}

static bool allocate(const pybp_net *net, pybp_workspace *ws, offsets *at)
{
    ws->buffers = pybp_alloc_array(net->n_layers + 1, sizeof *ws->buffers);
    if (at == NULL || ws->buffers == NULL)
        return false;
    ws->layers = ws->buffers + 1;
    plan p = {.net = net, .ws = ws, .at = at + 1};
    plan_all(&p);
    if (!pybp_arena_commit(&ws->arena))
        return false;
    set_addresses(&p);
    if (is_for(&p, PYBP_FOR_BACKWARD))
        set_lasting_ones(net, ws);
    return true;
}

pybp_workspace *pybp_workspace_new(const pybp_net *net, size_t capacity, int flags, int threads)
{
    pybp_workspace *ws = pybp_alloc(sizeof *ws);
    offsets *at = pybp_alloc_array(net->n_layers + 1, sizeof *at);
    if (ws != NULL) {
        ws->capacity = capacity;
        ws->flags = flags;
        ws->threads = threads;
    }
    const bool done = ws != NULL && allocate(net, ws, at);
    pybp_free(at);
    if (done)
        return ws;
    pybp_workspace_free(ws);
    pybp_fail(PYBP_NO_MEMORY, "no memory for the activations of %zu rows", capacity);
    return NULL;
}

void pybp_workspace_free(pybp_workspace *workspace)
{
    if (workspace == NULL)
        return;
    pybp_arena_release(&workspace->arena);
    pybp_free(workspace->buffers);
    pybp_free(workspace);
}
