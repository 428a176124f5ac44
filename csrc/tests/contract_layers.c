/* The contract's cases of graphs of layers, each with a point. */
#include "contract_build.inc.h"

static void reads(pybp_layer_desc *layer, size_t from, size_t skip)
{
    layer->from = from;
    layer->skip = skip;
}

/* A residual block around dense layers, post-activation: the sum, then relu. */
static void block(contract_case *c, size_t n)
{
    DENSE(n, RELU);
    DENSE(n, IDENTITY);
    ADD(ADD)->skip = 2;
    ACTIVATION(RELU);
}

/* Pre-activation, with all that goes into one. */
static void normalized_block(contract_case *c, size_t n)
{
    ADD(BATCH_NORM);
    ACTIVATION(RELU);
    DENSE(n, IDENTITY)->no_bias = 1;
    with(ADD(BATCH_NORM), 0.3);
    ACTIVATION(GELU);
    with(ADD(DROPOUT), 0.25);
    DENSE(n, IDENTITY);
    ADD(ADD)->skip = 7;
}

/* A block whose widths differ: its skip goes through a dense layer. */
static void projected(contract_case *c, size_t n)
{
    DENSE(n + 2, TANH);
    DENSE(n, IDENTITY);
    DENSE(n, IDENTITY)->from = 2;
    ADD(ADD)->skip = 1;
}

/* Blocks in a block, in a block; the outermost with a projection. */
static void nested(contract_case *c)
{
    DENSE(9, TANH);
    ADD(BATCH_NORM);         /* 1: where the outer block begins */
    DENSE(17, SILU);
    DENSE(17, TANH);         /* 3: the inner one */
    ADD(LAYER_NORM);
    DENSE(17, RELU);         /* 5: the innermost */
    with(ADD(DROPOUT), 0.2);
    ADD(ADD)->skip = 2;      /* + 4 */
    DENSE(17, IDENTITY);
    ADD(ADD)->skip = 6;      /* + 2 */
    DENSE(17, IDENTITY)->from = 8; /* of 1 */
    ADD(ADD)->skip = 1;      /* + 9 */
}

/* Layer 0 is read by three dense layers and two sums. */
static void read_often(contract_case *c)
{
    DENSE(15, TANH);
    DENSE(15, RELU);
    DENSE(15, SIGMOID)->from = 1;
    DENSE(15, SILU)->from = 2;
    ADD(ADD)->skip = 1;      /* 4: 3 + 2 */
    ADD(ADD)->skip = 3;      /* 5: 4 + 1 */
    ADD(ADD)->skip = 5;      /* 6: 5 + 0 */
    reads(ADD(ADD), 6, 0);   /* 7: 0 + 6 */
}

/* So is the net's input. */
static void input_read_often(contract_case *c)
{
    DENSE(7, TANH);
    DENSE(7, RELU)->from = 1;
    ADD(ADD)->skip = 1;
    ADD(ADD)->skip = 3;      /* + the input */
    reads(ADD(BATCH_NORM), 4, 0);
    ADD(ADD)->skip = 1;
}

static void deep(contract_case *c)
{
    DENSE(16, TANH);
    for (int k = 0; k < 5; k++)
        block(c, 16);
}

static void everything(contract_case *c)
{
    c->n_in = 6;
    embedding(c, 1, 5, 4);
    embedding(c, 4, 11, 6);
    ADD(JOIN);
    ADD(LAYER_NORM);
    with(ADD(GAUSSIAN_NOISE), 0.3);
    DENSE(31, SELU);
    with(ADD(ALPHA_DROPOUT), 0.1);
    normalized_block(c, 31);
    ADD(SCALE)->no_bias = 1;
    ADD(RMS_NORM);
}

static void far_out(contract_case *c, int float_exponent, int double_exponent)
{
    c->x_exponent = c->dtype == PYBP_FLOAT32 ? float_exponent : double_exponent;
}

/* Each row makes the layers before the last (3 wide, softmax) of a net of 7 inputs, or of what the row says. */
#define POINTS(POINT)                                                                                    \
    POINT("residual block", block(c, 7))                                                                 \
    POINT("residual block, projected", projected(c, 12))                                                 \
    POINT("residual block, twice projected", projected(c, 33); projected(c, 8))                          \
    POINT("residual block, normalised", DENSE(16, IDENTITY); normalized_block(c, 16))                    \
    POINT("normalised, three chunks", DENSE(17, IDENTITY); normalized_block(c, 17); c->rows = 1100;      \
          c->batch = 600; trained_by(c, 1))                                                              \
    POINT("normalised, weighted", DENSE(9, TANH); normalized_block(c, 9); c->weighted = 1)               \
    POINT("normalised, weightless minibatch", DENSE(9, TANH); normalized_block(c, 9); c->weighted = 1;   \
          c->weightless = 20; c->shuffle = 0)                                                            \
    POINT("normalised, clipped over several blocks", DENSE(100, TANH); normalized_block(c, 100);         \
          c->optimizer.clip_norm = 0.02; c->rows = 60)                                                   \
    POINT("normalised, accumulated", DENSE(9, TANH); normalized_block(c, 9); c->accumulate = 3;          \
          c->rows = 90)                                                                                  \
    POINT("normalised, accumulated chunks, weighted", DENSE(9, TANH); normalized_block(c, 9);            \
          c->accumulate = 2; c->batch = 300; c->rows = 1000; c->weighted = 1; c->drop_last = 1)          \
    POINT("nested residual blocks", nested(c))                                                           \
    POINT("an output read five times", read_often(c))                                                    \
    POINT("an input read four times", input_read_often(c))                                               \
    POINT("a sum of one output with itself", DENSE(8, TANH); ADD(ADD))                                   \
    POINT("five residual blocks", deep(c))                                                               \
    POINT("layer scale", DENSE(8, TANH); DENSE(8, GELU); ADD(SCALE)->no_bias = 1; ADD(ADD)->skip = 2)    \
    POINT("everything", everything(c))                                                                   \
    POINT("everything, 513 rows", everything(c); c->rows = 900; c->batch = 513; trained_by(c, 2))        \
    POINT("embeddings alone", c->n_in = 2; embedding(c, 1, 3, 5); embedding(c, 0, 7, 16); ADD(JOIN))     \
    POINT("one category", c->n_in = 3; embedding(c, 1, 1, 4); ADD(JOIN))                                 \
    POINT("embedding, accumulated", c->n_in = 3; embedding(c, 1, 11, 4); ADD(JOIN);                      \
          with(ADD(GAUSSIAN_NOISE), 0.1); ADD(SCALE); c->accumulate = 3; c->batch = 9)                   \
    POINT("many categories", c->n_in = 2; embedding(c, 0, 1000, 8); ADD(JOIN); DENSE(17, RELU))          \
    POINT("four embeddings, three chunks", c->n_in = 9; embedding(c, 8, 2, 1); embedding(c, 0, 16, 17);  \
          embedding(c, 3, 17, 8); embedding(c, 4, 100, 31); ADD(JOIN); ADD(BATCH_NORM); c->rows = 1100;  \
          c->batch = 600)                                                                                \
    POINT("embedding, drawn uniformly", c->n_in = 3; embedding(c, 2, 9, 5); ADD(JOIN);                   \
          c->layers[0].init = PYBP_INIT_GLOROT_UNIFORM)                                                  \
    POINT("two embeddings of one column", c->n_in = 3; embedding(c, 1, 9, 5); embedding(c, 1, 6, 2);     \
          ADD(JOIN))                                                                                     \
    POINT("weights that suit a later activation", DENSE(17, IDENTITY); ADD(BATCH_NORM);                  \
          with(ADD(DROPOUT), 0.1); ACTIVATION(RELU); DENSE(9, IDENTITY); ACTIVATION(SELU))               \
    POINT("batch norm right on the input", ADD(BATCH_NORM); DENSE(16, TANH))                             \
    POINT("batch norm of two rows", DENSE(9, TANH); ADD(BATCH_NORM); c->batch = 2; c->rows = 22)         \
    POINT("batch norm, two rows left over", DENSE(9, TANH); ADD(BATCH_NORM); c->batch = 17; c->rows = 53) \
    POINT("batch norm, momentum 0", DENSE(9, TANH); with(ADD(BATCH_NORM), 0.0))                          \
    POINT("batch norm, momentum 1", DENSE(9, TANH); with(ADD(BATCH_NORM), 1.0))                          \
    POINT("batch norm of equal values", DENSE(9, RELU)->bias_init = -100.0; ADD(BATCH_NORM))             \
    POINT("batch norm of large values", ADD(BATCH_NORM); DENSE(9, TANH); far_out(c, 40, 300))            \
    POINT("norms of subnormal values", ADD(BATCH_NORM); ADD(LAYER_NORM); ADD(RMS_NORM);                  \
          far_out(c, -135, -1040))                                                                       \
    POINT("norms of large values", ADD(LAYER_NORM); ADD(BATCH_NORM); far_out(c, 50, 400))                \
    POINT("layer norm of equal values", DENSE(9, RELU)->bias_init = -100.0; ADD(LAYER_NORM))             \
    POINT("layer norm of one feature", DENSE(1, TANH); ADD(LAYER_NORM); DENSE(4, TANH))                  \
    POINT("activations in a row", DENSE(9, TANH); ACTIVATION(LEAKY_RELU); ACTIVATION(SIGMOID))           \
    POINT("dropout, rate 0", DENSE(9, TANH); with(ADD(DROPOUT), 0.0))                                    \
    POINT("dropout, rate near 1", DENSE(33, TANH); with(ADD(DROPOUT), 0.999999))                         \
    POINT("dropout of the input", with(ADD(DROPOUT), 0.3); DENSE(33, TANH))                              \
    POINT("dropout twice in a row", DENSE(33, TANH); with(ADD(DROPOUT), 0.3); with(ADD(DROPOUT), 0.4))   \
    POINT("dropout, many epochs", DENSE(15, TANH); with(ADD(DROPOUT), 0.5); c->epochs = 12)              \
    POINT("dropout, largest seed", DENSE(15, TANH); with(ADD(DROPOUT), 0.5); c->seed = UINT64_MAX)       \
    POINT("dropout, one row at a time", DENSE(15, TANH); with(ADD(DROPOUT), 0.5); c->batch = 1)          \
    POINT("alpha dropout, rate 0", DENSE(9, SELU); with(ADD(ALPHA_DROPOUT), 0.0))                        \
    POINT("selu and alpha dropout", DENSE(33, SELU); with(ADD(ALPHA_DROPOUT), 0.1); DENSE(16, SELU);     \
          with(ADD(ALPHA_DROPOUT), 0.2))                                                                 \
    POINT("noise, none", DENSE(9, TANH); with(ADD(GAUSSIAN_NOISE), 0.0))                                 \
    POINT("noise on the input", with(ADD(GAUSSIAN_NOISE), 2.0); DENSE(9, TANH))

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

/* A loss that is linked to an activation, on one that is a layer. */
static const struct {
    const char *name;
    size_t goal;
    pybp_layer_kind before;
} linked[] = {
    {"softmax as a layer", 4, PYBP_LAYER_SCALE},
    {"softmax after batch norm", 0, PYBP_LAYER_BATCH_NORM},
    {"sigmoid as a layer", 2, PYBP_LAYER_BATCH_NORM},
    {"tanh after layer norm", 3, PYBP_LAYER_LAYER_NORM},
};

static void ends_with_activation(size_t i, contract_case *c)
{
    const struct goal *goal = &goals[linked[i].goal];
    pointed(0, c);
    c->n_layers = 0;
    memset(c->layers, 0, sizeof c->layers);
    DENSE(9, TANH);
    DENSE(i % 2 ? 17 : 5, IDENTITY);
    add(c, linked[i].before);
    activation(c, goal->output);
    c->loss.kind = goal->loss;
    c->labels = goal->labels;
    snprintf(c->name, sizeof c->name, "%s", linked[i].name);
}

size_t contract_n_layer_cases(void)
{
    return n_pointed + COUNT(linked);
}

void contract_layer_case(size_t i, contract_case *c)
{
    begin(c, i, 9500);
    if (i < n_pointed)
        pointed(i, c);
    else
        ends_with_activation(i - n_pointed, c);
    no_single_row(c);
}
