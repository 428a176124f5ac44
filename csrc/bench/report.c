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

/* The relative difference between the times of a job and of its baseline. */
static double extra(const bench *b, const bench_job *job, double (*of)(const double *values, size_t n))
{
    const bench_job *plain = &b->jobs[job->baseline - 1];
    return of(job->seconds, b->rounds) / job->unit / (of(plain->seconds, b->rounds) / plain->unit) - 1;
}

/* The result of a job, in the measure of its kind. */
typedef struct result {
    double value;     /* GFLOP/s, cycles or ns per element, or GB/s */
    const char *unit;
    double fraction;  /* of the peak or of the bandwidth; 0: none */
    const char *of;
} result;

static result result_of(const bench *b, const bench_job *job)
{
    const double best = least(job->seconds, b->rounds), *peak = b->peak[job->threads > 1][job->dtype];
    if (job->elements > 0) {
        const double clock = largest(b->clock, b->rounds);
        return (result){best * (clock > 0 ? clock : 1e9) / job->elements, clock > 0 ? "cycles/el" : "ns/el", 0, NULL};
    }
    const double rate = (job->bytes > 0 ? job->bytes : job->flop) / best;
    const double most = largest(job->bytes > 0 ? b->bandwidth : peak, b->rounds);
    return (result){rate * 1e-9, job->bytes > 0 ? "GB/s" : "GFLOP/s", most > 0 ? rate / most : 0,
                     job->bytes > 0 ? "bandwidth" : "peak"};
}

/* Bits of vectors that one core multiplies and adds in a cycle; 0 if the clock is unknown. */
static double fma_bits(const bench *b, pybp_dtype dtype)
{
    const double clock = largest(b->clock, b->rounds), bits = dtype == PYBP_FLOAT32 ? 32 : 64;
    return clock > 0 ? largest(b->peak[0][dtype], b->rounds) / 2 / clock * bits : 0;
}

void bench_print(const bench *b)
{
    const double clock = largest(b->clock, b->rounds);
    printf("pybp %s, %s, on %s\n", pybp_version(), pybp_isa(), bench_cpu());
    if (clock > 0)
        printf("clock %.2f GHz; FMA a cycle: f32 %.0f, f64 %.0f bits; ", clock * 1e-9, fma_bits(b, PYBP_FLOAT32),
               fma_bits(b, PYBP_FLOAT64));
    else
        printf("clock unknown; ");
    printf("FMA loop f32 %.1f, f64 %.1f GFLOP/s", largest(b->peak[0][0], b->rounds) * 1e-9,
           largest(b->peak[0][1], b->rounds) * 1e-9);
    if (b->threads > 1)
        printf(" (on %d threads %.1f, %.1f)", b->threads, largest(b->peak[1][0], b->rounds) * 1e-9,
               largest(b->peak[1][1], b->rounds) * 1e-9);
    printf("; memory %.1f GB/s; best (median) of %zu rounds\n", largest(b->bandwidth, b->rounds) * 1e-9, b->rounds);
    for (size_t i = 0; i < b->n; i++) {
        const bench_job *job = &b->jobs[i];
        const double best = least(job->seconds, b->rounds), middle = median(job->seconds, b->rounds);
        const result r = result_of(b, job);
        if (i == 0 || strcmp(job->group, b->jobs[i - 1].group) != 0)
            printf("\n%-8s %-4s %-44s %12s %12s %10s\n", "group", "type", "job", "us", "median us", r.unit);
        printf("%-8s %-4s %-44s %12.3f %12.3f %10.2f", job->group, bench_dtype(job->dtype), job->name,
               best * 1e6 / job->unit, middle * 1e6 / job->unit, r.value);
        if (r.fraction > 0)
            printf("  %5.1f%% of %s", 100 * r.fraction, r.of);
        if (job->baseline > 0)
            printf("  %+.1f%% (median %+.1f%%) on %s", 100 * extra(b, job, least), 100 * extra(b, job, median),
                   b->jobs[job->baseline - 1].name);
        putchar('\n');
    }
}

int bench_write_json(const bench *b, const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return 0;
    fprintf(f, "{\"version\": \"%s\", \"isa\": \"%s\", \"rounds\": %zu, \"threads\": %d,\n", pybp_version(), pybp_isa(),
            b->rounds, b->threads);
    fprintf(f, " \"cpu\": \"%s\", \"peak_flops\": {\"f32\": %.6g, \"f64\": %.6g}, \"clock_hz\": %.6g,\n"
            " \"fma_bits_per_cycle\": {\"f32\": %.4g, \"f64\": %.4g}, \"bandwidth\": %.6g,\n \"jobs\": [", bench_cpu(),
            largest(b->peak[0][0], b->rounds), largest(b->peak[0][1], b->rounds), largest(b->clock, b->rounds),
            fma_bits(b, PYBP_FLOAT32), fma_bits(b, PYBP_FLOAT64), largest(b->bandwidth, b->rounds));
    for (size_t i = 0; i < b->n; i++) {
        const bench_job *job = &b->jobs[i];
        const result r = result_of(b, job);
        fprintf(f, "%s\n  {\"group\": \"%s\", \"dtype\": \"%s\", \"name\": \"%s\", \"seconds_best\": %.6g, "
                "\"seconds_median\": %.6g, ", i == 0 ? "" : ",", job->group, bench_dtype(job->dtype), job->name,
                least(job->seconds, b->rounds) / job->unit, median(job->seconds, b->rounds) / job->unit);
        if (job->baseline > 0)
            fprintf(f, "\"baseline\": \"%s\", \"extra_best\": %.4g, \"extra_median\": %.4g, ",
                    b->jobs[job->baseline - 1].name, extra(b, job, least), extra(b, job, median));
        if (r.fraction > 0)
            fprintf(f, "\"fraction\": %.4g, \"of\": \"%s\", ", r.fraction, r.of);
        fprintf(f, "\"value\": %.6g, \"unit\": \"%s\"}", r.value, r.unit);
    }
    fprintf(f, "\n ]}\n");
    return fclose(f) == 0;
}
