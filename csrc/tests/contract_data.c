/* The data of a contract case: contract_cases.h says what they are made of. */
#include "contract_cases.h"

#include <stdlib.h>
#include <string.h>

static uint64_t mix(uint64_t z)
{
    z += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

uint64_t contract_hash(uint64_t seed, uint64_t kind, uint64_t index)
{
    return mix(mix(mix(seed) ^ kind) ^ index);
}

enum { KIND_X = 16, KIND_Y, KIND_LABEL, KIND_WEIGHT, KIND_CATEGORY }; /* the hash's `kind` */

/* In [-1, 1), exact. */
static double symmetric(const contract_case *c, uint64_t kind, uint64_t index)
{
    uint64_t h = contract_hash(c->data_seed, kind, index);
    if (c->wide)
        return (double)((int64_t)(h >> 11) - ((int64_t)1 << 52)) * 0x1p-52;
    return (double)((int64_t)(h >> 43) - ((int64_t)1 << 20)) * 0x1p-20;
}

/* Exact, so that a matrix of float can carry it. */
static double as_data(const contract_case *c, double value)
{
    return c->data_dtype == PYBP_FLOAT32 ? (double)(float)value : value;
}

static double sample_weight(const contract_case *c, uint64_t row)
{
    uint64_t h = contract_hash(c->data_seed, KIND_WEIGHT, row);
    if (row >= c->batch && row < c->batch + c->weightless)
        return 0.0;
    return h % 8 == 0 && row != 0 ? 0.0 : 0.25 + (double)(h >> 12) * 0x1p-52;
}

/* from / (1 + s fall) for each step s, NULL if `from` is 0. Of the few numbers none is missed. */
static double *falling(const contract_case *c, double from, size_t n)
{
    double *rates = from > 0.0 ? malloc(n * sizeof *rates) : NULL;
    for (size_t s = 0; rates && s < n; s++) {
        double by = (double)s * c->fall;
        rates[s] = from / (1.0 + by);
    }
    return rates;
}

int contract_data_make(const contract_case *c, contract_data *data)
{
    size_t n_out = contract_n_out(c), n_targets = contract_n_targets(c);
    double x_scale = 1.0;
    for (int e = 0; e < abs(c->x_exponent); e++)
        x_scale *= c->x_exponent < 0 ? 0.5 : 2.0;

    *data = (contract_data){.n_lr = c->lr_drop != 0.0 || c->fall != 0.0 ? contract_n_steps(c) : 1};
    data->x = malloc(c->rows * c->n_in * sizeof *data->x);
    data->y = c->labels ? NULL : malloc(c->rows * n_targets * sizeof *data->y);
    data->labels = c->labels ? malloc(c->rows * sizeof *data->labels) : NULL;
    data->weights = c->weighted ? malloc(c->rows * sizeof *data->weights) : NULL;
    data->lr = malloc(data->n_lr * sizeof *data->lr);
    if (!data->x || (c->labels ? !data->labels : !data->y) || (c->weighted && !data->weights) || !data->lr) {
        contract_data_free(data);
        return 0;
    }

    for (size_t k = 0; k < c->rows * c->n_in; k++) {
        size_t categories = contract_categories(c, k % c->n_in);
        data->x[k] = categories ? (double)(contract_hash(c->data_seed, KIND_CATEGORY, k) % categories)
                                : as_data(c, symmetric(c, KIND_X, k) * x_scale);
    }
    for (size_t k = 0; data->y && k < c->rows * n_targets; k++)
        data->y[k] = as_data(c, contract_target(c, symmetric(c, KIND_Y, k)));
    for (size_t r = 0; data->labels && r < c->rows; r++)
        data->labels[r] = (int32_t)(contract_hash(c->data_seed, KIND_LABEL, r) % n_out);
    for (size_t r = 0; data->weights && r < c->rows; r++)
        data->weights[r] = sample_weight(c, r);
    for (size_t s = 0; s < data->n_lr; s++) {
        double drop = (double)s * c->lr_drop;
        data->lr[s] = c->lr / (1.0 + drop);
    }
    data->weight_decay = falling(c, c->decay_by_step, data->n_lr);
    data->dropout = falling(c, c->dropout_by_step, data->n_lr);
    return 1;
}

void contract_data_free(contract_data *data)
{
    free(data->x);
    free(data->y);
    free(data->labels);
    free(data->weights);
    free(data->lr);
    free(data->weight_decay);
    free(data->dropout);
    memset(data, 0, sizeof *data);
}
