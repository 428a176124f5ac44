/* A pass: the workspace in which rows go forward and deltas come back. */
#ifndef PYBP_NET_WORKSPACE_WORKSPACE_H
#define PYBP_NET_WORKSPACE_WORKSPACE_H

#include "net/model/net.h"

enum pybp_pass_flags {
    PYBP_PASS_BACK = 1,    /* deltas, the 1-columns the bias gradients need, and z where a derivative reads it */
    PYBP_PASS_LOSS = 2,    /* targets, scales and losses of rows, z and delta of the output layer */
    PYBP_PASS_KEEP = 4,    /* z of all layers, and what they pass back */
    PYBP_PASS_DX = 8,      /* dL/dx of the net's input */
    PYBP_PASS_TRAIN = 16   /* as in training: batch norm over the rows, dropout, noise */
};

#define PYBP_STATS_LINES 4 /* a panel, of batch norm in training */

/* What a pass keeps of a layer, or, before the first one, of the net's input; .at NULL: not kept. */
typedef struct pybp_layer_space {
    pybp_panels z, a, delta;
    pybp_panels sum;   /* beside delta, where several layers give something back */
    pybp_panels back;  /* what this layer gives back to its input */
    char *stats;       /* of norms: PYBP_STATS_LINES a panel, or a T a row */
} pybp_layer_space;

struct pybp_pass {
    pybp_arena arena;
    size_t capacity; /* rows */
    int flags, threads;
    pybp_panels y;
    pybp_layer_space *spaces;   /* [0]: the input */
    pybp_layer_space *layers;   /* = spaces + 1 */
    bool y_is_labels;           /* which of y and labels the last gather filled */
    int32_t *labels;
    char *scale, *row_loss;     /* T, one a row */
    char *scratch;              /* threads times scratch_bytes: transposed weights, then a gradient tile */
    size_t scratch_bytes, tile_offset;
};

/* NULL and a message when memory is short. */
pybp_pass *pybp_pass_new(const pybp_net *net, size_t capacity, int flags, int threads);
void pybp_pass_free(pybp_pass *pass);

static inline pybp_panels pybp_rows_from(pybp_panels m, size_t row)
{
    if (m.at != NULL)
        m.at += row * PYBP_LINE;
    return m;
}

/* A run of rows of a pass, worked on by one thread. */
typedef struct pybp_run {
    const pybp_net *net;
    const pybp_pass *pass;
    size_t row, rows;     /* where they lie in the pass */
    int tid;
    size_t in_batch;      /* number of the first one in the minibatch */
    size_t in_all;        /* rows of the minibatch */
    uint64_t number;      /* of the pass in training, for masks */
} pybp_run;

/* Where a call's rows come from. */
typedef struct pybp_source {
    const pybp_matrix *x;
    const pybp_targets *y;  /* or NULL */
    const double *weights;  /* or NULL */
    const uint32_t *order;  /* or NULL */
} pybp_source;

typedef enum pybp_output { PYBP_OUTPUT_A, PYBP_OUTPUT_Z } pybp_output;

/* Rows first, first + 1, ... of the source (in its order) into the run: x, targets and scales. */
void pybp_run_gather(const pybp_run *run, const pybp_source *source, size_t first);
/* scale of the run's rows: weight / divisor / per_output. */
void pybp_run_scale(const pybp_run *run, const pybp_source *source, size_t first, double divisor, double per_output);
/* The run's row losses, as doubles. */
void pybp_run_losses(const pybp_run *run, double *losses);
/* Layers begin ... end - 1. PYBP_OUTPUT_Z: the last of the net leaves z only, for a loss that is computed from it. */
void pybp_run_forward(const pybp_run *run, size_t begin, size_t end, pybp_output output);
/* Panels p0 ... p1 of a layer that has forward_panels and is not the net's last. */
void pybp_run_forward_panels(const pybp_run *run, size_t l, size_t p0, size_t p1);
/* The one output activation that a loss is for (pybp_activation), or -1: any. */
int pybp_loss_link(pybp_loss loss);
/* What pybp_run_forward has to leave for this loss. */
pybp_output pybp_loss_output(const pybp_loss_spec *loss);
/* Row losses and the output layer's delta. */
void pybp_run_loss(const pybp_run *run, const pybp_loss_spec *loss);
/* The output layer's delta from dL/da, which stands in its place. */
void pybp_run_output_delta(const pybp_run *run);
/* Layers end - 1 ... begin give back to their inputs. */
void pybp_run_back(const pybp_run *run, size_t begin, size_t end);
/* Rows that the net got right (pybp_evaluation). */
size_t pybp_run_correct(const pybp_run *run, const pybp_loss_spec *loss);
/* Lines k0 ... k1 of a panel of a layer's gradient over the run's rows into g; add: on top of g. */
void pybp_run_gradient(const pybp_run *run, size_t layer, size_t panel, size_t k0, size_t k1, bool add, char *g);

/* Outputs that share a target, with all parameters of the loss given: as many as quantiles, for others 1. */
size_t pybp_loss_per_target(const pybp_loss_spec *loss);
/* What the loss divides by besides the rows' weight: its outputs, or 1. */
double pybp_loss_per_output(const pybp_net *net, const pybp_loss_spec *loss);
/* The contract's row sum: chunks of PYBP_CHUNK rows, each a chain from zero, added in order. `add` adds row r
 * to a chain; inline, so that it costs no call. */
static inline double pybp_sum_rows(size_t rows, double (*add)(double chain, const void *ctx, size_t r), const void *ctx)
{
    double sum = 0;
    for (size_t r = 0; r < rows;) {
        const size_t end = rows - r < PYBP_CHUNK ? rows : r + PYBP_CHUNK;
        double chunk = 0;
        for (; r < end; r++)
            chunk = add(chunk, ctx, r);
        sum = end <= PYBP_CHUNK ? chunk : sum + chunk;
    }
    return sum;
}

/* Sum over rows of weight times loss, in the contract's order; losses[0] is that of row `first`. */
double pybp_sum_losses(const double *losses, const pybp_source *source, size_t first, size_t rows);
/* Sum of the weights of rows first ... of the source; their number without weights. */
double pybp_sum_weights(const pybp_source *source, size_t first, size_t rows);

/* Rows of thread tid: [*begin, *end). Multiples of 4 but for the last. */
static inline void pybp_share(size_t rows, int tid, int threads, size_t *begin, size_t *end)
{
    const size_t quads = (rows + 3) / 4;
    *begin = quads * (size_t)tid / (size_t)threads * 4;
    *end = quads * ((size_t)tid + 1) / (size_t)threads * 4;
    if (*end > rows)
        *end = rows;
    if (*begin > rows)
        *begin = rows;
}

/* A pass over all its rows, by one of several threads. Rows are split over the threads and go through the layers in
 * blocks; where a layer couples the rows of a minibatch, all threads meet before and after its statistics. */
typedef struct pybp_sweep {
    pybp_run all;           /* every row; .tid of this thread */
    int threads;
    pybp_barrier *barrier;
    pybp_output output;
    void *ctx;
    void (*enter)(void *ctx, const pybp_run *block); /* brings a block in */
    void (*turn)(void *ctx, const pybp_run *block);  /* between forward and back: leaves the output's delta; or NULL */
    bool first_by_panels;   /* all rows go through the first layer together, its outputs split over the threads */
} pybp_sweep;
enum { PYBP_SWEEP_FORWARD = 1, PYBP_SWEEP_BACK = 2 };
void pybp_sweep_rows(const pybp_sweep *sweep, int ways);

/* Fused multiply-adds of a forward pass; back and gradient take as many each. An output, with its activation and what
 * it takes to fetch and store it, counts as OUTPUT_WORK of them: half of the time of a 4-32-16-4 net. */
#define OUTPUT_WORK 16
static inline double pybp_pass_work(const pybp_net *net, size_t rows)
{
    return ((double)net->n_parameters + OUTPUT_WORK * (double)net->n_outputs) * (double)rows;
}

/* Threads that are worth waking for a call of so many steps of this many fused multiply-adds. */
int pybp_worth_threads(int requested, double step, size_t steps);
/* Whether more threads than one may be slower in steps of this many fused multiply-adds. */
bool pybp_threads_in_doubt(int threads, double step);
/* For tests: so many make a thread worth waking. With 1 or so, small nets too run on all the threads that were
 * asked for. Not while a call runs. */
void pybp_thread_work(double operations);

#endif
