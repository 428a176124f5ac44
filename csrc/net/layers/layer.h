/* What each kind of layer does: a table of functions for each row of layers.def, defined in the files of this
 * folder. */
#ifndef PYBP_NET_LAYERS_LAYER_H
#define PYBP_NET_LAYERS_LAYER_H

#include "net/workspace/rows.h"

/* Each function works on the given rows of layer l. */
typedef struct pybp_layer_functions {
    /* Forward: from the layer's input to z and a. Only a last layer with an activation is asked for PYBP_OUTPUT_Z. */
    void (*forward)(const pybp_rows *rows, size_t l, pybp_output output);
    /* The same for panels p0 ... p1 - 1 of the outputs. Its activation is elementwise. NULL: whole rows only. */
    void (*forward_panels)(const pybp_rows *rows, size_t l, size_t p0, size_t p1);
    /* Backward: from the layer's delta to its contribution to the delta of each layer that it reads. NULL: it has
     * none. */
    void (*backward)(const pybp_rows *rows, size_t l);
    /* Lines k0 ... k1 - 1 of a panel of the parameters' gradient, summed over the rows, into g; add: on top of what g
     * holds. */
    void (*gradient)(const pybp_rows *rows, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g);
    /* The same for lines of `panels` panels, at most k->gradient_panels, g_step lines apart in g. NULL: `gradient` is
     * called for each panel. (Layers without parameters have neither.) */
    void (*gradient_panels)(const pybp_rows *rows, size_t l, size_t panel, size_t panels, size_t k0, size_t k1,
                            bool add, char *g, size_t g_step);
    /* For layers that couple the rows of a minibatch in training, otherwise NULL: statistics of panels p0 ... p1 - 1,
     * over all rows of the minibatch, to be computed before `forward` and before `backward`. */
    void (*forward_statistics)(const pybp_rows *all, size_t l, size_t p0, size_t p1);
    void (*backward_statistics)(const pybp_rows *all, size_t l, size_t p0, size_t p1);
} pybp_layer_functions;

#define PYBP_LAYER(NAME, name, reads, weights, statistics, z, training, what, params) \
    extern const pybp_layer_functions pybp_layer_##name;
#include "registry/layers.def"
#undef PYBP_LAYER

const pybp_layer_functions *pybp_layer_functions_of(const pybp_net *net, size_t l);

/* The gradient of tiles of layer l's parameters, which it must have, g_step lines apart in g. */
static inline void pybp_layer_gradient(const pybp_rows *rows, size_t l, size_t panel, size_t panels, size_t k0,
                                       size_t k1, bool add, char *g, size_t g_step)
{
    const pybp_layer_functions *functions = pybp_layer_functions_of(rows->net, l);
    if (functions->gradient_panels != NULL)
        functions->gradient_panels(rows, l, panel, panels, k0, k1, add, g, g_step);
    else
        for (size_t p = 0; p < panels; p++)
            functions->gradient(rows, l, panel + p, k0, k1, add, g + p * g_step * PYBP_LINE);
}

/* ---- contributions to the gradient with respect to a layer's inputs (net.h, pybp_link) ---- */

typedef struct pybp_contribution {
    bool wanted;         /* false: no caller wants the gradient with respect to the net's input */
    pybp_panels out;     /* where the layer writes its contribution */
    pybp_panels keep;    /* gets a copy of it, unless .at is NULL */
    pybp_panels add;     /* the sum of the contributions so far, to be added, unless .at is NULL */
    pybp_derive_panel *derive; /* if the sum is complete: what makes it the delta of the layer read; otherwise NULL */
    pybp_panels x;       /* its arguments */
    const void *params;
} pybp_contribution;

/* The contribution of layer l to the gradient with respect to its input number `link`. */
pybp_contribution pybp_contribution_of(const pybp_rows *rows, size_t l, int link);
/* With the layer's contribution, n columns, in to->out: copy it to `keep`, add the sum so far, apply the derivative. */
void pybp_finish_contribution(const pybp_rows *rows, size_t n, const pybp_contribution *to);
/* Both steps for a layer whose contribution is its delta: copy it to to->out, then finish. */
void pybp_contribute_delta(const pybp_rows *rows, size_t l, int link);

/* Copy n columns, unless both are the same buffer. */
void pybp_copy_panels(const pybp_rows *rows, size_t n, pybp_panels from, pybp_panels to);

#endif
