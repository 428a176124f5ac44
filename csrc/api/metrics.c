/* Metrics: core double sums, rows in the contract's chunks. */
#include "api/check_data.h"
#include "api/entry.h"
#include "net/rows/row_sums.h"

static double at(const pybp_matrix *m, size_t r, size_t c)
{
    const char *row = (const char *)m->data + (ptrdiff_t)r * m->row_stride;
    return m->dtype == PYBP_FLOAT32 ? (double)((const float *)(const void *)row)[c]
                                    : ((const double *)(const void *)row)[c];
}

/* What one row adds; `column` and `center` serve R2. */
typedef struct term {
    const pybp_matrix *target, *prediction;
    size_t column;
    double center;
} term;
typedef double term_fn(const term *t, size_t r);

static double square_of_row(const term *t, size_t r)
{
    double sum = 0;
    for (size_t c = 0; c < t->target->cols; c++) {
        const double d = at(t->prediction, r, c) - at(t->target, r, c);
        sum = sum + d * d;
    }
    return sum;
}

static double distance_of_row(const term *t, size_t r)
{
    double sum = 0;
    for (size_t c = 0; c < t->target->cols; c++) {
        const double d = at(t->prediction, r, c) - at(t->target, r, c);
        sum = sum + (d < 0 ? -d : d);
    }
    return sum;
}

static double value_of_column(const term *t, size_t r)
{
    return at(t->target, r, t->column);
}

static double residual_of_column(const term *t, size_t r)
{
    const double d = at(t->prediction, r, t->column) - at(t->target, r, t->column);
    return d * d;
}

static double spread_of_column(const term *t, size_t r)
{
    const double d = at(t->target, r, t->column) - t->center;
    return d * d;
}

typedef struct rows {
    term_fn *fn;
    const term *t;
    const double *weights; /* or NULL */
} rows;

static double add_row(double chain, const void *ctx, size_t r)
{
    const rows *of = ctx;
    return of->weights != NULL ? __builtin_fma(of->weights[r], of->fn(of->t, r), chain) : chain + of->fn(of->t, r);
}

static double sum_rows(term_fn *fn, const term *t, const double *weights)
{
    const rows of = {fn, t, weights};
    return pybp_sum_rows(t->target->rows, add_row, &of);
}

static double r2(term *t, const double *weights, double weight)
{
    double sum = 0;
    for (t->column = 0; t->column < t->target->cols; t->column++) {
        t->center = sum_rows(value_of_column, t, weights) / weight;
        const double residual = sum_rows(residual_of_column, t, weights);
        const double total = sum_rows(spread_of_column, t, weights);
        sum = sum + (total > 0 ? 1 - residual / total : residual == 0 ? 1.0 : 0.0);
    }
    return sum / (double)t->target->cols;
}

static pybp_status metric_value(pybp_metric metric, const pybp_matrix *target, const pybp_matrix *prediction,
                                const double *weights, double *value)
{
    CHECK_POINTERS(target != NULL && prediction != NULL && value != NULL);
    if (target->cols == 0)
        return pybp_fail(PYBP_SHAPE, "target has no columns");
    CHECK(pybp_check_matrix("target", target, target->cols));
    CHECK(pybp_check_matrix("prediction", prediction, target->cols));
    CHECK(pybp_check_weights(weights, target->rows));
    if (prediction->rows != target->rows)
        return pybp_fail(PYBP_SHAPE, "prediction has %zu rows, target has %zu", prediction->rows, target->rows);
    const pybp_source source = {.weights = weights};
    const double weight = pybp_sum_weights(&source, 0, target->rows), outputs = (double)target->cols;
    term t = {target, prediction, 0, 0};
    switch (metric) {
    case PYBP_METRIC_MSE:
        *value = sum_rows(square_of_row, &t, weights) / outputs / weight;
        break;
    case PYBP_METRIC_MAE:
        *value = sum_rows(distance_of_row, &t, weights) / outputs / weight;
        break;
    case PYBP_METRIC_R2:
        *value = r2(&t, weights, weight);
        break;
    default:
        return pybp_fail(PYBP_INVALID, "no metric %d", (int)metric);
    }
    return PYBP_OK;
}

pybp_status pybp_metric_value(pybp_metric metric, const pybp_matrix *target, const pybp_matrix *prediction,
                              const double *weights, double *value)
{
    const pybp_fpenv env = pybp_fpenv_enter();
    const pybp_status status = metric_value(metric, target, prediction, weights, value);
    pybp_fpenv_leave(env);
    return status;
}
