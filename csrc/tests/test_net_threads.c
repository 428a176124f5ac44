/* One net used by several threads at once. */
#include <pthread.h>
#include <stdatomic.h>

#include "net/rows/work.h"
#include "net_fixture.h"

enum { ROWS = 500, IN = 5, OUT = 3, USERS = 4, TIMES = 40 };

typedef struct user {
    pybp_net *net;
    const samples *s;
    const double *expected;
    double loss;
    pybp_train_options options;
    int wrong, busy, changes;
} user;

static atomic_int arrived;

static void meet(int n)
{
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < n)
        ;
}

/* Predictions and evaluations of all rows and of some. */
static void *read_often(void *arg)
{
    user *u = arg;
    double *out = need(ROWS * OUT * sizeof *out), bias[OUT];
    meet(USERS);
    for (int i = 0; i < TIMES; i++) {
        const size_t first = (size_t)(i % 7) * 50;
        const samples part = part_of(u->s, first, ROWS - first);
        pybp_evaluation evaluation = {0};
        pybp_status status = pybp_predict(u->net, &part.x, out, 1 + i % 3);
        if (status == PYBP_BUSY)
            u->busy++;
        else
            u->wrong += status != PYBP_OK || memcmp(out, u->expected + first * OUT, (ROWS - first) * OUT * sizeof *out);
        status = pybp_evaluate(u->net, &u->s->x, &u->s->y, NULL, LOSS(MSE), PYBP_MEAN, 2, &evaluation);
        if (status == PYBP_BUSY)
            u->busy++;
        else
            u->wrong += status != PYBP_OK || evaluation.loss != u->loss;
        status = pybp_net_get(u->net, PYBP_BIASES, 2, bias, sizeof bias);
        u->wrong += status != PYBP_OK && status != PYBP_BUSY;
    }
    free(out);
    return NULL;
}

/* Writes that change nothing, whenever nobody reads. */
static void *write_often(void *arg)
{
    user *u = arg;
    meet(USERS);
    for (int i = 0; i < 50 * TIMES; i++) {
        const pybp_status status = pybp_net_poke(u->net, 2, 0, OUT, 0.25, NULL);
        u->changes += status == PYBP_OK;
        u->busy += status == PYBP_BUSY;
        u->wrong += status != PYBP_OK && status != PYBP_BUSY;
    }
    return NULL;
}

static void together(int writers)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = make_net(PYBP_FLOAT64, (shape){IN, {7, 18, OUT}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
    double *expected = need(ROWS * OUT * sizeof *expected);
    pybp_evaluation evaluation = {0};
    user users[USERS];
    pthread_t threads[USERS];
    OK(pybp_net_poke(net, 2, 0, OUT, 0.25, NULL));
    OK(pybp_predict(net, &s.x, expected, 1));
    OK(pybp_evaluate(net, &s.x, &s.y, NULL, LOSS(MSE), PYBP_MEAN, 1, &evaluation));
    atomic_store(&arrived, 0);
    for (int i = 0; i < USERS; i++) {
        users[i] = (user){.net = net, .s = &s, .expected = expected, .loss = evaluation.loss};
        if (pthread_create(&threads[i], NULL, i < writers ? write_often : read_often, &users[i]) != 0)
            abort();
    }
    for (int i = 0; i < USERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK_MSG(users[i].wrong == 0, "thread %d: %d wrong", i, users[i].wrong);
        CHECK(writers > 0 || users[i].busy == 0); /* readers do not hinder each other */
    }
    double *again = need(ROWS * OUT * sizeof *again);
    OK(pybp_predict(net, &s.x, again, 2));
    CHECK(memcmp(again, expected, ROWS * OUT * sizeof *again) == 0);
    free(again);
    free(expected);
    pybp_net_free(net);
    free_samples(&s);
}

static void test_readers(void)
{
    together(0);
}

static void test_readers_and_writers(void)
{
    together(1);
    together(2);
}

/* Nets of their own, trained at the same time, as if alone. */
static void *train_alone(void *arg)
{
    user *u = arg;
    pybp_train_result result;
    meet(USERS);
    for (int i = 0; i < 10; i++)
        u->wrong += pybp_train(u->net, &u->s->x, &u->s->y, NULL, &u->options, &result) != PYBP_OK;
    return NULL;
}

static void test_trainings(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    user users[USERS];
    pthread_t threads[USERS];
    atomic_store(&arrived, 0);
    for (int i = 0; i < USERS; i++) {
        users[i] = (user){.s = &s};
        users[i].net = make_net(PYBP_FLOAT32, (shape){IN, {7, 18, OUT}}, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SIGMOID);
        users[i].options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 64);
        users[i].options.threads = 2, users[i].options.shuffle = 1;
    }
    for (int i = 0; i < USERS; i++)
        if (pthread_create(&threads[i], NULL, train_alone, &users[i]) != 0)
            abort();
    for (int i = 0; i < USERS; i++) {
        pthread_join(threads[i], NULL);
        CHECK(users[i].wrong == 0);
        if (i > 0)
            CHECK(same_images(trained_image(users[i].net), trained_image(users[0].net)));
    }
    for (int i = 0; i < USERS; i++)
        pybp_net_free(users[i].net);
    free_samples(&s);
}

static void all(void)
{
    CHECK_RUN(test_readers);
    CHECK_RUN(test_readers_and_writers);
    CHECK_RUN(test_trainings);
}

CHECK_MAIN(all(); pybp_set_thread_work(1); all();) /* the second time with the pool's threads besides */
