/* pybp_bench [--rounds N] [--threads N] [--only TEXT] [--json FILE] [--time wall|cpu] */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROUND_SECONDS 20e-3

static double seconds_of(const bench_job *job, size_t times)
{
    const double start = bench_now();
    job->run(job->state, times);
    return bench_now() - start;
}

static void calibrate(bench_job *job)
{
    job->run(job->state, 1); /* caches, work space */
    for (job->times = 1; job->times < (size_t)1 << 24; job->times *= 2) {
        const double seconds = seconds_of(job, job->times);
        if (seconds >= ROUND_SECONDS / 2)
            return;
    }
}

static void run_rounds(bench *b)
{
    for (size_t i = 0; i < b->n; i++)
        calibrate(&b->jobs[i]);
    for (size_t r = 0; r < b->rounds; r++) {
        for (int d = 0; d < 2; d++)
            b->peak[d][r] = bench_peak((pybp_dtype)d);
        b->clock[r] = bench_clock();
        for (size_t i = 0; i < b->n; i++)
            b->jobs[i].seconds[r] = seconds_of(&b->jobs[i], b->jobs[i].times) / (double)b->jobs[i].times;
        fprintf(stderr, "\rround %zu of %zu", r + 1, b->rounds);
    }
    fputc('\n', stderr);
}

int main(int argc, char **argv)
{
    static bench b = {.rounds = 9};
    const char *json = NULL;
    int threads = 1;
    for (int i = 1; i < argc; i += 2) {
        const char *value = i + 1 < argc ? argv[i + 1] : NULL;
        if (value != NULL && strcmp(argv[i], "--rounds") == 0)
            b.rounds = (size_t)atoi(value);
        else if (value != NULL && strcmp(argv[i], "--threads") == 0)
            threads = atoi(value);
        else if (value != NULL && strcmp(argv[i], "--only") == 0)
            b.only = value;
        else if (value != NULL && strcmp(argv[i], "--json") == 0)
            json = value;
        else if (value != NULL && strcmp(argv[i], "--time") == 0 && strcmp(value, "cpu") == 0)
            bench_count_cpu_time();
        else if (value == NULL || strcmp(argv[i], "--time") != 0 || strcmp(value, "wall") != 0) {
            fprintf(stderr, "usage: %s [--rounds N] [--threads N] [--only TEXT] [--json FILE] [--time wall|cpu]\n",
                    argv[0]);
            return 2;
        }
    }
    if (b.rounds < 1 || b.rounds > BENCH_MAX_ROUNDS) {
        fprintf(stderr, "--rounds takes 1 to %d\n", BENCH_MAX_ROUNDS);
        return 2;
    }
    bench_add_kernels(&b);
    bench_add_steps(&b, threads);
    run_rounds(&b);
    bench_print(&b);
    if (json != NULL && !bench_write_json(&b, json)) {
        fprintf(stderr, "cannot write %s\n", json);
        return 1;
    }
    for (size_t i = 0; i < b.n; i++)
        b.jobs[i].release(b.jobs[i].state);
    free(b.jobs);
    return 0;
}
