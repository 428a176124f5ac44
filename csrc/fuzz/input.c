#include "input.h"

#include <math.h>
#include <stdlib.h>

size_t any_size(input *in, unsigned most)
{
    static const size_t extremes[] = {0, SIZE_MAX, SIZE_MAX / 2, (size_t)1 << 62, ((size_t)1 << 58) + 1, SIZE_MAX - 63};
    if (seldom(in, 32))
        return extremes[pick(in, sizeof extremes / sizeof *extremes)];
    return 1 + pick(in, most);
}

double any_real(input *in)
{
    static const double usual[] = {0, 1, 0.5, 0.1, 0.9, 0.999, 1e-3, 2, 3, 1e-8};
    static const double extremes[] = {-1, -0.0, HUGE_VAL, -HUGE_VAL, 1e300, -1e300, 1e38, 1e-300, 5e-324, 4294967296.0,
                                      9007199254740993.0, 1.0000000000000002};
    if (!seldom(in, 12))
        return usual[pick(in, sizeof usual / sizeof *usual)];
    const unsigned i = pick(in, 1 + sizeof extremes / sizeof *extremes);
    return i == 0 ? NAN : extremes[i - 1];
}

int any_row(input *in, int n)
{
    return seldom(in, 40) ? ((int)pick(in, 255) - 127) * 16843009 : (int)pick(in, (unsigned)n);
}

/* ---- memory ---- */

void *buffer(input *in, size_t bytes)
{
    void *memory = malloc(bytes > 0 ? bytes : 1);
    if (memory == NULL)
        abort();
    return in->buffers[in->n_buffers++] = memory;
}

void release_buffers(input *in)
{
    for (size_t i = 0; i < in->n_buffers; i++)
        free(in->buffers[i]);
    in->n_buffers = 0;
}

/* From a few bytes, so that much data needs no long input. */
static double next_value(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (double)(int32_t)*state * 0x1p-30;
}

void *values(input *in, size_t n, pybp_dtype dtype)
{
    const size_t size = dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    const double scale = seldom(in, 8) ? any_real(in) : 1;
    const size_t strange = seldom(in, 8) && n > 0 ? (size_t)pick(in, 256) % n : SIZE_MAX;
    void *memory = buffer(in, n * size);
    uint32_t state = pick(in, 256) + 1;
    for (size_t i = 0; i < n; i++) {
        const double value = i == strange ? any_real(in) : scale * next_value(&state);
        if (dtype == PYBP_FLOAT32)
            ((float *)memory)[i] = (float)value;
        else
            ((double *)memory)[i] = value;
    }
    return memory;
}

double *doubles(input *in, size_t n)
{
    double *memory = values(in, n, PYBP_FLOAT64);
    const unsigned kind = pick(in, 4); /* as sample weights: 0 and 1, or positive, or only the last one, or as they are */
    for (size_t i = 0; i < n && kind < 3; i++)
        memory[i] = kind == 0 ? memory[i] > 0 : kind == 1 ? fabs(memory[i]) : i + 1 == n;
    return memory;
}

/* ---- matrices ---- */

pybp_matrix any_matrix(input *in, size_t rows, size_t cols)
{
    const pybp_dtype dtype = pick(in, 2) == 0 ? PYBP_FLOAT32 : PYBP_FLOAT64;
    const size_t size = dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double), gap = seldom(in, 4) ? pick(in, 9) : 0;
    pybp_matrix x = {.rows = rows, .cols = cols, .dtype = dtype, .row_stride = (ptrdiff_t)((cols + gap) * size)};
    const char *memory = values(in, rows * (cols + gap), dtype);
    x.data = memory;
    if (seldom(in, 6)) { /* from the last row to the first */
        x.data = memory + (rows > 0 ? rows - 1 : 0) * (size_t)x.row_stride;
        x.row_stride = -x.row_stride;
    } else if (seldom(in, 12)) {
        x.row_stride = 0;
    } else if (seldom(in, 24)) {
        x.data = memory + 1; /* refused before it is read */
    }
    return x;
}

static void set_index(void *at, size_t i, int64_t value, int wide)
{
    if (wide)
        ((int64_t *)at)[i] = value;
    else
        ((int32_t *)at)[i] = (int32_t)value;
}

pybp_matrix any_sparse(input *in, size_t rows, size_t cols)
{
    static const int64_t strange[] = {-1, INT32_MAX, INT64_MAX, INT64_MIN, 1 << 20, 7};
    pybp_matrix x = {.rows = rows, .cols = cols, .dtype = pick(in, 2) == 0 ? PYBP_FLOAT32 : PYBP_FLOAT64};
    const size_t each = cols / (1 + pick(in, 4)), size = pick(in, 2) == 0 ? sizeof(int32_t) : sizeof(int64_t);
    x.wide = size == sizeof(int64_t);
    x.n_values = rows * each;
    void *indptr = buffer(in, (rows + 1) * size), *indices = buffer(in, x.n_values * size);
    for (size_t r = 0; r <= rows; r++)
        set_index(indptr, r, (int64_t)(r * each), x.wide);
    for (size_t i = 0; i < x.n_values; i++)
        set_index(indices, i, (int64_t)(i % each * (cols / each)), x.wide);
    if (seldom(in, 8))
        set_index(indptr, pick(in, 256) % (rows + 1), strange[pick(in, 6)], x.wide);
    if (seldom(in, 8) && x.n_values > 0)
        set_index(indices, pick(in, 256) % x.n_values, strange[pick(in, 6)], x.wide);
    x.indptr = indptr, x.indices = indices, x.data = values(in, x.n_values, x.dtype);
    return x;
}

pybp_matrix any_inputs(input *in, size_t rows, size_t cols, size_t category)
{
    if (seldom(in, 3))
        return any_sparse(in, rows, cols);
    pybp_matrix x = any_matrix(in, rows, cols);
    const size_t size = x.dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double);
    if (category >= cols || (uintptr_t)x.data % size != 0 || seldom(in, 16))
        return x;
    for (size_t r = 0; r < rows; r++) {
        char *row = (char *)(uintptr_t)x.data + (ptrdiff_t)r * x.row_stride;
        if (x.dtype == PYBP_FLOAT32)
            ((float *)(void *)row)[category] = (float)(r % 2);
        else
            ((double *)(void *)row)[category] = (double)(r % 2);
    }
    return x;
}
