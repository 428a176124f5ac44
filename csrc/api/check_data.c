#include "api/check_data.h"

#include "base/status.h"
#include "net/rows/loss.h"

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
    const size_t stride = x->row_stride < 0 ? 0 - to_next : to_next; /* as size_t: -PTRDIFF_MIN would overflow */
    if (stride % size != 0)
        return pybp_fail(PYBP_INVALID, "%s has rows that are not aligned to their elements", name);
    if (!pybp_mul_size(x->rows, stride, &bytes) || bytes > PTRDIFF_MAX || x->cols > PTRDIFF_MAX / size)
        return pybp_fail(PYBP_SHAPE, "%s is larger than memory", name);
    return PYBP_OK;
}

/* Whether the columns of a row, at indices[begin] ... indices[end - 1], ascend strictly and are below x->cols. */
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

/* The value in a row and column of a dense or sparse matrix. */
static double number_at(const pybp_matrix *x, size_t row, size_t col)
{
    if (x->indptr == NULL)
        return value_at(x, (const char *)x->data + (ptrdiff_t)row * x->row_stride, col);
    size_t begin, end;
    pybp_sparse_row(x, row, &begin, &end);
    for (size_t i = begin; i < end; i++)
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
    const size_t n_out = pybp_last_layer(net)->n_out, n_targets = n_out / pybp_loss_per_target(loss);
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
