/* The contract's cases of each width of a tile: whole and half lines, few outputs, and inputs that a block of the
 * weight gradient ends in or after; each with minibatches below and above the rows from which few outputs have a kernel
 * of their own, or of one row more than a tile, and some of more than a chunk. */
#include "contract_build.inc.h"

#define N_WIDTHS 26 /* 16 + 8 + 2 */

size_t contract_n_tile_cases(void)
{
    return N_WIDTHS;
}

void contract_tile_case(size_t i, contract_case *c)
{
    static const size_t inputs[] = {95, 17, 96, 8, 97, 16, 193, 9, 112, 1, 113, 24, 25};
    const size_t n = i + 1, panel = c->dtype == PYBP_FLOAT32 ? 16 : 8;
    begin(c, i, 9800);
    c->n_in = inputs[i % COUNT(inputs)];
    DENSE(N_WIDTHS - i, TANH)->no_bias = i % 3 == 1;
    dense(c, n, i % 2 ? PYBP_ACTIVATION_RELU : PYBP_ACTIVATION_SIGMOID)->no_bias = i % 4 == 2;
    dense(c, 1 + i * 7 % 13, PYBP_ACTIVATION_IDENTITY);
    c->loss.kind = PYBP_LOSS_MSE;
    c->batch = n < panel ? (128 + panel - n - 1) / (panel - n) : n;
    c->rows = 4 * c->batch - 1; /* the last minibatch is one row too short */
    if (i % 5 == 4) {
        c->batch = 256 + c->batch;
        c->rows = 2 * c->batch - 1;
    }
    c->epochs = 1;
    c->shuffle = i % 2;
    trained_by(c, i % COUNT(methods));
    c->optimizer.clip_norm = i % 6 == 3 ? 0.05 : 0.0;
    snprintf(c->name, sizeof c->name, "tiles, %zu wide", n);
}
