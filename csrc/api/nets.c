/* Entry points: nets and what they hold. */
#include "api/data.h"
#include "base/fpenv.h"
#include "base/status.h"

#include <math.h>
#include <string.h>

#define BUSY(net) pybp_fail(PYBP_BUSY, "another call is using this net")

/* Whether the net's dtype holds it as a finite number. */
static bool fits(double value, pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? isfinite((float)value) : isfinite(value);
}

pybp_status pybp_net_copy(const pybp_net *net, pybp_net **copy)
{
    if (net == NULL || copy == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (!pybp_enter_read(net))
        return BUSY(net);
    const pybp_status status = pybp_net_clone(net, copy);
    pybp_leave_read(net);
    return status;
}

void pybp_net_free(pybp_net *net)
{
    pybp_net_destroy(net);
}

pybp_dtype pybp_net_dtype(const pybp_net *net) { return net->dtype; }
size_t pybp_net_n_in(const pybp_net *net) { return net->n_in; }
size_t pybp_net_n_out(const pybp_net *net) { return net->layers[net->n_layers - 1].n_out; }
size_t pybp_net_n_layers(const pybp_net *net) { return net->n_layers; }
uint64_t pybp_net_seed(const pybp_net *net) { return net->seed; }
const char *pybp_net_isa(const pybp_net *net) { return net->k->isa; }
size_t pybp_net_n_parameters(const pybp_net *net) { return net->n_parameters; }

size_t pybp_net_layer_n_in(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers ? net->layers[layer].n_in : 0;
}

size_t pybp_net_layer_n_out(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers ? net->layers[layer].n_out : 0;
}

size_t pybp_net_layer_fan(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers ? net->layers[layer].fan : 0;
}

int pybp_net_layer_has_bias(const pybp_net *net, size_t layer)
{
    return layer < net->n_layers && net->layers[layer].has_bias;
}

pybp_status pybp_net_penalty(const pybp_net *net, double *penalty)
{
    if (net == NULL || penalty == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (!pybp_enter_read(net))
        return BUSY(net);
    const pybp_fpenv env = pybp_fpenv_enter();
    *penalty = pybp_penalty(net);
    pybp_fpenv_leave(env);
    pybp_leave_read(net);
    return PYBP_OK;
}

/* ---- arrays ---- */

static bool is_bias(pybp_array what)
{
    return what == PYBP_BIASES || what == PYBP_BIAS_GRADIENT || what == PYBP_BIAS_STATE1 || what == PYBP_BIAS_STATE2 ||
           what == PYBP_BIAS_STATE3;
}

/* The parameter buffer that an array is part of; NULL if it is not there, or for activations. */
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

/* The panels and width of an activation array; .at NULL if the net does not hold it. */
static pybp_panels panels_of(const pybp_net *net, pybp_array what, size_t l, size_t *cols)
{
    const pybp_panels none = {NULL, 0};
    *cols = what == PYBP_INPUT || what == PYBP_BACK ? net->layers[l].n_in : net->layers[l].n_out;
    if (net->hand_rows == 0)
        return none;
    const pybp_layer_space *space = &net->hand->layers[l];
    switch (what) {
    case PYBP_INPUT:
        return l > net->n_embeddings || net->n_embeddings == 0 ? net->hand->layers[net->layers[l].link[0].from].a : none;
    case PYBP_Z:
        return net->hand_keep ? space->z : none;
    case PYBP_A:
        return space->a;
    case PYBP_DELTA:
        return net->hand_deltas ? space->delta : none;
    default:
        return net->hand_deltas && net->hand_keep ? space->back : none;
    }
}

static pybp_status check_array(const pybp_net *net, pybp_array what, size_t layer, const void *values)
{
    if (net == NULL || values == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
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

static bool is_parameter(pybp_array what)
{
    return what <= PYBP_BIAS_STATE3 || what >= PYBP_RUNNING_MEAN;
}

/* Which line of a panel an array of one number for each output is. */
static size_t line_of(const pybp_layer *layer, pybp_array what)
{
    return what == PYBP_RUNNING_MEAN  ? (size_t)PYBP_LINE_RUNNING_MEAN
           : what == PYBP_RUNNING_VAR ? (size_t)PYBP_LINE_RUNNING_VAR
                                      : layer->fan;
}

/* Bytes of a parameter array; PYBP_STATE for what is not there. */
static pybp_status parameter_bytes(const pybp_net *net, pybp_array what, size_t l, size_t bytes)
{
    const pybp_layer *layer = &net->layers[l];
    const bool running = what >= PYBP_RUNNING_MEAN, line = running || is_bias(what);
    if (buffer_of(net, what) == NULL)
        return pybp_fail(PYBP_STATE, "the net holds no such array now");
    if (is_bias(what) && !layer->has_bias)
        return pybp_fail(PYBP_STATE, "layer %zu has no biases", l);
    if (running && layer->desc.kind != PYBP_LAYER_BATCH_NORM)
        return pybp_fail(PYBP_STATE, "layer %zu has no running statistics", l);
    if (!line && layer->fan == 0)
        return pybp_fail(PYBP_STATE, "layer %zu has no weights", l);
    return check_bytes(bytes, layer->n_out * (line ? 1 : layer->fan) * net->k->size);
}

static pybp_status get(const pybp_net *net, pybp_array what, size_t layer, void *out, size_t bytes)
{
    pybp_status status;
    size_t cols;
    if (is_parameter(what)) {
        if ((status = parameter_bytes(net, what, layer, bytes)) != PYBP_OK)
            return status;
        if (is_bias(what) || what >= PYBP_RUNNING_MEAN)
            pybp_unpack_line(net, buffer_of(net, what), layer, line_of(&net->layers[layer], what), out);
        else
            pybp_unpack_weights(net, buffer_of(net, what), layer, out);
        return PYBP_OK;
    }
    const pybp_panels panels = panels_of(net, what, layer, &cols);
    if (panels.at == NULL)
        return pybp_fail(PYBP_STATE, "layer %zu holds no such array now: a forward or backward pass comes first", layer);
    if ((status = check_bytes(bytes, net->hand_rows * cols * net->k->size)) != PYBP_OK)
        return status;
    net->k->scatter(panels, net->hand_rows, cols, out);
    return PYBP_OK;
}

pybp_status pybp_net_get(const pybp_net *net, pybp_array what, size_t layer, void *out, size_t bytes)
{
    pybp_status status = check_array(net, what, layer, out);
    if (status != PYBP_OK)
        return status;
    if (!pybp_enter_read(net))
        return BUSY(net);
    status = get(net, what, layer, out, bytes);
    pybp_leave_read(net);
    return status;
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

pybp_status pybp_net_set(pybp_net *net, pybp_array what, size_t layer, const void *values, size_t bytes)
{
    pybp_status status = check_array(net, what, layer, values);
    if (status != PYBP_OK)
        return status;
    if (!is_parameter(what) || what == PYBP_WEIGHT_GRADIENT || what == PYBP_BIAS_GRADIENT)
        return pybp_fail(PYBP_INVALID, "this array cannot be set");
    if (!pybp_enter_write(net))
        return BUSY(net);
    status = parameter_bytes(net, what, layer, bytes);
    if (status == PYBP_OK)
        status = check_values(net, what, values, bytes);
    if (status == PYBP_OK) {
        if (is_bias(what) || what >= PYBP_RUNNING_MEAN)
            pybp_pack_line(net, buffer_of(net, what), layer, line_of(&net->layers[layer], what), values);
        else
            pybp_pack_weights(net, buffer_of(net, what), layer, values);
        if (buffer_of(net, what) == net->params)
            pybp_forget_pass(net);
    }
    pybp_leave_write(net);
    return status;
}

static void poke(pybp_net *net, char *place, double value, double *old)
{
    if (old != NULL)
        *old = net->k->get(place);
    net->k->set(place, value);
    pybp_forget_pass(net);
}

pybp_status pybp_net_poke(pybp_net *net, size_t layer, size_t row, size_t column, double value, double *old)
{
    const pybp_status status = check_array(net, PYBP_WEIGHTS, layer, net);
    if (status != PYBP_OK)
        return status;
    const pybp_layer *at = &net->layers[layer];
    if (row >= at->n_out || column >= at->trained)
        return pybp_fail(PYBP_INVALID, "no parameter (%zu, %zu) in layer %zu", row, column, layer);
    if (!fits(value, net->dtype))
        return pybp_fail(PYBP_NOT_FINITE, "%g is not a finite number of the net's dtype", value);
    if (!pybp_enter_write(net))
        return BUSY(net);
    const size_t panel = net->k->panel;
    const pybp_fpenv env = pybp_fpenv_enter(); /* value and *old may be subnormal */
    poke(net, pybp_param_line(net, net->params, layer, row / panel, column) + row % panel * net->k->size, value, old);
    pybp_fpenv_leave(env);
    pybp_leave_write(net);
    return PYBP_OK;
}
