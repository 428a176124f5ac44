/* docs/contract.md, "Training options of a layer". */

/* sqrt(fan) with NTK, 1 / (2 pi) of a periodic layer, else 1: W is this times the weights kept. */
static double F(root)(const F(layer) *layer)
{
    if (layer->kind == PYBP_LAYER_PERIODIC)
        return 0.15915494309189535;
    return layer->desc->parametrization == PYBP_NTK ? sqrt((double)layer->fan) : 1.0;
}

static double F(scale)(const F(layer) *layer)
{
    return 1.0 / F(root)(layer);
}

static int F(penalized)(const F(layer) *layer)
{
    return !layer->desc->frozen && layer->fan > 0 && (layer->desc->l1 > 0.0 || layer->desc->l2 > 0.0);
}

static double F(squares)(const T *w, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++)
        sum = fma((double)w[i], (double)w[i], sum);
    return sum;
}

static double F(penalty)(const F(net) *net)
{
    double penalty = 0.0;
    for (size_t l = 0; l < net->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        double u = F(root)(layer), l1 = layer->desc->l1 * u, l2 = 0.5 * layer->desc->l2 * (u * u);
        for (size_t j = 0; F(penalized)(layer) && j < layer->n_out; j++) {
            const T *w = &net->p[layer->first + j * layer->stride];
            double absolute = 0.0, term;
            for (size_t i = 0; i < layer->fan; i++)
                absolute = absolute + fabs((double)w[i]);
            term = l1 * absolute;
            penalty = penalty + (term + l2 * F(squares)(w, layer->fan));
        }
    }
    return penalty;
}

/* What a step's penalty adds to the epoch's sum of losses. */
static double F(penalty_part)(const F(net) *net, const contract_case *c, double part, double weight)
{
    double penalty = F(penalty)(net) * part;
    if (c->loss.kind < PYBP_N_LOSSES && loss_per_output[c->loss.kind])
        penalty = penalty * (double)contract_n_out(c);
    return c->reduction == PYBP_MEAN ? penalty * weight : penalty;
}

/* From the gradient of the loss by the weights kept to that of loss and penalty by W; 0 where a layer is frozen. */
static void F(whole_gradient)(F(net) *net, double part)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        double by_part = layer->desc->l2 * F(root)(layer) * part;
        T l1 = (T)(layer->desc->l1 * part), l2 = (T)by_part;
        for (size_t j = 0; j < layer->n_out; j++)
            for (size_t i = 0; i < layer->stride; i++) {
                T *g = &net->g[layer->first + j * layer->stride + i];
                T w = net->p[layer->first + j * layer->stride + i];
                if (layer->desc->frozen)
                    *g = C(0.0);
                else if (i < layer->fan) {
                    if (F(root)(layer) != 1.0)
                        *g = F(flush)(F(flush)(*g) * (T)F(scale)(layer));
                    if (layer->desc->l1 > 0.0)
                        *g = F(flush)(FMA(l1, w > C(0.0) ? C(1.0) : w < C(0.0) ? C(-1.0) : w, F(flush)(*g)));
                    if (layer->desc->l2 > 0.0)
                        *g = F(flush)(FMA(l2, w, F(flush)(*g)));
                }
            }
    }
}

static void F(constrain)(F(net) *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        double limit = layer->desc->max_norm * F(scale)(layer);
        for (size_t j = 0; !layer->desc->frozen && limit > 0.0 && j < layer->n_out; j++) {
            T *w = &net->p[layer->first + j * layer->stride];
            double norm = sqrt(F(squares)(w, layer->fan));
            for (size_t i = 0; norm > limit && i < layer->fan; i++)
                w[i] = F(flush)(w[i] * (T)(limit / norm));
        }
    }
}
