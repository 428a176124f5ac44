#include "arguments.h"

#define MOST_LAYERS 6

/* ---- nets ---- */

static void any_layer(input *in, size_t l, bool last, pybp_layer_desc *layer)
{
    static const pybp_activation hidden[] = {PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_GELU,
                                             PYBP_ACTIVATION_IDENTITY};
    static const pybp_activation output[] = {PYBP_ACTIVATION_IDENTITY, PYBP_ACTIVATION_SOFTMAX, PYBP_ACTIVATION_SIGMOID,
                                             PYBP_ACTIVATION_TANH};
    pybp_layer_kind kind = pick(in, 2) == 0 ? PYBP_LAYER_DENSE : (pybp_layer_kind)any_row(in, PYBP_N_LAYER_KINDS);
    const bool activated = kind == PYBP_LAYER_DENSE || kind == PYBP_LAYER_ACTIVATION;
    pybp_activation activation = last ? output[pick(in, 4)] : hidden[pick(in, 4)];
    if (seldom(in, 8))
        activation = (pybp_activation)any_row(in, PYBP_N_ACTIVATIONS);
    const size_t n_out = kind == PYBP_LAYER_DENSE || kind == PYBP_LAYER_EMBEDDING ? any_size(in, 40) : 0;
    if (pybp_layer_init(layer, kind, n_out, activated ? activation : PYBP_ACTIVATION_IDENTITY) != PYBP_OK)
        *layer = (pybp_layer_desc){.kind = kind, .n_out = n_out, .activation = activation};
    layer->skip = kind == PYBP_LAYER_ADD || kind == PYBP_LAYER_CONCAT ? pick(in, 4) : 0;
    layer->groups = kind == PYBP_LAYER_GROUPED_DENSE ? 1 + pick(in, 3) : 0;
    layer->n_categories = kind == PYBP_LAYER_EMBEDDING ? 2 + pick(in, 7) : 0;
    layer->column = kind == PYBP_LAYER_EMBEDDING ? 0 : l;
    if (!seldom(in, 3))
        return;
    layer->from = seldom(in, 4) ? any_size(in, 4) : 0;
    layer->skip = seldom(in, 4) ? any_size(in, 4) : layer->skip;
    layer->column = seldom(in, 4) ? any_size(in, 4) : layer->column;
    layer->n_categories = seldom(in, 4) ? any_size(in, 100) : layer->n_categories;
    layer->no_bias = seldom(in, 2);
    layer->no_scale = seldom(in, 4);
    layer->init = (pybp_initializer)any_row(in, PYBP_N_INITIALIZERS);
    layer->init_value = any_real(in);
    layer->bias_init = any_real(in);
    layer->bias_std = any_real(in);
    layer->parametrization = seldom(in, 4) ? PYBP_NTK : PYBP_STANDARD;
    double *const numbers[] = {&layer->l1, &layer->l2, &layer->lr_factor, &layer->bias_lr_factor, &layer->max_norm,
                               &layer->params[0], &layer->params[1], &layer->activation_params[0]};
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        if (seldom(in, 4))
            *numbers[i] = any_real(in);
    layer->frozen = seldom(in, 4);
}

pybp_net *any_net(input *in)
{
    pybp_layer_desc layers[MOST_LAYERS];
    pybp_net_desc desc = {.dtype = (pybp_dtype)pick(in, 2), .n_in = any_size(in, 20), .layers = layers, .seed = pick(in, 256)};
    pybp_net *net = NULL;
    desc.n_layers = 1 + pick(in, MOST_LAYERS);
    desc.zeroed = seldom(in, 16);
    for (size_t l = 0; l < desc.n_layers; l++)
        any_layer(in, l, l + 1 == desc.n_layers, &layers[l]);
    pybp_net_create(&desc, &net);
    return net;
}

/* ---- arguments of calls ---- */

bool is_small(const pybp_net *net)
{
    return pybp_net_n_in(net) <= 100 && pybp_net_n_out(net) <= 100;
}

pybp_matrix inputs_for(input *in, const pybp_net *net, size_t rows)
{
    return any_inputs(in, rows, seldom(in, 32) ? 3 : pybp_net_n_in(net), 0);
}

pybp_targets targets_for(input *in, const pybp_net *net, const pybp_loss_spec *loss, size_t rows)
{
    const size_t n_out = pybp_net_n_out(net);
    const bool several = loss->kind == PYBP_LOSS_QUANTILE && loss->n_params > 1;
    pybp_targets y = {0};
    if (pick(in, 2) == 0) {
        y.values = any_matrix(in, seldom(in, 16) ? 1 : rows, several ? n_out / (size_t)loss->n_params : n_out);
        return y;
    }
    int32_t *labels = buffer(in, rows * sizeof *labels);
    for (size_t r = 0; r < rows; r++)
        labels[r] = (int32_t)(r % n_out);
    if (seldom(in, 8) && rows > 0)
        labels[pick(in, 256) % rows] = any_row(in, (int)n_out + 1);
    y.labels = labels;
    return y;
}

const double *weights_for(input *in, size_t rows)
{
    return pick(in, 3) == 0 ? doubles(in, rows) : NULL;
}

void any_loss(input *in, pybp_loss_spec *loss)
{
    if (pybp_loss_init(loss, (pybp_loss)any_row(in, PYBP_N_LOSSES)) != PYBP_OK)
        *loss = (pybp_loss_spec){.kind = (pybp_loss)-1};
    if (!seldom(in, 4))
        return;
    loss->n_params = (int)pick(in, PYBP_MAX_LOSS_PARAMS + 2) - seldom(in, 16);
    for (int i = 0; i < PYBP_MAX_LOSS_PARAMS; i++)
        loss->params[i] = i < 4 ? any_real(in) : 0.5;
}

void any_optimizer(input *in, pybp_optimizer *optimizer)
{
    if (pybp_optimizer_init(optimizer, (pybp_optimizer_kind)any_row(in, PYBP_N_OPTIMIZERS)) != PYBP_OK)
        *optimizer = (pybp_optimizer){.kind = (pybp_optimizer_kind)-7};
    for (int i = 0; i < PYBP_MAX_PARAMS && seldom(in, 3); i++)
        optimizer->params[i] = any_real(in);
    optimizer->clip_norm = seldom(in, 4) ? any_real(in) : 0;
    optimizer->clip_value = seldom(in, 4) ? any_real(in) : 0;
    optimizer->no_bias_decay = seldom(in, 4);
    optimizer->bias_lr_factor = seldom(in, 8) ? any_real(in) : 1;
}

int any_threads(input *in)
{
    return (int)pick(in, 5) - 1;
}
