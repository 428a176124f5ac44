/* Layers without a matrix product, on one panel of `rows` lines; results may overwrite arguments. */

static void REAL(add_lines)(size_t rows, const void *a, const void *b, void *sum)
{
    const real *x = a, *y = b;
    real *to = sum;
    for (size_t i = 0; i < rows * PANEL; i += LANES)
        v_store(to + i, v_flush(v_add(v_load(x + i), v_load(y + i))));
}

static void REAL(multiply_lines)(size_t rows, const void *a, const void *b, void *product)
{
    const real *x = a, *y = b;
    real *to = product;
    for (size_t i = 0; i < rows * PANEL; i += LANES)
        v_store(to + i, v_flush(v_mul(v_load(x + i), v_load(y + i))));
}

/* From x towards f = f(x), as far as alpha says: out = x + alpha (f - x). */
static void REAL(mix)(size_t rows, const void *panel, const void *f_panel, const void *alpha, void *out_panel)
{
    const real *x = panel, *f = f_panel, *by = alpha;
    real *out = out_panel;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec part = v_load(by + i);
        for (size_t r = i; r < rows * PANEL; r += PANEL)
            v_store(out + r, v_flush(v_fma(part, v_flush(v_sub(v_load(f + r), v_load(x + r))), v_load(x + r))));
    }
}

/* out, alpha g f'(x), becomes dL/dx = alpha g f'(x) + (1 - alpha) g. */
static void REAL(mix_back)(size_t rows, const void *g_panel, const void *alpha, void *out_panel)
{
    const real *g = g_panel, *by = alpha;
    real *out = out_panel;
    for (size_t i = 0; i < PANEL; i += LANES) {
        const vec part = v_load(by + i);
        for (size_t r = i; r < rows * PANEL; r += PANEL)
            v_store(out + r, v_flush(v_add(v_load(out + r), v_fnma(v_load(g + r), part, v_load(g + r)))));
    }
}

/* The sum of g (f - x) over the rows, like those of `sums`. */
static void REAL(mix_sums)(size_t rows, const void *g_panel, const void *panel, const void *f_panel, int add,
                           void *sums)
{
    const real *g = g_panel, *x = panel, *f = f_panel;
    real *to = sums;
    for (size_t first = 0; first < rows; first += PYBP_CHUNK) {
        const size_t end = REAL(least)(rows, first + PYBP_CHUNK) * PANEL;
        for (size_t i = 0; i < PANEL; i += LANES) {
            vec sum = v_zero();
            for (size_t r = first * PANEL + i; r < end; r += PANEL)
                sum = v_fma(v_load(g + r), v_flush(v_sub(v_load(f + r), v_load(x + r))), sum);
            v_store(to + i, first > 0 || add ? v_add(v_load(to + i), sum) : sum);
        }
    }
}

/* Dropout: a lane whose number is below the threshold is dropped. The numbers of row r begin at numbers[r * step].
 * factor becomes d out / d x. */
static void REAL(drop)(size_t rows, const uint16_t *numbers, size_t step, const pybp_drop *how, const void *panel,
                       void *out_panel, void *factor_panel)
{
    const real *x = panel;
    real *out = out_panel, *factor = factor_panel;
    const real scale = (real)how->scale, shift = (real)how->shift, dropped = (real)how->dropped;
    const uint16_t threshold = how->threshold;
    for (size_t r = 0; r < rows; r++, x += PANEL, out += PANEL, factor += PANEL, numbers += step) {
        real by[PANEL], plus[PANEL]; /* separate loops, which the compiler vectorises */
        for (size_t i = 0; i < PANEL; i++)
            by[i] = numbers[i] < threshold ? 0 : scale;
        for (size_t i = 0; i < PANEL; i++)
            plus[i] = numbers[i] < threshold ? dropped : shift;
        for (size_t i = 0; i < PANEL; i += LANES) {
            v_store(out + i, v_flush(v_fma(v_load(x + i), v_load(by + i), v_load(plus + i))));
            v_store(factor + i, v_load(by + i));
        }
    }
}

/* The category, 0 ... n - 1, that a number is; 0 if it is none. */
PYBP_INLINE size_t REAL(category)(real x, size_t n)
{
    return x >= 0 && x < (real)n ? (size_t)x : 0;
}

/* Row r of `out` becomes line k of the table, k the category at column[r * PANEL]. */
static void REAL(embed)(size_t rows, const void *column, size_t categories, const void *table, void *out_panel)
{
    const real *k = column, *lines = table;
    real *out = out_panel;
    for (size_t r = 0; r < rows * PANEL; r += PANEL)
        memcpy(out + r, lines + REAL(category)(k[r], categories) * PANEL, PYBP_LINE);
}

/* Lines k0 ... k1 - 1 of the table's gradient, summed like those of `gradient` (kernels.h). chunk: scratch of k1 - k0
 * lines. */
static void REAL(embed_gradient)(size_t rows, const void *column, size_t categories, const void *delta_panel,
                                 size_t k0, size_t k1, int add, void *g, void *chunk)
{
    const real *k = column, *delta = delta_panel;
    real *sum = g, *own = chunk;
    for (size_t first = 0; first < rows; first += PYBP_CHUNK) {
        const size_t end = REAL(least)(rows, first + PYBP_CHUNK);
        real *to = first > 0 || add ? own : sum;
        memset(to, 0, (k1 - k0) * PYBP_LINE);
        for (size_t r = first; r < end; r++) {
            const size_t category = REAL(category)(k[r * PANEL], categories);
            if (category < k0 || category >= k1)
                continue;
            for (size_t i = 0; i < PANEL; i += LANES) {
                real *at = to + (category - k0) * PANEL + i;
                v_store(at, v_add(v_load(at), v_load(delta + r * PANEL + i)));
            }
        }
        if (to == own)
            REAL(accumulate)((k1 - k0) * PANEL, sum, own);
    }
}

/* n <= PANEL elements, and no more: what is behind them may be another thread's row. Copies of fixed sizes are single
 * instructions; one of unknown size is a call. */
PYBP_INLINE void REAL(copy_some)(const real *from, size_t n, real *to)
{
    for (size_t size = PANEL; size > 0; size /= 2)
        if (n & size) {
            memcpy(to, from, size * sizeof(real));
            to += size;
            from += size;
        }
}

/* Copy columns, as many at a time as are in one panel before and after. */
static void REAL(copy_columns)(size_t rows, size_t n, pybp_panels from, size_t from_col, pybp_panels to, size_t to_col)
{
    while (n > 0) {
        const size_t room = REAL(least)(PANEL - from_col % PANEL, PANEL - to_col % PANEL);
        const size_t m = REAL(least)(n, room);
        const real *x = REAL(line)(from, from_col / PANEL, 0) + from_col % PANEL;
        real *out = REAL(line)(to, to_col / PANEL, 0) + to_col % PANEL;
        for (size_t r = 0; r < rows * PANEL; r += PANEL)
            REAL(copy_some)(x + r, m, out + r);
        from_col += m;
        to_col += m;
        n -= m;
    }
}
