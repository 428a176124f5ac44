/* Entry points: the counters of training and of the optimizer. */
#include "api/entry.h"
#include "net/update/optimizer_state.h"

static pybp_status reset(pybp_net *net)
{
    pybp_optimizer_detach(net);
    return PYBP_OK;
}

pybp_status pybp_reset_optimizer(pybp_net *net)
{
    CHECK_POINTERS(net != NULL);
    RETURN_LOCKED(net, write, reset(net));
}

static pybp_status get_progress(const pybp_net *net, pybp_progress *progress)
{
    *progress = net->progress;
    return PYBP_OK;
}

pybp_status pybp_get_progress(const pybp_net *net, pybp_progress *progress)
{
    CHECK_POINTERS(net != NULL && progress != NULL);
    RETURN_LOCKED(net, read, get_progress(net, progress));
}

/* Some parameters of an optimizer bring in states when they are above 0: the states with none of them and with all
 * are the fewest and the most. */
static pybp_status check_states(const pybp_progress *p)
{
    pybp_optimizer optimizer = {.kind = (pybp_optimizer_kind)p->optimizer, .params = {0}};
    const int fewest = pybp_optimizer_states(&optimizer);
    for (int i = 0; i < PYBP_MAX_PARAMS; i++)
        optimizer.params[i] = 0.5;
    if ((p->states & fewest) != fewest || (p->states & ~pybp_optimizer_states(&optimizer)) != 0)
        return pybp_fail(PYBP_INVALID, "states %d do not fit the optimizer", p->states);
    return PYBP_OK;
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
    return none ? PYBP_OK : check_states(p);
}

static pybp_status set_progress(pybp_net *net, const pybp_progress *progress)
{
    const bool same = net->progress.optimizer == progress->optimizer && net->progress.states == progress->states;
    if (!same) {
        char *state[PYBP_N_STATES];
        CHECK(pybp_optimizer_new_state(net, progress->states, state));
        pybp_optimizer_detach(net);
        for (int i = 0; i < PYBP_N_STATES; i++)
            net->state[i] = state[i];
    }
    net->progress = *progress;
    return PYBP_OK;
}

pybp_status pybp_set_progress(pybp_net *net, const pybp_progress *progress)
{
    CHECK_POINTERS(net != NULL && progress != NULL);
    CHECK(check_progress(progress));
    RETURN_LOCKED(net, write, set_progress(net, progress));
}
