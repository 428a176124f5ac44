#include "net/manual_passes.h"

#include "base/status.h"
#include "net/layers/layer.h"
#include "net/rows/gather.h"
#include "net/rows/loss.h"
#include "net/rows/propagate.h"
#include "net/rows/row_sums.h"
#include "net/rows/work.h"
#include "net/update/penalties.h"
#include "net/update/tiles.h"

typedef struct job {
    pybp_net *net;
    pybp_source source;
    const pybp_matrix *dl_da; /* or NULL, and a loss: */
    const pybp_loss_spec *loss;
    double divisor, per_output;
    double *losses; /* of all rows */
} job;

static pybp_rows all_rows(const job *j, size_t n, int tid)
{
    return (pybp_rows){.net = j->net, .ws = j->net->manual.workspace, .n = n, .tid = tid, .batch_rows = n,
                       .pass_number = j->net->progress.passes};
}

/* ---- forward ---- */

static void load(void *ctx, const pybp_rows *block)
{
    pybp_gather_rows(block, &((const job *)ctx)->source, block->batch_row);
}

static void forward_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    const job *j = ctx;
    const pybp_propagation p = {.all = all_rows(j, j->source.x->rows, tid), .threads = threads, .barrier = barrier,
                                .output = PYBP_OUTPUT_A, .ctx = ctx, .load = load};
    pybp_propagate(&p, PYBP_FORWARD);
}

/* Keep the workspace of the last call, if it fits. */
static pybp_status fit_workspace(pybp_net *net, size_t rows, int how, int threads)
{
    const int flags = PYBP_FOR_BACKWARD | PYBP_FOR_LOSS | PYBP_FOR_DX | (how & PYBP_KEEP ? PYBP_FOR_TRACE : 0) |
                      (how & PYBP_TRAINING ? PYBP_FOR_TRAINING : 0);
    const pybp_workspace *old = net->manual.workspace;
    if (old != NULL && old->capacity == rows && old->flags == flags && old->threads >= threads)
        return PYBP_OK;
    pybp_workspace *ws = pybp_workspace_new(net, rows, flags, threads);
    if (ws == NULL)
        return PYBP_NO_MEMORY;
    pybp_workspace_free(net->manual.workspace);
    net->manual.workspace = ws;
    return PYBP_OK;
}

pybp_status pybp_manual_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads)
{
    const size_t last = net->n_layers - 1;
    job j = {.net = net, .source = {.x = x}};
    threads = pybp_worthwhile_threads(threads, pybp_forward_work(net, x->rows), 1);
    if (fit_workspace(net, x->rows, how, threads) != PYBP_OK)
        return PYBP_NO_MEMORY;
    pybp_pool_run(threads, forward_work, &j);
    net->progress.passes += net->random && (how & PYBP_TRAINING) != 0;
    net->manual.rows = x->rows;
    net->manual.keeps_z = how & PYBP_KEEP;
    net->manual.has_deltas = false;
    if (out != NULL)
        net->k->scatter(net->manual.workspace->layers[last].a, x->rows, net->layers[last].n_out, out);
    return PYBP_OK;
}

/* ---- backward ---- */

static void output_delta(void *ctx, const pybp_rows *block)
{
    const job *j = ctx;
    if (j->dl_da != NULL) {
        const pybp_panels delta = pybp_delta_of(block, block->net->n_layers - 1);
        block->net->k->gather(j->dl_da, NULL, block->batch_row, block->n, delta);
        pybp_compute_output_delta(block);
        return;
    }
    pybp_gather_rows(block, &j->source, block->batch_row);
    pybp_fill_row_scales(block, &j->source, block->batch_row, j->divisor, j->per_output);
    pybp_compute_loss(block, j->loss);
    pybp_read_row_losses(block, j->losses + block->batch_row);
}

static void store_gradient(void *ctx, size_t l, size_t panel, size_t panels, size_t k0, size_t k1)
{
    const pybp_rows *all = ctx;
    pybp_layer_gradient(all, l, panel, panels, k0, k1, false, pybp_param_line(all->net, all->net->grads, l, panel, k0),
                        all->net->layers[l].panel_lines);
}

static void backward_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    const job *j = ctx;
    pybp_propagation p = {.all = all_rows(j, j->net->manual.rows, tid), .threads = threads, .barrier = barrier,
                          .ctx = ctx, .output_delta = output_delta};
    pybp_propagate(&p, PYBP_BACKWARD);
    pybp_barrier_wait(barrier);
    pybp_for_each_tile_group(j->net, tid, threads, store_gradient, &p.all);
}

/* Prepare for a loss. The caller releases j->losses. */
static pybp_status use_loss(job *j, const pybp_source *source, const pybp_loss_spec *loss, pybp_reduction reduction)
{
    const size_t rows = j->net->manual.rows;
    j->losses = pybp_alloc_array(rows, sizeof *j->losses);
    if (j->losses == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the losses of %zu rows", rows);
    j->source = *source;
    j->loss = loss;
    j->divisor = reduction == PYBP_MEAN ? pybp_sum_weights(source, 0, rows) : 1;
    j->per_output = pybp_loss_per_output(j->net, loss);
    j->net->manual.workspace->y_is_labels = source->y->labels != NULL;
    return PYBP_OK;
}

pybp_status pybp_manual_backward(pybp_net *net, const pybp_matrix *dl_da, const pybp_source *source,
                                 const pybp_loss_spec *loss, pybp_reduction reduction, void *dx, int threads,
                                 double *value)
{
    const size_t rows = net->manual.rows;
    const pybp_workspace *ws = net->manual.workspace;
    job j = {.net = net, .dl_da = dl_da};
    if (net->grads == NULL)
        net->grads = pybp_alloc(pybp_buffer_bytes(net));
    if (net->grads == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for the gradients");
    if (dl_da == NULL && use_loss(&j, source, loss, reduction) != PYBP_OK)
        return PYBP_NO_MEMORY;
    threads = pybp_worthwhile_threads(threads, 2 * pybp_forward_work(net, rows), 1);
    pybp_pool_run(threads < ws->threads ? threads : ws->threads, backward_work, &j);
    if (dl_da == NULL)
        *value = pybp_sum_losses(j.losses, source, 0, rows) / j.per_output / j.divisor + pybp_penalty(net);
    pybp_free(j.losses);
    net->has_gradients = true;
    net->manual.has_deltas = true;
    if (dx != NULL)
        net->k->scatter(ws->buffers[0].delta, rows, net->n_in, dx);
    return PYBP_OK;
}
