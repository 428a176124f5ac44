/* A whole run, and what is kept of it. */

/* The parameters' initial values. */
static void F(initialize)(const F(net) *net, const contract_case *c, size_t l)
{
    const F(layer) *layer = &net->layers[l];
    int vector = !F(is_dense)(layer) && layer->kind != PYBP_LAYER_EMBEDDING;
    double *orthogonal =
        !vector && c->layers[l].init == PYBP_INIT_ORTHOGONAL ? orthogonal_weights(c, l, layer->fan) : NULL;
    for (size_t j = 0; j < layer->n_out; j++) {
        T *w = &net->p[layer->first + j * layer->stride];
        for (size_t i = 0; i < layer->fan; i++) {
            size_t index = j * layer->fan + i;
            w[i] = vector       ? C(1.0)
                   : orthogonal ? F(convert)(orthogonal[index] * F(scale)(layer))
                                : F(convert)(initial_weight(c, l, layer->fan, index) * F(scale)(layer));
        }
        if (layer->bias)
            w[layer->fan] = F(convert)(initial_bias(c, l, j));
    }
    free(orthogonal);
}

static void F(open_layer)(F(net) *net, const contract_case *c, size_t l)
{
    const pybp_layer_desc *desc = &c->layers[l];
    F(layer) *layer = &net->layers[l];
    size_t rows = c->rows;
    layer->kind = desc->kind;
    layer->desc = desc;
    if (desc->kind == PYBP_LAYER_DENSE || desc->kind == PYBP_LAYER_ACTIVATION ||
        desc->kind == PYBP_LAYER_GROUPED_DENSE || desc->kind == PYBP_LAYER_PARAMETRIC_ACTIVATION)
        layer->activation = desc->activation;
    for (size_t i = 0; i < PYBP_MAX_ACTIVATION_PARAMS; i++)
        layer->params[i] = F(convert)(desc->activation_params[i]);
    for (int i = 0; i < PYBP_MAX_LAYER_PARAMS; i++)
        layer->settings[i] = contract_layer_param(c, l, i);
    layer->source = contract_source(l, desc->from);
    layer->skip = contract_source(l, desc->skip);
    layer->n_in = contract_layer_n_in(c, l);
    layer->n_out = contract_layer_n_out(c, l);
    layer->fan = contract_layer_fan(c, l);
    layer->bias = contract_layer_bias(c, l);
    layer->column = desc->column;
    layer->first = net->n;
    layer->stride = layer->fan + (size_t)layer->bias;
    layer->z = need(rows * layer->n_out, sizeof(T));
    layer->a = need(rows * layer->n_out, sizeof(T));
    layer->delta = need(rows * layer->n_out, sizeof(T));
    layer->back = need(rows * layer->n_in, sizeof(T));
    layer->inverse = need(rows * layer->n_out, sizeof(T));
    layer->mean = need(layer->n_out, sizeof(T));
    layer->var = need(layer->n_out, sizeof(T));
    for (size_t j = 0; j < layer->n_out; j++)
        layer->var[j] = C(1.0);
    layer->reads = need(layer->n_out, sizeof *layer->reads);
    for (size_t j = 0; j < layer->n_out; j++)
        layer->reads[j] = contract_layer_reads(c, l, j);
    net->n += layer->n_out * layer->stride;
}

static void F(open)(F(net) *net, const contract_case *c)
{
    size_t rows = c->rows, n_out = contract_n_out(c), widest = c->n_in;
    memset(net, 0, sizeof *net);
    net->n_layers = c->n_layers;
    net->n_in = c->n_in;
    net->seed = c->seed;
    for (size_t l = 0; l < c->n_layers; l++) {
        F(open_layer)(net, c, l);
        widest = net->layers[l].n_out > widest ? net->layers[l].n_out : widest;
    }
    net->p = need(net->n, sizeof(T));
    net->g = need(net->n, sizeof(T));
    net->x = need(rows * c->n_in, sizeof(T));
    net->dx = need(rows * c->n_in, sizeof(T));
    net->y = need(rows * n_out, sizeof(T));
    net->t1 = need(widest, sizeof(T));
    net->t2 = need(widest, sizeof(T));
    net->t3 = need(widest, sizeof(T));
    net->row_loss = need(rows, sizeof(double));
    net->weights = need(rows, sizeof(double));
    F(start_state)(net, &c->optimizer);
    for (size_t l = 0; l < c->n_layers; l++)
        F(initialize)(net, c, l);
}

static void F(close)(F(net) *net)
{
    for (size_t l = 0; l < net->n_layers; l++) {
        F(layer) *layer = &net->layers[l];
        T *const arrays[] = {layer->z,       layer->a,    layer->delta, layer->back,
                             layer->inverse, layer->mean, layer->var};
        for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
            free(arrays[k]);
        free(layer->reads);
    }
    T *const arrays[] = {net->p, net->g, net->x, net->dx, net->y,
                         net->t1, net->t2, net->t3, net->state1, net->state2,
                         net->state3};
    for (size_t k = 0; k < sizeof arrays / sizeof *arrays; k++)
        free(arrays[k]);
    free(net->row_loss);
    free(net->weights);
}

/* Layer l from the rows of net->x: docs/contract.md, "Initial values from data". */
static void F(initialize_from)(F(net) *net, const contract_case *c, size_t l)
{
    F(layer) *layer = &net->layers[l];
    size_t n = layer->n_out, rows = c->rows;
    int own = layer->kind == PYBP_LAYER_DENSE && !layer->desc->frozen;
    T *d = need(rows, sizeof(T));
    net->training = 0;
    for (size_t j = 0; own && layer->bias && j < n; j++)
        net->p[layer->first + j * layer->stride + layer->fan] = C(0.0);
    F(layer_forward)(net, layer, rows);
    for (size_t j = 0; own && (c->from_data & PYBP_UNIT_VARIANCE) && j < n; j++) {
        T m = F(row_chain)(C(0.0), 0, &layer->z[j], n, rows) / (T)(double)rows;
        for (size_t r = 0; r < rows; r++)
            d[r] = F(flush)(layer->z[r * n + j] - m);
        double q = (double)F(row_chain_dot)(C(0.0), 0, d, d, 1, rows);
        for (size_t i = 0; i < layer->fan && q > 0.0; i++) {
            T *w = &net->p[layer->first + j * layer->stride + i];
            *w = F(flush)(*w * (T)(1.0 / sqrt(q / (double)rows)));
        }
    }
    F(layer_forward)(net, layer, rows);
    for (size_t j = 0; own && layer->bias && (c->from_data & PYBP_COMBINED_BIASES) && j < n; j++) {
        double sum = 0.0, weights = 0.0;
        for (size_t i = 0; i < 5; i++) {
            uint64_t row;
            multiply(word3(c->seed, STREAM_WEIGHTS, l, 2, 10 * j + i), (uint64_t)rows, &row);
            double e = -log_f64(uniform(word3(c->seed, STREAM_WEIGHTS, l, 2, 10 * j + 5 + i)));
            double product = e * (double)layer->z[row * n + j];
            sum = sum + product;
            weights = weights + e;
        }
        net->p[layer->first + j * layer->stride + layer->fan] = F(convert)(-(sum / weights));
    }
    F(layer_forward)(net, layer, rows);
    free(d);
}

/* The rows order[0 ... rows - 1] into net->x, net->y, net->weights.  Returns W (B without weights). */
static double F(gather)(F(net) *net, const contract_case *c, const contract_data *data,
                        const size_t *order, size_t rows)
{
    size_t n_in = c->n_in, n_out = contract_n_out(c), n_targets = contract_n_targets(c);
    for (size_t r = 0; r < rows; r++) {
        size_t from = order[r];
        for (size_t i = 0; i < n_in; i++)
            net->x[r * n_in + i] = F(convert)(data->x[from * n_in + i]);
        for (size_t j = 0; j < n_out; j++) /* class index k: y_k = 1, the others 0 */
            net->y[r * n_out + j] =
                data->labels ? (T)((size_t)data->labels[from] == j)
                             : F(convert)(data->y[from * n_targets + j / (n_out / n_targets)]);
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
        pybp_optimizer optimizer = c->optimizer;
        if (data->weight_decay)
            optimizer.params[c->optimizer.kind == PYBP_OPTIMIZER_SGD ? 2 : 3] = data->weight_decay[s];
        for (size_t l = 0; l < net->n_layers && data->dropout; l++)
            if (net->layers[l].kind == PYBP_LAYER_DROPOUT || net->layers[l].kind == PYBP_LAYER_ALPHA_DROPOUT)
                net->layers[l].settings[0] = data->dropout[s];
        F(forward)(net, rows, c->batch, 1);
        double part = c->penalty_per_weight ? 1.0 / w : 1.0;
        sum = sum + (F(loss)(net, c, rows, w) + F(penalty_part)(net, c, part, w));
        weight = weight + w;
        F(backward)(net, rows, c->batch);
        F(whole_gradient)(net, part);
        F(update)(net, &optimizer, data->lr[data->n_lr > 1 ? s : 0]);
        F(constrain)(net);
    }
    return loss_value(c, sum, weight);
}

/* What the layers leave of a pass, those arrays that contract_has() names. */
static void F(keep_trace)(const F(net) *net, const contract_case *c, size_t rows, naive_result *result, naive_part part)
{
    size_t n = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        n += rows * (3 * net->layers[l].n_out + net->layers[l].n_in);
    T *to = need(n, sizeof(T)), *at = to;
    for (size_t l = 0; l < net->n_layers; l++) {
        const F(layer) *layer = &net->layers[l];
        if (contract_has(c, PYBP_Z, l, net->training))
            at = append(at, layer->z, rows * layer->n_out * sizeof(T));
        at = append(at, layer->a, rows * layer->n_out * sizeof(T));
        at = append(at, layer->delta, rows * layer->n_out * sizeof(T));
        if (contract_has(c, PYBP_BACK, l, net->training))
            at = append(at, layer->back, rows * layer->n_in * sizeof(T));
    }
    keep(result, part, to, (size_t)(at - to), sizeof(T));
    free(to);
}

/* One pass over the rows at hand, kept in the part `trace` and the two after it; returns the loss. */
static double F(keep_pass)(F(net) *net, const contract_case *c, size_t rows, double weight, int training,
                           naive_result *result, naive_part trace)
{
    F(forward)(net, rows, rows, training);
    double sum = F(loss)(net, c, rows, weight);
    F(backward)(net, rows, rows);
    F(keep_trace)(net, c, rows, result, trace);
    keep(result, trace + 1, net->g, net->n, sizeof(T));
    keep(result, trace + 2, net->dx, rows * c->n_in, sizeof(T));
    return loss_value(c, sum, weight) + F(penalty)(net);
}

static void F(keep_running)(const F(net) *net, naive_result *result)
{
    size_t n = 0;
    for (size_t l = 0; l < net->n_layers; l++)
        n += 2 * net->layers[l].n_out;
    T *to = need(n, sizeof(T)), *at = to;
    for (size_t l = 0; l < net->n_layers; l++)
        if (net->layers[l].kind == PYBP_LAYER_BATCH_NORM) {
            at = append(at, net->layers[l].mean, net->layers[l].n_out * sizeof(T));
            at = append(at, net->layers[l].var, net->layers[l].n_out * sizeof(T));
        }
    keep(result, NAIVE_RUNNING, to, (size_t)(at - to), sizeof(T));
    free(to);
}

static void F(run)(const contract_case *c, const contract_data *data, naive_result *result)
{
    F(net) net;
    size_t first = c->batch < c->rows ? c->batch : c->rows, n_losses = 0;
    size_t *unshuffled = need(c->rows, sizeof *unshuffled), *order = need(c->rows, sizeof *order);
    double *losses = need(c->epochs + 3, sizeof *losses), weight, sum;
    for (size_t r = 0; r < c->rows; r++)
        unshuffled[r] = order[r] = r;

    F(open)(&net, c);
    if (c->from_data) {
        F(gather)(&net, c, data, unshuffled, c->rows);
        for (size_t l = 0; l < c->n_layers; l++)
            F(initialize_from)(&net, c, l);
    }
    keep(result, NAIVE_INITIAL, net.p, net.n, sizeof(T));

    weight = F(gather)(&net, c, data, unshuffled, first);
    losses[n_losses++] = F(keep_pass)(&net, c, first, weight, 0, result, NAIVE_TRACE);
    if (contract_training_differs(c))
        losses[n_losses++] = F(keep_pass)(&net, c, first, weight, 1, result, NAIVE_TRAINING_TRACE);

    for (size_t e = 0; e < c->epochs; e++) {
        if (c->shuffle && contract_step_rows(c) < c->rows)
            shuffle(c->seed, e, c->rows, order);
        losses[n_losses++] = F(epoch)(&net, c, data, order);
    }
    keep(result, NAIVE_FINAL, net.p, net.n, sizeof(T));
    keep(result, NAIVE_STATE1, net.state1, net.state1 ? net.n : 0, sizeof(T));
    keep(result, NAIVE_STATE2, net.state2, net.state2 ? net.n : 0, sizeof(T));
    keep(result, NAIVE_STATE3, net.state3, net.state3 ? net.n : 0, sizeof(T));
    F(keep_running)(&net, result);

    weight = F(gather)(&net, c, data, unshuffled, c->rows);
    F(forward)(&net, c->rows, c->rows, 0);
    sum = F(loss)(&net, c, c->rows, weight);
    losses[n_losses++] = loss_value(c, sum, weight) + F(penalty)(&net);
    keep(result, NAIVE_OUTPUT, net.layers[c->n_layers - 1].a, c->rows * contract_n_out(c), sizeof(T));
    keep(result, NAIVE_LOSSES, losses, n_losses, sizeof *losses);

    F(close)(&net);
    free(losses);
    free(order);
    free(unshuffled);
}
