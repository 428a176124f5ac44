/* Cases for the initialisers that the cycled ones do not use: each in a wide, a tall and a narrow layer;
 * and orthogonal matrices of many columns, which the core treats in groups. */

#define FIRST_ADDED (PYBP_INIT_LECUN_NORMAL + 1)
#define N_ADDED ((size_t)(PYBP_N_INITIALIZERS - FIRST_ADDED))
#define N_INITIALIZED (N_ADDED + 1)

static const char *const initializer_names[PYBP_N_INITIALIZERS] = {
#define PYBP_INITIALIZER(NAME, name, distribution, fan, scale, rule) #name,
#include "registry/initializers.def"
#undef PYBP_INITIALIZER
};

static void initialized(size_t i, contract_case *c)
{
    static const size_t few[] = {13, 40, 1, 4}, many[] = {70, 33, 64, 100};
    const pybp_initializer init = i < N_ADDED ? (pybp_initializer)(FIRST_ADDED + i) : PYBP_INIT_ORTHOGONAL;
    const size_t *widths = i < N_ADDED ? few : many;
    c->seed = 8000 + i;
    c->data_seed = 8000 + i;
    c->data_dtype = c->dtype;
    c->n_in = 33;
    c->n_layers = 4;
    for (size_t l = 0; l < c->n_layers; l++) {
        c->layers[l].n_out = widths[l];
        c->layers[l].activation = PYBP_ACTIVATION_TANH;
        c->layers[l].init = init;
        c->layers[l].init_value = 0.7;
        c->layers[l].no_bias = l == 1;
    }
    c->loss.kind = PYBP_LOSS_MSE;
    c->rows = 40;
    c->batch = 16;
    c->epochs = 1;
    c->shuffle = 1;
    c->optimizer.kind = PYBP_OPTIMIZER_SGD;
    c->optimizer.bias_lr_factor = 1.0;
    c->lr = 0.05;
    snprintf(c->name, sizeof c->name, "%s%s", initializer_names[init], i < N_ADDED ? "" : ", many columns");
}
