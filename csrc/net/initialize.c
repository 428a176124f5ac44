/* Layer after layer: all rows go through a dense layer without its biases, its weights are scaled and its biases set, and
 * then they go through it as it is now. */
#include "net/initialize.h"

#include "base/random.h"
#include "base/status.h"
#include "base/wide.h"
#include "math/scalars.h"
#include "net/model/parameters.h"
#include "net/rows/gather.h"
#include "net/rows/propagate.h"

#include <math.h>
#include <string.h>

#define ROW_BLOCK 256u
enum { COMBINED = 5, THIRD_PART = 2 }; /* rows in a combination; third part of the address of its random words */

static void forward(const pybp_rows *all, size_t l)
{
    pybp_rows block = *all;
    for (size_t r = 0; r < all->n; r += ROW_BLOCK) {
        block.first = block.batch_row = r;
        block.n = all->n - r < ROW_BLOCK ? all->n - r : ROW_BLOCK;
        pybp_forward_layers(&block, l, l + 1, PYBP_OUTPUT_A);
    }
}

static void clear_biases(const pybp_net *net, size_t l)
{
    for (size_t p = 0; p < net->layers[l].panels; p++)
        memset(pybp_param_line(net, net->params, l, p, net->layers[l].fan), 0, PYBP_LINE);
}

/* Scale the weights of each output such that its z has variance 1 over the rows; not those of a constant z. */
static void scale_weights(const pybp_rows *all, size_t l)
{
    const pybp_net *net = all->net;
    const pybp_kernels *k = net->k;
    const pybp_layer *layer = &net->layers[l];
    _Alignas(PYBP_LINE) char mean[PYBP_LINE], squares[PYBP_LINE], factors[PYBP_LINE];
    for (size_t p = 0; p < layer->panels; p++) {
        k->moments(all->n, pybp_panel_at(pybp_z_of(all, l), p), mean, squares);
        for (size_t i = 0; i < k->panel; i++) {
            const double q = k->get(squares + i * k->size);
            const bool varies = i < pybp_panel_width(net, layer->n_out, p) && q > 0;
            k->set(factors + i * k->size, varies ? 1 / sqrt(q / (double)all->n) : 1);
        }
        k->rescale(layer->fan, pybp_param_line(net, net->params, l, p, 0), factors);
    }
}

/* Minus a random convex combination of z of five rows, for output j. */
static double combine(const pybp_rows *all, size_t l, size_t j)
{
    const pybp_kernels *k = all->net->k;
    const char *z = pybp_panel_at(pybp_z_of(all, l), j / k->panel) + j % k->panel * k->size;
    uint64_t words[2 * COMBINED];
    double sum = 0, weights = 0;
    pybp_random_words(all->net->seed, PYBP_STREAM_WEIGHTS, l, THIRD_PART, 2 * COMBINED * (uint64_t)j, 2 * COMBINED,
                      words);
    for (int i = 0; i < COMBINED; i++) {
        const size_t row = (size_t)pybp_mulhi(words[i], all->n);
        const double weight = -pybp_log(pybp_uniform(words[COMBINED + i]));
        sum = sum + weight * k->get(z + row * PYBP_LINE);
        weights = weights + weight;
    }
    return -(sum / weights);
}

static void set_biases(const pybp_rows *all, size_t l)
{
    const pybp_net *net = all->net;
    for (size_t j = 0; j < net->layers[l].n_out; j++)
        net->k->set(pybp_param_at(net, net->params, l, j, net->layers[l].fan), combine(all, l, j));
}

static void initialize_layer(const pybp_rows *all, size_t l, int how)
{
    const pybp_layer *layer = &all->net->layers[l];
    if (layer->desc.kind != PYBP_LAYER_DENSE || layer->desc.frozen) {
        forward(all, l);
        return;
    }
    const bool biases = (how & PYBP_COMBINED_BIASES) && layer->has_bias;
    if (layer->has_bias)
        clear_biases(all->net, l);
    if (how & PYBP_UNIT_VARIANCE) {
        forward(all, l);
        scale_weights(all, l);
    }
    if (biases) {
        forward(all, l);
        set_biases(all, l);
    }
    forward(all, l);
}

pybp_status pybp_initialize_rows(pybp_net *net, const pybp_matrix *x, int how)
{
    pybp_workspace *ws = pybp_workspace_new(net, x->rows, PYBP_FOR_TRACE, 1);
    char *before = pybp_alloc(pybp_buffer_bytes(net));
    const pybp_source source = {.x = x};
    const pybp_rows all = {.net = net, .ws = ws, .n = x->rows, .batch_rows = x->rows};
    pybp_status status = PYBP_OK;
    if (ws == NULL || before == NULL) {
        status = pybp_fail(PYBP_NO_MEMORY, "no memory for the activations of %zu rows", x->rows);
    } else {
        memcpy(before, net->params, pybp_buffer_bytes(net));
        pybp_gather_rows(&all, &source, 0);
        for (size_t l = 0; l < net->n_layers; l++)
            initialize_layer(&all, l, how);
        pybp_forget_forward(net);
        net->has_gradients = false;
        if (!pybp_buffer_finite(net, net->params)) {
            memcpy(net->params, before, pybp_buffer_bytes(net));
            status = pybp_fail(PYBP_DIVERGED, "these rows would make parameters infinite or NaN");
        }
    }
    pybp_workspace_free(ws);
    pybp_free(before);
    return status;
}
