#include "net/train/train.h"

#include "base/status.h"
#include "net/model/parameters.h"
#include "net/rows/loss.h"
#include "net/rows/work.h"
#include "net/train/batches.h"
#include "net/train/epoch.h"
#include "net/train/tick.h"
#include "net/update/optimizer_state.h"

/* Allocate all that the steps of all epochs write to. */
static pybp_status prepare(pybp_net *net, size_t rows, size_t batch_rows, size_t step_rows, int threads,
                           const pybp_train_options *options)
{
    const pybp_status status = pybp_train_buffers_fit(net, rows, batch_rows, step_rows, threads, options);
    if (status != PYBP_OK)
        return status;
    if (!options->gradient_only)
        return pybp_optimizer_attach(net, &options->optimizer);
    if (net->grads == NULL)
        net->grads = pybp_alloc(pybp_buffer_bytes(net));
    return net->grads != NULL ? PYBP_OK : pybp_fail(PYBP_NO_MEMORY, "no memory for the gradients");
}

pybp_status pybp_train_epochs(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                              const pybp_train_options *options, pybp_train_result *result)
{
    const size_t rows = x->rows, step_rows = pybp_step_rows(options, rows), steps = pybp_epoch_steps(options, rows);
    const size_t batch_rows = options->batch_size < step_rows ? options->batch_size : step_rows;
    const size_t epochs = options->epochs > 1 ? options->epochs : 1;
    const size_t steps_here = options->n_steps > 0 && options->n_steps < steps ? options->n_steps : steps;
    const double work = 3 * pybp_forward_work(net, batch_rows);
    const int threads = pybp_worthwhile_threads(options->threads, work, steps_here);
    pybp_status status = prepare(net, rows, batch_rows, step_rows, threads, options);
    if (status != PYBP_OK)
        return status;
    pybp_train_call call = {
        .net = net,
        .buffers = net->train_buffers,
        .options = options,
        .result = result,
        .source = {x, y, weights, pybp_is_shuffled(options, rows) ? net->train_buffers->order : NULL},
        .rows = rows,
        .batch_rows = batch_rows,
        .step_rows = step_rows,
        .steps = steps,
        .per_output = pybp_loss_per_output(net, &options->loss),
    };
    net->train_buffers->ws->y_is_labels = y->labels != NULL;
    pybp_forget_forward(net);
    net->has_gradients = false;
    pybp_start_clock(&call);
    for (; call.epoch < epochs && status == PYBP_OK; call.epoch++)
        status = pybp_train_epoch(&call, threads, pybp_expected_thread_gain(threads, work));
    return status;
}
