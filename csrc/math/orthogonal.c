/* Both the decomposition and the computation of q apply reflections to columns. Each column is independent, so that the
 * bits depend only on the order of the reflections of one column. A group of reflections is applied to a column while
 * the column is in cache; and one loop over the column applies a reflection and computes the next one's dot product. */
#include "math/orthogonal.h"

#include <string.h>

#define LANES 8
#define GROUP 32 /* so many columns of 2048 elements fit in a core's cache */

/* Add rounded products to the lanes of a sum; the first one belongs to lane 0. */
static void add_products(const double *x, const double *y, size_t n, double *lanes)
{
    double lane[LANES];
    size_t i = 0;
    memcpy(lane, lanes, sizeof lane);
    for (; i + LANES <= n; i += LANES)
        for (size_t c = 0; c < LANES; c++)
            lane[c] = lane[c] + x[i + c] * y[i + c];
    for (size_t c = 0; i + c < n; c++)
        lane[c] = lane[c] + x[i + c] * y[i + c];
    memcpy(lanes, lane, sizeof lane);
}

static double total(const double *lane)
{
    double s = lane[0];
    for (size_t c = 1; c < LANES; c++)
        s = s + lane[c];
    return s;
}

/* The contract's lane sum of rounded products. */
static double dot(const double *x, const double *y, size_t n)
{
    double lane[LANES] = {0};
    add_products(x, y, n, lane);
    return total(lane);
}

static void subtract(double t, const double *v, double *x, size_t n)
{
    for (size_t i = 0; i < n; i++)
        x[i] = x[i] - t * v[i];
}

/* subtract(), then add_products() of x and w. */
static void subtract_and_add_products(double t, const double *v, double *restrict x, const double *w, size_t n,
                                      double *lanes)
{
    double lane[LANES];
    size_t i = 0;
    memcpy(lane, lanes, sizeof lane);
    for (; i + LANES <= n; i += LANES)
        for (size_t c = 0; c < LANES; c++) {
            x[i + c] = x[i + c] - t * v[i + c];
            lane[c] = lane[c] + w[i + c] * x[i + c];
        }
    memcpy(lanes, lane, sizeof lane);
    subtract(t, v + i, x + i, n - i);
    add_products(w + i, x + i, n - i, lanes);
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Apply reflections first ... end - 1, in this order, to column x. The vector v of reflection k is elements k ... m - 1 of
 * column k of a; it reflects these elements of x in the plane normal to v: x -= 2 v (v x) / (v v). */
static void reflect_up(size_t m, const double *a, const double *squares, size_t first, size_t end, double *x)
{
    double product = dot(a + first * m + first, x + first, m - first);
    for (size_t k = first; k < end; k++) {
        const double *v = a + k * m + k, *next = v + m + 1;
        double lane[LANES] = {0};
        const double t = 2 * product / squares[k];
        const int last = k + 1 == end;
        if (squares[k] != 0)
            subtract(t, v, x + k, last ? m - k : 1);
        if (last)
            return;
        if (squares[k] != 0)
            subtract_and_add_products(t, v + 1, x + k + 1, next, m - k - 1, lane);
        else
            add_products(next, x + k + 1, m - k - 1, lane);
        product = total(lane);
    }
}

/* The same in the order end - 1 ... first. */
static void reflect_down(size_t m, const double *a, const double *squares, size_t first, size_t end, double *x)
{
    double product = dot(a + (end - 1) * m + end - 1, x + end - 1, m - end + 1);
    for (size_t k = end; k-- > first;) {
        const double *v = a + k * m + k, *next = v - m - 1;
        double lane[LANES] = {0};
        const double t = 2 * product / squares[k];
        const size_t n = m - k, head = k == first ? n : least(n, LANES - 1); /* up to the next element of lane 0 */
        if (squares[k] != 0)
            subtract(t, v, x + k, head);
        if (k == first)
            return;
        add_products(next, x + k - 1, head + 1, lane);
        if (squares[k] != 0)
            subtract_and_add_products(t, v + head, x + k + head, next + 1 + head, n - head, lane);
        else
            add_products(next + 1 + head, x + k + head, n - head, lane);
        product = total(lane);
    }
}

void pybp_orthogonal(size_t m, size_t n, double *a, double *squares, double *q)
{
    for (size_t first = 0, end; first < n; first = end) {
        end = least(first + GROUP, n);
        for (size_t k = first; k < end; k++) { /* column k is replaced by the v that reflects it onto the axis */
            double *v = a + k * m + k;
            const double length = __builtin_sqrt(dot(v, v, m - k));
            v[0] = v[0] > 0 ? v[0] + length : v[0] - length;
            squares[k] = dot(v, v, m - k);
            for (size_t j = k + 1; j < end; j++)
                reflect_up(m, a, squares, k, k + 1, a + j * m);
        }
        for (size_t j = end; j < n; j++)
            reflect_up(m, a, squares, first, end, a + j * m);
    }
    memset(q, 0, m * n * sizeof *q);
    for (size_t end = n, first; end > 0; end = first) {
        first = (end - 1) / GROUP * GROUP;
        for (size_t j = first; j < end; j++) {
            q[j * m + j] = a[j * m + j] > 0 ? -1 : 1; /* so that R's diagonal is positive */
            reflect_down(m, a, squares, first, j + 1, q + j * m);
        }
        for (size_t j = end; j < n; j++)
            reflect_down(m, a, squares, first, end, q + j * m);
    }
}
