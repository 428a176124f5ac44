/* Entry points: the arrays that a net holds, layer by layer. */
#include "api/check_data.h"
#include "api/check_options.h"
#include "api/entry.h"
#include "net/model/parameters.h"
#include "net/workspace/workspace.h"

#include <math.h>

static pybp_status check_array(const pybp_net *net, pybp_array what, size_t layer, const void *values)
{
    CHECK_POINTERS(net != NULL && values != NULL);
    if ((unsigned)what > PYBP_RUNNING_VAR)
        return pybp_fail(PYBP_INVALID, "no array %d", (int)what);
    if (layer >= net->n_layers)
        return pybp_fail(PYBP_INVALID, "layer %zu of a net of %zu layers", layer, net->n_layers);
    return pybp_check_aligned("the buffer", values, net->k->size);
}

static pybp_status check_bytes(size_t bytes, size_t expected)
{
    if (bytes == expected)
        return PYBP_OK;
    return pybp_fail(PYBP_SHAPE, "the buffer has %zu bytes, expected %zu", bytes, expected);
}

/* ---- arrays in parameter buffers ---- */

static bool is_parameter(pybp_array what)
{
    return what <= PYBP_BIAS_STATE3 || what >= PYBP_RUNNING_MEAN;
}

static bool is_bias(pybp_array what)
{
    return what == PYBP_BIASES || what == PYBP_BIAS_GRADIENT || what == PYBP_BIAS_STATE1 || what == PYBP_BIAS_STATE2 ||
           what == PYBP_BIAS_STATE3;
}

static bool is_running(pybp_array what)
{
    return what >= PYBP_RUNNING_MEAN;
}

/* Whether it is one line of each panel, not all lines of weights. */
static bool is_line(pybp_array what)
{
    return is_bias(what) || is_running(what);
}

static size_t line_of(const pybp_layer *layer, pybp_array what)
{
    return what == PYBP_RUNNING_MEAN  ? (size_t)PYBP_LINE_RUNNING_MEAN
           : what == PYBP_RUNNING_VAR ? (size_t)PYBP_LINE_RUNNING_VAR
                                      : layer->fan;
}

/* The buffer that it is in; NULL: the net does not hold it now. */
static char *buffer_of(const pybp_net *net, pybp_array what)
{
    switch (what) {
    case PYBP_WEIGHTS:
    case PYBP_BIASES:
    case PYBP_RUNNING_MEAN:
    case PYBP_RUNNING_VAR:
        return net->params;
    case PYBP_WEIGHT_GRADIENT:
    case PYBP_BIAS_GRADIENT:
        return net->has_gradients ? net->grads : NULL;
    case PYBP_WEIGHT_STATE1:
    case PYBP_BIAS_STATE1:
        return net->state[0];
    case PYBP_WEIGHT_STATE2:
    case PYBP_BIAS_STATE2:
        return net->state[1];
    case PYBP_WEIGHT_STATE3:
    case PYBP_BIAS_STATE3:
        return net->state[2];
    default:
        return NULL;
    }
}

static pybp_status check_parameter(const pybp_net *net, pybp_array what, size_t l, size_t bytes)
{
    const pybp_layer *layer = &net->layers[l];
    if (buffer_of(net, what) == NULL)
        return pybp_fail(PYBP_STATE, "the net holds no such array now");
    if (is_bias(what) && !layer->has_bias)
        return pybp_fail(PYBP_STATE, "layer %zu has no biases", l);
    if (is_running(what) && layer->traits->statistics == 0)
        return pybp_fail(PYBP_STATE, "layer %zu has no running statistics", l);
    if (!is_line(what) && layer->fan == 0)
        return pybp_fail(PYBP_STATE, "layer %zu has no weights", l);
    return check_bytes(bytes, layer->n_out * (is_line(what) ? 1 : layer->fan) * net->k->size);
}

static pybp_status get_parameter(const pybp_net *net, pybp_array what, size_t layer, void *out, size_t bytes)
{
    CHECK(check_parameter(net, what, layer, bytes));
    if (is_line(what))
        pybp_unpack_line(net, buffer_of(net, what), layer, line_of(&net->layers[layer], what), out);
    else
        pybp_unpack_weights(net, buffer_of(net, what), layer, out);
    return PYBP_OK;
}

static pybp_status check_values(const pybp_net *net, pybp_array what, const void *values, size_t bytes)
{
    for (size_t i = 0; i < bytes; i += net->k->size) {
        const double value = net->k->get((const char *)values + i);
        if (!isfinite(value))
            return pybp_fail(PYBP_NOT_FINITE, "NaN or infinity at index %zu", i / net->k->size);
        if (what == PYBP_RUNNING_VAR && value < 0)
            return pybp_fail(PYBP_INVALID, "the variance %g at index %zu is negative", value, i / net->k->size);
    }
    return PYBP_OK;
}

static pybp_status set_parameter(pybp_net *net, pybp_array what, size_t layer, const void *values, size_t bytes)
{
    CHECK(check_parameter(net, what, layer, bytes));
    CHECK(check_values(net, what, values, bytes));
    if (is_line(what))
        pybp_pack_line(net, buffer_of(net, what), layer, line_of(&net->layers[layer], what), values);
    else
        pybp_pack_weights(net, buffer_of(net, what), layer, values);
    if (buffer_of(net, what) == net->params) {
        pybp_flush_layer(net, net->params, layer);
        pybp_forget_forward(net);
    }
    return PYBP_OK;
}

/* ---- arrays in the workspace of the last forward pass ---- */

/* .at is NULL if the net does not hold it now. */
static pybp_panels panels_of(const pybp_net *net, pybp_array what, size_t l)
{
    const pybp_panels none = {NULL, 0};
    if (net->manual.rows == 0)
        return none;
    const pybp_layer *layer = &net->layers[l];
    const pybp_layer_buffers *layers = net->manual.workspace->layers;
    const enum pybp_reads reads = layer->traits->reads;
    switch (what) {
    case PYBP_INPUT: /* embeddings and join have no contiguous one */
        return reads == PYBP_READS_COLUMN || reads == PYBP_READS_JOINED ? none : layers[layer->link[0].from].a;
    case PYBP_Z:
        return net->manual.keeps_z ? layers[l].z : none;
    case PYBP_A:
        return layers[l].a;
    case PYBP_DELTA:
        return net->manual.has_deltas ? layers[l].delta : none;
    default:
        return net->manual.has_deltas && net->manual.keeps_z ? layers[l].back : none;
    }
}

static pybp_status get_activation(const pybp_net *net, pybp_array what, size_t l, void *out, size_t bytes)
{
    const pybp_layer *layer = &net->layers[l];
    const size_t rows = net->manual.rows, cols = what == PYBP_INPUT || what == PYBP_BACK ? layer->n_in : layer->n_out;
    const pybp_panels panels = panels_of(net, what, l);
    if (panels.at == NULL)
        return pybp_fail(PYBP_STATE, "layer %zu holds no such array now: a forward or backward pass comes first", l);
    CHECK(check_bytes(bytes, rows * cols * net->k->size));
    net->k->scatter(panels, rows, cols, out);
    return PYBP_OK;
}

/* ---- entry points ---- */

pybp_status pybp_net_get(const pybp_net *net, pybp_array what, size_t layer, void *out, size_t bytes)
{
    CHECK(check_array(net, what, layer, out));
    if (is_parameter(what))
        RETURN_LOCKED(net, read, get_parameter(net, what, layer, out, bytes));
    RETURN_LOCKED(net, read, get_activation(net, what, layer, out, bytes));
}

pybp_status pybp_net_set(pybp_net *net, pybp_array what, size_t layer, const void *values, size_t bytes)
{
    CHECK(check_array(net, what, layer, values));
    if (!is_parameter(what) || what == PYBP_WEIGHT_GRADIENT || what == PYBP_BIAS_GRADIENT)
        return pybp_fail(PYBP_INVALID, "this array cannot be set");
    RETURN_LOCKED(net, write, set_parameter(net, what, layer, values, bytes));
}

static pybp_status poke(pybp_net *net, char *at, double value, double *old)
{
    if (old != NULL)
        *old = net->k->get(at);
    net->k->set(at, value);
    pybp_forget_forward(net);
    return PYBP_OK;
}

pybp_status pybp_net_poke(pybp_net *net, size_t layer, size_t row, size_t column, double value, double *old)
{
    CHECK(check_array(net, PYBP_WEIGHTS, layer, net));
    const pybp_layer *of = &net->layers[layer];
    if (row >= of->n_out || column >= of->trained)
        return pybp_fail(PYBP_INVALID, "no parameter (%zu, %zu) in layer %zu", row, column, layer);
    if (!pybp_fits(value, net->dtype))
        return pybp_fail(PYBP_NOT_FINITE, "%g is not a finite number of the net's dtype", value);
    RETURN_LOCKED(net, write, poke(net, pybp_param_at(net, net->params, layer, row, column), value, old));
}
