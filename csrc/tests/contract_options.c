/* The contract's cases of layers' training options: penalties, factors, frozen layers, largest norms and
 * the NTK parametrization, with every optimizer. */
#include <stdio.h>
#include <string.h>

#include "contract_cases.h"

static pybp_layer_desc *add(contract_case *c, pybp_layer_kind kind, size_t n_out, pybp_activation activation)
{
    pybp_layer_desc *layer = &c->layers[c->n_layers++];
    memset(layer, 0, sizeof *layer);
    layer->kind = kind;
    layer->n_out = n_out;
    layer->activation = activation;
    return layer;
}

#define ADD(KIND) add(c, PYBP_LAYER_##KIND, 0, PYBP_ACTIVATION_IDENTITY)
#define DENSE(n, NAME) add(c, PYBP_LAYER_DENSE, n, PYBP_ACTIVATION_##NAME)

/* ---- NTK with each optimizer, and all options at once ---- */

static const struct rule {
    pybp_optimizer_kind kind;
    double params[PYBP_MAX_PARAMS]; /* in the order of optimizers.def */
    double lr;
} rules[] = {
    {PYBP_OPTIMIZER_SGD, {0.9, 1.0, 0.02}, 0.05},
    {PYBP_OPTIMIZER_ADAGRAD, {0.05, 0.02, 0.1, 1e-7}, 0.1},
    {PYBP_OPTIMIZER_RMSPROP, {0.9, 1e-6, 0.02, 0.5, 1.0}, 0.01},
    {PYBP_OPTIMIZER_ADAM, {0.9, 0.99, 1e-8, 0.02, 0.0}, 0.05},
    {PYBP_OPTIMIZER_ADAMW, {0.9, 0.99, 1e-8, 0.1, 1.0}, 0.05},
    {PYBP_OPTIMIZER_ADADELTA, {0.9, 1e-4, 0.02}, 1.0},
    {PYBP_OPTIMIZER_ADAMAX, {0.9, 0.99, 1e-8, 0.02}, 0.05},
    {PYBP_OPTIMIZER_RADAM, {0.9, 0.9, 1e-8, 0.1, 1.0}, 0.05},
    {PYBP_OPTIMIZER_LION, {0.9, 0.99, 0.1}, 0.01},
    {PYBP_OPTIMIZER_RPROP, {0.5, 1.2, 1e-3, 0.1}, 0.02},
    {PYBP_OPTIMIZER_NADAM, {0.9, 0.99, 1e-8, 0.1, 4e-3, 1.0}, 0.05},
};
enum { N_RULES = sizeof rules / sizeof *rules, RULE_VARIANTS = 2 };

static void ntk(pybp_layer_desc *layer)
{
    layer->parametrization = PYBP_NTK;
    layer->init = PYBP_INIT_NORMAL;
    layer->init_value = 1.0;
}

static void penalties(pybp_layer_desc *layer, double l1, double l2)
{
    layer->l1 = l1;
    layer->l2 = l2;
}

static void factors(pybp_layer_desc *layer, double all, double biases)
{
    layer->has_lr_factors = 1;
    layer->lr_factor = all;
    layer->bias_lr_factor = biases;
}

static void with_rule(contract_case *c, const struct rule *rule, size_t variant)
{
    for (size_t l = 0; l < 3; l++)
        ntk(&c->layers[l]);
    c->optimizer.kind = rule->kind;
    memcpy(c->optimizer.params, rule->params, sizeof rule->params);
    c->lr = rule->lr;
    if (variant == 0)
        return;
    penalties(&c->layers[0], 0.002, 0.01);
    factors(&c->layers[0], 3.0, 0.1);
    c->layers[1].max_norm = 1.25;
    penalties(&c->layers[2], 0.0, 0.02);
    c->optimizer.no_bias_decay = 1;
    c->optimizer.clip_value = 0.05;
}

/* ---- one point each ---- */

static void chunks(contract_case *c)
{
    c->rows = 1100;
    c->batch = 600;
}

static void all_layers(contract_case *c)
{
    c->n_layers = 0;
    DENSE(19, TANH)->l2 = 0.1;
    ADD(BATCH_NORM)->l2 = 0.3;
    DENSE(17, RELU)->frozen = 1;
    ADD(SCALE)->no_bias = 1;
    factors(&c->layers[3], 6.0, 1.0);
    ADD(LAYER_NORM)->frozen = 1;
    DENSE(3, IDENTITY)->max_norm = 0.7;
}

static void embedded(contract_case *c)
{
    c->n_layers = 0;
    pybp_layer_desc *table = ADD(EMBEDDING);
    table->n_out = 5;
    table->n_categories = 4;
    penalties(table, 0.01, 0.02);
    factors(table, 2.0, 1.0);
    ADD(JOIN);
    DENSE(3, IDENTITY);
}

static void drawn_biases(contract_case *c)
{
    ntk(&c->layers[0]);
    c->layers[0].bias_std = 1.0;
    c->layers[1].no_bias = 0;
    c->layers[1].bias_std = 0.3;
    c->layers[2].bias_init = -0.5;
    ADD(SCALE)->bias_std = 0.1;
    snprintf(c->name, sizeof c->name, "biases drawn");
}

#define POINTS(POINT)                                                                                      \
    POINT("l1", penalties(&c->layers[0], 0.01, 0.0))                                                       \
    POINT("l2", penalties(&c->layers[1], 0.0, 0.05))                                                       \
    POINT("l1 and l2, sum", penalties(&c->layers[1], 0.02, 0.5); c->reduction = PYBP_SUM; c->lr = 0.001)   \
    POINT("l1 and l2, clipped", penalties(&c->layers[0], 0.02, 0.1); penalties(&c->layers[2], 0.1, 0.0);   \
          c->optimizer.clip_norm = 0.1; c->optimizer.clip_value = 0.02)                                    \
    POINT("l2 per weight", penalties(&c->layers[0], 0.5, 3.0); c->penalty_per_weight = 1; c->weighted = 1) \
    POINT("l2 per weight, sum", penalties(&c->layers[2], 0.0, 3.0); c->penalty_per_weight = 1;             \
          c->reduction = PYBP_SUM; c->lr = 0.001)                                                          \
    POINT("l1 in chunks", penalties(&c->layers[0], 0.02, 0.01); chunks(c))                                 \
    POINT("l1 in chunks, clipped", penalties(&c->layers[0], 0.02, 0.01); chunks(c);                        \
          c->optimizer.clip_norm = 0.05)                                                                   \
    POINT("l2 over accumulated steps", penalties(&c->layers[1], 0.01, 0.05); c->accumulate = 3)            \
    POINT("cold layers", factors(&c->layers[0], 0.0, 1.0); factors(&c->layers[2], 1.0, 0.0))               \
    POINT("factors", factors(&c->layers[0], 0.5, 4.0); factors(&c->layers[1], 6.0, 0.1);                   \
          c->optimizer.bias_lr_factor = 0.3)                                                               \
    POINT("first layer frozen", c->layers[0].frozen = 1; penalties(&c->layers[0], 1.0, 1.0))               \
    POINT("middle layer frozen, clipped", c->layers[1].frozen = 1; c->optimizer.clip_norm = 0.05)          \
    POINT("last layer frozen, chunks", c->layers[2].frozen = 1; chunks(c))                                 \
    POINT("all frozen", c->layers[0].frozen = c->layers[1].frozen = c->layers[2].frozen = 1)               \
    POINT("max_norm", c->layers[0].max_norm = 0.5; c->layers[1].max_norm = 0.9; c->lr = 0.1)               \
    POINT("max_norm, accumulated", c->layers[2].max_norm = 0.01; c->accumulate = 2; c->lr = 0.1)           \
    POINT("max_norm, frozen", c->layers[2].max_norm = 0.01; c->layers[2].frozen = 1; c->lr = 0.1)          \
    POINT("ntk, orthogonal", ntk(&c->layers[0]); c->layers[0].init = PYBP_INIT_ORTHOGONAL)                 \
    POINT("ntk, constant", ntk(&c->layers[0]); c->layers[0].init = PYBP_INIT_CONSTANT)                     \
    POINT("ntk, uniform, clipped", ntk(&c->layers[1]); c->layers[1].init = PYBP_INIT_UNIFORM;              \
          c->optimizer.clip_norm = 0.05)                                                                   \
    POINT("ntk, accumulated", ntk(&c->layers[0]); ntk(&c->layers[2]); c->accumulate = 3)                   \
    POINT("ntk, max_norm, chunks", ntk(&c->layers[0]); c->layers[0].max_norm = 1.0; c->lr = 0.1; chunks(c)) \
    POINT("options of other layers", all_layers(c))                                                        \
    POINT("options of an embedding", embedded(c))

#define POINT(text, change) +1
static const size_t n_points = POINTS(POINT);
#undef POINT

static void with_point(contract_case *c, size_t i)
{
    size_t k = 0;
#define POINT(text, change)                            \
    if (k++ == i) {                                    \
        change;                                        \
        snprintf(c->name, sizeof c->name, "%s", text); \
    }
    POINTS(POINT)
#undef POINT
}

size_t contract_n_option_cases(void)
{
    return n_points + RULE_VARIANTS * N_RULES + 1;
}

void contract_option_case(size_t i, contract_case *c)
{
    c->seed = 500 + i;
    c->data_seed = 5000 + i;
    c->data_dtype = c->dtype;
    c->n_in = 7;
    DENSE(19, TANH)->bias_init = 0.1;
    DENSE(11, RELU)->no_bias = i % 2 == 0;
    DENSE(3, IDENTITY);
    c->loss.kind = i % 3 ? PYBP_LOSS_MSE : PYBP_LOSS_SQUARED_ERROR;
    c->rows = 90;
    c->batch = 13;
    c->epochs = 3;
    c->shuffle = i % 2 == 0;
    c->optimizer.bias_lr_factor = 1.0;
    c->optimizer.kind = PYBP_OPTIMIZER_ADAM;
    memcpy(c->optimizer.params, rules[3].params, sizeof rules[3].params);
    c->lr = 0.01;
    if (i < n_points) {
        with_point(c, i);
        return;
    }
    if (i + 1 == contract_n_option_cases()) {
        drawn_biases(c);
        return;
    }
    const size_t variant = (i - n_points) % RULE_VARIANTS, rule = (i - n_points) / RULE_VARIANTS;
    with_rule(c, &rules[rule], variant);
    snprintf(c->name, sizeof c->name, "ntk, optimizer %zu%s", rule, variant ? ", all options" : "");
}
