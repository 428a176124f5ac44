/* Entry point: an activation and its derivative, of numbers in plain arrays. */
#include "api/check_data.h"
#include "api/check_options.h"
#include "api/entry.h"
#include "base/memory.h"
#include "dispatch/dispatch.h"
#include "net/model/layout.h"

#include <string.h>

#define LINES 64u /* of elements, or of a panel's rows, that are computed at once */

typedef struct request {
    const pybp_kernels *k;
    pybp_activation kind;
    _Alignas(8) char params[8 * PYBP_MAX_ACTIVATION_PARAMS]; /* T */
    size_t rows, cols;
    const char *z;
    char *a, *derivative; /* or NULL */
} request;

/* ---- one element at a time --------------------------------------------------------------- */

static void activate_elements(const request *of)
{
    const pybp_kernels *k = of->k;
    _Alignas(PYBP_LINE) char z[LINES * PYBP_LINE] = {0}, a[LINES * PYBP_LINE], slope[LINES * PYBP_LINE];
    _Alignas(PYBP_LINE) char ones[LINES * PYBP_LINE];
    for (size_t i = 0; i < LINES * k->panel; i++)
        k->set(ones + i * k->size, 1.0);
    const size_t all = of->rows * of->cols * k->size;
    for (size_t done = 0; done < all; done += sizeof a) {
        const size_t bytes = all - done < sizeof a ? all - done : sizeof a, lines = (bytes + PYBP_LINE - 1) / PYBP_LINE;
        memcpy(z, of->z + done, bytes);
        k->flush(lines * k->panel, z);
        memcpy(a, z, sizeof a);
        k->activate[of->kind](lines, k->panel, of->params, a);
        if (of->derivative != NULL) {
            memcpy(slope, ones, sizeof slope); /* dL/da = 1, so that dL/dz = f'(z) */
            k->derive[of->kind](lines, k->panel, of->params, pybp_activation_reads_z(of->kind) ? z : a, slope);
            memcpy(of->derivative + done, slope, bytes);
        }
        if (of->a != NULL)
            memcpy(of->a + done, a, bytes);
    }
}

/* ---- one row at a time ------------------------------------------------------------------- */

/* Row j of a row's Jacobian is what goes back to z from a gradient that is 1 at output j. */
static void derive_row(const request *of, pybp_panels a, pybp_panels gradient, size_t panels, char *out)
{
    const pybp_kernels *k = of->k;
    for (size_t j = 0; j < of->cols; j++) {
        memset(gradient.at, 0, panels * gradient.stride * PYBP_LINE);
        k->set(gradient.at + j / k->panel * gradient.stride * PYBP_LINE + j % k->panel * k->size, 1.0);
        k->derive_rows[of->kind](1, of->cols, a, gradient);
        k->scatter(gradient, 1, of->cols, out + j * of->cols * k->size);
    }
}

static pybp_status activate_rows(const request *of)
{
    const pybp_kernels *k = of->k;
    const size_t panels = (of->cols - 1) / k->panel + 1, row = of->cols * k->size;
    const pybp_matrix z = {.data = of->z, .rows = of->rows, .cols = of->cols, .row_stride = (ptrdiff_t)row,
                           .dtype = k->size == sizeof(float) ? PYBP_FLOAT32 : PYBP_FLOAT64};
    char *memory = pybp_alloc_array(panels, (LINES + 2) * PYBP_LINE);
    if (memory == NULL)
        return pybp_fail(PYBP_NO_MEMORY, "no memory for rows of %zu elements", of->cols);
    const pybp_panels a = {memory, LINES + 1}, gradient = {memory + panels * a.stride * PYBP_LINE, 1};
    for (size_t first = 0; first < of->rows; first += LINES) {
        const size_t n = of->rows - first < LINES ? of->rows - first : LINES;
        k->gather(&z, NULL, first, n, a);
        k->activate_rows[of->kind](n, of->cols, a);
        if (of->a != NULL)
            k->scatter(a, n, of->cols, of->a + first * row);
        for (size_t r = 0; of->derivative != NULL && r < n; r++)
            derive_row(of, (pybp_panels){a.at + r * PYBP_LINE, a.stride}, gradient, panels,
                       of->derivative + (first + r) * of->cols * row);
    }
    pybp_free(memory);
    return PYBP_OK;
}

/* ---- the entry point ------------------------------------------------------------------------ */

static pybp_status check_arguments(pybp_activation activation, const double *params, pybp_dtype dtype, size_t rows,
                                   size_t cols, const void *z, void *a, void *derivative)
{
    pybp_row row;
    size_t elements;
    if (dtype != PYBP_FLOAT32 && dtype != PYBP_FLOAT64)
        return pybp_fail(PYBP_INVALID, "no dtype %d", (int)dtype);
    if (pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, (int)activation, &row) != PYBP_OK)
        return pybp_fail(PYBP_INVALID, "no activation %d", (int)activation);
    CHECK_POINTERS(z != NULL && (params != NULL || row.n_params == 0));
    if (cols == 0 || !pybp_mul_size(rows, cols, &elements) || elements > PTRDIFF_MAX / sizeof(double))
        return pybp_fail(PYBP_SHAPE, "%zu rows of %zu elements are not possible", rows, cols);
    CHECK(pybp_check_params(row.name, &row, params, dtype));
    CHECK(pybp_check_aligned("z", z, pybp_element_size(dtype)));
    CHECK(pybp_check_aligned("a", a, pybp_element_size(dtype)));
    return pybp_check_aligned("derivative", derivative, pybp_element_size(dtype));
}

pybp_status pybp_activate(pybp_activation activation, const double *params, pybp_dtype dtype, size_t rows, size_t cols,
                          const void *z, void *a, void *derivative)
{
    CHECK(check_arguments(activation, params, dtype, rows, cols, z, a, derivative));
    request job = {.k = pybp_dispatch(dtype), .kind = activation, .rows = rows, .cols = cols, .z = z, .a = a,
               .derivative = derivative};
    pybp_row row;
    pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, (int)activation, &row);
    const pybp_fpenv env = pybp_fpenv_enter();
    job.k->narrow((size_t)row.n_params, params, job.params);
    pybp_status status = PYBP_OK;
    if (job.k->activate[activation] != NULL)
        activate_elements(&job);
    else
        status = activate_rows(&job);
    pybp_fpenv_leave(env);
    return status;
}
