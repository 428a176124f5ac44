/* Training, epoch after epoch: every thread runs the same loop over an epoch's minibatches, two barriers a step
 * and more where the stages have some (step.h). */
#include "net/train/epoch.h"

#include "base/clock.h"
#include "base/random.h"
#include "base/status.h"
#include "net/train/step.h"

#include <math.h>
#include <string.h>

static double mean_so_far(const pybp_call *c)
{
    const double loss = c->loss / c->per_output;
    return c->options->reduction == PYBP_MEAN ? loss / c->weight : loss;
}

/* Thread 0, beside its tiles: the step's loss counts, and ends everything if it is not finite. */
static void account(pybp_call *c, size_t first, size_t rows, double weight, const pybp_rule *rule)
{
    double sum = pybp_sum_losses(c->trainer->losses, &c->source, first, rows);
    if (c->net->n_penalized > 0) { /* so much that mean_so_far() makes it the penalty */
        const double penalty = pybp_penalty_sum(c->net, c->trainer->penalties) * rule->penalty * c->per_output;
        sum = sum + (c->options->reduction == PYBP_MEAN ? penalty * weight : penalty);
    }
    c->loss = c->loss + sum;
    c->weight = c->weight + weight;
    if (!isfinite(sum)) {
        c->status = PYBP_DIVERGED;
        c->result->bad_step = c->result->steps;
        atomic_store_explicit(&c->stop, true, memory_order_relaxed);
    }
    c->result->steps++;
    c->result->n_rows += rows;
}

/* Thread 0: call tick when it is due. Reading the clock costs as much as a step of the smallest nets, so it is read only
 * about every millisecond. */
static void tick(pybp_call *c)
{
    if (c->options->tick == NULL || --c->clock_left > 0)
        return;
    const double now = pybp_clock_ms(), since = now - c->read;
    c->read = now;
    if (since < 0.5 && c->clock_every < 1u << 20)
        c->clock_every *= 2;
    else if (since > 2 && c->clock_every > 1)
        c->clock_every = since > 2 * (double)c->clock_every ? 1 : c->clock_every / 2;
    c->clock_left = c->clock_every;
    if (now - c->ticked < c->options->interval_ms)
        return;
    c->ticked = now;
    if (c->options->tick(c->options->user, c->result->steps, mean_so_far(c)) != 0 && c->status == PYBP_OK) {
        c->status = PYBP_INTERRUPTED;
        atomic_store_explicit(&c->stop, true, memory_order_relaxed);
    }
}

/* One update: the gradient of `rows` rows from `first` on, a minibatch at a time, and what the rule makes of it. */
static void take_step(pybp_call *c, size_t first, size_t rows, double weight, pybp_rule *rule, pybp_progress *progress,
                      int tid, int threads, pybp_barrier *barrier)
{
    pybp_minibatch m = {.c = c, .first = first, .divisor = c->options->reduction == PYBP_MEAN ? weight : 1};
    rule->penalty = c->options->penalty_per_weight ? 1 / weight : 1;
    if (c->net->n_penalized > 0)
        pybp_penalty_part(c->net, tid, threads, c->trainer->penalties);
    for (; m.before < rows; m.before += c->batch, m.first += c->batch) {
        m.rows = rows - m.before < c->batch ? rows - m.before : c->batch;
        if (m.before > 0) /* the activations before this are still being read */
            pybp_barrier_wait(barrier);
        const pybp_run all = {.net = c->net, .pass = c->trainer->pass, .rows = m.rows, .tid = tid, .in_all = m.rows,
                              .number = progress->passes};
        progress->passes += c->net->random;
        pybp_stage_a(&m, &all, threads, barrier);
        pybp_barrier_wait(barrier);
        if (tid == 0 && m.before + m.rows == rows)
            account(c, first, rows, weight, rule);
        pybp_stage_b(&m, &all, rule, threads);
    }
    if (c->trainer->flat && !c->options->gradient_only)
        pybp_stage_c(c, rule, tid, threads, barrier);
    if (c->net->constrained) {
        pybp_barrier_wait(barrier);
        pybp_constrain(c->net, tid, threads);
    }
}

static void loop(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    pybp_call *c = ctx;
    const pybp_train_options *options = c->options;
    pybp_progress progress = c->net->progress;
    size_t step = c->begin;
    for (bool stopped = false; step < c->end && !stopped; step++) {
        const size_t first = step * c->step_rows, rows = c->n - first < c->step_rows ? c->n - first : c->step_rows;
        const double weight = pybp_sum_weights(&c->source, first, rows);
        pybp_rule rule;
        if (weight == 0)
            continue;
        if (!options->gradient_only)
            pybp_rule_next(c->net, &options->optimizer, options->lr[options->n_lr > 1 ? step : 0], &progress, &rule);
        take_step(c, first, rows, weight, &rule, &progress, tid, threads, barrier);
        if (tid == 0)
            tick(c);
        pybp_barrier_wait(barrier);
        stopped = atomic_load_explicit(&c->stop, memory_order_relaxed);
    }
    if (tid == 0 && !options->gradient_only) {
        c->net->progress = progress;
        c->complete = step >= c->steps;
    }
}

/* Fill in the epoch's result and report it; or put back the parameters from before it, if it diverged. */
static pybp_status end_epoch(pybp_call *c)
{
    pybp_net *net = c->net;
    c->result->loss = mean_so_far(c);
    c->result->loss_sum = c->loss;
    c->result->weight_sum = c->weight;
    c->result->n_correct = atomic_load(&c->correct);
    if (c->status != PYBP_DIVERGED && !pybp_buffer_finite(net, net->params)) {
        c->status = PYBP_DIVERGED;
        c->result->bad_step = c->result->steps;
    }
    if (c->status == PYBP_DIVERGED) {
        if (c->options->restore) {
            memcpy(net->params, c->trainer->snapshot, pybp_buffer_bytes(net));
            pybp_optimizer_detach(net);
            net->progress.passes = c->passes;
        }
        return pybp_fail(PYBP_DIVERGED, "training diverged at step %zu", c->result->bad_step);
    }
    if (c->complete && !c->options->part)
        net->progress.epochs++;
    if (c->options->gradient_only) {
        memcpy(net->grads, c->trainer->grads, pybp_buffer_bytes(net));
        net->has_gradients = true;
    }
    if (c->status == PYBP_INTERRUPTED)
        return pybp_fail(PYBP_INTERRUPTED, "stopped by the callback after %zu steps", c->result->steps);
    if (c->complete && c->options->on_epoch != NULL && c->options->on_epoch(c->options->user, c->result) != 0)
        return pybp_fail(PYBP_INTERRUPTED, "stopped by the callback after %zu epochs", c->epoch + 1);
    return PYBP_OK;
}

size_t pybp_step_rows(const pybp_train_options *options, size_t rows)
{
    size_t step;
    if (!pybp_mul_size(options->batch_size, options->accumulate > 1 ? options->accumulate : 1, &step))
        step = SIZE_MAX;
    return step < rows ? step : rows;
}

size_t pybp_train_steps(const pybp_train_options *options, size_t rows)
{
    const size_t step = pybp_step_rows(options, rows);
    return rows / step + (rows % step != 0 && !options->drop_last);
}

/* Find which steps of the epoch to take and the order of its rows; go on from the part before, if there was one. */
static void begin_epoch(pybp_call *c)
{
    const pybp_train_options *options = c->options;
    pybp_trainer *t = c->trainer;
    const uint64_t number = c->net->progress.epochs;
    c->begin = options->first_step;
    c->end = options->n_steps > 0 && options->n_steps < c->steps - c->begin ? c->begin + options->n_steps : c->steps;
    c->complete = false;
    if (c->begin == 0)
        *c->result = (pybp_train_result){.epoch = c->epoch};
    c->loss = c->result->loss_sum;
    c->weight = c->result->weight_sum;
    c->passes = c->net->progress.passes;
    atomic_store(&c->correct, c->result->n_correct);
    if (c->source.order != NULL && (t->shuffled != number + 1 || t->shuffled_rows != c->n)) {
        pybp_shuffle(c->net->seed, number, c->n, t->order);
        t->shuffled = number + 1;
        t->shuffled_rows = c->n;
    }
    if (options->restore && (c->begin == 0 || !t->has_snapshot)) {
        memcpy(t->snapshot, c->net->params, pybp_buffer_bytes(c->net));
        t->has_snapshot = true;
    }
}

/* All steps, by teams of threads; false if the callback forked and this is the child. */
static bool take_steps(pybp_call *c, int threads, bool in_doubt)
{
    pybp_team *team = &c->trainer->team;
    const size_t end = c->end;
    if (!in_doubt)
        return pybp_pool_run(threads, loop, c) != 0;
    for (; c->begin < end && !atomic_load(&c->stop); c->begin = c->end) {
        const double start = pybp_clock_ms();
        c->end = c->begin + pybp_team_steps(team, end - c->begin);
        if (pybp_pool_run(pybp_team_size(team, threads), loop, c) == 0)
            return false;
        pybp_team_took(team, c->end - c->begin, pybp_clock_ms() - start);
    }
    return true;
}

/* Allocate what the steps of all epochs write to. */
static pybp_status prepare(pybp_net *net, size_t n, size_t batch, size_t step, int threads,
                           const pybp_train_options *options)
{
    pybp_status status = pybp_trainer_fit(net, n, batch, step, threads, options);
    if (status == PYBP_OK && options->gradient_only && net->grads == NULL) {
        net->grads = pybp_alloc(pybp_buffer_bytes(net));
        status = net->grads != NULL ? PYBP_OK : pybp_fail(PYBP_NO_MEMORY, "no memory for the gradients");
    }
    if (status == PYBP_OK && !options->gradient_only)
        status = pybp_optimizer_attach(net, &options->optimizer);
    return status;
}

pybp_status pybp_train_epochs(pybp_net *net, const pybp_matrix *x, const pybp_targets *y, const double *weights,
                              const pybp_train_options *options, pybp_train_result *result)
{
    const size_t n = x->rows, step = pybp_step_rows(options, n), epochs = options->epochs > 1 ? options->epochs : 1;
    const size_t batch = options->batch_size < step ? options->batch_size : step;
    const size_t steps = pybp_train_steps(options, n), asked = options->n_steps;
    const double work = 3 * pybp_pass_work(net, batch); /* between two meetings of threads */
    const int threads = pybp_worth_threads(options->threads, work, asked > 0 && asked < steps ? asked : steps);
    pybp_status status = prepare(net, n, batch, step, threads, options);
    if (status != PYBP_OK)
        return status;
    pybp_call c = {.net = net, .trainer = net->trainer, .options = options, .result = result, .n = n, .batch = batch,
                   .step_rows = step, .steps = steps, .clock_every = 1, .clock_left = 1};
    c.per_output = pybp_loss_per_output(net, &options->loss);
    c.source = (pybp_source){x, y, weights, pybp_shuffled(options, n, step) ? net->trainer->order : NULL};
    if (options->tick != NULL)
        c.ticked = c.read = pybp_clock_ms();
    net->trainer->pass->y_is_labels = y->labels != NULL;
    pybp_forget_pass(net);
    net->has_gradients = false;
    for (; c.epoch < epochs && status == PYBP_OK; c.epoch++) {
        begin_epoch(&c);
        if (!take_steps(&c, threads, pybp_threads_in_doubt(threads, work)))
            return pybp_fail(PYBP_STATE,
                             "the callback forked: in the child, the other threads' share of the step is lost");
        status = end_epoch(&c);
    }
    return status;
}
