/* A tile of a product. TILE(name) names what is defined here, on vectors TILE_VEC of TILE_LANES elements. */

/* Add the products of one input of each of R rows to R x P x NV chains. */
PYBP_INLINE void TILE(one_k)(const size_t R, const size_t P, const size_t NV, const real *a, const real *w,
                             size_t w_step, TILE_VEC *acc)
{
    PYBP_UNROLL(14)
    for (size_t i = 0; i < R; i++) {
        const TILE_VEC x = TILE(bcast)(a + i * PANEL);
        PYBP_UNROLL(8)
        for (size_t v = 0; v < P * NV; v++) /* all rows use one load of a weight */
            acc[i * P * NV + v] =
                TILE(acc)(acc[i * P * NV + v], x, TILE(load)(w + v / NV * w_step + v % NV * TILE_LANES));
    }
}

/* out[i][p] = start[p] + sum over k of a[i][k] w[p][k], k < K: R rows, P panels of outputs, NV vectors of each.
 * a: row 0 of the first panel. relu and its derivative, which flush the sums, cost next to nothing while the chains are
 * in registers. */
PYBP_INLINE void TILE(tile)(const size_t R, const size_t P, const size_t NV, const REAL(shape) s, const real *a,
                            const real *w, const real *start, real *out)
{
    TILE_VEC acc[CHAINS];
    PYBP_UNROLL(14)
    for (size_t i = 0; i < R; i++)
        PYBP_UNROLL(4)
        for (size_t p = 0; p < P; p++)
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                acc[(i * P + p) * NV + v] = TILE(load)(start + p * s.start_step + v * TILE_LANES);
    size_t K = s.K;
    for (; K >= PANEL; K -= PANEL) {
        PYBP_UNROLL_INPUTS
        for (size_t k = 0; k < PANEL; k++)
            TILE(one_k)(R, P, NV, a + k, w + k * PANEL, s.w_step, acc);
        a += s.a_step;
        w += PANEL * PANEL;
    }
    for (size_t k = 0; k < K; k++)
        TILE(one_k)(R, P, NV, a + k, w + k * PANEL, s.w_step, acc);
    if (s.relu)
        PYBP_UNROLL(28)
        for (size_t i = 0; i < R * P * NV; i++)
            acc[i] = TILE(relu_f)(acc[i]);
    if (s.gate != NULL)
        PYBP_UNROLL(14)
        for (size_t i = 0; i < R; i++)
            PYBP_UNROLL(4)
            for (size_t p = 0; p < P; p++)
                PYBP_UNROLL(4)
                for (size_t v = 0; v < NV; v++) {
                    TILE_VEC *chain = &acc[(i * P + p) * NV + v];
                    *chain = TILE(relu_df)(TILE(load)(s.gate + p * s.gate_step + i * PANEL + v * TILE_LANES), *chain);
                }
    PYBP_UNROLL(14)
    for (size_t i = 0; i < R; i++)
        PYBP_UNROLL(4)
        for (size_t p = 0; p < P; p++)
            PYBP_UNROLL(4)
            for (size_t v = 0; v < NV; v++)
                TILE(store)(out + p * s.out_step + i * PANEL + v * TILE_LANES, acc[(i * P + p) * NV + v]);
}

#undef TILE
#undef TILE_VEC
#undef TILE_LANES
