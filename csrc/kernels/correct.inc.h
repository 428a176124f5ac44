/* Counting correct predictions. */

/* LANES rows at a time, transposed: a vector holds a column. Indices are exact in a float up to 2^24 columns. */
static void REAL(largest)(size_t rows, size_t cols, pybp_panels a, int32_t *best)
{
    real t[TRANSPOSED], found[LANES];
    for (size_t r = 0; r < rows; r += LANES) {
        const size_t n = REAL(least)(LANES, rows - r);
        vec top = v_set1(-REAL_INF), index = v_zero();
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            REAL(transpose_rows)(REAL(line)(a, c / PANEL, r), n, width, t);
            for (size_t i = 0; i < width; i++) {
                const vec x = v_load(t + i * LANES);
                const mask more = v_lt(top, x);
                top = c + i == 0 ? x : v_select(more, x, top); /* a NaN in column 0 stays: nothing compares as larger */
                index = v_select(more, v_set1((real)(c + i)), index);
            }
        }
        v_store(found, index);
        for (size_t i = 0; i < n; i++)
            best[r + i] = (int32_t)found[i];
    }
}

static size_t REAL(same_side)(size_t rows, size_t cols, pybp_panels a, pybp_panels y, size_t per_target, int strictly,
                              double limit)
{
    const real at = (real)limit;
    size_t same = 0;
    for (size_t r = 0; r < rows; r++) {
        int all = 1;
        for (size_t c = 0, t = 0, left = per_target; c < cols; c++) {
            const real x = REAL(line)(a, c / PANEL, r)[c % PANEL], target = REAL(line)(y, t / PANEL, r)[t % PANEL];
            all &= strictly ? (x > at) == (target > at) : (x >= at) == (target >= at);
            if (--left == 0) {
                left = per_target;
                t++;
            }
        }
        same += (size_t)all;
    }
    return same;
}
