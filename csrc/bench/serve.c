/* pybp_bench --serve: measure when told so, for a program that interleaves this one with others.
 *
 * Each line on the standard input is an order, and the answer is a line with a number:
 *   peak f32, peak f64    FLOP/s of the FMA loop
 *   clock                 cycles a second
 *   bandwidth             bytes a second, to and from memory
 *   job I                 seconds of one unit of job I
 * The jobs are those that --only leaves; their names come first, a line each, and then an empty line. */
#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static double answer(bench *b, const char *order)
{
    if (strcmp(order, "peak f32\n") == 0)
        return bench_peak(PYBP_FLOAT32, b->threads);
    if (strcmp(order, "peak f64\n") == 0)
        return bench_peak(PYBP_FLOAT64, b->threads);
    if (strcmp(order, "clock\n") == 0)
        return bench_clock();
    if (strcmp(order, "bandwidth\n") == 0)
        return bench_bandwidth();
    if (strncmp(order, "job ", 4) == 0) {
        const size_t i = strtoul(order + 4, NULL, 10);
        if (i < b->n)
            return bench_seconds(&b->jobs[i]) / b->jobs[i].unit;
    }
    fprintf(stderr, "cannot understand: %s", order);
    exit(2);
}

void bench_serve(bench *b)
{
    char order[64];
    for (size_t i = 0; i < b->n; i++)
        printf("%s %s %s\n", b->jobs[i].group, bench_dtype(b->jobs[i].dtype), b->jobs[i].name);
    putchar('\n');
    fflush(stdout);
    while (fgets(order, sizeof order, stdin) != NULL) {
        printf("%.9g\n", answer(b, order));
        fflush(stdout);
    }
}
