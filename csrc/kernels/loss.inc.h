/* Losses; one body a row of losses.def, named <name>_loss.
 *
 * Rows are worked on LANES at a time, turned, so that the sums over a row run in the contract's lanes. */

/* Targets of a block: column i of panel c, turned; class indices become one-hot. */
PYBP_INLINE void REAL(turn_targets)(const pybp_loss_args *l, size_t r, size_t n, size_t c, size_t width, real *ty)
{
    if (l->labels == NULL) {
        REAL(turn)(REAL(line)(l->y, c / PANEL, r), n, width, ty);
        return;
    }
    memset(ty, 0, TURNED * sizeof(real));
    for (size_t i = 0; i < n; i++) {
        const size_t k = (size_t)l->labels[r + i];
        if (k >= c && k < c + width)
            ty[(k - c) * LANES + i] = 1;
    }
}

/* Losses whose terms need one output at a time: x is a, or z for losses computed from z.
 * The function adds its term to *sum, gives dL/dx unscaled, and may replace x by a. */
typedef vec REAL(term)(vec *x, vec y, vec *sum);

PYBP_INLINE void REAL(termwise)(const pybp_loss_args *l, pybp_panels x, REAL(term) *term, int replace)
{
    real tx[TURNED], ty[TURNED], tg[TURNED];
    for (size_t r = 0; r < l->rows; r += LANES) {
        const size_t n = REAL(least)(LANES, l->rows - r);
        const vec scale = REAL(load_some)((const real *)l->scale + r, n);
        vec lane[PANEL];
        for (size_t i = 0; i < PANEL; i++)
            lane[i] = v_zero();
        for (size_t c = 0; c < l->cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, l->cols - c);
            REAL(turn)(REAL(line)(x, c / PANEL, r), n, width, tx);
            REAL(turn_targets)(l, r, n, c, width, ty);
            for (size_t i = 0; i < width; i++) {
                vec xi = v_load(tx + i * LANES);
                const vec g = term(&xi, v_load(ty + i * LANES), &lane[i]);
                v_store(tg + i * LANES, v_mul(g, scale));
                v_store(tx + i * LANES, xi);
            }
            REAL(turn_back)(tg, n, width, REAL(line)(l->delta, c / PANEL, r));
            if (replace)
                REAL(turn_back)(tx, n, width, REAL(line)(l->a, c / PANEL, r));
        }
        REAL(store_some)((real *)l->row_loss + r, n, REAL(add_lanes)(lane, l->cols));
    }
}

PYBP_INLINE vec REAL(mse_term)(vec *a, vec y, vec *sum)
{
    const vec d = v_sub(*a, y);
    *sum = v_fma(d, d, *sum);
    return v_add(d, d);
}

static void REAL(mse_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(mse_term), 0);
}

PYBP_INLINE vec REAL(squared_error_term)(vec *a, vec y, vec *sum)
{
    const vec d = v_sub(*a, y);
    *sum = v_fma(d, d, *sum);
    return d;
}

static void REAL(squared_error_loss)(const pybp_loss_args *l)
{
    real *loss = l->row_loss;
    REAL(termwise)(l, l->a, REAL(squared_error_term), 0);
    for (size_t r = 0; r < l->rows; r++)
        loss[r] = REAL_C(0.5) * loss[r];
}

/* From z: max(z, 0) - z y + log(1 + exp(-|z|)) does not overflow. */
PYBP_INLINE vec REAL(binary_cross_entropy_term)(vec *x, vec y, vec *sum)
{
    const vec z = *x, a = v_sigmoid(z);
    const vec linear = v_sub(v_max(v_zero(), z), v_mul(z, y));
    *sum = v_add(*sum, v_add(linear, v_log1p(v_exp(v_neg(v_abs(z))))));
    *x = a;
    return v_sub(a, y);
}

static void REAL(binary_cross_entropy_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->z, REAL(binary_cross_entropy_term), 1);
}

/* From z: with t = log(sum_j exp(z_j - m)) the log-probabilities are (z_j - m) - t. */
static void REAL(cross_entropy_loss)(const pybp_loss_args *l)
{
    real tz[TURNED], te[TURNED], ty[TURNED];
    for (size_t r = 0; r < l->rows; r += LANES) {
        const size_t n = REAL(least)(LANES, l->rows - r);
        const vec scale = REAL(load_some)((const real *)l->scale + r, n);
        const vec m = REAL(row_maximum)(l->z, r, n, l->cols, tz);
        const vec s = REAL(exponentials)(l->z, l->a, r, n, l->cols, m, tz, te);
        const vec t = v_log(s);
        vec lane[PANEL], total = v_set1(1); /* of the targets */
        for (size_t i = 0; i < PANEL; i++)
            lane[i] = v_zero();
        for (size_t c = 0; c < l->cols && l->labels == NULL; c += PANEL) {
            const size_t width = REAL(least)(PANEL, l->cols - c);
            REAL(turn_targets)(l, r, n, c, width, ty);
            for (size_t i = 0; i < width; i++)
                lane[i] = v_add(lane[i], v_load(ty + i * LANES));
        }
        if (l->labels == NULL)
            total = REAL(add_lanes)(lane, l->cols);
        for (size_t i = 0; i < PANEL; i++)
            lane[i] = v_zero();
        for (size_t c = 0; c < l->cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, l->cols - c);
            if (l->cols > PANEL) {
                REAL(turn)(REAL(line)(l->z, c / PANEL, r), n, width, tz);
                REAL(turn)(REAL(line)(l->a, c / PANEL, r), n, width, te);
            }
            if (l->cols > PANEL || l->labels != NULL)
                REAL(turn_targets)(l, r, n, c, width, ty);
            for (size_t i = 0; i < width; i++) {
                const vec y = v_load(ty + i * LANES), a = v_div(v_load(te + i * LANES), s);
                const vec surprise = v_sub(t, v_sub(v_load(tz + i * LANES), m));
                lane[i] = v_select(v_eq(y, v_zero()), lane[i], v_fma(y, surprise, lane[i]));
                v_store(te + i * LANES, a);
                v_store(tz + i * LANES, v_mul(v_fma(a, total, v_neg(y)), scale));
            }
            REAL(turn_back)(te, n, width, REAL(line)(l->a, c / PANEL, r));
            REAL(turn_back)(tz, n, width, REAL(line)(l->delta, c / PANEL, r));
        }
        REAL(store_some)((real *)l->row_loss + r, n, REAL(add_lanes)(lane, l->cols));
    }
}
