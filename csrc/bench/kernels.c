/* The matrix products of a layer on their own. */
#include "base/memory.h"
#include "bench/bench.h"
#include "dispatch/dispatch.h"

#include <stdlib.h>

typedef struct product {
    const pybp_kernels *k;
    pybp_panels a, out;
    char *weights, *scratch;
    size_t rows, n_in, n_out;
} product;

static size_t panels(const pybp_kernels *k, size_t n)
{
    return (n + k->panel - 1) / k->panel;
}

static pybp_panels make_panels(const pybp_kernels *k, size_t rows, size_t n)
{
    const size_t stride = rows | 1, lines = panels(k, n) * stride;
    pybp_panels m = {pybp_alloc(lines * PYBP_LINE), stride};
    for (size_t i = 0; m.at != NULL && i < lines * k->panel; i++)
        k->set(m.at + i * k->size, (double)(i % 17) / 17 - 0.5);
    return m;
}

static void product_free(void *state)
{
    product *p = state;
    pybp_free(p->a.at);
    pybp_free(p->out.at);
    pybp_free(p->weights);
    pybp_free(p->scratch);
    free(p);
}

static void forward(void *state, size_t times)
{
    const product *p = state;
    const pybp_forward_args args = {.rows = p->rows, .n_in = p->n_in, .n_out = p->n_out, .in = p->a,
                                    .weights = p->weights, .out = p->out};
    while (times-- > 0)
        p->k->forward(&args);
}

static void back(void *state, size_t times)
{
    const product *p = state;
    const pybp_back_args args = {.rows = p->rows, .n_in = p->n_in, .n_out = p->n_out, .delta = p->out,
                                 .weights = p->weights, .scratch = p->scratch, .out = p->a};
    while (times-- > 0)
        p->k->back(&args);
}

static void gradient(void *state, size_t times)
{
    const product *p = state;
    const size_t cols = p->k->gradient_panels * p->k->panel;
    pybp_gradient_args args = {.rows = p->rows, .in = p->a, .g = p->scratch, .g_step = PYBP_BLOCK_K};
    while (times-- > 0)
        for (size_t j = 0; j < p->n_out; j += cols) {
            args.delta = (pybp_panels){p->out.at + j / p->k->panel * p->out.stride * PYBP_LINE, p->out.stride};
            args.cols = p->n_out - j < cols ? p->n_out - j : cols;
            for (args.k0 = 0; args.k0 < p->n_in; args.k0 = args.k1) {
                args.k1 = args.k0 + PYBP_BLOCK_K < p->n_in ? args.k0 + PYBP_BLOCK_K : p->n_in;
                p->k->gradient(&args);
            }
        }
}

static void add_product(bench *b, pybp_dtype dtype, const char *name, void (*run)(void *, size_t), size_t rows,
                        size_t n)
{
    const pybp_kernels *k = pybp_dispatch(dtype);
    bench_job *job = bench_add(b, "kernel", dtype, "%s %zux%zu, %zu rows", name, n, n, rows);
    if (job == NULL)
        return;
    product *p = calloc(1, sizeof *p);
    if (p == NULL)
        exit(1);
    *p = (product){.k = k, .rows = rows, .n_in = n, .n_out = n};
    p->a = make_panels(k, rows, n + 1);
    p->out = make_panels(k, rows, n);
    p->weights = pybp_alloc(panels(k, n) * (n + 1) * PYBP_LINE);
    const size_t transposed = PYBP_BACK_PANELS * panels(k, n) * k->panel;
    p->scratch = pybp_alloc((transposed + k->gradient_panels * PYBP_BLOCK_K) * PYBP_LINE);
    job->flop = 2.0 * (double)rows * (double)n * (double)n;
    job->run = run;
    job->release = product_free;
    job->state = p;
}

void bench_add_kernels(bench *b)
{
    for (int d = 0; d < 2; d++) {
        const pybp_dtype dtype = (pybp_dtype)d;
        for (size_t n = 64; n <= 1024; n *= 4) {
            add_product(b, dtype, "forward", forward, 128, n);
            add_product(b, dtype, "back", back, 128, n);
            add_product(b, dtype, "gradient", gradient, 128, n);
        }
    }
}
