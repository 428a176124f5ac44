/* A fuzz target for the C API: the input's bytes become a sequence of calls with valid pointers and any other arguments.
 * Sanitizers watch memory and arithmetic; beyond that, a call that is refused must leave the net as it was, and one that
 * succeeds must leave it finite.
 *
 *   cmake -G Ninja -B build/fuzz -DCMAKE_C_COMPILER=clang -DPYBP_BUILD_FUZZ=ON && cmake --build build/fuzz
 *   build/fuzz/pybp_fuzz -max_total_time=60 csrc/fuzz/corpus
 *   build/fuzz/pybp_fuzz crash-...          once more what it found */
#include "arguments.h"
#include "base/memory.h"
#include "net/rows/work.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOST_ROWS 200

static void require(bool condition, const char *what)
{
    if (condition)
        return;
    fprintf(stderr, "not so: %s (%s)\n", what, pybp_last_error());
    abort();
}

/* ---- what a net holds ---- */

typedef struct state {
    size_t bytes;
    void *parameters; /* NULL: the net could not be read */
    pybp_progress progress;
} state;

static state state_of(const pybp_net *net)
{
    const size_t size = pybp_net_dtype(net) == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    state s = {.bytes = pybp_net_n_parameters(net) * size};
    const long left = pybp_alloc_fail_after(-1);
    s.parameters = malloc(s.bytes + 1);
    require(pybp_net_get_flat(net, PYBP_FLAT_PARAMETERS, s.parameters, s.bytes) == PYBP_OK, "parameters can be read");
    require(pybp_get_progress(net, &s.progress) == PYBP_OK, "progress can be read");
    pybp_alloc_fail_after(left);
    return s;
}

static bool same_progress(const pybp_progress *a, const pybp_progress *b)
{
    return a->epochs == b->epochs && a->steps == b->steps && a->passes == b->passes && a->optimizer == b->optimizer &&
           a->states == b->states && memcmp(a->powers, b->powers, sizeof a->powers) == 0;
}

static bool is_finite(const state *s, pybp_dtype dtype)
{
    for (size_t i = 0; i < s->bytes / (dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double)); i++)
        if (!isfinite(dtype == PYBP_FLOAT32 ? (double)((float *)s->parameters)[i] : ((double *)s->parameters)[i]))
            return false;
    return true;
}

/* Compare with the state before a call that returned `status`; releases both. */
static void check_state(const pybp_net *net, state before, pybp_status status)
{
    state after = state_of(net);
    const bool refused = status != PYBP_OK && status != PYBP_DIVERGED && status != PYBP_INTERRUPTED;
    if (refused)
        require(memcmp(before.parameters, after.parameters, after.bytes) == 0 &&
                    same_progress(&before.progress, &after.progress),
                "a refused call changes nothing");
    if (status == PYBP_OK && is_finite(&before, pybp_net_dtype(net)))
        require(is_finite(&after, pybp_net_dtype(net)), "parameters stay finite");
    free(before.parameters);
    free(after.parameters);
}

/* ---- training ---- */

typedef struct watcher {
    const pybp_net *net;
    unsigned stop_after;
} watcher;

/* Reads the net, as it may, and stops when it is told to. */
static int watch(void *user, size_t steps, double loss)
{
    watcher *w = user;
    pybp_net *copy = NULL;
    (void)steps, (void)loss;
    const pybp_status status = pybp_net_copy(w->net, &copy);
    require(status == PYBP_OK || status == PYBP_NO_MEMORY, "tick may copy the net");
    pybp_net_free(copy);
    return w->stop_after-- == 0;
}

static int watch_epoch(void *user, const pybp_train_result *result)
{
    require(isfinite(result->loss), "the loss of an epoch is finite");
    return watch(user, result->steps, result->loss);
}

static void train(input *in, pybp_net *net)
{
    const size_t rows = seldom(in, 32) ? 0 : 1 + pick(in, MOST_ROWS) * (1 + 3 * seldom(in, 4));
    pybp_train_options o;
    pybp_train_result result = {0};
    watcher w = {net, pick(in, 8)};
    pybp_train_options_init(&o, PYBP_LOSS_MSE, PYBP_OPTIMIZER_SGD);
    any_loss(in, &o.loss);
    any_optimizer(in, &o.optimizer);
    const pybp_matrix x = inputs_for(in, net, rows);
    const pybp_targets y = targets_for(in, net, &o.loss, rows);
    const double *weights = weights_for(in, rows);
    o.reduction = (pybp_reduction)any_row(in, 2);
    o.batch_size = any_size(in, 255);
    o.accumulate = seldom(in, 4) ? any_size(in, 4) : 1;
    o.drop_last = seldom(in, 4);
    o.gradient_only = seldom(in, 8);
    o.epochs = pick(in, 4);
    o.part = seldom(in, 8);
    o.n_lr = seldom(in, 4) ? pick(in, 9) : 1;
    o.lr = doubles(in, o.n_lr);
    o.first_step = seldom(in, 4) ? any_size(in, 4) : 0;
    o.n_steps = seldom(in, 4) ? any_size(in, 4) : 0;
    o.penalty_per_weight = seldom(in, 4);
    o.shuffle = seldom(in, 2) && !o.gradient_only;
    o.restore = pick(in, 2) == 0 && !o.gradient_only;
    o.threads = any_threads(in);
    o.count_correct = seldom(in, 2);
    o.tick = seldom(in, 3) ? watch : NULL;
    o.on_epoch = seldom(in, 3) ? watch_epoch : NULL;
    o.user = &w;
    o.interval_ms = 0;
    state before = state_of(net);
    const pybp_status status = pybp_train(net, &x, &y, weights, &o, &result);
    require(status != PYBP_OK || isfinite(result.loss), "a training's loss is finite");
    check_state(net, before, status);
}

/* ---- one pass ---- */

static void forward_and_back(input *in, pybp_net *net)
{
    const size_t rows = 1 + pick(in, MOST_ROWS), n_in = pybp_net_n_in(net), n_out = pybp_net_n_out(net);
    const size_t size = pybp_net_dtype(net) == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    const pybp_matrix x = inputs_for(in, net, rows);
    void *out = buffer(in, rows * n_out * size), *dx = pick(in, 2) == 0 ? NULL : buffer(in, rows * n_in * size);
    pybp_loss_spec loss;
    pybp_optimizer optimizer;
    double value = 0;
    state before = state_of(net);
    if (pybp_forward(net, &x, (int)pick(in, 5), seldom(in, 3) ? NULL : out, any_threads(in)) == PYBP_NO_MEMORY)
        check_state(net, before, PYBP_NO_MEMORY);
    else
        free(before.parameters);
    any_loss(in, &loss);
    const pybp_targets y = targets_for(in, net, &loss, rows);
    if (pick(in, 2) == 0) {
        pybp_backward_loss(net, &y, weights_for(in, rows), &loss, (pybp_reduction)pick(in, 2), dx, any_threads(in), &value);
    } else {
        const pybp_matrix dl_da = any_matrix(in, rows, n_out);
        pybp_backward(net, &dl_da, dx, any_threads(in));
    }
    any_optimizer(in, &optimizer);
    before = state_of(net);
    const pybp_status status = pybp_step(net, &optimizer, any_real(in), any_threads(in));
    check_state(net, before, status == PYBP_DIVERGED ? PYBP_INVALID : status);
}

static void predict(input *in, pybp_net *net)
{
    const size_t rows = 1 + pick(in, MOST_ROWS), n_out = pybp_net_n_out(net), n = pybp_net_n_parameters(net);
    const size_t size = pybp_net_dtype(net) == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    const pybp_matrix x = inputs_for(in, net, rows);
    void *out = buffer(in, rows * n_out * size);
    pybp_loss_spec loss;
    pybp_evaluation evaluation;
    size_t row, col;
    any_loss(in, &loss);
    const pybp_targets y = targets_for(in, net, &loss, rows);
    pybp_predict(net, &x, out, any_threads(in));
    pybp_predict_finite(net, &x, out, any_threads(in), &row, &col);
    pybp_evaluate(net, &x, &y, weights_for(in, rows), &loss, (pybp_reduction)any_row(in, 2), any_threads(in), &evaluation);
    if (rows <= 4 && n <= 2000)
        pybp_jacobian(net, &x, buffer(in, rows * n_out * n * size), rows * n_out * n * size);
}

/* ---- what a net holds, read and written ---- */

static void arrays(input *in, pybp_net *net)
{
    const pybp_array what = (pybp_array)any_row(in, PYBP_RUNNING_VAR + 1);
    const size_t l = seldom(in, 8) ? any_size(in, 9) : pick(in, (unsigned)pybp_net_n_layers(net)), n = pick(in, 4);
    const size_t fan = pybp_net_layer_fan(net, l), n_out = pybp_net_layer_n_out(net, l);
    const size_t size = pybp_net_dtype(net) == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    const size_t width = n_out < 1000 ? n_out : 0;
    const size_t count = n == 0 ? n_out * fan : n == 1 ? width : n == 2 ? width * pick(in, MOST_ROWS) : pick(in, 99);
    void *memory = values(in, count, pybp_net_dtype(net));
    pybp_optimizer optimizer;
    state before = state_of(net);
    const pybp_status status = pybp_net_set(net, what, l, memory, count * size);
    check_state(net, before, status);
    pybp_net_get(net, what, l, memory, count * size);
    pybp_net_poke(net, l, pick(in, 50), pick(in, 50), any_real(in), NULL);
    const size_t all = pybp_net_n_parameters(net);
    void *flat = values(in, all, pybp_net_dtype(net));
    const pybp_flat vector = (pybp_flat)any_row(in, 3);
    if (seldom(in, 2))
        pybp_net_set_flat(net, vector, flat, all * size);
    pybp_net_get_flat(net, vector, flat, all * size);
    any_optimizer(in, &optimizer);
    pybp_step(net, &optimizer, 0.1, any_threads(in));
}

static void counters(input *in, pybp_net *net)
{
    pybp_progress progress = {.optimizer = any_row(in, PYBP_N_OPTIMIZERS + 1) - 1, .states = (int)pick(in, 9),
                              .epochs = any_size(in, 9), .steps = any_size(in, 99), .passes = any_size(in, 99)};
    double penalty;
    for (int i = 0; i < PYBP_N_POWERS; i++)
        progress.powers[i] = any_real(in);
    state before = state_of(net);
    check_state(net, before, pybp_set_progress(net, &progress));
    pybp_net_penalty(net, &penalty);
    const size_t n = seldom(in, 8) ? 0 : pick(in, 99);
    pybp_net_order(net, n, buffer(in, n * sizeof(size_t)));
    if (seldom(in, 4))
        pybp_reset_optimizer(net);
}

/* ---- without a net ---- */

static void schedules_and_metrics(input *in)
{
    const size_t n = pick(in, 60), rows = pick(in, 60), cols = pick(in, 9);
    uint64_t *milestones = buffer(in, n * sizeof *milestones);
    pybp_schedule schedule;
    double value;
    size_t row, col;
    if (pybp_schedule_init(&schedule, (pybp_schedule_kind)any_row(in, PYBP_N_SCHEDULES), any_real(in)) != PYBP_OK)
        schedule = (pybp_schedule){.kind = (pybp_schedule_kind)99};
    for (int i = 0; i < PYBP_MAX_SCHEDULE_PARAMS && seldom(in, 3); i++)
        schedule.params[i] = any_real(in);
    for (size_t i = 0; i < n; i++)
        milestones[i] = any_size(in, 200) * (i + 1);
    schedule.milestones = milestones, schedule.n_milestones = seldom(in, 2) ? n : 0;
    double *rates = buffer(in, n * sizeof *rates);
    pybp_schedule_fill(&schedule, any_size(in, 200), any_size(in, 200), n, rates);
    const pybp_matrix target = any_matrix(in, rows, cols), prediction = any_matrix(in, rows, cols);
    pybp_metric_value((pybp_metric)any_row(in, 3), &target, &prediction, weights_for(in, rows), &value);
    const pybp_matrix x = any_inputs(in, rows, cols, SIZE_MAX);
    pybp_matrix_check(&x, (pybp_dtype)any_row(in, 2), &row, &col);
}

static void activate(input *in)
{
    const pybp_dtype dtype = (pybp_dtype)pick(in, 2);
    const size_t size = dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double), rows = pick(in, 40), cols = pick(in, 40);
    const pybp_activation activation = (pybp_activation)any_row(in, PYBP_N_ACTIVATIONS);
    const size_t slopes = activation == PYBP_ACTIVATION_SOFTMAX ? cols : 1;
    const double params[PYBP_MAX_ACTIVATION_PARAMS] = {any_real(in), any_real(in)};
    const void *z = values(in, rows * cols, dtype);
    pybp_activate(activation, params, dtype, rows, cols, z, seldom(in, 4) ? NULL : buffer(in, rows * cols * size),
                  seldom(in, 4) ? NULL : buffer(in, rows * cols * slopes * size));
}

static void ask(input *in)
{
    pybp_row row;
    char name[8];
    for (size_t i = 0; i < sizeof name; i++)
        name[i] = (char)(i + 1 < sizeof name ? pick(in, 256) : 0);
    pybp_registry_row((pybp_registry)any_row(in, 7), any_row(in, 20), &row);
    pybp_isa_select(seldom(in, 2) ? pybp_isa_compiled((int)pick(in, 4)) : name);
    require(pybp_isa_reason() != NULL && pybp_default_threads(NULL) > 0, "there is always an answer");
}

/* ---- a sequence of calls ---- */

/* More memory than there is is refused with PYBP_NO_MEMORY, and no fault. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void call_one(input *in, pybp_net **net)
{
    const unsigned which = pick(in, 16);
    if (*net == NULL || which == 0) {
        pybp_net_free(*net);
        *net = any_net(in);
    } else if (which == 1) {
        pybp_net *copy = NULL;
        if (pybp_net_copy(*net, &copy) == PYBP_OK) {
            pybp_net_free(*net);
            *net = copy;
        }
    } else if (which == 2) {
        schedules_and_metrics(in);
    } else if (which == 3) {
        activate(in);
    } else if (which == 4) {
        ask(in);
    } else if (which == 5) {
        counters(in, *net);
    } else if (which <= 7) {
        arrays(in, *net);
    } else if (!is_small(*net)) {
        pybp_net_free(*net);
        *net = NULL;
    } else if (which <= 9) {
        predict(in, *net);
    } else if (which <= 11) {
        forward_and_back(in, *net);
    } else {
        train(in, *net);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    input in = {.at = data, .end = data + size};
    pybp_net *net = NULL;
    pybp_set_thread_work(1); /* small nets too use several threads */
    pybp_isa_select(NULL);
    while (!is_done(&in)) {
        pybp_alloc_fail_after(seldom(&in, 6) ? (long)pick(&in, 30) : -1);
        call_one(&in, &net);
    }
    pybp_alloc_fail_after(-1);
    pybp_net_free(net);
    release_buffers(&in);
    require(pybp_alloc_live() == 0, "everything is released");
    return 0;
}
