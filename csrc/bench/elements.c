/* Elementwise kernels: activations and optimizers on data in the L1 cache, and optimizers on arrays larger than the
 * caches, which are bound by memory.
 *
 * Nothing is measured on subnormals, zeros or infinities of its own making: activations and derivatives work in place,
 * so their arguments are copied before each call (the job "copy" tells what that costs); the weights and states of
 * optimizers approach limits that are ordinary numbers. */
#include "base/memory.h"
#include "bench/bench.h"
#include "dispatch/dispatch.h"
#include "net/update/optimizer_state.h"

#include <stdlib.h>
#include <string.h>

enum { NEAR = 64, FAR = 1 << 19 };   /* lines of an array in the L1 cache and in memory */
enum { ARRAYS = 2 + PYBP_N_STATES }; /* weights, gradient, states */
enum { BANDWIDTH_REPEATS = 5 };

typedef struct strip {
    const pybp_kernels *k;
    size_t lines;
    char *x[ARRAYS];
    pybp_activate_panel *activate;
    pybp_derive_panel *derive;
    _Alignas(8) char params[8 * PYBP_MAX_ACTIVATION_PARAMS];
    pybp_update *update;
    void *states[PYBP_N_STATES]; /* x[2] ..., as many as the optimizer has */
    pybp_constants constants;
} strip;

/* The arrays in memory, by dtype. All jobs use the same, to save memory. */
static char *far[2][ARRAYS];
static size_t far_users;

static void strip_free(void *state)
{
    strip *s = state;
    if (s->lines == NEAR)
        for (int i = 0; i < ARRAYS; i++)
            pybp_free(s->x[i]);
    else if (--far_users == 0)
        for (int i = 0; i < 2 * ARRAYS; i++)
            pybp_free(far[i / ARRAYS][i % ARRAYS]);
    free(s);
}

static void restore(const strip *s)
{
    memcpy(s->x[0], s->x[1], s->lines * PYBP_LINE);
    __asm__ volatile("" : : "r"(s->x[0]) : "memory"); /* not left out where nothing follows */
}

static void copy(void *state, size_t times)
{
    while (times-- > 0)
        restore(state);
}

static void activate(void *state, size_t times)
{
    const strip *s = state;
    while (times-- > 0) {
        restore(s);
        s->activate(s->lines, s->k->panel, s->params, s->x[0]);
    }
}

/* f' of x[2], which are z or a, times x[0]. */
static void derive(void *state, size_t times)
{
    const strip *s = state;
    while (times-- > 0) {
        restore(s);
        s->derive(s->lines, s->k->panel, s->params, s->x[2], s->x[0]);
    }
}

static void update(void *state, size_t times)
{
    const strip *s = state;
    while (times-- > 0)
        s->update(s->lines * s->k->panel, s->x[0], s->x[1], s->states, &s->constants);
}

static char *fill(const pybp_kernels *k, size_t lines)
{
    char *x = pybp_alloc(lines * PYBP_LINE);
    if (x == NULL)
        exit(1);
    for (size_t i = 0; i < lines * k->panel; i++)
        k->set(x + i * k->size, (double)(i % 29) / 29 + 0.01);
    return x;
}

static strip *add_strip(bench_job *job, size_t lines, void (*run)(void *, size_t))
{
    strip *s = calloc(1, sizeof *s);
    if (s == NULL)
        exit(1);
    s->k = pybp_dispatch(job->dtype);
    s->lines = lines;
    far_users += lines == FAR;
    for (int i = 0; i < ARRAYS; i++) {
        if (lines == FAR && far[job->dtype][i] == NULL)
            far[job->dtype][i] = fill(s->k, FAR);
        s->x[i] = lines == FAR ? far[job->dtype][i] : fill(s->k, NEAR);
    }
    job->run = run;
    job->release = strip_free;
    job->state = s;
    return s;
}

static void add_optimizer(bench *b, pybp_dtype dtype, int kind, size_t lines)
{
    pybp_row row;
    pybp_optimizer optimizer = {.kind = (pybp_optimizer_kind)kind};
    const double powers[PYBP_N_POWERS] = {0.5, 0.5, 0.5};
    const pybp_step_scalars step = {.params = optimizer.params, .lr = 1e-9, .decay = 1, .shrink = 1e-9, .scale = 1,
                                    .t = 7, .powers = powers, .mu = 0.8, .mu_next = 0.81};
    pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, kind, &row);
    for (int i = 0; i < row.n_params; i++)
        optimizer.params[i] = row.params[i].value;
    bench_job *job = bench_add(b, lines == FAR ? "memory" : "element", dtype, "optimizer %s", row.name);
    if (job == NULL)
        return;
    strip *s = add_strip(job, lines, update);
    int states = 0;
    for (int i = 0; i < PYBP_N_STATES; i++)
        if (pybp_optimizer_states(&optimizer) >> i & 1) {
            s->states[i] = s->x[2 + i];
            states++;
        }
    s->update = s->k->update[kind];
    s->k->prepare[kind](&step, &s->constants);
    if (lines == FAR)
        job->bytes = (double)(lines * PYBP_LINE) * (3 + 2 * states); /* the gradient is only read */
    else
        job->elements = (double)(lines * s->k->panel);
}

static void add_copy(bench *b, pybp_dtype dtype)
{
    bench_job *job = bench_add(b, "element", dtype, "copy, part of the next ones");
    if (job != NULL)
        job->elements = (double)(NEAR * add_strip(job, NEAR, copy)->k->panel);
}

static void add_activation(bench *b, pybp_dtype dtype, int kind, void (*run)(void *, size_t))
{
    pybp_row row;
    const pybp_kernels *k = pybp_dispatch(dtype);
    pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, kind, &row);
    if (k->activate[kind] == NULL)
        return;
    bench_job *job = bench_add(b, "element", dtype, "%s %s", run == derive ? "derivative" : "activation", row.name);
    if (job == NULL)
        return;
    strip *s = add_strip(job, NEAR, run);
    s->activate = k->activate[kind];
    s->derive = k->derive[kind];
    job->elements = (double)(NEAR * s->k->panel);
    for (int i = 0; i < row.n_params; i++)
        s->k->set(s->params + (size_t)i * s->k->size, row.params[i].value);
}

double bench_bandwidth(void)
{
    static float *x[4];
    const size_t n = (size_t)FAR * PYBP_LINE / sizeof *x[0];
    for (int i = 0; i < 4; i++) {
        if (x[i] == NULL && (x[i] = pybp_alloc(FAR * PYBP_LINE)) == NULL)
            exit(1);
        for (size_t j = 0; x[i][n - 1] == 0 && j < n; j++)
            x[i][j] = 1;
    }
    double best = 0;
    for (int i = 0; i < BANDWIDTH_REPEATS; i++) {
        const double start = bench_now();
        bench_loops_in_use()->stream(n, x[0], x + 1);
        const double found = 7.0 * FAR * PYBP_LINE / (bench_now() - start);
        best = found > best ? found : best;
    }
    return best;
}

void bench_add_elements(bench *b)
{
    for (int d = 0; d < 2; d++)
        add_copy(b, (pybp_dtype)d);
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < PYBP_N_ACTIVATIONS; i++)
            add_activation(b, (pybp_dtype)d, i, activate);
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < PYBP_N_ACTIVATIONS; i++)
            add_activation(b, (pybp_dtype)d, i, derive);
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < PYBP_N_OPTIMIZERS; i++)
            add_optimizer(b, (pybp_dtype)d, i, NEAR);
    for (int d = 0; d < 2; d++)
        for (int i = 0; i < PYBP_N_OPTIMIZERS; i++)
            add_optimizer(b, (pybp_dtype)d, i, FAR);
}
