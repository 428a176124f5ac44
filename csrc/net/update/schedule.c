#include "net/update/schedule.h"

#include "math/scalars.h"

/* The learning rate at position t of n: each function is a formula of schedules.def, with its operations in the order
 * that docs/contract.md states. */
typedef double rate_fn(const pybp_schedule *s, uint64_t t, uint64_t n);

/* t / n, at most 1. */
static double fraction(uint64_t t, uint64_t n)
{
    return t < n ? (double)t / (double)n : 1;
}

/* From a at u = 0 to b at u = 1 along half a cosine. */
static double half_cosine(double a, double b, double u)
{
    return b + (a - b) * (0.5 * (1 + pybp_cospi(u)));
}

static double constant_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    (void)t;
    (void)n;
    return s->lr;
}

static double linear_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const double start = s->params[0], end = s->params[1];
    return s->lr * (start + (end - start) * fraction(t, n));
}

static double step_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    (void)n;
    return s->lr * pybp_whole_power(s->params[1], t / (uint64_t)s->params[0]);
}

static double multistep_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    uint64_t passed = 0, end = s->n_milestones; /* the first milestone after t is number passed ... end */
    (void)n;
    while (passed < end) {
        const uint64_t middle = passed + (end - passed) / 2;
        if (s->milestones[middle] <= t)
            passed = middle + 1;
        else
            end = middle;
    }
    return s->lr * pybp_whole_power(s->params[0], passed);
}

static double exponential_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const uint64_t size = (uint64_t)s->params[1], rest = t % size;
    double factor = pybp_whole_power(s->params[0], t / size);
    (void)n;
    if (rest != 0)
        factor = factor * pybp_exp((double)rest / (double)size * pybp_log(s->params[0]));
    return s->lr * factor;
}

static double polynomial_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const double min = s->params[1];
    return min + (s->lr - min) * pybp_power(1 - fraction(t, n), s->params[0]);
}

static double inverse_scaling_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    (void)n;
    return s->lr / pybp_power((double)t + 1, s->params[0]);
}

static double cosine_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const uint64_t warmup = pybp_schedule_warmup(s->params[1], n);
    if (t < warmup)
        return s->params[2] + (s->lr - s->params[2]) * fraction(t, warmup);
    return half_cosine(s->lr, s->params[0], fraction(t - warmup, n - warmup));
}

static double cosine_restarts_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const uint64_t factor = (uint64_t)s->params[1];
    uint64_t length = (uint64_t)s->params[0], restarts = 0;
    (void)n;
    if (factor == 1) {
        restarts = t / length;
        t = t % length;
    }
    for (; t >= length; restarts++) {
        t -= length;
        length *= factor; /* at most 1000 t, as t was at least the old length */
    }
    return half_cosine(s->lr * pybp_whole_power(s->params[3], restarts), s->params[2], fraction(t, length));
}

static double one_cycle_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const double start = s->lr / s->params[1], low = start / s->params[2];
    const double top = s->params[0] * (double)n - 1, end = (double)n - 1, at = (double)t;
    const bool rises = at < top;
    double from = rises ? start : s->lr, to = rises ? s->lr : low, u = rises ? at / top : (at - top) / (end - top);
    u = u < 1 ? u : 1;
    return s->params[3] != 0 ? from + (to - from) * u : half_cosine(from, to, u);
}

static double cyclic_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const uint64_t up = (uint64_t)s->params[1], down = (uint64_t)s->params[2], i = t / (up + down), c = t % (up + down);
    const double height = c <= up ? fraction(c, up) : fraction(up + down - c, down);
    (void)n;
    return s->params[0] + (s->lr - s->params[0]) * height * pybp_whole_power(s->params[3], i) *
                              pybp_whole_power(s->params[4], t);
}

static double coslog4_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    return s->lr * (0.5 * (1 - pybp_cospi(2 * pybp_log2(1 + 15 * fraction(t, n)))));
}

static double flat_cos_rate(const pybp_schedule *s, uint64_t t, uint64_t n)
{
    const double flat = s->params[0], passed = fraction(t, n);
    return passed < flat ? s->lr : half_cosine(s->lr, 0, (passed - flat) / (1 - flat));
}

static const struct {
    rate_fn *rate;
    bool has_horizon;
} schedules[PYBP_N_SCHEDULES] = {
#define PYBP_SCHEDULE(NAME, name, Class, horizon, formula, params) [PYBP_SCHEDULE_##NAME] = {name##_rate, horizon},
#include "registry/schedules.def"
#undef PYBP_SCHEDULE
};

bool pybp_schedule_has_horizon(pybp_schedule_kind kind)
{
    return schedules[kind].has_horizon;
}

uint64_t pybp_schedule_warmup(double warmup, uint64_t horizon)
{
    return (uint64_t)(warmup < 1 ? warmup * (double)horizon : warmup);
}

double pybp_schedule_rate(const pybp_schedule *schedule, uint64_t t, uint64_t horizon)
{
    return schedules[schedule->kind].rate(schedule, t, horizon);
}
