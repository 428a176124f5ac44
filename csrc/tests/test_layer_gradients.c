/* Gradients against central differences, in and outside training, of every net of layers that the contract has a case
 * of: each kind in all its variants, and the graphs (batch norm inside a residual block with dropout, blocks in blocks
 * with projections, layer norm after embeddings, ...). */
#include "contract_cases.h"
#include "layer_fixture.h"
#include "net/rows/work.h"

#define STEP 1e-5
enum { MAX_ROWS = 6, MAX_ENTRIES = 40 }; /* of each array, evenly spaced */

typedef struct problem {
    const contract_case *c;
    pybp_net *net;
    double *inputs; /* (rows, n_in) */
    pybp_matrix x;
    pybp_targets y;
    const double *weights;
    int how, threads;
    double loss; /* with nothing changed */
    size_t compared, kinks;
    double worst; /* error, relative to 1 + |derivative| */
} problem;

/* Forward with the masks of pass 1, then backward: gradients stay in the net. */
static double pass(const problem *p, double *dx)
{
    double loss = NAN;
    set_passes(p->net, 1);
    OK(pybp_forward(p->net, &p->x, p->how, NULL, p->threads));
    OK(pybp_backward_loss(p->net, &p->y, p->weights, &p->c->loss, p->c->reduction, dx, p->threads, &loss));
    return loss;
}

static void compare(problem *p, double analytic, double up, double down, const char *what, size_t l)
{
    const double numeric = (up - down) / (2 * STEP), error = fabs(analytic - numeric) / (1 + fabs(analytic));
    if (fabs(up - 2 * p->loss + down) / STEP > 1e-3 * (1 + fabs(analytic))) { /* up is another way than down */
        p->kinks++;
        return;
    }
    p->worst = error > p->worst ? error : p->worst;
    p->compared++;
    CHECK_MSG(error <= 1e-8, "%s, how %d, %s of layer %zu: %.12g, by differences %.12g", p->c->name, p->how, what, l,
              analytic, numeric);
}

static double loss_at(const problem *p, size_t l, size_t j, size_t i, double value)
{
    OK(pybp_net_poke(p->net, l, j, i, value, NULL));
    return pass(p, NULL);
}

/* The gradient of layer l's weights, or of its biases, `cols` for each output; poked at column `first` on. */
static void check_array(problem *p, pybp_array what, size_t l, size_t cols, size_t first)
{
    const size_t n = cols * pybp_net_layer_n_out(p->net, l), every = 1 + n / MAX_ENTRIES;
    double *gradient = need(n * sizeof *gradient), old;
    p->loss = pass(p, NULL);
    OK(pybp_net_get(p->net, what, l, gradient, n * sizeof *gradient));
    for (size_t k = 0; k < n; k += every) {
        const size_t j = k / cols, i = first + k % cols;
        OK(pybp_net_poke(p->net, l, j, i, 0, &old));
        const double up = loss_at(p, l, j, i, old + STEP), down = loss_at(p, l, j, i, old - STEP);
        compare(p, gradient[k], up, down, what == PYBP_BIAS_GRADIENT ? "bias" : "weight", l);
        OK(pybp_net_poke(p->net, l, j, i, old, NULL));
    }
    free(gradient);
}

static void check_inputs(problem *p)
{
    const size_t n = p->x.rows * p->x.cols;
    double *dx = need(n * sizeof *dx);
    p->loss = pass(p, dx);
    for (size_t k = 0; k < n; k++) {
        const double old = p->inputs[k];
        if (contract_categories(p->c, k % p->x.cols) > 0) {
            CHECK(dx[k] == 0); /* a category has no neighbours */
            continue;
        }
        p->inputs[k] = old + STEP;
        const double up = pass(p, NULL);
        p->inputs[k] = old - STEP;
        compare(p, dx[k], up, pass(p, NULL), "input", 0);
        p->inputs[k] = old;
    }
    free(dx);
}

static void check(problem *p)
{
    check_inputs(p);
    for (size_t l = 0; l < p->c->n_layers; l++) {
        const size_t fan = pybp_net_layer_fan(p->net, l);
        if (fan > 0)
            check_array(p, PYBP_WEIGHT_GRADIENT, l, fan, 0);
        if (pybp_net_layer_has_bias(p->net, l))
            check_array(p, PYBP_BIAS_GRADIENT, l, 1, fan);
    }
}

/* Differences show nothing where a number is too large or too small for their step, or sits on a kink. */
static int unfit(const contract_case *c)
{
    if (c->x_exponent != 0 || c->epochs == 0)
        return 1;
    for (size_t l = 0; l < c->n_layers; l++) {
        const pybp_layer_kind kind = c->layers[l].kind;
        if (c->layers[l].l1 > 0 || c->layers[l].l2 > 0)
            return 1; /* the gradients that a net keeps are without penalties */
        if ((kind == PYBP_LAYER_DROPOUT || kind == PYBP_LAYER_ALPHA_DROPOUT) && contract_layer_param(c, l, 0) > 0.99)
            return 1;
        if (kind != PYBP_LAYER_DENSE && kind != PYBP_LAYER_EMBEDDING && contract_layer_n_out(c, l) == 1 &&
            (kind == PYBP_LAYER_RMS_NORM || kind == PYBP_LAYER_LAYER_NORM))
            return 1; /* a step of the sign */
    }
    return 0;
}

static void check_case(const contract_case *c, problem *all)
{
    contract_data data;
    const pybp_net_desc desc = {c->dtype, c->n_in, c->n_layers, c->layers, c->seed};
    const size_t rows = c->rows < MAX_ROWS ? c->rows : MAX_ROWS;
    problem p = {.c = c, .threads = 1};
    if (!contract_data_make(c, &data))
        abort();
    p.net = net_of(desc);
    p.inputs = data.x;
    p.x = doubles(data.x, rows, c->n_in);
    p.weights = data.weights;
    p.y = data.labels ? (pybp_targets){.labels = data.labels}
                      : (pybp_targets){.values = doubles(data.y, rows, contract_n_out(c))};
    for (int how = 0; how <= PYBP_TRAINING; how += PYBP_TRAINING) {
        for (int k = 0; k < 3; k++) /* so that running statistics are not those of a new net */
            OK(pybp_forward(p.net, &p.x, PYBP_TRAINING, NULL, 1));
        p.how = how;
        check(&p);
    }
    all->worst = p.worst > all->worst ? p.worst : all->worst;
    all->compared += p.compared;
    all->kinks += p.kinks;
    pybp_net_free(p.net);
    contract_data_free(&data);
}

int main(void)
{
    size_t n = 0;
    problem all = {0};
    static const struct {
        size_t (*n)(void);
        void (*get)(size_t i, contract_case *c);
    } groups[] = {
        {contract_n_kind_cases, contract_kind_case},
        {contract_n_layer_cases, contract_layer_case},
        {contract_n_table_cases, contract_table_case},
    };
    for (size_t group = 0; group < sizeof groups / sizeof *groups; group++)
        for (size_t i = 0; i < groups[group].n(); i++) {
            contract_case c = {.dtype = PYBP_FLOAT64};
            groups[group].get(i, &c);
            if (unfit(&c))
                continue;
            check_case(&c, &all);
            n++;
        }
    printf("%zu nets, %zu derivatives and %zu at kinks; largest error %.2g of 1 + the derivative\n", n, all.compared,
           all.kinks, all.worst);
    CHECK(n > 130 && all.compared > 40000 && all.kinks < all.compared / 200);
    return check_report();
}
