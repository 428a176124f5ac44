/* Parameters between logical order (row-major, as users see them) and packed panels. */
#ifndef PYBP_NET_MODEL_PARAMETERS_H
#define PYBP_NET_MODEL_PARAMETERS_H

#include "net/model/net.h"

/* In all of these `buffer` is a parameter buffer, and the values on the user's side are contiguous, of the net's
 * dtype. */

/* A layer's weights, (n_out, fan). Pack also clears the padding of panels. */
void pybp_unpack_weights(const pybp_net *net, const char *buffer, size_t layer, void *values);
void pybp_pack_weights(const pybp_net *net, char *buffer, size_t layer, const void *values);
/* One line of each of a layer's panels, (n_out,), such as the biases. */
void pybp_unpack_line(const pybp_net *net, const char *buffer, size_t layer, size_t line, void *values);
void pybp_pack_line(const pybp_net *net, char *buffer, size_t layer, size_t line, const void *values);
/* All parameters, n_parameters values: layer by layer the weights, then the biases. */
void pybp_unpack_all(const pybp_net *net, const char *buffer, char *values);
void pybp_pack_all(const pybp_net *net, char *buffer, const char *values);

/* What is tiny becomes 0 (simd.h, flush): in a layer, or in the whole buffer. */
void pybp_flush_layer(const pybp_net *net, char *buffer, size_t l);
void pybp_flush_all(const pybp_net *net, char *buffer);

/* Whether all values of a parameter buffer, padding included, are finite. */
bool pybp_buffer_finite(const pybp_net *net, const char *buffer);
/* To be called when parameters have changed: pybp_backward then needs a new forward pass. */
void pybp_forget_forward(pybp_net *net);

#endif
