#include "naive_schedules.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "naive_f64.inc.h"
#include "naive_math.inc.h"

double naive_cospi(double x)
{
    /* c_0, s_0, c_1, s_1, ...: (-1)^k pi^j / j! for j = 2, 3, 4, 5, ... */
    static const double terms[] = {
        -4.934802200544679, -5.16771278004997, 4.0587121264167685, 2.5501640398773455,
        -1.3352627688545895, -0.5992645293207921, 0.2353306303588932, 0.08214588661112823,
        -0.02580689139001406, -0.0073704309457143504, 0.0019295743094039231, 0.00046630280576761255,
        -0.0001046381049248457, -2.1915353447830217e-05, 4.303069587032947e-06, 7.952054001475513e-07,
    };
    const double pi_high = 3.141592653589793, pi_low = 1.2246467991473532e-16;
    double r = fabs(x), d, y;
    if (r >= 9007199254740992.0)
        return isinf(r) ? (double)NAN : 1.0;
    r = r - 2.0 * trunc(0.5 * r);
    if (r > 1.0)
        r = 2.0 - r;
    d = r > 0.5 ? 1.0 - r : r;
    if (d <= 0.25) {
        double z = d * d, sum = terms[14];
        for (int k = 12; k >= 0; k -= 2)
            sum = fma(sum, z, terms[k]);
        y = fma(z, sum, 1.0);
    } else {
        double e = 0.5 - d, z = e * e, sum = terms[15];
        for (int k = 13; k > 0; k -= 2)
            sum = fma(sum, z, terms[k]);
        sum = fma(z, sum, pi_low);
        y = fma(e, pi_high, e * sum);
    }
    return r > 0.5 ? -y : y;
}

static double fraction(uint64_t t, uint64_t n)
{
    return t < n ? (double)t / (double)n : 1.0;
}

static double whole_power(double x, uint64_t n)
{
    double y = 1.0;
    while (n) {
        if (n % 2)
            y = y * x;
        n = n / 2;
        if (n)
            x = x * x;
    }
    return y;
}

static double power(double x, double p)
{
    if (p == trunc(p) && p < 9007199254740992.0)
        return whole_power(x, (uint64_t)p);
    if (p == 0.5)
        return sqrt(x);
    return x == 0.0 ? 0.0 : exp_f64(p * log_f64(x));
}

static double half(double a, double b, double u)
{
    double rest = 0.5 * (1.0 + naive_cospi(u)), product = (a - b) * rest;
    return b + product;
}

static double between(double a, double b, double u)
{
    double product = (b - a) * u;
    return a + product;
}

static double cosine_restarts(const pybp_schedule *s, uint64_t t)
{
    uint64_t l = (uint64_t)s->params[0], i = 0;
    while (t >= l) {
        t = t - l;
        l = l * (uint64_t)s->params[1];
        i = i + 1;
    }
    return half(s->lr * whole_power(s->params[3], i), s->params[2], fraction(t, l));
}

static double one_cycle(const pybp_schedule *s, uint64_t t, uint64_t horizon)
{
    double a = s->lr / s->params[1], b = a / s->params[2], top = s->params[0] * (double)horizon, end, u;
    top = top - 1.0;
    end = (double)horizon - 1.0;
    double from = s->lr, to = b;
    if ((double)t < top) {
        from = a;
        to = s->lr;
        u = (double)t / top;
    } else
        u = ((double)t - top) / (end - top);
    if (u > 1.0)
        u = 1.0;
    return s->params[3] != 0.0 ? between(from, to, u) : half(from, to, u);
}

static double cyclic(const pybp_schedule *s, uint64_t t)
{
    uint64_t up = (uint64_t)s->params[1], down = (uint64_t)s->params[2];
    uint64_t i = t / (up + down), c = t % (up + down);
    double h = c <= up ? fraction(c, up) : fraction(up + down - c, down);
    double product = (s->lr - s->params[0]) * h;
    product = product * whole_power(s->params[3], i);
    product = product * whole_power(s->params[4], t);
    return s->params[0] + product;
}

double naive_schedule(const pybp_schedule *s, uint64_t t, uint64_t horizon)
{
    const double *p = s->params;
    double f;
    uint64_t n = 0;
    switch (s->kind) {
    case PYBP_SCHEDULE_LINEAR:
        return s->lr * between(p[0], p[1], fraction(t, horizon));
    case PYBP_SCHEDULE_STEP:
        return s->lr * whole_power(p[1], t / (uint64_t)p[0]);
    case PYBP_SCHEDULE_MULTISTEP:
        for (size_t k = 0; k < s->n_milestones; k++)
            n = n + (s->milestones[k] <= t);
        return s->lr * whole_power(p[0], n);
    case PYBP_SCHEDULE_EXPONENTIAL:
        f = whole_power(p[0], t / (uint64_t)p[1]);
        n = t % (uint64_t)p[1];
        if (n)
            f = f * exp_f64((double)n / p[1] * log_f64(p[0]));
        return s->lr * f;
    case PYBP_SCHEDULE_POLYNOMIAL:
        f = (s->lr - p[1]) * power(1.0 - fraction(t, horizon), p[0]);
        return p[1] + f;
    case PYBP_SCHEDULE_INVERSE_SCALING:
        return s->lr / power((double)t + 1.0, p[0]);
    case PYBP_SCHEDULE_COSINE:
        n = (uint64_t)(p[1] < 1.0 ? trunc(p[1] * (double)horizon) : p[1]);
        return t < n ? between(p[2], s->lr, fraction(t, n)) : half(s->lr, p[0], fraction(t - n, horizon - n));
    case PYBP_SCHEDULE_COSINE_RESTARTS:
        return cosine_restarts(s, t);
    case PYBP_SCHEDULE_ONE_CYCLE:
        return one_cycle(s, t, horizon);
    case PYBP_SCHEDULE_CYCLIC:
        return cyclic(s, t);
    case PYBP_SCHEDULE_COSLOG4:
        f = 15.0 * fraction(t, horizon);
        f = log_f64(1.0 + f) * 1.4426950408889634;
        return s->lr * (0.5 * (1.0 - naive_cospi(2.0 * f)));
    case PYBP_SCHEDULE_FLAT_COS:
        f = fraction(t, horizon);
        if (f < s->params[0])
            return s->lr;
        f = (f - s->params[0]) / (1.0 - s->params[0]);
        return 0.0 + (s->lr - 0.0) * (0.5 * (1.0 + naive_cospi(f)));
    default: /* constant */
        return s->lr;
    }
}
