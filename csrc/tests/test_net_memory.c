/* Every allocation fails once: the call says so, nothing leaks, the net is as it was and still works. */
#include "base/memory.h"
#include "net/rows/work.h"
#include "layer_fixture.h"

enum { ROWS = 300, IN = 5, OUT = 3, MOST_WEIGHTS = 17 * 17 };
static samples data; /* two columns are categories: no matter to a net of dense layers */

static pybp_net *dense_net(pybp_dtype dtype)
{
    return make_net(dtype, (shape){IN, {17, 9, OUT}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
}

/* With all training options of a layer. */
static pybp_net *optioned_net(pybp_dtype dtype)
{
    const pybp_layer_desc layers[] = {
        {.n_out = 17, .activation = PYBP_ACTIVATION_TANH, .l1 = 0.01, .l2 = 0.1, .max_norm = 1},
        {.n_out = 9, .activation = PYBP_ACTIVATION_TANH, .frozen = 1},
        {.n_out = OUT, .activation = PYBP_ACTIVATION_SIGMOID, .parametrization = PYBP_NTK, .l2 = 0.1,
         .has_lr_factors = 1, .lr_factor = 2, .bias_lr_factor = 0.1},
    };
    const pybp_net_desc desc = {.dtype = dtype, .n_in = IN, .n_layers = 3, .layers = layers, .seed = 42};
    pybp_net *net = NULL;
    OK(pybp_net_create(&desc, &net));
    return net;
}

static pybp_net *(*const nets[])(pybp_dtype dtype) = {dense_net, net_of_all, optioned_net};

/* What the net does, on its way to the call under test and then in it. `out` collects what the call
 * gives: outputs, a loss. */
typedef struct outcome {
    double loss;
    double values[ROWS * IN];
} outcome;
typedef pybp_status action(pybp_net *net, outcome *out);

static pybp_status nothing(pybp_net *net, outcome *out)
{
    (void)net, (void)out;
    return PYBP_OK;
}

static pybp_status predict(pybp_net *net, outcome *out)
{
    return pybp_predict(net, &data.x, out->values, 3);
}

static pybp_status evaluate(pybp_net *net, outcome *out)
{
    pybp_evaluation result = {0};
    const pybp_status status = pybp_evaluate(net, &data.x, &data.y, data.weights, LOSS(MSE), PYBP_MEAN, 2, &result);
    out->loss = result.loss;
    return status;
}

static pybp_status forward(pybp_net *net, outcome *out)
{
    return pybp_forward(net, &data.x, 1, out->values, 2);
}

static pybp_status forward_in_training(pybp_net *net, outcome *out)
{
    return pybp_forward(net, &data.x, PYBP_KEEP | PYBP_TRAINING, out->values, 2);
}

/* Another pass before it, of fewer rows: the test of forward needs one that stays. */
static pybp_status small_forward(pybp_net *net, outcome *out)
{
    const samples part = part_of(&data, 0, 7);
    return pybp_forward(net, &part.x, 1, out->values, 1);
}

static pybp_status backward(pybp_net *net, outcome *out)
{
    return pybp_backward(net, &data.y.values, out->values, 2);
}

static pybp_status backward_loss(pybp_net *net, outcome *out)
{
    return pybp_backward_loss(net, &data.y, data.weights, LOSS(MSE), PYBP_MEAN, out->values, 2, &out->loss);
}

static pybp_status forward_and_backward(pybp_net *net, outcome *out)
{
    const pybp_status status = forward(net, out);
    return status == PYBP_OK ? backward_loss(net, out) : status;
}

static pybp_status step(pybp_net *net, outcome *out)
{
    pybp_optimizer adam = default_optimizer(PYBP_OPTIMIZER_ADAM);
    (void)out;
    adam.clip_norm = 0.01;
    return pybp_step(net, &adam, 0.1, 2);
}

static pybp_status loss_gradient(pybp_net *net, outcome *out)
{
    const size_t bytes = pybp_net_n_parameters(net) * size_of(net);
    char *flat = need(bytes);
    const pybp_status status = pybp_net_get_flat(net, PYBP_FLAT_LOSS_GRADIENT, flat, bytes);
    for (size_t i = 0; status == PYBP_OK && i < bytes; i++)
        out->loss += flat[i];
    free(flat);
    return status;
}

/* Gradients, and the state of another optimizer. */
static pybp_status adagrad_step(pybp_net *net, outcome *out)
{
    const pybp_optimizer adagrad = default_optimizer(PYBP_OPTIMIZER_ADAGRAD);
    pybp_status status = forward_and_backward(net, out);
    if (status == PYBP_OK)
        status = pybp_step(net, &adagrad, 0.1, 1);
    return status == PYBP_OK ? forward(net, out) : status;
}

static pybp_status train_batches(pybp_net *net, outcome *out, size_t batch, double clip_norm)
{
    pybp_optimizer adam = default_optimizer(PYBP_OPTIMIZER_ADAM);
    adam.clip_norm = clip_norm;
    pybp_train_options options = default_options(adam, PYBP_LOSS_MSE, batch);
    pybp_train_result result = {0};
    options.threads = 3, options.shuffle = 1, options.restore = 1;
    const pybp_status status = pybp_train(net, &data.x, &data.y, data.weights, &options, &result);
    out->loss = result.loss;
    return status;
}

static pybp_status train(pybp_net *net, outcome *out)
{
    return train_batches(net, out, 32, 0);
}

static pybp_status train_clipped(pybp_net *net, outcome *out)
{
    return train_batches(net, out, ROWS, 0.01);
}

static pybp_status set_progress(pybp_net *net, outcome *out)
{
    const pybp_progress progress = {.optimizer = PYBP_OPTIMIZER_ADAM, .states = 7, .powers = {0.5, 0.5, 1}, .steps = 1};
    (void)out;
    return pybp_set_progress(net, &progress);
}

static pybp_status order(pybp_net *net, outcome *out)
{
    size_t rows[ROWS] = {0};
    const pybp_status status = pybp_net_order(net, ROWS, rows);
    out->loss = (double)rows[0];
    return status;
}

static pybp_status copy(pybp_net *net, outcome *out)
{
    pybp_net *other = NULL;
    const pybp_status status = pybp_net_copy(net, &other);
    (void)out;
    CHECK((other != NULL) == (status == PYBP_OK));
    if (status == PYBP_OK)
        CHECK(same_images(trained_image(net), trained_image(other)));
    pybp_net_free(other);
    return status;
}

/* The weights of each layer, one of them changed; then one more alone. */
static pybp_status set_weights(pybp_net *net, outcome *out)
{
    for (size_t l = 0; l < pybp_net_n_layers(net); l++) {
        double values[MOST_WEIGHTS] = {0};
        const size_t bytes = bytes_of(net, PYBP_WEIGHTS, l, 0);
        if (bytes == 0)
            continue;
        pybp_status status = pybp_net_get(net, PYBP_WEIGHTS, l, values, bytes);
        memset(values, 0, size_of(net));
        if (status == PYBP_OK)
            status = pybp_net_set(net, PYBP_WEIGHTS, l, values, bytes);
        if (status != PYBP_OK)
            return status;
    }
    return pybp_net_poke(net, 0, 0, 1, 0.5, &out->loss);
}

static pybp_status set_state(pybp_net *net, outcome *out)
{
    const double zeros[MOST_WEIGHTS] = {0};
    (void)out;
    return pybp_net_set(net, PYBP_WEIGHT_STATE1, 0, zeros, bytes_of(net, PYBP_WEIGHT_STATE1, 0, 0));
}

static pybp_status reset_optimizer(pybp_net *net, outcome *out)
{
    (void)out;
    return pybp_reset_optimizer(net);
}

static const struct row {
    const char *name;
    action *before, *call;
    size_t rows; /* of the pass that `before` leaves */
} calls[] = {
    {"copy", nothing, copy, 0},
    {"copy of a trained net", train, copy, 0},
    {"predict", nothing, predict, 0},
    {"predict, with a spare pass", predict, predict, 0},
    {"evaluate", nothing, evaluate, 0},
    {"forward", nothing, forward, 0},
    {"forward after another", small_forward, forward, 7},
    {"forward in training", nothing, forward_in_training, 0},
    {"forward in training after another", small_forward, forward_in_training, 7},
    {"backward", forward, backward, ROWS},
    {"backward again", forward_and_backward, backward, ROWS},
    {"backward_loss", forward, backward_loss, ROWS},
    {"backward in training", forward_in_training, backward_loss, ROWS},
    {"step", forward_and_backward, step, ROWS},
    {"step after another optimizer's", adagrad_step, step, ROWS},
    {"loss gradient", forward_and_backward, loss_gradient, ROWS},
    {"train", nothing, train, 0},
    {"train, clipped", nothing, train_clipped, 0},
    {"train after another optimizer's step", adagrad_step, train, ROWS},
    {"train with another batch", train_clipped, train, 0},
    {"set_progress", adagrad_step, set_progress, ROWS},
    {"order", nothing, order, 0},
    {"set weights", nothing, set_weights, 0},
    {"set optimizer state", train, set_state, 0},
    {"reset_optimizer", train, reset_optimizer, 0},
};

/* A new net is made for each failure. Returns whether allocation n was part of the call. */
static int fail_nth(const struct row *of, int which, pybp_dtype dtype, long n, const outcome *expected, image after)
{
    const long live = pybp_alloc_live();
    pybp_net *net = nets[which](dtype);
    outcome *out = need(sizeof *out);
    OK(of->before(net, out));
    const image before = whole_image(net, of->rows);
    memset(out, 0, sizeof *out);
    pybp_alloc_fail_after(n);
    const pybp_status status = of->call(net, out);
    const int failed = pybp_alloc_fail_after(-1) < 0;
    if (status == PYBP_OK) {
        free(before.bytes);
    } else {
        CHECK_MSG(failed && status == PYBP_NO_MEMORY && strstr(pybp_last_error(), "memory") != NULL, "%s: %s, \"%s\"",
                  of->name, pybp_status_name(status), pybp_last_error());
        CHECK_MSG(unchanged(net, of->rows, before), "%s: changed by failure %ld", of->name, n);
        memset(out, 0, sizeof *out);
        OK(of->call(net, out));
    }
    image now = whole_image(net, ROWS);
    CHECK_MSG(memcmp(out, expected, sizeof *out) == 0, "%s: other results after failure %ld", of->name, n);
    CHECK_MSG(memcmp(now.bytes, after.bytes, now.size) == 0, "%s: another net after failure %ld", of->name, n);
    free(now.bytes);
    free(out);
    pybp_net_free(net);
    CHECK_MSG(pybp_alloc_live() == live, "%s: failure %ld leaks %ld blocks", of->name, n, pybp_alloc_live() - live);
    return failed;
}

static void check_call(const struct row *of, int which, pybp_dtype dtype)
{
    pybp_net *net = nets[which](dtype);
    outcome *out = need(sizeof *out);
    long n = 0;
    OK(of->before(net, out));
    memset(out, 0, sizeof *out);
    OK(of->call(net, out));
    image after = whole_image(net, ROWS);
    while (fail_nth(of, which, dtype, n, out, after))
        n++;
    CHECK_MSG(n < 80, "%s allocates %ld times", of->name, n);
    free(after.bytes);
    free(out);
    pybp_net_free(net);
}

static void test_calls(void)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        for (int which = 0; which < 2; which++)
            for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++)
                check_call(&calls[i], which, (pybp_dtype)dtype);
}

/* Returns how often making such a net allocates. */
static int fail_create(pybp_net_desc desc)
{
    const long live = pybp_alloc_live();
    int failures = 0;
    for (long n = 0;; n++, failures++) {
        pybp_net *net = NULL;
        pybp_alloc_fail_after(n);
        const pybp_status status = pybp_net_create(&desc, &net);
        if (pybp_alloc_fail_after(-1) >= 0) {
            CHECK(status == PYBP_OK);
            pybp_net_free(net);
            break;
        }
        CHECK(status == PYBP_NO_MEMORY && net == NULL && pybp_alloc_live() == live);
    }
    CHECK(failures >= 2 && pybp_alloc_live() == live);
    return failures;
}

static int fail_weights(pybp_initializer init)
{
    return fail_create(DESC(PYBP_FLOAT32, 5, LAYER(KIND(DENSE), .n_out = 9, .init = init, .init_value = 1),
                            LAYER(KIND(DENSE), .n_out = 3)));
}

static void test_create(void)
{
    /* the matrix, its reflections, the result */
    CHECK(fail_weights(PYBP_INIT_ORTHOGONAL) == fail_weights(PYBP_INIT_GLOROT_UNIFORM) + 3);
    fail_create(DESC(PYBP_FLOAT64, 5, EMBEDDING(1, 5, 3), LAYER(KIND(JOIN)), LAYER(KIND(BATCH_NORM)),
                     LAYER(KIND(DENSE), .n_out = 7, .init = PYBP_INIT_ORTHOGONAL, .init_value = 1), ADD(0)));
}

/* Training allocates in its first epoch only. */
static void test_no_allocation_later(void)
{
    for (int which = 0; which < 2; which++) {
        pybp_net *net = nets[which](PYBP_FLOAT32);
        outcome *out = need(sizeof *out);
        OK(train(net, out));
        pybp_alloc_fail_after(0);
        OK(train(net, out));
        CHECK(pybp_alloc_fail_after(-1) == 0);
        free(out);
        pybp_net_free(net);
    }
}

static void all(void)
{
    CHECK_RUN(test_create);
    CHECK_RUN(test_calls);
    CHECK_RUN(test_no_allocation_later);
}

CHECK_MAIN(data = make_samples(ROWS, IN, OUT); categorize(&data); all(); pybp_set_thread_work(1); all();
           free_samples(&data);)
