/* Nets without parameters: every call does what it does with others, of which there are none. */
#include "layer_fixture.h"
#include "net/rows/work.h"

enum { ROWS = 600, N = 3 };

static pybp_net *plain_net(pybp_dtype dtype)
{
    return NET(dtype, N, ACTIVATION(TANH));
}

static pybp_net *net_with_all(pybp_dtype dtype)
{
    return NET(dtype, N, LAYER(KIND(BATCH_NORM), .no_scale = 1), WITH(DROPOUT, 0.25), ADD(2), ACTIVATION(RELU),
               LAYER(KIND(LAYER_NORM), .no_scale = 1), WITH(GAUSSIAN_NOISE, 0.1), LAYER(KIND(RMS_NORM), .no_scale = 1));
}

static void train(pybp_net *net, const samples *s, const pybp_train_options *options)
{
    pybp_train_result result;
    OK(pybp_train(net, &s->x, &s->y, s->weights, options, &result));
    CHECK(isfinite(result.loss) && result.loss > 0);
}

static void use(pybp_net *net, const samples *s)
{
    static const size_t sizes[] = {2, 255, 256, 257, 300, ROWS};
    pybp_progress progress;
    for (int kind = 0; kind < PYBP_N_OPTIMIZERS; kind++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            pybp_optimizer optimizer = default_optimizer((pybp_optimizer_kind)kind);
            optimizer.clip_norm = i % 2;
            pybp_train_options options = default_options(optimizer, PYBP_LOSS_MSE, sizes[i]);
            options.drop_last = 1, options.restore = 1, options.threads = 1 + (int)i % 3;
            train(net, s, &options);
            options.accumulate = 2, options.epochs = 2;
            train(net, s, &options);
        }
    OK(pybp_get_progress(net, &progress));
    CHECK(progress.steps > 0);
}

static void use_by_hand(pybp_net *net, const samples *s)
{
    const pybp_optimizer optimizer = default_optimizer(PYBP_OPTIMIZER_ADAM);
    pybp_train_options options = {.batch_size = 256, .accumulate = SIZE_MAX, .gradient_only = 1};
    double value, penalty = 1;
    char nothing[8], *dx = need(ROWS * N * sizeof(double));
    pybp_net *copy;
    OK(pybp_forward(net, &s->x, PYBP_TRAINING | PYBP_KEEP, NULL, 2));
    OK(pybp_backward_loss(net, &s->y, NULL, LOSS(MSE), PYBP_MEAN, dx, 2, &value));
    OK(pybp_step(net, &optimizer, 0.1, 2));
    OK(pybp_net_get_flat(net, PYBP_FLAT_LOSS_GRADIENT, nothing, 0));
    OK(pybp_net_set_flat(net, PYBP_FLAT_GRADIENT, nothing, 0));
    OK(pybp_net_set_flat(net, PYBP_FLAT_PARAMETERS, nothing, 0));
    OK(pybp_jacobian(net, &s->x, nothing, 0));
    train(net, s, &options);
    OK(pybp_net_penalty(net, &penalty));
    CHECK(penalty == 0 && pybp_net_n_parameters(net) == 0);
    OK(pybp_net_copy(net, &copy));
    pybp_net_free(copy);
    free(dx);
}

static void all(void)
{
    samples s = make_samples(ROWS, N, N);
    for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++)
        for (int i = 0; i < 2; i++) {
            pybp_net *net = i == 0 ? plain_net((pybp_dtype)dtype) : net_with_all((pybp_dtype)dtype);
            use(net, &s);
            use_by_hand(net, &s);
            pybp_net_free(net);
        }
    free_samples(&s);
}

CHECK_MAIN(CHECK_RUN(all); pybp_set_thread_work(1); CHECK_RUN(all);) /* the second time on several threads */
