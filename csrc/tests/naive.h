/* The naive program: docs/contract.md written out, one operation after the other.
 *
 * It defines the bits that the core must give.  Row-major, one thread, plain C, and no code of the
 * core: only the enums of pybp.h and the registries.  naive.c holds all of it, in parts:
 *   naive_f32.inc.h, naive_f64.inc.h   what differs between the dtypes
 *   naive_math.inc.h                   exp, expm1, log, log1p, tanh, sigmoid, erf
 *   naive_activation.inc.h             activations of one element
 *   naive_random.inc.h                 Philox, uniform and normal deviates, shuffles
 *   naive_loss.inc.h                   losses of one output
 *   naive_net.inc.h                    sums, activations and losses of a row
 *   naive_layer.inc.h                  layers, each kind for itself
 *   naive_pass.inc.h                   forward and backward through all of them
 *   naive_options.inc.h                layers' training options
 *   naive_update.inc.h                 clipping, optimizers
 *   naive_run.inc.h                    training and the parts of a result
 * naive_split.c is the same program with one mistake, which tests of the tests want.
 *
 * Compile with -std=c11 -ffp-contract=off -fno-math-errno, and with -mfma where there is one. */
#ifndef PYBP_TESTS_NAIVE_H
#define PYBP_TESTS_NAIVE_H

#include <stddef.h>
#include <stdint.h>

#include "contract_cases.h"

/* What is kept of a run.  "Parameters" are in logical order: layer; output j; inputs i ascending,
 * then that output's bias. */
typedef enum naive_part {
    NAIVE_INITIAL,  /* parameters before training */
    NAIVE_TRACE,    /* first minibatch (unshuffled) on these, not in training: for each layer z, a, delta, back
                       (those that it has), row-major */
    NAIVE_GRADIENT, /* and its gradient, in the order of the parameters */
    NAIVE_DX,       /* dL/dx of these rows */
    NAIVE_FINAL,    /* parameters after all epochs */
    NAIVE_STATE1,   /* optimizer state, in the order of the parameters; empty if there is none */
    NAIVE_STATE2,
    NAIVE_STATE3,
    NAIVE_OUTPUT,   /* prediction for all rows after training */
    NAIVE_LOSSES,   /* double: first minibatch before training (then that of the pass in training, if there is
                       one), each epoch, all rows after training */
    NAIVE_TRAINING_TRACE, /* if a layer computes something else in training: the same minibatch in a pass in
                             training, pass 0, before the epochs; else empty, as the next two */
    NAIVE_TRAINING_GRADIENT,
    NAIVE_TRAINING_DX,
    NAIVE_RUNNING,  /* after all epochs: mean and variance of each batch norm; empty if there is none */
    NAIVE_N_PARTS
} naive_part;

/* "initial" and so on. */
extern const char *const naive_part_names[NAIVE_N_PARTS];

typedef struct naive_result {
    struct {
        void *data;  /* NULL if n = 0 */
        size_t n;    /* elements */
        size_t size; /* of an element: 4 or 8, float or double */
    } parts[NAIVE_N_PARTS];
} naive_result;

/* Run a case.  Ends the program if memory is exhausted. */
void naive_run(const contract_case *c, naive_result *result);
/* The same with dense sums split over even and odd inputs: close, but not the same bits. */
void naive_run_split(const contract_case *c, naive_result *result);
void naive_free(naive_result *result);

/* 64-bit FNV-1a over the little-endian bytes of the elements; every NaN counts as the same one. */
uint64_t naive_checksum(const void *data, size_t n, size_t size);

/* The text of tests/golden/checksums.txt: a heading, then a line for each case. Parts beyond the losses stand there
 * if they are not empty, in the order above. */
void naive_write_heading(char *line, size_t size);
void naive_write_line(char *line, size_t size, const contract_case *c, const naive_result *result);
#define NAIVE_LINE 512 /* bytes that suffice */

#endif
