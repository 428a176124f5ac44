/* Entry point: looking for NaN and infinity in a matrix. */
#include "api/check_data.h"
#include "base/fpenv.h"
#include "base/status.h"
#include "dispatch/dispatch.h"

#include <math.h>

/* The smallest magnitude that becomes infinite in dtype `as`. Values less than half a unit above FLT_MAX round down to
 * FLT_MAX. */
static double first_infinite(pybp_dtype from, pybp_dtype as)
{
    return from == PYBP_FLOAT64 && as == PYBP_FLOAT32 ? 0x1.ffffffp127 : HUGE_VAL;
}

/* A search for bad values: NaN, or a magnitude not below the limit. */
typedef struct search {
    const pybp_matrix *x;
    const pybp_kernels *k; /* of its dtype */
    double limit;
} search;

/* A loop that compilers vectorise. */
static bool all_below(const double *values, size_t n, double limit)
{
    size_t good = 1;
    for (size_t i = 0; i < n; i++)
        good &= fabs(values[i]) < limit;
    return good;
}

/* The index of the first bad one of n values; n if there is none. */
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
    size_t begin, end;
    pybp_sparse_row(x, r, &begin, &end);
    const size_t at = first_bad(s, data + begin * pybp_element_size(x->dtype), end - begin);
    return at == end - begin ? x->cols : (size_t)pybp_sparse_index(x, x->indices, begin + at);
}

/* The first bad value, row by row; rows without gaps between them are searched as one. */
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
