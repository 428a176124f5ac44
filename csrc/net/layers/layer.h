/* Layer types: what each provides. One table entry a row of layers.def, in a file of layers/. */
#ifndef PYBP_NET_LAYERS_LAYER_H
#define PYBP_NET_LAYERS_LAYER_H

#include "net/workspace/workspace.h"

typedef struct pybp_layer_type {
    /* From the input to z and a. PYBP_OUTPUT_Z, which only a last layer with an activation sees: z will do. */
    void (*forward)(const pybp_run *run, size_t l, pybp_output output);
    /* The same for panels p0 ... p1 of the outputs, of an activation that is elementwise; NULL: only whole rows. */
    void (*forward_panels)(const pybp_run *run, size_t l, size_t p0, size_t p1);
    /* From this layer's delta to its inputs' dL/da and, through their activations, deltas. */
    void (*back)(const pybp_run *run, size_t l);
    /* See pybp_run_gradient; NULL without parameters. */
    void (*gradient)(const pybp_run *run, size_t l, size_t panel, size_t k0, size_t k1, bool add, char *g);
    /* For layers whose rows depend on each other in training, else NULL: statistics of panels p0 ... p1 over all
     * the rows of the pass, before the layer goes forward; and before it goes back. */
    void (*couple_forward)(const pybp_run *all, size_t l, size_t p0, size_t p1);
    void (*couple_back)(const pybp_run *all, size_t l, size_t p0, size_t p1);
} pybp_layer_type;

#define PYBP_LAYER(NAME, name, weights, kept, trained_pass, what, params) extern const pybp_layer_type pybp_layer_##name;
#include "registry/layers.def"
#undef PYBP_LAYER

const pybp_layer_type *pybp_layer_type_of(const pybp_net *net, size_t l);

/* ---- what layers are made of ---- */

/* Line 0 of panel p. */
static inline char *pybp_strip(pybp_panels m, size_t p)
{
    return m.at + p * m.stride * PYBP_LINE;
}

static inline size_t pybp_cols_of_panel(const pybp_net *net, size_t n, size_t panel)
{
    const size_t left = n - panel * net->k->panel;
    return left < net->k->panel ? left : net->k->panel;
}

static inline bool pybp_training(const pybp_run *run)
{
    return run->pass->flags & PYBP_PASS_TRAIN;
}

/* The run's rows of layer l's input, of what it leaves, and of its delta. */
static inline pybp_panels pybp_input_of(const pybp_run *run, size_t l)
{
    return pybp_rows_from(run->pass->layers[run->net->layers[l].link[0].from].a, run->row);
}
static inline pybp_panels pybp_output_of(const pybp_run *run, size_t l)
{
    return pybp_rows_from(run->pass->layers[l].a, run->row);
}
static inline pybp_panels pybp_z_of(const pybp_run *run, size_t l)
{
    return pybp_rows_from(run->pass->layers[l].z, run->row);
}
static inline pybp_panels pybp_delta_of(const pybp_run *run, size_t l)
{
    return pybp_rows_from(run->pass->layers[l].delta, run->row);
}
/* What the derivative of layer l's activation reads. */
static inline pybp_panels pybp_derived_from(const pybp_run *run, size_t l)
{
    return run->net->layers[l].reads_z ? pybp_z_of(run, l) : pybp_output_of(run, l);
}

/* Where what a layer gives back to one of its inputs goes. */
typedef struct pybp_target {
    bool wanted;         /* false: nowhere, the net's input does not ask for it */
    pybp_panels out;     /* first the layer's own share */
    pybp_panels keep;    /* a copy of that, unless .at is NULL */
    pybp_panels add;     /* then this on top, unless .at is NULL */
    pybp_derive *derive; /* then, of the last share, delta; NULL: nothing */
    pybp_panels x;
    const void *params;
} pybp_target;

pybp_target pybp_target_of(const pybp_run *run, size_t l, int link);
/* The layer's share stands in target->out: do the rest. */
void pybp_deliver(const pybp_run *run, size_t n, const pybp_target *target);

#endif
