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

/* Rows first ... first + rows - 1 of one chunk, and panels of outputs. */
typedef struct REAL(chunk) {
    size_t first, rows, panels;
    const real *delta; /* row `first` of the first panel */
    size_t d_step;     /* elements from panel to panel */
    int add;
    real *g;
    size_t g_step;
} REAL(chunk);

/* The gradient of R inputs' weights into P panels of NV vectors, each a chain over the rows. inputs: pointers to the
 * first row, one for each PYBP_SHARED inputs. g: of the first of them. */
PYBP_INLINE void REAL(gradient_tile)(const size_t R, const size_t P, const size_t NV, const REAL(chunk) c,
                                     const real *const *inputs, real *g)
{
    vec acc[CHAINS];
    const real *a[POINTERS];
    PYBP_UNROLL(12)
    for (size_t i = 0; i < R; i += PYBP_SHARED)
        a[i / PYBP_SHARED] = inputs[i / PYBP_SHARED];
    PYBP_UNROLL(24)
    for (size_t i = 0; i < R * P * NV; i++)
        acc[i] = v_zero();
    for (size_t r = 0; r < c.rows * PANEL; r += PANEL) {
        vec d[ACROSS_ROWS * VPP];
        PYBP_UNROLL(4)
        for (size_t v = 0; v < P * NV; v++)
            d[v] = v_load(c.delta + v / NV * c.d_step + r + v % NV * LANES);
        PYBP_UNROLL(24)
        for (size_t i = 0; i < R; i++) {
            const vec x = v_bcast(a[i / PYBP_SHARED] + r + i % PYBP_SHARED);
            PYBP_UNROLL(4)
            for (size_t v = 0; v < P * NV; v++)
                acc[i * P * NV + v] = v_acc(acc[i * P * NV + v], x, d[v]);
        }
    }
    PYBP_UNROLL(24)
    for (size_t i = 0; i < R; i++) {
        PYBP_UNROLL(4)
        for (size_t v = 0; v < P * NV; v++) {
            real *to = g + v / NV * c.g_step + i * PANEL + v % NV * LANES;
            v_store(to, c.add ? v_add(v_load(to), acc[i * P * NV + v]) : acc[i * P * NV + v]);
        }
    }
}

#undef GRADIENT_CASE
#define GRADIENT_CASE(R, P, NV) \
    case R: \
        REAL(gradient_tile)(R, P, NV, c, inputs, g); \
        break

#undef TILES
#define TILES(n, most) (((n) + (most) - 1) / (most)) /* with a constant: divisions of variables are slow */

/* Inputs k0 ... k1 - 1 into one panel, or into ACROSS_ROWS. */
static void REAL(wide_gradient)(const REAL(chunk) *chunk, pybp_panels in, size_t k0, size_t k1)
{
    const REAL(chunk) c = *chunk;
    const int across = ACROSS_ROWS > 1 && c.panels > 1;
    real *g = c.g;
    for (size_t k = k0, height; k < k1; k += height, g += height * PANEL) {
        /* Of nearly equal height, a multiple of PYBP_SHARED. */
        const size_t tiles = across ? TILES(k1 - k, PYBP_GRADIENT / ACROSS_ROWS) : TILES(k1 - k, PYBP_GRADIENT);
        height = REAL(least)((k1 - k + tiles * PYBP_SHARED - 1) / (tiles * PYBP_SHARED) * PYBP_SHARED, k1 - k);
        const real *inputs[POINTERS];
        for (size_t i = 0; i < height; i += PYBP_SHARED)
            inputs[i / PYBP_SHARED] = REAL(line)(in, (k + i) / PANEL, c.first) + (k + i) % PANEL;
        if (across)
            switch (height) { EACH_GRADIENT_ACROSS(GRADIENT_CASE, ACROSS_ROWS, VPP); }
        else
            switch (height) { EACH_GRADIENT(GRADIENT_CASE, 1, VPP); }
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
static void REAL(narrow_gradient)(const REAL(chunk) *c, pybp_panels in, size_t cols, size_t k0, size_t k1)
{
    const size_t rows = c->rows;
    const real *delta = c->delta;
    real *g = c->g;
    const real *inputs[BLOCK_VECTORS];
    real transposed[PANEL * PYBP_BLOCK_K], lines[PYBP_BLOCK_K * PANEL];
    const size_t vectors = (k1 - k0 + LANES - 1) / LANES;
    size_t v = 0;
    for (size_t i = 0; i < vectors; i++)
        inputs[i] = REAL(line)(in, (k0 + i * LANES) / PANEL, c->first) + (k0 + i * LANES) % PANEL;
    /* Weights of padding stay zero. */
    memset(transposed + cols * PYBP_BLOCK_K, 0, (PANEL - cols) * PYBP_BLOCK_K * sizeof(real));
    switch (cols) { EACH_NARROW(NARROW_CASE, v); }
    for (size_t k = 0; k < vectors * LANES; k += LANES)
        for (size_t j = 0; j < PANEL; j += LANES)
            v_transpose(transposed + j * PYBP_BLOCK_K + k, PYBP_BLOCK_K, lines + k * PANEL + j, PANEL);
    for (size_t i = 0; i < (k1 - k0) * PANEL; i += LANES)
        v_store(g + i, c->add ? v_add(v_load(g + i), v_load(lines + i)) : v_load(lines + i));
}

static void REAL(gradient)(const pybp_gradient_args *a)
{
    const size_t panels = (a->cols + PANEL - 1) / PANEL, last = a->cols - (panels - 1) * PANEL;
    for (size_t first = 0; first < a->rows; first += PYBP_CHUNK) {
        const size_t rows = REAL(least)(PYBP_CHUNK, a->rows - first);
        const size_t narrow = last <= PYBP_NARROW && rows * (PANEL - last) >= PYBP_NARROW_WORTH;
        REAL(chunk) c = {.first = first, .rows = rows, .d_step = a->delta.stride * PANEL,
                         .add = first > 0 || a->add, .g_step = a->g_step * PANEL};
        for (size_t p = 0; p < panels; p += c.panels) {
            c.panels = p + ACROSS_ROWS <= panels - narrow ? ACROSS_ROWS : 1;
            c.delta = REAL(line)(a->delta, p, first);
            c.g = (real *)a->g + p * c.g_step;
            if (p < panels - narrow)
                REAL(wide_gradient)(&c, a->in, a->k0, a->k1);
            else
                REAL(narrow_gradient)(&c, a->in, last, a->k0, a->k1);
        }
    }
}
