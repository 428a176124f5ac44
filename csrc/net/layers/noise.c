/* dropout, alpha_dropout, gaussian_noise: random in training, otherwise the output is the input. z holds the factor
 * d a / d x of a dropout, or the noise.
 *
 * Each random number depends on this layer, the forward pass, the row of the minibatch and the feature only. */
#include "base/random.h"
#include "math/normal_quantile.h"
#include "net/layers/layer.h"

#include <math.h>

/* ---- dropout: a 16-bit number for each feature decides whether it is dropped ---- */

#define GROUP 16u  /* features whose numbers come from one Philox block */
#define BLOCK_ROWS 64u

static unsigned threshold_of(double rate)
{
    const unsigned threshold = (unsigned)(rate * 65536 + 0.5);
    return threshold > 65535 ? 65535 : threshold;
}

static double rate_of(const pybp_rows *rows, size_t l)
{
    return rows->dropout != NULL ? *rows->dropout : rows->net->layers[l].params[0];
}

static pybp_drop dropout_of(double rate)
{
    const unsigned threshold = threshold_of(rate);
    return (pybp_drop){(uint16_t)threshold, 65536.0 / (65536.0 - threshold), 0, 0};
}

/* Klambauer et al., "Self-normalizing neural networks" (2017): what is dropped becomes h, the lower limit of selu; an
 * affine map then restores mean and variance. */
static pybp_drop alpha_dropout_of(double rate)
{
    const unsigned threshold = threshold_of(rate);
    const double h = -1.7580993408473769, dropped = threshold / 65536.0, kept = 1 - dropped;
    const double scale = 1 / sqrt(kept + h * h * kept * dropped), shift = -(scale * dropped * h);
    return (pybp_drop){(uint16_t)threshold, scale, shift, scale * h + shift};
}

/* The numbers of features 16 group ... 16 group + 15 for n rows from row r on, 16 for each row. */
static void fill_numbers(const pybp_rows *rows, size_t l, size_t group, size_t r, size_t n, uint16_t *numbers)
{
    const size_t groups = (rows->net->layers[l].n_out + GROUP - 1) / GROUP;
    for (size_t end = r + n; r < end; r++, numbers += GROUP) {
        uint64_t words[4];
        pybp_random_words(rows->net->seed, PYBP_STREAM_MASKS, l, rows->pass_number,
                          4 * (uint64_t)((rows->batch_row + r) * groups + group), 4, words);
        for (size_t i = 0; i < GROUP; i++)
            numbers[i] = (uint16_t)(words[i / 4] >> 16 * (i % 4));
    }
}

static void drop(const pybp_rows *rows, size_t l, const pybp_drop *how)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_panels x = pybp_input_of(rows, l), z = pybp_z_of(rows, l), a = pybp_output_of(rows, l);
    const size_t panels = rows->net->layers[l].panels, in_group = GROUP / k->panel;
    uint16_t numbers[BLOCK_ROWS * GROUP];
    for (size_t group = 0; group * in_group < panels; group++)
        for (size_t r = 0; r < rows->n; r += BLOCK_ROWS) {
            const size_t n = rows->n - r < BLOCK_ROWS ? rows->n - r : BLOCK_ROWS, line = r * PYBP_LINE;
            fill_numbers(rows, l, group, r, n, numbers);
            for (size_t i = 0; i < in_group && group * in_group + i < panels; i++) {
                const size_t p = group * in_group + i;
                k->drop(n, numbers + i * k->panel, GROUP, how, pybp_panel_at(x, p) + line, pybp_panel_at(a, p) + line,
                        pybp_panel_at(z, p) + line);
            }
        }
}

static void drop_forward(const pybp_rows *rows, size_t l, pybp_drop how)
{
    if (pybp_in_training(rows))
        drop(rows, l, &how);
    else
        pybp_copy_panels(rows, rows->net->layers[l].n_out, pybp_input_of(rows, l), pybp_output_of(rows, l));
}

static void dropout_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    (void)output;
    drop_forward(rows, l, dropout_of(rate_of(rows, l)));
}

static void alpha_dropout_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    (void)output;
    drop_forward(rows, l, alpha_dropout_of(rate_of(rows, l)));
}

static void drop_backward(const pybp_rows *rows, size_t l)
{
    const pybp_layer *layer = &rows->net->layers[l];
    if (!pybp_in_training(rows)) {
        pybp_contribute_delta(rows, l, 0);
        return;
    }
    const pybp_contribution to = pybp_contribution_of(rows, l, 0);
    const pybp_panels delta = pybp_delta_of(rows, l), z = pybp_z_of(rows, l);
    if (!to.wanted)
        return;
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->multiply_lines(rows->n, pybp_panel_at(delta, p), pybp_panel_at(z, p), pybp_panel_at(to.out, p));
    pybp_finish_contribution(rows, layer->n_in, &to);
}

const pybp_layer_functions pybp_layer_dropout = {.forward = dropout_forward, .backward = drop_backward};
const pybp_layer_functions pybp_layer_alpha_dropout = {.forward = alpha_dropout_forward, .backward = drop_backward};

/* ---- gaussian_noise ---- */

/* Into z: normal deviates times the standard deviation, from words made up to 256 at a time. */
static void fill_noise(const pybp_rows *rows, size_t l)
{
    const pybp_kernels *k = rows->net->k;
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels z = pybp_z_of(rows, l);
    uint64_t words[256];
    for (size_t r = 0; r < rows->n; r++)
        for (size_t j = 0; j < layer->n_out; j++) {
            if (j % 256 == 0)
                pybp_random_words(rows->net->seed, PYBP_STREAM_MASKS, l, rows->pass_number,
                                  (uint64_t)((rows->batch_row + r) * layer->n_out + j),
                                  layer->n_out - j < 256 ? layer->n_out - j : 256, words);
            k->set(pybp_panel_at(z, j / k->panel) + r * PYBP_LINE + j % k->panel * k->size,
                   layer->params[0] * pybp_normal_quantile(pybp_uniform(words[j % 256])));
        }
}

static void noise_forward(const pybp_rows *rows, size_t l, pybp_output output)
{
    const pybp_layer *layer = &rows->net->layers[l];
    const pybp_panels x = pybp_input_of(rows, l), z = pybp_z_of(rows, l), a = pybp_output_of(rows, l);
    (void)output;
    if (!pybp_in_training(rows)) {
        pybp_copy_panels(rows, layer->n_out, x, a);
        return;
    }
    fill_noise(rows, l);
    for (size_t p = 0; p < layer->panels; p++)
        rows->net->k->add_lines(rows->n, pybp_panel_at(x, p), pybp_panel_at(z, p), pybp_panel_at(a, p));
}

static void noise_backward(const pybp_rows *rows, size_t l)
{
    pybp_contribute_delta(rows, l, 0);
}

const pybp_layer_functions pybp_layer_gaussian_noise = {.forward = noise_forward, .backward = noise_backward};
