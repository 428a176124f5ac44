/* Several epochs in one call of pybp_train: the bits of as many calls, and what ends them early. */
#include "layer_fixture.h"
#include "net/rows/work.h"

enum { ROWS = 45, IN = 5, OUT = 3, EPOCHS = 4 };
static const shape odd = {IN, {7, 18, OUT}};

/* What the callbacks see, and when they stop. */
typedef struct watcher {
    pybp_net *net;
    size_t epochs, ticks;
    size_t stop_after, stop_in; /* epochs after which on_epoch stops, and after which tick does; 0: never */
    double *weights;            /* to be spoiled after the first epoch, or NULL */
    pybp_train_result results[EPOCHS];
} watcher;

static int on_epoch(void *user, const pybp_train_result *result)
{
    watcher *w = user;
    pybp_net *copy = NULL;
    pybp_progress progress;
    CHECK(result->epoch == w->epochs);
    if (w->epochs < EPOCHS)
        w->results[w->epochs] = *result;
    if (w->epochs == 0) {
        OK(pybp_get_progress(w->net, &progress));
        OK(pybp_net_copy(w->net, &copy));
        CHECK(progress.epochs == 1 && same_images(trained_image(w->net), trained_image(copy)));
        pybp_net_free(copy);
        FAILS(pybp_reset_optimizer(w->net), PYBP_BUSY, "using this net");
        if (w->weights != NULL)
            w->weights[0] = -1;
    }
    w->epochs++;
    return w->stop_after != 0 && w->epochs == w->stop_after;
}

static int on_tick(void *user, size_t steps, double loss)
{
    watcher *w = user;
    (void)loss;
    CHECK(steps >= 1);
    w->ticks++;
    return w->stop_in != 0 && w->epochs >= w->stop_in;
}

static void watch(pybp_train_options *options, watcher *w)
{
    options->tick = on_tick;
    options->on_epoch = on_epoch;
    options->user = w;
}

static int same_results(const pybp_train_result *a, const pybp_train_result *b)
{
    return a->loss == b->loss && a->steps == b->steps && a->n_correct == b->n_correct && a->n_rows == b->n_rows &&
           a->loss_sum == b->loss_sum && a->weight_sum == b->weight_sum;
}

/* ---- the bits ----------------------------------------------------------------------------------------- */

static void compare(pybp_dtype dtype, const samples *s, pybp_train_options options)
{
    pybp_net *together = net_of_all(dtype), *single = net_of_all(dtype);
    pybp_train_result last, result;
    watcher w = {.net = together};
    pybp_train_options one = options;
    options.epochs = EPOCHS;
    watch(&options, &w);
    OK(pybp_train(together, &s->x, &s->y, s->weights, &options, &last));
    CHECK(w.epochs == EPOCHS && last.epoch == EPOCHS - 1 && same_results(&last, &w.results[EPOCHS - 1]));
    for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
        one.epochs = epoch % 2; /* 0 is as 1 */
        OK(pybp_train(single, &s->x, &s->y, s->weights, &one, &result));
        CHECK(result.epoch == 0 && same_results(&result, &w.results[epoch]));
    }
    CHECK_MSG(same_images(trained_image(together), trained_image(single)), "dtype %d, optimizer %d, batch %zu",
              (int)dtype,
              (int)options.optimizer.kind, options.batch_size);
    pybp_net_free(together);
    pybp_net_free(single);
}

static void test_bits(void)
{
    samples s = samples_for_all(ROWS);
    static const double rates[5] = {0.1, 0.05, 0.2, 0, 0.1};
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++)
        for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++)
            for (int threads = 1; threads <= 2; threads++) {
                pybp_train_options options =
                    default_options(default_optimizer((pybp_optimizer_kind)kind), PYBP_LOSS_MSE, 10);
                options.threads = threads, options.restore = 1, options.count_correct = 1;
                compare((pybp_dtype)dtype, &s, options);
                options.lr = rates, options.n_lr = 5, options.shuffle = 1, options.restore = 0;
                compare((pybp_dtype)dtype, &s, options);
                options.lr = &usual_rate, options.n_lr = 1, options.accumulate = 2, options.drop_last = 1;
                compare((pybp_dtype)dtype, &s, options);
            }
    free_samples(&s);
}

/* ---- early ends ----------------------------------------------------------------------------------------- */

static pybp_net *regressor(void)
{
    return make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_IDENTITY);
}

static pybp_net *linear(void)
{
    return make_net(PYBP_FLOAT32, (shape){IN, {OUT}}, PYBP_ACTIVATION_IDENTITY, PYBP_ACTIVATION_IDENTITY);
}

/* Of a linear net, errors grow by a factor each step where the rate is too large: it diverges after some epochs. */
static void test_divergence(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (int restore = 0; restore <= 1; restore++) {
        pybp_net *together = linear(), *single = linear();
        const double lr = 10;
        pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD);
        sgd.params[0] = 0.9;
        pybp_train_options options = default_options(sgd, PYBP_LOSS_MSE, 10);
        pybp_train_result one, all;
        pybp_progress progress;
        size_t finished = 0;
        options.lr = &lr, options.restore = restore;
        while (finished < 100 && pybp_train(single, &s.x, &s.y, NULL, &options, &one) == PYBP_OK)
            finished++;
        CHECK(finished >= 2 && finished < 100);

        watcher w = {.net = together};
        watch(&options, &w);
        options.epochs = 100;
        FAILS(pybp_train(together, &s.x, &s.y, NULL, &options, &all), PYBP_DIVERGED, "step");
        CHECK(w.epochs == finished && all.epoch == finished && all.bad_step == one.bad_step && all.steps == one.steps);
        OK(pybp_get_progress(together, &progress));
        CHECK(progress.epochs == finished && progress.optimizer == (restore ? -1 : PYBP_OPTIMIZER_SGD));
        if (restore) {
            pybp_net *good = linear(); /* the last finite epoch */
            options.epochs = finished, options.on_epoch = NULL;
            OK(pybp_train(good, &s.x, &s.y, NULL, &options, &all));
            OK(pybp_reset_optimizer(good));
            CHECK(same_images(trained_image(together), trained_image(good)));
            pybp_net_free(good);
        }
        CHECK(same_images(trained_image(together), trained_image(single)));
        pybp_net_free(together);
        pybp_net_free(single);
    }
    free_samples(&s);
}

static void test_stop_after_epoch(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (size_t stop = 1; stop <= 3; stop += 2) { /* after an epoch in between, and after the last */
        pybp_net *net = regressor(), *plain = regressor();
        pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 10);
        pybp_train_result result, of_plain;
        watcher w = {.net = net, .stop_after = stop};
        options.epochs = stop;
        OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &of_plain));
        watch(&options, &w);
        options.epochs = 3;
        FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INTERRUPTED,
              stop == 1 ? "after 1 e" : "after 3 e");
        CHECK(w.epochs == stop && result.epoch == stop - 1 && same_results(&result, &of_plain));
        CHECK(same_images(trained_image(net), trained_image(plain)));
        pybp_net_free(net);
        pybp_net_free(plain);
    }
    free_samples(&s);
}

/* Epochs are shorter than the time between two ticks, which goes on from one epoch to the next. */
static void test_tick(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (int threads = 1; threads <= 2; threads++) {
        pybp_net *net = regressor(), *plain = regressor();
        pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 1);
        pybp_train_result result, part;
        watcher w = {.net = net, .stop_in = 2};
        options.threads = threads, options.shuffle = 1;
        pybp_train_options watched = options;
        watch(&watched, &w);
        watched.interval_ms = 3, watched.epochs = 1000000;
        FAILS(pybp_train(net, &s.x, &s.y, NULL, &watched, &result), PYBP_INTERRUPTED, "steps");
        CHECK(w.epochs >= 2 && w.ticks >= 1 && result.steps >= 1);
        CHECK(w.epochs == result.epoch + (result.steps == ROWS && w.epochs > result.epoch));
        options.epochs = result.epoch;
        OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &part));
        options.epochs = 1, options.n_steps = result.steps;
        OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &part)); /* the same steps of the epoch that was stopped */
        CHECK(same_results(&result, &part));
        CHECK(same_images(trained_image(net), trained_image(plain)));
        pybp_net_free(net);
        pybp_net_free(plain);
    }
    free_samples(&s);
}

/* ---- checks --------------------------------------------------------------------------------------------- */

static void test_checked_once(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = make_net(PYBP_FLOAT64, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
    pybp_train_options options =
        default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_CROSS_ENTROPY, 10);
    pybp_train_result result;
    watcher w = {.net = net, .weights = s.weights};
    watch(&options, &w);
    options.epochs = 3;
    OK(pybp_train(net, &s.x, &s.classes, s.weights, &options, &result)); /* negative from the second epoch on */
    CHECK(w.epochs == 3);
    FAILS(pybp_train(net, &s.x, &s.classes, s.weights, &options, &result), PYBP_INVALID, "weight");
    s.weights[0] = 1;
    s.labels[ROWS - 1] = OUT;
    FAILS(pybp_train(net, &s.x, &s.classes, s.weights, &options, &result), PYBP_INVALID, "label");
    CHECK(w.epochs == 3);
    pybp_net_free(net);
    free_samples(&s);
}

static void test_no_parts_of_several(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = regressor();
    pybp_train_options fine = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 10);
    pybp_train_result result = {0};
    const image before = trained_image(net);
    fine.epochs = 2;
    pybp_train_options o = fine;
    o.part = 1;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "2 epochs in parts");
    o = fine, o.first_step = 1;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "2 epochs in parts");
    o = fine, o.n_steps = 4;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "2 epochs in parts");
    o = fine, o.gradient_only = 1, o.batch_size = ROWS;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &o, &result), PYBP_INVALID, "gradient alone");
    CHECK(same_images(before, trained_image(net)));
    o = fine, o.n_steps = 5;
    OK(pybp_train(net, &s.x, &s.y, NULL, &o, &result));
    pybp_net_free(net);
    free_samples(&s);
}

static void all(void)
{
    CHECK_RUN(test_bits);
    CHECK_RUN(test_divergence);
    CHECK_RUN(test_stop_after_epoch);
    CHECK_RUN(test_tick);
    CHECK_RUN(test_checked_once);
    CHECK_RUN(test_no_parts_of_several);
}

CHECK_MAIN(all(); pybp_set_thread_work(1); all();) /* the second time on several threads */
