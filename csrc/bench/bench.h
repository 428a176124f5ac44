/* pybp_bench: a list of jobs, each timed in rounds beside a loop of nothing but FMAs.
 *
 * Shared machines drift, so an absolute time says little: rounds go FMA loop, job, job, ..., and a job's
 * share of peak compares the best of its rounds with the best of the loop's. */
#ifndef PYBP_BENCH_BENCH_H
#define PYBP_BENCH_BENCH_H

#include "kernels/kernels.h"
#include "pybp.h"

#include <stddef.h>

#define BENCH_MAX_ROUNDS 64

typedef struct bench_job {
    char name[96];
    const char *group;   /* "kernel", "element", "step", "predict" */
    pybp_dtype dtype;
    double flop;         /* of one run; 0 for jobs that count elements */
    double elements;     /* of one run; 0 for jobs that count FLOP */
    double unit;         /* what the time is told for: 1, or the steps in a run */
    size_t beside;       /* 1 + the job that this one does the same as, and more; 0: none */
    void (*run)(void *state, size_t times);
    void (*release)(void *state);
    void *state;
    size_t times;        /* runs in a round, so that a round takes about 20 ms */
    double seconds[BENCH_MAX_ROUNDS]; /* of one run, per round */
} bench_job;

typedef struct bench {
    bench_job *jobs;
    size_t n, room;
    const char *only;         /* jobs whose label holds this text, or NULL: all */
    size_t rounds;
    double peak[2][BENCH_MAX_ROUNDS]; /* FLOP/s of the FMA loop, by dtype */
    double clock[BENCH_MAX_ROUNDS];   /* Hz, from a chain of additions */
} bench;

/* A job to fill in; NULL if it is not wanted. Ends the program when memory is short. */
bench_job *bench_add(bench *b, const char *group, pybp_dtype dtype, const char *format, ...);

/* "f32" or "f64". */
const char *bench_dtype(pybp_dtype dtype);

void bench_add_kernels(bench *b);
void bench_add_steps(bench *b, int threads);

/* FLOP/s of independent FMAs in registers, over about 5 ms. */
double bench_peak(pybp_dtype dtype);
/* Cycles a second, by a chain of dependent additions of integers. */
double bench_clock(void);
double bench_now(void);
/* From now on time is what this process was given of the CPUs: for crowded machines, and one thread. */
void bench_count_cpu_time(void);

void bench_print(const bench *b);
int bench_write_json(const bench *b, const char *path);

#endif
