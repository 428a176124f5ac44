/* Contiguous elements: parameters, gradients, or a row of scalars. */

static void REAL(accumulate)(size_t n, void *sum, const void *add)
{
    real *s = sum;
    const real *a = add;
    for (size_t i = 0; i < n; i += LANES)
        v_store(s + i, v_add(v_load(s + i), v_load(a + i)));
}

/* Four chains at a time: the additions of a single one would wait for each other. */
static void REAL(squares)(size_t n, const void *const at[4], double sum[4])
{
    const real *x0 = at[0], *x1 = at[1], *x2 = at[2], *x3 = at[3];
    double s0 = sum[0], s1 = sum[1], s2 = sum[2], s3 = sum[3];
    for (size_t i = 0; i < n * PANEL; i += PANEL) {
        s0 = __builtin_fma((double)x0[i], (double)x0[i], s0);
        s1 = __builtin_fma((double)x1[i], (double)x1[i], s1);
        s2 = __builtin_fma((double)x2[i], (double)x2[i], s2);
        s3 = __builtin_fma((double)x3[i], (double)x3[i], s3);
    }
    sum[0] = s0;
    sum[1] = s1;
    sum[2] = s2;
    sum[3] = s3;
}

/* x * 0 is NaN unless x is finite, and so is the sum. Four sums, as the additions of one would wait for each other;
 * each of a quarter of the elements, as several streams read memory faster than one. */
static int REAL(finite)(size_t n, const void *values)
{
    const size_t quarter = n / 4 / LANES * LANES;
    const real *x = values;
    const vec zero = v_zero();
    vec s0 = zero, s1 = zero, s2 = zero, s3 = zero;
    real lanes[LANES], sum = 0;
    for (size_t i = 0; i < quarter; i += LANES) {
        s0 = v_fma(v_load(x + i), zero, s0);
        s1 = v_fma(v_load(x + quarter + i), zero, s1);
        s2 = v_fma(v_load(x + 2 * quarter + i), zero, s2);
        s3 = v_fma(v_load(x + 3 * quarter + i), zero, s3);
    }
    for (size_t i = 4 * quarter; i < n; i += LANES)
        s0 = v_fma(REAL(load_some)(x + i, n - i), zero, s0);
    v_store(lanes, v_add(v_add(s0, s1), v_add(s2, s3)));
    for (size_t i = 0; i < LANES; i++)
        sum = sum + lanes[i];
    return sum == 0;
}

static void REAL(widen)(size_t n, const void *from, double *to)
{
    const real *x = from;
    for (size_t i = 0; i < n; i++)
        to[i] = (double)x[i];
}

static void REAL(narrow)(size_t n, const double *from, void *to)
{
    real *x = to;
    for (size_t i = 0; i < n; i++)
        x[i] = REAL(from_f64)(from[i]);
}

static double REAL(get)(const void *x)
{
    return (double)*(const real *)x;
}

static void REAL(set)(void *x, double value)
{
    *(real *)x = REAL(from_f64)(value);
}
