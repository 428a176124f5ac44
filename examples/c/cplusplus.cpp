// pybp.h in C++17: a net with an owner that releases it.
#include <pybp.h>

#include <cstdio>
#include <memory>
#include <vector>

static_assert(PYBP_VERSION_MAJOR * 100 + PYBP_VERSION_MINOR >= 1, "pybp is too old");

struct release {
    void operator()(pybp_net *net) const { pybp_net_free(net); }
};

int main()
{
    std::vector<pybp_layer_desc> layers(2);
    if (pybp_layer_init(&layers[0], PYBP_LAYER_DENSE, 8, PYBP_ACTIVATION_TANH) != PYBP_OK ||
        pybp_layer_init(&layers[1], PYBP_LAYER_DENSE, 1, PYBP_ACTIVATION_SIGMOID) != PYBP_OK)
        return 1;
    pybp_net_desc desc{};
    desc.dtype = PYBP_FLOAT32;
    desc.n_in = 2;
    desc.n_layers = layers.size();
    desc.layers = layers.data();
    pybp_net *made = nullptr;
    if (pybp_net_create(&desc, &made) != PYBP_OK) {
        std::fprintf(stderr, "%s\n", pybp_last_error());
        return 1;
    }
    const std::unique_ptr<pybp_net, release> net(made);
    const float x[2] = {0, 1};
    pybp_matrix inputs{};
    inputs.data = x;
    inputs.rows = 1;
    inputs.cols = 2;
    inputs.row_stride = sizeof x;
    inputs.dtype = PYBP_FLOAT32;
    float a = 0;
    if (pybp_predict(net.get(), &inputs, &a, 1) != PYBP_OK)
        return 1;
    std::printf("pybp %s: %g\n", pybp_version(), static_cast<double>(a));
    return 0;
}
