#include "net/train/buffers.h"

#include "base/status.h"
#include "net/train/batches.h"
#include "net/update/clip_norm.h"

/* Gradients are computed by chunks for nets with at most so many bytes of parameters, */
#define SMALL_NET (256u << 10)
/* and if the partial sums take at most so many. */
#define PARTIALS (16u << 20)

void pybp_train_buffers_free(pybp_train_buffers *b)
{
    if (b == NULL)
        return;
    pybp_workspace_free(b->ws);
    pybp_free(b->grads);
    pybp_free(b->losses);
    pybp_free(b->penalties);
    pybp_free(b->squares);
    pybp_free(b->order);
    pybp_free(b->snapshot);
    pybp_free(b);
}

static bool allocate(const pybp_net *net, pybp_train_buffers *b)
{
    const size_t bytes = pybp_buffer_bytes(net), chunks = pybp_count_chunks(b->batch_rows);
    const size_t partials = pybp_count_partials(chunks, b->threads);
    b->by_chunks = chunks > 1 && bytes > 0 && bytes <= SMALL_NET && partials <= PARTIALS / bytes && !net->batch_coupled;
    b->ws = pybp_workspace_new(net, b->by_chunks ? PYBP_CHUNK * (size_t)b->threads : b->batch_rows,
                               PYBP_FOR_BACKWARD | PYBP_FOR_LOSS | PYBP_FOR_TRAINING, b->threads);
    b->grads = pybp_alloc((b->by_chunks ? partials : b->stored ? 1 : 0) * bytes);
    b->losses = pybp_alloc_array(b->step_rows, sizeof *b->losses);
    b->penalties = pybp_alloc_array(net->n_penalized, sizeof *b->penalties);
    b->squares = pybp_alloc(b->stored ? pybp_gradient_blocks(net) * sizeof *b->squares : 0);
    return b->ws != NULL && b->grads != NULL && b->losses != NULL && b->penalties != NULL && b->squares != NULL;
}

static bool fit_steps(pybp_net *net, size_t batch_rows, size_t step_rows, int threads, bool stored)
{
    pybp_train_buffers *b = net->train_buffers;
    if (b != NULL && b->batch_rows == batch_rows && b->step_rows == step_rows && b->threads == threads &&
        b->stored == stored)
        return true;
    pybp_train_buffers_free(b);
    net->train_buffers = b = pybp_alloc(sizeof *b);
    if (b == NULL)
        return false;
    b->batch_rows = batch_rows;
    b->step_rows = step_rows;
    b->threads = threads;
    b->stored = stored;
    if (allocate(net, b))
        return true;
    pybp_train_buffers_free(b);
    net->train_buffers = NULL;
    return false;
}

static bool fit_order(pybp_train_buffers *b, size_t rows)
{
    if (b->order_capacity >= rows)
        return true;
    pybp_free(b->order);
    b->order_capacity = 0;
    b->order_epoch = 0;
    b->order = pybp_alloc_array(rows, sizeof *b->order);
    b->order_capacity = b->order == NULL ? 0 : rows;
    return b->order != NULL;
}

static bool fit_snapshot(const pybp_net *net, pybp_train_buffers *b)
{
    if (b->snapshot == NULL)
        b->snapshot = pybp_alloc(pybp_buffer_bytes(net));
    return b->snapshot != NULL;
}

pybp_status pybp_train_buffers_fit(pybp_net *net, size_t rows, size_t batch_rows, size_t step_rows, int threads,
                                   const pybp_train_options *options)
{
    const bool stored = options->optimizer.clip_norm > 0 || step_rows > batch_rows || options->gradient_only;
    if (fit_steps(net, batch_rows, step_rows, threads, stored) &&
        (!pybp_is_shuffled(options, rows) || fit_order(net->train_buffers, rows)) &&
        (!options->restore || fit_snapshot(net, net->train_buffers)))
        return PYBP_OK;
    return pybp_fail(PYBP_NO_MEMORY, "no memory to train on minibatches of %zu rows", batch_rows);
}
