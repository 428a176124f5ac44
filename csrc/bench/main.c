/* Times kernels, steps and predictions and prints the results. With --serve, another program sends the commands. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define USAGE "[--rounds N] [--threads N] [--steps N] [--only TEXT] [--json FILE] [--time wall|cpu] [--serve]"

static void run_rounds(bench *b)
{
    for (size_t i = 0; i < b->n; i++)
        bench_seconds(&b->jobs[i]);
    for (size_t r = 0; r < b->rounds; r++) {
        for (int d = 0; d < 2; d++)
            for (int all = 0; all < 2; all++)
                b->peak[all][d][r] = bench_peak((pybp_dtype)d, all ? b->threads : 1);
        b->clock[r] = bench_clock();
        b->bandwidth[r] = bench_bandwidth();
        for (size_t i = 0; i < b->n; i++)
            b->jobs[i].seconds[r] = bench_seconds(&b->jobs[i]);
        fprintf(stderr, "\rround %zu of %zu", r + 1, b->rounds);
    }
    fputc('\n', stderr);
}

int main(int argc, char **argv)
{
    static bench b = {.rounds = 9, .threads = 1};
    const char *json = NULL;
    int serve = 0;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (strcmp(argv[i], "--serve") == 0) {
            serve = 1;
            i--;
            continue;
        }
        if (value != NULL && strcmp(argv[i], "--rounds") == 0)
            b.rounds = (size_t)atoi(value);
        else if (value != NULL && strcmp(argv[i], "--threads") == 0)
            b.threads = atoi(value);
        else if (value != NULL && strcmp(argv[i], "--steps") == 0)
            b.steps = (size_t)atoi(value);
        else if (value != NULL && strcmp(argv[i], "--only") == 0)
            b.only = value;
        else if (value != NULL && strcmp(argv[i], "--json") == 0)
            json = value;
        else if (value != NULL && strcmp(argv[i], "--time") == 0 && strcmp(value, "cpu") == 0)
            bench_count_cpu_time();
        else if (value == NULL || strcmp(argv[i], "--time") != 0 || strcmp(value, "wall") != 0) {
            fprintf(stderr, "usage: %s %s\n", argv[0], USAGE);
            return 2;
        }
    }
    if (b.threads < 1) {
        fprintf(stderr, "--threads takes 1 or more\n");
        return 2;
    }
    if (b.rounds < 1 || b.rounds > BENCH_MAX_ROUNDS) {
        fprintf(stderr, "--rounds takes 1 to %d\n", BENCH_MAX_ROUNDS);
        return 2;
    }
    bench_add_kernels(&b);
    bench_add_functions(&b);
    bench_add_elements(&b);
    bench_add_steps(&b);
    if (serve) {
        bench_serve(&b);
    } else {
        run_rounds(&b);
        bench_print(&b);
    }
    if (json != NULL && !serve && !bench_write_json(&b, json)) {
        fprintf(stderr, "cannot write %s\n", json);
        return 1;
    }
    for (size_t i = 0; i < b.n; i++)
        b.jobs[i].release(b.jobs[i].state);
    free(b.jobs);
    return 0;
}
