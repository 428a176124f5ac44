/* dropout, alpha_dropout, gaussian_noise: random in training, otherwise nothing. z keeps d a / d x, or the noise.
 *
 * Every random number has an address: this layer, this pass, row and feature. */
#include "base/random.h"
#include "math/normal_quantile.h"
#include "net/layers/layer.h"

#include <math.h>
#include <string.h>

#define GROUP 16u /* features whose numbers are one Philox block */

static void copy(const pybp_run *run, size_t n, pybp_panels from, pybp_panels to)
{
    for (size_t p = 0; p * run->net->k->panel < n && from.at != to.at; p++)
        memcpy(pybp_strip(to, p), pybp_strip(from, p), run->rows * PYBP_LINE);
}

static unsigned threshold_of(double rate)
{
    const unsigned threshold = (unsigned)(rate * 65536 + 0.5);
    return threshold > 65535 ? 65535 : threshold;
}

static pybp_drop dropout_of(const pybp_layer *layer)
{
    const unsigned threshold = threshold_of(layer->params[0]);
    return (pybp_drop){(uint16_t)threshold, 65536.0 / (65536.0 - threshold), 0, 0};
}

/* Klambauer et al., "Self-normalizing neural networks" (2017): what is dropped goes to h, the lower end of selu; an
 * affine map then puts mean and variance back. */
static pybp_drop alpha_dropout_of(const pybp_layer *layer)
{
    const unsigned threshold = threshold_of(layer->params[0]);
    const double h = -1.7580993408473769, dropped = threshold / 65536.0, kept = 1 - dropped;
    const double scale = 1 / sqrt(kept + h * h * kept * dropped), shift = -(scale * dropped * h);
    return (pybp_drop){(uint16_t)threshold, scale, shift, scale * h + shift};
}

/* The numbers of features 16 group ... of the run's rows, 16 a row. */
static void numbers_of(const pybp_run *run, size_t l, size_t group, size_t first, size_t rows, uint16_t *numbers)
{
    const size_t groups = (run->net->layers[l].n_out + GROUP - 1) / GROUP;
    for (size_t r = 0; r < rows; r++, numbers += GROUP) {
        uint64_t words[4];
        pybp_random_words(run->net->seed, PYBP_STREAM_MASKS, l, run->number,
                          4 * (uint64_t)((run->in_batch + first + r) * groups + group), 4, words);
        for (size_t i = 0; i < GROUP; i++)
            numbers[i] = (uint16_t)(words[i / 4] >> 16 * (i % 4));
    }
}

static void drop(const pybp_run *run, size_t l, const pybp_drop *how)
{
    const pybp_kernels *k = run->net->k;
    const pybp_panels x = pybp_input_of(run, l), z = pybp_z_of(run, l), a = pybp_output_of(run, l);
    const size_t panels = run->net->layers[l].panels, in_group = GROUP / k->panel;
    uint16_t numbers[64 * GROUP];
    for (size_t group = 0; group * in_group < panels; group++)
        for (size_t r = 0; r < run->rows; r += 64) {
            const size_t rows = run->rows - r < 64 ? run->rows - r : 64, line = r * PYBP_LINE;
            numbers_of(run, l, group, r, rows, numbers);
            for (size_t i = 0; i < in_group && group * in_group + i < panels; i++) {
                const size_t p = group * in_group + i;
                k->drop(rows, numbers + i * k->panel, GROUP, how, pybp_strip(x, p) + line, pybp_strip(a, p) + line,
                        pybp_strip(z, p) + line);
            }
        }
}

static void forward_by(const pybp_run *run, size_t l, pybp_drop how)
{
    if (pybp_training(run))
        drop(run, l, &how);
    else
        copy(run, run->net->layers[l].n_out, pybp_input_of(run, l), pybp_output_of(run, l));
}

static void dropout_forward(const pybp_run *run, size_t l, pybp_output output)
{
    (void)output;
    forward_by(run, l, dropout_of(&run->net->layers[l]));
}

static void alpha_dropout_forward(const pybp_run *run, size_t l, pybp_output output)
{
    (void)output;
    forward_by(run, l, alpha_dropout_of(&run->net->layers[l]));
}

static void drop_back(const pybp_run *run, size_t l)
{
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_target to = pybp_target_of(run, l, 0);
    const pybp_panels delta = pybp_delta_of(run, l), z = pybp_z_of(run, l);
    if (!to.wanted)
        return;
    if (!pybp_training(run))
        copy(run, layer->n_out, delta, to.out);
    for (size_t p = 0; p < layer->panels && pybp_training(run); p++)
        run->net->k->multiply_lines(run->rows, pybp_strip(delta, p), pybp_strip(z, p), pybp_strip(to.out, p));
    pybp_deliver(run, layer->n_in, &to);
}

const pybp_layer_type pybp_layer_dropout = {.forward = dropout_forward, .back = drop_back};
const pybp_layer_type pybp_layer_alpha_dropout = {.forward = alpha_dropout_forward, .back = drop_back};

/* ---- noise ---- */

static void noise_forward(const pybp_run *run, size_t l, pybp_output output)
{
    const pybp_kernels *k = run->net->k;
    const pybp_layer *layer = &run->net->layers[l];
    const pybp_panels x = pybp_input_of(run, l), z = pybp_z_of(run, l), a = pybp_output_of(run, l);
    uint64_t words[256];
    (void)output;
    if (!pybp_training(run)) {
        copy(run, layer->n_out, x, a);
        return;
    }
    for (size_t r = 0; r < run->rows; r++)
        for (size_t j = 0; j < layer->n_out; j++) {
            if (j % 256 == 0)
                pybp_random_words(run->net->seed, PYBP_STREAM_MASKS, l, run->number,
                                  (uint64_t)((run->in_batch + r) * layer->n_out + j),
                                  layer->n_out - j < 256 ? layer->n_out - j : 256, words);
            k->set(pybp_strip(z, j / k->panel) + r * PYBP_LINE + j % k->panel * k->size,
                   layer->params[0] * pybp_normal_quantile(pybp_uniform(words[j % 256])));
        }
    for (size_t p = 0; p < layer->panels; p++)
        k->add_lines(run->rows, pybp_strip(x, p), pybp_strip(z, p), pybp_strip(a, p));
}

static void noise_back(const pybp_run *run, size_t l)
{
    const pybp_target to = pybp_target_of(run, l, 0);
    if (!to.wanted)
        return;
    copy(run, run->net->layers[l].n_out, pybp_delta_of(run, l), to.out);
    pybp_deliver(run, run->net->layers[l].n_in, &to);
}

const pybp_layer_type pybp_layer_gaussian_noise = {.forward = noise_forward, .back = noise_back};
