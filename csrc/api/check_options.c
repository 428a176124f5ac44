#include "api/check_options.h"

#include "base/status.h"
#include "net/rows/loss.h"
#include "net/update/optimizer_state.h"

#include <math.h>

bool pybp_fits(double value, pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? isfinite((float)value) : isfinite(value);
}

static pybp_status check_param(const char *name, const pybp_param_info *p, double value, pybp_dtype dtype)
{
    const double v = dtype == PYBP_FLOAT32 ? (double)(float)value : value;
    const int low = p->low_open ? v > p->low : v >= p->low, high = p->high_open ? v < p->high : v <= p->high;
    if (low && high)
        return PYBP_OK;
    return pybp_fail(PYBP_INVALID, "%s: %s = %g in the net's dtype, expected %s%g, %g%s", name, p->name, v,
                     p->low_open ? "(" : "[", p->low, p->high, p->high_open ? ")" : "]");
}

pybp_status pybp_check_params(const char *name, const pybp_row *row, const double *params, pybp_dtype dtype)
{
    pybp_status status = PYBP_OK;
    for (int i = 0; i < row->n_params && status == PYBP_OK; i++)
        status = check_param(name, &row->params[i], params[i], dtype);
    return status;
}

/* The number of values of a parameter that is a list fits the number of outputs. */
static pybp_status check_list(const pybp_net *net, const pybp_row *row, const pybp_loss_spec *loss)
{
    const size_t n = (size_t)loss->n_params, n_out = pybp_last_layer(net)->n_out;
    if (loss->kind == PYBP_LOSS_BINARY_CROSS_ENTROPY && n != 1 && n != n_out)
        return pybp_fail(PYBP_SHAPE, "%s: %zu values of pos_weight, expected 1 or %zu (outputs)", row->name, n, n_out);
    if (n_out % pybp_loss_per_target(loss) != 0)
        return pybp_fail(PYBP_SHAPE, "%s: %zu outputs, expected a multiple of %zu (quantiles)", row->name, n_out, n);
    return PYBP_OK;
}

/* Fill in defaults, then check all parameters. */
static pybp_status fill_loss(const pybp_net *net, const pybp_loss_spec *loss, pybp_loss_spec *full)
{
    pybp_row row;
    pybp_registry_row(PYBP_REGISTRY_LOSSES, (int)loss->kind, &row);
    const int list = row.n_params > 0 && row.params[row.n_params - 1].list;
    const int most = list ? PYBP_MAX_LOSS_PARAMS : row.n_params;
    if (loss->n_params < 0 || loss->n_params > most)
        return pybp_fail(PYBP_INVALID, "%s: %d parameters, expected 0 to %d", row.name, loss->n_params, most);
    *full = *loss;
    for (; full->n_params < row.n_params; full->n_params++)
        full->params[full->n_params] = row.params[full->n_params].value;
    pybp_status status = pybp_check_params(row.name, &row, full->params, net->dtype);
    for (int i = row.n_params; i < full->n_params && status == PYBP_OK; i++) /* further values of the list */
        status = check_param(row.name, &row.params[row.n_params - 1], full->params[i], net->dtype);
    return status == PYBP_OK ? check_list(net, &row, full) : status;
}

pybp_status pybp_check_loss(const pybp_net *net, const pybp_loss_spec *loss, pybp_reduction reduction,
                            pybp_loss_spec *full)
{
    const pybp_activation output = pybp_output_activation(net);
    if (loss == NULL)
        return pybp_fail(PYBP_INVALID, "loss is NULL");
    if ((unsigned)loss->kind >= PYBP_N_LOSSES)
        return pybp_fail(PYBP_INVALID, "no loss %d", (int)loss->kind);
    if (reduction != PYBP_MEAN && reduction != PYBP_SUM)
        return pybp_fail(PYBP_INVALID, "no reduction %d", (int)reduction);
    const int link = pybp_loss_link(loss->kind);
    if (link >= 0 && link != (int)output)
        return pybp_fail(PYBP_INVALID, "this loss needs a %s output",
                         link == PYBP_ACTIVATION_SOFTMAX ? "softmax" : "sigmoid");
    return fill_loss(net, loss, full);
}

pybp_status pybp_check_optimizer(const pybp_net *net, const pybp_optimizer *o)
{
    pybp_row row;
    if (o == NULL || (unsigned)o->kind >= PYBP_N_OPTIMIZERS)
        return pybp_fail(PYBP_INVALID, "no such optimizer");
    pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, (int)o->kind, &row);
    const pybp_status status = pybp_check_params(row.label, &row, o->params, net->dtype);
    if (status != PYBP_OK)
        return status;
    if (o->kind == PYBP_OPTIMIZER_SGD && o->params[1] != 0 && o->params[0] == 0)
        return pybp_fail(PYBP_INVALID, "SGD: nesterov needs a momentum above 0");
    if (o->kind == PYBP_OPTIMIZER_RPROP && !(o->params[2] <= o->params[3]))
        return pybp_fail(PYBP_INVALID, "Rprop: step_min = %g is above step_max = %g", o->params[2], o->params[3]);
    if (!(o->clip_norm >= 0) || !isfinite(o->clip_norm) || !(o->clip_value >= 0) || !isfinite(o->clip_value))
        return pybp_fail(PYBP_INVALID, "clip_norm = %g, clip_value = %g: expected finite numbers >= 0", o->clip_norm,
                         o->clip_value);
    if (!(o->bias_lr_factor >= 0) || !isfinite(o->bias_lr_factor))
        return pybp_fail(PYBP_INVALID, "bias_lr_factor = %g: expected a finite number >= 0", o->bias_lr_factor);
    return PYBP_OK;
}

pybp_status pybp_check_rates(const double *lr, size_t n)
{
    if (lr == NULL || n == 0)
        return pybp_fail(PYBP_INVALID, "no learning rate");
    for (size_t i = 0; i < n; i++)
        if (!(lr[i] >= 0) || !isfinite(lr[i]))
            return pybp_fail(PYBP_INVALID, "learning rate %g of step %zu: expected a finite number >= 0", lr[i], i);
    return PYBP_OK;
}

pybp_status pybp_check_other_rates(const pybp_net *net, const pybp_train_options *options)
{
    const double *decay = options->weight_decay, *dropout = options->dropout;
    if (decay != NULL && pybp_weight_decay_of(options->optimizer.kind) < 0)
        return pybp_fail(PYBP_INVALID, "weight_decay: this optimizer has none");
    for (size_t i = 0; decay != NULL && i < options->n_lr; i++)
        if (!(decay[i] >= 0) || !pybp_fits(decay[i], net->dtype))
            return pybp_fail(PYBP_INVALID, "weight_decay %g of step %zu: expected a finite number >= 0", decay[i], i);
    for (size_t i = 0; dropout != NULL && i < options->n_lr; i++)
        if (!(dropout[i] >= 0 && dropout[i] < 1))
            return pybp_fail(PYBP_INVALID, "dropout %g of step %zu: expected a number in [0, 1)", dropout[i], i);
    return PYBP_OK;
}
