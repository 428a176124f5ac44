/* Activations and their derivatives: one pair of bodies for each row of activations.def.
 *
 * Elementwise rows give two vector functions, <name>_f(z) = a and <name>_df(x, back) = back f'(z), where x is what
 * the row reads, a or z; ACTIVATION_KERNELS makes kernels of them. ACTIVATION_KERNELS_1 does so for a row with a
 * parameter p, which is the functions' last argument. The kernels flush z, back and the results. Rowwise rows define
 * the kernels themselves. */

#ifndef ACTIVATION_KERNELS
#define ACTIVATION_KERNELS(name) \
    ACTIVATION_LOOPS(name, (void)params, v_flush(REAL(name##_f)(v_flush(v_load(z + i)))), \
                     v_flush(REAL(name##_df)(v_load(x + i), v_flush(v_load(back + i)))))
#define ACTIVATION_KERNELS_1(name) \
    ACTIVATION_LOOPS(name, const vec p = v_set1(*(const real *)params), \
                     v_flush(REAL(name##_f)(v_flush(v_load(z + i)), p)), \
                     v_flush(REAL(name##_df)(v_load(x + i), v_flush(v_load(back + i)), p)))
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

PYBP_INLINE vec REAL(identity_df)(vec a, vec back) { (void)a; return v_flush(back); }
ACTIVATION_LOOPS(identity, (void)params, v_flush(v_load(z + i)), REAL(identity_df)(v_load(x + i), v_load(back + i)))

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

/* Flushes what it gets, as its derivative does, a verb of simd.h. NaN stays NaN. */
PYBP_INLINE vec REAL(relu_f)(vec z) { return v_select(v_lt(z, v_set1((real)REAL_TINY)), v_zero(), z); }
ACTIVATION_LOOPS(relu, (void)params, REAL(relu_f)(v_load(z + i)), REAL(relu_df)(v_load(x + i), v_load(back + i)))

/* leaky_relu(slope), slope >= 0 */
PYBP_INLINE vec REAL(leaky_relu_f)(vec z, vec slope) { return v_select(v_lt(v_zero(), z), z, v_mul(slope, z)); }
PYBP_INLINE vec REAL(leaky_relu_df)(vec a, vec back, vec slope)
{
    return v_select(v_lt(v_zero(), a), back, v_mul(back, slope));
}
ACTIVATION_KERNELS_1(leaky_relu)

/* elu(alpha), alpha > 0; below zero f' = alpha exp(z) = a + alpha */
PYBP_INLINE vec REAL(elu_f)(vec z, vec alpha) { return v_select(v_lt(v_zero(), z), z, v_mul(alpha, v_expm1(z))); }
PYBP_INLINE vec REAL(elu_df)(vec a, vec back, vec alpha)
{
    return v_select(v_lt(v_zero(), a), back, v_mul(back, v_add(a, alpha)));
}
ACTIVATION_KERNELS_1(elu)

/* selu: elu(SELU_ALPHA) times SELU_SCALE; SELU_BELOW is their product */
#define SELU_SCALE REAL_C(1.0507009873554805)
#define SELU_BELOW REAL_C(1.7580993408473769)
PYBP_INLINE vec REAL(selu_f)(vec z)
{
    return v_select(v_lt(v_zero(), z), v_mul(v_set1(SELU_SCALE), z), v_mul(v_set1(SELU_BELOW), v_expm1(z)));
}
PYBP_INLINE vec REAL(selu_df)(vec a, vec back)
{
    return v_mul(back, v_select(v_lt(v_zero(), a), v_set1(SELU_SCALE), v_add(a, v_set1(SELU_BELOW))));
}
ACTIVATION_KERNELS(selu)

PYBP_INLINE vec REAL(gelu_f)(vec z)
{
    const vec h = v_mul(v_set1(REAL_C(0.5)), z);
    return v_fma(h, v_erf(v_flush(v_mul(z, v_set1(REAL_C(0.70710678118654752))))), h);
}
PYBP_INLINE vec REAL(gelu_df)(vec z, vec back)
{
    const vec half = v_set1(REAL_C(0.5)), h = v_flush(v_mul(half, z));
    const vec below = v_fma(half, v_erf(v_flush(v_mul(z, v_set1(REAL_C(0.70710678118654752))))), half);
    const vec density = v_mul(v_set1(REAL_C(0.39894228040143268)), v_exp(v_neg(v_mul(h, z))));
    return v_mul(back, v_fma(z, density, below));
}
ACTIVATION_KERNELS(gelu)

/* tanh(sqrt(2 / pi) (z + 0.044715 z^3)) */
PYBP_INLINE vec REAL(gelu_bend)(vec z)
{
    const vec w = v_fma(v_set1(REAL_C(0.044715)), v_mul(z, z), v_set1(REAL_C(1.0)));
    return v_tanh(v_mul(v_mul(v_set1(REAL_C(0.79788456080286536)), z), w));
}
PYBP_INLINE vec REAL(gelu_tanh_f)(vec z)
{
    const vec h = v_mul(v_set1(REAL_C(0.5)), z);
    return v_fma(h, REAL(gelu_bend)(z), h);
}
PYBP_INLINE vec REAL(gelu_tanh_df)(vec z, vec back)
{
    const vec half = v_set1(REAL_C(0.5)), one = v_set1(REAL_C(1.0));
    z = v_min(v_set1(REAL_C(16.0)), v_max(v_set1(REAL_C(-16.0)), z)); /* f' is 0 or 1 beyond; z^2 must not overflow */
    const vec t = REAL(gelu_bend)(z);
    const vec inner = v_mul(v_set1(REAL_C(0.79788456080286536)), v_fma(v_set1(REAL_C(0.134145)), v_mul(z, z), one));
    const vec m = v_mul(v_mul(half, z), v_fnma(t, t, one));
    return v_mul(back, v_fma(m, inner, v_fma(half, t, half)));
}
ACTIVATION_KERNELS(gelu_tanh)

PYBP_INLINE vec REAL(silu_f)(vec z) { return v_mul(z, v_sigmoid(z)); }
PYBP_INLINE vec REAL(silu_df)(vec z, vec back)
{
    const vec one = v_set1(REAL_C(1.0)), s = v_sigmoid(z);
    return v_mul(back, v_mul(s, v_fma(z, v_sub(one, s), one)));
}
ACTIVATION_KERNELS(silu)

/* softplus; f' = sigmoid(z) = 1 - exp(-a) */
PYBP_INLINE vec REAL(softplus_f)(vec z)
{
    return v_add(v_max(v_zero(), z), v_log1p(v_exp(v_neg(v_abs(z)))));
}
PYBP_INLINE vec REAL(softplus_df)(vec a, vec back) { return v_mul(back, v_neg(v_expm1(v_neg(a)))); }
ACTIVATION_KERNELS(softplus)

PYBP_INLINE vec REAL(mish_f)(vec z) { return v_mul(z, v_tanh(REAL(softplus_f)(z))); }
PYBP_INLINE vec REAL(mish_df)(vec z, vec back)
{
    const vec t = v_tanh(REAL(softplus_f)(z));
    return v_mul(back, v_fma(v_mul(z, v_sigmoid(z)), v_fnma(t, t, v_set1(REAL_C(1.0))), t));
}
ACTIVATION_KERNELS(mish)

/* softsign; f' = 1 / (1 + |z|)^2 = (1 - |a|)^2 */
PYBP_INLINE vec REAL(softsign_f)(vec z) { return v_div(z, v_add(v_set1(REAL_C(1.0)), v_abs(z))); }
PYBP_INLINE vec REAL(softsign_df)(vec a, vec back)
{
    const vec left = v_sub(v_set1(REAL_C(1.0)), v_abs(a));
    return v_mul(back, v_mul(left, left));
}
ACTIVATION_KERNELS(softsign)

/* min(max(x, 0), 6); NaN stays NaN in this order */
PYBP_INLINE vec REAL(clamp6)(vec x) { return v_min(v_set1(REAL_C(6.0)), v_max(v_zero(), x)); }
/* x where 0 < a < high, else 0 */
PYBP_INLINE vec REAL(between)(vec a, vec high, vec x)
{
    return v_select(v_mand(v_lt(v_zero(), a), v_lt(a, high)), x, v_zero());
}

PYBP_INLINE vec REAL(relu6_f)(vec z) { return REAL(clamp6)(z); }
PYBP_INLINE vec REAL(relu6_df)(vec a, vec back) { return REAL(between)(a, v_set1(REAL_C(6.0)), back); }
ACTIVATION_KERNELS(relu6)

PYBP_INLINE vec REAL(hard_sigmoid_f)(vec z)
{
    return v_div(REAL(clamp6)(v_add(z, v_set1(REAL_C(3.0)))), v_set1(REAL_C(6.0)));
}
PYBP_INLINE vec REAL(hard_sigmoid_df)(vec a, vec back)
{
    return REAL(between)(a, v_set1(REAL_C(1.0)), v_div(back, v_set1(REAL_C(6.0))));
}
ACTIVATION_KERNELS(hard_sigmoid)

PYBP_INLINE vec REAL(hard_swish_f)(vec z) { return v_mul(z, REAL(hard_sigmoid_f)(z)); }
PYBP_INLINE vec REAL(hard_swish_df)(vec z, vec back)
{
    const vec three = v_set1(REAL_C(3.0)), slope = v_add(v_div(z, three), v_set1(REAL_C(0.5)));
    const vec inside = v_select(v_le(three, z), back, v_mul(back, slope));
    return v_select(v_le(z, v_neg(three)), v_zero(), inside);
}
ACTIVATION_KERNELS(hard_swish)

/* softmax: LANES whole rows at a time, transposed. m: the maximum of each row; e = exp(z - m), whose sum is taken. Of
 * one panel e stays in the block te; of several it is stored in `a`. */
PYBP_INLINE vec REAL(row_maximum)(pybp_panels z, size_t r, size_t n, size_t cols, real *tz)
{
    vec m = v_set1(-REAL_INF);
    for (size_t c = 0; c < cols; c += PANEL) {
        const size_t width = REAL(least)(PANEL, cols - c);
        REAL(transpose_rows)(REAL(line)(z, c / PANEL, r), n, width, tz);
        for (size_t i = 0; i < width; i++)
            m = v_max(v_flush(v_load(tz + i * LANES)), m);
    }
    return m;
}

PYBP_INLINE vec REAL(exponentials)(pybp_panels z, pybp_panels a, size_t r, size_t n, size_t cols, vec m,
                                    real *tz, real *te)
{
    vec lane[PANEL];
    REAL(clear_lanes)(lane, cols);
    for (size_t c = 0; c < cols; c += PANEL) {
        const size_t width = REAL(least)(PANEL, cols - c);
        if (cols > PANEL)
            REAL(transpose_rows)(REAL(line)(z, c / PANEL, r), n, width, tz);
        for (size_t i = 0; i < width; i++) {
            const vec e = v_exp(v_sub(v_flush(v_load(tz + i * LANES)), m));
            lane[i] = v_add(lane[i], e);
            v_store(te + i * LANES, e);
        }
        if (cols > PANEL)
            REAL(untranspose_rows)(te, n, width, REAL(line)(a, c / PANEL, r));
    }
    return REAL(add_lanes)(lane, cols);
}

static void REAL(softmax_activate_rows)(size_t rows, size_t cols, pybp_panels z)
{
    real tz[TRANSPOSED], te[TRANSPOSED];
    for (size_t r = 0; r < rows; r += LANES) {
        const size_t n = REAL(least)(LANES, rows - r);
        const vec m = REAL(row_maximum)(z, r, n, cols, tz);
        const vec s = REAL(exponentials)(z, z, r, n, cols, m, tz, te);
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            if (cols > PANEL)
                REAL(transpose_rows)(REAL(line)(z, c / PANEL, r), n, width, te);
            for (size_t i = 0; i < width; i++)
                v_store(te + i * LANES, v_flush(v_div(v_load(te + i * LANES), s)));
            REAL(untranspose_rows)(te, n, width, REAL(line)(z, c / PANEL, r));
        }
    }
}

/* delta_j = a_j (g_j - sum_k g_k a_k) */
static void REAL(softmax_derive_rows)(size_t rows, size_t cols, pybp_panels a, pybp_panels g)
{
    real ta[TRANSPOSED], tg[TRANSPOSED];
    for (size_t r = 0; r < rows; r += LANES) {
        const size_t n = REAL(least)(LANES, rows - r);
        vec lane[PANEL], t;
        REAL(clear_lanes)(lane, cols);
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            REAL(transpose_rows)(REAL(line)(a, c / PANEL, r), n, width, ta);
            REAL(transpose_rows)(REAL(line)(g, c / PANEL, r), n, width, tg);
            for (size_t i = 0; i < width; i++)
                lane[i] = v_fma(v_load(tg + i * LANES), v_load(ta + i * LANES), lane[i]);
        }
        t = REAL(add_lanes)(lane, cols);
        for (size_t c = 0; c < cols; c += PANEL) {
            const size_t width = REAL(least)(PANEL, cols - c);
            if (cols > PANEL) {
                REAL(transpose_rows)(REAL(line)(a, c / PANEL, r), n, width, ta);
                REAL(transpose_rows)(REAL(line)(g, c / PANEL, r), n, width, tg);
            }
            for (size_t i = 0; i < width; i++) {
                const vec above = v_flush(v_sub(v_load(tg + i * LANES), t));
                v_store(tg + i * LANES, v_flush(v_mul(v_load(ta + i * LANES), above)));
            }
            REAL(untranspose_rows)(tg, n, width, REAL(line)(g, c / PANEL, r));
        }
    }
}
