/* No value slows a step down: what training and inference compute meets no subnormal number (docs/numerics.md).
 *
 * The CPU remembers in MXCSR whether an operand was subnormal or a result was tiny; each case must leave both flags
 * clear.
 * In a build with PYBP_TRAP_SUBNORMALS the core traps them instead, and the handler below names the function.
 *
 * Usage: test_subnormals [part of the cases' names [threads]]. Flags are those of the calling thread; traps come in
 * all threads. */
#define _GNU_SOURCE /* siginfo_t */
#include "net_fixture.h"

#include <stdio.h>

#if defined(__x86_64__) && defined(__linux__)

#include "base/fpenv.h"

#include <immintrin.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define DENORMAL_OPERAND 0x02u
#define UNDERFLOW_RESULT 0x10u
#define SUBNORMAL (DENORMAL_OPERAND | UNDERFLOW_RESULT)

static const char *only = "";
static int threads = 1;
static char now[160]; /* the case */

/* ---- what traps ---------------------------------------------------------------------------------- */

#ifdef PYBP_TRAP_SUBNORMALS

static volatile sig_atomic_t expected;

/* Not what a handler may do, but the process ends here. */
static void trapped(int signal, siginfo_t *info, void *context)
{
    char command[256];
    (void)signal;
    (void)context;
    if (expected)
        _Exit(0);
    printf("%s: a subnormal at %p, in\n", now, info->si_addr);
    fflush(stdout);
    snprintf(command, sizeof command, "addr2line -f -i -e /proc/%d/exe %p", (int)getpid(), info->si_addr);
    if (system(command) != 0)
        puts("(no addr2line)");
    _Exit(1);
}

#endif

/* The control: a product that underflows, in the core's environment. */
static void make_subnormal(void)
{
    volatile float tiny = 0x1p-100f;
    const pybp_fpenv caller = pybp_fpenv_enter();
    tiny = tiny * tiny;
    pybp_fpenv_leave(caller);
}

static void begin(void)
{
    _mm_setcsr(_mm_getcsr() & ~0x3fu);
}

static void end(void)
{
    const unsigned flags = _mm_getcsr() & SUBNORMAL;
    CHECK_MSG(flags == 0, "%s:%s%s", now, flags & DENORMAL_OPERAND ? " a subnormal operand" : "",
              flags & UNDERFLOW_RESULT ? " a subnormal result" : "");
}

/* ---- the cases -------------------------------------------------------------------------------------- */

typedef struct net_case {
    pybp_dtype dtype;
    size_t n_in, layers;
    pybp_layer_desc layer[48];
    pybp_loss loss;
    pybp_optimizer optimizer;
    double scale, lr;   /* of the inputs; learning rate */
    size_t dead;        /* inputs that are always 0 */
    size_t rows, batch, epochs;
    double target;      /* factor of the targets */
} net_case;

static void add_layer(net_case *c, pybp_layer_kind kind, size_t n_out, pybp_activation activation)
{
    OK(pybp_layer_init(&c->layer[c->layers++], kind, n_out, activation));
}

static net_case plain(pybp_dtype dtype)
{
    net_case c = {.dtype = dtype, .n_in = 20, .scale = 1, .lr = 0.01, .rows = 96, .batch = 32, .epochs = 20,
                  .target = 1, .loss = PYBP_LOSS_MSE};
    OK(pybp_optimizer_init(&c.optimizer, PYBP_OPTIMIZER_ADAM));
    return c;
}

static void dense(net_case *c, size_t n_out, pybp_activation activation)
{
    add_layer(c, PYBP_LAYER_DENSE, n_out, activation);
}

/* A diverged training is no fault here. */
static void execute(const net_case *c)
{
    if (strstr(now, only) == NULL)
        return;
    const size_t n_out = c->layer[c->layers - 1].n_out != 0 ? c->layer[c->layers - 1].n_out : c->n_in;
    samples s = make_samples(c->rows, c->n_in, n_out);
    for (size_t i = 0; i < c->rows * c->n_in; i++)
        s.inputs[i] = i % c->n_in < c->dead ? 0 : s.inputs[i] * c->scale * 1.7320508075688772;
    for (size_t i = 0; i < c->rows * n_out; i++)
        s.values[i] *= c->target;
    const pybp_net_desc desc = {.dtype = c->dtype, .n_in = c->n_in, .layers = c->layer, .n_layers = c->layers,
                                .seed = 7};
    pybp_train_options options = default_options(c->optimizer, c->loss, c->batch);
    char *out = need(c->rows * n_out * sizeof(double));
    pybp_net *net = NULL;
    pybp_train_result result;
    OK(pybp_loss_init(&options.loss, c->loss));
    options.lr = &c->lr;
    options.epochs = c->epochs;
    options.threads = threads;
    options.accumulate = 1;
    OK(pybp_net_create(&desc, &net));
    begin();
    const pybp_targets *y = c->loss == PYBP_LOSS_CROSS_ENTROPY ? &s.classes : &s.y;
    const pybp_status status = pybp_train(net, &s.x, y, NULL, &options, &result);
    CHECK_MSG(status == PYBP_OK || status == PYBP_DIVERGED, "%s: %s", now, pybp_last_error());
    end();
    begin();
    OK(pybp_predict(net, &s.x, out, threads));
    end();
    pybp_net_free(net);
    free(out);
    free_samples(&s);
}

static const char *name_of(pybp_registry registry, int kind)
{
    static pybp_row row;
    OK(pybp_registry_row(registry, kind, &row));
    return row.name;
}

/* Every activation and loss on inputs that were not scaled. */
static void unscaled(pybp_dtype dtype, double scale)
{
    for (int a = 0; a < PYBP_N_ACTIVATIONS; a++) {
        if (a == PYBP_ACTIVATION_SOFTMAX)
            continue;
        net_case c = plain(dtype);
        dense(&c, 32, (pybp_activation)a);
        dense(&c, 24, (pybp_activation)a);
        dense(&c, 10, PYBP_ACTIVATION_SOFTMAX);
        c.loss = PYBP_LOSS_CROSS_ENTROPY;
        c.scale = scale;
        snprintf(now, sizeof now, "f%d %s, inputs times %g", dtype == PYBP_FLOAT32 ? 32 : 64,
                 name_of(PYBP_REGISTRY_ACTIVATIONS, a), scale);
        execute(&c);
    }
    for (int l = 0; l < PYBP_N_LOSSES; l++) {
        net_case c = plain(dtype);
        dense(&c, 32, PYBP_ACTIVATION_TANH);
        dense(&c, 24, PYBP_ACTIVATION_SIGMOID);
        dense(&c, 3, l == PYBP_LOSS_CROSS_ENTROPY          ? PYBP_ACTIVATION_SOFTMAX
                     : l == PYBP_LOSS_BINARY_CROSS_ENTROPY ? PYBP_ACTIVATION_SIGMOID
                                                           : PYBP_ACTIVATION_IDENTITY);
        c.loss = (pybp_loss)l;
        c.scale = scale;
        snprintf(now, sizeof now, "f%d loss %s, inputs times %g", dtype == PYBP_FLOAT32 ? 32 : 64,
                 name_of(PYBP_REGISTRY_LOSSES, l), scale);
        execute(&c);
    }
}

/* Every optimizer, with weight decay where it has one, on inputs half of which are always 0. */
static void optimizers(pybp_dtype dtype, int decays, size_t epochs)
{
    for (int o = 0; o < PYBP_N_OPTIMIZERS; o++) {
        pybp_row row;
        net_case c = plain(dtype);
        OK(pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, o, &row));
        OK(pybp_optimizer_init(&c.optimizer, (pybp_optimizer_kind)o));
        for (int i = 0; i < row.n_params; i++) {
            if (strcmp(row.params[i].name, "weight_decay") == 0 && decays)
                c.optimizer.params[i] = 0.1;
            if (strcmp(row.params[i].name, "momentum") == 0 && o != PYBP_OPTIMIZER_NADAM)
                c.optimizer.params[i] = 0.9;
        }
        c.n_in = 6;
        c.dead = 3;
        c.rows = c.batch = 4;
        c.epochs = epochs;
        c.lr = 0.02;
        dense(&c, 5, PYBP_ACTIVATION_RELU);
        dense(&c, 1, PYBP_ACTIVATION_IDENTITY);
        snprintf(now, sizeof now, "f%d %s, weight decay %d, %zu steps", dtype == PYBP_FLOAT32 ? 32 : 64, row.name,
                 decays, epochs);
        execute(&c);
    }
}

static void deep_sigmoid(pybp_dtype dtype)
{
    net_case c = plain(dtype);
    for (int l = 0; l < 40; l++)
        dense(&c, 20, PYBP_ACTIVATION_SIGMOID);
    dense(&c, 1, PYBP_ACTIVATION_IDENTITY);
    snprintf(now, sizeof now, "f%d 40 layers of sigmoid", dtype == PYBP_FLOAT32 ? 32 : 64);
    execute(&c);
}

/* Until its errors are small; rows fewer than parameters. */
static void mish_regression(pybp_dtype dtype)
{
    net_case c = plain(dtype);
    dense(&c, 64, PYBP_ACTIVATION_MISH);
    dense(&c, 64, PYBP_ACTIVATION_MISH);
    dense(&c, 1, PYBP_ACTIVATION_IDENTITY);
    c.rows = 64;
    c.epochs = 1500;
    c.lr = 1e-3;
    snprintf(now, sizeof now, "f%d mish regression", dtype == PYBP_FLOAT32 ? 32 : 64);
    execute(&c);
}

static void layer_kinds(pybp_dtype dtype, double scale)
{
    static const pybp_layer_kind kinds[] = {PYBP_LAYER_BATCH_NORM,    PYBP_LAYER_LAYER_NORM, PYBP_LAYER_RMS_NORM,
                                            PYBP_LAYER_DROPOUT,       PYBP_LAYER_ALPHA_DROPOUT,
                                            PYBP_LAYER_GAUSSIAN_NOISE, PYBP_LAYER_SCALE,
                                            PYBP_LAYER_PARAMETRIC_ACTIVATION};
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        net_case c = plain(dtype);
        const int parametric = kinds[k] == PYBP_LAYER_PARAMETRIC_ACTIVATION;
        dense(&c, 32, parametric ? PYBP_ACTIVATION_IDENTITY : PYBP_ACTIVATION_RELU);
        add_layer(&c, kinds[k], 32, parametric ? PYBP_ACTIVATION_RELU : PYBP_ACTIVATION_IDENTITY);
        dense(&c, 24, PYBP_ACTIVATION_SILU);
        add_layer(&c, kinds[k], 24, parametric ? PYBP_ACTIVATION_MISH : PYBP_ACTIVATION_IDENTITY);
        dense(&c, 1, PYBP_ACTIVATION_IDENTITY);
        c.scale = scale;
        c.dead = 5;
        c.epochs = 400;
        snprintf(now, sizeof now, "f%d %s, inputs times %g", dtype == PYBP_FLOAT32 ? 32 : 64,
                 name_of(PYBP_REGISTRY_LAYERS, (int)kinds[k]), scale);
        execute(&c);
    }
}

/* What nets for tables begin with. */
static void periodic(pybp_dtype dtype, double scale)
{
    net_case c = plain(dtype);
    add_layer(&c, PYBP_LAYER_PERIODIC, 40, PYBP_ACTIVATION_IDENTITY);
    add_layer(&c, PYBP_LAYER_GROUPED_DENSE, 40, PYBP_ACTIVATION_RELU);
    c.layer[1].groups = 20;
    dense(&c, 24, PYBP_ACTIVATION_MISH);
    dense(&c, 1, PYBP_ACTIVATION_IDENTITY);
    c.scale = scale;
    c.dead = 5;
    c.epochs = 400;
    snprintf(now, sizeof now, "f%d periodic, inputs times %g", dtype == PYBP_FLOAT32 ? 32 : 64, scale);
    execute(&c);
}

/* Inputs, and targets, that are tiny themselves. */
static void tiny_data(pybp_dtype dtype)
{
    for (int e = 10; e <= 150; e += 5)
        for (int l = 0; l < 2; l++) {
            net_case c = plain(dtype);
            dense(&c, 16, l ? PYBP_ACTIVATION_RELU : PYBP_ACTIVATION_GELU);
            dense(&c, 2, PYBP_ACTIVATION_IDENTITY);
            c.scale = ldexp(1, -(dtype == PYBP_FLOAT32 ? e : 7 * e));
            c.target = l ? c.scale : 1;
            if (l && e > 50 && e < 60)
                continue; /* deltas and inputs near 2^-55: terms of a gradient cancel (docs/contract.md) */
            snprintf(now, sizeof now, "f%d inputs times %g, %s", dtype == PYBP_FLOAT32 ? 32 : 64, c.scale,
                     l ? "targets too, relu" : "gelu");
            execute(&c);
        }
}

int main(int argc, char **argv)
{
    if (argc > 1)
        only = argv[1];
    if (argc > 2)
        threads = atoi(argv[2]);
#ifdef PYBP_TRAP_SUBNORMALS
    struct sigaction action = {.sa_sigaction = trapped, .sa_flags = SA_SIGINFO};
    sigaction(SIGFPE, &action, NULL);
    const pid_t child = fork(); /* the control must trap */
    if (child == 0) {
        expected = 1;
        make_subnormal();
        _Exit(1);
    }
    int status = -1;
    waitpid(child, &status, 0);
    CHECK_MSG(status == 0, "the control has not trapped");
#else
    begin();
    make_subnormal();
    CHECK_MSG(_mm_getcsr() & SUBNORMAL, "the control raised no flag");
#endif
    for (int d = 0; d < 2; d++) {
        const pybp_dtype dtype = d ? PYBP_FLOAT64 : PYBP_FLOAT32;
        static const double scales[] = {1, 30, 300, 1e4};
        for (int i = 0; i < 4; i++) {
            unscaled(dtype, scales[i]);
            layer_kinds(dtype, scales[i]);
            periodic(dtype, scales[i]);
        }
        deep_sigmoid(dtype);
        mish_regression(dtype);
        optimizers(dtype, 0, 3000);
        optimizers(dtype, 1, 100000);
        tiny_data(dtype);
    }
    return check_report();
}

#else

int main(void)
{
    return 77; /* no MXCSR */
}

#endif
