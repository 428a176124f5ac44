/* XOR from C: a 2-8-1 net, trained with Adam, and saved to a file if one is named. Python reads it with pybp.load.
 *
 *   cc train.c $(pkg-config --cflags --libs pybp) && ./a.out xor.pybp */
#include <pybp.h>

#include <stdio.h>
#include <stdlib.h>

static void check(pybp_status status)
{
    if (status == PYBP_OK)
        return;
    fprintf(stderr, "%s: %s\n", pybp_status_name(status), pybp_last_error());
    exit(EXIT_FAILURE);
}

int main(int argc, char **argv)
{
    static const float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    static const float y[4] = {0, 1, 1, 0};
    const pybp_matrix inputs = {.data = x, .rows = 4, .cols = 2, .row_stride = sizeof x[0], .dtype = PYBP_FLOAT32};
    const pybp_targets targets = {
        .values = {.data = y, .rows = 4, .cols = 1, .row_stride = sizeof y[0], .dtype = PYBP_FLOAT32}};

    pybp_layer_desc layers[2];
    check(pybp_layer_init(&layers[0], PYBP_LAYER_DENSE, 8, PYBP_ACTIVATION_TANH));
    check(pybp_layer_init(&layers[1], PYBP_LAYER_DENSE, 1, PYBP_ACTIVATION_SIGMOID));
    const pybp_net_desc desc = {.dtype = PYBP_FLOAT32, .n_in = 2, .n_layers = 2, .layers = layers, .seed = 0};
    pybp_net *net;
    check(pybp_net_create(&desc, &net));

    const double lr = 0.05;
    pybp_train_options options;
    check(pybp_train_options_init(&options, PYBP_LOSS_BINARY_CROSS_ENTROPY, PYBP_OPTIMIZER_ADAM));
    options.lr = &lr;
    options.epochs = 500;
    pybp_train_result result;
    check(pybp_train(net, &inputs, &targets, NULL, &options, &result));

    float a[4];
    check(pybp_predict(net, &inputs, a, 0));
    int wrong = 0;
    for (int i = 0; i < 4; i++) {
        printf("%g xor %g = %.3f\n", x[i][0], x[i][1], a[i]);
        wrong += (a[i] >= 0.5f) != (y[i] >= 0.5f);
    }
    printf("loss %.5f with %s kernels\n", result.loss, pybp_net_isa(net));
    if (argc > 1)
        check(pybp_net_save(net, argv[1]));
    pybp_net_free(net);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
