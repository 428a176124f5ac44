/* One step of an optimizer, on parameters tile by tile. */
#ifndef PYBP_NET_UPDATE_OPTIMIZER_STEP_H
#define PYBP_NET_UPDATE_OPTIMIZER_STEP_H

#include "net/model/net.h"

/* The constants of a step. */
typedef struct pybp_rule {
    pybp_update *update;
    const pybp_optimizer *optimizer;
    pybp_step_scalars step;         /* lr without the layers' factors */
    double penalty;                 /* factor of l1 and l2 */
    pybp_constants weights, biases; /* of layers with a plain rule */
    bool same;                      /* weights and biases have the same constants: one call updates both */
    bool prefetch;                  /* parameters and states do not fit in a core's own cache */
    double clip_factor, clip_value; /* of the gradient: by norm (1: none) and by value (0: none) */
} pybp_rule;

/* Advance `progress` (steps and powers) by one step, and compute its constants. */
void pybp_rule_next_step(const pybp_net *net, const pybp_optimizer *optimizer, double lr, pybp_progress *progress,
                         pybp_rule *rule);

/* On a tile, lines k0 ... k1 - 1 of a panel, whose gradient is g: */

/* Turn g, the gradient of the loss with respect to the weights as they are stored, into the gradient of loss and
 * penalties with respect to W: multiply it by the layer's scale, and add the gradient of the penalties. */
void pybp_rule_finish_gradient(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0,
                               size_t k1, char *g);
/* Prefetch parameters and states, if that helps; to be called before the gradient is computed. */
void pybp_rule_prefetch(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1);
/* Clip the gradient in place, and update parameters and states. */
void pybp_rule_apply(const pybp_net *net, const pybp_rule *rule, size_t layer, size_t panel, size_t k0, size_t k1,
                     char *g);

#endif
