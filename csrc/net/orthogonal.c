#include "net/orthogonal.h"

#include <string.h>

#define LANES 8

/* The contract's lane sum of rounded products. */
static double dot(const double *x, const double *y, size_t n)
{
    double lane[LANES] = {0};
    size_t i = 0;
    for (; i + LANES <= n; i += LANES)
        for (size_t c = 0; c < LANES; c++)
            lane[c] = lane[c] + x[i + c] * y[i + c];
    for (size_t c = 0; i + c < n; c++)
        lane[c] = lane[c] + x[i + c] * y[i + c];
    double s = lane[0];
    for (size_t c = 1; c < LANES; c++)
        s = s + lane[c];
    return s;
}

/* x turns around the plane that v is normal to: x -= 2 v (v x) / (v v). */
static void reflect(const double *v, double vv, double *x, size_t n)
{
    if (vv == 0)
        return;
    const double t = 2 * dot(v, x, n) / vv;
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] - t * v[i];
}

void pybp_orthogonal(size_t m, size_t n, double *a, double *q)
{
    for (size_t k = 0; k < n; k++) { /* the v of column k, which turns it onto the axis, takes its place */
        double *v = a + k * m + k;
        const double length = __builtin_sqrt(dot(v, v, m - k));
        v[0] = v[0] > 0 ? v[0] + length : v[0] - length;
        const double vv = dot(v, v, m - k);
        for (size_t j = k + 1; j < n; j++)
            reflect(v, vv, a + j * m + k, m - k);
    }
    memset(q, 0, m * n * sizeof *q);
    for (size_t k = n; k-- > 0;) {
        const double *v = a + k * m + k, vv = dot(v, v, m - k);
        q[k * m + k] = v[0] > 0 ? -1 : 1; /* the sign that R's diagonal has, which is to be positive */
        for (size_t j = k; j < n; j++)
            reflect(v, vv, q + j * m + k, m - k);
    }
}
