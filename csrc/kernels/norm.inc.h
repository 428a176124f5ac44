/* Norms: statistics of features over rows (batch norm) or of rows over features (layer and RMS norm), and the
 * scale and shift after them. "One panel" is `rows` lines; parameters and statistics of its features are a line. */

/* ---- one panel: each lane is a feature ---- */

/* shift = sum of g, scale = sum of g z over rows, in chunks; add: on top of what they hold. */
static void REAL(sums)(size_t rows, const void *g_panel, const void *z_panel, int add, void *shift, void *scale)
{
    const real *g = g_panel, *z = z_panel;
    real *b = shift, *d = scale;
    for (size_t first = 0; first < rows; first += PYBP_CHUNK) {
        const size_t end = REAL(least)(rows, first + PYBP_CHUNK) * PANEL;
        for (size_t i = 0; i < PANEL; i += LANES) {
            vec sum = v_zero(), dot = v_zero();
            for (size_t r = first * PANEL + i; r < end; r += PANEL) {
                sum = v_add(sum, v_load(g + r));
                dot = v_fma(v_load(g + r), v_load(z + r), dot);
            }
            const int on_top = first > 0 || add;
            v_store(b + i, on_top ? v_add(v_load(b + i), sum) : sum);
            v_store(d + i, on_top ? v_add(v_load(d + i), dot) : dot);
        }
    }
}

/* Mean and sum of squared deviations. */
static void REAL(moments)(size_t rows, const void *panel, void *mean, void *squares)
{
    const real *x = panel;
    real *m = mean, *q = squares;
    for (size_t first = 0; first < rows; first += PYBP_CHUNK) {
        const size_t end = REAL(least)(rows, first + PYBP_CHUNK) * PANEL;
        for (size_t i = 0; i < PANEL; i += LANES) {
            vec sum = v_zero();
            for (size_t r = first * PANEL + i; r < end; r += PANEL)
                sum = v_add(sum, v_load(x + r));
            v_store(m + i, first > 0 ? v_add(v_load(m + i), sum) : sum);
        }
    }
    for (size_t i = 0; i < PANEL; i += LANES)
        v_store(m + i, v_div(v_load(m + i), v_set1((real)rows)));
    for (size_t first = 0; first < rows; first += PYBP_CHUNK) {
        const size_t end = REAL(least)(rows, first + PYBP_CHUNK) * PANEL;
        for (size_t i = 0; i < PANEL; i += LANES) {
            const vec center = v_load(m + i);
            vec sum = v_zero();
            for (size_t r = first * PANEL + i; r < end; r += PANEL) {
                const vec d = v_flush(v_sub(v_load(x + r), center));
                sum = v_fma(d, d, sum);
            }
            v_store(q + i, first > 0 ? v_add(v_load(q + i), sum) : sum);
        }
    }
}

/* Of a minibatch: `squares`, the sums of squared deviations, become 1 / sqrt(var + eps), and the running statistics
 * move towards those of the minibatch. */
static void REAL(batch_statistics)(size_t rows, double momentum, double eps, const void *mean, void *squares,
                                   void *running_mean, void *running_var)
{
    const real *m = mean;
    real *q = squares, *run_m = running_mean, *run_v = running_var;
    const vec move = v_set1((real)momentum);
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec sum = v_load(q + i), var = v_div(sum, v_set1((real)rows));
        const vec unbiased = v_div(sum, v_set1((real)(rows - 1)));
        const vec old_m = v_load(run_m + i), old_v = v_load(run_v + i);
        v_store(q + i, v_div(v_set1(1), v_sqrt(v_add(var, v_set1((real)eps)))));
        v_store(run_m + i, v_flush(v_fma(move, v_sub(v_load(m + i), old_m), old_m)));
        v_store(run_v + i, v_flush(v_fma(move, v_sub(unbiased, old_v), old_v)));
    }
}

/* From the running statistics: inverse = 1 / sqrt(var + eps), and the scale and shift that are equal to
 * standardising, gamma and beta. */
static void REAL(running_scale)(double eps, const void *mean, const void *var, const void *gamma, const void *beta,
                                void *inverse, void *scale, void *shift)
{
    const real *m = mean, *v = var, *g = gamma, *b = beta;
    real *inv = inverse, *s = scale, *t = shift;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec one = v_div(v_set1(1), v_sqrt(v_add(v_load(v + i), v_set1((real)eps))));
        const vec by = v_flush(v_mul(v_load(g + i), one));
        v_store(inv + i, one);
        v_store(s + i, by);
        v_store(t + i, v_flush(v_fnma(v_load(m + i), by, v_load(b + i))));
    }
}

/* z = (x - mean) inverse */
static void REAL(standardize)(size_t rows, const void *panel, const void *mean, const void *inverse, void *z_panel)
{
    const real *x = panel, *m = mean, *s = inverse;
    real *z = z_panel;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec center = v_load(m + i), by = v_load(s + i);
        for (size_t r = i; r < rows * PANEL; r += PANEL)
            v_store(z + r, v_flush(v_mul(v_flush(v_sub(v_load(x + r), center)), by)));
    }
}

/* out = x scale + shift */
static void REAL(scale_shift)(size_t rows, const void *panel, const void *scale, const void *shift, void *out_panel)
{
    const real *x = panel, *s = scale, *t = shift;
    real *out = out_panel;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec by = v_load(s + i), plus = v_load(t + i);
        for (size_t r = i; r < rows * PANEL; r += PANEL)
            v_store(out + r, v_flush(v_fma(v_load(x + r), by, plus)));
    }
}

/* out = x scale */
static void REAL(scale)(size_t rows, const void *panel, const void *scale, void *out_panel)
{
    const real *x = panel, *s = scale;
    real *out = out_panel;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec by = v_load(s + i);
        for (size_t r = i; r < rows * PANEL; r += PANEL)
            v_store(out + r, v_flush(v_mul(v_load(x + r), by)));
    }
}

/* out = dL/dx of batch norm over n rows; shift, scale: the sums of g and of g z over them. */
static void REAL(batch_norm_back)(size_t rows, size_t n, const void *g_panel, const void *z_panel, const void *gamma,
                                  const void *inverse, const void *shift, const void *scale, void *out_panel)
{
    const real *g = g_panel, *z = z_panel, *by = gamma, *inv = inverse, *b = shift, *d = scale;
    real *out = out_panel;
    const vec number = v_set1((real)n);
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec w = v_flush(v_mul(v_load(by + i), v_load(inv + i)));
        const vec mean_g = v_div(v_flush(v_load(b + i)), number), mean_gz = v_div(v_flush(v_load(d + i)), number);
        for (size_t r = i; r < rows * PANEL; r += PANEL) {
            const vec of_z = v_flush(v_fnma(v_load(z + r), mean_gz, v_sub(v_load(g + r), mean_g)));
            v_store(out + r, v_flush(v_mul(w, of_z)));
        }
    }
}

/* ---- whole rows: sums over features have PANEL lanes ---- */

#ifndef PYBP_ROW_SUMS
#define PYBP_ROW_SUMS
enum { ROW_SUM, ROW_SQUARES, ROW_SCALED, ROW_DOT };
#endif

/* The first n lanes of x, then zeros. */
PYBP_INLINE vec REAL(only)(vec x, size_t n)
{
    real lane[LANES];
    if (n >= LANES)
        return x;
    v_store(lane, x);
    for (size_t i = n; i < LANES; i++)
        lane[i] = 0;
    return v_load(lane);
}

/* The lane sum of row r over n features. ROW_SUM: x. ROW_SQUARES: (x - mean)^2. ROW_SCALED: x scale.
 * ROW_DOT: x scale z. */
PYBP_INLINE real REAL(row_total)(const int what, size_t r, size_t n, pybp_panels x, real mean, const real *scale,
                                 size_t step, pybp_panels z)
{
    real lane[PANEL], sum;
    vec acc[VPP];
    for (size_t v = 0; v < VPP; v++)
        acc[v] = v_zero();
    for (size_t p = 0; p * PANEL < n; p++)
        for (size_t v = 0; v < VPP && p * PANEL + v * LANES < n; v++) {
            const size_t left = n - p * PANEL - v * LANES;
            vec at = v_load(REAL(line)(x, p, r) + v * LANES), other = at;
            if (what == ROW_SQUARES)
                at = other = v_flush(v_sub(at, v_set1(mean)));
            if (what == ROW_SCALED || what == ROW_DOT)
                at = v_flush(v_mul(at, v_load(scale + p * step + v * LANES)));
            if (what == ROW_DOT)
                other = v_load(REAL(line)(z, p, r) + v * LANES);
            if (what == ROW_SUM || what == ROW_SCALED)
                acc[v] = v_add(acc[v], REAL(only)(at, left));
            else
                acc[v] = v_fma(REAL(only)(at, left), REAL(only)(other, left), acc[v]);
        }
    for (size_t v = 0; v < VPP; v++)
        v_store(lane + v * LANES, acc[v]);
    sum = lane[0];
    for (size_t c = 1; c < PANEL; c++)
        sum = sum + lane[c];
    return REAL(flush_one)(sum);
}

/* Layer norm, or, not centered, RMS norm. Lines of scale and shift are f->step lines apart from panel to panel. */
static void REAL(row_norm)(const pybp_row_norm *f, double eps, const void *scale, const void *shift, pybp_panels a)
{
    const pybp_panels none = {NULL, 0};
    const real *by = scale, *plus = shift;
    const size_t step = f->step * PANEL;
    for (size_t r = 0; r < f->rows; r++) {
        const real mean = f->centered ? REAL(row_total)(ROW_SUM, r, f->n, f->x, 0, NULL, 0, none) / (real)f->n : 0;
        const real var = REAL(row_total)(ROW_SQUARES, r, f->n, f->x, mean, NULL, 0, none) / (real)f->n;
        const vec inverse = v_div(v_set1(1), v_sqrt(v_set1(var + (real)eps)));
        REAL(store_some)((real *)f->inverse + r, 1, inverse);
        for (size_t p = 0; p * PANEL < f->n; p++)
            for (size_t i = 0; i < PANEL; i += LANES) {
                const vec d = v_flush(v_sub(v_load(REAL(line)(f->x, p, r) + i), v_set1(mean)));
                const vec z = v_flush(v_mul(d, inverse));
                if (f->z.at != NULL)
                    v_store(REAL(line)(f->z, p, r) + i, z);
                v_store(REAL(line)(a, p, r) + i,
                        v_flush(v_fma(v_load(by + p * step + i), z, v_load(plus + p * step + i))));
            }
    }
}

/* From delta to dL/dx. Lanes past n become 0, as in all deltas. */
static void REAL(row_norm_back)(const pybp_row_norm *f, const void *scale, pybp_panels delta, pybp_panels out)
{
    const pybp_panels none = {NULL, 0};
    const real *by = scale;
    const size_t step = f->step * PANEL;
    for (size_t r = 0; r < f->rows; r++) {
        const real n = (real)f->n;
        const real s1 = f->centered ? REAL(row_total)(ROW_SCALED, r, f->n, delta, 0, by, step, none) / n : 0;
        const real s2 = REAL(row_total)(ROW_DOT, r, f->n, delta, 0, by, step, f->z) / n;
        const vec inverse = v_set1(((const real *)f->inverse)[r]);
        for (size_t p = 0; p * PANEL < f->n; p++)
            for (size_t i = 0; i < PANEL && p * PANEL + i < f->n; i += LANES) {
                const vec h = v_flush(v_mul(v_load(REAL(line)(delta, p, r) + i), v_load(by + p * step + i)));
                const vec z = v_load(REAL(line)(f->z, p, r) + i);
                const vec back = v_flush(v_mul(inverse, v_flush(v_fnma(z, v_set1(s2), v_sub(h, v_set1(s1))))));
                v_store(REAL(line)(out, p, r) + i, REAL(only)(back, f->n - p * PANEL - i));
            }
    }
}
