/* pybp_bench --serve: measure on command, for a program that interleaves this one with others.
 *
 * The names of the jobs that --only selects are printed first, a line each, and then an empty line. Then each line on
 * standard input is a command, and the answer is a line with a number:
 *   peak f32, peak f64    FLOP/s of the FMA loop
 *   clock                 cycles per second; 0: unknown
 *   bandwidth             bytes per second read from memory and written to it
 *   job I                 seconds per unit of job I */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double answer(bench *b, const char *command)
{
    if (strcmp(command, "peak f32\n") == 0)
        return bench_peak(PYBP_FLOAT32, b->threads);
    if (strcmp(command, "peak f64\n") == 0)
        return bench_peak(PYBP_FLOAT64, b->threads);
    if (strcmp(command, "clock\n") == 0)
        return bench_clock();
    if (strcmp(command, "bandwidth\n") == 0)
        return bench_bandwidth();
    if (strncmp(command, "job ", 4) == 0) {
        const size_t i = strtoul(command + 4, NULL, 10);
        if (i < b->n)
            return bench_seconds(&b->jobs[i]) / b->jobs[i].unit;
    }
    fprintf(stderr, "unknown command: %s", command);
    exit(2);
}

void bench_serve(bench *b)
{
    char command[64];
    for (size_t i = 0; i < b->n; i++)
        printf("%s %s %s\n", b->jobs[i].group, bench_dtype(b->jobs[i].dtype), b->jobs[i].name);
    putchar('\n');
    fflush(stdout);
    while (fgets(command, sizeof command, stdin) != NULL) {
        printf("%.9g\n", answer(b, command));
        fflush(stdout);
    }
}
