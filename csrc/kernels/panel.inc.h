/* Panels: in from the user's rows, out to them, and blocks of rows turned on their side. */

/* Vectors in a panel line. */
#undef VPP
#define VPP (PANEL / LANES)

PYBP_INLINE size_t REAL(least)(size_t a, size_t b)
{
    return a < b ? a : b;
}

PYBP_INLINE real *REAL(line)(pybp_panels m, size_t panel, size_t row)
{
    return (real *)(void *)(m.at + (panel * m.stride + row) * PYBP_LINE);
}

static void REAL(gather)(const pybp_matrix *x, const uint32_t *order, size_t first, size_t rows, pybp_panels out)
{
    for (size_t r = 0; r < rows; r++) {
        const size_t row = order != NULL ? order[first + r] : first + r;
        const char *from = (const char *)x->data + (ptrdiff_t)row * x->row_stride;
        for (size_t c = 0; c < x->cols; c += PANEL) {
            real *to = REAL(line)(out, c / PANEL, r);
            const size_t n = REAL(least)(PANEL, x->cols - c);
            if (x->dtype == PYBP_FLOAT32) {
                const float *f = (const float *)(const void *)from + c;
                for (size_t i = 0; i < n; i++)
                    to[i] = (real)f[i];
            } else {
                const double *f = (const double *)(const void *)from + c;
                for (size_t i = 0; i < n; i++)
                    to[i] = (real)f[i];
            }
        }
    }
}

static void REAL(scatter)(pybp_panels a, size_t rows, size_t cols, void *out)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c += PANEL)
            memcpy((real *)out + r * cols + c, REAL(line)(a, c / PANEL, r),
                   REAL(least)(PANEL, cols - c) * sizeof(real));
}

static void REAL(ones)(pybp_panels a, size_t rows, size_t col)
{
    real *at = REAL(line)(a, col / PANEL, 0) + col % PANEL;
    for (size_t r = 0; r < rows; r++)
        at[r * PANEL] = 1;
}

/* Turned blocks. Sums over the features of a row run in lanes that the contract fixes, so a
 * vector must not hold one row: it holds one column of LANES rows. t[c * LANES ...] = column c. */
#undef TURNED
#define TURNED (PANEL * LANES)

PYBP_INLINE void REAL(turn)(const real *lines, size_t rows, size_t cols, real *t)
{
    real padded[TURNED];
    if (rows < LANES) { /* the last block: zeros below */
        memset(padded, 0, sizeof padded);
        memcpy(padded, lines, rows * PANEL * sizeof(real));
        lines = padded;
    }
    for (size_t c = 0; c < cols; c += LANES)
        v_transpose(lines + c, PANEL, t + c * LANES, LANES);
}

PYBP_INLINE void REAL(turn_back)(real *t, size_t rows, size_t cols, real *lines)
{
    real padded[TURNED];
    real *to = rows < LANES ? padded : lines;
    for (size_t c = cols; c % LANES != 0; c++) /* padding stays zero */
        v_store(t + c * LANES, v_zero());
    for (size_t c = 0; c < cols; c += LANES)
        v_transpose(t + c * LANES, LANES, to + c, PANEL);
    if (rows < LANES)
        for (size_t r = 0; r < rows; r++)
            memcpy(lines + r * PANEL, padded + r * PANEL, cols * sizeof(real));
}

/* The first n values of a row of scalars, zeros above. */
PYBP_INLINE vec REAL(load_some)(const real *from, size_t n)
{
    real some[LANES] = {0};
    if (n >= LANES)
        return v_load(from);
    memcpy(some, from, n * sizeof(real));
    return v_load(some);
}

PYBP_INLINE void REAL(store_some)(real *to, size_t n, vec x)
{
    real some[LANES];
    v_store(some, x);
    memcpy(to, some, REAL(least)(n, LANES) * sizeof(real));
}

/* The sum of the lanes of a lane sum, in ascending order. lane: PANEL vectors. */
PYBP_INLINE vec REAL(add_lanes)(const vec *lane, size_t cols)
{
    vec sum = lane[0];
    for (size_t c = 1; c < REAL(least)(cols, PANEL); c++)
        sum = v_add(sum, lane[c]);
    return sum;
}
