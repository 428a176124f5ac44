/* Training: an epoch equals the same steps as separate calls, and a copy continues as the net does. */
#include "net/rows/work.h"
#include "net_fixture.h"

enum { ROWS = 45, IN = 5, OUT = 3 };
static const shape odd = {IN, {7, 18, OUT}};

static pybp_net *classifier(pybp_dtype dtype)
{
    return make_net(dtype, odd, PYBP_ACTIVATION_TANH, PYBP_ACTIVATION_SOFTMAX);
}

/* ---- pybp_step against pybp_train --------------------------------------------------------------------- */

static void compare_step_and_train(pybp_dtype dtype, const samples *s, pybp_optimizer optimizer, const char *how)
{
    pybp_net *trained = classifier(dtype), *stepped = classifier(dtype);
    pybp_train_options options = default_options(optimizer, PYBP_LOSS_CROSS_ENTROPY, s->rows);
    for (int i = 0; i < 3; i++) {
        pybp_train_result result;
        double value;
        options.threads = 1 + i;
        OK(pybp_train(trained, &s->x, &s->y, s->weights, &options, &result));
        OK(pybp_forward(stepped, &s->x, 0, NULL, 3 - i));
        OK(pybp_backward_loss(stepped, &s->y, s->weights, LOSS(CROSS_ENTROPY), PYBP_MEAN, NULL, 1, &value));
        OK(pybp_step(stepped, &optimizer, usual_rate, 1 + i));
        CHECK(result.steps == 1 && result.loss == value);
    }
    pybp_progress progress;
    OK(pybp_get_progress(stepped, &progress));
    CHECK(progress.steps == 3 && progress.epochs == 0 && progress.optimizer == (int)optimizer.kind);
    progress.epochs = 3; /* separate steps are no epochs */
    OK(pybp_set_progress(stepped, &progress));
    CHECK_MSG(same_images(trained_image(trained), trained_image(stepped)), "%s, dtype %d, optimizer %d, %zu rows", how,
              (int)dtype, (int)optimizer.kind, s->rows);
    pybp_net_free(trained);
    pybp_net_free(stepped);
}

static void set_decay(pybp_optimizer *o, double value)
{
    pybp_row row;
    OK(pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, (int)o->kind, &row));
    for (int i = 0; i < row.n_params; i++)
        if (strcmp(row.params[i].name, "weight_decay") == 0)
            o->params[i] = value;
}

static void test_steps(void)
{
    static const size_t rows[] = {1, ROWS, 600};
    for (size_t i = 0; i < 3; i++) {
        samples s = make_samples(rows[i], IN, OUT);
        for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++)
            for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++) {
                const pybp_optimizer plain = default_optimizer((pybp_optimizer_kind)kind);
                pybp_optimizer o = plain;
                compare_step_and_train((pybp_dtype)dtype, &s, o, "plain");
                o.clip_norm = 0.01;
                compare_step_and_train((pybp_dtype)dtype, &s, o, "clip_norm");
                o.clip_value = 0.001;
                compare_step_and_train((pybp_dtype)dtype, &s, o, "clip_norm and clip_value");
                o = plain, o.clip_value = 0.002, o.bias_lr_factor = 2;
                compare_step_and_train((pybp_dtype)dtype, &s, o, "clip_value, biases faster");
                o = plain, o.no_bias_decay = 1, o.bias_lr_factor = 0;
                set_decay(&o, 0.1);
                compare_step_and_train((pybp_dtype)dtype, &s, o, "decay, biases still");
            }
        pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD);
        sgd.params[0] = 0.9;
        compare_step_and_train(PYBP_FLOAT32, &s, sgd, "momentum");
        sgd.params[1] = 1;
        compare_step_and_train(PYBP_FLOAT32, &s, sgd, "nesterov");
        free_samples(&s);
    }
}

/* Another kind of optimizer starts without state, and so does one that needs other state buffers. */
static void test_changes_of_optimizer(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *net = classifier(PYBP_FLOAT64);
    pybp_optimizer sgd = default_optimizer(PYBP_OPTIMIZER_SGD), adagrad = default_optimizer(PYBP_OPTIMIZER_ADAGRAD);
    pybp_progress progress;
    double state[7 * IN];
    adagrad.params[2] = 0.5;
    OK(pybp_forward(net, &s.x, 0, NULL, 1));
    OK(pybp_backward(net, &s.y.values, NULL, 1));
    OK(pybp_step(net, &sgd, 0.1, 1));
    FAILS(pybp_net_get(net, PYBP_WEIGHT_STATE1, 0, state, sizeof state), PYBP_STATE, "no such array");
    sgd.params[0] = 0.5;
    OK(pybp_step(net, &sgd, 0.1, 1));
    OK(pybp_get_progress(net, &progress));
    CHECK(progress.steps == 1 && progress.states == 1);
    OK(pybp_step(net, &adagrad, 0.1, 1));
    OK(pybp_get_progress(net, &progress));
    CHECK(progress.steps == 1 && progress.states == 1 && progress.optimizer == PYBP_OPTIMIZER_ADAGRAD);
    OK(pybp_net_get(net, PYBP_WEIGHT_STATE1, 0, state, sizeof state));
    for (size_t i = 0; i < 7 * IN; i++)
        CHECK(state[i] >= 0.5);
    for (int amsgrad = 0; amsgrad < 2; amsgrad++) {
        pybp_optimizer adam = default_optimizer(PYBP_OPTIMIZER_ADAM);
        adam.params[4] = amsgrad;
        for (uint64_t t = 1; t < 4; t++) {
            OK(pybp_step(net, &adam, 0.1, 1));
            OK(pybp_get_progress(net, &progress));
            CHECK(progress.steps == t && progress.states == (amsgrad ? 7 : 3));
        }
    }
    OK(pybp_reset_optimizer(net));
    OK(pybp_get_progress(net, &progress));
    CHECK(progress.steps == 0 && progress.states == 0 && progress.optimizer == -1 && progress.powers[0] == 1);
    pybp_net_free(net);
    free_samples(&s);
}

/* ---- minibatches ------------------------------------------------------------------------------------------ */

/* An epoch of minibatches equals a call for each minibatch, with the rows in the order of pybp_net_order. */
static void test_minibatches(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    double rates[5] = {0.1, 0.05, 0.2, 0, 0.1};
    for (int shuffle = 0; shuffle <= 1; shuffle++) {
        pybp_net *epochs = classifier(PYBP_FLOAT32), *batches = classifier(PYBP_FLOAT32);
        pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 10);
        options.lr = rates, options.n_lr = 5, options.shuffle = shuffle, options.count_correct = 1;
        for (uint64_t epoch = 0; epoch < 3; epoch++) {
            pybp_train_result all, one;
            size_t order[ROWS], correct = 0;
            samples sorted = make_samples(ROWS, IN, OUT);
            OK(pybp_net_order(epochs, ROWS, order));
            for (size_t r = 0; r < ROWS; r++) {
                const size_t from = shuffle ? order[r] : r;
                memcpy(sorted.inputs + r * IN, s.inputs + from * IN, IN * sizeof(double));
                memcpy(sorted.values + r * OUT, s.values + from * OUT, OUT * sizeof(double));
            }
            OK(pybp_train(epochs, &s.x, &s.y, NULL, &options, &all));
            for (size_t step = 0; step < 5; step++) {
                const samples part = part_of(&sorted, step * 10, step < 4 ? 10 : 5);
                pybp_train_options single = options;
                single.lr = &rates[step], single.n_lr = 1, single.shuffle = 0;
                OK(pybp_train(batches, &part.x, &part.y, NULL, &single, &one));
                correct += one.n_correct;
            }
            CHECK(all.steps == 5 && all.n_correct == correct);
            pybp_progress progress;
            OK(pybp_get_progress(batches, &progress));
            CHECK(progress.epochs == 5 * (epoch + 1) - 4 * epoch); /* one more for each call */
            progress.epochs = epoch + 1;
            OK(pybp_set_progress(batches, &progress));
            CHECK(same_images(trained_image(epochs), trained_image(batches)));
            free_samples(&sorted);
        }
        pybp_net_free(epochs);
        pybp_net_free(batches);
    }
    free_samples(&s);
}

/* A minibatch of zero weight is skipped: no update, and its learning rate with it. */
static void test_zero_weights(void)
{
    samples s = make_samples(30, IN, OUT);
    pybp_net *a = classifier(PYBP_FLOAT64), *b = classifier(PYBP_FLOAT64);
    const double rates[3] = {0.1, 0.2, 0.3}, two[2] = {0.1, 0.3};
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 10);
    pybp_train_result result, other;
    for (size_t r = 0; r < 30; r++)
        s.weights[r] = r >= 10 && r < 20 ? 0 : 1 + (double)r;
    options.lr = rates, options.n_lr = 3;
    OK(pybp_train(a, &s.x, &s.y, s.weights, &options, &result));
    memmove(s.inputs + 10 * IN, s.inputs + 20 * IN, 10 * IN * sizeof(double));
    memmove(s.values + 10 * OUT, s.values + 20 * OUT, 10 * OUT * sizeof(double));
    memmove(s.weights + 10, s.weights + 20, 10 * sizeof(double));
    s.x.rows = s.y.values.rows = 20;
    options.lr = two, options.n_lr = 2;
    OK(pybp_train(b, &s.x, &s.y, s.weights, &options, &other));
    CHECK(result.steps == 2 && other.steps == 2 && result.loss == other.loss);
    CHECK(same_images(trained_image(a), trained_image(b)));
    pybp_net_free(a);
    pybp_net_free(b);
    free_samples(&s);
}

/* drop_last may not leave out all rows that have a weight: there would be nothing to train on. */
static void test_dropped_weights(void)
{
    samples s = make_samples(33, IN, OUT);
    pybp_net *net = classifier(PYBP_FLOAT64);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 8);
    pybp_train_result result;
    image before = whole_image(net, 0);
    options.drop_last = 1;
    memset(s.weights, 0, 33 * sizeof *s.weights);
    s.weights[32] = 1;
    FAILS(pybp_train(net, &s.x, &s.y, s.weights, &options, &result), PYBP_INVALID, "leaves out 1 of 33 rows");
    options.accumulate = 3, s.weights[25] = 1;
    FAILS(pybp_train(net, &s.x, &s.y, s.weights, &options, &result), PYBP_INVALID, "leaves out 9 of 33 rows");
    options.shuffle = 1; /* two rows with weights may be among the nine */
    FAILS(pybp_train(net, &s.x, &s.y, s.weights, &options, &result), PYBP_INVALID, "leaves out 9 of 33 rows");
    CHECK(unchanged(net, 0, before));
    options.accumulate = 1, options.epochs = 200; /* but not among one: each epoch has a loss */
    OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    CHECK(isfinite(result.loss) && result.n_rows > 0);
    options.accumulate = 3, options.shuffle = 0, options.epochs = 1, s.weights[23] = 1;
    OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    CHECK(isfinite(result.loss) && result.n_rows == 24);
    pybp_net_free(net);
    free_samples(&s);
}

/* A part of an epoch whose rows all have weight 0 has no loss yet. */
static void test_part_without_weight(void)
{
    samples s = make_samples(30, IN, OUT);
    pybp_net *net = classifier(PYBP_FLOAT64);
    pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 10);
    pybp_train_result result, whole;
    pybp_net *copy;
    OK(pybp_net_copy(net, &copy));
    memset(s.weights, 0, 20 * sizeof *s.weights);
    OK(pybp_train(copy, &s.x, &s.y, s.weights, &options, &whole));
    options.n_steps = 2;
    OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    CHECK(result.loss == 0 && result.n_rows == 0 && result.steps == 0);
    options.first_step = 2;
    OK(pybp_train(net, &s.x, &s.y, s.weights, &options, &result));
    CHECK(result.loss == whole.loss && result.n_rows == 10);
    pybp_net_free(net);
    pybp_net_free(copy);
    free_samples(&s);
}

/* ---- going on in another net ---------------------------------------------------------------------------------- */

static pybp_net *through_arrays(const pybp_net *from)
{
    pybp_net *to = classifier(pybp_net_dtype(from));
    pybp_progress progress;
    OK(pybp_get_progress(from, &progress));
    OK(pybp_set_progress(to, &progress));
    for (int what = PYBP_WEIGHTS; what <= PYBP_BIAS_STATE3; what++)
        for (size_t l = 0; l < 3; l++) {
            char values[18 * 7 * sizeof(double)];
            const size_t bytes = bytes_of(from, (pybp_array)what, l, 0);
            if (pybp_net_get(from, (pybp_array)what, l, values, bytes) == PYBP_OK)
                OK(pybp_net_set(to, (pybp_array)what, l, values, bytes));
        }
    return to;
}

static void test_going_on(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++) {
        pybp_net *net = classifier(PYBP_FLOAT32), *copy = NULL;
        pybp_optimizer optimizer = default_optimizer((pybp_optimizer_kind)kind);
        optimizer.params[0] = kind == PYBP_OPTIMIZER_ADAGRAD ? 0.01 : 0.9;
        pybp_train_options options = default_options(optimizer, PYBP_LOSS_CROSS_ENTROPY, 10);
        pybp_train_result results[3];
        options.shuffle = 1;
        for (int epoch = 0; epoch < 3; epoch++)
            OK(pybp_train(net, &s.x, &s.classes, s.weights, &options, &results[0]));
        pybp_net *other = through_arrays(net);
        OK(pybp_net_copy(net, &copy));
        for (int epoch = 0; epoch < 2; epoch++) {
            OK(pybp_train(net, &s.x, &s.classes, s.weights, &options, &results[0]));
            OK(pybp_train(other, &s.x, &s.classes, s.weights, &options, &results[1]));
            OK(pybp_train(copy, &s.x, &s.classes, s.weights, &options, &results[2]));
            CHECK(results[0].loss == results[1].loss && results[0].loss == results[2].loss);
        }
        CHECK(same_images(trained_image(net), trained_image(other)));
        CHECK(same_images(trained_image(net), trained_image(copy)));
        pybp_net_free(net);
        pybp_net_free(other);
        pybp_net_free(copy);
    }
    free_samples(&s);
}

static void test_refused_progress(void)
{
    pybp_net *net = classifier(PYBP_FLOAT32);
    const pybp_progress fine = {.optimizer = PYBP_OPTIMIZER_ADAM, .states = 3, .powers = {1, 1, 1}};
    pybp_progress p = fine;
    const image before = whole_image(net, 0);
    FAILS(pybp_set_progress(NULL, &p), PYBP_INVALID, "NULL");
    FAILS(pybp_set_progress(net, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_get_progress(net, NULL), PYBP_INVALID, "NULL");
    p.optimizer = PYBP_N_OPTIMIZERS;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "no optimizer");
    p.optimizer = -2;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "no optimizer -2");
    p.optimizer = -1;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "states 3 without");
    p = fine, p.states = 1;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "states 1 do not fit");
    p.states = 15;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "states 15 do not fit");
    p.states = -1;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "states -1 do not fit");
    p.optimizer = PYBP_OPTIMIZER_SGD, p.states = 2;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "states 2 do not fit");
    p = fine, p.powers[1] = NAN;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "power nan");
    p.powers[1] = 1.5;
    FAILS(pybp_set_progress(net, &p), PYBP_INVALID, "power 1.5");
    CHECK(unchanged(net, 0, before));
    p = fine, p.optimizer = PYBP_OPTIMIZER_SGD, p.states = 0;
    OK(pybp_set_progress(net, &p));
    p.states = 1;
    OK(pybp_set_progress(net, &p));
    p.optimizer = PYBP_OPTIMIZER_RMSPROP, p.states = 5; /* centered, without momentum */
    OK(pybp_set_progress(net, &p));
    pybp_net_free(net);
}

static void all(void)
{
    CHECK_RUN(test_steps);
    CHECK_RUN(test_changes_of_optimizer);
    CHECK_RUN(test_minibatches);
    CHECK_RUN(test_zero_weights);
    CHECK_RUN(test_dropped_weights);
    CHECK_RUN(test_part_without_weight);
    CHECK_RUN(test_going_on);
    CHECK_RUN(test_refused_progress);
}

CHECK_MAIN(all(); pybp_set_thread_work(1); all();) /* the second time on several threads */
