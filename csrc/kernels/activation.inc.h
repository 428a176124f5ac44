/* Activations and their derivatives; one pair of bodies a row of activations.def.
 *
 * Elementwise rows give two vector functions, <name>_f(z) = a and <name>_df(x, back) = back f'(z), where x is what
 * the row reads, a or z; ACTIVATION_KERNELS makes the kernels. ACTIVATION_KERNELS_1 does it for a row with a
 * parameter p, which the functions get last. Rowwise rows give the kernels themselves. */

#ifndef ACTIVATION_KERNELS
#define ACTIVATION_KERNELS(name) \
    ACTIVATION_LOOPS(name, (void)params, REAL(name##_f)(v_load(z + i)), \
                     REAL(name##_df)(v_load(x + i), v_load(back + i)))
#define ACTIVATION_KERNELS_1(name) \
    ACTIVATION_LOOPS(name, const vec p = v_set1(*(const real *)params), REAL(name##_f)(v_load(z + i), p), \
                     REAL(name##_df)(v_load(x + i), v_load(back + i), p))
#define ACTIVATION_LOOPS(name, parameters, f, df) \
    static void REAL(name##_activate)(size_t rows, size_t cols, const void *params, void *strip) \
    { \
        real *z = strip; \
        parameters; \
        const int half = VPP > 1 && cols <= PANEL / 2; \
        const size_t width = half ? PANEL / 2 : rows * PANEL, step = half ? PANEL : width; \
        for (size_t r = 0; r < rows * PANEL; r += step) \
            for (size_t i = r; i < r + width; i += LANES) \
                v_store(z + i, f); \
    } \
    static void REAL(name##_derive)(size_t rows, size_t cols, const void *params, const void *from, void *strip) \
    { \
        const real *x = from; \
        real *back = strip; \
        parameters; \
        const int half = VPP > 1 && cols <= PANEL / 2; \
        const size_t width = half ? PANEL / 2 : rows * PANEL, step = half ? PANEL : width; \
        for (size_t r = 0; r < rows * PANEL; r += step) \
            for (size_t i = r; i < r + width; i += LANES) \
                v_store(back + i, df); \
    }
#endif

PYBP_INLINE vec REAL(identity_f)(vec z) { return z; }
PYBP_INLINE vec REAL(identity_df)(vec a, vec back) { (void)a; return back; }
ACTIVATION_KERNELS(identity)

PYBP_INLINE vec REAL(sigmoid_f)(vec z) { return v_sigmoid(z); }
PYBP_INLINE vec REAL(sigmoid_df)(vec a, vec back)
{
    return v_mul(back, v_mul(a, v_sub(v_set1(1), a)));
}
ACTIVATION_KERNELS(sigmoid)

PYBP_INLINE vec REAL(tanh_f)(vec z) { return v_tanh(z); }
PYBP_INLINE vec REAL(tanh_df)(vec a, vec back)
{
    return v_mul(back, v_fnma(a, a, v_set1(1)));
}
ACTIVATION_KERNELS(tanh)

PYBP_INLINE vec REAL(relu_f)(vec z) { return v_max(v_zero(), z); } /* NaN stays NaN in this order */
PYBP_INLINE vec REAL(relu_df)(vec a, vec back)
{
    return v_select(v_lt(v_zero(), a), back, v_zero());
}
ACTIVATION_KERNELS(relu)

/* softmax: whole rows, LANES of them at a time, turned. e and its sum per row; m is the rows'
 * maximum. For one panel e stays in the block te; for several it goes through `a`. */
PYBP_INLINE vec REAL(row_maximum)(pybp_panels z, size_t r, size_t n, size_t cols, real *tz)
{
    vec m = v_set1(-REAL_INF);
    for (size_t c = 0; c < cols; c += PANEL) {
        const size_t width = REAL(least)(PANEL, cols - c);
        REAL(turn)(REAL(line)(z, c / PANEL, r), n, width, tz);
        for (size_t i = 0; i < width; i++)
            m = v_max(v_load(tz + i * LANES), m);
    }
    return m;
}

PYBP_INLINE vec REAL(exponentials)(pybp_panels z, pybp_panels a, size_t r, size_t n, size_t cols, vec m, real *tz, real *te)
{
    vec lane[PANEL];
    for (size_t i = 0; i < PANEL; i++)
        lane[i] = v_zero();
    for (size_t c = 0; c < cols; c += PANEL) {
        const size_t width = REAL(least)(PANEL, cols - c);
        if (cols > PANEL)
            REAL(turn)(REAL(line)(z, c / PANEL, r), n, width, tz);
        for (size_t i = 0; i < width; i++) {
            const vec e = v_exp(v_sub(v_load(tz + i * LANES), m));
            lane[i] = v_add(lane[i], e);
            v_store(te + i * LANES, e);
        }
        if (cols > PANEL)
            REAL(turn_back)(te, n, width, REAL(line)(a, c / PANEL, r));
    }
    return REAL(add_lanes)(lane, cols);
}

static void REAL(softmax_activate_rows)(size_t rows, size_t cols, pybp_panels z)
{
    real tz[TURNED], te[TURNED];
    for (size_t r = 0; r < rows; r += LANES) {
        const size_t n = REAL(least)(LANES, rows - r);
        const vec m = REAL(row_maximum)(z, r, n, cols, tz);
        const vec s = REAL(exponentials)(z, z, r, n, cols, m, tz, te);
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            if (cols > PANEL)
                REAL(turn)(REAL(line)(z, c / PANEL, r), n, width, te);
            for (size_t i = 0; i < width; i++)
                v_store(te + i * LANES, v_div(v_load(te + i * LANES), s));
            REAL(turn_back)(te, n, width, REAL(line)(z, c / PANEL, r));
        }
    }
}

/* delta_j = a_j (g_j - sum_k g_k a_k) */
static void REAL(softmax_derive_rows)(size_t rows, size_t cols, pybp_panels a, pybp_panels g)
{
    real ta[TURNED], tg[TURNED];
    for (size_t r = 0; r < rows; r += LANES) {
        const size_t n = REAL(least)(LANES, rows - r);
        vec lane[PANEL], t;
        for (size_t i = 0; i < PANEL; i++)
            lane[i] = v_zero();
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            REAL(turn)(REAL(line)(a, c / PANEL, r), n, width, ta);
            REAL(turn)(REAL(line)(g, c / PANEL, r), n, width, tg);
            for (size_t i = 0; i < width; i++)
                lane[i] = v_fma(v_load(tg + i * LANES), v_load(ta + i * LANES), lane[i]);
        }
        t = REAL(add_lanes)(lane, cols);
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            if (cols > PANEL) {
                REAL(turn)(REAL(line)(a, c / PANEL, r), n, width, ta);
                REAL(turn)(REAL(line)(g, c / PANEL, r), n, width, tg);
            }
            for (size_t i = 0; i < width; i++)
                v_store(tg + i * LANES, v_mul(v_load(ta + i * LANES), v_sub(v_load(tg + i * LANES), t)));
            REAL(turn_back)(tg, n, width, REAL(line)(g, c / PANEL, r));
        }
    }
}
