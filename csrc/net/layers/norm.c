/* scale, batch_norm, layer_norm, rms_norm: the input, or z, its standardised values, times a scale gamma plus a shift
 * beta of each feature. Gamma and beta are lines 0 and 1 of a parameter panel; lines 2 and 3 of batch norm are the
 * running mean and variance. */
#include "net/layers/layer.h"

enum { GAMMA = PYBP_LINE_SCALE, BETA, RUNNING_MEAN = PYBP_LINE_RUNNING_MEAN, RUNNING_VAR };
enum { MOMENTUM, BATCH_EPS };

static char *param(const pybp_rows *rows, size_t l, size_t panel, size_t line)
{
    return pybp_param_line(rows->net, rows->net->params, l, panel, line);
}

/* The gradient with respect to gamma and beta, which are applied to z. Without beta k1 is 1. (A tile holds both lines,
 * so k0 is 0.) */
static void gradient_of(const pybp_rows *rows, size_t l, pybp_panels z, size_t panel, size_t k1, bool add, char *g)
{
    _Alignas(64) char unused[PYBP_LINE] = {0};
    rows->net->k->sums(rows->n, pybp_panel_at(pybp_delta_of(rows, l), panel), pybp_panel_at(z, panel), add,
                       k1 > BETA ? g + PYBP_LINE : unused, g);
}

static void gradient(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    (void)k0;
    gradient_of(rows, l, pybp_z_of(rows, l), panel, k1, add, g);
}

/* ---- scale ---- */

static void scale_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_panels x = pybp_input_of(rows, l), a = pybp_output_of(rows, l);
    (void)output;
    for (size_t p = 0; p < rows->net->layers[l].panels; p++)
        rows->net->k->scale_shift(rows->n, pybp_panel_at(x, p), param(rows, l, p, GAMMA), param(rows, l, p, BETA),
                                  pybp_panel_at(a, p));
}

static void scale_backward(const pybp_rows *rows, size_t l)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    const pybp_panels delta = pybp_delta_of(rows, l);
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->scale(rows->n, pybp_panel_at(delta, p), param(rows, l, p, GAMMA), pybp_panel_at(to.out, p));
    pybp_finish_contribution(rows, layer->n_in, &to);
}

static void scale_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    (void)k0;
    gradient_of(rows, l, pybp_input_of(rows, l), panel, k1, add, g);
}

const pybp_layer_functions pybp_layer_scale = {
    .forward = scale_forward,
    .backward = scale_backward,
    .gradient = scale_gradient,
};

/* ---- batch_norm ---- */

/* Statistics of each feature over the minibatch, as lines of the layer's stats. */
enum { MEAN, INVERSE, SUM_SHIFT, SUM_SCALE };

static char *statistic(const pybp_rows *rows, size_t l, size_t panel, size_t which)
{
    return rows->ws->layers[l].stats + (panel * PYBP_STATS_LINES + which) * PYBP_LINE;
}

/* Outside training: 1 / sqrt(var + eps), and scale and shift by which the output follows from the input. */
typedef struct running {
    _Alignas(64) char inverse[PYBP_LINE], scale[PYBP_LINE], shift[PYBP_LINE];
} running;

static void running_of(const pybp_rows *rows, size_t l, size_t p, running *r)
{
    rows->net->k->running_scale(rows->net->layers[l].params[BATCH_EPS], param(rows, l, p, RUNNING_MEAN),
                                param(rows, l, p, RUNNING_VAR), param(rows, l, p, GAMMA), param(rows, l, p, BETA),
                                r->inverse, r->scale, r->shift);
}

static void batch_forward_statistics(const pybp_rows *all, size_t l, size_t p0, size_t p1)
{
    const pybp_kernels *k = all->net->k;
    const double *params = all->net->layers[l].params;
    const pybp_panels x = pybp_input_of(all, l);
    _Alignas(64) char unused[2][PYBP_LINE] = {{0}};
    for (size_t p = p0; p < p1; p++) {
        char *mean = all->keeps_statistics ? unused[0] : param(all, l, p, RUNNING_MEAN);
        char *var = all->keeps_statistics ? unused[1] : param(all, l, p, RUNNING_VAR);
        k->moments(all->n, pybp_panel_at(x, p), statistic(all, l, p, MEAN), statistic(all, l, p, INVERSE));
        k->batch_statistics(all->n, params[MOMENTUM], params[BATCH_EPS], statistic(all, l, p, MEAN),
                            statistic(all, l, p, INVERSE), mean, var);
    }
}

static void batch_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_panels x = pybp_input_of(rows, l), z = pybp_z_of(rows, l), a = pybp_output_of(rows, l);
    (void)output;
    for (size_t p = 0; p < rows->net->layers[l].panels; p++) {
        if (pybp_in_training(rows)) {
            k->standardize(rows->n, pybp_panel_at(x, p), statistic(rows, l, p, MEAN), statistic(rows, l, p, INVERSE),
                           pybp_panel_at(z, p));
            k->scale_shift(rows->n, pybp_panel_at(z, p), param(rows, l, p, GAMMA), param(rows, l, p, BETA),
                           pybp_panel_at(a, p));
            continue;
        }
        running r;
        running_of(rows, l, p, &r);
        if (z.at != NULL)
            k->standardize(rows->n, pybp_panel_at(x, p), param(rows, l, p, RUNNING_MEAN), r.inverse,
                           pybp_panel_at(z, p));
        k->scale_shift(rows->n, pybp_panel_at(x, p), r.scale, r.shift, pybp_panel_at(a, p));
    }
}

static void batch_backward_statistics(const pybp_rows *all, size_t l, size_t p0, size_t p1)
{
    const pybp_panels delta = pybp_delta_of(all, l), z = pybp_z_of(all, l);
    for (size_t p = p0; p < p1; p++)
        all->net->k->sums(all->n, pybp_panel_at(delta, p), pybp_panel_at(z, p), 0, statistic(all, l, p, SUM_SHIFT),
                          statistic(all, l, p, SUM_SCALE));
}

static void batch_backward(const pybp_rows *rows, size_t l)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    const pybp_panels delta = pybp_delta_of(rows, l), z = pybp_z_of(rows, l);
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++) {
        if (pybp_in_training(rows)) {
            k->batch_norm_back(rows->n, rows->batch_rows, pybp_panel_at(delta, p), pybp_panel_at(z, p),
                               param(rows, l, p, GAMMA), statistic(rows, l, p, INVERSE),
                               statistic(rows, l, p, SUM_SHIFT), statistic(rows, l, p, SUM_SCALE),
                               pybp_panel_at(to.out, p));
            continue;
        }
        running r;
        running_of(rows, l, p, &r);
        k->scale(rows->n, pybp_panel_at(delta, p), r.scale, pybp_panel_at(to.out, p));
    }
    pybp_finish_contribution(rows, layer->n_in, &to);
}

const pybp_layer_functions pybp_layer_batch_norm = {
    .forward = batch_forward,
    .backward = batch_backward,
    .gradient = gradient,
    .forward_statistics = batch_forward_statistics,
    .backward_statistics = batch_backward_statistics,
};

/* ---- layer_norm, rms_norm: over the features of a row ---- */

static pybp_row_norm row_norm_of(const pybp_rows *rows, size_t l)
{
    const pybp_layer *layer = &rows->net->layers[l];
    return (pybp_row_norm){
        .rows = rows->n,
        .n = layer->n_in,
        .centered = layer->desc.kind == PYBP_LAYER_LAYER_NORM,
        .step = layer->panel_lines,
        .x = pybp_input_of(rows, l),
        .z = pybp_z_of(rows, l),
        .inverse = rows->ws->layers[l].stats + rows->first * rows->net->k->size,
    };
}

static void row_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_row_norm f = row_norm_of(rows, l);
    (void)output;
    rows->net->k->row_norm(&f, rows->net->layers[l].params[0], param(rows, l, 0, GAMMA), param(rows, l, 0, BETA),
                           pybp_output_of(rows, l));
}

static void row_backward(const pybp_rows *rows, size_t l)
{
    const pybp_row_norm f = row_norm_of(rows, l);
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    if (!to.wanted)
        return;
    rows->net->k->row_norm_back(&f, param(rows, l, 0, GAMMA), pybp_delta_of(rows, l), to.out);
    pybp_finish_contribution(rows, f.n, &to);
}

const pybp_layer_functions pybp_layer_layer_norm = {
    .forward = row_forward,
    .backward = row_backward,
    .gradient = gradient,
};
const pybp_layer_functions pybp_layer_rms_norm = {
    .forward = row_forward,
    .backward = row_backward,
    .gradient = gradient,
};
