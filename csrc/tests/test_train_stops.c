/* Training and steps that end early: divergence, and a callback that stops them. */
#include "net/rows/work.h"
#include "net_fixture.h"

#include <pthread.h>

enum { ROWS = 45, IN = 5, OUT = 3 };
static const shape odd = {IN, {7, 18, OUT}};

static pybp_net *classifier(pybp_dtype dtype)
{
    return make_net(dtype, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
}

/* ---- divergence ------------------------------------------------------------------------------------------- */

static void test_diverging_step(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++) {
        if (kind == PYBP_OPTIMIZER_RPROP) /* its steps are bounded */
            continue;
        pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_IDENTITY);
        const pybp_optimizer adam = default_optimizer(PYBP_OPTIMIZER_ADAM);
        const pybp_optimizer other = default_optimizer((pybp_optimizer_kind)kind);
        OK(pybp_forward(net, &s.x, 1, NULL, 1));
        OK(pybp_backward(net, &s.y.values, NULL, 1));
        OK(pybp_step(net, &adam, 0.1, 1));
        OK(pybp_forward(net, &s.x, 1, NULL, 1));
        OK(pybp_backward(net, &s.y.values, NULL, 1));
        const image before = whole_image(net, ROWS); /* Adam's state too, whatever optimizer fails */
        FAILS(pybp_step(net, &other, 1e300, 1), PYBP_DIVERGED, "infinite or NaN");
        CHECK_MSG(unchanged(net, ROWS, before), "optimizer %d", kind);
        OK(pybp_backward(net, &s.y.values, NULL, 1)); /* the forward pass is still valid */
        OK(pybp_step(net, &other, 0.1, 1));
        pybp_net_free(net);
    }
    free_samples(&s);
}

static void test_diverging_training(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (int clip = 0; clip <= 1; clip++)
        for (int restore = 0; restore <= 1; restore++) {
            pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_IDENTITY), *good = NULL;
            const double rates[5] = {0.01, 1e30, 0.01, 0.01, 0.01};
            pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD);
            sgd.params[0] = 0.9;
            sgd.clip_norm = clip;
            pybp_train_options options = default_options(sgd, PYBP_LOSS_MSE, 10);
            pybp_train_result result;
            OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
            OK(pybp_net_copy(net, &good));
            const image before = image_of(net, PYBP_WEIGHTS, PYBP_BIASES, 0);
            options.lr = rates, options.n_lr = 5, options.restore = restore;
            FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_DIVERGED, "step");
            CHECK(result.bad_step == 2 && result.steps == 3);
            pybp_progress progress;
            OK(pybp_get_progress(net, &progress));
            CHECK(progress.epochs == 1 && progress.optimizer == (restore ? -1 : PYBP_OPTIMIZER_SGD));
            image after = image_of(net, PYBP_WEIGHTS, PYBP_BIASES, 0);
            CHECK((memcmp(before.bytes + sizeof progress, after.bytes + sizeof progress,
                          before.size - sizeof progress) == 0) == restore);
            free(before.bytes);
            free(after.bytes);

            /* With finite parameters the net works again. */
            for (size_t l = 0; l < 3; l++)
                for (int what = PYBP_WEIGHTS; what <= PYBP_BIASES; what++) {
                    char values[18 * 7 * sizeof(float)];
                    const size_t bytes = bytes_of(net, (pybp_array)what, l, 0);
                    if (pybp_net_get(good, (pybp_array)what, l, values, bytes) == PYBP_OK)
                        OK(pybp_net_set(net, (pybp_array)what, l, values, bytes));
                }
            OK(pybp_reset_optimizer(net));
            OK(pybp_reset_optimizer(good));
            options.lr = &usual_rate, options.n_lr = 1;
            OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
            OK(pybp_train(good, &s.x, &s.y, NULL, &options, &result));
            CHECK(same_images(trained_image(net), trained_image(good)));
            pybp_net_free(net);
            pybp_net_free(good);
        }

    pybp_net *net = make_net(PYBP_FLOAT32, odd, PYBP_ACTIVATION_RELU, PYBP_ACTIVATION_IDENTITY);
    const double huge = 1e300; /* in the last step: the loss cannot tell, the parameters can */
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, ROWS);
    pybp_train_result result;
    options.lr = &huge;
    FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_DIVERGED, "step 1");
    CHECK(result.bad_step == 1 && result.steps == 1 && isfinite(result.loss));
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- the callback ------------------------------------------------------------------------------------------ */

typedef struct watcher {
    pybp_net *net;
    const samples *s;
    size_t calls, last, stop_at;
    bool copies; /* the second call copies the net */
    size_t copied_at;
    pybp_net *copy;
    double loss;
} watcher;

static void read_all(watcher *w, pybp_net *net)
{
    pybp_progress progress;
    pybp_evaluation evaluation;
    pybp_net *copy;
    size_t order[1];
    double values[ROWS * OUT];
    OK(pybp_predict(net, &w->s->x, values, 1));
    OK(pybp_evaluate(net, &w->s->x, &w->s->y, NULL, LOSS(MSE), PYBP_MEAN, 1, &evaluation));
    OK(pybp_get_progress(net, &progress));
    OK(pybp_net_order(net, 1, order));
    OK(pybp_net_get(net, PYBP_BIASES, 2, values, OUT * sizeof *values));
    OK(pybp_net_copy(net, &copy));
    pybp_net_free(copy);
}

static void *refused(void *user)
{
    pybp_net *copy;
    pybp_progress progress;
    FAILS(pybp_net_copy(user, &copy), PYBP_BUSY, "using this net");
    FAILS(pybp_get_progress(user, &progress), PYBP_BUSY, "using this net");
    return NULL;
}

static int watch(void *user, size_t steps, double loss)
{
    watcher *w = user;
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 10);
    pybp_train_result result;
    pybp_progress progress;
    double values[OUT];
    CHECK(steps > w->last && isfinite(loss));
    w->calls++, w->last = steps, w->loss = loss;
    if (w->calls == 1) { /* nobody may change this net now, and only this thread read it */
        FAILS(pybp_train(w->net, &w->s->x, &w->s->y, NULL, &options, &result), PYBP_BUSY, "using this net");
        FAILS(pybp_forward(w->net, &w->s->x, 0, NULL, 1), PYBP_BUSY, "using this net");
        FAILS(pybp_backward(w->net, &w->s->y.values, NULL, 1), PYBP_BUSY, "using this net");
        FAILS(pybp_backward_loss(w->net, &w->s->y, NULL, LOSS(MSE), PYBP_MEAN, NULL, 1, values), PYBP_BUSY, "");
        FAILS(pybp_step(w->net, &options.optimizer, 0.1, 1), PYBP_BUSY, "using this net");
        FAILS(pybp_reset_optimizer(w->net), PYBP_BUSY, "using this net");
        progress = (pybp_progress){.optimizer = -1};
        FAILS(pybp_set_progress(w->net, &progress), PYBP_BUSY, "using this net");
        values[0] = values[1] = values[2] = 0;
        FAILS(pybp_net_set(w->net, PYBP_BIASES, 2, values, OUT * sizeof *values), PYBP_BUSY, "using this net");
        FAILS(pybp_net_poke(w->net, 0, 0, 0, 0, NULL), PYBP_BUSY, "using this net");
        read_all(w, w->net);
        pthread_t other;
        CHECK(pthread_create(&other, NULL, refused, w->net) == 0 && pthread_join(other, NULL) == 0);
    }
    if (w->copies && w->calls == 2) {
        w->copied_at = steps;
        OK(pybp_net_copy(w->net, &w->copy));
    }
    return w->stop_at != 0 && steps >= w->stop_at;
}

static void test_callback(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (int threads = 1; threads <= 3; threads++) {
        pybp_net *net = classifier(PYBP_FLOAT64), *plain = classifier(PYBP_FLOAT64);
        watcher w = {.net = net, .s = &s};
        pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 1);
        pybp_train_result result, of_plain;
        options.threads = threads;
        OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &of_plain));
        options.tick = watch, options.user = &w;
        OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result)); /* the callback changes no bits */
        CHECK(w.calls >= 1 && w.last <= ROWS && result.steps == ROWS && result.loss == of_plain.loss);
        CHECK(same_images(trained_image(net), trained_image(plain)));

        w = (watcher){.net = net, .s = &s, .stop_at = 1};
        FAILS(pybp_train(net, &s.x, &s.y, NULL, &options, &result), PYBP_INTERRUPTED, "after 1 steps");
        CHECK(w.calls == 1 && result.steps == 1 && result.loss == w.loss);
        samples first = part_of(&s, 0, 1);
        options.tick = NULL;
        OK(pybp_train(plain, &first.x, &first.y, NULL, &options, &result)); /* the same step */
        pybp_progress progress;
        OK(pybp_get_progress(net, &progress));
        CHECK(progress.epochs == 1 && progress.steps == ROWS + 1);
        progress.epochs = 2;
        OK(pybp_set_progress(net, &progress));
        CHECK(same_images(trained_image(net), trained_image(plain)));
        OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result)); /* and training can continue */
        OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &result));
        CHECK(same_images(trained_image(net), trained_image(plain)));

        w = (watcher){.net = net, .s = &s, .copies = true}; /* between steps, the net is what those steps make of it */
        options.tick = watch;
        OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
        options.tick = NULL, options.n_steps = w.copied_at;
        OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &result));
        pybp_progress of_copy;
        OK(pybp_get_progress(w.copy, &of_copy));
        OK(pybp_get_progress(plain, &progress));
        CHECK(of_copy.steps == progress.steps && of_copy.epochs == progress.epochs);
        CHECK(same_images(trained_image(w.copy), trained_image(plain)));
        pybp_net_free(w.copy);
        options.n_steps = 0;

        w = (watcher){.net = net, .s = &s};
        options.tick = watch, options.interval_ms = 1e9;
        OK(pybp_train(net, &s.x, &s.y, NULL, &options, &result));
        CHECK(w.calls == 0);
        pybp_net_free(net);
        pybp_net_free(plain);
    }
    free_samples(&s);
}

static int stop_at_once(void *user, size_t steps, double loss)
{
    CHECK(user == NULL && steps == 0 && loss == 0);
    return 1;
}

/* Steps of weight 0 have no barriers of their own, but threads stop after the same one. */
static void test_stop_without_weights(void)
{
    enum { MANY = 2000 };
    samples s = make_samples(MANY, IN, OUT);
    pybp_net *net = classifier(PYBP_FLOAT32);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_SGD), PYBP_LOSS_MSE, 1);
    pybp_train_result result;
    memset(s.weights, 0, MANY * sizeof *s.weights);
    s.weights[MANY - 1] = 1;
    options.tick = stop_at_once, options.threads = 3;
    for (int i = 0; i < 200; i++) {
        FAILS(pybp_train(net, &s.x, &s.y, s.weights, &options, &result), PYBP_INTERRUPTED, "after 0 steps");
        CHECK(result.loss == 0);
    }
    options.tick = NULL;
    OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    CHECK(result.steps == 1 && isfinite(result.loss));
    pybp_net_free(net);
    free_samples(&s);
}

static void all(void)
{
    CHECK_RUN(test_diverging_step);
    CHECK_RUN(test_diverging_training);
    CHECK_RUN(test_callback);
    CHECK_RUN(test_stop_without_weights);
}

CHECK_MAIN(all(); pybp_set_thread_work(1); all();) /* the second time on several threads */
