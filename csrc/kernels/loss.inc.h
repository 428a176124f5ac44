/* Losses: one body for each row of losses.def, named <name>_loss.
 *
 * LANES rows at a time are transposed, so that the sums over a row run in the contract's lanes. */

/* Targets that l->per_target outputs share: each is repeated so often. They lie in one panel or two. */
PYBP_INLINE void REAL(spread_targets)(const pybp_loss_args *l, size_t r, size_t n, size_t c, size_t width, real *ty)
{
    real transposed[TRANSPOSED];
    for (size_t i = 0, panel = SIZE_MAX; i < width; i++) {
        const size_t t = (c + i) / l->per_target;
        if (t / PANEL != panel) {
            panel = t / PANEL;
            REAL(transpose_rows)(REAL(line)(l->y, panel, r), n, PANEL, transposed);
        }
        v_store(ty + i * LANES, v_load(transposed + t % PANEL * LANES));
    }
}

/* Targets of a block, transposed, from column c on; class indices become one-hot. */
PYBP_INLINE void REAL(transpose_targets)(const pybp_loss_args *l, size_t r, size_t n, size_t c, size_t width, real *ty)
{
    if (l->labels == NULL) {
        if (l->per_target > 1)
            REAL(spread_targets)(l, r, n, c, width, ty);
        else
            REAL(transpose_rows)(REAL(line)(l->y, c / PANEL, r), n, width, ty);
        return;
    }
    real label[LANES] = {0};
    for (size_t i = 0; i < n; i++) /* exact where it is compared below */
        label[i] = (real)(l->labels[r + i] - (int32_t)c);
    for (size_t i = 0; i < width; i++)
        v_store(ty + i * LANES, v_select(v_eq(v_load(label), v_set1((real)i)), v_set1(1), v_zero()));
}

/* Constants of an output: parameters, or computed from them in double, rounded once. */
typedef struct REAL(pair) {
    vec first, second;
} REAL(pair);

/* Losses whose terms need one output at a time: x is a, or z for losses computed from z; output j has the
 * constants p[j mod n_p].
 * The function adds its term to *sum, returns dL/dx without the row's scale, flushed, and may replace x by a. */
typedef vec REAL(term)(vec *x, vec y, vec *sum, const REAL(pair) *p);

PYBP_INLINE void REAL(termwise)(const pybp_loss_args *l, pybp_panels x, REAL(term) *term, int replace,
                                const REAL(pair) *p, size_t n_p)
{
    real tx[TRANSPOSED], ty[TRANSPOSED], tg[TRANSPOSED];
    for (size_t r = 0; r < l->rows; r += LANES) {
        const size_t n = REAL(least)(LANES, l->rows - r);
        const vec scale = REAL(load_some)((const real *)l->scale + r, n);
        vec lane[PANEL];
        size_t k = 0; /* of p */
        REAL(clear_lanes)(lane, l->cols);
        for (size_t c = 0; c < l->cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, l->cols - c);
            REAL(transpose_rows)(REAL(line)(x, c / PANEL, r), n, width, tx);
            REAL(transpose_targets)(l, r, n, c, width, ty);
            for (size_t i = 0; i < width; i++) {
                vec xi = v_load(tx + i * LANES);
                const vec g = term(&xi, v_load(ty + i * LANES), &lane[i], n_p > 0 ? p + k : NULL);
                k = k + 1 < n_p ? k + 1 : 0;
                v_store(tg + i * LANES, v_flush(v_mul(g, scale)));
                v_store(tx + i * LANES, xi);
            }
            REAL(untranspose_rows)(tg, n, width, REAL(line)(l->delta, c / PANEL, r));
            if (replace)
                REAL(untranspose_rows)(tx, n, width, REAL(line)(l->a, c / PANEL, r));
        }
        REAL(store_some)((real *)l->row_loss + r, n, REAL(add_lanes)(lane, l->cols));
    }
}

PYBP_INLINE vec REAL(mse_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    (void)p;
    const vec d = v_flush(v_sub(*a, y));
    *sum = v_fma(d, d, *sum);
    return v_add(d, d);
}

static void REAL(mse_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(mse_term), 0, NULL, 0);
}

PYBP_INLINE vec REAL(squared_error_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    (void)p;
    const vec d = v_flush(v_sub(*a, y));
    *sum = v_fma(d, d, *sum);
    return d;
}

static void REAL(squared_error_loss)(const pybp_loss_args *l)
{
    real *loss = l->row_loss;
    REAL(termwise)(l, l->a, REAL(squared_error_term), 0, NULL, 0);
    for (size_t r = 0; r < l->rows; r++)
        loss[r] = REAL_C(0.5) * loss[r];
}

/* From z: max(z, 0) - z y + log(1 + exp(-|z|)) does not overflow. */
PYBP_INLINE vec REAL(binary_cross_entropy_term)(vec *x, vec y, vec *sum, const REAL(pair) *p)
{
    (void)p;
    const vec z = v_flush(*x), a = v_sigmoid(z);
    const vec linear = v_sub(v_max(v_zero(), z), v_mul(z, y));
    *sum = v_add(*sum, v_add(linear, v_log1p(v_exp(v_neg(v_abs(z))))));
    *x = a;
    return v_flush(v_sub(a, y));
}

/* p y softplus(-z) + (1 - y) softplus(z): without cancellation, whatever the weight. */
PYBP_INLINE vec REAL(weighted_cross_entropy_term)(vec *x, vec y, vec *sum, const REAL(pair) *p)
{
    const vec z = v_flush(*x), a = v_sigmoid(z), s = v_log1p(v_exp(v_neg(v_abs(z))));
    const vec above = v_add(v_max(v_zero(), z), s), below = v_add(v_max(v_zero(), v_neg(z)), s);
    const vec yes = v_mul(p->first, y), no = v_sub(v_set1(1), y);
    *sum = v_add(*sum, v_fma(yes, below, v_mul(no, above)));
    *x = a;
    return v_flush(v_fma(a, v_add(yes, no), v_neg(yes)));
}

static void REAL(binary_cross_entropy_loss)(const pybp_loss_args *l)
{
    REAL(pair) weights[PYBP_MAX_LOSS_PARAMS];
    int all_one = 1;
    for (size_t k = 0; k < l->n_params; k++) {
        weights[k].first = weights[k].second = v_set1((real)l->params[k]);
        all_one &= (real)l->params[k] == 1;
    }
    if (all_one)
        REAL(termwise)(l, l->z, REAL(binary_cross_entropy_term), 1, NULL, 0);
    else
        REAL(termwise)(l, l->z, REAL(weighted_cross_entropy_term), 1, weights, l->n_params);
}

/* From z: with t = log(sum_j exp(z_j - m)) the log-probabilities are (z_j - m) - t. */
static void REAL(cross_entropy_loss)(const pybp_loss_args *l)
{
    real tz[TRANSPOSED], te[TRANSPOSED], ty[TRANSPOSED];
    const double smoothing = l->params[0];
    const vec keep = v_set1((real)(1 - smoothing)), uniform = v_set1((real)(smoothing / (double)l->cols));
    const int sum_targets = l->labels == NULL || smoothing != 0; /* else they sum to 1 */
    for (size_t r = 0; r < l->rows; r += LANES) {
        const size_t n = REAL(least)(LANES, l->rows - r);
        const vec scale = REAL(load_some)((const real *)l->scale + r, n);
        const vec m = REAL(row_maximum)(l->z, r, n, l->cols, tz);
        const vec s = REAL(exponentials)(l->z, l->a, r, n, l->cols, m, tz, te);
        const vec t = v_log(s);
        vec lane[PANEL], total = v_set1(1); /* of the targets */
        REAL(clear_lanes)(lane, l->cols);
        for (size_t c = 0; c < l->cols && sum_targets; c += PANEL) {
            const size_t width = REAL(least)(PANEL, l->cols - c);
            REAL(transpose_targets)(l, r, n, c, width, ty);
            for (size_t i = 0; i < width; i++)
                lane[i] = v_add(lane[i], v_fma(keep, v_load(ty + i * LANES), uniform));
        }
        if (sum_targets)
            total = REAL(add_lanes)(lane, l->cols);
        REAL(clear_lanes)(lane, l->cols);
        for (size_t c = 0; c < l->cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, l->cols - c);
            if (l->cols > PANEL) {
                REAL(transpose_rows)(REAL(line)(l->z, c / PANEL, r), n, width, tz);
                REAL(transpose_rows)(REAL(line)(l->a, c / PANEL, r), n, width, te);
            }
            if (l->cols > PANEL || !sum_targets)
                REAL(transpose_targets)(l, r, n, c, width, ty);
            for (size_t i = 0; i < width; i++) {
                const vec y = v_fma(keep, v_load(ty + i * LANES), uniform);
                const vec a = v_flush(v_div(v_load(te + i * LANES), s));
                const vec surprise = v_sub(t, v_sub(v_flush(v_load(tz + i * LANES)), m));
                lane[i] = v_select(v_eq(y, v_zero()), lane[i], v_fma(y, surprise, lane[i]));
                v_store(te + i * LANES, a);
                v_store(tz + i * LANES, v_flush(v_mul(v_flush(v_fma(a, total, v_neg(y))), scale)));
            }
            REAL(untranspose_rows)(te, n, width, REAL(line)(l->a, c / PANEL, r));
            REAL(untranspose_rows)(tz, n, width, REAL(line)(l->delta, c / PANEL, r));
        }
        REAL(store_some)((real *)l->row_loss + r, n, REAL(add_lanes)(lane, l->cols));
    }
}

/* ---- losses of the difference d = a - y ---- */

PYBP_INLINE vec REAL(mae_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    const vec d = v_flush(v_sub(*a, y));
    (void)p;
    *sum = v_add(*sum, v_abs(d));
    return REAL(sign)(d);
}

static void REAL(mae_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(mae_term), 0, NULL, 0);
}

/* With m = min(|d|, delta) both branches are m (|d| - m / 2). */
PYBP_INLINE vec REAL(huber_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    const vec d = v_flush(v_sub(*a, y)), size = v_abs(d), m = v_min(p->first, size);
    *sum = v_fma(m, v_fnma(v_set1(REAL_C(0.5)), m, size), *sum);
    return v_flush(v_copysign(m, d));
}

static void REAL(huber_loss)(const pybp_loss_args *l)
{
    const vec delta = v_set1((real)l->params[0]);
    REAL(termwise)(l, l->a, REAL(huber_term), 0, &(REAL(pair)){delta, delta}, 1);
}

/* With w = exp(|d|) and e = w - 1: log cosh d = log1p(e^2 / 2w), exact near 0; far from it, where e^2 would
 * overflow, |d| + log1p(w^-2) - log 2. */
PYBP_INLINE vec REAL(log_cosh_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    const vec one = v_set1(1), d = v_flush(v_sub(*a, y)), size = v_abs(d);
    const vec e = v_expm1(v_min(v_set1(REAL_C(40.0)), size)), w = v_add(one, e);
    const mask far = v_lt(one, size);
    const vec u = v_div(v_select(far, one, v_mul(e, e)), v_select(far, v_mul(w, w), v_add(w, w)));
    const vec near_zero = v_log1p(u);
    const vec beyond = v_add(size, v_sub(near_zero, v_set1(REAL_C(0.69314718055994531))));
    (void)p;
    *sum = v_add(*sum, v_select(far, beyond, near_zero));
    return v_tanh(d);
}

static void REAL(log_cosh_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(log_cosh_term), 0, NULL, 0);
}

/* The constants: 1 - q where a is above y, q where it is below. */
PYBP_INLINE vec REAL(quantile_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    const vec d = v_flush(v_sub(*a, y));
    const mask above = v_lt(v_zero(), d);
    *sum = v_fma(v_select(above, p->first, p->second), v_abs(d), *sum);
    return v_flush(v_select(above, p->first, v_select(v_lt(d, v_zero()), v_neg(p->second), d)));
}

static void REAL(quantile_loss)(const pybp_loss_args *l)
{
    REAL(pair) slopes[PYBP_MAX_LOSS_PARAMS];
    for (size_t k = 0; k < l->n_params; k++) {
        slopes[k].first = v_set1((real)(1 - l->params[k]));
        slopes[k].second = v_set1((real)l->params[k]);
    }
    REAL(termwise)(l, l->a, REAL(quantile_term), 0, slopes, l->n_params);
}

/* ---- counts and signs ---- */

/* a is the logarithm of the rate. */
PYBP_INLINE vec REAL(poisson_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    const vec rate = v_exp(*a);
    (void)p;
    *sum = v_add(*sum, v_fnma(*a, y, rate));
    return v_flush(v_sub(rate, y));
}

static void REAL(poisson_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(poisson_term), 0, NULL, 0);
}

/* max(0, 1 - y a), where y is a sign; *back becomes -y. */
PYBP_INLINE vec REAL(margin)(vec a, vec y, vec *back)
{
    const vec one = v_set1(1), sign = v_select(v_eq(y, v_zero()), v_neg(one), y);
    *back = v_neg(sign);
    return v_max(v_zero(), v_fnma(sign, a, one));
}

PYBP_INLINE vec REAL(hinge_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    vec back, m = REAL(margin)(*a, y, &back);
    (void)p;
    *sum = v_add(*sum, m);
    return v_select(v_lt(v_zero(), m), back, v_zero());
}

static void REAL(hinge_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(hinge_term), 0, NULL, 0);
}

PYBP_INLINE vec REAL(squared_hinge_term)(vec *a, vec y, vec *sum, const REAL(pair) *p)
{
    vec back, m = REAL(margin)(*a, y, &back);
    (void)p;
    *sum = v_fma(m, m, *sum);
    return v_flush(v_mul(v_add(m, m), back));
}

static void REAL(squared_hinge_loss)(const pybp_loss_args *l)
{
    REAL(termwise)(l, l->a, REAL(squared_hinge_term), 0, NULL, 0);
}
