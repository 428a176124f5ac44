/* All layers are computed for a block of rows at a time, so that its activations stay in cache. */
#include "net/predict.h"

#include "base/status.h"
#include "net/rows/correct.h"
#include "net/rows/gather.h"
#include "net/rows/loss.h"
#include "net/rows/propagate.h"
#include "net/rows/row_sums.h"
#include "net/rows/work.h"
#include "net/update/penalties.h"

#define BLOCK 128u

typedef struct job {
    const pybp_net *net;
    pybp_workspace *ws;         /* `block` rows for each thread */
    size_t block;
    pybp_source source;
    size_t rows;
    char *out;                  /* predictions, or NULL: evaluate */
    bool check;                 /* whether inputs are finite */
    atomic_bool not_finite;     /* one was not */
    const pybp_loss_spec *loss; /* for evaluation */
    double *losses;             /* of all rows */
    atomic_size_t correct;
} job;

/* Whether the rows' inputs, as converted, are finite. (Padding is.) */
static bool inputs_finite(const pybp_rows *rows)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_panels x = pybp_panels_from_row(rows->ws->buffers[0].a, rows->first);
    int finite = 1;
    for (size_t p = 0; p * k->panel < rows->net->n_in; p++)
        finite &= k->finite(rows->n * k->panel, pybp_panel_at(x, p));
    return finite;
}

static void predict_block(job *j, const pybp_rows *rows, size_t first)
{
    const size_t last = j->net->n_layers - 1, n_out = j->net->layers[last].n_out;
    pybp_gather_rows(rows, &j->source, first);
    if (j->check && !inputs_finite(rows)) {
        atomic_store_explicit(&j->not_finite, true, memory_order_relaxed);
        return;
    }
    pybp_forward_layers(rows, 0, j->net->n_layers, PYBP_OUTPUT_A);
    j->net->k->scatter(pybp_output_of(rows, last), rows->n, n_out, j->out + first * n_out * j->net->k->size);
}

/* Returns the number of rows that are predicted correctly. */
static size_t evaluate_block(job *j, const pybp_rows *rows, size_t first)
{
    pybp_gather_rows(rows, &j->source, first);
    pybp_fill_row_scales(rows, &j->source, first, 1, 1);
    pybp_forward_layers(rows, 0, j->net->n_layers, pybp_loss_output(j->loss));
    pybp_compute_loss(rows, j->loss);
    pybp_read_row_losses(rows, j->losses + first);
    return pybp_count_correct(rows, j->loss);
}

static void work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    job *j = ctx;
    size_t begin, end, correct = 0;
    (void)barrier;
    pybp_thread_range(j->rows, tid, threads, &begin, &end);
    for (; begin < end; begin += j->block) {
        const size_t n = end - begin < j->block ? end - begin : j->block;
        const pybp_rows rows = {.net = j->net, .ws = j->ws, .first = (size_t)tid * j->block, .n = n, .tid = tid};
        if (j->out != NULL)
            predict_block(j, &rows, begin);
        else
            correct += evaluate_block(j, &rows, begin);
    }
    atomic_fetch_add_explicit(&j->correct, correct, memory_order_relaxed);
}

/* The net's spare workspace, if it is free and large enough, otherwise a new one. Only one of several
 * simultaneous calls can take the spare one. */
static pybp_workspace *take_workspace(const pybp_net *net, size_t rows, int threads)
{
    _Atomic(pybp_workspace *) *spare = (_Atomic(pybp_workspace *) *)(uintptr_t)&net->spare_workspace;
    pybp_workspace *ws = atomic_exchange_explicit(spare, NULL, memory_order_acq_rel);
    if (ws != NULL && ws->capacity >= rows)
        return ws;
    pybp_workspace_free(ws);
    return pybp_workspace_new(net, rows, 0, threads);
}

static void return_workspace(const pybp_net *net, pybp_workspace *ws)
{
    _Atomic(pybp_workspace *) *spare = (_Atomic(pybp_workspace *) *)(uintptr_t)&net->spare_workspace;
    pybp_workspace_free(atomic_exchange_explicit(spare, ws, memory_order_acq_rel));
}

pybp_status pybp_predict_rows(const pybp_net *net, const pybp_matrix *x, void *out, bool check, int threads)
{
    job j = {.net = net, .source = {.x = x}, .rows = x->rows, .out = out, .check = check};
    threads = pybp_worthwhile_threads(threads, pybp_forward_work(net, x->rows), 1);
    j.block = x->rows < BLOCK ? x->rows : BLOCK;
    j.ws = take_workspace(net, j.block * (size_t)threads, threads);
    if (j.ws == NULL)
        return PYBP_NO_MEMORY;
    pybp_pool_run(threads, work, &j);
    return_workspace(net, j.ws);
    return atomic_load(&j.not_finite) ? PYBP_NOT_FINITE : PYBP_OK;
}

static void fill_result(const job *j, pybp_reduction reduction, pybp_evaluation *result)
{
    result->loss = pybp_sum_losses(j->losses, &j->source, 0, j->rows) / pybp_loss_per_output(j->net, j->loss);
    result->weight = pybp_sum_weights(&j->source, 0, j->rows);
    if (reduction == PYBP_MEAN)
        result->loss = result->loss / result->weight;
    result->loss = result->loss + pybp_penalty(j->net);
    result->n_correct = atomic_load(&j->correct);
}

pybp_status pybp_evaluate_rows(const pybp_net *net, const pybp_source *source, size_t rows,
                               const pybp_loss_spec *loss, pybp_reduction reduction, int threads,
                               pybp_evaluation *result)
{
    job j = {.net = net, .source = *source, .rows = rows, .loss = loss};
    pybp_status status = PYBP_OK;
    threads = pybp_worthwhile_threads(threads, pybp_forward_work(net, rows), 1);
    j.block = rows < BLOCK ? rows : BLOCK;
    j.ws = pybp_workspace_new(net, j.block * (size_t)threads, PYBP_FOR_LOSS, threads);
    j.losses = pybp_alloc_array(rows, sizeof *j.losses);
    if (j.ws == NULL || j.losses == NULL) {
        status = pybp_fail(PYBP_NO_MEMORY, "no memory to evaluate %zu rows", rows);
    } else {
        j.ws->y_is_labels = source->y->labels != NULL;
        pybp_pool_run(threads, work, &j);
        fill_result(&j, reduction, result);
    }
    pybp_workspace_free(j.ws);
    pybp_free(j.losses);
    return status;
}
