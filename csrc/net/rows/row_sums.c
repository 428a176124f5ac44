#include "net/rows/row_sums.h"

typedef struct terms {
    const double *losses; /* or NULL */
    const pybp_source *source;
    size_t first;
} terms;

static double weight_of(const terms *t, size_t r)
{
    return t->source->weights[pybp_source_row(t->source, t->first + r)];
}

static double add_loss(double chain, const void *ctx, size_t r)
{
    return chain + ((const terms *)ctx)->losses[r];
}

static double add_weighted_loss(double chain, const void *ctx, size_t r)
{
    const terms *t = ctx;
    return __builtin_fma(weight_of(t, r), t->losses[r], chain);
}

static double add_weight(double chain, const void *ctx, size_t r)
{
    return chain + weight_of(ctx, r);
}

double pybp_sum_losses(const double *losses, const pybp_source *source, size_t first, size_t n)
{
    const terms t = {losses, source, first};
    return source->weights == NULL ? pybp_sum_rows(n, add_loss, &t) : pybp_sum_rows(n, add_weighted_loss, &t);
}

double pybp_sum_weights(const pybp_source *source, size_t first, size_t n)
{
    const terms t = {NULL, source, first};
    return source->weights == NULL ? (double)n : pybp_sum_rows(n, add_weight, &t);
}
