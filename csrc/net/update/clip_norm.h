/* Clipping by the gradient's norm over all parameters. Squares are summed in double in logical order (layer, output,
 * input, then that output's bias), in blocks of 4096 elements, whose sums are added in ascending order. */
#ifndef PYBP_NET_UPDATE_CLIP_NORM_H
#define PYBP_NET_UPDATE_CLIP_NORM_H

#include "net/model/net.h"

/* Blocks of the net's gradient. */
size_t pybp_gradient_blocks(const pybp_net *net);
/* The sums of squares of blocks first ... end - 1 of a gradient buffer, into sums[first] ... sums[end - 1]. */
void pybp_gradient_squares(const pybp_net *net, const char *grads, size_t first, size_t end, double *sums);
/* Given the sums of all blocks: what the gradient has to be multiplied by, if that is below 1. */
double pybp_clip_factor(const double *sums, size_t blocks, double clip_norm);

#endif
