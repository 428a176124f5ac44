/* A pass through all layers: docs/contract.md, "Layers" and "Backward". */

static int F(is_dense)(const F(layer) *layer)
{
    return layer->kind == PYBP_LAYER_DENSE || layer->kind == PYBP_LAYER_GROUPED_DENSE ||
           layer->kind == PYBP_LAYER_PERIODIC;
}

static int F(has_activation)(const F(layer) *layer)
{
    return F(is_dense)(layer) || layer->kind == PYBP_LAYER_ACTIVATION;
}

/* z and a of a layer for all rows. */
static void F(layer_forward)(const F(net) *net, const F(layer) *layer, size_t rows)
{
    const T *x = F(output_of)(net, layer->source);
    size_t n = layer->n_out;
    switch (layer->kind) {
    case PYBP_LAYER_DENSE:
    case PYBP_LAYER_GROUPED_DENSE:
    case PYBP_LAYER_PERIODIC:
        F(dense_forward)(net, layer, x, rows);
        break;
    case PYBP_LAYER_ACTIVATION:
        memcpy(layer->z, x, rows * n * sizeof(T));
        break;
    case PYBP_LAYER_BATCH_NORM:
        for (size_t j = 0; j < n; j++)
            (net->training ? F(batch_norm_train) : F(batch_norm_apply))(net, layer, x, rows, j);
        break;
    case PYBP_LAYER_LAYER_NORM:
    case PYBP_LAYER_RMS_NORM:
        for (size_t r = 0; r < rows; r++)
            F(row_norm_forward)(net, layer, &x[r * n], r);
        break;
    case PYBP_LAYER_SCALE:
        for (size_t k = 0; k < rows * n; k++)
            layer->a[k] = F(flush)(FMA(F(gamma)(net, layer, k % n), x[k], F(beta)(net, layer, k % n)));
        break;
    case PYBP_LAYER_DROPOUT:
    case PYBP_LAYER_ALPHA_DROPOUT:
    case PYBP_LAYER_GAUSSIAN_NOISE:
        for (size_t k = 0; k < rows * n; k++)
            if (net->training)
                F(disturb)(net, layer, x[k], k / n, k % n);
            else
                layer->a[k] = x[k];
        break;
    case PYBP_LAYER_PARAMETRIC_ACTIVATION:
        F(parametric_forward)(net, layer, x, rows);
        break;
    case PYBP_LAYER_ADD:
        for (size_t k = 0; k < rows * n; k++)
            layer->a[k] = F(flush)(x[k] + F(output_of)(net, layer->skip)[k]);
        break;
    case PYBP_LAYER_CONCAT:
        for (size_t r = 0; r < rows; r++)
            F(concat_forward)(net, layer, x, r);
        break;
    case PYBP_LAYER_EMBEDDING:
        for (size_t k = 0; k < rows * n; k++)
            layer->a[k] = net->p[layer->first + k % n * layer->stride + F(category)(net, layer, k / n)];
        break;
    default: /* join */
        for (size_t r = 0; r < rows; r++)
            F(join_forward)(net, layer, r);
    }
    for (size_t r = 0; r < rows && F(has_activation)(layer); r++)
        F(activate)(layer, &layer->z[r * n], n, &layer->a[r * n]);
}

/* The net as it looks from row `first` of its arrays on. */
static F(net) F(from_row)(const F(net) *net, size_t first)
{
    F(net) part = *net;
    part.x += first * net->n_in;
    part.dx += first * net->n_in;
    part.more = first > 0;
    for (size_t l = 0; l < net->n_layers; l++) {
        F(layer) *layer = &part.layers[l];
        layer->z += first * layer->n_out;
        layer->a += first * layer->n_out;
        layer->delta += first * layer->n_out;
        layer->back += first * layer->n_in;
        layer->inverse += first * layer->n_out;
    }
    return part;
}

/* net->x to z and a of every layer, `batch` rows in a minibatch; each in training is a pass. */
static void F(forward)(F(net) *net, size_t rows, size_t batch, int training)
{
    net->training = training;
    for (size_t first = 0; first < rows; first += batch) {
        F(net) part = F(from_row)(net, first);
        for (size_t l = 0; l < net->n_layers; l++)
            F(layer_forward)(&part, &part.layers[l], rows - first < batch ? rows - first : batch);
        net->passes += (uint64_t)training;
    }
}

/* From the delta of a layer to its contribution to the gradient by its input. */
static void F(layer_back)(const F(net) *net, const F(layer) *layer, size_t rows)
{
    const T *g = layer->delta;
    size_t n = layer->n_out;
    switch (layer->kind) {
    case PYBP_LAYER_DENSE:
    case PYBP_LAYER_GROUPED_DENSE:
    case PYBP_LAYER_PERIODIC:
        F(dense_back)(net, layer, rows);
        break;
    case PYBP_LAYER_BATCH_NORM:
        for (size_t j = 0; j < n; j++)
            F(batch_norm_back)(net, layer, rows, j);
        break;
    case PYBP_LAYER_LAYER_NORM:
    case PYBP_LAYER_RMS_NORM:
        for (size_t r = 0; r < rows; r++)
            F(row_norm_back)(net, layer, r);
        break;
    case PYBP_LAYER_SCALE:
        for (size_t k = 0; k < rows * n; k++)
            layer->back[k] = F(flush)(g[k] * F(gamma)(net, layer, k % n));
        break;
    case PYBP_LAYER_PARAMETRIC_ACTIVATION:
        F(parametric_back)(net, layer, F(output_of)(net, layer->source), rows);
        break;
    case PYBP_LAYER_CONCAT: /* that by its first input; the other one's is in collect() */
        for (size_t k = 0; k < rows * layer->n_in; k++)
            layer->back[k] = g[k / layer->n_in * n + k % layer->n_in];
        break;
    case PYBP_LAYER_EMBEDDING:
    case PYBP_LAYER_JOIN: /* join_back() */
        break;
    default:
        for (size_t k = 0; k < rows * n; k++)
            layer->back[k] = F(multiplies)(net, layer) ? F(flush)(g[k] * layer->z[k]) : g[k];
    }
}

/* The gradient of a layer's parameters; of rows after the first minibatch it is added to that before. */
static void F(layer_gradient)(const F(net) *net, const F(layer) *layer, size_t rows)
{
    const T *x = F(output_of)(net, layer->source), *factor = layer->kind == PYBP_LAYER_SCALE ? x : layer->z;
    size_t n = layer->n_out;
    int more = net->more;
    for (size_t j = 0; j < n; j++)
        for (size_t i = 0; i < layer->stride; i++) { /* i = fan is the bias */
            T *g = &net->g[layer->first + j * layer->stride + i];
            if (F(is_dense)(layer))
                *g = F(dense_gradient)(*g, more, layer, x, j, i, rows);
            else if (layer->kind == PYBP_LAYER_EMBEDDING)
                *g = F(embedding_gradient)(*g, more, net, layer, j, i, rows);
            else if (layer->kind == PYBP_LAYER_PARAMETRIC_ACTIVATION)
                *g = F(parametric_gradient)(*g, more, layer, x, j, rows);
            else if (i < layer->fan)
                *g = F(row_chain_dot)(*g, more, &layer->delta[j], &factor[j], n, rows);
            else
                *g = F(row_chain)(*g, more, &layer->delta[j], n, rows);
        }
}

/* dL/da of place `to` (-1: dL/dx), n wide, into g: what the layers that read it give back, the last one's first. */
static void F(collect)(const F(net) *net, int to, size_t n, size_t rows, T *g)
{
    int given = 0;
    for (size_t l = net->n_layers; l-- > (size_t)(to + 1);) {
        const F(layer) *layer = &net->layers[l];
        if (layer->kind == PYBP_LAYER_EMBEDDING)
            continue;
        if (layer->kind == PYBP_LAYER_JOIN) {
            int embedded = to >= 0 && net->layers[to].kind == PYBP_LAYER_EMBEDDING;
            for (size_t r = 0; r < rows && (to < 0 || embedded); r++)
                F(join_back)(net, layer, to, r, &g[r * n]);
            continue;
        }
        for (int input = 0; input < 2; input++) {
            int two = layer->kind == PYBP_LAYER_ADD || layer->kind == PYBP_LAYER_CONCAT;
            if ((input ? layer->skip : layer->source) != to || (input && !two))
                continue;
            for (size_t k = 0; k < rows * n; k++) {
                T back = layer->back[k];
                if (input && layer->kind == PYBP_LAYER_CONCAT)
                    back = layer->delta[k / n * layer->n_out + layer->n_in + k % n];
                g[k] = given ? F(flush)(g[k] + back) : back;
            }
            given = 1;
        }
    }
}

/* From delta of the last layer to back and delta of all, the gradient, and dL/dx: of one minibatch. */
static void F(minibatch_backward)(F(net) *net, size_t rows)
{
    for (size_t l = net->n_layers; l-- > 0;) {
        F(layer) *layer = &net->layers[l];
        if (l + 1 < net->n_layers) {
            F(collect)(net, (int)l, layer->n_out, rows, layer->delta);
            for (size_t r = 0; r < rows && F(has_activation)(layer); r++) {
                T *delta = &layer->delta[r * layer->n_out];
                memcpy(net->t2, delta, layer->n_out * sizeof(T));
                F(derive)(layer, r, net->t2, delta);
            }
        }
        F(layer_back)(net, layer, rows);
        F(layer_gradient)(net, layer, rows);
    }
    F(collect)(net, -1, net->n_in, rows, net->dx);
}

static void F(backward)(const F(net) *net, size_t rows, size_t batch)
{
    for (size_t first = 0; first < rows; first += batch) {
        F(net) part = F(from_row)(net, first);
        F(minibatch_backward)(&part, rows - first < batch ? rows - first : batch);
    }
}
