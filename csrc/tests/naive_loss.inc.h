/* Losses of one output: docs/contract.md, "Loss of a row, and its delta". */

/* binary_cross_entropy; gives delta. */
static T F(binary_term)(const pybp_loss_spec *spec, size_t j, T z, T a, T y, T scale, T *delta)
{
    size_t n = spec->n_params > 0 ? (size_t)spec->n_params : 1, ones = 0;
    T s = F(log1p)(F(exp)(-ABS(z))), above = C(0.0) > z ? C(0.0) : z;
    for (size_t k = 0; k < n; k++)
        ones += (T)naive_loss_param(spec, k, 1.0) == C(1.0);
    if (ones == n) {
        T product = z * y;
        *delta = F(flush)(F(flush)(a - y) * scale);
        return (above - product) + s;
    }
    T yes = (T)spec->params[j % n] * y, no = C(1.0) - y, below = C(0.0) > -z ? C(0.0) : -z;
    above = above + s;
    below = below + s;
    *delta = F(flush)(F(flush)(FMA(a, yes + no, -yes)) * scale);
    T other = no * above;
    return FMA(yes, below, other);
}

static T F(log_cosh)(T d)
{
    T h = ABS(d), c = C(40.0) < h ? C(40.0) : h, e = F(expm1)(c), w = C(1.0) + e;
    if (h > C(1.0)) {
        T square = w * w;
        return h + (F(log1p)(C(1.0) / square) - C(0.69314718055994531));
    }
    T square = e * e;
    return F(log1p)(square / (w + w));
}

/* The others: the row's loss is the lane sum of p q, and g = dL/da times scale. */
static void F(loss_term)(const pybp_loss_spec *spec, size_t j, T a, T y, T scale, T *p, T *q, T *g)
{
    T d = F(flush)(a - y), t = y == C(0.0) ? -C(1.0) : y, m;
    T sign = d > C(0.0) ? C(1.0) : d < C(0.0) ? -C(1.0) : d;
    *q = C(1.0);
    switch (spec->kind) {
    case PYBP_LOSS_MAE:
        *p = ABS(d);
        *g = sign;
        break;
    case PYBP_LOSS_HUBER:
        m = (T)naive_loss_param(spec, 0, 1.0);
        m = m < ABS(d) ? m : ABS(d);
        *p = m;
        *q = FMA(-C(0.5), m, ABS(d));
        *g = signbit(d) ? -m : m;
        break;
    case PYBP_LOSS_LOG_COSH:
        *p = F(log_cosh)(d);
        *g = F(tanh)(d);
        break;
    case PYBP_LOSS_QUANTILE: {
        size_t n = spec->n_params > 0 ? (size_t)spec->n_params : 1;
        double quantile = naive_loss_param(spec, j % n, 0.5);
        T over = (T)(1.0 - quantile), under = (T)quantile;
        *p = d > C(0.0) ? over : under;
        *q = ABS(d);
        *g = d > C(0.0) ? over : d < C(0.0) ? -under : d;
        break;
    }
    case PYBP_LOSS_POISSON:
        *p = FMA(-a, y, F(exp)(a));
        *g = F(exp)(a) - y;
        break;
    case PYBP_LOSS_HINGE:
    case PYBP_LOSS_SQUARED_HINGE:
        m = FMA(-t, a, C(1.0));
        m = C(0.0) > m ? C(0.0) : m;
        *p = m;
        if (spec->kind == PYBP_LOSS_SQUARED_HINGE)
            *q = m;
        *g = spec->kind == PYBP_LOSS_SQUARED_HINGE ? (m + m) * -t : m > C(0.0) ? -t : C(0.0);
        break;
    default: /* squared_error, mse */
        *p = *q = d;
        *g = spec->kind == PYBP_LOSS_MSE ? C(2.0) * d : d;
        break;
    }
    *g = F(flush)(F(flush)(*g) * scale);
}
