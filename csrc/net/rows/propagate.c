/* All rows of a pass through all layers and back.
 *
 * Between two coupled layers rows are independent, so a block of them goes through those layers together, while its
 * activations are in cache. Without a coupled layer that is the whole net, there and back. */
#include "net/layers/layer.h"

#define ROW_BLOCK 256u

/* The next layer from l on that couples rows; n_layers: none. */
static size_t next_coupled(const pybp_sweep *s, size_t l)
{
    const pybp_net *net = s->all.net;
    if (!net->batch_coupled || !pybp_training(&s->all))
        return net->n_layers;
    while (l < net->n_layers && !net->layers[l].batch_coupled)
        l++;
    return l;
}

/* The last coupled layer before l; n_layers: none. */
static size_t coupled_before(const pybp_sweep *s, size_t l)
{
    size_t last = s->all.net->n_layers;
    for (size_t i = next_coupled(s, 0); i < l; i = next_coupled(s, i + 1))
        last = i;
    return last;
}

typedef void of_panels(const pybp_run *all, size_t l, size_t p0, size_t p1);

/* What layer l does for all rows together, its panels split over the threads. */
static void meet(const pybp_sweep *s, size_t l, of_panels *fn)
{
    const size_t panels = s->all.net->layers[l].panels, tid = (size_t)s->all.tid, threads = (size_t)s->threads;
    pybp_barrier_wait(s->barrier);
    fn(&s->all, l, panels * tid / threads, panels * (tid + 1) / threads);
    pybp_barrier_wait(s->barrier);
}

/* A stretch: layers begin ... end - 1 forward, back_begin ... back_end - 1 back, for this thread's rows. */
typedef struct stretch {
    bool enter, turn;
    size_t begin, end, back_begin, back_end;
} stretch;

static void go(const pybp_sweep *s, const stretch *way)
{
    size_t begin, end;
    pybp_share(s->all.rows, s->all.tid, s->threads, &begin, &end);
    for (; begin < end; begin += ROW_BLOCK) {
        pybp_run block = s->all;
        block.row = block.in_batch = begin;
        block.rows = end - begin < ROW_BLOCK ? end - begin : ROW_BLOCK;
        if (way->enter)
            s->enter(s->ctx, &block);
        pybp_run_forward(&block, way->begin, way->end, s->output);
        if (way->turn)
            s->turn(s->ctx, &block);
        pybp_run_back(&block, way->back_begin, way->back_end);
    }
}

void pybp_sweep_rows(const pybp_sweep *s, int ways)
{
    const size_t n = s->all.net->n_layers;
    size_t begin = 0;
    stretch way = {.enter = true};
    if (s->first_by_panels) {
        go(s, &way);
        meet(s, 0, pybp_run_forward_panels);
        way.enter = false;
        begin = 1;
    }
    size_t end = next_coupled(s, begin);
    for (; end < n && (ways & PYBP_SWEEP_FORWARD); begin = end, end = next_coupled(s, end + 1)) {
        way.begin = begin;
        way.end = end;
        go(s, &way);
        meet(s, end, pybp_layer_type_of(s->all.net, end)->couple_forward);
        way.enter = false;
    }
    /* The last stretch forward turns into the first one back. */
    size_t coupled = coupled_before(s, n);
    way.begin = ways & PYBP_SWEEP_FORWARD ? begin : n;
    way.end = n;
    if (ways & PYBP_SWEEP_BACK) {
        way.turn = s->turn != NULL;
        way.back_begin = coupled < n ? coupled + 1 : 0;
        way.back_end = n;
    }
    if (!(ways & PYBP_SWEEP_FORWARD))
        way.enter = false;
    go(s, &way);
    while ((ways & PYBP_SWEEP_BACK) && coupled < n) {
        meet(s, coupled, pybp_layer_type_of(s->all.net, coupled)->couple_back);
        const size_t next = coupled_before(s, coupled);
        way = (stretch){.back_begin = next < n ? next + 1 : 0, .back_end = coupled + 1};
        go(s, &way);
        coupled = next;
    }
}
