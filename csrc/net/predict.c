/* Prediction and evaluation: rows in blocks through all layers, so that a block's activations stay in cache. */
#include "base/status.h"
#include "net/train/epoch.h"

#define BLOCK 128u

typedef struct job {
    const pybp_net *net;
    pybp_pass *pass; /* BLOCK rows a thread */
    size_t block;
    pybp_source source;
    size_t rows;
    char *out;       /* predictions, or NULL */
    bool check;      /* look for NaN and infinity */
    atomic_bool bad; /* found */
    const pybp_loss_spec *loss; /* evaluation */
    double *losses;
    atomic_size_t correct;
} job;

/* Whether the run's inputs, as converted, are finite; padding is. */
static bool finite_inputs(const pybp_run *run)
{
    const pybp_kernels *k = run->net->k;
    const pybp_panels x = pybp_rows_from(run->pass->spaces[0].a, run->row);
    int finite = 1;
    for (size_t p = 0; p * k->panel < run->net->n_in; p++)
        finite &= k->finite(run->rows * k->panel, x.at + p * x.stride * PYBP_LINE);
    return finite;
}

static void predict_block(job *j, const pybp_run *run, size_t first)
{
    const pybp_layer *last = &j->net->layers[j->net->n_layers - 1];
    pybp_run_gather(run, &j->source, first);
    if (j->check && !finite_inputs(run)) {
        atomic_store_explicit(&j->bad, true, memory_order_relaxed);
        return;
    }
    pybp_run_forward(run, 0, j->net->n_layers, PYBP_OUTPUT_A);
    j->net->k->scatter(pybp_rows_from(run->pass->layers[j->net->n_layers - 1].a, run->row), run->rows, last->n_out,
                       j->out + first * last->n_out * j->net->k->size);
}

static size_t evaluate_block(job *j, const pybp_run *run, size_t first)
{
    pybp_run_gather(run, &j->source, first);
    pybp_run_scale(run, &j->source, first, 1, 1);
    pybp_run_forward(run, 0, j->net->n_layers, pybp_loss_output(j->loss));
    pybp_run_loss(run, j->loss);
    pybp_run_losses(run, j->losses + first);
    return pybp_run_correct(run, j->loss);
}

static void work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    job *j = ctx;
    size_t begin, end, correct = 0;
    (void)barrier;
    pybp_share(j->rows, tid, threads, &begin, &end);
    for (; begin < end; begin += j->block) {
        const size_t rows = end - begin < j->block ? end - begin : j->block;
        const pybp_run run = {.net = j->net, .pass = j->pass, .row = (size_t)tid * j->block, .rows = rows, .tid = tid};
        if (j->out != NULL)
            predict_block(j, &run, begin);
        else
            correct += evaluate_block(j, &run, begin);
    }
    atomic_fetch_add_explicit(&j->correct, correct, memory_order_relaxed);
}

/* The spare pass, if it is there and large enough, else a new one. Several calls at once get one each. */
static pybp_pass *take_pass(const pybp_net *net, size_t rows, int threads)
{
    _Atomic(pybp_pass *) *spare = (_Atomic(pybp_pass *) *)(uintptr_t)&net->spare;
    pybp_pass *pass = atomic_exchange_explicit(spare, NULL, memory_order_acq_rel);
    if (pass != NULL && pass->capacity >= rows)
        return pass;
    pybp_pass_free(pass);
    return pybp_pass_new(net, rows, 0, threads);
}

static void give_back(const pybp_net *net, pybp_pass *pass)
{
    _Atomic(pybp_pass *) *spare = (_Atomic(pybp_pass *) *)(uintptr_t)&net->spare;
    pybp_pass_free(atomic_exchange_explicit(spare, pass, memory_order_acq_rel));
}

pybp_status pybp_predict_rows(const pybp_net *net, const pybp_matrix *x, void *out, bool check, int threads)
{
    job j = {.net = net, .source = {.x = x}, .rows = x->rows, .out = out, .check = check};
    threads = pybp_worth_threads(threads, pybp_pass_work(net, x->rows), 1);
    j.block = x->rows < BLOCK ? x->rows : BLOCK;
    j.pass = take_pass(net, j.block * (size_t)threads, threads);
    if (j.pass == NULL)
        return PYBP_NO_MEMORY;
    pybp_pool_run(threads, work, &j);
    give_back(net, j.pass);
    return atomic_load(&j.bad) ? PYBP_NOT_FINITE : PYBP_OK;
}

pybp_status pybp_evaluate_rows(const pybp_net *net, const pybp_source *source, size_t rows,
                               const pybp_loss_spec *loss, pybp_reduction reduction, int threads,
                               pybp_evaluation *result)
{
    job j = {.net = net, .source = *source, .rows = rows, .loss = loss};
    pybp_status status = PYBP_OK;
    threads = pybp_worth_threads(threads, pybp_pass_work(net, rows), 1);
    j.block = rows < BLOCK ? rows : BLOCK;
    j.pass = pybp_pass_new(net, j.block * (size_t)threads, PYBP_PASS_LOSS, threads);
    j.losses = pybp_alloc_array(rows, sizeof *j.losses);
    if (j.pass == NULL || j.losses == NULL) {
        status = pybp_fail(PYBP_NO_MEMORY, "no memory to evaluate %zu rows", rows);
    } else {
        j.pass->y_is_labels = source->y->labels != NULL;
        pybp_pool_run(threads, work, &j);
        result->loss = pybp_sum_losses(j.losses, source, 0, rows) / pybp_loss_per_output(net, loss);
        result->weight = pybp_sum_weights(source, 0, rows);
        if (reduction == PYBP_MEAN)
            result->loss = result->loss / result->weight;
        result->loss = result->loss + pybp_penalty(net);
        result->n_correct = atomic_load(&j.correct);
    }
    pybp_pass_free(j.pass);
    pybp_free(j.losses);
    return status;
}
