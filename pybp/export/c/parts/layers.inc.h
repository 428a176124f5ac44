/* Layers outside training: docs/contract.md, "Forward" and "Layers". Inputs and outputs of the functions that take n alone
 * may be the same array. */

/* The net's inputs. */
static void REAL(read_inputs)(size_t n, const real *x, real *y)
{
    for (size_t j = 0; j < n; j++)
        y[j] = v_flush(x[j]);
}

/* z of `width` outputs, each one chain from its bias, inputs ascending. w: for each input the weights of these outputs. */
static NET_INLINE void REAL(dense_block)(size_t width, size_t n_in, const real *restrict x, const real *restrict w,
                                         const real *restrict b, real *restrict z)
{
    real chain[32];
    for (size_t j = 0; j < width; j++)
        chain[j] = b != NULL ? b[j] : REAL_C(0.0);
    for (size_t i = 0; i < n_in; i++)
        for (size_t j = 0; j < width; j++)
            chain[j] = v_fma(x[i], w[i * width + j], chain[j]);
    for (size_t j = 0; j < width; j++)
        z[j] = v_flush(chain[j]);
}

/* z = W x + b. The outputs are cut into blocks of 32 as far as they go, then of 16, 8, 4, 2 and 1; w holds one block after
 * the other. */
static void REAL(dense)(size_t n_in, size_t n_out, const real *restrict x, const real *restrict w,
                        const real *restrict b, real *restrict z)
{
    for (size_t width = 32; n_out > 0; n_out -= width) {
        while (width > n_out)
            width /= 2;
        switch (width) {
        case 32: REAL(dense_block)(32, n_in, x, w, b, z); break;
        case 16: REAL(dense_block)(16, n_in, x, w, b, z); break;
        case 8: REAL(dense_block)(8, n_in, x, w, b, z); break;
        case 4: REAL(dense_block)(4, n_in, x, w, b, z); break;
        case 2: REAL(dense_block)(2, n_in, x, w, b, z); break;
        default: REAL(dense_block)(1, n_in, x, w, b, z);
        }
        w += n_in * width;
        b = b != NULL ? b + width : NULL;
        z += width;
    }
}

/* Dense layers side by side: n_in inputs and n_out outputs of each group. */
static void REAL(grouped_dense)(size_t groups, size_t n_in, size_t n_out, const real *x, const real *w, const real *b,
                                real *z)
{
    for (size_t g = 0; g < groups; g++)
        REAL(dense)(n_in, n_out, &x[g * n_in], &w[g * n_in * n_out], b != NULL ? &b[g * n_out] : NULL, &z[g * n_out]);
}

/* cos(w x + b), `each` outputs for each of n columns of x. */
static void REAL(periodic)(size_t n, size_t each, const uint32_t *columns, const real *x, const real *w, const real *b,
                           real *a)
{
    for (size_t j = 0; j < n * each; j++)
        a[j] = v_flush(v_cos(v_flush(v_fma(w[j], x[columns[j / each]], b != NULL ? b[j] : REAL_C(0.0)))));
}

/* Lane c adds elements c, c + LANES ...; then the lanes are added in order. */
static real REAL(lane_sum)(size_t n, const real *x)
{
    real lane[LANES] = {0}, sum;
    for (size_t j = 0; j < n; j++)
        lane[j % LANES] = lane[j % LANES] + x[j];
    sum = lane[0];
    for (size_t c = 1; c < LANES; c++)
        sum = sum + lane[c];
    return sum;
}

static real REAL(lane_sum_of_squares)(size_t n, const real *x)
{
    real lane[LANES] = {0}, sum;
    for (size_t j = 0; j < n; j++)
        lane[j % LANES] = v_fma(x[j], x[j], lane[j % LANES]);
    sum = lane[0];
    for (size_t c = 1; c < LANES; c++)
        sum = sum + lane[c];
    return sum;
}

static void REAL(softmax)(size_t n, const real *z, real *a)
{
    real m = -REAL_INF, sum;
    for (size_t j = 0; j < n; j++)
        m = z[j] > m ? z[j] : m;
    for (size_t j = 0; j < n; j++)
        a[j] = v_exp(z[j] - m);
    sum = REAL(lane_sum)(n, a);
    for (size_t j = 0; j < n; j++)
        a[j] = v_flush(a[j] / sum);
}

/* 1 / sqrt(v + eps), times z; then gamma and beta, where they are not NULL. */
static void REAL(standardize)(size_t n, real mean_of_squares, real eps, const real *gamma, const real *beta, real *a)
{
    const real inverse = REAL_C(1.0) / v_sqrt(mean_of_squares + eps);
    for (size_t j = 0; j < n; j++) {
        const real z = v_flush(v_mul(a[j], inverse));
        a[j] = v_flush(v_fma(gamma != NULL ? gamma[j] : REAL_C(1.0), z, beta != NULL ? beta[j] : REAL_C(0.0)));
    }
}

static void REAL(layer_norm)(size_t n, const real *x, real eps, const real *gamma, const real *beta, real *a)
{
    const real mean = v_flush(REAL(lane_sum)(n, x)) / (real)n;
    for (size_t j = 0; j < n; j++)
        a[j] = v_flush(x[j] - mean);
    REAL(standardize)(n, v_flush(REAL(lane_sum_of_squares)(n, a)) / (real)n, eps, gamma, beta, a);
}

static void REAL(rms_norm)(size_t n, const real *x, real eps, const real *gamma, const real *beta, real *a)
{
    const real mean_of_squares = v_flush(REAL(lane_sum_of_squares)(n, x)) / (real)n;
    for (size_t j = 0; j < n; j++)
        a[j] = x[j];
    REAL(standardize)(n, mean_of_squares, eps, gamma, beta, a);
}

/* With the running mean and variance; gamma and beta where they are not NULL. */
static void REAL(batch_norm)(size_t n, const real *x, real eps, const real *mean, const real *variance, const real *gamma,
                             const real *beta, real *a)
{
    for (size_t j = 0; j < n; j++) {
        const real inverse = REAL_C(1.0) / v_sqrt(variance[j] + eps);
        const real scale = v_flush(v_mul(gamma != NULL ? gamma[j] : REAL_C(1.0), inverse));
        const real shift = v_flush(v_fma(-mean[j], scale, beta != NULL ? beta[j] : REAL_C(0.0)));
        a[j] = v_flush(v_fma(x[j], scale, shift));
    }
}

static void REAL(scale)(size_t n, const real *x, const real *gamma, const real *beta, real *a)
{
    for (size_t j = 0; j < n; j++)
        a[j] = v_flush(v_fma(gamma != NULL ? gamma[j] : REAL_C(1.0), x[j], beta != NULL ? beta[j] : REAL_C(0.0)));
}

/* Of a parametric activation: x + alpha (z - x). */
static inline real REAL(part)(real alpha, real z, real x) { return v_flush(v_fma(alpha, v_flush(v_sub(z, x)), x)); }

static void REAL(sum)(size_t n, const real *x, const real *skip, real *a)
{
    for (size_t j = 0; j < n; j++)
        a[j] = v_flush(x[j] + skip[j]);
}

/* The vector of a category, of n numbers. What is no category counts as category 0. */
static void REAL(embed)(size_t n, size_t n_categories, real category, const real *vectors, real *a)
{
    const size_t k = category >= 0 && category < (real)n_categories ? (size_t)category : 0;
    for (size_t j = 0; j < n; j++)
        a[j] = vectors[k * n + j];
}

static void REAL(copy)(size_t n, const real *x, real *a)
{
    for (size_t j = 0; j < n; j++)
        a[j] = x[j];
}
