/* The three matrix products: forward, back, gradient.
 *
 * An output element is one chain of fused multiply-adds that is never split (contract), so a
 * tile holds R rows x NV vectors of chains in registers and walks along k once. The row
 * height is 6 for whole lines (12 accumulators, 2 weights, 1 broadcast: 15 of 16
 * registers) and 12 for half lines; few rows take several panels at once instead. */

#ifndef PYBP_UNROLL
#define PYBP_PRAGMA_(x) _Pragma(#x)
#if defined(PYBP_ISA_SCALAR) && !defined(PYBP_ROLLED)
#define PYBP_ROLLED /* one lane: unrolled tiles would only be code. Instrumented builds ask for it too. */
#endif
#if defined(PYBP_ROLLED) && defined(__clang__)
#define PYBP_UNROLL(n) PYBP_PRAGMA_(clang loop unroll(disable))
#elif defined(PYBP_ROLLED)
#define PYBP_UNROLL(n) PYBP_PRAGMA_(GCC unroll 1)
#elif defined(__clang__)
#define PYBP_UNROLL(n) PYBP_PRAGMA_(clang loop unroll(full)) /* a count would come too late for registers */
#else
#define PYBP_UNROLL(n) PYBP_PRAGMA_(GCC unroll n)
#endif
#define PYBP_TILE 6
#define PYBP_TALL 12
#endif

#undef CHAINS
#define CHAINS (PYBP_TILE * VPP) /* accumulators of a tile */

/* One input of each of R rows into R x P x NV chains. */
PYBP_INLINE void REAL(one_k)(const size_t R, const size_t P, const size_t NV, const real *a, const real *w,
                             size_t w_step, vec *acc)
{
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++) {
        const vec x = v_bcast(a + i * PANEL);
        PYBP_UNROLL(8)
        for (size_t v = 0; v < P * NV; v++) /* the rows' loads of a weight are one, in a register */
            acc[i * P * NV + v] = v_acc(acc[i * P * NV + v], x, v_load(w + v / NV * w_step + v % NV * LANES));
    }
}

/* out[i][p] = start[p] + sum over k of a[i][k] w[p][k], k < K: R rows, P panels of outputs.
 * a: line of row 0 in the first panel; a_step, w_step, out_step: elements from panel to panel. */
PYBP_INLINE void REAL(tile)(const size_t R, const size_t P, const size_t NV, size_t K, const real *a, size_t a_step,
                            const real *w, size_t w_step, const real *start, real *out, size_t out_step)
{
    vec acc[CHAINS];
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++)
        PYBP_UNROLL(4)
        for (size_t p = 0; p < P; p++)
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                acc[(i * P + p) * NV + v] = v_load(start + p * w_step + v * LANES);
    for (; K >= PANEL; K -= PANEL) {
        PYBP_UNROLL(16)
        for (size_t k = 0; k < PANEL; k++)
            REAL(one_k)(R, P, NV, a + k, w + k * PANEL, w_step, acc);
        a += a_step;
        w += PANEL * PANEL;
    }
    for (size_t k = 0; k < K; k++)
        REAL(one_k)(R, P, NV, a + k, w + k * PANEL, w_step, acc);
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++)
        PYBP_UNROLL(4)
        for (size_t p = 0; p < P; p++)
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                v_store(out + p * out_step + i * PANEL + v * LANES, acc[(i * P + p) * NV + v]);
}

#undef TILE_CASE
#define TILE_CASE(R, P, NV) \
    case R: \
        REAL(tile)(R, P, NV, K, a, a_step, w, w_step, start, out, out_step); \
        break

/* One panel of outputs for all rows, in tiles of nearly equal height. */
static void REAL(product)(size_t rows, size_t cols, size_t K, const real *a, size_t a_step, const real *w,
                          const real *start, real *out)
{
    const size_t w_step = 0, out_step = 0; /* one panel */
    const int half = VPP > 1 && cols <= PANEL / 2;
    const size_t most = half ? PYBP_TALL : PYBP_TILE;
    const size_t tiles = (rows + most - 1) / most;
    for (size_t t = 0, height; t < tiles; t++) {
        height = (rows + tiles - 1 - t) / tiles; /* rows / tiles, the first ones one more */
        if (half) {
            switch (height) {
                TILE_CASE(1, 1, (VPP + 1) / 2); TILE_CASE(2, 1, (VPP + 1) / 2); TILE_CASE(3, 1, (VPP + 1) / 2);
                TILE_CASE(4, 1, (VPP + 1) / 2); TILE_CASE(5, 1, (VPP + 1) / 2); TILE_CASE(6, 1, (VPP + 1) / 2);
                TILE_CASE(7, 1, (VPP + 1) / 2); TILE_CASE(8, 1, (VPP + 1) / 2); TILE_CASE(9, 1, (VPP + 1) / 2);
                TILE_CASE(10, 1, (VPP + 1) / 2); TILE_CASE(11, 1, (VPP + 1) / 2); TILE_CASE(12, 1, (VPP + 1) / 2);
            }
        } else {
            switch (height) {
                TILE_CASE(1, 1, VPP); TILE_CASE(2, 1, VPP); TILE_CASE(3, 1, VPP);
                TILE_CASE(4, 1, VPP); TILE_CASE(5, 1, VPP); TILE_CASE(6, 1, VPP);
            }
        }
        a += height * PANEL;
        out += height * PANEL;
    }
}

/* P panels of outputs at once for the 1 to 3 rows whose chains would not fill the registers. */
static void REAL(few_rows)(size_t rows, size_t K, const real *a, size_t a_step, const real *w, size_t w_step,
                           const real *start, real *out, size_t out_step)
{
    switch (rows) {
        TILE_CASE(1, 4, VPP);
        TILE_CASE(2, 2, VPP);
        TILE_CASE(3, 2, VPP);
    }
}

static void REAL(forward)(const pybp_forward_args *f)
{
    const size_t panels = (f->n_out + PANEL - 1) / PANEL, a_step = f->in.stride * PANEL;
    const size_t w_step = (f->n_in + 1) * PANEL, out_step = f->out.stride * PANEL;
    const real *a = REAL(line)(f->in, 0, 0), *weights = f->weights;
    const size_t at_once = f->rows == 1 ? 4 : f->rows <= 3 ? 2 : 1;
    for (size_t p = 0; p < panels;) {
        const real *w = weights + p * w_step, *bias = w + f->n_in * PANEL;
        real *out = REAL(line)(f->out, p, 0);
        size_t done = 1;
        if (at_once > 1 && p + at_once <= panels) {
            done = at_once;
            REAL(few_rows)(f->rows, f->n_in, a, a_step, w, w_step, bias, out, out_step);
        } else {
            REAL(product)(f->rows, REAL(least)(PANEL, f->n_out - p * PANEL), f->n_in, a, a_step, w, bias, out);
        }
        for (const size_t end = p + done; p < end; p++) { /* while the strip is in L1 */
            out = REAL(line)(f->out, p, 0);
            if (f->z.at != NULL)
                memcpy(REAL(line)(f->z, p, 0), out, f->rows * PYBP_LINE);
            if (f->activate != NULL)
                f->activate(f->rows, REAL(least)(PANEL, f->n_out - p * PANEL), f->params, out);
        }
    }
}

/* Panel k0 ... of the inputs of packed weights, turned: t[j][k - k0] = w from input k to output j. */
static void REAL(transpose_panel)(size_t n_in, size_t n_out, const real *weights, size_t k0, real *t)
{
    const size_t inputs = REAL(least)(PANEL, n_in - k0);
    for (size_t j0 = 0; j0 < n_out; j0 += PANEL) {
        const size_t outputs = REAL(least)(PANEL, n_out - j0);
        const real *w = weights + (j0 / PANEL * (n_in + 1) + k0) * PANEL;
        real tail[PANEL * PANEL];
        if (inputs < PANEL) { /* what follows is the bias, and the next panel */
            memset(tail, 0, sizeof tail);
            memcpy(tail, w, inputs * PYBP_LINE);
            w = tail;
        }
        for (size_t k = 0; k < PANEL; k += LANES)
            for (size_t j = 0; j < outputs; j += LANES)
                v_transpose(w + k * PANEL + j, PANEL, t + (j0 + j) * PANEL + k, PANEL);
    }
}

static void REAL(back)(const pybp_back_args *b)
{
    static const real zeros[PANEL] = {0};
    const size_t panels = (b->n_in + PANEL - 1) / PANEL;
    real *t = b->scratch;
    for (size_t p = 0; p < panels; p++) {
        const size_t cols = REAL(least)(PANEL, b->n_in - p * PANEL);
        real *out = REAL(line)(b->out, p, 0);
        REAL(transpose_panel)(b->n_in, b->n_out, b->weights, p * PANEL, t);
        REAL(product)(b->rows, cols, b->n_out, REAL(line)(b->delta, 0, 0), b->delta.stride * PANEL, t, zeros, out);
        if (b->keep.at != NULL)
            memcpy(REAL(line)(b->keep, p, 0), out, b->rows * PYBP_LINE);
        if (b->derive != NULL)
            b->derive(b->rows, cols, b->params, REAL(line)(b->x, p, 0), out);
    }
}

/* R inputs' weights into one panel: a chain over the rows each. a: R pointers to line 0. */
PYBP_INLINE void REAL(gradient_tile)(const size_t R, const size_t NV, size_t rows, const real *const *inputs,
                                     const real *delta, int add, real *g)
{
    vec acc[CHAINS];
    const real *a[PYBP_TALL];
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++) {
        a[i] = inputs[i];
        PYBP_UNROLL(4)
        for (size_t v = 0; v < NV; v++)
            acc[i * NV + v] = v_zero();
    }
    for (size_t r = 0; r < rows * PANEL; r += PANEL) {
        vec d[VPP];
        PYBP_UNROLL(4)
        for (size_t v = 0; v < NV; v++)
            d[v] = v_load(delta + r + v * LANES);
        PYBP_UNROLL(12)
        for (size_t i = 0; i < R; i++) {
            const vec x = v_bcast(a[i] + r);
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                acc[i * NV + v] = v_acc(acc[i * NV + v], x, d[v]);
        }
    }
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++) {
        PYBP_UNROLL(4)
        for (size_t v = 0; v < NV; v++) {
            real *to = g + i * PANEL + v * LANES;
            v_store(to, add ? v_add(v_load(to), acc[i * NV + v]) : acc[i * NV + v]);
        }
        for (size_t v = NV; v < VPP; v++) /* padding keeps its weights at zero */
            v_store(g + i * PANEL + v * LANES, v_zero());
    }
}

#undef GRADIENT_CASE
#define GRADIENT_CASE(R, NV) \
    case R: \
        REAL(gradient_tile)(R, NV, rows, inputs, delta, add, g); \
        break

static void REAL(gradient)(size_t all_rows, pybp_panels in, const void *delta_panel, size_t cols, size_t k0, size_t k1,
                           int add_first, void *sum)
{
    const int half = VPP > 1 && cols <= PANEL / 2;
    const size_t most = half ? PYBP_TALL : PYBP_TILE;
    const size_t tiles = (k1 - k0 + most - 1) / most;
    for (size_t first = 0; first < all_rows; first += PYBP_CHUNK) {
        const size_t rows = REAL(least)(PYBP_CHUNK, all_rows - first);
        const real *delta = (const real *)delta_panel + first * PANEL;
        const int add = first > 0 || add_first;
        real *g = sum;
        size_t k = k0;
        for (size_t t = 0; t < tiles; t++) {
            const size_t height = (k1 - k0 + tiles - 1 - t) / tiles;
            const real *inputs[PYBP_TALL];
            for (size_t i = 0; i < height; i++, k++)
                inputs[i] = REAL(line)(in, k / PANEL, first) + k % PANEL;
            if (half) {
                switch (height) {
                    GRADIENT_CASE(1, (VPP + 1) / 2); GRADIENT_CASE(2, (VPP + 1) / 2); GRADIENT_CASE(3, (VPP + 1) / 2);
                    GRADIENT_CASE(4, (VPP + 1) / 2); GRADIENT_CASE(5, (VPP + 1) / 2); GRADIENT_CASE(6, (VPP + 1) / 2);
                    GRADIENT_CASE(7, (VPP + 1) / 2); GRADIENT_CASE(8, (VPP + 1) / 2); GRADIENT_CASE(9, (VPP + 1) / 2);
                    GRADIENT_CASE(10, (VPP + 1) / 2); GRADIENT_CASE(11, (VPP + 1) / 2);
                    GRADIENT_CASE(12, (VPP + 1) / 2);
                }
            } else {
                switch (height) {
                    GRADIENT_CASE(1, VPP); GRADIENT_CASE(2, VPP); GRADIENT_CASE(3, VPP);
                    GRADIENT_CASE(4, VPP); GRADIENT_CASE(5, VPP); GRADIENT_CASE(6, VPP);
                }
            }
            g += height * PANEL;
        }
    }
}
