#include "net/train/epoch.h"

#include "base/clock.h"
#include "base/pool.h"
#include "base/random.h"
#include "base/status.h"
#include "net/model/lock.h"
#include "net/model/parameters.h"
#include "net/train/step.h"
#include "net/train/tick.h"
#include "net/update/optimizer_state.h"

#include <string.h>

/* ---- steps ---- */

/* Every thread does its part of each step; tid 0 updates what they have in common. */
static void steps_work(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    pybp_train_call *call = ctx;
    pybp_progress progress = call->net->progress;
    size_t step = call->begin;
    for (; step < call->end && !pybp_decision_of(call, step)->stop; step++) {
        pybp_train_step(call, step, &progress, tid, threads, barrier);
        if (tid == 0)
            pybp_decide(call, step + 1, pybp_tick_is_due(call));
        pybp_barrier_wait(barrier);
        if (pybp_decision_of(call, step + 1)->tick) { /* rarely, so the second barrier costs nothing */
            if (tid == 0) {
                pybp_call_tick(call, &progress);
                pybp_decision_of(call, step + 1)->stop = call->stop;
            }
            pybp_barrier_wait(barrier);
        }
    }
    if (tid == 0 && !call->options->gradient_only) {
        call->net->progress = progress;
        call->complete = step >= call->steps;
    }
}

/* False in the child, if the callback forked. */
static bool do_steps(pybp_train_call *call, int threads, pybp_thread_gain gain)
{
    pybp_thread_choice *choice = &call->buffers->choice;
    const size_t end = call->end;
    if (gain == PYBP_GAIN_CERTAIN)
        return pybp_pool_run(threads, steps_work, call) != 0;
    for (; call->begin < end && !call->stop; call->begin = call->end) {
        const double start = pybp_clock_ms();
        call->end = call->begin + pybp_thread_choice_steps(choice, gain, end - call->begin);
        if (pybp_pool_run(pybp_thread_choice_threads(choice, threads), steps_work, call) == 0)
            return false;
        pybp_thread_choice_record(choice, gain, threads, call->end - call->begin, pybp_clock_ms() - start);
    }
    return true;
}

/* ---- before and after them ---- */

static void make_order(pybp_train_call *call)
{
    pybp_train_buffers *b = call->buffers;
    const uint64_t number = call->net->progress.epochs;
    if (call->source.order == NULL || (b->order_epoch == number + 1 && b->order_rows == call->rows))
        return;
    pybp_shuffle(call->net->seed, number, call->rows, b->order);
    b->order_epoch = number + 1;
    b->order_rows = call->rows;
}

/* If an epoch is trained in parts, later parts continue the sums of the earlier ones, and use the snapshot that the
 * first part took. */
static void begin_epoch(pybp_train_call *call)
{
    const pybp_train_options *options = call->options;
    pybp_train_buffers *b = call->buffers;
    const bool first_part = options->first_step == 0;
    call->begin = options->first_step;
    call->end = options->n_steps > 0 && options->n_steps < call->steps - call->begin ? call->begin + options->n_steps
                                                                                      : call->steps;
    call->complete = false;
    if (first_part)
        *call->result = (pybp_train_result){.epoch = call->epoch};
    call->loss = call->result->loss_sum;
    call->weight = call->result->weight_sum;
    call->passes = call->net->progress.passes;
    atomic_store(&call->correct, call->result->n_correct);
    make_order(call);
    pybp_decide(call, call->begin, false);
    if (options->restore && (first_part || !b->has_snapshot)) {
        memcpy(b->snapshot, call->net->params, pybp_buffer_bytes(call->net));
        b->has_snapshot = true;
    }
}

static void restore(pybp_train_call *call)
{
    pybp_net *net = call->net;
    memcpy(net->params, call->buffers->snapshot, pybp_buffer_bytes(net));
    pybp_optimizer_detach(net);
    net->progress.passes = call->passes;
}

/* Non-zero stops training. The net is between two epochs, so that the callback may read it. */
static int report(pybp_train_call *call)
{
    const pybp_train_options *options = call->options;
    if (options->on_epoch == NULL)
        return 0;
    const pybp_net *admitted = pybp_admit_reader(call->net);
    const int stop = options->on_epoch(options->user, call->result);
    pybp_admit_reader(admitted);
    return stop;
}

static pybp_status end_epoch(pybp_train_call *call)
{
    const pybp_train_options *options = call->options;
    pybp_train_result *result = call->result;
    pybp_net *net = call->net;
    result->loss = pybp_loss_so_far(call);
    result->loss_sum = call->loss;
    result->weight_sum = call->weight;
    result->n_correct = atomic_load(&call->correct);
    if (call->status != PYBP_DIVERGED && !pybp_buffer_finite(net, net->params)) {
        call->status = PYBP_DIVERGED;
        result->bad_step = result->steps;
    }
    if (call->status == PYBP_DIVERGED) {
        if (options->restore)
            restore(call);
        return pybp_fail(PYBP_DIVERGED, "training diverged at step %zu", result->bad_step);
    }
    if (call->complete && !options->part)
        net->progress.epochs++;
    if (options->gradient_only) {
        memcpy(net->grads, call->buffers->grads, pybp_buffer_bytes(net));
        net->has_gradients = true;
    }
    if (call->status == PYBP_INTERRUPTED)
        return pybp_fail(PYBP_INTERRUPTED, "stopped by the callback after %zu steps", result->steps);
    if (call->complete && report(call) != 0)
        return pybp_fail(PYBP_INTERRUPTED, "stopped by the callback after %zu epochs", call->epoch + 1);
    return PYBP_OK;
}

pybp_status pybp_train_epoch(pybp_train_call *call, int threads, pybp_thread_gain gain)
{
    begin_epoch(call);
    if (!do_steps(call, threads, gain))
        return pybp_fail(PYBP_STATE,
                         "the callback forked: in the child, the other threads' part of the step is lost");
    return end_epoch(call);
}
