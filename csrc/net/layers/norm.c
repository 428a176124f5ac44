/* scale, batch_norm, layer_norm, rms_norm: something standardised, then a scale gamma and a shift beta for each
 * feature, which are line 0 and 1 of its parameters; lines 2 and 3 of batch norm are the running mean and variance. */
#include "net/layers/layer.h"

enum { GAMMA = PYBP_LINE_SCALE, BETA, RUNNING_MEAN = PYBP_LINE_RUNNING_MEAN, RUNNING_VAR };
enum { MOMENTUM, BATCH_EPS };

static char *param(const pybp_run *run, size_t l, size_t panel, size_t line)
{
    return pybp_param_line(run->net, run->net->params, l, panel, line);
}

/* Of gamma and beta, z being what they act on. A tile is all there is, so k0 is 0. */
static void gradient_of(const pybp_run *run, size_t l, pybp_panels z, size_t panel, size_t k1, bool add, char *g)
{
    _Alignas(64) char unused[PYBP_LINE] = {0};
    run->net->k->sums(run->rows, pybp_strip(pybp_delta_of(run, l), panel), pybp_strip(z, panel), add,
                      k1 > BETA ? g + PYBP_LINE : unused, g);
}

static void gradient(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    (void)k0;
    gradient_of(run, l, pybp_z_of(run, l), panel, k1, add, g);
}

/* ---- scale ---- */

static void scale_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_panels x = pybp_input_of(run, l), a = pybp_output_of(run, l);
    (void)output;
    for (size_t p = 0; p < run->net->layers[l].panels; p++)
        run->net->k->scale_shift(run->rows, pybp_strip(x, p), param(run, l, p, GAMMA), param(run, l, p, BETA),
                                 pybp_strip(a, p));
}

static void scale_back(const pybp_run *run, size_t l)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_target to = pybp_target_of(run, l, 0);
    const pybp_panels delta = pybp_delta_of(run, l);
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++)
        run->net->k->scale(run->rows, pybp_strip(delta, p), param(run, l, p, GAMMA), pybp_strip(to.out, p));
    pybp_deliver(run, layer->n_in, &to);
}

static void scale_gradient(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    (void)k0;
    gradient_of(run, l, pybp_input_of(run, l), panel, k1, add, g);
}

const pybp_layer_type pybp_layer_scale = {.forward = scale_forward, .back = scale_back, .gradient = scale_gradient};

/* ---- batch norm. In training its statistics are those of the pass: ---- */

enum { MEAN, INVERSE, SUM_SHIFT, SUM_SCALE };

static char *statistic(const pybp_run *run, size_t l, size_t panel, size_t which)
{
    return run->pass->layers[l].stats + (panel * PYBP_STATS_LINES + which) * PYBP_LINE;
}

/* Outside training, what the running statistics come to. */
typedef struct running {
    _Alignas(64) char inverse[PYBP_LINE], scale[PYBP_LINE], shift[PYBP_LINE];
} running;

static void running_of(const pybp_run *run, size_t l, size_t p, running *r)
{
    run->net->k->running_scale(run->net->layers[l].params[BATCH_EPS], param(run, l, p, RUNNING_MEAN),
                               param(run, l, p, RUNNING_VAR), param(run, l, p, GAMMA), param(run, l, p, BETA),
                               r->inverse, r->scale, r->shift);
}

static void batch_couple_forward(const pybp_run *all, size_t l, size_t p0, size_t p1)
{
    const pybp_kernels *k = all->net->k;
    const double *params = all->net->layers[l].params;
    const pybp_panels x = pybp_input_of(all, l);
    for (size_t p = p0; p < p1; p++) {
        k->moments(all->rows, pybp_strip(x, p), statistic(all, l, p, MEAN), statistic(all, l, p, INVERSE));
        k->batch_statistics(all->rows, params[MOMENTUM], params[BATCH_EPS], statistic(all, l, p, MEAN),
                            statistic(all, l, p, INVERSE), param(all, l, p, RUNNING_MEAN),
                            param(all, l, p, RUNNING_VAR));
    }
}

static void batch_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_kernels *k = run->net->k;
    const pybp_panels x = pybp_input_of(run, l), z = pybp_z_of(run, l), a = pybp_output_of(run, l);
    (void)output;
    for (size_t p = 0; p < run->net->layers[l].panels; p++) {
        if (pybp_training(run)) {
            k->standardize(run->rows, pybp_strip(x, p), statistic(run, l, p, MEAN), statistic(run, l, p, INVERSE),
                           pybp_strip(z, p));
            k->scale_shift(run->rows, pybp_strip(z, p), param(run, l, p, GAMMA), param(run, l, p, BETA),
                           pybp_strip(a, p));
            continue;
        }
        running r;
        running_of(run, l, p, &r);
        if (z.at != NULL)
            k->standardize(run->rows, pybp_strip(x, p), param(run, l, p, RUNNING_MEAN), r.inverse, pybp_strip(z, p));
        k->scale_shift(run->rows, pybp_strip(x, p), r.scale, r.shift, pybp_strip(a, p));
    }
}

static void batch_couple_back(const pybp_run *all, size_t l, size_t p0, size_t p1)
{
    const pybp_panels delta = pybp_delta_of(all, l), z = pybp_z_of(all, l);
    for (size_t p = p0; p < p1; p++)
        all->net->k->sums(all->rows, pybp_strip(delta, p), pybp_strip(z, p), 0, statistic(all, l, p, SUM_SHIFT),
                          statistic(all, l, p, SUM_SCALE));
}

static void batch_back(const pybp_run *run, size_t l)
{
    const pybp_kernels *k = run->net->k;
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_target to = pybp_target_of(run, l, 0);
    const pybp_panels delta = pybp_delta_of(run, l), z = pybp_z_of(run, l);
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++) {
        if (pybp_training(run)) {
            k->batch_norm_back(run->rows, run->in_all, pybp_strip(delta, p), pybp_strip(z, p), param(run, l, p, GAMMA),
                               statistic(run, l, p, INVERSE), statistic(run, l, p, SUM_SHIFT),
                               statistic(run, l, p, SUM_SCALE), pybp_strip(to.out, p));
            continue;
        }
        running r;
        running_of(run, l, p, &r);
        k->scale(run->rows, pybp_strip(delta, p), r.scale, pybp_strip(to.out, p));
    }
    pybp_deliver(run, layer->n_in, &to);
}

const pybp_layer_type pybp_layer_batch_norm = {.forward = batch_forward, .back = batch_back, .gradient = gradient,
                                               .couple_forward = batch_couple_forward,
                                               .couple_back = batch_couple_back};

/* ---- over the features of a row ---- */

static pybp_row_norm row_norm_of(const pybp_run *run, size_t l)
{
    const pybp_layer *layer = &run->net->layers[l];
    return (pybp_row_norm){
        .rows = run->rows,
        .n = layer->n_in,
        .centered = layer->desc.kind == PYBP_LAYER_LAYER_NORM,
        .step = layer->panel_lines,
        .x = pybp_input_of(run, l),
        .z = pybp_z_of(run, l),
        .inverse = run->pass->layers[l].stats + run->row * run->net->k->size,
    };
}

static void row_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_row_norm f = row_norm_of(run, l);
    (void)output;
    run->net->k->row_norm(&f, run->net->layers[l].params[0], param(run, l, 0, GAMMA), param(run, l, 0, BETA),
                          pybp_output_of(run, l));
}

static void row_back(const pybp_run *run, size_t l)
{
    const pybp_row_norm f = row_norm_of(run, l);
    const pybp_target to = pybp_target_of(run, l, 0);
    if (!to.wanted)
        return;
    run->net->k->row_norm_back(&f, param(run, l, 0, GAMMA), pybp_delta_of(run, l), to.out);
    pybp_deliver(run, f.n, &to);
}

const pybp_layer_type pybp_layer_layer_norm = {.forward = row_forward, .back = row_back, .gradient = gradient};
const pybp_layer_type pybp_layer_rms_norm = {.forward = row_forward, .back = row_back, .gradient = gradient};
