#include "net/manual_step.h"

#include "base/pool.h"
#include "base/status.h"
#include "net/model/parameters.h"
#include "net/rows/work.h"
#include "net/update/clip_norm.h"
#include "net/update/max_norm.h"
#include "net/update/optimizer_state.h"
#include "net/update/optimizer_step.h"
#include "net/update/tiles.h"

#include <string.h>

#define TILE_BYTES ((size_t)PYBP_BLOCK_K * PYBP_LINE)

typedef struct job {
    pybp_net *net;
    pybp_rule rule;
    const char *grads; /* net->grads, or `finished` */
    char *finished;    /* a copy of net->grads with penalties and scales; NULL: not made */
    char *tiles;       /* one for each thread */
    char *tile;        /* this thread's */
} job;

/* ---- clipping by norm ---- */

static void finish_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const job *j = ctx;
    char *g = pybp_param_line(j->net, j->finished, l, panel, k0);
    memcpy(g, pybp_param_line(j->net, j->net->grads, l, panel, k0), (k1 - k0) * PYBP_LINE);
    pybp_rule_finish_gradient(j->net, &j->rule, l, panel, k0, k1, g);
}

/* The norm is that of the gradient of loss and penalties with respect to the layers' parameters, with zeros for frozen
 * layers. If net->grads may differ from that, it is computed in a copy. */
static pybp_status clip(job *j, double clip_norm)
{
    const size_t blocks = pybp_gradient_blocks(j->net);
    if (!j->net->plain_gradients) {
        j->finished = pybp_alloc(pybp_buffer_bytes(j->net));
        if (j->finished == NULL)
            return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient to clip");
        pybp_for_each_trained_tile(j->net, 0, 1, finish_tile, j);
        j->grads = j->finished;
    }
    double *sums = pybp_alloc(blocks * sizeof *sums);
    if (sums == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradient's norm");
    pybp_gradient_squares(j->net, j->grads, 0, blocks, sums);
    j->rule.clip_factor = pybp_clip_factor(sums, blocks, clip_norm);
    pybp_free(sums);
    return PYBP_OK;
}

/* ---- the step ---- */

/* It works on a copy of the gradient, as the caller may read the unclipped one afterwards. */
static void update_tile(void *ctx, size_t l, size_t panel, size_t k0, size_t k1)
{
    const job *j = ctx;
    memcpy(j->tile, pybp_param_line(j->net, (char *)(uintptr_t)j->grads, l, panel, k0), (k1 - k0) * PYBP_LINE);
    if (j->finished == NULL)
        pybp_rule_finish_gradient(j->net, &j->rule, l, panel, k0, k1, j->tile);
    pybp_rule_apply(j->net, &j->rule, l, panel, k0, k1, j->tile);
}

static void step_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    job j = *(const job *)ctx;
    j.tile = j.tiles + (size_t)tid * TILE_BYTES;
    (void)barrier;
    pybp_for_each_trained_tile(j.net, tid, threads, update_tile, &j);
}

static pybp_status update(job *j, int threads)
{
    threads = pybp_worthwhile_threads(threads, 8 * (double)j->net->n_parameters, 1);
    j->tiles = pybp_alloc((size_t)threads * TILE_BYTES);
    if (j->tiles == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for a step");
    pybp_pool_run(threads, step_work, j);
    pybp_free(j->tiles);
    pybp_apply_max_norm(j->net, 0, 1);
    if (!pybp_buffer_finite(j->net, j->net->params))
        return pybp_fail(PYBP_DIVERGED, "the step would make parameters infinite or NaN");
    return PYBP_OK;
}

/* After an error the net is neither as before nor updated. */
static pybp_status try_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    job j = {.net = net, .grads = net->grads};
    pybp_status status = pybp_optimizer_attach(net, optimizer);
    if (status != PYBP_OK)
        return status;
    pybp_rule_next_step(net, optimizer, lr, &net->progress, &j.rule);
    if (optimizer->clip_norm > 0)
        status = clip(&j, optimizer->clip_norm);
    if (status == PYBP_OK)
        status = update(&j, threads);
    pybp_free(j.finished);
    return status;
}

/* ---- restoring the net after an error ---- */

/* Copies of parameters and optimizer state. */
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

/* False when memory is short. */
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

/* The copies become the net's buffers. */
static void snapshot_restore(pybp_net *net, snapshot *s)
{
    for (int i = 0; i < 1 + PYBP_N_STATES; i++) {
        pybp_free(*buffer_of(net, i));
        *buffer_of(net, i) = s->buffer[i];
    }
    net->progress = s->progress;
}

pybp_status pybp_manual_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    snapshot before;
    if (!snapshot_take(net, &before))
        return pybp_fail(PYBP_NO_MEMORY, "no memory to keep the parameters during a step");
    const pybp_status status = try_step(net, optimizer, lr, threads);
    if (status != PYBP_OK) {
        snapshot_restore(net, &before);
        return status;
    }
    snapshot_free(&before);
    pybp_forget_forward(net);
    return PYBP_OK;
}
