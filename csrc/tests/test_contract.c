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
#include "core_run.h"
#include "naive.h"
#include "net/rows/work.h"
#include "pybp.h"

#ifndef PYBP_GOLDEN_DIR
#define PYBP_GOLDEN_DIR "tests/golden"
#endif

static size_t n_runs;

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

static void compare_trained(const core_run *run, const naive_result *want)
{
    compare(run, want, NAIVE_FINAL, NAIVE_STATE3, ", by separate calls,");
    compare(run, want, NAIVE_RUNNING, NAIVE_RUNNING, ", by separate calls,");
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
    double *losses = part(&run, NAIVE_LOSSES, c->epochs + 2 + (size_t)contract_training_differs(c), sizeof *losses);
    pybp_matrix x = inputs(&run, 0, c->rows);
    pybp_targets y = targets(&run, 0, c->rows);
    pybp_evaluation evaluation = {0};
    n_runs++;

    if (open_net(&run, &net) && get_parameters(&run, net, NAIVE_INITIAL, PYBP_WEIGHTS, PYBP_BIASES) &&
        first_passes(&run, net, &losses) && train(&run, net, losses) &&
        get_trained(&run, net, want) && predict(&run, net, 0) &&
        ok(&run, pybp_evaluate(net, &x, &y, weights(&run, 0), &c->loss, c->reduction, threads, &evaluation),
           "pybp_evaluate")) {
        losses[c->epochs] = evaluation.loss;
        compare(&run, want, 0, NAIVE_N_PARTS - 1, "");
        if (threads == 1 && predict(&run, net, 1))
            compare(&run, want, NAIVE_OUTPUT, NAIVE_OUTPUT, ", row by row,");
        if (!c->shuffle && !c->accumulate && c->fall == 0.0 && !c->drop_last && !c->penalty_per_weight &&
            open_net(&run, &by_hand) && train_by_hand(&run, by_hand) &&
            get_trained(&run, by_hand, want))
            compare_trained(&run, want);
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
    int optimizer[PYBP_N_OPTIMIZERS] = {0}, init[PYBP_N_INITIALIZERS] = {0}, kind[PYBP_N_LAYER_KINDS] = {0};
    for (size_t i = 0; i < contract_n_cases(); i++) {
        contract_case c;
        contract_get_case(i, &c);
        for (size_t l = 0; l < c.n_layers; l++) {
            (l + 1 < c.n_layers ? hidden : output)[c.layers[l].activation]++;
            init[c.layers[l].init]++;
            kind[c.layers[l].kind]++;
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
    for (int k = 0; k < PYBP_N_LAYER_KINDS; k++)
        CHECK_MSG(kind[k], "no case for layer kind %d", k);
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
    pybp_set_thread_work(1); /* or most of these nets would run on one thread, whatever is asked for */
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
