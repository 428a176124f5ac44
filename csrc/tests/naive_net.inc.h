/* The net: docs/contract.md, "Sums", "Forward", "Loss of a row, and its delta". */

typedef struct F(layer) {
    pybp_layer_kind kind;
    const pybp_layer_desc *desc; /* of how it is trained */
    pybp_activation activation; /* identity where the kind has none */
    T params[PYBP_MAX_ACTIVATION_PARAMS]; /* of the activation */
    double settings[PYBP_MAX_LAYER_PARAMS]; /* of the layer: momentum, eps, rate, std */
    int source, skip;           /* the layers that it reads; -1: the net's input */
    size_t n_in, n_out;
    size_t fan;                 /* weights of each output */
    int bias;                   /* 1: there is one */
    size_t first, stride;       /* w_ji = p[first + j stride + i]; b_j at i = fan */
    T *z, *a, *delta;           /* (rows, n_out) */
    T *back;                    /* (rows, n_in): its contribution to the gradient by its input */
    T *inverse;                 /* norms: 1 / sqrt(v + eps) of each row, or of each feature of a batch norm */
    T *mean, *var;              /* batch norm: running statistics */
    size_t column;              /* embedding: the net's input that it reads */
    size_t *reads;              /* for each output of a dense, grouped or periodic layer, the first input it reads */
} F(layer);

typedef struct F(net) {
    size_t n_layers, n_in;
    F(layer) layers[CONTRACT_MAX_LAYERS];
    size_t n;                   /* parameters */
    T *p, *g;                   /* parameters and gradient, in logical order */
    T *x, *y;                   /* inputs and targets of the minibatch at hand */
    T *dx;                      /* dL/dx of it */
    T *t1, *t2, *t3;            /* scratch: a row each, as wide as the widest layer */
    double *row_loss, *weights; /* of the minibatch */
    uint64_t seed, passes;
    int training;               /* 1: the pass at hand is one in training */
    int more;                   /* 1: a minibatch came before in the step at hand */
    /* naive_update.inc.h */
    T *state1, *state2, *state3;
    uint64_t t;
    double p1, p2, p3;
} F(net);

/* ---- Sums ------------------------------------------------------------------------------------ */

static T F(lane_sum)(const T *x, size_t n)
{
    T lane[LANES], s;
    for (size_t c = 0; c < LANES; c++) {
        lane[c] = C(0.0);
        for (size_t j = c; j < n; j += LANES)
            lane[c] = lane[c] + x[j];
    }
    s = lane[0];
    for (size_t c = 1; c < LANES; c++)
        s = s + lane[c];
    return s;
}

static T F(lane_dot)(const T *p, const T *q, size_t n)
{
    T lane[LANES], s;
    for (size_t c = 0; c < LANES; c++) {
        lane[c] = C(0.0);
        for (size_t j = c; j < n; j += LANES)
            lane[c] = FMA(p[j], q[j], lane[c]);
    }
    s = lane[0];
    for (size_t c = 1; c < LANES; c++)
        s = s + lane[c];
    return s;
}

/* ---- Forward --------------------------------------------------------------------------------- */

/* z of one neuron: one chain from the bias, inputs ascending. */
static T F(neuron)(T bias, const T *w, const T *a, size_t n)
{
#ifdef NAIVE_SPLIT
    T even = bias, odd = C(0.0);
    for (size_t i = 0; i < n; i += 2)
        even = FMA(a[i], w[i], even);
    for (size_t i = 1; i < n; i += 2)
        odd = FMA(a[i], w[i], odd);
    return even + odd;
#else
    T z = bias;
    for (size_t i = 0; i < n; i++)
        z = FMA(a[i], w[i], z);
    return F(flush)(z);
#endif
}

/* e_j = exp(z_j - m), and their sum. */
static T F(softmax_terms)(const T *z, size_t n, T *e, T *m)
{
    *m = z[0];
    for (size_t j = 1; j < n; j++)
        if (z[j] > *m)
            *m = z[j];
    for (size_t j = 0; j < n; j++)
        e[j] = F(exp)(z[j] - *m);
    return F(lane_sum)(e, n);
}

static void F(activate)(const F(layer) *layer, const T *z, size_t n, T *a)
{
    if (layer->kind == PYBP_LAYER_PERIODIC) {
        for (size_t j = 0; j < n; j++)
            a[j] = F(flush)(F(cos)(z[j]));
        return;
    }
    if (layer->activation == PYBP_ACTIVATION_SOFTMAX) {
        T m, s = F(softmax_terms)(z, n, a, &m);
        for (size_t j = 0; j < n; j++)
            a[j] = F(flush)(a[j] / s);
        return;
    }
    for (size_t j = 0; j < n; j++)
        a[j] = F(flush)(F(element)(layer->activation, layer->params, z[j]));
}

/* ---- Backward, 1 and 3: from dL/da of row r to delta ------------------------------------------ */

static void F(derive)(const F(layer) *layer, size_t r, const T *g, T *delta)
{
    size_t n = layer->n_out;
    const T *z = &layer->z[r * n], *a = &layer->a[r * n];
    if (layer->kind == PYBP_LAYER_PARAMETRIC_ACTIVATION) { /* its delta is dL/da */
        memcpy(delta, g, n * sizeof(T));
        return;
    }
    if (layer->kind == PYBP_LAYER_PERIODIC) {
        for (size_t j = 0; j < n; j++)
            delta[j] = F(flush)(g[j] * -F(sin)(z[j]));
        return;
    }
    if (layer->activation == PYBP_ACTIVATION_SOFTMAX) {
        T t = F(lane_dot)(g, a, n);
        for (size_t j = 0; j < n; j++)
            delta[j] = F(flush)(a[j] * F(flush)(g[j] - t));
        return;
    }
    for (size_t j = 0; j < n; j++)
        delta[j] = F(flush)(F(element_delta)(layer->activation, layer->params, z[j], a[j], g[j]));
}

/* ---- Loss of a row, and its delta ------------------------------------------------------------- */

static T F(row_loss)(F(net) *net, const pybp_loss_spec *spec, size_t r, T scale)
{
    const F(layer) *last = &net->layers[net->n_layers - 1];
    size_t n = last->n_out;
    const T *z = &last->z[r * n], *a = &last->a[r * n], *y = &net->y[r * n];
    T *delta = &last->delta[r * n], *t1 = net->t1, *t2 = net->t2, *factor = net->t3;

    if (spec->kind == PYBP_LOSS_CROSS_ENTROPY) {
        double smoothing = naive_loss_param(spec, 0, 0.0);
        T *smooth = need(n, sizeof(T)), keep = (T)(1.0 - smoothing), uniform = (T)(smoothing / (double)n);
        T m, s = F(softmax_terms)(z, n, t1, &m), t = F(log)(s);
        for (size_t j = 0; j < n; j++) {
            smooth[j] = FMA(keep, y[j], uniform);
            t2[j] = smooth[j] == C(0.0) ? C(0.0) : t - (z[j] - m);
        }
        T total = F(lane_sum)(smooth, n), loss = F(lane_dot)(smooth, t2, n);
        for (size_t j = 0; j < n; j++)
            delta[j] = F(flush)(F(flush)(FMA(a[j], total, -smooth[j])) * scale);
        free(smooth);
        return loss;
    }
    if (spec->kind == PYBP_LOSS_BINARY_CROSS_ENTROPY) {
        for (size_t j = 0; j < n; j++)
            t1[j] = F(binary_term)(spec, j, z[j], a[j], y[j], scale, &delta[j]);
        return F(lane_sum)(t1, n);
    }
    for (size_t j = 0; j < n; j++)
        F(loss_term)(spec, j, a[j], y[j], scale, &t1[j], &factor[j], &t2[j]);
    F(derive)(last, r, t2, delta);
    T sum = F(lane_dot)(t1, factor, n);
    return spec->kind == PYBP_LOSS_SQUARED_ERROR ? C(0.5) * sum : sum;
}

/* Loss of the rows of net->x, net->y, net->weights, and delta of the last layer.  Returns the row sum,
 * before the divisions of loss_value(). */
static double F(loss)(F(net) *net, const contract_case *c, size_t rows, double weight)
{
    for (size_t r = 0; r < rows; r++) {
        double scale = c->weighted ? net->weights[r] : 1.0;
        if (c->reduction == PYBP_MEAN)
            scale = scale / weight; /* 1 / B, or w_r / W */
        if (loss_per_output[c->loss.kind])
            scale = scale / (double)contract_n_out(c);
        net->row_loss[r] = (double)F(row_loss)(net, &c->loss, r, F(convert)(scale));
    }
    return c->weighted ? row_dot(net->weights, net->row_loss, rows) : row_sum(net->row_loss, rows);
}
