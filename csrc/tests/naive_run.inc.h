/* A whole run, and what is kept of it. */

static void F(open)(F(net) *net, const contract_case *c)
{
    size_t n_in = c->n_in, rows = c->rows, n_out = contract_n_out(c);
    memset(net, 0, sizeof *net);
    net->n_layers = c->n_layers;
    for (size_t l = 0; l < c->n_layers; l++) {
        F(layer) *layer = &net->layers[l];
        layer->activation = c->layers[l].activation;
        for (size_t i = 0; i < PYBP_MAX_ACTIVATION_PARAMS; i++)
            layer->params[i] = (T)c->layers[l].activation_params[i];
        layer->bias = !c->layers[l].no_bias;
        layer->n_in = n_in;
        layer->n_out = c->layers[l].n_out;
        layer->first = net->n;
        layer->stride = n_in + (size_t)layer->bias;
        layer->z = need(rows * layer->n_out, sizeof(T));
        layer->a = need(rows * layer->n_out, sizeof(T));
        layer->delta = need(rows * layer->n_out, sizeof(T));
        layer->back = need(rows * n_in, sizeof(T));
        net->n += layer->n_out * layer->stride;
        n_in = layer->n_out;
    }
    net->p = need(net->n, sizeof(T));
    net->g = need(net->n, sizeof(T));
    net->x = need(rows * c->n_in, sizeof(T));
    net->y = need(rows * n_out, sizeof(T));
    net->t1 = need(n_out, sizeof(T));
    net->t2 = need(n_out, sizeof(T));
    net->t3 = need(n_out, sizeof(T));
    net->row_loss = need(rows, sizeof(double));
    net->weights = need(rows, sizeof(double));
    F(start_state)(net, &c->optimizer);

    for (size_t l = 0; l < c->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        double *orthogonal =
            c->layers[l].init == PYBP_INIT_ORTHOGONAL ? orthogonal_weights(c, l, layer->n_in) : NULL;
        for (size_t j = 0; j < layer->n_out; j++) {
            T *w = &net->p[layer->first + j * layer->stride];
            for (size_t i = 0; i < layer->n_in; i++) {
                size_t index = j * layer->n_in + i;
                w[i] = (T)(orthogonal ? orthogonal[index] : initial_weight(c, l, layer->n_in, index));
            }
            if (layer->bias)
                w[layer->n_in] = (T)c->layers[l].bias_init;
        }
        free(orthogonal);
    }
}

static void F(close)(F(net) *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        free(net->layers[l].z);
        free(net->layers[l].a);
        free(net->layers[l].delta);
        free(net->layers[l].back);
    }
    free(net->p);
    free(net->g);
    free(net->x);
    free(net->y);
    free(net->t1);
    free(net->t2);
    free(net->t3);
    free(net->row_loss);
    free(net->weights);
    free(net->state1);
    free(net->state2);
}

/* The rows order[0 ... rows - 1] into net->x, net->y, net->weights.  Returns W (B without weights). */
static double F(gather)(F(net) *net, const contract_case *c, const contract_data *data,
                        const size_t *order, size_t rows)
{
    size_t n_in = c->n_in, n_out = contract_n_out(c), n_targets = contract_n_targets(c);
    for (size_t r = 0; r < rows; r++) {
        size_t from = order[r];
        for (size_t i = 0; i < n_in; i++)
            net->x[r * n_in + i] = (T)data->x[from * n_in + i];
        for (size_t j = 0; j < n_out; j++) /* class index k: y_k = 1, the others 0 */
            net->y[r * n_out + j] =
                data->labels ? (T)((size_t)data->labels[from] == j)
                             : (T)data->y[from * n_targets + j / (n_out / n_targets)];
        net->weights[r] = data->weights ? data->weights[from] : 1.0;
    }
    return data->weights ? row_sum(net->weights, rows) : (double)rows;
}

/* One epoch; returns its loss. */
static double F(epoch)(F(net) *net, const contract_case *c, const contract_data *data,
                       const size_t *order)
{
    double sum = 0.0, weight = 0.0;
    size_t step = contract_step_rows(c);
    for (size_t s = 0; s < contract_n_steps(c); s++) {
        size_t left = c->rows - s * step, rows = left < step ? left : step;
        double w = F(gather)(net, c, data, &order[s * step], rows);
        if (w == 0.0) /* pybp_train(): such a minibatch is skipped */
            continue;
        F(forward)(net, rows);
        sum = sum + F(loss)(net, c, rows, w);
        weight = weight + w;
        F(backward)(net, rows, c->batch);
        F(update)(net, &c->optimizer, data->lr[data->n_lr > 1 ? s : 0]);
    }
    return loss_value(c, sum, weight);
}

static void F(keep_trace)(const F(net) *net, size_t rows, naive_result *result)
{
    size_t n = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        n += rows * (3 * net->layers[l].n_out + net->layers[l].n_in);
    T *to = need(n, sizeof(T)), *at = to;
    for (size_t l = 0; l < net->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        at = append(at, layer->z, rows * layer->n_out * sizeof(T));
        at = append(at, layer->a, rows * layer->n_out * sizeof(T));
        at = append(at, layer->delta, rows * layer->n_out * sizeof(T));
        at = append(at, layer->back, rows * layer->n_in * sizeof(T));
    }
    keep(result, NAIVE_TRACE, to, n, sizeof(T));
    free(to);
}

static void F(run)(const contract_case *c, const contract_data *data, naive_result *result)
{
    F(net) net;
    size_t first = c->batch < c->rows ? c->batch : c->rows;
    size_t *unshuffled = need(c->rows, sizeof *unshuffled), *order = need(c->rows, sizeof *order);
    double *losses = need(c->epochs + 2, sizeof *losses), weight, sum;
    for (size_t r = 0; r < c->rows; r++)
        unshuffled[r] = order[r] = r;

    F(open)(&net, c);
    keep(result, NAIVE_INITIAL, net.p, net.n, sizeof(T));

    weight = F(gather)(&net, c, data, unshuffled, first);
    F(forward)(&net, first);
    sum = F(loss)(&net, c, first, weight);
    losses[0] = loss_value(c, sum, weight);
    F(backward)(&net, first, first);
    F(keep_trace)(&net, first, result);
    keep(result, NAIVE_GRADIENT, net.g, net.n, sizeof(T));
    keep(result, NAIVE_DX, net.layers[0].back, first * c->n_in, sizeof(T));

    for (size_t e = 0; e < c->epochs; e++) {
        if (c->shuffle)
            shuffle(c->seed, e, c->rows, order);
        losses[1 + e] = F(epoch)(&net, c, data, order);
    }
    keep(result, NAIVE_FINAL, net.p, net.n, sizeof(T));
    keep(result, NAIVE_STATE1, net.state1, net.state1 ? net.n : 0, sizeof(T));
    keep(result, NAIVE_STATE2, net.state2, net.state2 ? net.n : 0, sizeof(T));

    weight = F(gather)(&net, c, data, unshuffled, c->rows);
    F(forward)(&net, c->rows);
    sum = F(loss)(&net, c, c->rows, weight);
    losses[1 + c->epochs] = loss_value(c, sum, weight);
    keep(result, NAIVE_OUTPUT, net.layers[c->n_layers - 1].a, c->rows * contract_n_out(c), sizeof(T));
    keep(result, NAIVE_LOSSES, losses, c->epochs + 2, sizeof *losses);

    F(close)(&net);
    free(losses);
    free(order);
    free(unshuffled);
}
