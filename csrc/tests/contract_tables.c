/* The contract's cases of the layers that nets for tables are made of: parametric activations. */
#include "contract_build.inc.h"

static pybp_layer_desc *parametric(contract_case *c, pybp_activation which)
{
    pybp_layer_desc *layer = ADD(PARAMETRIC_ACTIVATION);
    layer->activation = which;
    layer->activation_params[0] = 0.2;
    layer->has_lr_factors = 1;
    layer->lr_factor = 3.0; /* so that alpha moves away from 1 */
    layer->bias_lr_factor = 1.0;
    return layer;
}

#define PARAMETRIC(NAME) parametric(c, PYBP_ACTIVATION_##NAME)

/* Each row makes the layers before the last (3 wide) of a net of 7 inputs, or of what the row says. */
#define POINTS(POINT)                                                                                      \
    POINT("parametric mish", DENSE(17, IDENTITY); PARAMETRIC(MISH))                                        \
    POINT("parametric selu", DENSE(9, IDENTITY); PARAMETRIC(SELU); DENSE(33, IDENTITY); PARAMETRIC(SELU))  \
    POINT("parametric leaky_relu", DENSE(8, IDENTITY); PARAMETRIC(LEAKY_RELU))                             \
    POINT("parametric identity", DENSE(16, TANH); PARAMETRIC(IDENTITY))                                    \
    POINT("parametric of the input", PARAMETRIC(TANH); DENSE(9, TANH))                                     \
    POINT("parametric, three chunks", DENSE(31, IDENTITY); PARAMETRIC(GELU); c->rows = 1100; c->batch = 600) \
    POINT("parametric, accumulated", DENSE(15, IDENTITY); PARAMETRIC(SILU); c->accumulate = 3; c->rows = 90) \
    POINT("parametric, penalised, clipped", DENSE(9, IDENTITY); PARAMETRIC(MISH)->l2 = 0.1;                \
          c->optimizer.clip_norm = 0.02)                                                                   \
    POINT("parametric, read twice", DENSE(9, IDENTITY); PARAMETRIC(MISH); DENSE(9, TANH); ADD(ADD)->skip = 1) \
    POINT("parametric, dropped", DENSE(17, IDENTITY); PARAMETRIC(SELU); with(ADD(DROPOUT), 0.15))

static void pointed(size_t i, contract_case *c)
{
    size_t k = 0;
    c->n_in = 7;
    c->rows = 70;
    c->batch = 16;
    c->epochs = 2;
    c->shuffle = 1;
    trained_by(c, i % 3 == 2 ? 1 : 0);
#define POINT(text, layers)                            \
    if (k++ == i) {                                    \
        layers;                                        \
        snprintf(c->name, sizeof c->name, "%s", text); \
    }
    POINTS(POINT)
#undef POINT
    ends_with(c, i % COUNT(goals));
}

#define POINT(text, layers) +1
static const size_t n_pointed = POINTS(POINT);
#undef POINT

size_t contract_n_table_cases(void)
{
    return n_pointed + 1;
}

void contract_table_case(size_t i, contract_case *c)
{
    begin(c, i, 12000);
    pointed(i % n_pointed, c);
    if (i == n_pointed) { /* as the last layer: no loss is linked to its activation */
        c->n_layers = 0;
        memset(c->layers, 0, sizeof c->layers);
        DENSE(3, IDENTITY);
        PARAMETRIC(SIGMOID);
        c->loss.kind = PYBP_LOSS_MSE;
        c->labels = 0;
        snprintf(c->name, sizeof c->name, "parametric, the last layer");
    }
}
