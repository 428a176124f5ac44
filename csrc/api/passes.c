/* Entry points: prediction, passes by hand, training. Each checks its arguments, then calls net/. */
#include "api/data.h"
#include "base/fpenv.h"
#include "base/random.h"
#include "base/status.h"
#include "net/train/epoch.h"

#define CHECK(call) \
    do { \
        const pybp_status checked = (call); \
        if (checked != PYBP_OK) \
            return checked; \
    } while (0)

/* Run the body alone on the net (or beside other readers), with IEEE arithmetic as the contract has it. */
#define RUN(net, mode, body) \
    do { \
        if (!pybp_enter_##mode(net)) \
            return pybp_fail(PYBP_BUSY, "another call is using this net"); \
        const pybp_fpenv env = pybp_fpenv_enter(); \
        const pybp_status status = (body); \
        pybp_fpenv_leave(env); \
        pybp_leave_##mode(net); \
        return status; \
    } while (0)

static pybp_status check_some(const void *a, const void *b, const void *c)
{
    return a != NULL && b != NULL && c != NULL ? PYBP_OK : pybp_fail(PYBP_INVALID, "an argument is NULL");
}

static pybp_status check_prediction(const pybp_net *net, const pybp_matrix *x, const void *out)
{
    CHECK(check_some(net, x, out));
    CHECK(pybp_check_rows(net, x));
    return pybp_check_aligned("out", out, net->k->size);
}

pybp_status pybp_predict(const pybp_net *net, const pybp_matrix *x, void *out, int threads)
{
    CHECK(check_prediction(net, x, out));
    RUN(net, read, pybp_predict_rows(net, x, out, false, threads));
}

/* Inputs are looked at block by block, on their way through the net; where the first bad one is, only if there is one. */
static pybp_status predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads, size_t *row,
                                  size_t *col)
{
    const pybp_status status = pybp_predict_rows(net, x, out, true, threads);
    return status == PYBP_NOT_FINITE ? pybp_matrix_check(x, net->dtype, row, col) : status;
}

pybp_status pybp_predict_finite(const pybp_net *net, const pybp_matrix *x, void *out, int threads, size_t *row,
                                size_t *col)
{
    CHECK(check_some(row, col, out));
    CHECK(check_prediction(net, x, out));
    RUN(net, read, predict_finite(net, x, out, threads, row, col));
}

/* The weights are checked in here because a sum of subnormal ones depends on the arithmetic's mode. */
static pybp_status evaluate(const pybp_net *net, const pybp_source *source, const pybp_loss_spec *loss,
                            pybp_reduction reduction, int threads, pybp_evaluation *result)
{
    CHECK(pybp_check_weights(source->weights, source->x->rows));
    return pybp_evaluate_rows(net, source, source->x->rows, loss, reduction, threads, result);
}

pybp_status pybp_evaluate(const pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                          const pybp_loss_spec *loss, pybp_reduction reduction, int threads,
                          pybp_evaluation *result)
{
    pybp_loss_spec full;
    CHECK(check_some(net, x, result));
    CHECK(pybp_check_loss(net, loss, reduction, &full));
    CHECK(pybp_check_rows(net, x));
    CHECK(pybp_check_targets(net, y, x->rows, &full));
    const pybp_source source = {x, y, weights, NULL};
    RUN(net, read, evaluate(net, &source, &full, reduction, threads, result));
}

static pybp_status check_how(const pybp_net *net, const pybp_matrix *x, int how)
{
    if ((how & ~(PYBP_KEEP | PYBP_TRAINING)) != 0)
        return pybp_fail(PYBP_INVALID, "how is %d, expected PYBP_KEEP, PYBP_TRAINING, both or 0", how);
    return how & PYBP_TRAINING ? pybp_check_batch(net, x->rows) : PYBP_OK;
}

pybp_status pybp_forward(pybp_net *net, const pybp_matrix *x, int how, void *out, int threads)
{
    CHECK(check_some(net, x, x));
    CHECK(pybp_check_rows(net, x));
    CHECK(check_how(net, x, how));
    CHECK(pybp_check_aligned("out", out, net->k->size));
    RUN(net, write, pybp_hand_forward(net, x, how, out, threads));
}

/* Inside the lock: whether there was a forward pass is the net's to say. */
static pybp_status backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads)
{
    if (net->hand_rows == 0)
        return pybp_fail(PYBP_STATE, "backward needs a forward pass first, on these parameters");
    CHECK(pybp_check_matrix("dl_da", dl_da, pybp_net_n_out(net)));
    if (dl_da->rows != net->hand_rows)
        return pybp_fail(PYBP_SHAPE, "dl_da has %zu rows, the forward pass had %zu", dl_da->rows, net->hand_rows);
    return pybp_hand_backward(net, dl_da, NULL, NULL, PYBP_MEAN, dx, threads, NULL);
}

pybp_status pybp_backward(pybp_net *net, const pybp_matrix *dl_da, void *dx, int threads)
{
    CHECK(check_some(net, dl_da, dl_da));
    CHECK(pybp_check_aligned("dx", dx, net->k->size));
    RUN(net, write, backward(net, dl_da, dx, threads));
}

static pybp_status backward_loss(pybp_net *net, const pybp_targets *y, const double *weights,
                                 const pybp_loss_spec *loss, pybp_reduction reduction, void *dx, int threads,
                                 double *value)
{
    if (net->hand_rows == 0)
        return pybp_fail(PYBP_STATE, "backward needs a forward pass first, on these parameters");
    CHECK(pybp_check_targets(net, y, net->hand_rows, loss));
    CHECK(pybp_check_weights(weights, net->hand_rows));
    const pybp_matrix same = {.data = net->params, .rows = net->hand_rows, .dtype = net->dtype}; /* x is in the pass already */
    const pybp_source source = {&same, y, weights, NULL};
    return pybp_hand_backward(net, NULL, &source, loss, reduction, dx, threads, value);
}

pybp_status pybp_backward_loss(pybp_net *net, const pybp_targets *y, const double *weights, const pybp_loss_spec *loss,
                               pybp_reduction reduction, void *dx, int threads, double *value)
{
    pybp_loss_spec full;
    CHECK(check_some(net, y, value));
    CHECK(pybp_check_loss(net, loss, reduction, &full));
    CHECK(pybp_check_aligned("dx", dx, net->k->size));
    RUN(net, write, backward_loss(net, y, weights, &full, reduction, dx, threads, value));
}

pybp_status pybp_jacobian(pybp_net *net, const pybp_matrix *x, void *out, size_t bytes)
{
    size_t expected;
    CHECK(check_some(net, x, out));
    CHECK(pybp_check_input("x", x, net->n_in));
    CHECK(pybp_check_aligned("out", out, net->k->size));
    if (!pybp_mul_size(net->n_parameters * net->k->size, pybp_net_n_out(net), &expected) ||
        !pybp_mul_size(expected, x->rows, &expected) || bytes != expected)
        return pybp_fail(PYBP_SHAPE, "out has %zu bytes, expected %zu rows of %zu outputs by %zu parameters", bytes,
                         x->rows, pybp_net_n_out(net), net->n_parameters);
    RUN(net, write, pybp_jacobian_rows(net, x, out));
}

static pybp_status step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    if (!net->has_gradients)
        return pybp_fail(PYBP_STATE, "step needs the gradients of a backward pass");
    return pybp_hand_step(net, optimizer, lr, threads);
}

pybp_status pybp_step(pybp_net *net, const pybp_optimizer *optimizer, double lr, int threads)
{
    CHECK(check_some(net, optimizer, optimizer));
    CHECK(pybp_check_optimizer(net, optimizer));
    CHECK(pybp_check_rates(&lr, 1));
    RUN(net, write, step(net, optimizer, lr, threads));
}

static pybp_status reset(pybp_net *net)
{
    pybp_optimizer_detach(net);
    return PYBP_OK;
}

pybp_status pybp_reset_optimizer(pybp_net *net)
{
    CHECK(check_some(net, net, net));
    RUN(net, write, reset(net));
}

static pybp_status get_progress(const pybp_net *net, pybp_progress *progress)
{
    *progress = net->progress;
    return PYBP_OK;
}

pybp_status pybp_get_progress(const pybp_net *net, pybp_progress *progress)
{
    CHECK(check_some(net, progress, progress));
    RUN(net, read, get_progress(net, progress));
}

static pybp_status check_progress(const pybp_progress *p)
{
    const bool none = p->optimizer == -1;
    if (!none && (p->optimizer < 0 || p->optimizer >= PYBP_N_OPTIMIZERS))
        return pybp_fail(PYBP_INVALID, "no optimizer %d", p->optimizer);
    if (none && p->states != 0)
        return pybp_fail(PYBP_INVALID, "states %d without an optimizer", p->states);
    for (int i = 0; i < PYBP_N_POWERS; i++)
        if (!(p->powers[i] >= 0 && p->powers[i] <= 1))
            return pybp_fail(PYBP_INVALID, "power %g, expected 0 to 1", p->powers[i]);
    if (!none) { /* parameters above 0 can only bring states */
        pybp_optimizer like = {.kind = (pybp_optimizer_kind)p->optimizer, .params = {0}};
        const int least = pybp_optimizer_states(&like);
        for (int i = 0; i < PYBP_MAX_PARAMS; i++)
            like.params[i] = 0.5;
        if ((p->states & least) != least || (p->states & ~pybp_optimizer_states(&like)) != 0)
            return pybp_fail(PYBP_INVALID, "states %d do not fit the optimizer", p->states);
    }
    return PYBP_OK;
}

static pybp_status set_progress(pybp_net *net, const pybp_progress *progress)
{
    const bool same = net->progress.optimizer == progress->optimizer && net->progress.states == progress->states;
    if (!same) {
        char *state[PYBP_N_STATES];
        CHECK(pybp_optimizer_buffers(net, progress->states, state));
        pybp_optimizer_detach(net);
        for (int i = 0; i < PYBP_N_STATES; i++)
            net->state[i] = state[i];
    }
    net->progress = *progress;
    return PYBP_OK;
}

pybp_status pybp_set_progress(pybp_net *net, const pybp_progress *progress)
{
    CHECK(check_some(net, progress, progress));
    CHECK(check_progress(progress));
    RUN(net, write, set_progress(net, progress));
}

static pybp_status order_of(const pybp_net *net, size_t n, size_t *order)
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
    CHECK(check_some(net, order, order));
    CHECK(check_shuffle(n));
    RUN(net, read, order_of(net, n, order));
}

/* The rows of each minibatch, the last one's too. */
static pybp_status check_batches(const pybp_net *net, const pybp_train_options *o, size_t rows)
{
    const size_t step = pybp_step_rows(o, rows), whole = rows / step * step, used = o->drop_last ? whole : rows;
    const size_t batch = o->batch_size < step ? o->batch_size : step;
    CHECK(pybp_check_batch(net, batch));
    return pybp_check_batch(net, used % batch != 0 ? used % batch : batch);
}

static pybp_status check_options(const pybp_net *net, const pybp_train_options *o, size_t rows, pybp_loss_spec *loss)
{
    CHECK(pybp_check_loss(net, &o->loss, o->reduction, loss));
    if (o->batch_size == 0)
        return pybp_fail(PYBP_INVALID, "batch_size is 0, expected 1 or more");
    const size_t steps = pybp_train_steps(o, rows);
    if (o->gradient_only)
        return steps == 1 && !o->shuffle && !o->restore && o->epochs <= 1 ? PYBP_OK
                   : pybp_fail(PYBP_INVALID, "the gradient alone is for one step, without shuffle and restore");
    CHECK(pybp_check_optimizer(net, &o->optimizer));
    CHECK(pybp_check_rates(o->lr, o->n_lr));
    if (o->n_lr != 1 && o->n_lr != steps)
        return pybp_fail(PYBP_INVALID, "%zu learning rates for %zu steps", o->n_lr, steps);
    if (o->first_step >= steps)
        return pybp_fail(PYBP_INVALID, "first_step = %zu of %zu steps", o->first_step, steps);
    if (o->epochs > 1 && (o->part || o->first_step > 0 || (o->n_steps > 0 && o->n_steps < steps)))
        return pybp_fail(PYBP_INVALID, "%zu epochs in parts: only a single one can be", o->epochs);
    CHECK(check_batches(net, o, rows));
    return o->shuffle ? check_shuffle(rows) : PYBP_OK;
}

static pybp_status train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                         const pybp_train_options *options, pybp_train_result *result)
{
    CHECK(pybp_check_weights(weights, x->rows));
    return pybp_train_epochs(net, x, y, weights, options, result);
}

pybp_status pybp_train(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                       const pybp_train_options *options, pybp_train_result *result)
{
    pybp_train_options full;
    CHECK(check_some(net, x, options));
    CHECK(check_some(result, result, result));
    CHECK(pybp_check_rows(net, x));
    full = *options;
    CHECK(check_options(net, options, x->rows, &full.loss));
    CHECK(pybp_check_targets(net, y, x->rows, &full.loss));
    RUN(net, write, train(net, x, y, weights, &full, result));
}
