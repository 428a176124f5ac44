/* Kernels alone, on data that fits in the nearest cache. */
#include "base/arena.h"
#include "bench/bench.h"
#include "dispatch/dispatch.h"
#include "net/net.h"

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
    while (times-- > 0)
        for (size_t panel = 0; panel < panels(p->k, p->n_out); panel++)
            for (size_t k0 = 0; k0 < p->n_in; k0 += PYBP_BLOCK_K)
                p->k->gradient(p->rows, p->a, p->out.at + panel * p->out.stride * PYBP_LINE, p->k->panel, k0,
                               k0 + PYBP_BLOCK_K < p->n_in ? k0 + PYBP_BLOCK_K : p->n_in, 0, p->scratch);
}

static void add_product(bench *b, pybp_dtype dtype, const char *name, void (*run)(void *, size_t), size_t rows, size_t n)
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
    p->scratch = pybp_alloc((PYBP_BACK_PANELS * panels(k, n) * k->panel + PYBP_BLOCK_K) * PYBP_LINE);
    job->flop = 2.0 * (double)rows * (double)n * (double)n;
    job->run = run;
    job->release = product_free;
    job->state = p;
}

/* Elementwise kernels: 64 lines. */
enum { LINES = 64 };

typedef struct strip {
    const pybp_kernels *k;
    char *x[2 + PYBP_N_STATES];
    pybp_activate *activate;
    _Alignas(8) char params[8 * PYBP_MAX_ACTIVATION_PARAMS];
    pybp_update *update;
    void *states[PYBP_N_STATES]; /* those of x[2] ... that the rule has */
    pybp_constants constants;
} strip;

static void strip_free(void *state)
{
    strip *s = state;
    for (int i = 0; i < 2 + PYBP_N_STATES; i++)
        pybp_free(s->x[i]);
    free(s);
}

static void activate(void *state, size_t times)
{
    const strip *s = state;
    while (times-- > 0)
        s->activate(LINES, s->k->panel, s->params, s->x[0]);
}

static void update(void *state, size_t times)
{
    const strip *s = state;
    while (times-- > 0)
        s->update(LINES * s->k->panel, s->x[0], s->x[1], s->states, &s->constants);
}

static strip *add_strip(bench *b, pybp_dtype dtype, const char *kind, const char *name, void (*run)(void *, size_t))
{
    bench_job *job = bench_add(b, "element", dtype, "%s %s", kind, name);
    if (job == NULL)
        return NULL;
    strip *s = calloc(1, sizeof *s);
    if (s == NULL)
        exit(1);
    s->k = pybp_dispatch(dtype);
    for (int i = 0; i < 2 + PYBP_N_STATES; i++) {
        s->x[i] = pybp_alloc(LINES * PYBP_LINE);
        for (size_t j = 0; j < LINES * s->k->panel; j++)
            s->k->set(s->x[i] + j * s->k->size, (double)(j % 29) / 29 + 0.01);
    }
    job->elements = (double)(LINES * s->k->panel);
    job->run = run;
    job->release = strip_free;
    job->state = s;
    return s;
}

static void add_optimizer(bench *b, pybp_dtype dtype, int kind)
{
    pybp_row row;
    pybp_optimizer optimizer = {.kind = (pybp_optimizer_kind)kind};
    const double powers[PYBP_N_POWERS] = {0.5, 0.5, 0.5};
    const pybp_step_scalars step = {.params = optimizer.params, .lr = 1e-9, .decay = 1, .shrink = 1e-9, .scale = 1, .t = 7, .powers = powers,
                                    .mu = 0.8, .mu_next = 0.81};
    pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, kind, &row);
    for (int i = 0; i < row.n_params; i++)
        optimizer.params[i] = row.params[i].value;
    strip *s = add_strip(b, dtype, "optimizer", row.name, update);
    if (s == NULL)
        return;
    for (int i = 0; i < PYBP_N_STATES; i++)
        s->states[i] = pybp_optimizer_states(&optimizer) >> i & 1 ? s->x[2 + i] : NULL;
    s->update = s->k->update[kind];
    s->k->prepare[kind](&step, &s->constants);
}

static void add_activation(bench *b, pybp_dtype dtype, int kind)
{
    pybp_row row;
    pybp_activate *function = pybp_dispatch(dtype)->activate[kind];
    pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, kind, &row);
    strip *s = function == NULL ? NULL : add_strip(b, dtype, "activation", row.name, activate);
    if (s == NULL)
        return;
    s->activate = function;
    for (int i = 0; i < row.n_params; i++)
        s->k->set(s->params + (size_t)i * s->k->size, row.params[i].value);
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
        for (int i = 0; i < PYBP_N_ACTIVATIONS; i++)
            add_activation(b, dtype, i);
        for (int i = 0; i < PYBP_N_OPTIMIZERS; i++)
            add_optimizer(b, dtype, i);
    }
}
