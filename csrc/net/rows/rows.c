/* What one thread does with a run of rows: in, forward, loss, back. */
#include "net/layers/layer.h"
#include "net/workspace/workspace.h"

#include <string.h>

#define LAST(run) ((run)->net->n_layers - 1)

static const int loss_links[PYBP_N_LOSSES] = {
#define ANY -1
#define SOFTMAX PYBP_ACTIVATION_SOFTMAX
#define SIGMOID PYBP_ACTIVATION_SIGMOID
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) [PYBP_LOSS_##NAME] = links,
#include "registry/losses.def"
#undef PYBP_LOSS
#undef ANY
#undef SOFTMAX
#undef SIGMOID
};

static const bool loss_averages[PYBP_N_LOSSES] = {
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) [PYBP_LOSS_##NAME] = per_output,
#include "registry/losses.def"
#undef PYBP_LOSS
};

enum { NUMBERS, COUNTS, SIGNS, PROBABILITIES, CLASSES };
static const int loss_targets[PYBP_N_LOSSES] = {
#define PYBP_LOSS(NAME, name, links, per_output, targets, formula, params) [PYBP_LOSS_##NAME] = targets,
#include "registry/losses.def"
#undef PYBP_LOSS
};

int pybp_loss_link(pybp_loss loss)
{
    return loss_links[loss];
}

pybp_output pybp_loss_output(const pybp_loss_spec *loss)
{
    return loss_links[loss->kind] >= 0 ? PYBP_OUTPUT_Z : PYBP_OUTPUT_A;
}

size_t pybp_loss_per_target(const pybp_loss_spec *loss)
{
    return loss->kind == PYBP_LOSS_QUANTILE ? (size_t)loss->n_params : 1;
}

double pybp_loss_per_output(const pybp_net *net, const pybp_loss_spec *loss)
{
    return loss_averages[loss->kind] ? (double)net->layers[net->n_layers - 1].n_out : 1.0;
}

static size_t source_row(const pybp_source *source, size_t i)
{
    return source->order != NULL ? source->order[i] : i;
}

void pybp_run_gather(const pybp_run *run, const pybp_source *source, size_t first)
{
    const pybp_kernels *k = run->net->k;
    const pybp_pass *pass = run->pass;
    k->gather(source->x, source->order, first, run->rows, pybp_rows_from(pass->spaces[0].a, run->row));
    if (source->y == NULL)
        return;
    if (source->y->labels == NULL) {
        k->gather(&source->y->values, source->order, first, run->rows, pybp_rows_from(pass->y, run->row));
        return;
    }
    for (size_t r = 0; r < run->rows; r++)
        pass->labels[run->row + r] = source->y->labels[source_row(source, first + r)];
}

void pybp_run_scale(const pybp_run *run, const pybp_source *source, size_t first, double divisor, double per_output)
{
    const pybp_kernels *k = run->net->k;
    double scale[PYBP_CHUNK];
    for (size_t r = 0; r < run->rows;) {
        const size_t begin = r, end = run->rows - r < PYBP_CHUNK ? run->rows : r + PYBP_CHUNK;
        for (; r < end; r++) {
            const double weight = source->weights != NULL ? source->weights[source_row(source, first + r)] : 1.0;
            scale[r - begin] = weight / divisor / per_output;
        }
        k->narrow(end - begin, scale, run->pass->scale + (run->row + begin) * k->size);
    }
}

void pybp_run_losses(const pybp_run *run, double *losses)
{
    const pybp_kernels *k = run->net->k;
    k->widen(run->rows, run->pass->row_loss + run->row * k->size, losses);
}

/* The 1-column behind layer l's output, where it shares a panel with it. */
static void add_ones(const pybp_run *run, size_t l)
{
    const size_t n_out = run->net->layers[l].n_out;
    if ((run->pass->flags & PYBP_PASS_BACK) && l < LAST(run) && n_out % run->net->k->panel != 0)
        run->net->k->ones(pybp_output_of(run, l), run->rows, n_out);
}

void pybp_run_forward(const pybp_run *run, size_t begin, size_t end, pybp_output output)
{
    for (size_t l = begin; l < end; l++) {
        pybp_layer_type_of(run->net, l)->forward(run, l, l == LAST(run) ? output : PYBP_OUTPUT_A);
        add_ones(run, l);
    }
}

void pybp_run_forward_panels(const pybp_run *run, size_t l, size_t p0, size_t p1)
{
    pybp_layer_type_of(run->net, l)->forward_panels(run, l, p0, p1);
    if (p0 < p1 && p1 == run->net->layers[l].panels)
        add_ones(run, l);
}

void pybp_run_output_delta(const pybp_run *run)
{
    const size_t l = LAST(run);
    const pybp_kernels *k = run->net->k;
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels delta = pybp_delta_of(run, l);
    if (layer->rowwise)
        k->derive_rows[layer->desc.activation](run->rows, layer->n_out, pybp_derived_from(run, l), delta);
    for (size_t p = 0; p < layer->panels && layer->derive != NULL; p++)
        layer->derive(run->rows, pybp_cols_of_panel(run->net, layer->n_out, p), layer->activation_params,
                      pybp_strip(pybp_derived_from(run, l), p), pybp_strip(delta, p));
}

void pybp_run_loss(const pybp_run *run, const pybp_loss_spec *loss)
{
    const pybp_pass *pass = run->pass;
    const pybp_layer_space *out = &pass->layers[LAST(run)];
    const size_t size = run->net->k->size;
    const pybp_loss_args args = {
        .rows = run->rows,
        .cols = run->net->layers[LAST(run)].n_out,
        .z = pybp_rows_from(out->z, run->row),
        .a = pybp_rows_from(out->a, run->row),
        .labels = pass->y_is_labels ? pass->labels + run->row : NULL,
        .y = pybp_rows_from(pass->y, run->row),
        .scale = pass->scale + run->row * size,
        .row_loss = pass->row_loss + run->row * size,
        .delta = pybp_rows_from(out->delta, run->row),
        .params = loss->params,
        .n_params = (size_t)loss->n_params,
        .per_target = pybp_loss_per_target(loss),
    };
    run->net->k->loss[loss->kind](&args);
    if (pybp_loss_output(loss) == PYBP_OUTPUT_A)
        pybp_run_output_delta(run);
}

void pybp_run_back(const pybp_run *run, size_t begin, size_t end)
{
    for (size_t l = end; l-- > begin;)
        pybp_layer_type_of(run->net, l)->back(run, l);
}

void pybp_run_gradient(const pybp_run *run, size_t layer, size_t panel, size_t k0, size_t k1, bool add, char *g)
{
    pybp_layer_type_of(run->net, layer)->gradient(run, layer, panel, k0, k1, add, g);
}

/* ---- sums over rows ---- */

typedef struct rows {
    const double *losses; /* or NULL */
    const pybp_source *source;
    size_t first;
} rows;

static double row_weight(const rows *of, size_t r)
{
    return of->source->weights[source_row(of->source, of->first + r)];
}

static double add_loss(double chain, const void *ctx, size_t r)
{
    return chain + ((const rows *)ctx)->losses[r];
}

static double add_weighted_loss(double chain, const void *ctx, size_t r)
{
    const rows *of = ctx;
    return __builtin_fma(row_weight(of, r), of->losses[r], chain);
}

static double add_weight(double chain, const void *ctx, size_t r)
{
    return chain + row_weight(ctx, r);
}

double pybp_sum_losses(const double *losses, const pybp_source *source, size_t first, size_t n)
{
    const rows of = {losses, source, first};
    return source->weights == NULL ? pybp_sum_rows(n, add_loss, &of) : pybp_sum_rows(n, add_weighted_loss, &of);
}

double pybp_sum_weights(const pybp_source *source, size_t first, size_t n)
{
    const rows of = {NULL, source, first};
    return source->weights == NULL ? (double)n : pybp_sum_rows(n, add_weight, &of);
}

/* ---- right answers ---- */

/* Rows whose largest output is at the largest target or label; `each` outputs share a target. */
static size_t largest_agree(const pybp_run *run, pybp_panels a, size_t cols, size_t each)
{
    const pybp_kernels *k = run->net->k;
    const pybp_panels y = pybp_rows_from(run->pass->y, run->row);
    int32_t answers[PYBP_CHUNK], targets[PYBP_CHUNK];
    const int32_t *right = targets;
    size_t correct = 0;
    for (size_t first = 0; first < run->rows; first += PYBP_CHUNK) {
        const size_t n = run->rows - first < PYBP_CHUNK ? run->rows - first : PYBP_CHUNK;
        k->largest(n, cols, pybp_rows_from(a, first), answers);
        if (run->pass->y_is_labels)
            right = run->pass->labels + run->row + first;
        else
            k->largest(n, (cols + each - 1) / each, pybp_rows_from(y, first), targets);
        for (size_t r = 0; r < n; r++)
            correct += (size_t)answers[r] == (size_t)right[r] * each;
    }
    return correct;
}

size_t pybp_run_correct(const pybp_run *run, const pybp_loss_spec *loss)
{
    const pybp_layer *last = &run->net->layers[LAST(run)];
    const pybp_kernels *k = run->net->k;
    const pybp_panels a = pybp_output_of(run, LAST(run)), y = pybp_rows_from(run->pass->y, run->row);
    const bool yes_or_no = last->n_out == 1 || last->desc.activation == PYBP_ACTIVATION_SIGMOID;
    const size_t each = pybp_loss_per_target(loss);
    if (!run->pass->y_is_labels && loss_targets[loss->kind] == SIGNS)
        return k->same_side(run->rows, last->n_out, a, y, 1, 1, 0);
    if (!run->pass->y_is_labels && yes_or_no)
        return k->same_side(run->rows, last->n_out, a, y, each, 0, 0.5);
    return largest_agree(run, a, last->n_out, run->pass->y_is_labels ? 1 : each);
}
