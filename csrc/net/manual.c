/* One pass by hand: forward, backward, step, each remembering what the next one needs. */
#include "base/status.h"
#include "net/layers/layer.h"
#include "net/update/tiles.h"
#include "net/train/epoch.h"

#include <string.h>

typedef struct job {
    pybp_net *net;
    pybp_source source;
    size_t rows;
    const pybp_matrix *dl_da; /* or a loss: */
    const pybp_loss_spec *loss;
    double divisor, per_output;
    double *losses;
    const pybp_rule *rule;
    const char *grads;  /* to step along */
    bool whole;         /* as the parameters see them, penalties included */
    char *tiles;        /* one a thread */
} job;

/* ---- forward ---- */

static pybp_run all_rows(const job *j, int tid)
{
    return (pybp_run){.net = j->net, .pass = j->net->hand, .rows = j->rows, .tid = tid, .in_all = j->rows,
                      .number = j->net->progress.passes};
}

static void bring_in(void *ctx, const pybp_run *run)
{
    pybp_run_gather(run, &((const job *)ctx)->source, run->in_batch);
}

static void forward_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    const pybp_sweep sweep = {all_rows(ctx, tid), threads, barrier, PYBP_OUTPUT_A, ctx, bring_in, NULL};
    pybp_sweep_rows(&sweep, PYBP_SWEEP_FORWARD);
}

pybp_status pybp_hand_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads)
{
    const int flags = PYBP_PASS_BACK | PYBP_PASS_LOSS | PYBP_PASS_DX | (how & PYBP_KEEP ? PYBP_PASS_KEEP : 0) |
                      (how & PYBP_TRAINING ? PYBP_PASS_TRAIN : 0);
    job j = {.net = net, .source = {.x = x}, .rows = x->rows};
    threads = pybp_worth_threads(threads, pybp_pass_work(net, x->rows), 1);
    if (net->hand == NULL || net->hand->capacity != x->rows || net->hand->flags != flags ||
        net->hand->threads < threads) {
        pybp_pass *pass = pybp_pass_new(net, x->rows, flags, threads);
        if (pass == NULL)
            return PYBP_NO_MEMORY;
        pybp_pass_free(net->hand);
        net->hand = pass;
    }
    pybp_pool_run(threads, forward_work, &j);
    net->progress.passes += net->random && (how & PYBP_TRAINING) != 0;
    net->hand_rows = x->rows;
    net->hand_keep = how & PYBP_KEEP;
    net->hand_deltas = false;
    if (out != NULL)
        net->k->scatter(net->hand->layers[net->n_layers - 1].a, x->rows, net->layers[net->n_layers - 1].n_out, out);
    return PYBP_OK;
}

/* ---- backward ---- */

typedef struct gradient_job {
    const pybp_run *run;
    char *grads;
} gradient_job;

static void store_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const gradient_job *g = ctx;
    pybp_run_gradient(g->run, l, panel, k0, k1, false, pybp_param_line(g->run->net, g->grads, l, panel, k0));
}

static void turn(void *ctx, const pybp_run *run)
{
    const job *j = ctx;
    if (j->dl_da != NULL) {
        run->net->k->gather(j->dl_da, NULL, run->in_batch, run->rows, pybp_delta_of(run, run->net->n_layers - 1));
        pybp_run_output_delta(run);
        return;
    }
    pybp_run_gather(run, &j->source, run->in_batch);
    pybp_run_scale(run, &j->source, run->in_batch, j->divisor, j->per_output);
    pybp_run_loss(run, j->loss);
    pybp_run_losses(run, j->losses + run->in_batch);
}

static void backward_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    job *j = ctx;
    const pybp_sweep sweep = {all_rows(j, tid), threads, barrier, PYBP_OUTPUT_A, ctx, NULL, turn};
    gradient_job g = {&sweep.all, j->net->grads};
    pybp_sweep_rows(&sweep, PYBP_SWEEP_BACK);
    pybp_barrier_wait(barrier);
    pybp_each_tile(j->net, tid, threads, store_tile, &g);
}

pybp_status pybp_hand_backward(pybp_net *net, const pybp_matrix *dl_da, const pybp_source *source,
                               const pybp_loss_spec *loss, pybp_reduction reduction, void *dx, int threads,
                               double *value)
{
    const size_t rows = net->hand_rows;
    job j = {.net = net, .rows = rows, .dl_da = dl_da, .loss = loss};
    if (net->grads == NULL)
        net->grads = pybp_alloc(pybp_buffer_bytes(net));
    if (net->grads == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradients");
    threads = pybp_worth_threads(threads, 2 * pybp_pass_work(net, rows), 1);
    threads = threads < net->hand->threads ? threads : net->hand->threads;
    if (dl_da == NULL) {
        const double weight = pybp_sum_weights(source, 0, rows);
        j.losses = pybp_alloc_array(rows, sizeof *j.losses);
        if (j.losses == NULL)
            return pybp_fail(PYBP_NO_MEMORY, "no memory for the losses of %zu rows", rows);
        j.source = *source;
        j.divisor = reduction == PYBP_MEAN ? weight : 1;
        j.per_output = pybp_loss_per_output(net, loss);
        net->hand->y_is_labels = source->y->labels != NULL;
    }
    pybp_pool_run(threads, backward_work, &j);
    if (dl_da == NULL)
        *value = pybp_sum_losses(j.losses, source, 0, rows) / j.per_output / j.divisor + pybp_penalty(net);
    pybp_free(j.losses);
    net->has_gradients = true;
    net->hand_deltas = true;
    if (dx != NULL)
        net->k->scatter(net->hand->spaces[0].delta, rows, net->n_in, dx);
    return PYBP_OK;
}

/* ---- step ---- */

typedef struct update_job {
    const job *j;
    char *tile;
} update_job;

/* From a copy: the caller may still want to see the gradients, unclipped. */
static void update_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const update_job *u = ctx;
    const pybp_net *net = u->j->net;
    memcpy(u->tile, pybp_param_line(net, (char *)(uintptr_t)u->j->grads, l, panel, k0), (k1 - k0) * PYBP_LINE);
    if (!u->j->whole)
        pybp_rule_gradient(net, u->j->rule, l, panel, k0, k1, u->tile);
    pybp_rule_apply(net, u->j->rule, l, panel, k0, k1, u->tile);
}

static void step_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    job *j = ctx;
    update_job u = {j, j->tiles + (size_t)tid * PYBP_BLOCK_K * PYBP_LINE};
    (void)barrier;
    pybp_each_trained_tile(j->net, tid, threads, update_tile, &u);
}

typedef struct whole_job {
    const job *j;
    char *to;
} whole_job;

static void whole_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const whole_job *w = ctx;
    const pybp_net *net = w->j->net;
    char *g = pybp_param_line(net, w->to, l, panel, k0);
    memcpy(g, pybp_param_line(net, net->grads, l, panel, k0), (k1 - k0) * PYBP_LINE);
    pybp_rule_gradient(net, w->j->rule, l, panel, k0, k1, g);
}

static pybp_status clip_factor(const pybp_net *net, const char *grads, double clip_norm, pybp_rule *rule)
{
    const size_t blocks = pybp_norm_blocks(net);
    double *sums = pybp_alloc(blocks * sizeof *sums);
    if (sums == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient's norm");
    pybp_norm_part(net, grads, 0, blocks, sums);
    rule->factor = pybp_norm_factor(sums, blocks, clip_norm);
    pybp_free(sums);
    return PYBP_OK;
}

/* Clipping looks at all of the gradient that the parameters see: where that is another one than was kept, *whole
 * becomes a copy of it, the caller's to free, with zeros for what is frozen. */
static pybp_status clip(job *j, double clip_norm, pybp_rule *rule, char **whole)
{
    if (!j->net->plain_gradients) {
        whole_job w = {j, *whole = pybp_alloc(pybp_buffer_bytes(j->net))};
        if (w.to == NULL)
            return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient to clip");
        pybp_each_trained_tile(j->net, 0, 1, whole_tile, &w);
        j->grads = w.to;
        j->whole = true;
    }
    return clip_factor(j->net, j->grads, clip_norm, rule);
}

/* Parameters and optimizer state, to go back to. */
typedef struct snapshot {
    char *buffer[1 + PYBP_N_STATES];
    pybp_progress progress;
} snapshot;

static char **buffer_of(pybp_net *net, int i)
{
    return i == 0 ? &net->params : &net->state[i - 1];
}

static void snapshot_free(snapshot *s)
{
    for (int i = 0; i < 1 + PYBP_N_STATES; i++)
        pybp_free(s->buffer[i]);
}

static bool snapshot_take(pybp_net *net, snapshot *s)
{
    *s = (snapshot){{NULL}, net->progress};
    for (int i = 0; i < 1 + PYBP_N_STATES; i++) {
        const char *from = *buffer_of(net, i);
        if (from == NULL)
            continue;
        s->buffer[i] = pybp_alloc(pybp_buffer_bytes(net));
        if (s->buffer[i] == NULL) {
            snapshot_free(s);
            return false;
        }
        memcpy(s->buffer[i], from, pybp_buffer_bytes(net));
    }
    return true;
}

static void snapshot_restore(pybp_net *net, snapshot *s)
{
    for (int i = 0; i < 1 + PYBP_N_STATES; i++) {
        pybp_free(*buffer_of(net, i));
        *buffer_of(net, i) = s->buffer[i];
    }
    net->progress = s->progress;
}

/* The step; an error leaves it half done. */
static pybp_status try_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    pybp_rule rule;
    job j = {.net = net, .rule = &rule, .grads = net->grads};
    char *whole = NULL;
    pybp_status status = pybp_optimizer_attach(net, optimizer);
    if (status != PYBP_OK)
        return status;
    pybp_rule_next(net, optimizer, lr, &net->progress, &rule);
    if (optimizer->clip_norm > 0)
        status = clip(&j, optimizer->clip_norm, &rule, &whole);
    threads = pybp_worth_threads(threads, 8 * (double)net->n_parameters, 1);
    j.tiles = pybp_alloc((size_t)threads * PYBP_BLOCK_K * PYBP_LINE);
    if (status == PYBP_OK && j.tiles == NULL)
        status = pybp_fail(PYBP_NO_MEMORY, "no memory for a step");
    if (status == PYBP_OK) {
        pybp_pool_run(threads, step_work, &j);
        pybp_constrain(net, 0, 1);
        if (!pybp_buffer_finite(net, net->params))
            status = pybp_fail(PYBP_DIVERGED, "the step would make parameters infinite or NaN");
    }
    pybp_free(j.tiles);
    pybp_free(whole);
    return status;
}

pybp_status pybp_hand_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    snapshot old;
    if (!snapshot_take(net, &old))
        return pybp_fail(PYBP_NO_MEMORY, "no memory to keep the parameters during a step");
    const pybp_status status = try_step(net, optimizer, lr, threads);
    if (status != PYBP_OK) {
        snapshot_restore(net, &old);
        return status;
    }
    snapshot_free(&old);
    pybp_forget_pass(net);
    return PYBP_OK;
}
