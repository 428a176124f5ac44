/* Entry point: from a description to a net. What each layer says for itself is checked here; whether layers fit
 * together, where they are laid out (net/model/layout.h). */
#include "api/create.h"

#include "api/check_options.h"
#include "base/fpenv.h"
#include "base/status.h"
#include "net/create.h"

#include <math.h>
#include <string.h>

/* The kind, its parameters with defaults filled in, and options that only some kinds have. */
static pybp_status check_kind(const pybp_layer_desc *layer, size_t l, pybp_dtype dtype)
{
    double params[PYBP_MAX_LAYER_PARAMS];
    pybp_row row;
    if (pybp_registry_row(PYBP_REGISTRY_LAYERS, (int)layer->kind, &row) != PYBP_OK)
        return pybp_fail(PYBP_INVALID, "layer %zu: no layer kind %d", l, (int)layer->kind);
    if (layer->n_params < 0 || layer->n_params > row.n_params)
        return pybp_fail(PYBP_INVALID, "layer %zu (%s): %d parameters, expected 0 to %d", l, row.name, layer->n_params,
                         row.n_params);
    for (int i = 0; i < row.n_params; i++)
        params[i] = i < layer->n_params ? layer->params[i] : row.params[i].value;
    const enum pybp_z_kind z = pybp_layer_traits_of(layer->kind)->z;
    if (layer->activation != PYBP_ACTIVATION_IDENTITY && z != PYBP_Z_PRODUCT && z != PYBP_Z_INPUT &&
        z != PYBP_Z_ACTIVATED)
        return pybp_fail(PYBP_INVALID, "layer %zu: %s has no activation", l, row.name);
    if (layer->bias_std != 0 && z == PYBP_Z_PHASE)
        return pybp_fail(PYBP_INVALID, "layer %zu: the biases of %s are uniform, bias_std is not used", l, row.name);
    if (layer->no_scale && z != PYBP_Z_STANDARDIZED)
        return pybp_fail(PYBP_INVALID, "layer %zu: %s has no norm that could do without a scale", l, row.name);
    return pybp_check_params(row.name, &row, params, dtype);
}

/* Options of training: their values, as the dtype rounds them, and whether the layer has parameters that they apply
 * to. */
static pybp_status check_training(const pybp_layer_desc *layer, size_t l, pybp_dtype dtype)
{
    const struct {
        const char *name;
        double value, usual;
        bool of_product; /* it applies to weights that inputs are multiplied by; otherwise to all parameters */
    } numbers[] = {
        {"l1", layer->l1, 0, false},
        {"l2", layer->l2, 0, false},
        {"lr_factor", layer->has_lr_factors ? layer->lr_factor : 1, 1, false},
        {"bias_lr_factor", layer->has_lr_factors ? layer->bias_lr_factor : 1, 1, false},
        {"max_norm", layer->max_norm, 0, true},
        {"parametrization", (double)layer->parametrization, PYBP_STANDARD, true},
        {"frozen", layer->frozen, 0, false},
    };
    const pybp_layer_traits *traits = pybp_layer_traits_of(layer->kind);
    const bool product = traits->z == PYBP_Z_PRODUCT;
    const bool parameters = traits->weights != PYBP_WEIGHTS_NONE && !layer->no_scale;
    if (layer->parametrization != PYBP_STANDARD && layer->parametrization != PYBP_NTK)
        return pybp_fail(PYBP_INVALID, "layer %zu: no parametrization %d", l, (int)layer->parametrization);
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!(numbers[i].value >= 0) || !pybp_fits(numbers[i].value, dtype))
            return pybp_fail(PYBP_INVALID, "layer %zu: %s = %g: expected a finite number >= 0", l, numbers[i].name,
                             numbers[i].value);
        if (numbers[i].value != numbers[i].usual && !(numbers[i].of_product ? product : parameters))
            return pybp_fail(PYBP_INVALID, "layer %zu: %s has no %s", l, traits->name, numbers[i].name);
    }
    return PYBP_OK;
}

static pybp_status check_layer(const pybp_layer_desc *layer, size_t l, bool last, pybp_dtype dtype)
{
    pybp_row row;
    pybp_status status = check_kind(layer, l, dtype);
    if (status == PYBP_OK)
        status = check_training(layer, l, dtype);
    if (status != PYBP_OK)
        return status;
    if (pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, (int)layer->activation, &row) != PYBP_OK)
        return pybp_fail(PYBP_INVALID, "layer %zu: no activation %d", l, (int)layer->activation);
    const bool rowwise = strcmp(row.label, "ROWWISE") == 0;
    if (rowwise && pybp_layer_traits_of(layer->kind)->z == PYBP_Z_ACTIVATED)
        return pybp_fail(PYBP_INVALID, "layer %zu: %s, which works on whole rows, can't be parametric", l, row.name);
    if (rowwise && !last)
        return pybp_fail(PYBP_INVALID, "layer %zu: %s is for the last layer only", l, row.name);
    if ((unsigned)layer->init >= PYBP_N_INITIALIZERS)
        return pybp_fail(PYBP_INVALID, "layer %zu: no initializer %d", l, (int)layer->init);
    if (!pybp_fits(layer->init_value, dtype) || !pybp_fits(layer->bias_init, dtype))
        return pybp_fail(PYBP_INVALID, "layer %zu: init_value = %g, bias_init = %g: expected finite numbers", l,
                         layer->init_value, layer->bias_init);
    if (!(layer->bias_std >= 0) || !pybp_fits(layer->bias_std, dtype))
        return pybp_fail(PYBP_INVALID, "layer %zu: bias_std = %g: expected a finite number >= 0", l, layer->bias_std);
    return pybp_check_params(row.name, &row, layer->activation_params, dtype);
}

static pybp_status check_desc(const pybp_net_desc *desc)
{
    if (desc == NULL || desc->layers == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (desc->dtype != PYBP_FLOAT32 && desc->dtype != PYBP_FLOAT64)
        return pybp_fail(PYBP_INVALID, "no dtype %d", (int)desc->dtype);
    if (desc->n_in == 0 || desc->n_layers == 0)
        return pybp_fail(PYBP_INVALID, "a net needs inputs and at least one layer");
    for (size_t l = 0; l < desc->n_layers; l++) {
        const pybp_status status = check_layer(&desc->layers[l], l, l + 1 == desc->n_layers, desc->dtype);
        if (status != PYBP_OK)
            return status;
    }
    return PYBP_OK;
}

pybp_status pybp_net_plan(const pybp_net_desc *desc, pybp_net **net)
{
    const pybp_status status = check_desc(desc);
    return status == PYBP_OK ? pybp_net_lay_out(desc, net) : status;
}

pybp_status pybp_net_create(const pybp_net_desc *desc, pybp_net **net)
{
    if (net == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    pybp_status status = check_desc(desc);
    if (status != PYBP_OK)
        return status;
    const pybp_fpenv env = pybp_fpenv_enter();
    status = pybp_net_build(desc, net);
    pybp_fpenv_leave(env);
    return status;
}
