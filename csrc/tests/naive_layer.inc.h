/* Every kind of layer for itself: docs/contract.md, "Layers"; of dense layers also "Forward" 1 and "Backward" 2, 4. */

/* ---- what several kinds use ----------------------------------------------------------------------- */

static const T *F(output_of)(const F(net) *net, int place)
{
    return place < 0 ? net->x : net->layers[place].a;
}

static T F(gamma)(const F(net) *net, const F(layer) *layer, size_t j)
{
    return layer->fan ? net->p[layer->first + j * layer->stride] : C(1.0);
}

static T F(beta)(const F(net) *net, const F(layer) *layer, size_t j)
{
    return layer->bias ? net->p[layer->first + j * layer->stride + layer->fan] : C(0.0);
}

/* The row chain of t[0], t[n], t[2 n] ..., whose chunks are added to `before` if there is `more` than them. */
static T F(row_chain)(T before, int more, const T *t, size_t n, size_t rows)
{
    T s = before;
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        T c = C(0.0);
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++)
            c = c + t[r * n];
        s = chunk || more ? s + c : c;
    }
    return s;
}

/* Of the products p q. */
static T F(row_chain_dot)(T before, int more, const T *p, const T *q, size_t n, size_t rows)
{
    T s = before;
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        T c = C(0.0);
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++)
            c = FMA(p[r * n], q[r * n], c);
        s = chunk || more ? s + c : c;
    }
    return s;
}

static T F(inverse_root)(T v, double eps)
{
    T inside = v + (T)eps;
    return C(1.0) / SQRT(inside);
}

/* ---- dense, grouped_dense, periodic: output j reads `fan` inputs from reads[j] on ------------------- */

static void F(dense_forward)(const F(net) *net, const F(layer) *layer, const T *x, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t j = 0; j < layer->n_out; j++)
            layer->z[r * layer->n_out + j] =
                F(neuron)(F(beta)(net, layer, j), &net->p[layer->first + j * layer->stride],
                          &x[r * layer->n_in + layer->reads[j]], layer->fan);
}

static void F(dense_back)(const F(net) *net, const F(layer) *layer, size_t rows)
{
    for (size_t r = 0; r < rows; r++)
        for (size_t i = 0; i < layer->n_in; i++) {
            T back = C(0.0);
            for (size_t j = 0; j < layer->n_out; j++)
                if (i >= layer->reads[j] && i < layer->reads[j] + layer->fan)
                    back = FMA(layer->delta[r * layer->n_out + j],
                               net->p[layer->first + j * layer->stride + i - layer->reads[j]], back);
            layer->back[r * layer->n_in + i] = F(flush)(back);
        }
}

/* dL/dw_ji, added to g as a row chain; i = fan is the bias. */
static T F(dense_gradient)(T g, int more, const F(layer) *layer, const T *x, size_t j, size_t i, size_t rows)
{
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        T sum = C(0.0);
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++)
            sum = FMA(layer->delta[r * layer->n_out + j],
                      i < layer->fan ? x[r * layer->n_in + layer->reads[j] + i] : C(1.0), sum);
        g = chunk || more ? g + sum : sum;
    }
    return g;
}

/* ---- batch_norm --------------------------------------------------------------------------------------- */

/* Feature j of the minibatch. */
static void F(batch_norm_train)(const F(net) *net, const F(layer) *layer, const T *x, size_t rows, size_t j)
{
    size_t n = layer->n_out;
    T *z = &layer->z[j], momentum = (T)layer->settings[0];
    T m = F(row_chain)(C(0.0), 0, &x[j], n, rows) / (T)(double)rows;
    for (size_t r = 0; r < rows; r++)
        z[r * n] = F(flush)(x[r * n + j] - m);
    T q = F(row_chain_dot)(C(0.0), 0, z, z, n, rows);
    T i = F(inverse_root)(q / (T)(double)rows, layer->settings[1]);
    layer->inverse[j] = i;
    for (size_t r = 0; r < rows; r++) {
        z[r * n] = F(flush)(z[r * n] * i);
        layer->a[r * n + j] = F(flush)(FMA(F(gamma)(net, layer, j), z[r * n], F(beta)(net, layer, j)));
    }
    T unbiased = q / (T)(double)(rows - 1);
    layer->mean[j] = F(flush)(FMA(momentum, m - layer->mean[j], layer->mean[j]));
    layer->var[j] = F(flush)(FMA(momentum, unbiased - layer->var[j], layer->var[j]));
}

static void F(batch_norm_apply)(const F(net) *net, const F(layer) *layer, const T *x, size_t rows, size_t j)
{
    size_t n = layer->n_out;
    T i = F(inverse_root)(layer->var[j], layer->settings[1]);
    T s = F(flush)(F(gamma)(net, layer, j) * i), t = F(flush)(FMA(-layer->mean[j], s, F(beta)(net, layer, j)));
    layer->inverse[j] = i;
    for (size_t r = 0; r < rows; r++) {
        layer->z[r * n + j] = F(flush)(F(flush)(x[r * n + j] - layer->mean[j]) * i);
        layer->a[r * n + j] = F(flush)(FMA(x[r * n + j], s, t));
    }
}

static void F(batch_norm_back)(const F(net) *net, const F(layer) *layer, size_t rows, size_t j)
{
    size_t n = layer->n_out;
    const T *g = &layer->delta[j], *z = &layer->z[j];
    T w = F(flush)(F(gamma)(net, layer, j) * layer->inverse[j]);
    if (!net->training) {
        for (size_t r = 0; r < rows; r++)
            layer->back[r * n + j] = F(flush)(g[r * n] * w);
        return;
    }
    T b = F(flush)(F(row_chain)(C(0.0), 0, g, n, rows)) / (T)(double)rows;
    T d = F(flush)(F(row_chain_dot)(C(0.0), 0, g, z, n, rows)) / (T)(double)rows;
    for (size_t r = 0; r < rows; r++)
        layer->back[r * n + j] = F(flush)(w * F(flush)(FMA(-z[r * n], d, g[r * n] - b)));
}

/* ---- layer_norm, rms_norm ------------------------------------------------------------------------------ */

static void F(row_norm_forward)(const F(net) *net, const F(layer) *layer, const T *x, size_t r)
{
    size_t n = layer->n_out;
    T *z = &layer->z[r * n], m = C(0.0);
    if (layer->kind == PYBP_LAYER_LAYER_NORM)
        m = F(flush)(F(lane_sum)(x, n)) / (T)(double)n;
    for (size_t j = 0; j < n; j++)
        z[j] = layer->kind == PYBP_LAYER_LAYER_NORM ? F(flush)(x[j] - m) : x[j];
    T i = F(inverse_root)(F(flush)(F(lane_dot)(z, z, n)) / (T)(double)n, layer->settings[0]);
    layer->inverse[r] = i;
    for (size_t j = 0; j < n; j++) {
        z[j] = F(flush)(z[j] * i);
        layer->a[r * n + j] = F(flush)(FMA(F(gamma)(net, layer, j), z[j], F(beta)(net, layer, j)));
    }
}

static void F(row_norm_back)(const F(net) *net, const F(layer) *layer, size_t r)
{
    size_t n = layer->n_out;
    const T *z = &layer->z[r * n];
    T *h = net->t1, i = layer->inverse[r];
    for (size_t j = 0; j < n; j++)
        h[j] = F(flush)(layer->delta[r * n + j] * F(gamma)(net, layer, j));
    T s1 = F(flush)(F(lane_sum)(h, n)) / (T)(double)n, s2 = F(flush)(F(lane_dot)(h, z, n)) / (T)(double)n;
    for (size_t j = 0; j < n; j++) {
        T above = layer->kind == PYBP_LAYER_LAYER_NORM ? h[j] - s1 : h[j];
        layer->back[r * n + j] = F(flush)(i * F(flush)(FMA(-z[j], s2, above)));
    }
}

/* ---- parametric_activation -------------------------------------------------------------------------------- */

static void F(parametric_forward)(const F(net) *net, const F(layer) *layer, const T *x, size_t rows)
{
    size_t n = layer->n_out;
    for (size_t k = 0; k < rows * n; k++) {
        layer->z[k] = F(flush)(F(element)(layer->activation, layer->params, x[k]));
        T way = F(flush)(layer->z[k] - x[k]);
        layer->a[k] = F(flush)(FMA(F(gamma)(net, layer, k % n), way, x[k]));
    }
}

static void F(parametric_back)(const F(net) *net, const F(layer) *layer, const T *x, size_t rows)
{
    size_t n = layer->n_out;
    for (size_t k = 0; k < rows * n; k++) {
        T g = layer->delta[k], alpha = F(gamma)(net, layer, k % n), h = F(flush)(g * alpha);
        T through = F(flush)(F(element_delta)(layer->activation, layer->params, x[k], layer->z[k], h));
        layer->back[k] = F(flush)(through + FMA(-g, alpha, g));
    }
}

/* dL/d alpha of feature j, likewise. */
static T F(parametric_gradient)(T s, int more, const F(layer) *layer, const T *x, size_t j, size_t rows)
{
    size_t n = layer->n_out;
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        T c = C(0.0);
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++) {
            T way = F(flush)(layer->z[r * n + j] - x[r * n + j]);
            c = FMA(layer->delta[r * n + j], way, c);
        }
        s = chunk || more ? s + c : c;
    }
    return s;
}

/* ---- dropout, alpha_dropout, gaussian_noise ---------------------------------------------------------- */

/* z: by how much element (r, j) is multiplied, or the noise that is added to it. */
static void F(disturb)(const F(net) *net, const F(layer) *layer, T x, size_t r, size_t j)
{
    uint64_t l = (uint64_t)(layer - net->layers), pass = net->passes;
    size_t at = r * layer->n_out + j;
    if (layer->kind == PYBP_LAYER_GAUSSIAN_NOISE) {
        double u = uniform(word3(net->seed, STREAM_MASKS, l, pass, at));
        layer->z[at] = F(convert)(layer->settings[0] * inverse_normal(u));
        layer->a[at] = F(flush)(x + layer->z[at]);
        return;
    }
    unsigned threshold = dropped_numbers(layer->settings[0]);
    int kept = mask_number(net->seed, l, pass, layer->n_out, r, j) >= threshold;
    double dropped = 0.0, scale = 65536.0 / (65536.0 - (double)threshold), shift = 0.0;
    if (layer->kind == PYBP_LAYER_ALPHA_DROPOUT)
        alpha_constants(threshold, &scale, &shift, &dropped);
    layer->z[at] = kept ? (T)scale : C(0.0);
    layer->a[at] = F(flush)(kept ? FMA(x, (T)scale, (T)shift) : (T)dropped);
}

static int F(multiplies)(const F(net) *net, const F(layer) *layer)
{
    return net->training && (layer->kind == PYBP_LAYER_DROPOUT || layer->kind == PYBP_LAYER_ALPHA_DROPOUT);
}

/* ---- concat ---------------------------------------------------------------------------------------------- */

static void F(concat_forward)(const F(net) *net, const F(layer) *layer, const T *x, size_t r)
{
    size_t n = layer->n_in, m = layer->n_out - n;
    memcpy(&layer->a[r * layer->n_out], &x[r * n], n * sizeof(T));
    memcpy(&layer->a[r * layer->n_out + n], &F(output_of)(net, layer->skip)[r * m], m * sizeof(T));
}

/* ---- embedding, join ------------------------------------------------------------------------------------ */

static size_t F(category)(const F(net) *net, const F(layer) *layer, size_t r)
{
    return (size_t)net->x[r * net->n_in + layer->column];
}

/* dL/dw_jk, likewise. */
static T F(embedding_gradient)(T g, int more, const F(net) *net, const F(layer) *layer, size_t j, size_t k,
                               size_t rows)
{
    for (size_t chunk = 0; chunk < rows; chunk += CHUNK) {
        T c = C(0.0);
        for (size_t r = chunk; r < rows && r < chunk + CHUNK; r++)
            if (F(category)(net, layer, r) == k)
                c = c + layer->delta[r * layer->n_out + j];
        g = chunk || more ? g + c : c;
    }
    return g;
}

/* Whether no embedding reads this column of the net's input. */
static int F(is_numeric)(const F(net) *net, size_t column)
{
    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layers[l].kind == PYBP_LAYER_EMBEDDING && net->layers[l].column == column)
            return 0;
    return 1;
}

static void F(join_forward)(const F(net) *net, const F(layer) *join, size_t r)
{
    T *a = &join->a[r * join->n_out];
    for (size_t i = 0; i < net->n_in; i++)
        if (F(is_numeric)(net, i))
            *a++ = net->x[r * net->n_in + i];
    for (const F(layer) *e = net->layers; e < join; e++)
        for (size_t j = 0; j < e->n_out; j++)
            *a++ = e->a[r * e->n_out + j];
}

/* Row r of the contribution of the join, from its delta, to layer `to`, an embedding or -1. */
static void F(join_back)(const F(net) *net, const F(layer) *join, int to, size_t r, T *g)
{
    const T *delta = &join->delta[r * join->n_out];
    for (size_t i = 0; i < net->n_in; i++) {
        T given = F(is_numeric)(net, i) ? *delta++ : C(0.0);
        if (to < 0)
            g[i] = given;
    }
    for (const F(layer) *e = net->layers; to >= 0 && e < join; delta += e++->n_out)
        if (e == &net->layers[to])
            memcpy(g, delta, e->n_out * sizeof(T));
}
