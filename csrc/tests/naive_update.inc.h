/* docs/contract.md, "Update". */

/* Scalars of one update, for weights or for biases: in double, then rounded to T. */
typedef struct F(scalars) {
    int decays, shrinks;
    T wd, lr, keep;    /* keep = 1 - lr wd */
    T c, root, eps;    /* root = 1 / sqrt(1 - p2) */
    T c_gradient;      /* nadam: the rate of g */
    T rate1, rest1;    /* momentum, alpha or beta1; 1 - it */
    T rate2, rest2;    /* beta2 */
    T momentum;        /* rmsprop */
    int adaptive;      /* radam */
    T eta_minus, eta_plus, step_min, step_max;
} F(scalars);

/* radam: the rate from c = lr / (1 - p1), and whether the step is adaptive. */
static double F(rectified)(const F(net) *net, double beta2, double c, int *adaptive)
{
    double most = 2.0 / (1.0 - beta2) - 1.0;
    double twice = 2.0 * (double)net->t * net->p2;
    double length = most - twice / (1.0 - net->p2);
    double above = (length - 4.0) * (length - 2.0) * most;
    double below = (most - 4.0) * (most - 2.0) * length;
    *adaptive = length > 5.0;
    return *adaptive ? c * sqrt(above / below) * sqrt(1.0 - net->p2) : c;
}

/* nadam: the momentum of update t. */
static double F(momentum)(const double *params, uint64_t t)
{
    double power = (double)t * params[4];
    power = power * -0.040821994520255166; /* log(0.96) */
    return params[0] * (1.0 - 0.5 * exp_f64(power));
}

static F(scalars) F(make_scalars)(const F(net) *net, const pybp_optimizer *o, const F(layer) *layer, double lr,
                                      int bias)
{
    const double *params = o->params; /* in the order of optimizers.def */
    double wd = 0.0, eps = 0.0, rate1 = 0.0, rate2 = 0.0, c = 0.0, product;
    F(scalars) s = {0};
    double shrink_lr, decay = bias ? 1.0 : F(root)(layer), scale = bias ? 1.0 : F(scale)(layer);
    if (bias)
        lr = lr * o->bias_lr_factor;
    if (layer->desc->has_lr_factors)
        lr = lr * layer->desc->lr_factor;
    if (layer->desc->has_lr_factors && bias)
        lr = lr * layer->desc->bias_lr_factor;
    shrink_lr = lr; /* a decay apart from the gradient acts on W and on the weights kept alike */
    lr = lr * scale;
    switch (o->kind) {
    case PYBP_OPTIMIZER_ADAGRAD:
        wd = params[1];
        eps = params[3];
        product = (double)(net->t - 1) * params[0];
        c = lr / (1.0 + product);
        break;
    case PYBP_OPTIMIZER_RMSPROP:
        rate1 = params[0];
        eps = params[1];
        wd = params[2];
        s.momentum = (T)params[3];
        break;
    case PYBP_OPTIMIZER_ADAM:
    case PYBP_OPTIMIZER_ADAMW:
    case PYBP_OPTIMIZER_ADAMAX:
    case PYBP_OPTIMIZER_RADAM:
    case PYBP_OPTIMIZER_NADAM:
        rate1 = params[0];
        rate2 = params[1];
        eps = params[2];
        wd = params[3];
        c = lr / (1.0 - net->p1);
        if (o->kind == PYBP_OPTIMIZER_RADAM)
            c = F(rectified)(net, rate2, c, &s.adaptive);
        if (o->kind == PYBP_OPTIMIZER_NADAM) {
            double next = F(momentum)(params, net->t + 1);
            c = lr * next / (1.0 - net->p3 * next);
            s.c_gradient = (T)(lr * (1.0 - F(momentum)(params, net->t)) / (1.0 - net->p3));
        }
        break;
    case PYBP_OPTIMIZER_ADADELTA:
        rate1 = params[0];
        eps = params[1];
        wd = params[2];
        break;
    case PYBP_OPTIMIZER_LION:
        rate1 = params[0];
        rate2 = params[1];
        wd = params[2];
        break;
    case PYBP_OPTIMIZER_RPROP:
        s.eta_minus = (T)params[0];
        s.eta_plus = (T)params[1];
        s.step_min = (T)(params[2] * scale);
        s.step_max = (T)(params[3] * scale);
        break;
    default: /* sgd */
        rate1 = params[0];
        wd = params[2];
    }
    if (bias && o->no_bias_decay)
        wd = 0.0;
    product = shrink_lr * wd;
    s.shrinks = o->kind == PYBP_OPTIMIZER_ADAMW || o->kind == PYBP_OPTIMIZER_LION ||
                (o->kind == PYBP_OPTIMIZER_RADAM && params[4] != 0.0) ||
                (o->kind == PYBP_OPTIMIZER_NADAM && params[5] != 0.0);
    s.decays = wd != 0.0 && !s.shrinks;
    s.wd = (T)(wd * decay);
    s.lr = (T)lr;
    s.keep = (T)(1.0 - product);
    s.c = (T)c;
    s.root = (T)(1.0 / sqrt(1.0 - net->p2));
    s.eps = (T)eps;
    s.rate1 = (T)rate1;
    s.rest1 = (T)(1.0 - rate1);
    s.rate2 = (T)rate2;
    s.rest2 = (T)(1.0 - rate2);
    return s;
}

static T F(square)(T x)
{
    return F(fade)(x * x);
}

static double F(power)(double power, double factor)
{
    double next = power * factor;
    return next < 0x1p-511 ? 0.0 : next;
}

static T F(sign)(T x)
{
    return x > C(0.0) ? C(1.0) : x < C(0.0) ? C(-1.0) : x;
}

static void F(rprop)(const F(scalars) *s, T g, T *w, T *before, T *step)
{
    T product = g * *before;
    *step = *step * (product > C(0.0) ? s->eta_plus : product < C(0.0) ? s->eta_minus : C(1.0));
    *step = s->step_min > *step ? s->step_min : *step;
    *step = s->step_max < *step ? s->step_max : *step;
    if (product < C(0.0))
        g = C(0.0);
    *before = g;
    *w = FMA(-F(sign)(g), *step, *w);
}

static void F(rmsprop)(const pybp_optimizer *o, const F(scalars) *s, T g, T *w, T *square, T *velocity, T *mean)
{
    T spread, d;
    *square = F(fade)(FMA(s->rate1, *square, s->rest1 * F(square)(g)));
    spread = *square;
    if (o->params[4] != 0.0) { /* centered */
        *mean = F(flush)(FMA(s->rate1, *mean, s->rest1 * g));
        spread = F(fade)(FMA(-*mean, *mean, *square));
    }
    d = g / (SQRT(spread) + s->eps);
    if (o->params[3] != 0.0) {
        *velocity = F(flush)(FMA(s->momentum, *velocity, d));
        d = *velocity;
    }
    *w = FMA(-s->lr, d, *w);
}

/* One parameter: its gradient g, value *w and states *s1, *s2, *s3. */
static void F(move)(const pybp_optimizer *o, const F(scalars) *s, T g, T *w, T *s1, T *s2, T *s3)
{
    T d;
    int flushes = o->kind != PYBP_OPTIMIZER_SGD;
    if (flushes)
        g = F(flush)(g);
    if (s->shrinks)
        *w = *w * s->keep;
    if (s->decays)
        g = FMA(s->wd, *w, g);
    if (flushes)
        g = F(flush)(g);
    switch (o->kind) {
    case PYBP_OPTIMIZER_ADAGRAD:
        *s1 = F(fade)(FMA(g, g, *s1));
        *w = FMA(-s->c, g / (SQRT(*s1) + s->eps), *w);
        break;
    case PYBP_OPTIMIZER_RMSPROP:
        F(rmsprop)(o, s, g, w, s1, s2, s3);
        break;
    case PYBP_OPTIMIZER_ADAM:
    case PYBP_OPTIMIZER_ADAMW:
        *s1 = F(flush)(FMA(s->rate1, *s1, s->rest1 * g));
        *s2 = F(fade)(FMA(s->rate2, *s2, s->rest2 * F(square)(g)));
        d = *s2;
        if (o->params[4] != 0.0) /* amsgrad */
            d = *s3 = *s3 > *s2 ? *s3 : *s2;
        *w = FMA(-s->c, *s1 / FMA(SQRT(d), s->root, s->eps), *w);
        break;
    case PYBP_OPTIMIZER_NADAM:
        *s1 = F(flush)(FMA(s->rate1, *s1, s->rest1 * g));
        *s2 = F(fade)(FMA(s->rate2, *s2, s->rest2 * F(square)(g)));
        d = FMA(s->c, *s1, s->c_gradient * g);
        *w = *w - d / FMA(SQRT(*s2), s->root, s->eps);
        break;
    case PYBP_OPTIMIZER_ADADELTA:
        *s1 = F(fade)(FMA(s->rate1, *s1, s->rest1 * F(square)(g)));
        d = F(flush)(SQRT(*s2 + s->eps) / SQRT(*s1 + s->eps) * g);
        *s2 = F(fade)(FMA(s->rate1, *s2, s->rest1 * F(square)(d)));
        *w = FMA(-s->lr, d, *w);
        break;
    case PYBP_OPTIMIZER_ADAMAX:
        *s1 = F(flush)(FMA(s->rate1, *s1, s->rest1 * g));
        d = s->rate2 * *s2;
        *s2 = F(flush)(d > ABS(g) + s->eps ? d : ABS(g) + s->eps);
        *w = FMA(-s->c, *s1 / *s2, *w);
        break;
    case PYBP_OPTIMIZER_RADAM:
        *s1 = F(flush)(FMA(s->rate1, *s1, s->rest1 * g));
        *s2 = F(fade)(FMA(s->rate2, *s2, s->rest2 * F(square)(g)));
        *w = FMA(-s->c, s->adaptive ? *s1 / (SQRT(*s2) + s->eps) : *s1, *w);
        break;
    case PYBP_OPTIMIZER_LION:
        *w = FMA(-s->lr, F(sign)(FMA(s->rate1, *s1, s->rest1 * g)), *w);
        *s1 = F(flush)(FMA(s->rate2, *s1, s->rest2 * g));
        break;
    case PYBP_OPTIMIZER_RPROP:
        F(rprop)(s, g, w, s1, s2);
        break;
    default: /* sgd */
        if (o->params[0] == 0.0) {
            *w = FMA(-s->lr, g, *w);
            break;
        }
        *s1 = F(flush)(FMA(s->rate1, *s1, g));
        *w = FMA(-s->lr, o->params[1] != 0.0 ? FMA(s->rate1, *s1, g) : *s1, *w);
    }
}

static void F(clip)(F(net) *net, const pybp_optimizer *o)
{
    if (o->clip_norm > 0.0) {
        double total = 0.0;
        for (size_t k = 0; k < net->n; k++)
            net->g[k] = F(flush)(net->g[k]);
        for (size_t block = 0; block < net->n; block += NORM_BLOCK) {
            double sum = 0.0;
            for (size_t k = block; k < net->n && k < block + NORM_BLOCK; k++)
                sum = fma((double)net->g[k], (double)net->g[k], sum);
            total = block ? total + sum : sum;
        }
        double f = o->clip_norm / (sqrt(total) + 1e-6);
        for (size_t k = 0; f < 1.0 && k < net->n; k++)
            net->g[k] = F(flush)(net->g[k] * (T)f);
    }
    if (o->clip_value > 0.0) {
        T v = (T)o->clip_value;
        for (size_t k = 0; k < net->n; k++) {
            net->g[k] = net->g[k] < -v ? -v : net->g[k];
            net->g[k] = net->g[k] > v ? v : net->g[k];
        }
    }
}

static void F(update)(F(net) *net, const pybp_optimizer *o, double lr)
{
    net->t = net->t + 1;
    if (o->kind == PYBP_OPTIMIZER_ADAM || o->kind == PYBP_OPTIMIZER_ADAMW ||
        o->kind == PYBP_OPTIMIZER_ADAMAX || o->kind == PYBP_OPTIMIZER_RADAM ||
        o->kind == PYBP_OPTIMIZER_NADAM) {
        net->p1 = F(power)(net->p1, o->params[0]);
        net->p2 = F(power)(net->p2, o->params[1]);
    }
    if (o->kind == PYBP_OPTIMIZER_NADAM)
        net->p3 = F(power)(net->p3, F(momentum)(o->params, net->t));
    F(clip)(net, o);

    T none = C(0.0);
    for (size_t l = 0; l < net->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        const F(scalars) of_weights = F(make_scalars)(net, o, layer, lr, 0);
        const F(scalars) of_biases = F(make_scalars)(net, o, layer, lr, 1);
        for (size_t j = 0; !layer->desc->frozen && j < layer->n_out; j++)
            for (size_t i = 0; i < layer->stride; i++) {
                size_t k = layer->first + j * layer->stride + i;
                if (o->kind == PYBP_OPTIMIZER_RPROP && net->t == 1) /* the first steps */
                    net->state2[k] = (i < layer->fan ? &of_weights : &of_biases)->lr;
                F(move)(o, i < layer->fan ? &of_weights : &of_biases, net->g[k], &net->p[k],
                        net->state1 ? &net->state1[k] : &none, net->state2 ? &net->state2[k] : &none,
                        net->state3 ? &net->state3[k] : &none);
                net->p[k] = F(flush)(net->p[k]);
            }
    }
}

/* New states. */
static void F(start_state)(F(net) *net, const pybp_optimizer *o)
{
    const double *params = o->params;
    int adam = o->kind == PYBP_OPTIMIZER_ADAM || o->kind == PYBP_OPTIMIZER_ADAMW;
    int rmsprop = o->kind == PYBP_OPTIMIZER_RMSPROP;
    int one = o->kind == PYBP_OPTIMIZER_SGD ? params[0] > 0.0 : 1;
    int two = rmsprop ? params[3] > 0.0
                      : o->kind != PYBP_OPTIMIZER_SGD && o->kind != PYBP_OPTIMIZER_ADAGRAD &&
                            o->kind != PYBP_OPTIMIZER_LION;
    int three = (adam || rmsprop) && params[4] > 0.0;
    net->state1 = one ? need(net->n, sizeof(T)) : NULL;
    net->state2 = two ? need(net->n, sizeof(T)) : NULL;
    net->state3 = three ? need(net->n, sizeof(T)) : NULL;
    for (size_t k = 0; o->kind == PYBP_OPTIMIZER_ADAGRAD && k < net->n; k++)
        net->state1[k] = (T)o->params[2];
    net->t = 0;
    net->p1 = net->p2 = net->p3 = 1.0;
}
