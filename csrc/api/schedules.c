/* Entry point: the learning rates of a schedule. */
#include "api/check_options.h"
#include "api/entry.h"
#include "net/update/schedule.h"

#include <math.h>
#include <string.h>

#define LARGEST (UINT64_C(1) << 53) /* position: doubles hold all integers up to it */

/* Parameters that are integers. */
static bool is_integer(const char *name)
{
    return strstr(name, "step_size") == name || strcmp(name, "period") == 0 || strcmp(name, "factor") == 0 ||
           strcmp(name, "linear") == 0;
}

static pybp_status check_integers(const pybp_row *row, const double *params)
{
    for (int i = 0; i < row->n_params; i++)
        if (is_integer(row->params[i].name) && params[i] != (double)(uint64_t)params[i])
            return pybp_fail(PYBP_INVALID, "%s: %s = %g, expected a whole number", row->label, row->params[i].name,
                             params[i]);
    return PYBP_OK;
}

static pybp_status check_milestones(const pybp_schedule *s)
{
    if (s->n_milestones > 0 && s->milestones == NULL)
        return pybp_fail(PYBP_INVALID, "milestones is NULL");
    for (size_t i = 1; i < s->n_milestones; i++)
        if (s->milestones[i] < s->milestones[i - 1])
            return pybp_fail(PYBP_INVALID, "milestone %zu is below the one before", i);
    return PYBP_OK;
}

static pybp_status check_warmup(const pybp_schedule *s, uint64_t horizon)
{
    const double warmup = s->params[1];
    if (s->kind != PYBP_SCHEDULE_COSINE)
        return PYBP_OK;
    if (warmup >= 1 && warmup != (double)(uint64_t)warmup)
        return pybp_fail(PYBP_INVALID, "Cosine: warmup = %g, expected a fraction below 1 or a whole number", warmup);
    if (pybp_schedule_warmup(warmup, horizon) >= horizon)
        return pybp_fail(PYBP_INVALID, "Cosine: warmup = %g leaves none of %llu steps", warmup,
                         (unsigned long long)horizon);
    return PYBP_OK;
}

static pybp_status check_schedule(const pybp_schedule *s, uint64_t horizon)
{
    pybp_row row;
    if (s == NULL || (unsigned)s->kind >= PYBP_N_SCHEDULES)
        return pybp_fail(PYBP_INVALID, "no such schedule");
    if (!(s->lr >= 0) || !isfinite(s->lr))
        return pybp_fail(PYBP_INVALID, "lr = %g: expected a finite number >= 0", s->lr);
    pybp_registry_row(PYBP_REGISTRY_SCHEDULES, (int)s->kind, &row);
    CHECK(pybp_check_params(row.label, &row, s->params, PYBP_FLOAT64));
    CHECK(check_integers(&row, s->params));
    CHECK(check_milestones(s));
    if (pybp_schedule_has_horizon(s->kind) && (horizon == 0 || horizon > LARGEST))
        return pybp_fail(PYBP_INVALID, "%s: horizon %llu, expected 1 to 2^53", row.label, (unsigned long long)horizon);
    return check_warmup(s, horizon);
}

static void fill(const pybp_schedule *s, uint64_t first, uint64_t horizon, size_t n, double *lr)
{
    for (size_t i = 0; i < n; i++)
        lr[i] = pybp_schedule_rate(s, first + i, horizon);
}

pybp_status pybp_schedule_fill(const pybp_schedule *schedule, uint64_t first, uint64_t horizon, size_t n, double *lr)
{
    CHECK(check_schedule(schedule, horizon));
    if (lr == NULL)
        return pybp_fail(PYBP_INVALID, "lr is NULL");
    if (first > LARGEST || n > LARGEST - first)
        return pybp_fail(PYBP_INVALID, "position %llu is beyond 2^53", (unsigned long long)first);
    const pybp_fpenv env = pybp_fpenv_enter();
    fill(schedule, first, horizon, n, lr);
    pybp_fpenv_leave(env);
    return PYBP_OK;
}
