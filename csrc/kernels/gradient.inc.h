/* The matrix product of the weight gradient: chains along the rows, vectors along the outputs, or, where these are few,
 * along the inputs. */

#ifndef PYBP_NARROW
#if defined(PYBP_ISA_AVX512) || defined(PYBP_ISA_NEON)
#define PYBP_NARROW (PANEL * 3 / 4) /* few outputs; with more, padding costs less than transposing the result */
#else
#define PYBP_NARROW (PANEL / 2) /* fewer chains fit in registers */
#endif
#define PYBP_NARROW_WORTH 128 /* the least number of lanes, over all rows, that it must save */
#endif

#undef POINTERS
#define POINTERS (PYBP_GRADIENT / PYBP_SHARED)

/* The gradient of R inputs' weights into one panel, each a chain over the rows. inputs: pointers to the first row,
 * one for each PYBP_SHARED inputs. */
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
    }
}

#undef GRADIENT_CASE
#define GRADIENT_CASE(R, NV) \
    case R: \
        REAL(gradient_tile)(R, NV, rows, inputs, delta, add, g); \
        break

/* Inputs k0 ... k1 - 1. */
static void REAL(wide_gradient)(size_t rows, pybp_panels in, size_t first, const real *delta, size_t k0, size_t k1,
                                int add, real *g)
{
    for (size_t k = k0, height; k < k1; k += height, g += height * PANEL) {
        /* Of nearly equal height, a multiple of PYBP_SHARED. */
        const size_t tiles = (k1 - k + PYBP_GRADIENT - 1) / PYBP_GRADIENT;
        height = REAL(least)((k1 - k + tiles * PYBP_SHARED - 1) / (tiles * PYBP_SHARED) * PYBP_SHARED, k1 - k);
        const real *inputs[POINTERS];
        for (size_t i = 0; i < height; i += PYBP_SHARED)
            inputs[i / PYBP_SHARED] = REAL(line)(in, (k + i) / PANEL, first) + (k + i) % PANEL;
        switch (height) { EACH_GRADIENT(GRADIENT_CASE, VPP); }
    }
}

#undef NARROW_VECTORS
#undef BLOCK_VECTORS
#undef NARROW_AT_ONCE
#define NARROW_VECTORS 6u /* at most, of inputs */
#define BLOCK_VECTORS (PYBP_BLOCK_K / LANES)
#define NARROW_AT_ONCE(C) /* as many as fit in registers with their chains, and divide PYBP_BLOCK_K */ \
    (CHAINS / (C) >= 6 ? 6 : CHAINS / (C) >= 3 ? 3 : CHAINS / (C) == 2 ? 2 : 1)

/* NV vectors of inputs into each of C outputs: transposed[j] gets the gradient of the weights into output j. */
PYBP_INLINE void REAL(narrow_tile)(const size_t C, const size_t NV, size_t rows, const real *const *inputs,
                                   const real *delta, real *transposed)
{
    vec acc[CHAINS];
    const real *a[NARROW_VECTORS];
    PYBP_UNROLL(6)
    for (size_t v = 0; v < NV; v++)
        a[v] = inputs[v];
    PYBP_UNROLL(24)
    for (size_t i = 0; i < C * NV; i++)
        acc[i] = v_zero();
    for (size_t r = 0; r < rows * PANEL; r += PANEL) {
        vec few[NARROW_VECTORS]; /* inputs or deltas, whichever are fewer, stay in registers for a row */
        PYBP_UNROLL(6)
        for (size_t i = 0; i < (C < NV ? C : NV); i++)
            few[i] = C < NV ? v_bcast(delta + r + i) : v_load(a[i] + r);
        PYBP_UNROLL(12)
        for (size_t i = 0; i < (C < NV ? NV : C); i++) {
            const vec one = C < NV ? v_load(a[i] + r) : v_bcast(delta + r + i);
            PYBP_UNROLL(6)
            for (size_t n = 0; n < (C < NV ? C : NV); n++) {
                vec *chain = &acc[C < NV ? n * NV + i : i * NV + n];
                *chain = v_acc(*chain, few[n], one);
            }
        }
    }
    PYBP_UNROLL(12)
    for (size_t j = 0; j < C; j++)
        PYBP_UNROLL(6)
        for (size_t v = 0; v < NV; v++)
            v_store(transposed + j * PYBP_BLOCK_K + v * LANES, acc[j * NV + v]);
}

#undef NARROW_CASE
#undef EACH_NARROW
#if PANEL == 8
#define EACH_NARROW EACH_TO_6
#else
#define EACH_NARROW EACH_TO_12
#endif
#define NARROW_CASE(C, v) \
    case C: \
        for (; v + NARROW_AT_ONCE(C) <= vectors; v += NARROW_AT_ONCE(C)) \
            REAL(narrow_tile)(C, NARROW_AT_ONCE(C), rows, inputs + v, delta, transposed + v * LANES); \
        for (; v < vectors; v++) \
            REAL(narrow_tile)(C, 1, rows, inputs + v, delta, transposed + v * LANES); \
        break

/* The same chains for cols <= PYBP_NARROW outputs. */
static void REAL(narrow_gradient)(size_t rows, pybp_panels in, size_t first, const real *delta, size_t cols, size_t k0,
                                  size_t k1, int add, real *g)
{
    const real *inputs[BLOCK_VECTORS];
    real transposed[PANEL * PYBP_BLOCK_K], lines[PYBP_BLOCK_K * PANEL];
    const size_t vectors = (k1 - k0 + LANES - 1) / LANES;
    size_t v = 0;
    for (size_t i = 0; i < vectors; i++)
        inputs[i] = REAL(line)(in, (k0 + i * LANES) / PANEL, first) + (k0 + i * LANES) % PANEL;
    /* Weights of padding stay zero. */
    memset(transposed + cols * PYBP_BLOCK_K, 0, (PANEL - cols) * PYBP_BLOCK_K * sizeof(real));
    switch (cols) { EACH_NARROW(NARROW_CASE, v); }
    for (size_t k = 0; k < vectors * LANES; k += LANES)
        for (size_t j = 0; j < PANEL; j += LANES)
            v_transpose(transposed + j * PYBP_BLOCK_K + k, PYBP_BLOCK_K, lines + k * PANEL + j, PANEL);
    for (size_t i = 0; i < (k1 - k0) * PANEL; i += LANES)
        v_store(g + i, add ? v_add(v_load(g + i), v_load(lines + i)) : v_load(lines + i));
}

static void REAL(gradient)(size_t all_rows, pybp_panels in, const void *delta_panel, size_t cols, size_t k0, size_t k1,
                           int add_first, void *g)
{
    for (size_t first = 0; first < all_rows; first += PYBP_CHUNK) {
        const size_t rows = REAL(least)(PYBP_CHUNK, all_rows - first);
        const real *delta = (const real *)delta_panel + first * PANEL;
        const int add = first > 0 || add_first;
        if (cols <= PYBP_NARROW && rows * (PANEL - cols) >= PYBP_NARROW_WORTH)
            REAL(narrow_gradient)(rows, in, first, delta, cols, k0, k1, add, g);
        else
            REAL(wide_gradient)(rows, in, first, delta, k0, k1, add, g);
    }
}
