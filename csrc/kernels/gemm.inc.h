/* The matrix products of the forward and the backward pass. gradient.inc.h has that of the weight gradient.
 *
 * An output element is one chain of fused multiply-adds that is never split (contract), so a
 * tile holds R rows x P panels x NV vectors of chains in registers, and loops over k once.
 * Where there are 16 registers, 12 of them hold chains (and 2 weights, 1 a broadcast):
 * 6 rows of whole lines of two vectors, or 12 of half lines. Where there are 32 and a line is one vector,
 * 28 do: 14 rows of two panels, so that two weights and 14 inputs are loaded for 28 multiply-adds; where a line is
 * four vectors, 24 do, 6 rows of it. Few rows take more panels at once instead. docs/performance.md has the
 * loads of each tile, and what CPUs can do of each in a cycle. */

#ifndef PYBP_UNROLL
#define PYBP_PRAGMA_(x) _Pragma(#x)
#if defined(PYBP_ISA_SCALAR) && !defined(PYBP_ROLLED)
#define PYBP_ROLLED /* with one lane unrolling gains nothing. Instrumented builds define it too. */
#endif
#if defined(PYBP_ROLLED) && defined(__clang__)
#define PYBP_UNROLL(n) PYBP_PRAGMA_(clang loop unroll(disable))
#elif defined(PYBP_ROLLED)
#define PYBP_UNROLL(n) PYBP_PRAGMA_(GCC unroll 1)
#elif defined(__clang__)
#define PYBP_UNROLL(n) PYBP_PRAGMA_(clang loop unroll(full)) /* with a count, clang unrolls too late to use registers */
#else
#define PYBP_UNROLL(n) PYBP_PRAGMA_(GCC unroll n)
#endif
/* The inputs of a panel. On AVX-512 compilers keep 28 chains in registers for two of them at a time, but spill some
 * if all 16 are unrolled (GCC) or four (clang). On AVX2 GCC is 1.6 times as slow with four as with 16. */
#if defined(PYBP_ROLLED) || !defined(PYBP_ISA_AVX512)
#define PYBP_UNROLL_INPUTS PYBP_UNROLL(16)
#elif defined(__clang__)
#define PYBP_UNROLL_INPUTS PYBP_PRAGMA_(clang loop unroll_count(2))
#else
#define PYBP_UNROLL_INPUTS PYBP_UNROLL(2)
#endif
#define PYBP_TALL 12 /* rows of a tile of half lines */
#if defined(PYBP_ISA_AVX512)
#define PYBP_TILE 14     /* rows of a tile of whole lines */
#define PYBP_GRADIENT 24 /* inputs of a tile of the weight gradient of one panel; half as many of two */
#define PYBP_SHARED 4    /* neighbouring inputs with one pointer, for lack of registers for 12 or 24 */
#define EACH_TILE EACH_TO_14
#define EACH_GRADIENT EACH_TO_24
#define EACH_GRADIENT_ACROSS EACH_TO_12
#else
#define PYBP_TILE 6
#define PYBP_GRADIENT 6
#define PYBP_SHARED 1
#define EACH_TILE EACH_TO_6
#define EACH_GRADIENT EACH_TO_6
#define EACH_GRADIENT_ACROSS EACH_TO_6 /* not used: ACROSS_ROWS is 1 */
#endif

/* Switch cases: CASE(height, ...) for every height of a tile. */
#define EACH_TO_3(CASE, ...) CASE(1, __VA_ARGS__); CASE(2, __VA_ARGS__); CASE(3, __VA_ARGS__)
#define EACH_TO_6(CASE, ...) \
    EACH_TO_3(CASE, __VA_ARGS__); CASE(4, __VA_ARGS__); CASE(5, __VA_ARGS__); CASE(6, __VA_ARGS__)
#define EACH_TO_12(CASE, ...) \
    EACH_TO_6(CASE, __VA_ARGS__); CASE(7, __VA_ARGS__); CASE(8, __VA_ARGS__); CASE(9, __VA_ARGS__); \
    CASE(10, __VA_ARGS__); CASE(11, __VA_ARGS__); CASE(12, __VA_ARGS__)
#define EACH_TO_14(CASE, ...) EACH_TO_12(CASE, __VA_ARGS__); CASE(13, __VA_ARGS__); CASE(14, __VA_ARGS__)
#define EACH_TO_24(CASE, ...) \
    EACH_TO_14(CASE, __VA_ARGS__); CASE(15, __VA_ARGS__); CASE(16, __VA_ARGS__); CASE(17, __VA_ARGS__); \
    CASE(18, __VA_ARGS__); CASE(19, __VA_ARGS__); CASE(20, __VA_ARGS__); CASE(21, __VA_ARGS__); \
    CASE(22, __VA_ARGS__); CASE(23, __VA_ARGS__); CASE(24, __VA_ARGS__)

/* How many panels n vectors fill; at least 1. */
#define ACROSS(n) ((n) > VPP ? (n) / VPP : 1)
#define ACROSS_ONE_ROW ACROSS(8)
#define ACROSS_FEW_ROWS ACROSS(4) /* 2 or 3 */
#define ACROSS_ROWS ACROSS(2)
#endif

#undef CHAINS
#define CHAINS (PYBP_TILE * ACROSS_ROWS * VPP) /* accumulators of a tile */

/* A product: K inputs, elements from panel to panel of its operands, and what is done with its results. */
typedef struct REAL(shape) {
    size_t K, a_step, w_step, start_step, out_step;
    int relu;         /* relu is applied */
    const real *gate; /* or relu's derivative, with the outputs of relu from here on; NULL: it is not */
    size_t gate_step;
} REAL(shape);

#define TILE(name) REAL(name)
#define TILE_VEC vec
#define TILE_LANES LANES
#include "kernels/tile.inc.h"

/* Tiles of half lines take half the time. Where a vector is a line, they use vectors of half its length. */
#undef HALF_TILE
#if LANES == PANEL
#define TILE(name) REAL(half_##name)
#define TILE_VEC REAL(half_v)
#define TILE_LANES (LANES / 2)
#include "kernels/tile.inc.h"
#define HALF_TILE REAL(half_tile)
#define HALF_VECTORS 1
#else
#define HALF_TILE REAL(tile)
#define HALF_VECTORS (VPP / 2)
#endif

#undef TILE_CASE
#define TILE_CASE(R, FN, P, NV) \
    case R: \
        FN(R, P, NV, s, a, w, start, out); \
        break

/* Whether, of n columns, panel p holds no more than half a line. */
PYBP_INLINE int REAL(is_half)(size_t n, size_t p)
{
    return n - p * PANEL <= PANEL / 2;
}

/* How many panels of n columns a tile takes from panel p on: ACROSS_ROWS, or one. Half a panel is taken alone. */
PYBP_INLINE size_t REAL(across)(size_t n, size_t p)
{
    const size_t whole = (n + PANEL / 2 - 1) / PANEL; /* panels that are not half */
    return ACROSS_ROWS > 1 && p + ACROSS_ROWS <= whole ? ACROSS_ROWS : 1;
}

/* One panel of outputs, ACROSS_ROWS panels or half a panel, for all rows, in tiles of nearly equal height. */
static void REAL(product)(size_t rows, size_t panels, int half, REAL(shape) s, const real *a, const real *w,
                          const real *start, real *out)
{
    const size_t most = half ? PYBP_TALL : PYBP_TILE;
    const size_t tiles = (rows + most - 1) / most;
    for (size_t t = 0, height; t < tiles; t++) {
        height = (rows + tiles - 1 - t) / tiles; /* rows / tiles, rounded up for the first ones */
        if (ACROSS_ROWS > 1 && panels > 1)
            switch (height) { EACH_TILE(TILE_CASE, REAL(tile), ACROSS_ROWS, VPP); }
        else if (half)
            switch (height) { EACH_TO_12(TILE_CASE, HALF_TILE, 1, HALF_VECTORS); }
        else
            switch (height) { EACH_TILE(TILE_CASE, REAL(tile), 1, VPP); }
        a += height * PANEL;
        out += height * PANEL;
        if (s.gate != NULL)
            s.gate += height * PANEL;
    }
}

/* More panels of outputs at once, for the 1 to 3 rows whose chains would not fill the registers. */
static void REAL(few_rows)(size_t rows, size_t panels, const REAL(shape) s, const real *a, const real *w,
                           const real *start, real *out)
{
    if (panels == ACROSS_ONE_ROW)
        REAL(tile)(1, ACROSS_ONE_ROW, VPP, s, a, w, start, out);
    else if (ACROSS_FEW_ROWS > ACROSS_ROWS)
        switch (rows) { EACH_TO_3(TILE_CASE, REAL(tile), ACROSS_FEW_ROWS, VPP); }
}

static void REAL(forward)(const pybp_forward_args *f)
{
    const size_t panels = (f->n_out + PANEL - 1) / PANEL, lines = f->n_in + 1;
    const int relu = f->activate == REAL(relu_activate) && f->z.at == NULL;
    const REAL(shape) s = {.K = f->n_in, .a_step = f->in.stride * PANEL, .w_step = lines * PANEL,
                           .start_step = lines * PANEL, .out_step = f->out.stride * PANEL, .relu = relu};
    const real *a = REAL(line)(f->in, 0, 0), *weights = f->weights;
    const size_t most = f->rows == 1 ? ACROSS_ONE_ROW : f->rows <= 3 ? ACROSS_FEW_ROWS : 0;
    for (size_t p = 0; p < panels;) {
        const real *w = weights + p * s.w_step, *bias = w + f->n_in * PANEL;
        real *out = REAL(line)(f->out, p, 0);
        size_t at_once = most;
        while (at_once > panels - p)
            at_once /= 2;
        if (at_once > ACROSS_ROWS) {
            REAL(few_rows)(f->rows, at_once, s, a, w, bias, out);
        } else {
            at_once = REAL(across)(f->n_out, p);
            REAL(product)(f->rows, at_once, REAL(is_half)(f->n_out, p), s, a, w, bias, out);
        }
        const size_t end = p + at_once;
        for (; p < end; p++) { /* while the panel's rows are in L1 */
            out = REAL(line)(f->out, p, 0);
            if (f->z.at != NULL)
                REAL(copy_flushed)(f->rows, out, REAL(line)(f->z, p, 0));
            if (f->activate != NULL && !relu)
                f->activate(f->rows, REAL(least)(PANEL, f->n_out - p * PANEL), f->params, out);
        }
    }
}

/* Packed weights of the panel of inputs k0 ..., transposed: t[j][k - k0] = weight from input k to output j. */
static void REAL(transpose_panel)(size_t n_in, size_t n_out, const real *weights, size_t k0, real *t)
{
    const size_t inputs = REAL(least)(PANEL, n_in - k0);
    for (size_t j0 = 0; j0 < n_out; j0 += PANEL) {
        const size_t outputs = REAL(least)(PANEL, n_out - j0);
        const real *w = weights + (j0 / PANEL * (n_in + 1) + k0) * PANEL;
        real tail[PANEL * PANEL];
        if (inputs < PANEL) { /* the lines after these are not weights of this panel */
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
    const int relu = b->derive == REAL(relu_derive) && b->keep.at == NULL && b->add.at == NULL;
    REAL(shape) s = {.K = b->n_out, .a_step = b->delta.stride * PANEL, .w_step = t_step, .start_step = 0,
                     .out_step = b->out.stride * PANEL, .gate_step = b->x.stride * PANEL};
    real *t = b->scratch;
    for (size_t p = 0; p < panels;) {
        const size_t end = p + REAL(across)(b->n_in, p);
        real *out = REAL(line)(b->out, p, 0);
        for (size_t q = p; q < end; q++)
            REAL(transpose_panel)(b->n_in, b->n_out, b->weights, q * PANEL, t + (q - p) * t_step);
        if (relu)
            s.gate = REAL(line)(b->x, p, 0);
        REAL(product)(b->rows, end - p, REAL(is_half)(b->n_in, p), s, REAL(line)(b->delta, 0, 0), t, zeros, out);
        for (; p < end; p++) {
            out = REAL(line)(b->out, p, 0);
            if (b->keep.at != NULL || b->add.at != NULL || b->derive == NULL)
                REAL(flush_all)(b->rows * PANEL, out);
            if (b->keep.at != NULL)
                memcpy(REAL(line)(b->keep, p, 0), out, b->rows * PYBP_LINE);
            if (b->add.at != NULL)
                REAL(add_lines)(b->rows, REAL(line)(b->add, p, 0), out, out);
            if (b->derive != NULL && !relu)
                b->derive(b->rows, REAL(least)(PANEL, b->n_in - p * PANEL), b->params, REAL(line)(b->x, p, 0), out);
        }
    }
}
