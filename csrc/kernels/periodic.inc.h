/* Periodic layers: a = cos(z), z = w x + b, where each output reads one column of the input. */

PYBP_INLINE vec REAL(cosine_f)(vec z) { return v_cos(z); }
PYBP_INLINE vec REAL(cosine_df)(vec z, vec back) { return v_mul(back, v_neg(v_sin(z))); }
ACTIVATION_KERNELS(cosine)

/* Row r of the inputs of a panel's outputs: that of column[i] in lane i. `same`: all lanes read the same column. */
PYBP_INLINE vec REAL(spread)(pybp_panels x, const size_t *column, int same, size_t r)
{
    real lane[LANES];
    if (same)
        return v_bcast(REAL(line)(x, column[0] / PANEL, r) + column[0] % PANEL);
    for (size_t i = 0; i < LANES; i++)
        lane[i] = REAL(line)(x, column[i] / PANEL, r)[column[i] % PANEL];
    return v_load(lane);
}

PYBP_INLINE int REAL(is_same)(const size_t *column)
{
    int same = 1;
    for (size_t i = 1; i < LANES; i++)
        same &= column[i] == column[0];
    return same;
}

/* z of one panel: w and b are lines. */
static void REAL(periodic)(size_t rows, pybp_panels x, const size_t column[PYBP_MAX_PANEL], const void *weights,
                           const void *biases, void *z_panel)
{
    const real *w = weights, *b = biases;
    real *z = z_panel;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec by = v_load(w + i), plus = v_load(b + i);
        const int same = REAL(is_same)(column + i);
        for (size_t r = 0; r < rows; r++)
            v_store(z + r * PANEL + i, v_fma(REAL(spread)(x, column + i, same, r), by, plus));
    }
}

/* The gradient of a panel, w's and, if there are biases (lines: 2), b's, summed like those of `sums`. */
static void REAL(periodic_gradient)(size_t rows, pybp_panels x, const size_t column[PYBP_MAX_PANEL],
                                    const void *delta_panel, size_t lines, int add, void *gradient)
{
    const real *delta = delta_panel;
    real *g = gradient;
    for (size_t first = 0; first < rows; first += PYBP_CHUNK) {
        const size_t end = REAL(least)(rows, first + PYBP_CHUNK);
        const int on_top = first > 0 || add;
        for (size_t i = 0; i < PANEL; i += LANES) {
            const int same = REAL(is_same)(column + i);
            vec w = v_zero(), b = v_zero();
            for (size_t r = first; r < end; r++) {
                const vec d = v_load(delta + r * PANEL + i);
                w = v_fma(d, REAL(spread)(x, column + i, same, r), w);
                b = v_add(b, d);
            }
            v_store(g + i, on_top ? v_add(v_load(g + i), w) : w);
            if (lines > 1)
                v_store(g + PANEL + i, on_top ? v_add(v_load(g + PANEL + i), b) : b);
        }
    }
}

/* dL/dx of the columns that are read, `each` outputs reading one column; w of a panel is `step` lines after that of the
 * panel before. Other columns of out stay as they are. */
static void REAL(periodic_back)(size_t rows, pybp_panels delta, const void *weights, size_t step, size_t each,
                                const size_t *columns, size_t n_columns, pybp_panels out)
{
    const real *w = weights;
    REAL(columns) held;
    for (size_t r = 0; r < rows; r += LANES) {
        const size_t n = REAL(least)(LANES, rows - r);
        held.panel = SIZE_MAX;
        for (size_t c = 0; c < n_columns; c++) {
            real *to = REAL(line)(out, columns[c] / PANEL, r) + columns[c] % PANEL, lane[LANES];
            vec sum = v_zero();
            for (size_t j = c * each; j < (c + 1) * each; j++) {
                REAL(hold_panel)(&held, delta, j / PANEL, r, n, n_columns * each);
                sum = v_fma(v_load(held.at + j % PANEL * LANES), v_set1(w[j / PANEL * step * PANEL + j % PANEL]), sum);
            }
            v_store(lane, v_flush(sum));
            for (size_t i = 0; i < n; i++)
                to[i * PANEL] = lane[i];
        }
    }
}
