/* docs/contract.md: the core gives the bits of the naive program, on every instruction set of this
 * machine and on any number of threads, and those bits are the ones in tests/golden/checksums.txt.
 * contract_choice.h says how to ask for fewer runs.
 *
 * Usage: test_contract [directory of checksums.txt] */
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "contract_cases.h"
#include "contract_choice.h"
#include "naive.h"
#include "net/pass.h"
#include "net/train.h"
#include "pybp.h"

#ifndef PYBP_GOLDEN_DIR
#define PYBP_GOLDEN_DIR "tests/golden"
#endif

static size_t n_runs;

/* ---- one run of the core ------------------------------------------------------------------------ */

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
        size_t n_in = pybp_net_layer_n_in(net, l), n_out = pybp_net_layer_n_out(net, l);
        int bias = pybp_net_layer_has_bias(net, l);
        size_t row = n_in * run->size, one = bias ? run->size : 0;
        char *w = need(n_out * row), *b = need(n_out * run->size);
        fine = ok(run, pybp_net_get(net, of_weights, l, w, n_out * row), naive_part_names[which]) &&
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

static int get_trace(core_run *run, const pybp_net *net, size_t rows)
{
    static const pybp_array arrays[] = {PYBP_Z, PYBP_A, PYBP_DELTA, PYBP_BACK};
    size_t n = 0;
    for (size_t l = 0; l < run->c->n_layers; l++)
        n += rows * (3 * pybp_net_layer_n_out(net, l) + pybp_net_layer_n_in(net, l));
    char *to = part(run, NAIVE_TRACE, n, run->size);
    for (size_t l = 0; l < run->c->n_layers; l++)
        for (size_t k = 0; k < 4; k++) {
            size_t bytes = rows * run->size;
            bytes *= arrays[k] == PYBP_BACK ? pybp_net_layer_n_in(net, l) : pybp_net_layer_n_out(net, l);
            if (!ok(run, pybp_net_get(net, arrays[k], l, to, bytes), "trace"))
                return 0;
            to += bytes;
        }
    return 1;
}

/* The first minibatch through a net as made.  What is not asked for must not matter: the trace with 1
 * and 8 threads, dL/dx with all but 3. */
static int first_minibatch(core_run *run, pybp_net *net, double *loss)
{
    const contract_case *c = run->c;
    size_t rows = c->batch < c->rows ? c->batch : c->rows;
    int keep = run->threads == 1 || run->threads == 8, want_dx = run->threads != 3;
    pybp_matrix x = inputs(run, 0, rows);
    pybp_targets y = targets(run, 0, rows);
    void *dx = want_dx ? part(run, NAIVE_DX, rows * c->n_in, run->size) : NULL;
    run->skipped[NAIVE_DX] = !want_dx;
    run->skipped[NAIVE_TRACE] = !keep;
    return ok(run, pybp_forward(net, &x, keep, NULL, run->threads), "pybp_forward") &&
           ok(run, pybp_backward_loss(net, &y, weights(run, 0), &c->loss, c->reduction, dx, run->threads, loss),
              "pybp_backward_loss") &&
           get_parameters(run, net, NAIVE_GRADIENT, PYBP_WEIGHT_GRADIENT, PYBP_BIAS_GRADIENT) &&
           (!keep || get_trace(run, net, rows));
}

/* All epochs by pybp_train(). */
static int train(core_run *run, pybp_net *net, double *losses)
{
    const contract_case *c = run->c;
    pybp_matrix x = inputs(run, 0, c->rows);
    pybp_targets y = targets(run, 0, c->rows);
    pybp_train_options options = {
        .loss = c->loss, .reduction = c->reduction, .optimizer = c->optimizer,
        .lr = run->data.lr, .n_lr = run->data.n_lr, .batch_size = c->batch,
        .accumulate = c->accumulate, .drop_last = c->drop_last,
        .shuffle = c->shuffle, .threads = run->threads,
    };
    for (size_t e = 0; e < c->epochs; e++) {
        pybp_train_result result = {0};
        size_t steps = pybp_train_steps(&options, c->rows);
        options.n_steps = run->threads == 2 ? 2 : 0; /* in parts, or all at once */
        for (options.first_step = 0; options.first_step < steps; options.first_step += 2) {
            if (!ok(run, pybp_train(net, &x, &y, weights(run, 0), &options, &result), "pybp_train"))
                return 0;
            if (options.n_steps == 0)
                break;
        }
        losses[e] = result.loss;
    }
    return 1;
}

/* The same by forward, backward and step; the rows in order. */
static int train_by_hand(core_run *run, pybp_net *net)
{
    const contract_case *c = run->c;
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
            if (!ok(run, pybp_forward(net, &x, 0, NULL, run->threads), "pybp_forward") ||
                !ok(run, pybp_backward_loss(net, &y, w, &c->loss, c->reduction, NULL, run->threads, &loss),
                    "pybp_backward_loss") ||
                !ok(run, pybp_step(net, &c->optimizer, lr, run->threads), "pybp_step"))
                return 0;
        }
    return 1;
}

static int get_trained(core_run *run, const pybp_net *net, const naive_result *want)
{
    return get_parameters(run, net, NAIVE_FINAL, PYBP_WEIGHTS, PYBP_BIASES) &&
           (!want->parts[NAIVE_STATE1].n ||
            get_parameters(run, net, NAIVE_STATE1, PYBP_WEIGHT_STATE1, PYBP_BIAS_STATE1)) &&
           (!want->parts[NAIVE_STATE2].n ||
            get_parameters(run, net, NAIVE_STATE2, PYBP_WEIGHT_STATE2, PYBP_BIAS_STATE2));
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

/* ---- comparing ------------------------------------------------------------------------------------ */

static double element(const naive_result *result, int which, size_t k)
{
    const void *data = result->parts[which].data;
    return result->parts[which].size == sizeof(double) ? ((const double *)data)[k]
                                                       : (double)((const float *)data)[k];
}

/* The first element whose bytes differ; n if none does. */
static size_t first_difference(const naive_result *a, const naive_result *b, int which)
{
    size_t k = 0, n = a->parts[which].n, size = a->parts[which].size;
    const char *x = a->parts[which].data, *y = b->parts[which].data;
    while (k < n && memcmp(x + k * size, y + k * size, size) == 0)
        k++;
    return k;
}

static void compare(const core_run *run, const naive_result *want, int first, int last, const char *how)
{
    for (int p = first; p <= last; p++) {
        if (run->skipped[p] || !CHECK(run->result.parts[p].n == want->parts[p].n))
            continue;
        size_t n = want->parts[p].n, k = first_difference(want, &run->result, p);
        char text[NAIVE_LINE] = "";
        if (k < n)
            contract_describe(run->c, text, sizeof text);
        CHECK_MSG(k == n, "%s%s on %s, %d threads: element %zu of %zu is %a, naive %a; case %s",
                  naive_part_names[p], how, run->isa, run->threads, k, n,
                  k < n ? element(&run->result, p, k) : 0.0, k < n ? element(want, p, k) : 0.0, text);
    }
}

static void run_core(const contract_case *c, const naive_result *want, const char *isa, int threads)
{
    core_run run;
    pybp_net *net = NULL, *by_hand = NULL;
    memset(&run, 0, sizeof run);
    run.c = c;
    run.isa = isa;
    run.threads = threads;
    run.size = c->dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    stop_if(!contract_data_make(c, &run.data));
    run.x = as_given(c, run.data.x, c->rows * c->n_in);
    run.y = as_given(c, run.data.y, c->rows * contract_n_targets(c));
    double *losses = part(&run, NAIVE_LOSSES, c->epochs + 2, sizeof *losses);
    pybp_matrix x = inputs(&run, 0, c->rows);
    pybp_targets y = targets(&run, 0, c->rows);
    pybp_evaluation evaluation = {0};
    n_runs++;

    if (open_net(&run, &net) && get_parameters(&run, net, NAIVE_INITIAL, PYBP_WEIGHTS, PYBP_BIASES) &&
        first_minibatch(&run, net, &losses[0]) && train(&run, net, &losses[1]) &&
        get_trained(&run, net, want) && predict(&run, net, 0) &&
        ok(&run, pybp_evaluate(net, &x, &y, weights(&run, 0), &c->loss, c->reduction, threads, &evaluation),
           "pybp_evaluate")) {
        losses[c->epochs + 1] = evaluation.loss;
        compare(&run, want, 0, NAIVE_N_PARTS - 1, "");
        if (threads == 1 && predict(&run, net, 1))
            compare(&run, want, NAIVE_OUTPUT, NAIVE_OUTPUT, ", row by row,");
        if (!c->shuffle && !c->accumulate && !c->drop_last && open_net(&run, &by_hand) && train_by_hand(&run, by_hand) &&
            get_trained(&run, by_hand, want))
            compare(&run, want, NAIVE_FINAL, NAIVE_STATE2, ", trained by hand,");
    }
    pybp_net_free(net);
    pybp_net_free(by_hand);
    naive_free(&run.result);
    contract_data_free(&run.data);
    free(run.x);
    free(run.y);
}

/* ---- the tests --------------------------------------------------------------------------------- */

/* A row added to a registry wants a case. */
static void test_coverage(void)
{
    int hidden[PYBP_N_ACTIVATIONS] = {0}, output[PYBP_N_ACTIVATIONS] = {0}, loss[PYBP_N_LOSSES] = {0};
    int optimizer[PYBP_N_OPTIMIZERS] = {0}, init[PYBP_N_INITIALIZERS] = {0};
    for (size_t i = 0; i < contract_n_cases(); i++) {
        contract_case c;
        contract_get_case(i, &c);
        for (size_t l = 0; l < c.n_layers; l++) {
            (l + 1 < c.n_layers ? hidden : output)[c.layers[l].activation]++;
            init[c.layers[l].init]++;
        }
        loss[c.loss.kind]++;
        optimizer[c.optimizer.kind]++;
    }
    for (int k = 0; k < PYBP_N_ACTIVATIONS; k++)
        CHECK_MSG(output[k] && (hidden[k] || k == PYBP_ACTIVATION_SOFTMAX), "no case for activation %d", k);
    for (int k = 0; k < PYBP_N_LOSSES; k++)
        CHECK_MSG(loss[k], "no case for loss %d", k);
    for (int k = 0; k < PYBP_N_OPTIMIZERS; k++)
        CHECK_MSG(optimizer[k], "no case for optimizer %d", k);
    for (int k = 0; k < PYBP_N_INITIALIZERS; k++)
        CHECK_MSG(init[k], "no case for initialiser %d", k);
}

static void check_golden(FILE *golden, const contract_case *c, const naive_result *result)
{
    char want[NAIVE_LINE] = "", got[NAIVE_LINE];
    naive_write_line(got, sizeof got, c, result);
    if (golden && !fgets(want, sizeof want, golden))
        strcpy(want, "(no line)\n");
    CHECK_MSG(!golden || strcmp(want, got) == 0, "checksums.txt has\n%snaive gives\n%s", want, got);
}

static int differs(const naive_result *a, const naive_result *b)
{
    int p = 0;
    while (p < NAIVE_N_PARTS && first_difference(a, b, p) == a->parts[p].n)
        p++;
    return p < NAIVE_N_PARTS;
}

int main(int argc, char **argv)
{
    contract_choice choice;
    size_t n_cases = 0, n_split = 0;
    char text[NAIVE_LINE];
    pybp_thread_work(1); /* or most of these nets would run on one thread, whatever is asked for */
    contract_choose(&choice);
    CHECK(choice.n_isas > 0 && choice.n_threads > 0);
    test_coverage();
    snprintf(text, sizeof text, "%s/checksums.txt", argc > 1 ? argv[1] : PYBP_GOLDEN_DIR);
    FILE *golden = fopen(text, "r");
    CHECK_MSG(golden && fgets(text, sizeof text, golden), "cannot read %s", text);

    for (size_t i = 0; i < contract_n_cases(); i++) {
        contract_case c;
        naive_result want, split;
        if (i / 2 % choice.every != 0) {
            CHECK(golden && fgets(text, sizeof text, golden));
            continue;
        }
        n_cases++;
        contract_get_case(i, &c);
        naive_run(&c, &want);
        naive_run_split(&c, &split);
        n_split += (size_t)differs(&want, &split);
        check_golden(golden, &c, &want);
        for (size_t k = 0; k < choice.n_isas; k++)
            for (size_t t = 0; t < choice.n_threads; t++)
                if (choice.threads[t] == 1 || strcmp(choice.isas[k], "scalar") != 0 || i / 2 % 3 == 0)
                    run_core(&c, &want, choice.isas[k], choice.threads[t]);
        naive_free(&want);
        naive_free(&split);
    }
    CHECK_MSG(!golden || !fgets(text, sizeof text, golden), "checksums.txt has more lines than cases");
    CHECK_MSG(4 * n_split > 3 * n_cases, "a split sum shows in only %zu of %zu cases", n_split, n_cases);
    if (golden)
        fclose(golden);
    printf("instruction sets:");
    for (size_t k = 0; k < choice.n_isas; k++)
        printf(" %s", choice.isas[k]);
    printf("; %zu nets, %zu runs; a split sum would show in %zu nets\n", n_cases, n_runs, n_split);
    return check_report();
}
