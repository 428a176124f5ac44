#include "net/train/tick.h"

#include "base/clock.h"
#include "net/model/lock.h"

void pybp_start_clock(pybp_train_call *call)
{
    call->clock_every = call->clock_left = 1;
    if (call->options->tick != NULL)
        call->ticked_at = call->read_at = pybp_clock_ms();
}

/* Reading the clock takes as long as a step of the smallest nets, so it is read about every millisecond only. */
static void adapt_readings(pybp_train_call *call, double elapsed)
{
    if (elapsed < 0.5 && call->clock_every < 1u << 20)
        call->clock_every *= 2;
    else if (elapsed > 2 && call->clock_every > 1)
        call->clock_every = elapsed > 2 * (double)call->clock_every ? 1 : call->clock_every / 2;
    call->clock_left = call->clock_every;
}

bool pybp_tick_is_due(pybp_train_call *call)
{
    const pybp_train_options *options = call->options;
    if (options->tick == NULL || --call->clock_left > 0)
        return false;
    const double now = pybp_clock_ms();
    adapt_readings(call, now - call->read_at);
    call->read_at = now;
    if (now - call->ticked_at < options->interval_ms)
        return false;
    call->ticked_at = now;
    return true;
}

void pybp_call_tick(pybp_train_call *call, const pybp_progress *progress)
{
    const pybp_train_options *options = call->options;
    if (!options->gradient_only)
        call->net->progress = *progress;
    const pybp_net *admitted = pybp_admit_reader(call->net);
    const int stop = options->tick(options->user, call->result->steps, pybp_loss_so_far(call));
    pybp_admit_reader(admitted);
    if (stop != 0 && call->status == PYBP_OK)
        pybp_stop_training(call, PYBP_INTERRUPTED);
}
