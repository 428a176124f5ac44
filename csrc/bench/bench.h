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
#define BENCH_ROUND_SECONDS 20e-3

typedef struct bench_job {
    char name[96];
    const char *group;   /* "kernel", "element", "memory", "step", "predict" */
    pybp_dtype dtype;
    double flop;         /* of one run; or 0, and instead */
    double elements;     /* elements that lie in the nearest cache, or */
    double bytes;        /* to and from memory */
    int threads;         /* that it runs on */
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
    size_t rounds, steps;     /* of an epoch; 0: a few */
    int threads;              /* of steps and predictions */
    double peak[2][2][BENCH_MAX_ROUNDS];  /* FLOP/s of the FMA loop: on one thread and on all, by dtype */
    double clock[BENCH_MAX_ROUNDS];       /* Hz, from a chain of additions */
    double bandwidth[BENCH_MAX_ROUNDS];   /* bytes a second */
} bench;

/* What isa/loops.c makes for each instruction set: functions of vmath.h on arrays, by dtype, and a loop that reads
 * four arrays and writes three of them, as Adam does. */
typedef struct bench_loops {
    const char *isa;
    struct bench_function {
        const char *name; /* NULL ends the list */
        void (*on[2])(size_t n, const void *x, void *y);
    } functions[8];
    void (*stream)(size_t n, const float *x, float *const y[3]);
} bench_loops;

#define BENCH_FUNCTIONS(X) X(exp) X(expm1) X(log) X(log1p) X(tanh) X(sigmoid) X(erf)

/* Those of the instruction set in use. */
const bench_loops *bench_loops_in_use(void);

/* A job to fill in; NULL if it is not wanted. Ends the program when memory is short. */
bench_job *bench_add(bench *b, const char *group, pybp_dtype dtype, const char *format, ...);

/* "f32" or "f64". */
const char *bench_dtype(pybp_dtype dtype);

void bench_add_kernels(bench *b);
void bench_add_functions(bench *b);
void bench_add_elements(bench *b);
void bench_add_steps(bench *b);

/* Seconds of one run: the mean of a round's. The first call also finds out how many make a round. */
double bench_seconds(bench_job *job);
/* Obeys orders from the standard input until that ends. */
void bench_serve(bench *b);

/* FLOP/s of independent FMAs in registers, over about 5 ms: the widest vectors', on all threads together. */
double bench_peak(pybp_dtype dtype, int threads);
/* Bytes a second, to and from memory, on arrays that no cache holds. */
double bench_bandwidth(void);
/* Cycles a second, by a chain of dependent additions of integers. */
double bench_clock(void);
double bench_now(void);
/* From now on time is what this process was given of the CPUs: for crowded machines, and one thread. */
void bench_count_cpu_time(void);

void bench_print(const bench *b);
int bench_write_json(const bench *b, const char *path);

#endif
