/* exp, log, tanh ... of the instruction set in use, on 64 lines in the L1 cache. */
#include "base/memory.h"
#include "bench/bench.h"
#include "dispatch/dispatch.h"

#include <stdlib.h>
#include <string.h>

enum { LINES = 64 };

extern const bench_loops bench_loops_scalar, bench_loops_avx2, bench_loops_avx512, bench_loops_neon;

static const bench_loops *const compiled[] = {
#ifdef PYBP_HAVE_AVX512
    &bench_loops_avx512,
#endif
#ifdef PYBP_HAVE_AVX2
    &bench_loops_avx2,
#endif
#ifdef PYBP_HAVE_NEON
    &bench_loops_neon,
#endif
    &bench_loops_scalar,
};

const bench_loops *bench_loops_in_use(void)
{
    size_t i = 0;
    while (strcmp(compiled[i]->isa, pybp_isa()) != 0) /* one of them matches */
        i++;
    return compiled[i];
}

typedef struct call {
    void (*on)(size_t n, const void *x, void *y);
    size_t n;
    char *x, *y;
} call;

static void run(void *state, size_t times)
{
    const call *c = state;
    while (times-- > 0)
        c->on(c->n, c->x, c->y);
}

static void release(void *state)
{
    call *c = state;
    pybp_free(c->x);
    pybp_free(c->y);
    free(c);
}

static void add(bench *b, const struct bench_function *function, pybp_dtype dtype)
{
    const pybp_kernels *k = pybp_dispatch(dtype);
    bench_job *job = bench_add(b, "element", dtype, "function %s", function->name);
    if (job == NULL)
        return;
    call *c = malloc(sizeof *c);
    if (c == NULL)
        exit(1);
    *c = (call){function->on[dtype], LINES * k->panel, pybp_alloc(LINES * PYBP_LINE), pybp_alloc(LINES * PYBP_LINE)};
    if (c->x == NULL || c->y == NULL)
        exit(1);
    for (size_t i = 0; i < c->n; i++)
        k->set(c->x + i * k->size, (double)(i % 29) / 29 + 0.01);
    job->elements = (double)c->n;
    job->run = run;
    job->release = release;
    job->state = c;
}

void bench_add_functions(bench *b)
{
    for (int d = 0; d < 2; d++)
        for (const struct bench_function *f = bench_loops_in_use()->functions; f->name != NULL; f++)
            add(b, f, (pybp_dtype)d);
}
