#include "net/train/step.h"

#include "net/train/prefetch.h"
#include "net/layers/layer.h"
#include "net/update/tiles.h"

/* ---- stage A ---- */

static void bring_in(void *ctx, const pybp_run *run)
{
    const pybp_minibatch *m = ctx;
    pybp_run_gather(run, &m->c->source, m->first + run->in_batch);
    pybp_run_scale(run, &m->c->source, m->first + run->in_batch, m->divisor, m->c->per_output);
}

static void turn(void *ctx, const pybp_run *run)
{
    const pybp_minibatch *m = ctx;
    pybp_call *c = m->c;
    pybp_run_loss(run, &c->options->loss);
    pybp_run_losses(run, c->trainer->losses + m->before + run->in_batch);
    if (c->options->count_correct)
        atomic_fetch_add_explicit(&c->correct, pybp_run_correct(run, &c->options->loss), memory_order_relaxed);
}

typedef struct tile_job {
    const pybp_call *c;
    const pybp_run *run;
    const pybp_rule *rule;
    bool add;
    char *g;         /* a tile, or a gradient buffer */
    size_t partials; /* of this step */
    pybp_ahead *ahead;
} tile_job;

static void chunk_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    pybp_run_gradient(t->run, l, panel, k0, k1, t->add, pybp_param_line(t->run->net, t->g, l, panel, k0));
}

static void stage_a_chunks(pybp_minibatch *m, const pybp_run *all, int threads)
{
    pybp_call *c = m->c;
    const int tid = all->tid;
    const size_t chunks = pybp_chunks_of(m->rows), begin = pybp_first_chunk(chunks, tid, threads);
    const size_t end = pybp_first_chunk(chunks, tid + 1, threads), apart = pybp_first_chunk(chunks, 1, threads);
    for (size_t i = begin; i < end; i++) {
        pybp_run run = *all;
        run.row = (size_t)tid * PYBP_CHUNK;
        run.in_batch = i * PYBP_CHUNK;
        run.rows = m->rows - run.in_batch < PYBP_CHUNK ? m->rows - run.in_batch : PYBP_CHUNK;
        tile_job t = {.c = c, .run = &run, .add = tid == 0 && (i > 0 || m->before > 0)};
        t.g = c->trainer->grads + (tid == 0 ? 0 : 1 + i - apart) * pybp_buffer_bytes(c->net);
        bring_in(m, &run);
        pybp_run_forward(&run, 0, c->net->n_layers, pybp_loss_output(&c->options->loss));
        turn(m, &run);
        pybp_run_back(&run, 0, c->net->n_layers);
        pybp_each_trained_tile(c->net, 0, 1, chunk_tile, &t);
    }
}

/* Whether the first layer goes forward by panels. A thread then reads the weights that it has updated itself, and not
 * those of others; the inputs it needs for its gradients in any case. In exchange it has to fetch the others' outputs. */
static bool first_by_panels(const pybp_net *net, size_t rows, int threads)
{
    const pybp_layer *first = &net->layers[0];
    const size_t n = (size_t)threads;
    return threads > 1 && net->n_layers > 1 && pybp_layer_type_of(net, 0)->forward_panels != NULL && !first->rowwise &&
           !first->desc.frozen && first->n_in > 4 * rows / n && (first->panels % n == 0 || first->panels >= 8 * n);
}

static void stage_a_rows(pybp_minibatch *m, const pybp_run *all, int threads, pybp_barrier *barrier)
{
    const pybp_sweep sweep = {*all, threads, barrier, pybp_loss_output(&m->c->options->loss), m, bring_in, turn,
                              first_by_panels(all->net, m->rows, threads)};
    pybp_sweep_rows(&sweep, PYBP_SWEEP_FORWARD | PYBP_SWEEP_BACK);
}

void pybp_stage_a(pybp_minibatch *m, const pybp_run *all, int threads, pybp_barrier *barrier)
{
    if (m->c->trainer->chunked)
        stage_a_chunks(m, all, threads);
    else
        stage_a_rows(m, all, threads, barrier);
}

/* ---- stages B and C ---- */

/* This thread's share of the tiles. What gradients by chunks leave apart is thread 0's one sum and every chunk of the
 * others: those sum, so that as few lines as can be go from core to core. */
static void each_own_tile(const pybp_call *c, int tid, int threads, pybp_tile_fn *fn, void *ctx)
{
    const int idle = c->trainer->chunked && threads > 1;
    if (tid >= idle)
        pybp_each_trained_tile(c->net, tid - idle, threads - idle, fn, ctx);
}

static void fused_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    pybp_rule_fetch(t->c->net, t->rule, l, panel, k0, k1);
    pybp_ahead_ask(t->ahead);
    pybp_run_gradient(t->run, l, panel, k0, k1, false, t->g);
    pybp_ahead_ask(t->ahead);
    pybp_rule_gradient(t->c->net, t->rule, l, panel, k0, k1, t->g);
    pybp_rule_apply(t->c->net, t->rule, l, panel, k0, k1, t->g);
}

static void sum_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    const pybp_net *net = t->c->net;
    char *g = pybp_param_line(net, t->g, l, panel, k0);
    for (size_t i = 1; i < t->partials; i++)
        net->k->accumulate((k1 - k0) * net->k->panel, g, g + i * pybp_buffer_bytes(net));
    if (t->c->trainer->flat)
        return;
    pybp_rule_gradient(net, t->rule, l, panel, k0, k1, g);
    pybp_rule_apply(net, t->rule, l, panel, k0, k1, g);
}

static void whole_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    pybp_rule_gradient(t->c->net, t->rule, l, panel, k0, k1, pybp_param_line(t->c->net, t->g, l, panel, k0));
}

static void apply_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const tile_job *t = ctx;
    pybp_rule_apply(t->c->net, t->rule, l, panel, k0, k1, pybp_param_line(t->c->net, t->g, l, panel, k0));
}

/* Whoever summed a tile applies it, so that only the norm needs barriers. */
void pybp_stage_c(pybp_call *c, pybp_rule *rule, int tid, int threads, pybp_barrier *barrier)
{
    tile_job t = {.c = c, .rule = rule, .g = c->trainer->grads};
    if (!c->net->plain_gradients)
        each_own_tile(c, tid, threads, whole_tile, &t);
    if (c->options->optimizer.clip_norm > 0) {
        const size_t blocks = pybp_norm_blocks(c->net);
        pybp_barrier_wait(barrier);
        pybp_norm_part(c->net, c->trainer->grads, blocks * (size_t)tid / (size_t)threads,
                       blocks * ((size_t)tid + 1) / (size_t)threads, c->trainer->norm);
        pybp_barrier_wait(barrier);
        rule->factor = pybp_norm_factor(c->trainer->norm, blocks, c->options->optimizer.clip_norm);
    }
    each_own_tile(c, tid, threads, apply_tile, &t);
}

void pybp_stage_b(const pybp_minibatch *m, const pybp_run *all, const pybp_rule *rule, int threads)
{
    const pybp_trainer *trainer = m->c->trainer;
    const pybp_pass *pass = trainer->pass;
    const int tid = all->tid;
    tile_job t = {.c = m->c, .run = all, .rule = rule, .g = trainer->grads, .add = m->before > 0};
    if (trainer->chunked) {
        const size_t chunks = pybp_chunks_of(m->rows);
        t.partials = 1 + chunks - pybp_first_chunk(chunks, 1, threads);
        each_own_tile(m->c, tid, threads, sum_tile, &t);
    } else if (trainer->flat) {
        each_own_tile(m->c, tid, threads, chunk_tile, &t);
    } else {
        pybp_ahead ahead = pybp_ahead_of(all, &m->c->source, m->first + m->rows, threads);
        t.ahead = &ahead;
        t.g = pass->scratch + (size_t)tid * pass->scratch_bytes + pass->tile_offset;
        each_own_tile(m->c, tid, threads, fused_tile, &t);
    }
}
