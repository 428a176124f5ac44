/* Panels: from the user's rows and back, and transposed blocks of rows. */

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

/* n elements, a multiple of LANES. */
static void REAL(flush_all)(size_t n, void *values)
{
    real *x = values;
    for (size_t i = 0; i < n; i += LANES)
        v_store(x + i, v_flush(v_load(x + i)));
}

/* Lines of a panel. */
static void REAL(copy_flushed)(size_t rows, const real *from, real *to)
{
    for (size_t i = 0; i < rows * PANEL; i += LANES)
        v_store(to + i, v_flush(v_load(from + i)));
}

/* Of one element. */
PYBP_INLINE real REAL(flush_one)(real x)
{
    real lanes[LANES];
    v_store(lanes, v_flush(v_set1(x)));
    return lanes[0];
}

/* Conversions, flushed before they round, as rounding to a subnormal takes long. */
PYBP_INLINE real REAL(from_f64)(double x)
{
    const double tiny = REAL_TINY;
    uint64_t bits, least;
    memcpy(&bits, &x, sizeof bits);
    memcpy(&least, &tiny, sizeof least);
    bits &= (uint64_t)0 - (uint64_t)((bits & INT64_MAX) >= least);
    memcpy(&x, &bits, sizeof x);
    return (real)x;
}
PYBP_INLINE real REAL(from_f32)(float x)
{
    return REAL(from_f64)((double)x);
}

/* A row that has the net's dtype. `step`: elements from panel to panel; `to` begins a line. What is behind the last column
 * is written as it was. */
PYBP_INLINE void REAL(copy_row)(const real *from, size_t cols, real *to, size_t step)
{
    for (; cols >= PANEL; cols -= PANEL, from += PANEL, to += step)
        for (size_t i = 0; i < PANEL; i += LANES)
            v_store(to + i, v_flush(v_load(from + i)));
    for (; cols >= LANES; cols -= LANES, from += LANES, to += LANES)
        v_store(to, v_flush(v_load(from)));
    if (cols > 0)
        v_store(to, v_flush(v_load_first(from, cols, v_load(to))));
}

/* A row that has to be converted. */
PYBP_INLINE void REAL(convert_row)(const void *row, int doubles, size_t cols, real *to, size_t step)
{
    const float *f = row;
    const double *d = row;
    for (size_t c = 0; c < cols; c += PANEL, to += step)
        for (size_t i = 0; i < REAL(least)(PANEL, cols - c); i++)
            to[i] = doubles ? REAL(from_f64)(d[c + i]) : REAL(from_f32)(f[c + i]);
}

/* A row of a sparse matrix: zeros, then its values in their columns. The caller's program may have changed indices
 * since they were checked; a column that does not exist is left out. */
PYBP_INLINE void REAL(spread_row)(const pybp_matrix *x, size_t row, real *to, size_t step)
{
    size_t begin, end;
    pybp_sparse_row(x, row, &begin, &end);
    const float *f = x->data;
    const double *d = x->data;
    for (size_t c = 0; c < x->cols; c += PANEL)
        memset(to + c / PANEL * step, 0, REAL(least)(PANEL, x->cols - c) * sizeof(real));
    for (size_t i = begin; i < end; i++) {
        const uint64_t c = (uint64_t)pybp_sparse_index(x, x->indices, i);
        if (c < x->cols)
            to[c / PANEL * step + c % PANEL] = x->dtype == PYBP_FLOAT64 ? REAL(from_f64)(d[i]) : REAL(from_f32)(f[i]);
    }
}

/* Shuffled rows are scattered in memory, so each is prefetched some rows before it is copied: short rows into the L1
 * cache, the first GATHER_LONG bytes of long ones into L2. (The first rows, or all of a small minibatch, have been
 * prefetched by net/train/prefetch.c.) */
#define GATHER_SHORT 512
#define GATHER_LONG 4096
#define GATHER_AHEAD(bytes) ((bytes) <= GATHER_SHORT ? 12u : 8u)

PYBP_INLINE void REAL(prefetch_row)(const pybp_matrix *x, size_t row, size_t bytes)
{
    const char *from = (const char *)x->data + (ptrdiff_t)row * x->row_stride, *end = from + bytes;
    from -= (uintptr_t)from % PYBP_LINE; /* rows seldom begin where a line does */
    if (bytes <= GATHER_SHORT)
        for (; from < end; from += PYBP_LINE)
            PYBP_PREFETCH(from);
    else
        for (; from < end; from += PYBP_LINE)
            PYBP_PREFETCH_L2(from);
}

static void REAL(gather)(const pybp_matrix *x, const uint32_t *order, size_t first, size_t rows, pybp_panels out)
{
    const size_t step = out.stride * PANEL;
    const int doubles = x->dtype == PYBP_FLOAT64;
    const size_t bytes = REAL(least)(pybp_row_bytes(x), GATHER_LONG);
    const size_t ahead = GATHER_AHEAD(bytes);
    for (size_t r = 0; r < rows; r++) {
        const size_t row = order != NULL ? order[first + r] : first + r;
        if (x->indptr != NULL) {
            REAL(spread_row)(x, row, REAL(line)(out, 0, r), step);
            continue;
        }
        const void *from = (const char *)x->data + (ptrdiff_t)row * x->row_stride;
        if (order != NULL && r + ahead < rows)
            REAL(prefetch_row)(x, order[first + r + ahead], bytes);
        if (doubles == REAL_IS_F64)
            REAL(copy_row)(from, x->cols, REAL(line)(out, 0, r), step);
        else
            REAL(convert_row)(from, doubles, x->cols, REAL(line)(out, 0, r), step);
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

/* Transposed blocks. Sums over the features of a row run in lanes that the contract fixes, whatever a vector holds.
 * So a vector holds one column of LANES rows: t[c * LANES ...] = column c. */
#undef TRANSPOSED
#define TRANSPOSED (PANEL * LANES)

/* A block of fewer than LANES rows is moved element by element if it has at most so many: that costs less than padding
 * and transposing it. (For a whole block of up to four columns there is a verb in simd.h where vectors are longer than
 * that.) */
#define PYBP_MOVE_SINGLY 64

PYBP_INLINE void REAL(transpose_rows)(const real *lines, size_t rows, size_t cols, real *t)
{
    real padded[TRANSPOSED];
    if (rows < LANES && rows * cols <= PYBP_MOVE_SINGLY) {
        for (size_t c = 0; c < cols; c++) {
            v_store(t + c * LANES, v_zero());
            for (size_t r = 0; r < rows; r++)
                t[c * LANES + r] = lines[r * PANEL + c];
        }
        return;
    }
    if (rows < LANES) { /* the last block: the missing rows are zeros */
        memset(padded, 0, sizeof padded);
        memcpy(padded, lines, rows * PANEL * sizeof(real));
        lines = padded;
    }
#if LANES == PANEL
    if (cols <= 4) {
        v_load_columns_4(lines, PANEL, t);
        return;
    }
#endif
    for (size_t c = 0; c < cols; c += LANES)
        v_transpose(lines + c, PANEL, t + c * LANES, LANES);
}

/* The inverse of transpose_rows. */
PYBP_INLINE void REAL(untranspose_rows)(real *t, size_t rows, size_t cols, real *lines)
{
    real padded[TRANSPOSED];
    real *to = rows < LANES ? padded : lines;
    if (rows < LANES && rows * cols <= PYBP_MOVE_SINGLY) { /* padding stays as it is */
        for (size_t c = 0; c < cols; c++)
            for (size_t r = 0; r < rows; r++)
                lines[r * PANEL + c] = t[c * LANES + r];
        return;
    }
#if LANES == PANEL
    if (cols <= 4 && rows >= LANES) {
        for (size_t c = cols; c < 4; c++)
            v_store(t + c * LANES, v_zero());
        v_store_columns_4(t, lines, PANEL);
        return;
    }
#endif
    for (size_t c = cols; c % LANES != 0; c++) /* padding stays zero */
        v_store(t + c * LANES, v_zero());
    for (size_t c = 0; c < cols; c += LANES)
        v_transpose(t + c * LANES, LANES, to + c, PANEL);
    if (rows < LANES)
        for (size_t r = 0; r < rows; r++)
            memcpy(lines + r * PANEL, padded + r * PANEL, cols * sizeof(real));
}

/* A vector of the first n values, then zeros. */
PYBP_INLINE vec REAL(load_some)(const real *from, size_t n)
{
    real some[LANES] = {0};
    if (n >= LANES)
        return v_load(from);
    memcpy(some, from, n * sizeof(real));
    return v_load(some);
}

/* The first n lanes. */
PYBP_INLINE void REAL(store_some)(real *to, size_t n, vec x)
{
    real some[LANES];
    v_store(some, x);
    memcpy(to, some, REAL(least)(n, LANES) * sizeof(real));
}

/* The lanes of a sum over `cols` elements start at zero. lane: PANEL vectors, of which those beyond cols are not
 * used. */
PYBP_INLINE void REAL(clear_lanes)(vec *lane, size_t cols)
{
    lane[0] = v_zero();
    for (size_t i = 1; i < REAL(least)(cols, PANEL); i++)
        lane[i] = v_zero();
}

/* Their sum, in ascending order. */
PYBP_INLINE vec REAL(add_lanes)(const vec *lane, size_t cols)
{
    vec sum = lane[0];
    for (size_t c = 1; c < REAL(least)(cols, PANEL); c++)
        sum = v_add(sum, lane[c]);
    return sum;
}

/* 1, -1, or x itself: 0 and NaN stay. */
PYBP_INLINE vec REAL(sign)(vec x)
{
    const vec one = v_set1(1);
    return v_select(v_lt(v_zero(), x), one, v_select(v_lt(x, v_zero()), v_neg(one), x));
}
