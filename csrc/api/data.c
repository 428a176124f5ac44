#include "api/data.h"

#include "base/fpenv.h"
#include "base/status.h"
#include "dispatch/dispatch.h"

#include <math.h>

pybp_status pybp_check_aligned(const char *name, const void *buffer, size_t size)
{
    if ((uintptr_t)buffer % size != 0)
        return pybp_fail(PYBP_INVALID, "%s is not aligned to its elements", name);
    return PYBP_OK;
}

static pybp_status check_shape(const char *name, const pybp_matrix *x, size_t cols)
{
    if (x == NULL || x->data == NULL)
        return pybp_fail(PYBP_INVALID, "%s is NULL", name);
    if (x->dtype != PYBP_FLOAT32 && x->dtype != PYBP_FLOAT64)
        return pybp_fail(PYBP_INVALID, "%s has the unknown dtype %d", name, (int)x->dtype);
    if (x->rows == 0)
        return pybp_fail(PYBP_SHAPE, "%s has no rows", name);
    if (x->cols != cols)
        return pybp_fail(PYBP_SHAPE, "%s has %zu columns, expected %zu", name, x->cols, cols);
    return pybp_check_aligned(name, x->data, pybp_element_size(x->dtype));
}

pybp_status pybp_check_matrix(const char *name, const pybp_matrix *x, size_t cols)
{
    size_t bytes;
    const pybp_status status = check_shape(name, x, cols);
    if (status != PYBP_OK)
        return status;
    if (x->indptr != NULL)
        return pybp_fail(PYBP_INVALID, "%s is sparse; only inputs may be", name);
    const size_t size = pybp_element_size(x->dtype), to_next = (size_t)x->row_stride;
    const size_t stride = x->row_stride < 0 ? 0 - to_next : to_next; /* -PTRDIFF_MIN would overflow */
    if (stride % size != 0)
        return pybp_fail(PYBP_INVALID, "%s has rows that are not aligned to their elements", name);
    if (!pybp_mul_size(x->rows, stride, &bytes) || bytes > PTRDIFF_MAX)
        return pybp_fail(PYBP_SHAPE, "%s is larger than memory", name);
    return PYBP_OK;
}

/* Whether the columns at places begin ... end - 1 ascend strictly and are the matrix's. */
static bool columns_fit(const pybp_matrix *x, int64_t begin, int64_t end)
{
    int64_t before = -1;
    for (int64_t i = begin; i < end; i++) {
        const int64_t column = pybp_sparse_index(x, x->indices, (size_t)i);
        if (column <= before || (uint64_t)column >= x->cols)
            return false;
        before = column;
    }
    return true;
}

static pybp_status check_sparse(const char *name, const pybp_matrix *x)
{
    const size_t size = x->wide ? sizeof(int64_t) : sizeof(int32_t);
    if (x->indices == NULL)
        return pybp_fail(PYBP_INVALID, "%s has no indices", name);
    if ((uintptr_t)x->indptr % size != 0 || (uintptr_t)x->indices % size != 0)
        return pybp_fail(PYBP_INVALID, "%s has indices that are not aligned", name);
    for (size_t r = 0; r < x->rows; r++) {
        const int64_t begin = pybp_sparse_index(x, x->indptr, r), end = pybp_sparse_index(x, x->indptr, r + 1);
        if (begin < 0 || end < begin || (uint64_t)end > x->n_values)
            return pybp_fail(PYBP_INVALID, "%s: row %zu has the places %lld to %lld of %zu values", name, r,
                             (long long)begin, (long long)end, x->n_values);
        if (!columns_fit(x, begin, end))
            return pybp_fail(PYBP_INVALID, "%s: the columns of row %zu do not ascend within 0 to %zu", name, r,
                             x->cols - 1);
    }
    return PYBP_OK;
}

pybp_status pybp_check_input(const char *name, const pybp_matrix *x, size_t cols)
{
    if (x == NULL || x->indptr == NULL)
        return pybp_check_matrix(name, x, cols);
    const pybp_status status = check_shape(name, x, cols);
    return status == PYBP_OK ? check_sparse(name, x) : status;
}

static double value_at(const pybp_matrix *x, const void *values, size_t i)
{
    return x->dtype == PYBP_FLOAT32 ? (double)((const float *)values)[i] : ((const double *)values)[i];
}

static double number_at(const pybp_matrix *x, size_t row, size_t col)
{
    if (x->indptr == NULL)
        return value_at(x, (const char *)x->data + (ptrdiff_t)row * x->row_stride, col);
    const size_t end = (size_t)pybp_sparse_index(x, x->indptr, row + 1);
    for (size_t i = (size_t)pybp_sparse_index(x, x->indptr, row); i < end; i++)
        if ((size_t)pybp_sparse_index(x, x->indices, i) == col)
            return value_at(x, x->data, i);
    return 0;
}

pybp_status pybp_check_rows(const pybp_net *net, const pybp_matrix *x)
{
    const pybp_status status = pybp_check_input("x", x, net->n_in);
    for (size_t e = 0; e < net->n_embeddings && status == PYBP_OK; e++) {
        const pybp_layer_desc *of = &net->layers[e].desc;
        for (size_t r = 0; r < x->rows; r++) {
            const double v = number_at(x, r, of->column);
            if (!(v >= 0 && v < (double)of->n_categories) || v != (double)(size_t)v)
                return pybp_fail(PYBP_INVALID, "x holds %g in row %zu, column %zu: expected a category, 0 to %zu", v, r,
                                 of->column, of->n_categories - 1);
        }
    }
    return status;
}

pybp_status pybp_check_batch(const pybp_net *net, size_t rows)
{
    if (rows == 1 && net->batch_coupled)
        return pybp_fail(PYBP_INVALID, "a minibatch has 1 row; batch norm needs 2 at least");
    return PYBP_OK;
}

static pybp_status check_labels(const int32_t *labels, size_t rows, size_t classes)
{
    const pybp_status status = pybp_check_aligned("labels", labels, sizeof *labels);
    for (size_t r = 0; r < rows && status == PYBP_OK; r++)
        if (labels[r] < 0 || (size_t)labels[r] >= classes)
            return pybp_fail(PYBP_INVALID, "label %d in row %zu: expected 0 to %zu", (int)labels[r], r, classes - 1);
    return status;
}

pybp_status pybp_check_targets(const pybp_net *net, const pybp_targets *y, size_t rows, const pybp_loss_spec *loss)
{
    const size_t n_out = pybp_net_n_out(net), n_targets = n_out / pybp_loss_per_target(loss);
    pybp_status status;
    if (y == NULL)
        return pybp_fail(PYBP_INVALID, "y is NULL");
    if (y->labels != NULL) {
        if (loss->kind != PYBP_LOSS_CROSS_ENTROPY)
            return pybp_fail(PYBP_INVALID, "class indices go with cross_entropy only");
        return check_labels(y->labels, rows, n_out);
    }
    if ((status = pybp_check_matrix("y", &y->values, n_targets)) != PYBP_OK)
        return status;
    if (y->values.rows != rows)
        return pybp_fail(PYBP_SHAPE, "y has %zu rows, x has %zu", y->values.rows, rows);
    return PYBP_OK;
}

pybp_status pybp_check_weights(const double *weights, size_t rows)
{
    double sum = 0;
    if (weights == NULL)
        return PYBP_OK;
    const pybp_status status = pybp_check_aligned("weights", weights, sizeof *weights);
    if (status != PYBP_OK)
        return status;
    for (size_t r = 0; r < rows; r++) {
        if (!(weights[r] >= 0) || !isfinite(weights[r]))
            return pybp_fail(PYBP_INVALID, "weight %g in row %zu: expected a finite number >= 0", weights[r], r);
        sum += weights[r];
    }
    if (!(sum > 0) || !isfinite(sum))
        return pybp_fail(PYBP_INVALID, "the weights sum to %g", sum);
    return PYBP_OK;
}

static pybp_status check_param(const char *name, const pybp_param_info *p, double value, pybp_dtype dtype)
{
    const double v = dtype == PYBP_FLOAT32 ? (double)(float)value : value;
    const int low = p->low_open ? v > p->low : v >= p->low, high = p->high_open ? v < p->high : v <= p->high;
    if (low && high)
        return PYBP_OK;
    return pybp_fail(PYBP_INVALID, "%s: %s = %g in the net's dtype, expected %s%g, %g%s", name, p->name, v,
                     p->low_open ? "(" : "[", p->low, p->high, p->high_open ? ")" : "]");
}

pybp_status pybp_check_params(const char *name, const pybp_row *row, const double *params, pybp_dtype dtype)
{
    pybp_status status = PYBP_OK;
    for (int i = 0; i < row->n_params && status == PYBP_OK; i++)
        status = check_param(name, &row->params[i], params[i], dtype);
    return status;
}

/* The numbers of outputs and of values in a list fit each other. */
static pybp_status check_list(const pybp_net *net, const pybp_row *row, const pybp_loss_spec *loss)
{
    const size_t n = (size_t)loss->n_params, n_out = pybp_net_n_out(net);
    if (loss->kind == PYBP_LOSS_BINARY_CROSS_ENTROPY && n != 1 && n != n_out)
        return pybp_fail(PYBP_SHAPE, "%s: %zu values of pos_weight, expected 1 or %zu (outputs)", row->name, n, n_out);
    if (n_out % pybp_loss_per_target(loss) != 0)
        return pybp_fail(PYBP_SHAPE, "%s: %zu outputs, expected a multiple of %zu (quantiles)", row->name, n_out, n);
    return PYBP_OK;
}

static pybp_status fill_loss(const pybp_net *net, const pybp_loss_spec *loss, pybp_loss_spec *full)
{
    pybp_row row;
    pybp_registry_row(PYBP_REGISTRY_LOSSES, (int)loss->kind, &row);
    const int list = row.n_params > 0 && row.params[row.n_params - 1].list;
    const int most = list ? PYBP_MAX_LOSS_PARAMS : row.n_params;
    if (loss->n_params < 0 || loss->n_params > most)
        return pybp_fail(PYBP_INVALID, "%s: %d parameters, expected 0 to %d", row.name, loss->n_params, most);
    *full = *loss;
    for (; full->n_params < row.n_params; full->n_params++)
        full->params[full->n_params] = row.params[full->n_params].value;
    pybp_status status = pybp_check_params(row.name, &row, full->params, net->dtype);
    for (int i = row.n_params; i < full->n_params && status == PYBP_OK; i++) /* the list goes on */
        status = check_param(row.name, &row.params[row.n_params - 1], full->params[i], net->dtype);
    return status == PYBP_OK ? check_list(net, &row, full) : status;
}

pybp_status pybp_check_loss(const pybp_net *net, const pybp_loss_spec *loss, pybp_reduction reduction,
                            pybp_loss_spec *full)
{
    const pybp_activation output = net->layers[net->n_layers - 1].desc.activation;
    if (loss == NULL)
        return pybp_fail(PYBP_INVALID, "loss is NULL");
    if ((unsigned)loss->kind >= PYBP_N_LOSSES)
        return pybp_fail(PYBP_INVALID, "no loss %d", (int)loss->kind);
    if (reduction != PYBP_MEAN && reduction != PYBP_SUM)
        return pybp_fail(PYBP_INVALID, "no reduction %d", (int)reduction);
    const int link = pybp_loss_link(loss->kind);
    if (link >= 0 && link != (int)output)
        return pybp_fail(PYBP_INVALID, "this loss needs a %s output",
                         link == PYBP_ACTIVATION_SOFTMAX ? "softmax" : "sigmoid");
    return fill_loss(net, loss, full);
}

pybp_status pybp_check_optimizer(const pybp_net *net, const pybp_optimizer *o)
{
    pybp_row row;
    if (o == NULL || (unsigned)o->kind >= PYBP_N_OPTIMIZERS)
        return pybp_fail(PYBP_INVALID, "no such optimizer");
    pybp_registry_row(PYBP_REGISTRY_OPTIMIZERS, (int)o->kind, &row);
    const pybp_status status = pybp_check_params(row.label, &row, o->params, net->dtype);
    if (status != PYBP_OK)
        return status;
    if (o->kind == PYBP_OPTIMIZER_SGD && o->params[1] != 0 && o->params[0] == 0)
        return pybp_fail(PYBP_INVALID, "SGD: nesterov needs a momentum above 0");
    if (o->kind == PYBP_OPTIMIZER_RPROP && !(o->params[2] <= o->params[3]))
        return pybp_fail(PYBP_INVALID, "Rprop: step_min = %g is above step_max = %g", o->params[2], o->params[3]);
    if (!(o->clip_norm >= 0) || !isfinite(o->clip_norm) || !(o->clip_value >= 0) || !isfinite(o->clip_value))
        return pybp_fail(PYBP_INVALID, "clip_norm = %g, clip_value = %g: expected finite numbers >= 0", o->clip_norm,
                         o->clip_value);
    if (!(o->bias_lr_factor >= 0) || !isfinite(o->bias_lr_factor))
        return pybp_fail(PYBP_INVALID, "bias_lr_factor = %g: expected a finite number >= 0", o->bias_lr_factor);
    return PYBP_OK;
}

pybp_status pybp_check_rates(const double *lr, size_t n)
{
    if (lr == NULL || n == 0)
        return pybp_fail(PYBP_INVALID, "no learning rate");
    for (size_t i = 0; i < n; i++)
        if (!(lr[i] >= 0) || !isfinite(lr[i]))
            return pybp_fail(PYBP_INVALID, "learning rate %g of step %zu: expected a finite number >= 0", lr[i], i);
    return PYBP_OK;
}

/* The smallest magnitude that T cannot hold after rounding. Between FLT_MAX and half a unit above it floats
 * round down to FLT_MAX. */
static double first_infinite(pybp_dtype from, pybp_dtype as)
{
    return from == PYBP_FLOAT64 && as == PYBP_FLOAT32 ? 0x1.ffffffp127 : HUGE_VAL;
}

/* A search for values that are not finite, or beyond the limit. */
typedef struct search {
    const pybp_matrix *x;
    const pybp_kernels *k; /* of its dtype */
    double limit;
} search;

/* In a loop that compilers make one of vectors. */
static bool all_below(const double *values, size_t n, double limit)
{
    size_t good = 1;
    for (size_t i = 0; i < n; i++)
        good &= fabs(values[i]) < limit;
    return good;
}

/* The first of n values that is bad; n if there is none. */
static size_t first_bad(const search *s, const void *values, size_t n)
{
    const float *f = values;
    const double *d = values;
    size_t c = 0;
    if (s->limit == HUGE_VAL ? s->k->finite(n, values) : all_below(d, n, s->limit))
        return n;
    if (s->x->dtype == PYBP_FLOAT32)
        while (c < n && isfinite(f[c]))
            c++;
    else
        while (c < n && fabs(d[c]) < s->limit)
            c++;
    return c;
}

/* The column of a row's first bad value, or x->cols. */
static size_t bad_column(const search *s, size_t r)
{
    const pybp_matrix *x = s->x;
    const char *data = x->data;
    if (x->indptr == NULL)
        return first_bad(s, data + (ptrdiff_t)r * x->row_stride, x->cols);
    const size_t begin = (size_t)pybp_sparse_index(x, x->indptr, r);
    const size_t n = (size_t)pybp_sparse_index(x, x->indptr, r + 1) - begin;
    const size_t at = first_bad(s, data + begin * pybp_element_size(x->dtype), n);
    return at == n ? x->cols : (size_t)pybp_sparse_index(x, x->indices, begin + at);
}

/* The first bad value, row by row; rows that lie behind each other are one. */
static bool find_bad(const search *s, size_t *row, size_t *col)
{
    const pybp_matrix *x = s->x;
    if (x->indptr == NULL && x->row_stride == (ptrdiff_t)pybp_row_bytes(x)) {
        const size_t n = x->rows * x->cols, at = first_bad(s, x->data, n);
        *row = at / x->cols;
        *col = at % x->cols;
        return at < n;
    }
    for (*row = 0; *row < x->rows; ++*row)
        if ((*col = bad_column(s, *row)) < x->cols)
            return true;
    return false;
}

pybp_status pybp_matrix_check(const pybp_matrix *x, pybp_dtype as, size_t *row, size_t *col)
{
    if (x == NULL || row == NULL || col == NULL)
        return pybp_fail(PYBP_INVALID, "an argument is NULL");
    if (as != PYBP_FLOAT32 && as != PYBP_FLOAT64)
        return pybp_fail(PYBP_INVALID, "no dtype %d", (int)as);
    if (x->rows == 0 || x->cols == 0)
        return PYBP_OK;
    const pybp_status status = pybp_check_input("x", x, x->cols);
    if (status != PYBP_OK)
        return status;
    size_t r = 0, c = 0;
    const search s = {x, pybp_dispatch(x->dtype), first_infinite(x->dtype, as)};
    const pybp_fpenv env = pybp_fpenv_enter();
    const bool bad = find_bad(&s, &r, &c);
    pybp_fpenv_leave(env);
    if (bad) {
        *row = r;
        *col = c;
        return pybp_fail(PYBP_NOT_FINITE, "NaN or infinity in row %zu, column %zu", r, c);
    }
    return PYBP_OK;
}
