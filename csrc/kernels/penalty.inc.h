/* The kernels of a layer's training options: penalties, scales, and norms of weights. */

static void REAL(penalize)(size_t n, const void *weights, void *gradient, double scale, double l1, double l2)
{
    const real *w = weights;
    real *g = gradient;
    const vec s = v_set1((real)scale), a = v_set1((real)l1), b = v_set1((real)l2);
    for (size_t i = 0; scale != 1 && i < n; i += LANES)
        v_store(g + i, v_flush(v_mul(v_flush(v_load(g + i)), s)));
    for (size_t i = 0; l1 != 0 && i < n; i += LANES)
        v_store(g + i, v_flush(v_fma(a, REAL(sign)(v_load(w + i)), v_flush(v_load(g + i)))));
    for (size_t i = 0; l2 != 0 && i < n; i += LANES)
        v_store(g + i, v_flush(v_fma(b, v_load(w + i), v_flush(v_load(g + i)))));
}

/* The chains are independent, so that the compiler vectorises them. */
static void REAL(magnitudes)(size_t lines, const void *weights, double *absolute, double *squares)
{
    const real *w = weights;
    double a[PANEL] = {0}, q[PANEL] = {0};
    for (size_t k = 0; k < lines; k++, w += PANEL)
        for (size_t c = 0; c < PANEL; c++) {
            const double x = (double)w[c];
            a[c] = a[c] + __builtin_fabs(x);
            q[c] = __builtin_fma(x, x, q[c]);
        }
    for (size_t c = 0; c < PANEL; c++) {
        absolute[c] = a[c];
        squares[c] = q[c];
    }
}

static void REAL(rescale)(size_t lines, void *weights, const void *factors)
{
    real *w = weights;
    const real *f = factors;
    for (size_t k = 0; k < lines; k++, w += PANEL)
        for (size_t c = 0; c < PANEL; c += LANES)
            v_store(w + c, v_flush(v_mul(v_load(w + c), v_load(f + c))));
}
