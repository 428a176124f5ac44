/* The contract's cases of what makes a step: gradients accumulated over minibatches, the last rows dropped. */
#include "contract_cases.h"

#include <stdio.h>

static const struct steps {
    const char *name;
    size_t rows, batch, accumulate;
    int drop_last, weighted, labels;
    double clip_norm;
    size_t n_hidden;
} all[] = {
    {"accumulate 3", 100, 7, 3, 0, 0, 1, 0.0, 19},
    {"accumulate 2, weighted, clipped", 100, 16, 2, 0, 1, 0, 0.05, 19},
    {"accumulate more than there are", 50, 8, 100, 0, 1, 1, 0.0, 5},
    {"accumulate whole chunks", 1100, 256, 2, 0, 1, 0, 0.0, 17},
    {"accumulate minibatches of chunks", 1500, 300, 3, 0, 1, 1, 0.02, 9},
    {"accumulate minibatches of chunks, wide", 1300, 520, 2, 0, 0, 0, 0.0, 257},
    {"drop last", 50, 16, 0, 1, 1, 1, 0.0, 9},
    {"drop last of accumulated", 100, 16, 2, 1, 0, 0, 0.0, 9},
    {"drop last of fewer than a step", 10, 16, 2, 1, 0, 0, 0.0, 9},
};

size_t contract_n_step_cases(void)
{
    return sizeof all / sizeof *all;
}

void contract_step_case(size_t i, contract_case *c)
{
    const struct steps *s = &all[i];
    c->seed = 99 + i;
    c->data_seed = 5000 + i;
    c->data_dtype = c->dtype;
    c->n_in = 6;
    c->n_layers = 2;
    c->layers[0].n_out = s->n_hidden;
    c->layers[0].activation = PYBP_ACTIVATION_TANH;
    c->layers[1].n_out = s->n_hidden == 257 ? 300 : 4; /* too many parameters to sum chunk by chunk */
    c->layers[1].activation = s->labels ? PYBP_ACTIVATION_SOFTMAX : PYBP_ACTIVATION_IDENTITY;
    c->loss.kind = s->labels ? PYBP_LOSS_CROSS_ENTROPY : PYBP_LOSS_MSE;
    c->labels = s->labels;
    c->rows = s->rows;
    c->batch = s->batch;
    c->accumulate = s->accumulate;
    c->drop_last = s->drop_last;
    c->epochs = s->n_hidden == 257 ? 1 : 2;
    c->shuffle = i % 3 != 1;
    c->weighted = s->weighted;
    c->optimizer.kind = PYBP_OPTIMIZER_ADAM;
    c->optimizer.params[0] = 0.9;
    c->optimizer.params[1] = 0.999;
    c->optimizer.params[2] = 1e-8;
    c->optimizer.bias_lr_factor = 1.0;
    c->optimizer.clip_norm = s->clip_norm;
    c->lr = 0.01;
    c->lr_drop = i % 2 ? 0.1 : 0.0;
    snprintf(c->name, sizeof c->name, "%s", s->name);
}
