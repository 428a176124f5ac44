/* The Adam family. optimizer.inc.h says what a row provides. */

/* ---- adam, adamw: rate, beta1, 1 - beta1, beta2, 1 - beta2, 1 / sqrt(1 - beta2^t), eps, decay ---- */

static void REAL(adam_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    c[0] = -(real)(s->lr / (1 - s->powers[0]));
    c[1] = (real)s->params[0];
    c[2] = (real)(1 - s->params[0]);
    c[3] = (real)s->params[1];
    c[4] = (real)(1 - s->params[1]);
    c[5] = (real)(1 / __builtin_sqrt(1 - s->powers[1]));
    c[6] = (real)s->params[2];
    c[7] = (real)(s->params[3] * s->decay);
}

/* shrink: the last constant scales the weights (adamw) instead of being a decay (adam). amsgrad: divide by the
 * largest second moment so far, the third state. */
PYBP_INLINE void REAL(adam_rule)(size_t n, real *w, const real *g, void *const *state,
                                 const pybp_constants *constants, int decays, int shrink, int amsgrad)
{
    real *first = state[0], *second = state[1], *largest = state[2];
    const vec rate = REAL(constant)(constants, 0), beta1 = REAL(constant)(constants, 1);
    const vec rest1 = REAL(constant)(constants, 2), beta2 = REAL(constant)(constants, 3);
    const vec rest2 = REAL(constant)(constants, 4), unbias = REAL(constant)(constants, 5);
    const vec eps = REAL(constant)(constants, 6), decay = REAL(constant)(constants, 7);
    for (size_t i = 0; i < n; i += LANES) {
        vec wi = v_load(w + i), gi = v_load(g + i);
        if (shrink)
            wi = v_mul(wi, decay);
        gi = REAL(decayed_flushed)(gi, wi, decay, decays);
        const vec m = v_flush(v_fma(beta1, v_load(first + i), v_mul(rest1, gi)));
        vec v = REAL(fade)(v_fma(beta2, v_load(second + i), REAL(square)(gi, rest2)));
        v_store(first + i, m);
        v_store(second + i, v);
        if (amsgrad) {
            v = v_max(v_load(largest + i), v);
            v_store(largest + i, v);
        }
        v_store(w + i, v_flush(v_fma(rate, v_div(m, v_fma(v_sqrt(v), unbias, eps)), wi)));
    }
}

static void REAL(adam_update)(size_t n, void *w, const void *g, void *const *state, const pybp_constants *constants)
{
    const int decays = REAL(decays)(constants, 7);
    if (state[2] != NULL)
        REAL(adam_rule)(n, w, g, state, constants, decays, 0, 1);
    else if (decays)
        REAL(adam_rule)(n, w, g, state, constants, 1, 0, 0);
    else
        REAL(adam_rule)(n, w, g, state, constants, 0, 0, 0);
}

static void REAL(adamw_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    REAL(adam_prepare)(s, constants);
    REAL(constants)(constants)[7] = (real)(1 - s->shrink * s->params[3]);
}

static void REAL(adamw_update)(size_t n, void *w, const void *g, void *const *state, const pybp_constants *constants)
{
    if (state[2] != NULL)
        REAL(adam_rule)(n, w, g, state, constants, 0, 1, 1);
    else
        REAL(adam_rule)(n, w, g, state, constants, 0, 1, 0);
}

/* ---- adamax: as adam ---- */

static void REAL(adamax_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    REAL(adam_prepare)(s, constants);
}

static void REAL(adamax_update)(size_t n, void *weights, const void *gradient, void *const *state,
                                const pybp_constants *constants)
{
    real *w = weights, *first = state[0], *largest = state[1];
    const real *g = gradient;
    const vec rate = REAL(constant)(constants, 0), beta1 = REAL(constant)(constants, 1);
    const vec rest1 = REAL(constant)(constants, 2), beta2 = REAL(constant)(constants, 3);
    const vec eps = REAL(constant)(constants, 6), decay = REAL(constant)(constants, 7);
    const int decays = REAL(decays)(constants, 7);
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_load(w + i), gi = REAL(decayed_flushed)(v_load(g + i), wi, decay, decays);
        const vec m = v_flush(v_fma(beta1, v_load(first + i), v_mul(rest1, gi)));
        const vec u = v_flush(v_max(v_mul(beta2, v_load(largest + i)), v_add(v_abs(gi), eps)));
        v_store(first + i, m);
        v_store(largest + i, u);
        v_store(w + i, v_flush(v_fma(rate, v_div(m, u), wi)));
    }
}

/* ---- radam: as adam, but [5] whether the step is adaptive, and [8] the factor of the weights ---- */

static void REAL(radam_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    const double most = 2 / (1 - s->params[1]) - 1, p2 = s->powers[1];
    const double length = most - 2 * (double)s->t * p2 / (1 - p2); /* of the average, in steps */
    const double above = (length - 4) * (length - 2) * most, below = (most - 4) * (most - 2) * length;
    const double rate = s->lr / (1 - s->powers[0]);
    const int adaptive = length > 5, decoupled = s->params[4] != 0;
    REAL(adam_prepare)(s, constants);
    c[0] = -(real)(adaptive ? rate * __builtin_sqrt(above / below) * __builtin_sqrt(1 - p2) : rate);
    c[5] = (real)adaptive;
    c[7] = (real)(decoupled ? 0 : s->params[3] * s->decay);
    c[8] = (real)(decoupled ? 1 - s->shrink * s->params[3] : 1);
}

static void REAL(radam_update)(size_t n, void *weights, const void *gradient, void *const *state,
                               const pybp_constants *constants)
{
    real *w = weights, *first = state[0], *second = state[1];
    const real *g = gradient;
    const vec rate = REAL(constant)(constants, 0), beta1 = REAL(constant)(constants, 1);
    const vec rest1 = REAL(constant)(constants, 2), beta2 = REAL(constant)(constants, 3);
    const vec rest2 = REAL(constant)(constants, 4), eps = REAL(constant)(constants, 6);
    const vec decay = REAL(constant)(constants, 7), keep = REAL(constant)(constants, 8);
    const int adaptive = REAL(decays)(constants, 5), decays = REAL(decays)(constants, 7);
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_mul(v_load(w + i), keep), gi = REAL(decayed_flushed)(v_load(g + i), wi, decay, decays);
        const vec m = v_flush(v_fma(beta1, v_load(first + i), v_mul(rest1, gi)));
        const vec v = REAL(fade)(v_fma(beta2, v_load(second + i), REAL(square)(gi, rest2)));
        v_store(first + i, m);
        v_store(second + i, v);
        v_store(w + i, v_flush(v_fma(rate, adaptive ? v_div(m, v_add(v_sqrt(v), eps)) : m, wi)));
    }
}

/* ---- nadam: as adam, but [0] the rate of m, [8] the factor of the weights, [9] the rate of g ---- */

static void REAL(nadam_prepare)(const pybp_step_scalars *s, pybp_constants *constants)
{
    real *c = REAL(constants)(constants);
    const int decoupled = s->params[5] != 0;
    REAL(adam_prepare)(s, constants);
    c[0] = -(real)(s->lr * s->mu_next / (1 - s->powers[2] * s->mu_next));
    c[7] = (real)(decoupled ? 0 : s->params[3] * s->decay);
    c[8] = (real)(decoupled ? 1 - s->shrink * s->params[3] : 1);
    c[9] = -(real)(s->lr * (1 - s->mu) / (1 - s->powers[2]));
}

static void REAL(nadam_update)(size_t n, void *weights, const void *gradient, void *const *state,
                               const pybp_constants *constants)
{
    real *w = weights, *first = state[0], *second = state[1];
    const real *g = gradient;
    const vec rate_m = REAL(constant)(constants, 0), beta1 = REAL(constant)(constants, 1);
    const vec rest1 = REAL(constant)(constants, 2), beta2 = REAL(constant)(constants, 3);
    const vec rest2 = REAL(constant)(constants, 4), unbias = REAL(constant)(constants, 5);
    const vec eps = REAL(constant)(constants, 6), decay = REAL(constant)(constants, 7);
    const vec keep = REAL(constant)(constants, 8), rate_g = REAL(constant)(constants, 9);
    const int decays = REAL(decays)(constants, 7);
    for (size_t i = 0; i < n; i += LANES) {
        const vec wi = v_mul(v_load(w + i), keep), gi = REAL(decayed_flushed)(v_load(g + i), wi, decay, decays);
        const vec m = v_flush(v_fma(beta1, v_load(first + i), v_mul(rest1, gi)));
        const vec v = REAL(fade)(v_fma(beta2, v_load(second + i), REAL(square)(gi, rest2)));
        v_store(first + i, m);
        v_store(second + i, v);
        v_store(w + i, v_flush(v_add(wi, v_div(v_fma(rate_m, m, v_mul(rate_g, gi)), v_fma(v_sqrt(v), unbias, eps)))));
    }
}
