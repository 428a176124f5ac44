/* pybp_bench: a list of jobs, timed in rounds that begin with a loop of nothing but FMAs.
 *
 * The speed of shared machines drifts, so an absolute time says little. Each round runs the FMA loop and then all jobs;
 * a job's fraction of the peak compares its best round with the loop's best. */
#ifndef PYBP_BENCH_BENCH_H
#define PYBP_BENCH_BENCH_H

#include "kernels/kernels.h"
#include "pybp.h"

#include <stddef.h>

#define BENCH_MAX_ROUNDS 64
#define BENCH_ROUND_SECONDS 20e-3

typedef struct bench_job {
    char name[96];
    const char *group;   /* "kernel", "element", "memory", "step", "predict" */
    pybp_dtype dtype;
    double flop;         /* per call; if 0, the measure is one of the next two */
    double elements;     /* elements per call, all in the L1 cache; reported in cycles, or ns if the clock is unknown */
    double bytes;        /* bytes read from memory and written to it per call */
    int threads;
    double unit;         /* times are reported per unit: 1, or the steps in a call */
    size_t baseline;     /* 1 + the job that this one extends; 0: none */
    void (*run)(void *state, size_t times);
    void (*release)(void *state);
    void *state;
    size_t times;        /* calls in a round, so that a round takes about 20 ms */
    double seconds[BENCH_MAX_ROUNDS]; /* per call, in each round */
} bench_job;

typedef struct bench {
    bench_job *jobs;
    size_t n, room;
    const char *only;         /* jobs whose label contains this text; NULL: all */
    size_t rounds;
    size_t steps;             /* of an epoch; 0: a default for each net */
    int threads;              /* of steps and predictions */
    double peak[2][2][BENCH_MAX_ROUNDS];  /* FLOP/s of the FMA loop: [one thread, all threads][dtype][round] */
    double clock[BENCH_MAX_ROUNDS];       /* Hz; 0: unknown */
    double bandwidth[BENCH_MAX_ROUNDS];   /* bytes per second */
} bench;

/* Compiled from isa/loops.c for each instruction set: the functions of vmath.h applied to arrays, by dtype, and a loop
 * that reads four arrays and writes three of them, as Adam does. */
typedef struct bench_loops {
    const char *isa;
    struct bench_function {
        const char *name; /* NULL ends the list */
        void (*on[2])(size_t n, const void *x, void *y);
    } functions[8];
    void (*stream)(size_t n, const float *x, float *const y[3]);
} bench_loops;

#define BENCH_FUNCTIONS(X) X(exp) X(expm1) X(log) X(log1p) X(tanh) X(sigmoid) X(erf)

/* The loops of the instruction set in use. */
const bench_loops *bench_loops_in_use(void);

/* A new job, to be filled in; NULL if --only leaves it out. Exits if memory is short. */
bench_job *bench_add(bench *b, const char *group, pybp_dtype dtype, const char *format, ...);

/* "f32" or "f64". */
const char *bench_dtype(pybp_dtype dtype);

void bench_add_kernels(bench *b);
void bench_add_functions(bench *b);
void bench_add_elements(bench *b);
void bench_add_steps(bench *b);

/* Seconds per call, the mean over a round. The first call also calibrates the number of calls in a round. */
double bench_seconds(bench_job *job);
/* Executes the commands on standard input until it ends. */
void bench_serve(bench *b);

/* FLOP/s of independent FMAs in registers, over about 5 ms and with the widest vectors; the sum over the threads. */
double bench_peak(pybp_dtype dtype, int threads);
/* Bytes per second read and written, on arrays that are larger than the caches. */
double bench_bandwidth(void);
/* Cycles per second; 0 if it can't be measured, or if no CPU has such a clock. */
double bench_clock(void);
/* The CPU's name, family and model; "unknown" where no instruction tells. */
const char *bench_cpu(void);
double bench_now(void);
/* From now on, measure CPU time of the process instead of wall time: for busy machines and one thread. */
void bench_count_cpu_time(void);

void bench_print(const bench *b);
int bench_write_json(const bench *b, const char *path);

#endif
