/* The contract's cases of each kind of layer beside the dense ones, in many widths, batches and places. */
#include "contract_build.inc.h"

static const size_t widths[] = {1, 7, 8, 9, 15, 16, 17, 31, 33, 100};
static const size_t batches[] = {2, 8, 31, 255, 256, 257, 300, 511, 512, 513};

static const pybp_layer_kind kinds[] = {
    PYBP_LAYER_ACTIVATION, PYBP_LAYER_BATCH_NORM,    PYBP_LAYER_LAYER_NORM,     PYBP_LAYER_RMS_NORM,
    PYBP_LAYER_SCALE,      PYBP_LAYER_DROPOUT,       PYBP_LAYER_ALPHA_DROPOUT,  PYBP_LAYER_GAUSSIAN_NOISE,
    PYBP_LAYER_ADD,        PYBP_LAYER_EMBEDDING,
};
static const char *const names[] = {
    "activation", "batch_norm", "layer_norm", "rms_norm", "scale",
    "dropout",    "alpha_dropout", "gaussian_noise", "add", "embedding",
};

/* The layer that the case is about, in variant v; the layer before is `n` wide. */
static void subject(contract_case *c, pybp_layer_kind kind, size_t n, size_t v)
{
    static const pybp_activation activations[] = {PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_GELU,
                                                  PYBP_ACTIVATION_LEAKY_RELU, PYBP_ACTIVATION_RELU};
    static const double rates[] = {0.5, 0.1, 0.75, 1.0 / 3.0};
    if (kind == PYBP_LAYER_ADD) { /* a block with a skip around it */
        dense(c, n, activations[v % 4 == 2 ? 0 : v % 4]);
        DENSE(n, IDENTITY)->no_bias = v % 3 == 0;
        ADD(ADD)->skip = 2;
        return;
    }
    if (kind == PYBP_LAYER_ACTIVATION) {
        activation(c, activations[v % 4]);
        return;
    }
    pybp_layer_desc *layer = add(c, kind);
    layer->no_scale = v % 5 == 3 && (kind == PYBP_LAYER_BATCH_NORM || kind == PYBP_LAYER_LAYER_NORM ||
                                     kind == PYBP_LAYER_RMS_NORM);
    layer->no_bias = v % 5 == 1 || (v % 5 == 4 && kind == PYBP_LAYER_SCALE);
    layer->bias_init = v % 2 ? -0.2 : 0.0;
    if (kind == PYBP_LAYER_DROPOUT || kind == PYBP_LAYER_ALPHA_DROPOUT || kind == PYBP_LAYER_GAUSSIAN_NOISE)
        with(layer, rates[v % 4]);
    else if (kind == PYBP_LAYER_BATCH_NORM && v % 2)
        with(layer, rates[v / 2 % 4]);
    else if (kind != PYBP_LAYER_BATCH_NORM && kind != PYBP_LAYER_SCALE && v % 4 == 2)
        with(layer, 1e-3); /* eps */
}

/* Two embeddings beside three numeric columns. */
static void embedded(contract_case *c, size_t n, size_t v)
{
    c->n_in = 5;
    embedding(c, v % 5, 1 + n, n);
    embedding(c, (v + 2) % 5, 4, 3);
    ADD(JOIN);
}

size_t contract_n_kind_cases(void)
{
    return COUNT(kinds) * COUNT(widths);
}

void contract_kind_case(size_t i, contract_case *c)
{
    const size_t width = i / COUNT(kinds), n = widths[width], v = i + width;
    const pybp_layer_kind kind = kinds[i % COUNT(kinds)];
    const size_t place = v % 3, goal = (i / 3 + width) % COUNT(goals);
    begin(c, i, 9000);
    c->n_in = place == 0 ? n : 6;
    if (kind == PYBP_LAYER_EMBEDDING) {
        embedded(c, n, v);
    } else if (place == 0) { /* right on the net's input */
        subject(c, kind, n, v);
    } else {
        dense(c, n, v % 2 ? PYBP_ACTIVATION_TANH : PYBP_ACTIVATION_IDENTITY);
        subject(c, kind, n, v);
    }
    if (place == 2 && kind != PYBP_LAYER_EMBEDDING) /* and as the last layer */
        c->loss.kind = v % 4 < 2 ? PYBP_LOSS_MSE : PYBP_LOSS_SQUARED_ERROR;
    else
        ends_with(c, goal);
    c->batch = batches[(3 * i + width) % COUNT(batches)];
    c->rows = c->batch < 100 ? c->batch * 5 + i % c->batch : c->batch + 2 + i % 60;
    c->epochs = 1 + i % 3;
    c->weighted = i % 4 == 1;
    c->shuffle = i % 5 != 2;
    c->reduction = i % 7 == 3 ? PYBP_SUM : PYBP_MEAN;
    trained_by(c, v % COUNT(methods));
    c->optimizer.clip_norm = v % 6 == 2 ? 0.05 : 0.0;
    c->optimizer.clip_value = v % 6 == 4 ? 0.01 : 0.0;
    c->optimizer.no_bias_decay = v % 2;
    c->optimizer.bias_lr_factor = v % 9 == 5 ? 0.3 : 1.0;
    no_single_row(c);
    snprintf(c->name, sizeof c->name, "%s %zu, variant %zu", names[i % COUNT(kinds)], n, v);
}
