/* Layers' training options: what is refused, and what a zeroed description means. */
#include "net_fixture.h"

enum { ROWS = 40, IN = 5, OUT = 3 };

static pybp_status create(pybp_layer_desc layer, pybp_net **net)
{
    const pybp_net_desc desc = {.dtype = PYBP_FLOAT32, .n_in = IN, .n_layers = 1, .layers = &layer, .seed = 1};
    layer.n_out = OUT;
    return pybp_net_create(&desc, net);
}

#define REFUSED(words, ...) FAILS(create((pybp_layer_desc){__VA_ARGS__}, &net), PYBP_INVALID, words)

static void test_refused_options(void)
{
    pybp_net *net = NULL;
    REFUSED("layer 0: l1 = -1", .l1 = -1);
    REFUSED("l2 = nan", .l2 = NAN);
    REFUSED("l2 = 1e+39", .l2 = 1e39);
    REFUSED("max_norm = inf", .max_norm = INFINITY);
    REFUSED("lr_factor = -2", .has_lr_factors = 1, .lr_factor = -2, .bias_lr_factor = 1);
    REFUSED("bias_lr_factor = nan", .has_lr_factors = 1, .lr_factor = 1, .bias_lr_factor = NAN);
    REFUSED("no parametrization 7", .parametrization = (pybp_parametrization)7);
    REFUSED("frozen = -1", .frozen = -1);
    REFUSED("dropout has no l2", .kind = PYBP_LAYER_DROPOUT, .l2 = 1);
    REFUSED("add has no lr_factor", .kind = PYBP_LAYER_ADD, .has_lr_factors = 1, .lr_factor = 2, .bias_lr_factor = 1);
    REFUSED("scale has no max_norm", .kind = PYBP_LAYER_SCALE, .max_norm = 1);
    REFUSED("rms_norm has no parametrization", .kind = PYBP_LAYER_RMS_NORM, .parametrization = PYBP_NTK);
    REFUSED("layer_norm has no frozen", .kind = PYBP_LAYER_LAYER_NORM, .no_scale = 1, .frozen = 1);
    CHECK(net == NULL);
}

/* Factors that are not given are 1. */
static void test_zeroed_factors(void)
{
    samples s = make_samples(ROWS, IN, OUT);
    pybp_net *plain = NULL, *ones = NULL;
    const pybp_train_options options = default_options(default_optimizer(PYBP_OPTIMIZER_ADAM), PYBP_LOSS_MSE, 16);
    pybp_train_result result;
    OK(create((pybp_layer_desc){.l2 = 0}, &plain));
    OK(create((pybp_layer_desc){.has_lr_factors = 1, .lr_factor = 1, .bias_lr_factor = 1}, &ones));
    OK(pybp_train(plain, &s.x, &s.y, NULL, &options, &result));
    OK(pybp_train(ones, &s.x, &s.y, NULL, &options, &result));
    CHECK(same_images(trained_image(plain), trained_image(ones)));
    pybp_net_free(plain);
    pybp_net_free(ones);
    free_samples(&s);
}

static void test_penalty(void)
{
    pybp_net *net = NULL;
    float w[OUT * IN], flat[OUT * (IN + 1)];
    double penalty = -1, wanted = 0;
    OK(create((pybp_layer_desc){.l1 = 0.5, .l2 = 2}, &net));
    OK(pybp_net_get(net, PYBP_WEIGHTS, 0, w, sizeof w));
    for (size_t i = 0; i < OUT * IN; i++)
        wanted += 0.5 * fabs((double)w[i]) + (double)w[i] * (double)w[i];
    OK(pybp_net_penalty(net, &penalty));
    CHECK(fabs(penalty - wanted) < 1e-12 * wanted);
    FAILS(pybp_net_penalty(NULL, &penalty), PYBP_INVALID, "NULL");
    FAILS(pybp_net_penalty(net, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_net_get_flat(net, PYBP_FLAT_LOSS_GRADIENT, flat, sizeof flat), PYBP_STATE, "backward");
    FAILS(pybp_net_set_flat(net, PYBP_FLAT_LOSS_GRADIENT, flat, sizeof flat), PYBP_INVALID, "cannot be set");
    pybp_net_free(net);
}

int main(void)
{
    test_refused_options();
    test_zeroed_factors();
    test_penalty();
    return check_report();
}
