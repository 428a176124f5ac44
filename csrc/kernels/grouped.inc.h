/* Grouped dense layers: inputs and outputs are cut into groups, and each output is a sum over its group's inputs. A
 * group may be much narrower than a panel, so that a vector holds one column of LANES rows (panel.inc.h); only the gradient's
 * vectors hold inputs. */

/* The columns of LANES rows of one panel, transposed: that of column c, from the c % PANEL-th vector on. */
typedef struct REAL(columns) {
    real at[TRANSPOSED];
    size_t panel; /* whose columns these are; SIZE_MAX: none */
} REAL(columns);

PYBP_INLINE void REAL(hold_panel)(REAL(columns) *held, pybp_panels m, size_t panel, size_t r, size_t rows, size_t cols)
{
    if (held->panel == panel)
        return;
    REAL(transpose_rows)(REAL(line)(m, panel, r), rows, REAL(least)(PANEL, cols - panel * PANEL), held->at);
    held->panel = panel;
}

/* To each of the outputs first ... end - 1 of panel p, which belong to one group, add the products of its weights with
 * the inputs of the group. z: the sums, one vector for each output of the panel. */
PYBP_INLINE void REAL(add_group)(const pybp_grouped *f, const real *w, size_t group, size_t first, size_t end, size_t r,
                                 size_t rows, REAL(columns) *x, real *z)
{
    for (size_t k = 0, n; k < f->fan; k += n) {
        const size_t column = group * f->fan + k, at = column % PANEL;
        n = REAL(least)(PANEL - at, f->fan - k);
        REAL(hold_panel)(x, f->x, column / PANEL, r, rows, f->n_in);
        for (size_t i = first; i < end; i++) {
            vec sum = v_load(z + i * LANES);
            for (size_t c = 0; c < n; c++)
                sum = v_fma(v_load(x->at + (at + c) * LANES), v_set1(w[(k + c) * PANEL + i]), sum);
            v_store(z + i * LANES, sum);
        }
    }
}

/* out = W x + b */
static void REAL(grouped)(const pybp_grouped *f)
{
    const real *weights = f->weights;
    REAL(columns) x;
    real z[TRANSPOSED];
    for (size_t r = 0; r < f->rows; r += LANES) {
        const size_t rows = REAL(least)(LANES, f->rows - r);
        x.panel = SIZE_MAX;
        for (size_t p = 0; p * PANEL < f->n_out; p++) {
            const size_t width = REAL(least)(PANEL, f->n_out - p * PANEL);
            const real *w = weights + p * f->step * PANEL;
            for (size_t i = 0; i < width; i++)
                v_store(z + i * LANES, v_set1(w[f->fan * PANEL + i]));
            for (size_t i = 0, end; i < width; i = end) {
                const size_t group = (p * PANEL + i) / f->width;
                end = REAL(least)(width, (group + 1) * f->width - p * PANEL);
                REAL(add_group)(f, w, group, i, end, r, rows, &x, z);
            }
            REAL(untranspose_rows)(z, rows, width, REAL(line)(f->out, p, r));
        }
    }
}

/* To the sum of each of the inputs first ... end - 1 of panel q, which belong to one group, add the products of the
 * group's deltas with the input's weights. */
PYBP_INLINE void REAL(add_group_back)(const pybp_grouped *f, size_t q, size_t group, size_t first, size_t end, size_t r,
                                      size_t rows, REAL(columns) *delta, real *back)
{
    const real *weights = f->weights;
    for (size_t j = group * f->width, n; j < (group + 1) * f->width; j += n) {
        const size_t at = j % PANEL;
        n = REAL(least)(PANEL - at, (group + 1) * f->width - j);
        REAL(hold_panel)(delta, f->out, j / PANEL, r, rows, f->n_out);
        for (size_t i = first; i < end; i++) {
            const real *w = weights + (j / PANEL * f->step + q * PANEL + i - group * f->fan) * PANEL + at;
            vec sum = v_load(back + i * LANES);
            for (size_t c = 0; c < n; c++)
                sum = v_fma(v_load(delta->at + (at + c) * LANES), v_set1(w[c]), sum);
            v_store(back + i * LANES, sum);
        }
    }
}

/* x = delta W, where out is delta */
static void REAL(grouped_back)(const pybp_grouped *f)
{
    REAL(columns) delta;
    real back[TRANSPOSED];
    for (size_t r = 0; r < f->rows; r += LANES) {
        const size_t rows = REAL(least)(LANES, f->rows - r);
        delta.panel = SIZE_MAX;
        for (size_t q = 0; q * PANEL < f->n_in; q++) {
            const size_t width = REAL(least)(PANEL, f->n_in - q * PANEL);
            for (size_t i = 0; i < width; i++)
                v_store(back + i * LANES, v_zero());
            for (size_t i = 0, end; i < width; i = end) {
                const size_t group = (q * PANEL + i) / f->fan;
                end = REAL(least)(width, (group + 1) * f->fan - q * PANEL);
                REAL(add_group_back)(f, q, group, i, end, r, rows, &delta, back);
            }
            REAL(flush_all)(width * LANES, back);
            REAL(untranspose_rows)(back, rows, width, REAL(line)(f->x, q, r));
        }
    }
}

/* Over rows first ... end - 1 the sums of x times the deltas of outputs i ... i + 3, or fewer, for the inputs of one
 * panel: 4 at a time, since each sum is one chain. */
PYBP_INLINE void REAL(group_sums)(const real *x, const real *delta, size_t first, size_t end, const size_t i[4],
                                  real sums[4][PANEL])
{
    for (size_t v = 0; v < PANEL; v += LANES) {
        vec s0 = v_zero(), s1 = v_zero(), s2 = v_zero(), s3 = v_zero();
        for (size_t r = first * PANEL; r < end * PANEL; r += PANEL) {
            const vec at = v_load(x + r + v);
            s0 = v_fma(v_set1(delta[r + i[0]]), at, s0);
            s1 = v_fma(v_set1(delta[r + i[1]]), at, s1);
            s2 = v_fma(v_set1(delta[r + i[2]]), at, s2);
            s3 = v_fma(v_set1(delta[r + i[3]]), at, s3);
        }
        v_store(sums[0] + v, s0);
        v_store(sums[1] + v, s1);
        v_store(sums[2] + v, s2);
        v_store(sums[3] + v, s3);
    }
}

/* The gradient of the weights of outputs i ... end - 1 of a panel, at most 4 of one group, over one chunk of rows. */
PYBP_INLINE void REAL(group_gradient)(const pybp_grouped *f, const real *delta, size_t group, size_t i, size_t end,
                                      size_t first, size_t last, size_t k0, size_t k1, int on_top, real *g)
{
    const size_t outputs[4] = {i, REAL(least)(i + 1, end - 1), REAL(least)(i + 2, end - 1), REAL(least)(i + 3, end - 1)};
    real sums[4][PANEL];
    for (size_t k = k0, n; k < k1; k += n) {
        const size_t column = group * f->fan + k, at = column % PANEL;
        n = REAL(least)(PANEL - at, k1 - k);
        REAL(group_sums)(REAL(line)(f->x, column / PANEL, 0), delta, first, last, outputs, sums);
        for (size_t j = i; j < end; j++)
            for (size_t c = 0; c < n; c++) {
                real *to = g + (k + c - k0) * PANEL + j;
                *to = on_top ? *to + sums[j - i][at + c] : sums[j - i][at + c];
            }
    }
}

/* Lines k0 ... k1 - 1 of panel p of the gradient, like those of `gradient`; delta: the panel of deltas. */
static void REAL(grouped_gradient)(const pybp_grouped *f, const void *delta_panel, size_t p, size_t k0, size_t k1,
                                   int add, void *gradient)
{
    const size_t width = REAL(least)(PANEL, f->n_out - p * PANEL), weights = REAL(least)(k1, f->fan);
    const real *delta = delta_panel;
    real *g = gradient;
    if (width < PANEL && !add)
        memset(g, 0, (k1 - k0) * PYBP_LINE); /* padding */
    for (size_t first = 0; first < f->rows; first += PYBP_CHUNK) {
        const size_t last = REAL(least)(f->rows, first + PYBP_CHUNK);
        const int on_top = first > 0 || add;
        for (size_t i = 0, end; i < width; i = end) {
            const size_t group = (p * PANEL + i) / f->width;
            end = REAL(least)(REAL(least)(width, (group + 1) * f->width - p * PANEL), i + 4);
            REAL(group_gradient)(f, delta, group, i, end, first, last, k0, weights, on_top, g);
        }
        for (size_t v = 0; v < PANEL && k1 > f->fan; v += LANES) {
            real *to = g + (f->fan - k0) * PANEL + v;
            vec sum = v_zero();
            for (size_t r = first * PANEL + v; r < last * PANEL; r += PANEL)
                sum = v_add(sum, v_load(delta + r));
            v_store(to, on_top ? v_add(v_load(to), sum) : sum);
        }
    }
}
