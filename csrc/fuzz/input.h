/* A fuzzer's bytes as arguments: mostly such as work, sometimes such as no program should give. */
#ifndef PYBP_FUZZ_INPUT_H
#define PYBP_FUZZ_INPUT_H

#include "pybp.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct input {
    const uint8_t *at, *end; /* the bytes that are left; after the last one come zeros */
    void *buffers[256];      /* to be released with the input */
    size_t n_buffers;
} input;

/* 0 ... n - 1. */
static inline unsigned pick(input *in, unsigned n)
{
    return in->at < in->end && n > 1 ? *in->at++ % n : 0;
}

/* True once in n times, roughly; never when no bytes are left. */
static inline bool seldom(input *in, unsigned n)
{
    return pick(in, n) == n - 1;
}

static inline bool is_done(const input *in)
{
    return in->at == in->end || in->n_buffers + 32 > sizeof in->buffers / sizeof *in->buffers;
}

/* 1 ... most, seldom 0 or anything. */
size_t any_size(input *in, unsigned most);
/* One of the usual values, seldom any: huge, tiny, negative, infinite, NaN. */
double any_real(input *in);
/* A number of a registry with n rows, seldom another one. */
int any_row(input *in, int n);

/* Memory of exactly so many bytes, so that AddressSanitizer sees what lies beyond; it ends where the input does. */
void *buffer(input *in, size_t bytes);
/* n values of which few are not finite. */
void *values(input *in, size_t n, pybp_dtype dtype);
double *doubles(input *in, size_t n);
void release_buffers(input *in);

/* A matrix in memory of its own: rows apart by more than they need, backwards, or all in one place. */
pybp_matrix any_matrix(input *in, size_t rows, size_t cols);
/* The same in CSR form, with indices of 4 or 8 bytes that seldom are in order. */
pybp_matrix any_sparse(input *in, size_t rows, size_t cols);
/* One of these; category: a column that shall hold whole numbers, or SIZE_MAX. */
pybp_matrix any_inputs(input *in, size_t rows, size_t cols, size_t category);

#endif
