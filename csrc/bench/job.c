#include "bench/bench.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *bench_dtype(pybp_dtype dtype)
{
    return dtype == PYBP_FLOAT32 ? "f32" : "f64";
}

bench_job *bench_add(bench *b, const char *group, pybp_dtype dtype, const char *format, ...)
{
    bench_job job = {.group = group, .dtype = dtype, .unit = 1, .threads = 1};
    char label[sizeof job.name + 32];
    va_list args;
    va_start(args, format);
    vsnprintf(job.name, sizeof job.name, format, args);
    va_end(args);
    snprintf(label, sizeof label, "%s %s %s", group, bench_dtype(dtype), job.name);
    if (b->only != NULL && strstr(label, b->only) == NULL)
        return NULL;
    if (b->n == b->room) {
        b->room = b->room == 0 ? 64 : 2 * b->room;
        b->jobs = realloc(b->jobs, b->room * sizeof *b->jobs);
        if (b->jobs == NULL)
            exit(1);
    }
    b->jobs[b->n] = job;
    return &b->jobs[b->n++];
}

static double seconds_of(const bench_job *job, size_t times)
{
    const double start = bench_now();
    job->run(job->state, times);
    return bench_now() - start;
}

static void calibrate(bench_job *job)
{
    job->run(job->state, 1); /* warms up the caches and allocates the workspace */
    for (job->times = 1; job->times < (size_t)1 << 24; job->times *= 2)
        if (seconds_of(job, job->times) >= BENCH_ROUND_SECONDS / 2)
            return;
}

double bench_seconds(bench_job *job)
{
    if (job->times == 0)
        calibrate(job);
    return seconds_of(job, job->times) / (double)job->times;
}
