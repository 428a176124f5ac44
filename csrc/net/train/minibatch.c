#include "net/train/minibatch.h"

#include "net/layers/layer.h"
#include "net/rows/correct.h"
#include "net/rows/gather.h"
#include "net/rows/loss.h"
#include "net/rows/propagate.h"
#include "net/train/batches.h"
#include "net/train/prefetch.h"
#include "net/update/clip_norm.h"
#include "net/update/tiles.h"

/* The argument of the functions that are called for each tile. */
typedef struct tile_job {
    const pybp_train_call *call;
    const pybp_rows *rows;
    const pybp_rule *rule;
    bool add;                /* to the gradient that is there */
    char *g;                 /* a tile, or gradient buffers */
    size_t partials;         /* buffers to be added up */
    pybp_prefetch *prefetch; /* of the next minibatch */
} tile_job;

/* The tile's place in a gradient buffer. */
static char *in_buffer(const tile_job *t, size_t l, size_t panel, size_t k0)
{
    return pybp_param_line(t->call->net, t->g, l, panel, k0);
}

static void store_gradient(void *ctx, size_t l, size_t panel, size_t panels, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    pybp_layer_gradient(t->rows, l, panel, panels, k0, k1, t->add, in_buffer(t, l, panel, k0),
                        t->call->net->layers[l].panel_lines);
}

/* ---- stage A: rows ---- */

static void load(void *ctx, const pybp_rows *rows)
{
    const pybp_minibatch *m = ctx;
    const size_t first = m->first + rows->batch_row;
    pybp_gather_rows(rows, &m->call->source, first);
    pybp_fill_row_scales(rows, &m->call->source, first, m->divisor, m->call->per_output);
}

static void output_delta(void *ctx, const pybp_rows *rows)
{
    const pybp_minibatch *m = ctx;
    pybp_train_call *call = m->call;
    const pybp_loss_spec *loss = &call->options->loss;
    pybp_compute_loss(rows, loss);
    pybp_read_row_losses(rows, call->buffers->losses + m->before + rows->batch_row);
    if (call->options->count_correct)
        atomic_fetch_add_explicit(&call->correct, pybp_count_correct(rows, loss), memory_order_relaxed);
}

/* The chunks of this thread, one after the other, with their gradients. Thread 0 adds up its chunks; the other
 * threads keep theirs apart, to be added in order in stage B. */
static void propagate_chunks(pybp_minibatch *m, const pybp_rows *all, int threads)
{
    pybp_train_call *call = m->call;
    const pybp_net *net = call->net;
    const int tid = all->tid;
    const size_t chunks = pybp_count_chunks(m->n), apart = pybp_first_chunk(chunks, 1, threads);
    const size_t begin = pybp_first_chunk(chunks, tid, threads), end = pybp_first_chunk(chunks, tid + 1, threads);
    for (size_t i = begin; i < end; i++) {
        pybp_rows chunk = *all;
        chunk.first = (size_t)tid * PYBP_CHUNK;
        chunk.batch_row = i * PYBP_CHUNK;
        chunk.n = m->n - chunk.batch_row < PYBP_CHUNK ? m->n - chunk.batch_row : PYBP_CHUNK;
        tile_job t = {.call = call, .rows = &chunk, .add = tid == 0 && (i > 0 || m->before > 0)};
        t.g = call->buffers->grads + (tid == 0 ? 0 : 1 + i - apart) * pybp_buffer_bytes(net);
        load(m, &chunk);
        pybp_forward_layers(&chunk, 0, net->n_layers, pybp_loss_output(&call->options->loss));
        output_delta(m, &chunk);
        pybp_backward_layers(&chunk, 0, net->n_layers);
        pybp_for_each_trained_tile_group(net, 0, 1, store_gradient, &t);
    }
}

/* Whether to divide the first layer by outputs. A thread then reads the weights that it has updated itself, not those
 * of other threads, and the minibatch's inputs, which it needs for its gradients anyway. In exchange it reads outputs
 * that other threads have computed. */
static bool split_first_layer(const pybp_net *net, size_t rows, int threads)
{
    const pybp_layer *first = &net->layers[0];
    const size_t n = (size_t)threads;
    return threads > 1 && net->n_layers > 1 && pybp_layer_functions_of(net, 0)->forward_panels != NULL &&
           !first->rowwise && !first->desc.frozen && first->n_in > 4 * rows / n &&
           (first->panels % n == 0 || first->panels >= 8 * n);
}

void pybp_minibatch_propagate(pybp_minibatch *m, const pybp_rows *all, int threads, pybp_barrier *barrier)
{
    if (m->call->buffers->by_chunks) {
        propagate_chunks(m, all, threads);
        return;
    }
    const pybp_propagation p = {
        .all = *all,
        .threads = threads,
        .barrier = barrier,
        .output = pybp_loss_output(&m->call->options->loss),
        .ctx = m,
        .load = load,
        .output_delta = output_delta,
        .split_first_layer = split_first_layer(all->net, m->n, threads),
    };
    pybp_propagate(&p, PYBP_FORWARD | PYBP_BACKWARD);
}

/* ---- stages B and C: tiles ---- */

/* The tiles of thread tid. Thread 0 adds up no chunks: the other threads have computed all partial sums but one, and
 * have them in their caches. */
static void for_each_own_tile(const pybp_train_call *call, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    const int idle = call->buffers->by_chunks && threads > 1;
    if (tid >= idle)
        pybp_for_each_trained_tile(call->net, tid - idle, threads - idle, fn, ctx);
}

/* The gradient over the whole minibatch in tiles of scratch memory, then the update, while they are in cache. */
static void update_tiles(void *ctx, size_t l, size_t panel, size_t panels, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    const pybp_net *net = t->call->net;
    for (size_t p = 0; p < panels; p++)
        pybp_rule_prefetch(net, t->rule, l, panel + p, k0, k1);
    pybp_prefetch_some(t->prefetch);
    pybp_layer_gradient(t->rows, l, panel, panels, k0, k1, false, t->g, PYBP_BLOCK_K);
    pybp_prefetch_some(t->prefetch);
    for (size_t p = 0; p < panels; p++) {
        char *g = t->g + p * PYBP_BLOCK_K * PYBP_LINE;
        pybp_rule_finish_gradient(net, t->rule, l, panel + p, k0, k1, g);
        pybp_rule_apply(net, t->rule, l, panel + p, k0, k1, g);
    }
}

static void add_chunks(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    const pybp_net *net = t->call->net;
    char *g = in_buffer(t, l, panel, k0);
    for (size_t i = 1; i < t->partials; i++)
        net->k->accumulate((k1 - k0) * net->k->panel, g, g + i * pybp_buffer_bytes(net));
    if (t->call->buffers->stored)
        return;
    pybp_rule_finish_gradient(net, t->rule, l, panel, k0, k1, g);
    pybp_rule_apply(net, t->rule, l, panel, k0, k1, g);
}

void pybp_minibatch_gradients(const pybp_minibatch *m, const pybp_rows *all, const pybp_rule *rule, int threads)
{
    const pybp_train_call *call = m->call;
    const pybp_train_buffers *buffers = call->buffers;
    const pybp_workspace *ws = buffers->ws;
    const int tid = all->tid;
    tile_job t = {.call = call, .rows = all, .rule = rule, .g = buffers->grads, .add = m->before > 0};
    if (buffers->by_chunks) {
        t.partials = pybp_count_partials(pybp_count_chunks(m->n), threads);
        for_each_own_tile(call, tid, threads, add_chunks, &t);
    } else if (buffers->stored) {
        pybp_for_each_trained_tile_group(call->net, tid, threads, store_gradient, &t);
    } else {
        pybp_prefetch prefetch = pybp_plan_prefetch(all, &call->source, m->first + m->n, threads);
        t.prefetch = &prefetch;
        t.g = ws->scratch + (size_t)tid * ws->scratch_bytes + ws->tile_offset;
        pybp_for_each_trained_tile_group(call->net, tid, threads, update_tiles, &t);
    }
}

static void finish_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    const pybp_net *net = t->call->net;
    char *g = in_buffer(t, l, panel, k0);
    if (t->call->options->optimizer.clip_norm > 0)
        net->k->flush((k1 - k0) * net->k->panel, g);
    pybp_rule_finish_gradient(net, t->rule, l, panel, k0, k1, g);
}

static void apply_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    pybp_rule_apply(t->call->net, t->rule, l, panel, k0, k1, in_buffer(t, l, panel, k0));
}

/* Only the norm needs barriers: each tile is updated by the thread that has stored its gradient. */
void pybp_apply_gradients(pybp_train_call *call, pybp_rule *rule, int tid, int threads, pybp_barrier *barrier)
{
    tile_job t = {.call = call, .rule = rule, .g = call->buffers->grads};
    const double clip_norm = call->options->optimizer.clip_norm;
    if (!call->net->plain_gradients || clip_norm > 0)
        for_each_own_tile(call, tid, threads, finish_tile, &t);
    if (clip_norm > 0) {
        const size_t blocks = pybp_gradient_blocks(call->net);
        pybp_barrier_wait(barrier);
        pybp_gradient_squares(call->net, call->buffers->grads, blocks * (size_t)tid / (size_t)threads,
                              blocks * ((size_t)tid + 1) / (size_t)threads, call->buffers->squares);
        pybp_barrier_wait(barrier);
        rule->clip_factor = pybp_clip_factor(call->buffers->squares, blocks, clip_norm);
    }
    for_each_own_tile(call, tid, threads, apply_tile, &t);
}
