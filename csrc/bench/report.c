#include "bench/bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(const double *values, size_t n)
{
    double sorted[BENCH_MAX_ROUNDS];
    memcpy(sorted, values, n * sizeof *values);
    qsort(sorted, n, sizeof *sorted, by_size);
    return n % 2 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double least(const double *values, size_t n)
{
    double best = values[0];
    for (size_t i = 1; i < n; i++)
        best = values[i] < best ? values[i] : best;
    return best;
}

static double largest(const double *values, size_t n)
{
    double best = values[0];
    for (size_t i = 1; i < n; i++)
        best = values[i] > best ? values[i] : best;
    return best;
}

/* How much longer a job takes than the one beside it, as a share of that. */
static double extra(const bench *b, const bench_job *job, double (*of)(const double *values, size_t n))
{
    const bench_job *plain = &b->jobs[job->beside - 1];
    return of(job->seconds, b->rounds) / job->unit / (of(plain->seconds, b->rounds) / plain->unit) - 1;
}

void bench_print(const bench *b)
{
    printf("pybp %s, %s; FMA loop f32 %.1f, f64 %.1f GFLOP/s; clock %.2f GHz; best (median) of %zu rounds\n",
           pybp_version(), pybp_isa(), largest(b->peak[0], b->rounds) * 1e-9, largest(b->peak[1], b->rounds) * 1e-9,
           largest(b->clock, b->rounds) * 1e-9, b->rounds);
    for (size_t i = 0; i < b->n; i++) {
        const bench_job *job = &b->jobs[i];
        const double best = least(job->seconds, b->rounds), middle = median(job->seconds, b->rounds);
        if (i == 0 || strcmp(job->group, b->jobs[i - 1].group) != 0)
            printf("\n%-8s %-4s %-44s %12s %12s %10s\n", "group", "type", "job", "us", "median us",
                   job->elements > 0 ? "cycles/el" : "GFLOP/s");
        printf("%-8s %-4s %-44s %12.3f %12.3f", job->group, bench_dtype(job->dtype), job->name, best * 1e6 / job->unit,
               middle * 1e6 / job->unit);
        if (job->elements > 0)
            printf(" %10.2f", best * largest(b->clock, b->rounds) / job->elements);
        else
            printf(" %10.1f  %5.1f%% of peak", job->flop / best * 1e-9,
                   100 * job->flop / best / largest(b->peak[job->dtype], b->rounds));
        if (job->beside > 0)
            printf("  %+.1f%% (median %+.1f%%) on %s", 100 * extra(b, job, least), 100 * extra(b, job, median),
                   b->jobs[job->beside - 1].name);
        putchar('\n');
    }
}

int bench_write_json(const bench *b, const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return 0;
    fprintf(f, "{\"version\": \"%s\", \"isa\": \"%s\", \"rounds\": %zu,\n", pybp_version(), pybp_isa(), b->rounds);
    fprintf(f, " \"peak_flops\": {\"f32\": %.6g, \"f64\": %.6g}, \"clock_hz\": %.6g,\n \"jobs\": [",
            largest(b->peak[0], b->rounds), largest(b->peak[1], b->rounds), largest(b->clock, b->rounds));
    for (size_t i = 0; i < b->n; i++) {
        const bench_job *job = &b->jobs[i];
        const double best = least(job->seconds, b->rounds);
        fprintf(f, "%s\n  {\"group\": \"%s\", \"dtype\": \"%s\", \"name\": \"%s\", \"seconds_best\": %.6g, "
                "\"seconds_median\": %.6g, ", i == 0 ? "" : ",", job->group, bench_dtype(job->dtype), job->name,
                best / job->unit, median(job->seconds, b->rounds) / job->unit);
        if (job->beside > 0)
            fprintf(f, "\"beside\": \"%s\", \"extra_best\": %.4g, \"extra_median\": %.4g, ",
                    b->jobs[job->beside - 1].name, extra(b, job, least), extra(b, job, median));
        if (job->elements > 0)
            fprintf(f, "\"cycles_per_element\": %.4g}", best * largest(b->clock, b->rounds) / job->elements);
        else
            fprintf(f, "\"flops\": %.6g, \"share_of_peak\": %.4g}", job->flop / best,
                    job->flop / best / largest(b->peak[job->dtype], b->rounds));
    }
    fprintf(f, "\n ]}\n");
    return fclose(f) == 0;
}
