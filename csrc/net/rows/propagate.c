#include "net/rows/propagate.h"

#include "net/layers/layer.h"
#include "net/rows/work.h"

#define ROW_BLOCK 256u
/* Bytes of a layer's activations in a block beyond which it has half as many rows. All of them meet each panel of
 * weights, so they should stay in L2; but each block reads and transposes all weights. */
#define BLOCK_BYTES (1u << 20)

/* ---- a range of rows ---- */

/* Set the column of ones after layer l's outputs, if it is in a panel that the layer writes. (workspace.c sets
 * others.) */
static void add_ones(const pybp_rows *rows, size_t l)
{
    const size_t n_out = rows->net->layers[l].n_out;
    const bool last = l + 1 == rows->net->n_layers;
    if ((rows->ws->flags & PYBP_FOR_BACKWARD) && !last && n_out % rows->net->k->panel != 0)
        rows->net->k->ones(pybp_output_of(rows, l), rows->n, n_out);
}

void pybp_forward_layers(const pybp_rows *rows, size_t begin, size_t end, pybp_output output)
{
    for (size_t l = begin; l < end; l++) {
        const bool last = l + 1 == rows->net->n_layers;
        pybp_layer_functions_of(rows->net, l)->forward(rows, l, last ? output : PYBP_OUTPUT_A);
        add_ones(rows, l);
    }
}

void pybp_backward_layers(const pybp_rows *rows, size_t begin, size_t end)
{
    for (size_t l = end; l-- > begin;) {
        const pybp_layer_functions *functions = pybp_layer_functions_of(rows->net, l);
        if (functions->backward != NULL)
            functions->backward(rows, l);
    }
}

/* ---- coupled layers ---- */

/* The first layer from l on that couples the rows; n_layers: there is none. */
static size_t next_coupled(const pybp_propagation *p, size_t l)
{
    const pybp_net *net = p->all.net;
    if (!net->batch_coupled || !pybp_in_training(&p->all))
        return net->n_layers;
    while (l < net->n_layers && net->layers[l].traits->training != PYBP_TRAINS_COUPLED)
        l++;
    return l;
}

/* The last layer before l that couples the rows; n_layers: there is none. */
static size_t last_coupled(const pybp_propagation *p, size_t l)
{
    size_t last = p->all.net->n_layers;
    for (size_t i = next_coupled(p, 0); i < l; i = next_coupled(p, i + 1))
        last = i;
    return last;
}

/* ---- all rows ---- */

typedef void panels_function(const pybp_rows *all, size_t l, size_t p0, size_t p1);

/* Call fn for all rows and this thread's panels of layer l. */
static void split_panels(const pybp_propagation *p, size_t l, panels_function *fn)
{
    const size_t panels = p->all.net->layers[l].panels, tid = (size_t)p->all.tid, threads = (size_t)p->threads;
    pybp_barrier_wait(p->barrier);
    fn(&p->all, l, panels * tid / threads, panels * (tid + 1) / threads);
    pybp_barrier_wait(p->barrier);
}

static void forward_first_layer(const pybp_rows *all, size_t l, size_t p0, size_t p1)
{
    pybp_layer_functions_of(all->net, l)->forward_panels(all, l, p0, p1);
    if (p0 < p1 && p1 == all->net->layers[l].panels)
        add_ones(all, l);
}

/* What is done for one block of rows after the other, up to the next coupled layer: layers begin ... end - 1 forward,
 * then layers back_begin ... back_end - 1 backward. */
typedef struct segment {
    bool load, output_delta;
    size_t begin, end, back_begin, back_end;
} segment;

static size_t block_rows(const pybp_net *net, size_t rows)
{
    if (rows <= ROW_BLOCK / 2)
        return rows;
    size_t widest = (net->n_in + net->k->panel - 1) / net->k->panel;
    for (size_t l = 0; l < net->n_layers; l++)
        widest = net->layers[l].panels > widest ? net->layers[l].panels : widest;
    return widest * PYBP_LINE * ROW_BLOCK > BLOCK_BYTES ? ROW_BLOCK / 2 : ROW_BLOCK;
}

static void process_blocks(const pybp_propagation *p, const segment *s)
{
    size_t begin, end;
    pybp_thread_range(p->all.n, p->all.tid, p->threads, &begin, &end);
    const size_t most = block_rows(p->all.net, end - begin);
    for (; begin < end; begin += most) {
        pybp_rows block = p->all;
        block.first = block.batch_row = begin;
        block.n = end - begin < most ? end - begin : most;
        if (s->load)
            p->load(p->ctx, &block);
        pybp_forward_layers(&block, s->begin, s->end, p->output);
        if (s->output_delta)
            p->output_delta(p->ctx, &block);
        pybp_backward_layers(&block, s->back_begin, s->back_end);
    }
}

/* Forward up to the last coupled layer; *s becomes the segment from there on. */
static void forward_to_last_coupled(const pybp_propagation *p, segment *s)
{
    const size_t n = p->all.net->n_layers;
    s->load = true;
    if (p->split_first_layer) {
        process_blocks(p, s);
        split_panels(p, 0, forward_first_layer);
        s->load = false;
        s->begin = 1;
    }
    for (size_t l = next_coupled(p, s->begin); l < n; l = next_coupled(p, l + 1)) {
        s->end = l;
        process_blocks(p, s);
        split_panels(p, l, pybp_layer_functions_of(p->all.net, l)->forward_statistics);
        s->load = false;
        s->begin = l;
    }
}

/* Backward from a coupled layer, whose delta is there, to the first layer. */
static void backward_from_coupled(const pybp_propagation *p, size_t coupled)
{
    const size_t n = p->all.net->n_layers;
    while (coupled < n) {
        const size_t before = last_coupled(p, coupled);
        const segment s = {.back_begin = before < n ? before + 1 : 0, .back_end = coupled + 1};
        split_panels(p, coupled, pybp_layer_functions_of(p->all.net, coupled)->backward_statistics);
        process_blocks(p, &s);
        coupled = before;
    }
}

void pybp_propagate(const pybp_propagation *p, int directions)
{
    const size_t n = p->all.net->n_layers, coupled = last_coupled(p, n);
    segment s = {.begin = 0};
    if (directions & PYBP_FORWARD)
        forward_to_last_coupled(p, &s);
    else
        s.begin = n;
    s.end = n;
    if (directions & PYBP_BACKWARD) { /* the last segment forward and the first one backward are one */
        s.output_delta = p->output_delta != NULL;
        s.back_begin = coupled < n ? coupled + 1 : 0;
        s.back_end = n;
    }
    process_blocks(p, &s);
    if (directions & PYBP_BACKWARD)
        backward_from_coupled(p, coupled);
}
