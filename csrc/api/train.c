/* Entry points: training. */
#include "net/train/train.h"

#include "api/check_data.h"
#include "api/check_options.h"
#include "api/entry.h"
#include "base/random.h"
#include "net/train/batches.h"

static pybp_status get_order(const pybp_net *net, size_t n, size_t *order)
{
    uint32_t *shuffled = pybp_alloc_array(n, sizeof *shuffled);
    if (shuffled == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory to shuffle %zu rows", n);
    pybp_shuffle(net->seed, net->progress.epochs, n, shuffled);
    for (size_t i = 0; i < n; i++)
        order[i] = shuffled[i];
    pybp_free(shuffled);
    return PYBP_OK;
}

static pybp_status check_shuffle(size_t n)
{
    return n <= UINT32_MAX ? PYBP_OK : pybp_fail(PYBP_SHAPE, "%zu rows: shuffling takes at most 2^32 - 1", n);
}

pybp_status pybp_net_order(const pybp_net *net, size_t n, size_t *order)
{
    CHECK_POINTERS(net != NULL && order != NULL);
    CHECK(check_shuffle(n));
    RETURN_LOCKED(net, read, get_order(net, n, order));
}

/* The net can be trained on minibatches of these sizes; the last one may be smaller. */
static pybp_status check_batches(const pybp_net *net, const pybp_train_options *o, size_t rows)
{
    const size_t step = pybp_step_rows(o, rows), whole = rows / step * step, used = o->drop_last ? whole : rows;
    const size_t batch = o->batch_size < step ? o->batch_size : step;
    CHECK(pybp_check_batch(net, batch));
    return pybp_check_batch(net, used % batch != 0 ? used % batch : batch);
}

static pybp_status check_gradient_only(const pybp_train_options *o, size_t steps)
{
    if (steps == 1 && o->first_step == 0 && !o->shuffle && !o->restore && o->epochs <= 1)
        return PYBP_OK;
    return pybp_fail(PYBP_INVALID, "the gradient alone is for one step, without shuffle and restore");
}

/* In any order that an epoch may take, some of the rows that it uses have weights. */
static pybp_status check_dropped(const pybp_train_options *o, const double *weights, size_t rows)
{
    const size_t left_out = o->drop_last ? rows % pybp_step_rows(o, rows) : 0;
    size_t first = 0, with_weight = 0;
    if (weights == NULL || left_out == 0)
        return PYBP_OK;
    for (size_t r = 0; r < rows && with_weight <= left_out; r++) {
        with_weight += weights[r] > 0;
        first = with_weight == 0 ? r + 1 : first;
    }
    if (pybp_is_shuffled(o, rows) ? with_weight > left_out : first < rows - left_out)
        return PYBP_OK;
    return pybp_fail(PYBP_INVALID, "drop_last leaves out %zu of %zu rows, which may be all that have a weight", left_out,
                     rows);
}

/* The options that select steps and epochs. */
static pybp_status check_steps(const pybp_train_options *o, size_t steps)
{
    if (o->n_lr != 1 && o->n_lr != steps)
        return pybp_fail(PYBP_INVALID, "%zu learning rates for %zu steps", o->n_lr, steps);
    if (o->first_step >= steps)
        return pybp_fail(PYBP_INVALID, "first_step = %zu of %zu steps", o->first_step, steps);
    if (o->epochs > 1 && (o->part || o->first_step > 0 || (o->n_steps > 0 && o->n_steps < steps)))
        return pybp_fail(PYBP_INVALID, "%zu epochs in parts: only a single one can be", o->epochs);
    return PYBP_OK;
}

/* *loss becomes the loss with its defaults filled in. */
static pybp_status check_options(const pybp_net *net, const pybp_train_options *o, size_t rows, pybp_loss_spec *loss)
{
    CHECK(pybp_check_loss(net, &o->loss, o->reduction, loss));
    if (o->batch_size == 0)
        return pybp_fail(PYBP_INVALID, "batch_size is 0, expected 1 or more");
    const size_t steps = pybp_epoch_steps(o, rows);
    CHECK(check_batches(net, o, rows));
    if (o->gradient_only)
        return check_gradient_only(o, steps);
    CHECK(pybp_check_optimizer(net, &o->optimizer));
    CHECK(pybp_check_rates(o->lr, o->n_lr));
    CHECK(pybp_check_other_rates(net, o));
    CHECK(check_steps(o, steps));
    return o->shuffle ? check_shuffle(rows) : PYBP_OK;
}

static pybp_status train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                         const pybp_train_options *options, pybp_train_result *result)
{
    CHECK(pybp_check_weights(weights, x->rows));
    CHECK(check_dropped(options, weights, x->rows));
    return pybp_train_epochs(net, x, y, weights, options, result);
}

pybp_status pybp_train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                       const pybp_train_options *options, pybp_train_result *result)
{
    pybp_train_options full;
    CHECK_POINTERS(net != NULL && x != NULL && options != NULL && result != NULL);
    CHECK(pybp_check_rows(net, x));
    full = *options;
    CHECK(check_options(net, options, x->rows, &full.loss));
    CHECK(pybp_check_targets(net, y, x->rows, &full.loss));
    RETURN_LOCKED(net, write, train(net, x, y, weights, &full, result));
}
