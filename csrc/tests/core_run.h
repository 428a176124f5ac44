/* A run of a contract case by the core, through the public interface, its results laid out as the naive program's. */
#ifndef PYBP_TESTS_CORE_RUN_H
#define PYBP_TESTS_CORE_RUN_H

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "contract_cases.h"
#include "naive.h"
#include "net/train/batches.h"
#include "pybp.h"

typedef struct core_run {
    const contract_case *c;
    const char *isa;
    int threads;
    size_t size;         /* of an element of the net's dtype */
    void *x, *y;         /* data in data_dtype; y NULL with labels */
    contract_data data;
    naive_result result; /* laid out as the naive program's */
    int skipped[NAIVE_N_PARTS];
} core_run;

static void stop_if(int out_of_memory)
{
    if (out_of_memory && fputs("out of memory\n", stderr))
        exit(EXIT_FAILURE);
}

static void *need(size_t bytes)
{
    void *memory = calloc(bytes ? bytes : 1, 1);
    stop_if(!memory);
    return memory;
}

static void *part(core_run *run, naive_part which, size_t n, size_t size)
{
    free(run->result.parts[which].data); /* of a run that starts again */
    run->result.parts[which].n = n;
    run->result.parts[which].size = size;
    return run->result.parts[which].data = n ? need(n * size) : NULL;
}

static int ok(const core_run *run, pybp_status status, const char *what)
{
    if (status == PYBP_OK)
        return 1;
    char text[NAIVE_LINE];
    contract_describe(run->c, text, sizeof text);
    return CHECK_MSG(0, "%s: %s (%s), %s, %d threads, %s", what, pybp_status_name(status),
                     pybp_last_error(), run->isa, run->threads, text);
}

static pybp_matrix matrix(const core_run *run, const void *data, size_t first, size_t rows, size_t cols)
{
    size_t size = run->c->data_dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    return (pybp_matrix){(const char *)data + first * cols * size, rows, cols,
                         (ptrdiff_t)(cols * size), run->c->data_dtype};
}

static pybp_matrix inputs(const core_run *run, size_t first, size_t rows)
{
    return matrix(run, run->x, first, rows, run->c->n_in);
}

static pybp_targets targets(const core_run *run, size_t first, size_t rows)
{
    if (run->data.labels)
        return (pybp_targets){.labels = run->data.labels + first};
    return (pybp_targets){.values = matrix(run, run->y, first, rows, contract_n_targets(run->c))};
}

static const double *weights(const core_run *run, size_t first)
{
    return run->data.weights ? run->data.weights + first : NULL;
}

static void *as_given(const contract_case *c, const double *values, size_t n)
{
    void *given = values ? need(n * sizeof(double)) : NULL;
    for (size_t k = 0; values && k < n; k++)
        if (c->data_dtype == PYBP_FLOAT32)
            ((float *)given)[k] = (float)values[k]; /* exact */
        else
            ((double *)given)[k] = values[k];
    return given;
}

static int open_net(const core_run *run, pybp_net **net)
{
    const contract_case *c = run->c;
    pybp_net_desc desc = {c->dtype, c->n_in, c->n_layers, c->layers, c->seed};
    *net = NULL;
    if (!ok(run, pybp_isa_select(run->isa), "pybp_isa_select") ||
        !ok(run, pybp_net_create(&desc, net), "pybp_net_create"))
        return 0;
    const pybp_matrix x = inputs(run, 0, c->rows);
    if (c->from_data && !ok(run, pybp_initialize(*net, &x, c->from_data), "pybp_initialize"))
        return 0;
    return CHECK(strcmp(pybp_net_isa(*net), run->isa) == 0) &&
           CHECK(pybp_net_n_parameters(*net) == contract_n_parameters(c));
}

/* An array of weights and one of biases of every layer, to logical order. */
static int get_parameters(core_run *run, const pybp_net *net, naive_part which, pybp_array of_weights,
                          pybp_array of_biases)
{
    char *to = part(run, which, contract_n_parameters(run->c), run->size);
    int fine = 1;
    for (size_t l = 0; fine && l < run->c->n_layers; l++) {
        size_t fan = pybp_net_layer_fan(net, l), n_out = pybp_net_layer_n_out(net, l);
        int bias = pybp_net_layer_has_bias(net, l);
        size_t row = fan * run->size, one = bias ? run->size : 0;
        char *w = need(n_out * row), *b = need(n_out * run->size);
        fine = (!fan || ok(run, pybp_net_get(net, of_weights, l, w, n_out * row), naive_part_names[which])) &&
               (!bias || ok(run, pybp_net_get(net, of_biases, l, b, n_out * one), naive_part_names[which]));
        for (size_t j = 0; j < n_out; j++, to += row + one) {
            memcpy(to, w + j * row, row);
            memcpy(to + row, b + j * one, one);
        }
        free(w);
        free(b);
    }
    return fine;
}

static int get_running(core_run *run, const pybp_net *net)
{
    size_t n = 0;
    for (size_t l = 0; l < run->c->n_layers; l++)
        n += run->c->layers[l].kind == PYBP_LAYER_BATCH_NORM ? 2 * pybp_net_layer_n_out(net, l) : 0;
    char *to = part(run, NAIVE_RUNNING, n, run->size);
    for (size_t l = 0; l < run->c->n_layers; l++) {
        size_t bytes = pybp_net_layer_n_out(net, l) * run->size;
        if (run->c->layers[l].kind != PYBP_LAYER_BATCH_NORM)
            continue;
        if (!ok(run, pybp_net_get(net, PYBP_RUNNING_MEAN, l, to, bytes), "running mean") ||
            !ok(run, pybp_net_get(net, PYBP_RUNNING_VAR, l, to + bytes, bytes), "running variance"))
            return 0;
        to += 2 * bytes;
    }
    return 1;
}

static const pybp_array trace_arrays[] = {PYBP_Z, PYBP_A, PYBP_DELTA, PYBP_BACK};

/* Bytes of such an array of layer l; 0 where the layer has none. */
static size_t trace_bytes(const core_run *run, const pybp_net *net, pybp_array what, size_t l, size_t rows,
                          int training)
{
    if ((what == PYBP_Z || what == PYBP_BACK) && !contract_has(run->c, what, l, training))
        return 0;
    return rows * run->size * (what == PYBP_BACK ? pybp_net_layer_n_in(net, l) : pybp_net_layer_n_out(net, l));
}

static int get_trace(core_run *run, const pybp_net *net, naive_part which, size_t rows)
{
    int training = which == NAIVE_TRAINING_TRACE;
    size_t n = 0;
    for (size_t l = 0; l < run->c->n_layers; l++)
        for (size_t k = 0; k < 4; k++)
            n += trace_bytes(run, net, trace_arrays[k], l, rows, training) / run->size;
    char *to = part(run, which, n, run->size);
    for (size_t l = 0; l < run->c->n_layers; l++)
        for (size_t k = 0; k < 4; k++) {
            size_t bytes = trace_bytes(run, net, trace_arrays[k], l, rows, training);
            if (bytes && !ok(run, pybp_net_get(net, trace_arrays[k], l, to, bytes), "trace"))
                return 0;
            to += bytes;
        }
    return 1;
}

/* The first minibatch through a net as made, its trace, gradient and dL/dx to the parts from `trace` on.  What is not
 * asked for must not matter: the trace with 1 and 8 threads, dL/dx with all but 3. */
static int first_minibatch(core_run *run, pybp_net *net, int how, naive_part trace, double *loss)
{
    const contract_case *c = run->c;
    size_t rows = c->batch < c->rows ? c->batch : c->rows;
    int keep = run->threads == 1 || run->threads == 8, want_dx = run->threads != 3;
    pybp_matrix x = inputs(run, 0, rows);
    pybp_targets y = targets(run, 0, rows);
    void *dx = want_dx ? part(run, trace + 2, rows * c->n_in, run->size) : NULL;
    run->skipped[trace + 2] = !want_dx;
    run->skipped[trace] = !keep;
    return ok(run, pybp_forward(net, &x, how | (keep ? PYBP_KEEP : 0), NULL, run->threads), "pybp_forward") &&
           ok(run, pybp_backward_loss(net, &y, weights(run, 0), &c->loss, c->reduction, dx, run->threads, loss),
              "pybp_backward_loss") &&
           get_parameters(run, net, trace + 1, PYBP_WEIGHT_GRADIENT, PYBP_BIAS_GRADIENT) &&
           (!keep || get_trace(run, net, trace, rows));
}

/* Not in training and, if that is something else, in training. */
static int first_passes(core_run *run, pybp_net *net, double **losses)
{
    return first_minibatch(run, net, 0, NAIVE_TRACE, (*losses)++) &&
           (!contract_training_differs(run->c) ||
            first_minibatch(run, net, PYBP_TRAINING, NAIVE_TRAINING_TRACE, (*losses)++));
}

static int keep_loss(void *losses, const pybp_train_result *result)
{
    ((double *)losses)[result->epoch] = result->loss;
    return 0;
}

/* An epoch in parts of 2 steps. */
static int train_in_parts(core_run *run, pybp_net *net, const pybp_matrix *x, const pybp_targets *y,
                          pybp_train_options options, double *loss)
{
    pybp_train_result result;
    const size_t steps = pybp_epoch_steps(&options, x->rows);
    options.n_steps = 2;
    for (options.first_step = 0; options.first_step < steps; options.first_step += 2)
        if (!ok(run, pybp_train(net, x, y, weights(run, 0), &options, &result), "pybp_train"))
            return 0;
    *loss = result.loss;
    return 1;
}

/* All epochs by pybp_train(), in one call; with 2 threads, each in parts. */
static int train(core_run *run, pybp_net *net, double *losses)
{
    const contract_case *c = run->c;
    pybp_matrix x = inputs(run, 0, c->rows);
    pybp_targets y = targets(run, 0, c->rows);
    pybp_train_result result;
    pybp_train_options options = {
        .loss = c->loss, .reduction = c->reduction, .optimizer = c->optimizer,
        .lr = run->data.lr, .n_lr = run->data.n_lr,
        .weight_decay = run->data.weight_decay, .dropout = run->data.dropout, .batch_size = c->batch,
        .accumulate = c->accumulate, .drop_last = c->drop_last,
        .shuffle = c->shuffle, .threads = run->threads, .penalty_per_weight = c->penalty_per_weight,
    };
    if (run->threads != 2) {
        options.epochs = c->epochs, options.on_epoch = keep_loss, options.user = losses;
        return ok(run, pybp_train(net, &x, &y, weights(run, 0), &options, &result), "pybp_train");
    }
    for (size_t e = 0; e < c->epochs; e++)
        if (!train_in_parts(run, net, &x, &y, options, &losses[e]))
            return 0;
    return 1;
}

/* The pass in training that naive_run() begins with. */
static int pass_by_hand(core_run *run, pybp_net *net)
{
    const contract_case *c = run->c;
    pybp_matrix x = inputs(run, 0, c->batch < c->rows ? c->batch : c->rows);
    return !contract_training_differs(c) ||
           ok(run, pybp_forward(net, &x, PYBP_TRAINING, NULL, run->threads), "pybp_forward");
}

/* The same by forward, backward and step; the rows in order. */
static int train_by_hand(core_run *run, pybp_net *net)
{
    const contract_case *c = run->c;
    if (!pass_by_hand(run, net))
        return 0;
    for (size_t e = 0; e < c->epochs; e++)
        for (size_t s = 0, first = 0; first < c->rows; s++, first += c->batch) {
            size_t rows = c->rows - first < c->batch ? c->rows - first : c->batch;
            const double *w = weights(run, first);
            double weight = 0.0, loss;
            for (size_t r = 0; r < rows; r++)
                weight += w ? w[r] : 1.0;
            if (weight == 0.0)
                continue;
            pybp_matrix x = inputs(run, first, rows);
            pybp_targets y = targets(run, first, rows);
            double lr = run->data.lr[run->data.n_lr > 1 ? s : 0];
            if (!ok(run, pybp_forward(net, &x, PYBP_TRAINING, NULL, run->threads), "pybp_forward") ||
                !ok(run, pybp_backward_loss(net, &y, w, &c->loss, c->reduction, NULL, run->threads, &loss),
                    "pybp_backward_loss") ||
                !ok(run, pybp_step(net, &c->optimizer, lr, run->threads), "pybp_step"))
                return 0;
        }
    return 1;
}

static int get_trained(core_run *run, const pybp_net *net, const naive_result *want)
{
    return get_parameters(run, net, NAIVE_FINAL, PYBP_WEIGHTS, PYBP_BIASES) && get_running(run, net) &&
           (!want->parts[NAIVE_STATE1].n ||
            get_parameters(run, net, NAIVE_STATE1, PYBP_WEIGHT_STATE1, PYBP_BIAS_STATE1)) &&
           (!want->parts[NAIVE_STATE2].n ||
            get_parameters(run, net, NAIVE_STATE2, PYBP_WEIGHT_STATE2, PYBP_BIAS_STATE2)) &&
           (!want->parts[NAIVE_STATE3].n ||
            get_parameters(run, net, NAIVE_STATE3, PYBP_WEIGHT_STATE3, PYBP_BIAS_STATE3));
}

/* All rows at once or, with `each`, one by one. */
static int predict(core_run *run, const pybp_net *net, int each)
{
    size_t rows = run->c->rows, n_out = contract_n_out(run->c), step = each ? 1 : rows;
    char *out = part(run, NAIVE_OUTPUT, rows * n_out, run->size);
    for (size_t r = 0; r < rows; r += step) {
        pybp_matrix x = inputs(run, r, step);
        if (!ok(run, pybp_predict(net, &x, out + r * n_out * run->size, run->threads), "pybp_predict"))
            return 0;
    }
    return 1;
}

#endif
