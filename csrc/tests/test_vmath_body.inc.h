/* The tests of test_vmath.c that are the same for float and for double. */

/* ---- verbs ---- */

static BITS REAL(bits)(real x)
{
    BITS u;
    memcpy(&u, &x, sizeof u);
    return u;
}

/* Bitwise equal, or both NaN. */
static int REAL(same)(real a, real b)
{
    return REAL(bits)(a) == REAL(bits)(b) || (isnan(a) && isnan(b));
}

/* Through volatile, so that the compiler computes nothing in advance. */
static vec REAL(hide)(real x)
{
    volatile real y = x;
    return v_set1(y);
}

static real REAL(lane)(vec a)
{
    real out[LANES];
    v_store(out, a);
    for (int i = 1; i < LANES; i++)
        CHECK(REAL(same)(out[i], out[0]));
    return out[0];
}

#define HIDE(x) REAL(hide)(REAL_C(x))
#define SAME(v, x) CHECK_MSG(REAL(same)(REAL(lane)(v), x), "%s is not %s", #v, #x)
#define HOLDS(m) (REAL(lane)(v_select(m, v_set1(REAL_C(1.0)), v_zero())) == 1)

static void REAL(test_arithmetic)(void)
{
    const vec one = HIDE(1.0), zero = HIDE(0.0), minus_zero = HIDE(-0.0);
    const vec nan = REAL(hide)(REAL_NAN), inf = REAL(hide)(REAL_INF);

    /* (1 + eps)^2 = 1 + 2 eps + eps^2, whose end only a fused operation keeps. */
    vec a = REAL(hide)(1 + REAL_EPS), c = REAL(hide)(-(1 + 2 * REAL_EPS));
    SAME(v_add(v_mul(a, a), c), 0);
    SAME(v_fma(a, a, c), REAL_EPS *REAL_EPS);
    SAME(v_acc(c, a, a), REAL_EPS *REAL_EPS);
    SAME(v_fnma(a, a, v_neg(c)), -REAL_EPS * REAL_EPS);
    SAME(v_fnma(a, one, zero), -(1 + REAL_EPS));
    SAME(v_sub(one, HIDE(0.25)), REAL_C(0.75));
    SAME(v_div(one, HIDE(8.0)), REAL_C(0.125));
    SAME(v_div(one, minus_zero), -REAL_INF);
    SAME(v_sqrt(HIDE(2.25)), REAL_C(1.5));
    SAME(v_sqrt(HIDE(-1.0)), REAL_NAN);

    SAME(v_min(one, nan), REAL_NAN);
    SAME(v_min(nan, one), 1);
    SAME(v_max(one, nan), REAL_NAN);
    SAME(v_max(nan, one), 1);
    SAME(v_min(zero, minus_zero), REAL_C(-0.0));
    SAME(v_min(minus_zero, zero), 0);
    SAME(v_max(minus_zero, zero), 0);
    SAME(v_max(zero, minus_zero), REAL_C(-0.0));
    SAME(v_min(one, inf), 1);
    SAME(v_max(one, inf), REAL_INF);
    SAME(v_max(v_neg(inf), one), 1);

    SAME(v_neg(zero), REAL_C(-0.0));
    SAME(v_abs(minus_zero), 0);
    SAME(v_abs(v_neg(inf)), REAL_INF);
    SAME(v_copysign(one, minus_zero), -1);
    SAME(v_copysign(v_neg(one), zero), 1);
    SAME(v_copysign(one, v_copysign(nan, v_neg(one))), -1);

    CHECK(HOLDS(v_lt(zero, one)) && !HOLDS(v_lt(one, one)) && !HOLDS(v_lt(nan, one)));
    CHECK(HOLDS(v_le(one, one)) && !HOLDS(v_le(inf, one)) && !HOLDS(v_le(one, nan)));
    CHECK(HOLDS(v_eq(zero, minus_zero)) && !HOLDS(v_eq(nan, nan)) && !HOLDS(v_eq(one, zero)));
    mask yes = v_eq(one, one), no = v_lt(one, one);
    CHECK(HOLDS(v_mand(yes, yes)) && !HOLDS(v_mand(yes, no)) && !HOLDS(v_mand(no, no)));
    CHECK(HOLDS(v_mor(yes, no)) && HOLDS(v_mor(no, yes)) && !HOLDS(v_mor(no, no)));
    CHECK(HOLDS(v_mnot(no)) && !HOLDS(v_mnot(yes)));
    SAME(v_select(yes, minus_zero, nan), REAL_C(-0.0));
    SAME(v_select(no, one, nan), REAL_NAN);
}

static real REAL(fused)(real x, real y, real z)
{
    return REAL_IS_F32 ? (real)fmaf((float)x, (float)y, (float)z) : (real)fma((double)x, (double)y, (double)z);
}

/* A different number in each lane, of any bits or of ordinary size, against C on one number. */
static void REAL(test_lanes)(void)
{
    enum { OPERATIONS = 15, OPERANDS = 3 };
    random_state = 3;
    for (int round = 0; round < 20000; round++) {
        real in[OPERANDS][LANES], out[OPERATIONS][LANES];
        for (int i = 0; i < OPERANDS * LANES; i++) {
            BITS bits = (BITS)(random_word() >> (64 - 8 * sizeof(BITS)));
            real *x = &in[i / LANES][i % LANES];
            *x = (real)random_uniform(-2, 2);
            if (round % 2)
                memcpy(x, &bits, sizeof bits);
        }
        const vec a = v_load(in[0]), b = v_load(in[1]), c = v_load(in[2]);
        const vec results[OPERATIONS] = {
            v_add(a, b), v_sub(a, b), v_mul(a, b), v_div(a, b), v_sqrt(a),
            v_fma(a, b, c), v_fnma(a, b, c), v_acc(c, a, b), v_min(a, b), v_max(a, b),
            v_neg(a), v_abs(a), v_copysign(a, b), v_select(v_lt(a, b), a, c), v_select(v_le(a, b), c, b),
        };
        for (int k = 0; k < OPERATIONS; k++)
            v_store(out[k], results[k]);
        for (int i = 0; i < LANES; i++) {
            const real x = in[0][i], y = in[1][i], z = in[2][i];
            const real root = REAL_IS_F32 ? (real)sqrtf((float)x) : (real)sqrt((double)x);
            const real sum = REAL(fused)(x, y, z), difference = REAL(fused)(-x, y, z);
            const real want[OPERATIONS] = {
                x + y, x - y, x * y, x / y, root, sum, difference, sum, x < y ? x : y, x > y ? x : y,
                -x, signbit(x) ? -x : x, signbit(x) == signbit(y) ? x : -x, x < y ? x : z, x <= y ? z : y,
            };
            for (int k = 0; k < OPERATIONS; k++)
                CHECK_MSG(REAL(same)(out[k][i], want[k]), "operation %d of %a, %a, %a is %a, not %a", k, (double)x,
                          (double)y, (double)z, (double)out[k][i], (double)want[k]);
        }
    }
}

static void REAL(test_exponents)(void)
{
    const int bias = 1 - MIN_EXPONENT, last = bias + DIGITS - 1;
    for (int n = MIN_EXPONENT; n <= bias; n++) {
        real power = (real)ldexp(1, n), k, m = REAL_C(1.375);
        vec mantissa;
        SAME(v_pow2(REAL(hide)((real)n)), power);
        k = REAL(lane)(v_split(REAL(hide)(m * power), &mantissa));
        CHECK(REAL(same)(k, (real)n) && REAL(same)(REAL(lane)(mantissa), m));
        m = REAL_C(1.5); /* beyond sqrt(2) */
        k = REAL(lane)(v_split(REAL(hide)(m * power), &mantissa));
        CHECK(REAL(same)(k, (real)n + 1) && REAL(same)(REAL(lane)(mantissa), m / 2));
    }
    /* With so odd a fraction, rounding twice would differ among the denormals. */
    for (int n = -last - 2; n <= bias + 2; n++) {
        real a = 1 - REAL_EPS * REAL_C(21.5);
        SAME(v_ldexp(REAL(hide)(a), REAL(hide)((real)n)), (real)ldexp(a, n));
    }
    SAME(v_ldexp(REAL(hide)(REAL_NAN), HIDE(0.0)), REAL_NAN);
}

/* Loads and stores are unaligned; the transpose must leave its surroundings. */
static void REAL(test_memory)(void)
{
    enum { SIDE = LANES + 3, SIZE = SIDE * (LANES + 2) };
    real src[SIZE], dst[SIZE];
    for (int i = 0; i < SIZE; i++) {
        src[i] = (real)i;
        dst[i] = -1;
    }
    v_store(dst + 1, v_load(src + 3));
    for (int i = 0; i < LANES; i++)
        CHECK(dst[1 + i] == src[3 + i]);
    CHECK(dst[0] == -1 && dst[1 + LANES] == -1);
    CHECK(REAL(lane)(v_bcast(src + 2)) == 2);

    for (int i = 0; i < SIZE; i++)
        dst[i] = -1;
    v_transpose(src + 1, LANES + 2, dst + 2, SIDE);
    for (int i = 0; i < SIZE; i++) {
        int row = (i - 2) / SIDE, column = (i - 2) % SIDE;
        int inside = i >= 2 && row < LANES && column < LANES;
        CHECK(dst[i] == (inside ? src[1 + column * (LANES + 2) + row] : -1));
    }
}

/* Four columns are transposed, and back. */
static void REAL(test_four_columns)(void)
{
#if LANES == PANEL
    real src[LANES * (LANES + 1)], columns[4 * LANES + 1], back[LANES * (LANES + 2)];
    for (int i = 0; i < LANES * (LANES + 1); i++)
        src[i] = (real)i;
    for (int i = 0; i < LANES * (LANES + 2); i++)
        back[i] = -1;
    columns[4 * LANES] = -1;
    v_load_columns_4(src + 1, LANES + 1, columns);
    v_store_columns_4(columns, back + 1, LANES + 2);
    CHECK(columns[4 * LANES] == -1 && back[0] == -1);
    for (int row = 0; row < LANES; row++)
        for (int column = 0; column < LANES + 1; column++) {
            const real want = src[1 + row * (LANES + 1) + (column < 4 ? column : 0)];
            CHECK(column >= 4 || columns[column * LANES + row] == want);
            CHECK(back[1 + row * (LANES + 2) + column] == (column < 4 ? want : -1));
        }
#endif
}

static void REAL(test_verbs)(void)
{
    CHECK(PANEL * sizeof(real) == 64 && PANEL % LANES == 0);
    CHECK(sizeof(vec) == LANES * sizeof(real));
    REAL(test_arithmetic)();
    REAL(test_lanes)();
    REAL(test_exponents)();
    REAL(test_memory)();
    REAL(test_four_columns)();
}

/* ---- functions ---- */

#define EACH_VECTOR(function)               \
    for (int i = 0; i < BATCH; i += LANES) \
        v_store(y + i, function(v_load(x + i)));

static void REAL(apply)(int fn, const real *x, real *y)
{
    switch (fn) {
    case FN_EXP: EACH_VECTOR(v_exp) break;
    case FN_EXPM1: EACH_VECTOR(v_expm1) break;
    case FN_LOG: EACH_VECTOR(v_log) break;
    case FN_LOG1P: EACH_VECTOR(v_log1p) break;
    case FN_TANH: EACH_VECTOR(v_tanh) break;
    case FN_ERF: EACH_VECTOR(v_erf) break;
    case FN_COS: EACH_VECTOR(v_cos) break;
    case FN_SIN: EACH_VECTOR(v_sin) break;
    default: EACH_VECTOR(v_sigmoid)
    }
}

/* Where ulps can't tell: signs of zero, identity for tiny numbers, no overshoot. */
static void REAL(test_limits)(void)
{
    const real tiny = REAL_MIN * REAL_EPS, inf = REAL_INF;
    const real same[] = {0, REAL_C(-0.0), tiny, -tiny, REAL_MIN, -REAL_MIN, REAL_MIN * 3};
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        vec x = REAL(hide)(same[i]);
        SAME(v_tanh(x), same[i]);
        SAME(v_expm1(x), same[i]);
        SAME(v_log1p(x), same[i]);
        SAME(v_exp(x), 1);
        SAME(v_sigmoid(x), REAL_C(0.5));
    }
    SAME(v_erf(HIDE(-0.0)), REAL_C(-0.0));
    SAME(v_erf(REAL(hide)(inf)), 1);
    SAME(v_erf(REAL(hide)(-inf)), -1);
    SAME(v_exp(REAL(hide)(-inf)), 0);
    SAME(v_exp(REAL(hide)(inf)), inf);
    SAME(v_expm1(REAL(hide)(-inf)), -1);
    SAME(v_expm1(REAL(hide)(inf)), inf);
    SAME(v_sigmoid(REAL(hide)(-inf)), 0);
    SAME(v_exp(REAL(hide)(REAL(exp_low))), 0);
    SAME(v_sigmoid(REAL(hide)(REAL(exp_low))), 0);
    SAME(v_flush(REAL(hide)((real)REAL_TINY)), (real)REAL_TINY);
    SAME(v_flush(REAL(hide)(-(real)REAL_TINY)), -(real)REAL_TINY);
    SAME(v_flush(REAL(hide)((real)(REAL_TINY * (1 - REAL_EPS / 2)))), 0);
    SAME(v_flush(REAL(hide)(-tiny)), 0);
    SAME(v_flush(HIDE(-0.0)), 0);
    SAME(v_flush(REAL(hide)(-inf)), -inf);
    SAME(v_flush(REAL(hide)(REAL_NAN)), REAL_NAN);
    SAME(v_sigmoid(REAL(hide)(inf)), 1);
    SAME(v_cos(HIDE(0.0)), 1);
    SAME(v_cos(REAL(hide)(inf)), REAL(lane)(v_cos(REAL(hide)(REAL(cos_high)))));
    SAME(v_sin(REAL(hide)(inf)), REAL(lane)(v_sin(REAL(hide)(REAL(cos_high)))));
    SAME(v_log(HIDE(1.0)), 0);
    SAME(v_log(HIDE(0.0)), -inf);
    SAME(v_log(HIDE(-0.0)), -inf);
    SAME(v_log(REAL(hide)(-tiny)), REAL_NAN);
    SAME(v_log(REAL(hide)(-inf)), REAL_NAN);
    SAME(v_log(REAL(hide)(inf)), inf);
    SAME(v_log1p(HIDE(-1.0)), -inf);
    SAME(v_log1p(REAL(hide)(-1 - REAL_EPS)), REAL_NAN);
    SAME(v_log1p(REAL(hide)(inf)), inf);
    for (int i = 0; i < 4000; i++) {
        real x = (real)i / 100;
        real t = REAL(lane)(v_tanh(REAL(hide)(x)));
        CHECK(t <= 1 && (i < 2000 || t == 1));
        real e = REAL(lane)(v_erf(REAL(hide)(x)));
        CHECK(e <= 1 && (i < 600 || e == 1));
        SAME(v_erf(REAL(hide)(-x)), -e);
        SAME(v_cos(REAL(hide)(-x)), REAL(lane)(v_cos(REAL(hide)(x))));
        CHECK(REAL(lane)(v_cos(REAL(hide)(x))) <= 1 && REAL(lane)(v_sin(REAL(hide)(x))) <= 1);
        SAME(v_tanh(REAL(hide)(-x)), -t);
    }
}

static double REAL(worst);
static real REAL(worst_at);

static void REAL(measure)(int fn, const real *x)
{
    real y[BATCH];
    REAL(apply)(fn, x, y);
    for (int i = 0; i < BATCH; i++) {
        REFERENCE truth = REAL(reference)(fn, x[i]);
        double error = ulps(y[i], truth, DIGITS, MIN_EXPONENT, REAL_MAX);
        if ((fn == FN_EXP || fn == FN_SIGMOID) && y[i] == 0 && truth < REAL_TINY * (1 + 4 * REAL_EPS))
            error = 0; /* flushed */
        if (error > REAL(worst)) {
            REAL(worst) = error;
            REAL(worst_at) = x[i];
        }
    }
}

/* Boundaries, each with its two neighbours and of both signs, over and over until
 * the batch is full. */
static void REAL(specials)(real *x)
{
    const real at[] = {
        0, REAL_MIN, REAL_MIN / 2, REAL_MIN * REAL_EPS, REAL_MAX, REAL_INF, REAL_NAN, 1, 2,
        REAL_C(0.5), REAL_EPS, REAL_EPS / 2, REAL_EPS / 4, REAL(exp_low), REAL(exp_high),
        REAL(expm1_low), REAL(tanh_high), REAL(tanh_high) / 2, REAL_C(0.34657359027997265),
        REAL_C(0.17328679513998633), REAL_C(0.70710678118654752), REAL_C(1.4142135623730951),
        REAL_C(0.41421356237309505), REAL_C(0.29289321881345248), REAL_C(87.336544750553102),
        REAL_C(88.722839111672993), REAL_C(103.27892990343184), REAL_C(103.97207708399179),
        REAL_C(708.39641853226408), REAL_C(709.78271289338397), REAL_C(744.44007192138122),
        REAL_C(745.13321910194122)};
    const int count = (int)(sizeof at / sizeof at[0]);
    for (int i = 0; i < BATCH; i++) {
        real value = at[i / 6 % count];
        BITS bits = REAL(bits)(value);
        bits += value == 0 ? (BITS)(i % 3) : (BITS)(i % 3) - 1;
        memcpy(&x[i], &bits, sizeof bits);
        x[i] = i / 3 % 2 ? -x[i] : x[i];
    }
}

static void REAL(measure_specials)(int fn)
{
    real x[BATCH];
    REAL(worst) = 0;
    REAL(specials)(x);
    REAL(measure)(fn, x);
}

/* Specials, all sorts of bits, and numbers of the size of activations. */
static void REAL(hash_inputs)(int batch, real *x)
{
    if (batch == 0) {
        REAL(specials)(x);
        return;
    }
    for (int i = 0; i < BATCH; i++) {
        BITS bits = (BITS)(random_word() >> (64 - 8 * sizeof(BITS)));
        if (batch % 2)
            memcpy(&x[i], &bits, sizeof bits);
        else
            x[i] = (real)random_uniform(-8, 8);
    }
}

/* All NaNs count as one: their payload and sign are nobody's promise. */
static uint64_t REAL(hash)(int fn)
{
    uint64_t hash = 0xcbf29ce484222325u;
    real x[BATCH], y[BATCH];
    random_state = 2;
    for (int batch = 0; batch < 129; batch++) {
        REAL(hash_inputs)(batch, x);
        REAL(apply)(fn, x, y);
        for (int i = 0; i < BATCH; i++)
            hash = hash_word(hash, isnan(y[i]) ? 0 : REAL(bits)(y[i]));
    }
    return hash;
}

#undef HIDE
#undef SAME
#undef HOLDS
#undef EACH_VECTOR
