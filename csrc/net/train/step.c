#include "net/train/step.h"

#include "net/rows/row_sums.h"
#include "net/train/minibatch.h"
#include "net/update/max_norm.h"
#include "net/update/optimizer_state.h"
#include "net/update/penalties.h"

#include <math.h>

/* The rows of a step. */
typedef struct step_rows {
    size_t first, n;
    double weight;
} step_rows;

static step_rows rows_of(const pybp_train_call *call, size_t step)
{
    const size_t first = step * call->step_rows, left = call->rows - first;
    return (step_rows){.first = first, .n = left < call->step_rows ? left : call->step_rows};
}

void pybp_decide(pybp_train_call *call, size_t step, bool tick)
{
    pybp_decision decision = {.tick = tick, .stop = call->stop};
    if (step < call->steps) {
        const step_rows rows = rows_of(call, step);
        decision.weight = pybp_sum_weights(&call->source, rows.first, rows.n);
    }
    *pybp_decision_of(call, step) = decision;
}

/* By thread 0, while others compute gradients. */
static void add_to_result(pybp_train_call *call, const step_rows *rows, const pybp_rule *rule)
{
    double sum = pybp_sum_losses(call->buffers->losses, &call->source, rows->first, rows->n);
    if (call->net->n_penalized > 0) { /* multiplied by what pybp_loss_so_far() divides by */
        const double penalty =
            pybp_penalty_sum(call->net, call->buffers->penalties) * rule->penalty * call->per_output;
        sum = sum + (call->options->reduction == PYBP_MEAN ? penalty * rows->weight : penalty);
    }
    call->loss = call->loss + sum;
    call->weight = call->weight + rows->weight;
    if (!isfinite(sum)) {
        call->result->bad_step = call->result->steps;
        pybp_stop_training(call, PYBP_DIVERGED);
    }
    call->result->steps++;
    call->result->n_rows += rows->n;
}

/* What the step reads of a list with a number for each step, or one for all. */
static const double *of_step(const pybp_train_options *options, const double *list, size_t step)
{
    return list == NULL ? NULL : &list[options->n_lr > 1 ? step : 0];
}

/* The optimizer, with the step's weight decay. */
static pybp_optimizer optimizer_of(const pybp_train_options *options, size_t step)
{
    pybp_optimizer optimizer = options->optimizer;
    if (options->weight_decay != NULL)
        optimizer.params[pybp_weight_decay_of(optimizer.kind)] = *of_step(options, options->weight_decay, step);
    return optimizer;
}

static void compute_gradients(pybp_train_call *call, size_t step, const step_rows *rows, const pybp_rule *rule,
                              pybp_progress *progress, int tid, int threads, pybp_barrier *barrier)
{
    pybp_minibatch m = {.call = call, .first = rows->first};
    m.divisor = call->options->reduction == PYBP_MEAN ? rows->weight : 1;
    for (; m.before < rows->n; m.before += call->batch_rows, m.first += call->batch_rows) {
        m.n = rows->n - m.before < call->batch_rows ? rows->n - m.before : call->batch_rows;
        if (m.before > 0) /* others may still read the activations of the minibatch before */
            pybp_barrier_wait(barrier);
        const pybp_rows all = {.net = call->net, .ws = call->buffers->ws, .n = m.n, .tid = tid, .batch_rows = m.n,
                               .pass_number = progress->passes, .dropout = of_step(call->options, call->options->dropout, step),
                               .keeps_statistics = call->options->gradient_only};
        progress->passes += call->net->random;
        pybp_minibatch_propagate(&m, &all, threads, barrier);
        pybp_barrier_wait(barrier);
        if (tid == 0 && m.before + m.n == rows->n)
            add_to_result(call, rows, rule);
        pybp_minibatch_gradients(&m, &all, rule, threads);
    }
}

void pybp_train_step(pybp_train_call *call, size_t step, pybp_progress *progress, int tid, int threads,
                     pybp_barrier *barrier)
{
    const pybp_train_options *options = call->options;
    step_rows rows = rows_of(call, step);
    const pybp_optimizer optimizer = optimizer_of(options, step);
    pybp_rule rule;
    rows.weight = pybp_decision_of(call, step)->weight;
    if (rows.weight == 0)
        return;
    if (!options->gradient_only)
        pybp_rule_next_step(call->net, &optimizer, *of_step(options, options->lr, step), progress, &rule);
    rule.penalty = options->penalty_per_weight ? 1 / rows.weight : 1;
    if (call->net->n_penalized > 0)
        pybp_penalty_part(call->net, tid, threads, call->buffers->penalties);
    compute_gradients(call, step, &rows, &rule, progress, tid, threads, barrier);
    if (call->buffers->stored && !options->gradient_only)
        pybp_apply_gradients(call, &rule, tid, threads, barrier);
    if (call->net->has_max_norm && !options->gradient_only) {
        pybp_barrier_wait(barrier);
        pybp_apply_max_norm(call->net, tid, threads);
    }
}
