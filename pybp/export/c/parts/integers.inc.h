/* Layers in integers: a number is scale (q - zero), q an int8_t. All of it is exact, so the bits are the same everywhere. */

static inline int8_t REAL(saturated)(int32_t q) { return (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q); }

/* x 2^-shift, rounded to nearest, ties up; 1 <= shift <= 62. */
static inline int64_t REAL(shifted)(int64_t x, int shift)
{
    const int64_t up = x + ((int64_t)1 << (shift - 1));
    return up >= 0 ? up >> shift : ~(~up >> shift);
}

/* The shifted sum is cut to +-512 first, so that adding zero can't overflow. */
static inline int8_t REAL(rescaled)(int64_t sum, int shift, int32_t zero)
{
    const int64_t q = REAL(shifted)(sum, shift);
    return REAL(saturated)((int32_t)(q < -512 ? -512 : q > 512 ? 512 : q) + zero);
}

/* Of a net's input. Adding and subtracting 1.5 2^23 rounds to the nearest integer, ties to even. */
static inline int8_t REAL(quantized)(real x, real per_scale, int32_t zero)
{
    real r = v_mul(x, per_scale);
    r = r > REAL_C(-512.0) ? r : REAL_C(-512.0);
    r = r < REAL_C(512.0) ? r : REAL_C(512.0);
    r = v_add(r, REAL_C(12582912.0));
    r = v_sub(r, REAL_C(12582912.0));
    return REAL(saturated)((int32_t)r + zero);
}

static void REAL(quantize)(size_t n, const real *x, real per_scale, int32_t zero, int8_t *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = REAL(quantized)(x[j], per_scale, zero);
}

static inline int32_t REAL(dot)(size_t n, const int8_t *x, const int8_t *w, int32_t sum)
{
    for (size_t i = 0; i < n; i++)
        sum += (int32_t)x[i] * (int32_t)w[i];
    return sum;
}

/* Output j has its own scale: multipliers[j] 2^-shifts[j]. */
static void REAL(linear)(size_t n_in, size_t n_out, const int8_t *x, const int8_t *w, const int32_t *b,
                         const int32_t *multipliers, const uint8_t *shifts, int32_t zero, int8_t *y)
{
    for (size_t j = 0; j < n_out; j++)
        y[j] = REAL(rescaled)((int64_t)REAL(dot)(n_in, x, &w[j * n_in], b[j]) * multipliers[j], shifts[j], zero);
}

/* Each output from its own input alone. */
static void REAL(linear_each)(size_t n, const int8_t *x, const int8_t *w, const int32_t *b, const int32_t *multipliers,
                              const uint8_t *shifts, int32_t zero, int8_t *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = REAL(rescaled)((int64_t)(b[j] + (int32_t)x[j] * w[j]) * multipliers[j], shifts[j], zero);
}

/* The net's outputs, as numbers. */
static void REAL(linear_last)(size_t n_in, size_t n_out, const int8_t *x, const int8_t *w, const int32_t *b,
                              const real *scales, real *y)
{
    for (size_t j = 0; j < n_out; j++)
        y[j] = v_mul((real)REAL(dot)(n_in, x, &w[j * n_in], b[j]), scales[j]);
}

static void REAL(look_up)(size_t n, const int8_t *x, const int8_t *table, int8_t *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = table[x[j] + 128];
}

static void REAL(look_up_last)(size_t n, const int8_t *x, const real *table, real *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = table[x[j] + 128];
}

/* p (x - x_zero) + q (skip - skip_zero), times 2^-shift. */
static void REAL(blend)(size_t n, const int8_t *x, int32_t x_zero, const int32_t *p, const int8_t *skip, int32_t skip_zero,
                        const int32_t *q, int shift, int32_t zero, int8_t *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = REAL(rescaled)((int64_t)(x[j] - x_zero) * p[j] + (int64_t)(skip[j] - skip_zero) * q[j], shift, zero);
}

static void REAL(embed_integers)(size_t n, size_t n_categories, real category, const int8_t *vectors, int8_t *y)
{
    const size_t k = category >= 0 && category < (real)n_categories ? (size_t)category : 0;
    for (size_t j = 0; j < n; j++)
        y[j] = vectors[k * n + j];
}
