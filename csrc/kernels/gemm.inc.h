/* The three matrix products: forward, back, gradient.
 *
 * An output element is one chain of fused multiply-adds that is never split (contract), so a
 * tile holds R rows x P panels x NV vectors of chains in registers and walks along k once.
 * Where there are 16 registers, 12 of them hold chains (and 2 weights, 1 a broadcast):
 * 6 rows of whole lines of two vectors, or 12 of half lines. Where there are 32, 24 do: 12 rows of
 * two panels whose lines are one vector, 6 of lines of four, 12 of half of them. Few rows take more
 * panels at once instead. */

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
#define PYBP_TALL 12 /* rows of a tile of half lines */
#if defined(PYBP_ISA_AVX512)
#define PYBP_TILE 12     /* rows of a tile of whole lines */
#define PYBP_GRADIENT 24 /* inputs of a tile of the weight gradient */
#define PYBP_SHARED 4    /* neighbouring inputs that a pointer serves: 24 pointers, or 12, would not fit */
#define EACH_TILE EACH_TO_12
#define EACH_GRADIENT EACH_TO_24
#else
#define PYBP_TILE 6
#define PYBP_GRADIENT 6
#define PYBP_SHARED 1
#define EACH_TILE EACH_TO_6
#define EACH_GRADIENT EACH_TO_6
#endif

/* Switch cases: CASE(height, ...) for every height of a tile. */
#define EACH_TO_3(CASE, ...) CASE(1, __VA_ARGS__); CASE(2, __VA_ARGS__); CASE(3, __VA_ARGS__)
#define EACH_TO_6(CASE, ...) \
    EACH_TO_3(CASE, __VA_ARGS__); CASE(4, __VA_ARGS__); CASE(5, __VA_ARGS__); CASE(6, __VA_ARGS__)
#define EACH_TO_12(CASE, ...) \
    EACH_TO_6(CASE, __VA_ARGS__); CASE(7, __VA_ARGS__); CASE(8, __VA_ARGS__); CASE(9, __VA_ARGS__); \
    CASE(10, __VA_ARGS__); CASE(11, __VA_ARGS__); CASE(12, __VA_ARGS__)
#define EACH_TO_24(CASE, ...) \
    EACH_TO_12(CASE, __VA_ARGS__); CASE(13, __VA_ARGS__); CASE(14, __VA_ARGS__); CASE(15, __VA_ARGS__); \
    CASE(16, __VA_ARGS__); CASE(17, __VA_ARGS__); CASE(18, __VA_ARGS__); CASE(19, __VA_ARGS__); \
    CASE(20, __VA_ARGS__); CASE(21, __VA_ARGS__); CASE(22, __VA_ARGS__); CASE(23, __VA_ARGS__); CASE(24, __VA_ARGS__)

/* Panels that are n vectors wide side by side, or one that is wider. */
#define ACROSS(n) ((n) > VPP ? (n) / VPP : 1)
#define ACROSS_ONE_ROW ACROSS(8)
#define ACROSS_FEW_ROWS ACROSS(4) /* 2 or 3 */
#define ACROSS_ROWS ACROSS(2)
#endif

#undef CHAINS
#define CHAINS (PYBP_TILE * ACROSS_ROWS * VPP) /* accumulators of a tile */

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

/* Of a product: K inputs, and elements from panel to panel. */
typedef struct REAL(shape) {
    size_t K, a_step, w_step, start_step, out_step;
} REAL(shape);

/* out[i][p] = start[p] + sum over k of a[i][k] w[p][k], k < K: R rows, P panels of outputs.
 * a: line of row 0 in the first panel. */
PYBP_INLINE void REAL(tile)(const size_t R, const size_t P, const size_t NV, const REAL(shape) s, const real *a,
                            const real *w, const real *start, real *out)
{
    vec acc[CHAINS];
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++)
        PYBP_UNROLL(4)
        for (size_t p = 0; p < P; p++)
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                acc[(i * P + p) * NV + v] = v_load(start + p * s.start_step + v * LANES);
    size_t K = s.K;
    for (; K >= PANEL; K -= PANEL) {
        PYBP_UNROLL(16)
        for (size_t k = 0; k < PANEL; k++)
            REAL(one_k)(R, P, NV, a + k, w + k * PANEL, s.w_step, acc);
        a += s.a_step;
        w += PANEL * PANEL;
    }
    for (size_t k = 0; k < K; k++)
        REAL(one_k)(R, P, NV, a + k, w + k * PANEL, s.w_step, acc);
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i++)
        PYBP_UNROLL(4)
        for (size_t p = 0; p < P; p++)
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                v_store(out + p * s.out_step + i * PANEL + v * LANES, acc[(i * P + p) * NV + v]);
}

#undef TILE_CASE
#define TILE_CASE(R, P, NV) \
    case R: \
        REAL(tile)(R, P, NV, s, a, w, start, out); \
        break

/* 1 or ACROSS_ROWS panels of outputs, the last one of `cols` columns, for all rows, in tiles of nearly equal height. */
static void REAL(product)(size_t rows, size_t panels, size_t cols, const REAL(shape) s, const real *a, const real *w,
                          const real *start, real *out)
{
    const int half = VPP > 1 && cols <= PANEL / 2;
    const size_t most = half ? PYBP_TALL : PYBP_TILE;
    const size_t tiles = (rows + most - 1) / most;
    for (size_t t = 0, height; t < tiles; t++) {
        height = (rows + tiles - 1 - t) / tiles; /* rows / tiles, the first ones one more */
        if (ACROSS_ROWS > 1 && panels > 1)
            switch (height) { EACH_TILE(TILE_CASE, ACROSS_ROWS, VPP); }
        else if (VPP > 1 && half)
            switch (height) { EACH_TO_12(TILE_CASE, 1, (VPP + 1) / 2); }
        else
            switch (height) { EACH_TILE(TILE_CASE, 1, VPP); }
        a += height * PANEL;
        out += height * PANEL;
    }
}

/* More panels of outputs at once, for the 1 to 3 rows whose chains would not fill the registers. */
static void REAL(few_rows)(size_t rows, size_t panels, const REAL(shape) s, const real *a, const real *w,
                           const real *start, real *out)
{
    if (panels == ACROSS_ONE_ROW)
        REAL(tile)(1, ACROSS_ONE_ROW, VPP, s, a, w, start, out);
    else if (ACROSS_FEW_ROWS > ACROSS_ROWS)
        switch (rows) { EACH_TO_3(TILE_CASE, ACROSS_FEW_ROWS, VPP); }
}

static void REAL(forward)(const pybp_forward_args *f)
{
    const size_t panels = (f->n_out + PANEL - 1) / PANEL, lines = f->n_in + 1;
    const REAL(shape) s = {f->n_in, f->in.stride * PANEL, lines * PANEL, lines * PANEL, f->out.stride * PANEL};
    const real *a = REAL(line)(f->in, 0, 0), *weights = f->weights;
    size_t at_once = f->rows == 1 ? ACROSS_ONE_ROW : f->rows <= 3 ? ACROSS_FEW_ROWS : ACROSS_ROWS;
    for (size_t p = 0; p < panels;) {
        const real *w = weights + p * s.w_step, *bias = w + f->n_in * PANEL;
        real *out = REAL(line)(f->out, p, 0);
        while (at_once > panels - p)
            at_once /= 2;
        const size_t end = p + at_once;
        if (at_once > ACROSS_ROWS)
            REAL(few_rows)(f->rows, at_once, s, a, w, bias, out);
        else
            REAL(product)(f->rows, at_once, REAL(least)(PANEL, f->n_out - (end - 1) * PANEL), s, a, w, bias, out);
        for (; p < end; p++) { /* while the strip is in L1 */
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
    const size_t panels = (b->n_in + PANEL - 1) / PANEL, t_step = (b->n_out + PANEL - 1) / PANEL * PANEL * PANEL;
    const REAL(shape) s = {b->n_out, b->delta.stride * PANEL, t_step, 0, b->out.stride * PANEL};
    real *t = b->scratch;
    for (size_t p = 0; p < panels;) {
        const size_t end = p + REAL(least)(ACROSS_ROWS, panels - p);
        real *out = REAL(line)(b->out, p, 0);
        for (size_t q = p; q < end; q++)
            REAL(transpose_panel)(b->n_in, b->n_out, b->weights, q * PANEL, t + (q - p) * t_step);
        REAL(product)(b->rows, end - p, REAL(least)(PANEL, b->n_in - (end - 1) * PANEL), s,
                      REAL(line)(b->delta, 0, 0), t, zeros, out);
        for (; p < end; p++) {
            out = REAL(line)(b->out, p, 0);
            if (b->keep.at != NULL)
                memcpy(REAL(line)(b->keep, p, 0), out, b->rows * PYBP_LINE);
            if (b->add.at != NULL)
                REAL(add_lines)(b->rows, REAL(line)(b->add, p, 0), out, out);
            if (b->derive != NULL)
                b->derive(b->rows, REAL(least)(PANEL, b->n_in - p * PANEL), b->params, REAL(line)(b->x, p, 0), out);
        }
    }
}

#undef POINTERS
#define POINTERS 12 /* PYBP_TALL at the most */

/* R inputs' weights into one panel: a chain over the rows each. inputs: pointers to line 0, one for each
 * PYBP_SHARED inputs. */
PYBP_INLINE void REAL(gradient_tile)(const size_t R, const size_t NV, size_t rows, const real *const *inputs,
                                     const real *delta, int add, real *g)
{
    vec acc[CHAINS];
    const real *a[POINTERS];
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i += PYBP_SHARED)
        a[i / PYBP_SHARED] = inputs[i / PYBP_SHARED];
    PYBP_UNROLL(24)
    for (size_t i = 0; i < R * NV; i++)
        acc[i] = v_zero();
    for (size_t r = 0; r < rows * PANEL; r += PANEL) {
        vec d[VPP];
        PYBP_UNROLL(4)
        for (size_t v = 0; v < NV; v++)
            d[v] = v_load(delta + r + v * LANES);
        PYBP_UNROLL(24)
        for (size_t i = 0; i < R; i++) {
            const vec x = v_bcast(a[i / PYBP_SHARED] + r + i % PYBP_SHARED);
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                acc[i * NV + v] = v_acc(acc[i * NV + v], x, d[v]);
        }
    }
    PYBP_UNROLL(24)
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
    const size_t most = half ? PYBP_TALL : PYBP_GRADIENT;
    for (size_t first = 0; first < all_rows; first += PYBP_CHUNK) {
        const size_t rows = REAL(least)(PYBP_CHUNK, all_rows - first);
        const real *delta = (const real *)delta_panel + first * PANEL;
        const int add = first > 0 || add_first;
        real *g = sum;
        for (size_t k = k0, height; k < k1; k += height, g += height * PANEL) {
            const size_t tiles = (k1 - k + most - 1) / most; /* of nearly equal height, each from a pointer on */
            height = REAL(least)((k1 - k + tiles * PYBP_SHARED - 1) / (tiles * PYBP_SHARED) * PYBP_SHARED, k1 - k);
            const real *inputs[POINTERS];
            for (size_t i = 0; i < height; i += PYBP_SHARED)
                inputs[i / PYBP_SHARED] = REAL(line)(in, (k + i) / PANEL, first) + (k + i) % PANEL;
            if (VPP > 1 && half)
                switch (height) { EACH_TO_12(GRADIENT_CASE, (VPP + 1) / 2); }
            else
                switch (height) { EACH_GRADIENT(GRADIENT_CASE, VPP); }
        }
    }
}
