/* XOR from C: a 2-8-1 net, trained with Adam.
 *
 *   cc xor.c $(pkg-config --cflags --libs pybp) && ./a.out */
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

int main(void)
{
    static const float x[4][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}};
    static const float y[4] = {0, 1, 1, 0};
    const pybp_matrix inputs = {x, 4, 2, sizeof x[0], PYBP_FLOAT32};
    const pybp_targets targets = {.values = {y, 4, 1, sizeof y[0], PYBP_FLOAT32}};

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
    pybp_net_free(net);
    return wrong == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
