/* Optimizers: two bodies for each row of optimizers.def.
 *   <name>_prepare  the constants of one step, in double, rounded once to T
 *   <name>_update   the rule on n elements
 * Gradients, weights and moments are flushed, so that no product of two of them is subnormal. Sums of squares have a
 * smaller threshold: they are only added up, multiplied by numbers near 1, and divided by. */

/* A square, or a sum of squares. */
PYBP_INLINE vec REAL(fade)(vec x)
{
    return v_select(v_lt(x, v_set1(REAL_TINY_SQUARE)), v_zero(), x);
}

/* fade(x^2) * rest */
PYBP_INLINE vec REAL(square)(vec x, vec rest)
{
    const vec square = v_mul(x, x);
    return v_mul_if(v_le(v_set1(REAL_TINY_SQUARE), square), square, rest);
}

PYBP_INLINE real *REAL(constants)(pybp_constants *constants)
{
    return (real *)(void *)constants->c;
}

PYBP_INLINE vec REAL(constant)(const pybp_constants *constants, size_t i)
{
    return v_bcast((const real *)(const void *)constants->c + i);
}

/* g + decay w, if there is a decay. */
PYBP_INLINE vec REAL(decayed)(vec g, vec w, vec decay, int decays)
{
    return decays ? v_fma(decay, w, g) : g;
}

/* The same for rules that square g or multiply it by a small number. */
PYBP_INLINE vec REAL(decayed_flushed)(vec g, vec w, vec decay, int decays)
{
    g = v_flush(g);
    return decays ? v_flush(v_fma(decay, w, g)) : g;
}

PYBP_INLINE int REAL(decays)(const pybp_constants *constants, size_t i)
{
    return ((const real *)(const void *)constants->c)[i] != 0;
}

static void REAL(clip)(size_t n, void *gradient, double factor, double limit)
{
    real *g = gradient;
    const vec f = v_set1((real)factor), high = v_set1((real)limit), low = v_neg(high);
    for (size_t i = 0; factor < 1 && i < n; i += LANES)
        v_store(g + i, v_flush(v_mul(v_load(g + i), f)));
    for (size_t i = 0; limit > 0 && i < n; i += LANES) /* NaN stays NaN in this order */
        v_store(g + i, v_min(high, v_max(low, v_load(g + i))));
}

/* ---- sgd: lr, momentum, decay, nesterov ---- */

static void REAL(sgd_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    c[0] = -(real)s->lr;
    c[1] = (real)s->params[0];
    c[2] = (real)(s->params[2] * s->decay);
    c[3] = (real)s->params[1];
}

static void REAL(sgd_update)(size_t n, void *weights, const void *gradient, void *const *state,
                             const pybp_constants *constants)
{
    real *w = weights, *velocity = state[0];
    const real *g = gradient;
    const vec lr = REAL(constant)(constants, 0), momentum = REAL(constant)(constants, 1);
    const vec decay = REAL(constant)(constants, 2);
    const int decays = REAL(decays)(constants, 2), nesterov = REAL(decays)(constants, 3);
    if (velocity == NULL) {
        for (size_t i = 0; i < n; i += LANES) {
            const vec wi = v_load(w + i), gi = REAL(decayed)(v_load(g + i), wi, decay, decays);
            v_store(w + i, v_flush(v_fma(lr, gi, wi)));
        }
        return;
    }
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_load(w + i), gi = REAL(decayed)(v_load(g + i), wi, decay, decays);
        const vec v = v_flush(v_fma(momentum, v_load(velocity + i), gi));
        v_store(velocity + i, v);
        v_store(w + i, v_flush(v_fma(lr, nesterov ? v_fma(momentum, v, gi) : v, wi)));
    }
}

/* ---- adagrad: rate, decay, eps ---- */

static void REAL(adagrad_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    c[0] = -(real)(s->lr / (1 + (double)(s->t - 1) * s->params[0]));
    c[1] = (real)(s->params[1] * s->decay);
    c[2] = (real)s->params[3];
}

static void REAL(adagrad_update)(size_t n, void *weights, const void *gradient, void *const *state,
                                 const pybp_constants *constants)
{
    real *w = weights, *sum = state[0];
    const real *g = gradient;
    const vec rate = REAL(constant)(constants, 0), decay = REAL(constant)(constants, 1);
    const vec eps = REAL(constant)(constants, 2);
    const int decays = REAL(decays)(constants, 1);
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_load(w + i), gi = REAL(decayed_flushed)(v_load(g + i), wi, decay, decays);
        const vec s = REAL(fade)(v_fma(gi, gi, v_load(sum + i)));
        v_store(sum + i, s);
        v_store(w + i, v_flush(v_fma(rate, v_div(gi, v_add(v_sqrt(s), eps)), wi)));
    }
}

/* ---- rmsprop: lr, alpha, 1 - alpha, eps, decay, momentum; states: squares, momentum, mean ---- */

static void REAL(rmsprop_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    c[0] = -(real)s->lr;
    c[1] = (real)s->params[0];
    c[2] = (real)(1 - s->params[0]);
    c[3] = (real)s->params[1];
    c[4] = (real)(s->params[2] * s->decay);
    c[5] = (real)s->params[3];
}

PYBP_INLINE void REAL(rmsprop_rule)(size_t n, real *w, const real *g, void *const *state,
                                    const pybp_constants *constants, int moves, int centered)
{
    real *square = state[0], *velocity = state[1], *mean = state[2];
    const vec lr = REAL(constant)(constants, 0), alpha = REAL(constant)(constants, 1);
    const vec rest = REAL(constant)(constants, 2), eps = REAL(constant)(constants, 3);
    const vec decay = REAL(constant)(constants, 4), momentum = REAL(constant)(constants, 5);
    const int decays = REAL(decays)(constants, 4);
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_load(w + i), gi = REAL(decayed_flushed)(v_load(g + i), wi, decay, decays);
        const vec s = REAL(fade)(v_fma(alpha, v_load(square + i), REAL(square)(gi, rest)));
        vec spread = s;
        v_store(square + i, s);
        if (centered) { /* rounding may take the variance below 0 */
            const vec m = v_flush(v_fma(alpha, v_load(mean + i), v_mul(rest, gi)));
            v_store(mean + i, m);
            spread = REAL(fade)(v_fma(v_neg(m), m, s));
        }
        vec d = v_div(gi, v_add(v_sqrt(spread), eps));
        if (moves) {
            d = v_flush(v_fma(momentum, v_load(velocity + i), d));
            v_store(velocity + i, d);
        }
        v_store(w + i, v_flush(v_fma(lr, d, wi)));
    }
}

static void REAL(rmsprop_update)(size_t n, void *w, const void *g, void *const *state, const pybp_constants *constants)
{
    if (state[1] == NULL && state[2] == NULL)
        REAL(rmsprop_rule)(n, w, g, state, constants, 0, 0);
    else
        REAL(rmsprop_rule)(n, w, g, state, constants, state[1] != NULL, state[2] != NULL);
}

/* ---- adadelta: lr, rho, 1 - rho, eps, decay ---- */

static void REAL(adadelta_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    REAL(rmsprop_prepare)(s, constants);
}

static void REAL(adadelta_update)(size_t n, void *weights, const void *gradient, void *const *state,
                                  const pybp_constants *constants)
{
    real *w = weights, *square = state[0], *moved = state[1];
    const real *g = gradient;
    const vec lr = REAL(constant)(constants, 0), rho = REAL(constant)(constants, 1);
    const vec rest = REAL(constant)(constants, 2), eps = REAL(constant)(constants, 3);
    const vec decay = REAL(constant)(constants, 4);
    const int decays = REAL(decays)(constants, 4);
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_load(w + i), u = v_load(moved + i);
        const vec gi = REAL(decayed_flushed)(v_load(g + i), wi, decay, decays);
        const vec s = REAL(fade)(v_fma(rho, v_load(square + i), REAL(square)(gi, rest)));
        const vec d = v_flush(v_mul(v_div(v_sqrt(v_add(u, eps)), v_sqrt(v_add(s, eps))), gi));
        v_store(square + i, s);
        v_store(moved + i, REAL(fade)(v_fma(rho, u, REAL(square)(d, rest))));
        v_store(w + i, v_flush(v_fma(lr, d, wi)));
    }
}

/* ---- lion: lr, beta1, 1 - beta1, beta2, 1 - beta2, factor of the weights ---- */

static void REAL(lion_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    c[0] = -(real)s->lr;
    c[1] = (real)s->params[0];
    c[2] = (real)(1 - s->params[0]);
    c[3] = (real)s->params[1];
    c[4] = (real)(1 - s->params[1]);
    c[5] = (real)(1 - s->shrink * s->params[2]);
}

static void REAL(lion_update)(size_t n, void *weights, const void *gradient, void *const *state,
                              const pybp_constants *constants)
{
    real *w = weights, *momentum = state[0];
    const real *g = gradient;
    const vec lr = REAL(constant)(constants, 0), beta1 = REAL(constant)(constants, 1);
    const vec rest1 = REAL(constant)(constants, 2), beta2 = REAL(constant)(constants, 3);
    const vec rest2 = REAL(constant)(constants, 4), keep = REAL(constant)(constants, 5);
    for (size_t i = 0; i < n; i += LANES) {
        const vec gi = v_flush(v_load(g + i)), m = v_load(momentum + i);
        const vec direction = REAL(sign)(v_fma(beta1, m, v_mul(rest1, gi)));
        v_store(momentum + i, v_flush(v_fma(beta2, m, v_mul(rest2, gi))));
        v_store(w + i, v_flush(v_fma(lr, direction, v_mul(v_load(w + i), keep))));
    }
}

/* ---- rprop: eta_minus, eta_plus, smallest and largest step, first step, whether it is the first ---- */

static void REAL(rprop_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    c[0] = (real)s->params[0];
    c[1] = (real)s->params[1];
    c[2] = (real)(s->params[2] * s->scale);
    c[3] = (real)(s->params[3] * s->scale);
    c[4] = (real)s->lr;
    c[5] = s->t == 1;
}

static void REAL(rprop_update)(size_t n, void *weights, const void *gradient, void *const *state,
                               const pybp_constants *constants)
{
    real *w = weights, *before = state[0], *step = state[1];
    const real *g = gradient;
    const vec minus = REAL(constant)(constants, 0), plus = REAL(constant)(constants, 1);
    const vec least = REAL(constant)(constants, 2), most = REAL(constant)(constants, 3);
    const vec start = REAL(constant)(constants, 4);
    const int starts = REAL(decays)(constants, 5);
    for (size_t i = 0; i < n; i += LANES) {
        const vec gi = v_flush(v_load(g + i)), product = v_mul(gi, v_load(before + i));
        const vec factor = v_select(v_lt(v_zero(), product), plus, v_select(v_lt(product, v_zero()), minus, v_set1(1)));
        const vec d = v_min(most, v_max(least, v_mul(starts ? start : v_load(step + i), factor)));
        const vec used = v_select(v_lt(product, v_zero()), v_zero(), gi);
        v_store(before + i, used);
        v_store(step + i, d);
        v_store(w + i, v_flush(v_fma(v_neg(REAL(sign)(used)), d, v_load(w + i))));
    }
}
