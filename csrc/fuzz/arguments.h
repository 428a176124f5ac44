/* Arguments of the C API, made of a fuzzer's bytes. */
#ifndef PYBP_FUZZ_ARGUMENTS_H
#define PYBP_FUZZ_ARGUMENTS_H

#include "input.h"

/* NULL if the description was refused, or memory was short. */
pybp_net *any_net(input *in);
/* Whether data of so many columns fit in memory; a net may have more inputs than that. */
bool is_small(const pybp_net *net);

/* Data of so many rows that mostly suit the net and the loss. */
pybp_matrix inputs_for(input *in, const pybp_net *net, size_t rows);
pybp_targets targets_for(input *in, const pybp_net *net, const pybp_loss_spec *loss, size_t rows);
const double *weights_for(input *in, size_t rows);

void any_loss(input *in, pybp_loss_spec *loss);
void any_optimizer(input *in, pybp_optimizer *optimizer);
int any_threads(input *in);

#endif
