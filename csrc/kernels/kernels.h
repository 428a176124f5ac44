/* The kernel table: the functions of one instruction set, for one dtype.
 *
 * Kernels take plain pointers and sizes, allocate nothing, call nothing but kernels and cannot fail. Signatures are the
 * same for both dtypes: `void *` points to elements of the table's dtype, T.
 *
 * Panels. A matrix of `rows` rows and n columns is stored in panels of 64 bytes' worth of columns (16 floats or 8
 * doubles): element (r, c) is lane c % panel of line r of panel c / panel. A *line* is 64 bytes, one row of a panel.
 * The lines of a panel follow each other; panels are `stride` lines apart. Lanes past n are padding: they hold finite
 * values, on which no result depends.
 *
 * Packed weights of a dense layer: panels of outputs, each of n_in + 1 lines. Line i holds the weights from input i to
 * the panel's outputs, line n_in their biases (zeros if the layer has none).
 *
 * docs/contract.md states the order of operations; results do not depend on the table. */
#ifndef PYBP_KERNELS_H
#define PYBP_KERNELS_H

#include "kernels/matrix.h"
#include "kernels/prefetch.h"
#include "pybp.h"

#include <stddef.h>
#include <stdint.h>

#define PYBP_LINE 64u     /* bytes */
#define PYBP_CHUNK 256u   /* rows whose gradient is one chain (contract) */
#define PYBP_BLOCK_K 96u  /* inputs in a tile of the weight gradient */
#define PYBP_BACK_PANELS 2u /* panels of weights that back() transposes at a time */
#define PYBP_N_CONSTANTS 16
#define PYBP_MAX_PANEL 16   /* Ts in a line, at most */

typedef struct pybp_panels {
    char *at;      /* first line of the first panel; NULL: there is no matrix */
    size_t stride; /* lines from panel to panel */
} pybp_panels;

/* z becomes a, in place, on `rows` lines of a panel, in its first `cols` lanes or in all. params: Ts, as many as the
 * activation has. */
typedef void pybp_activate_panel(size_t rows, size_t cols, const void *params, void *panel);
/* dL/da becomes delta = dL/da f'(z), in place. f' is computed from x: a or z, as activations.def says. */
typedef void pybp_derive_panel(size_t rows, size_t cols, const void *params, const void *x, void *panel);

typedef struct pybp_forward_args {
    size_t rows, n_in, n_out;
    pybp_panels in;       /* n_in */
    const void *weights;
    pybp_panels out;      /* n_out */
    pybp_panels z;        /* gets a copy of z, unless .at is NULL */
    pybp_activate_panel *activate; /* elementwise, or NULL: out stays z */
    const void *params;      /* its parameters */
} pybp_forward_args;

typedef struct pybp_back_args {
    size_t rows, n_in, n_out;
    pybp_panels delta;    /* n_out */
    const void *weights;
    void *scratch;        /* BACK_PANELS times n_out lines, rounded up to whole panels: transposed weights */
    pybp_panels out;      /* n_in: the result, the delta of the layer before */
    pybp_panels keep;     /* gets a copy of delta W, unless .at is NULL */
    pybp_panels add;      /* the contributions of other layers, added to delta W, unless .at is NULL */
    pybp_panels x;        /* n_in: a or z of the layer before, for derive */
    pybp_derive_panel *derive;  /* elementwise, or NULL: out stays dL/da */
    const void *params;   /* its parameters */
} pybp_back_args;

typedef struct pybp_gradient_args {
    size_t rows;
    pybp_panels in;
    pybp_panels delta;    /* the first of the panels of outputs */
    size_t cols;          /* outputs, in at most gradient_panels panels */
    size_t k0, k1;        /* inputs; k0: a multiple of PYBP_MAX_PANEL; k1 <= k0 + PYBP_BLOCK_K */
    int add;              /* on top of what g holds */
    void *g;              /* lines */
    size_t g_step;        /* lines from panel to panel of g */
} pybp_gradient_args;

typedef struct pybp_loss_args {
    size_t rows, cols;
    pybp_panels z;        /* of the output layer */
    pybp_panels a;        /* f(z): an output for losses that are computed from z, an input for the others */
    const int32_t *labels; /* class indices, or NULL: then y */
    pybp_panels y;
    const void *scale;    /* T, one a row */
    void *row_loss;       /* out: T, one a row */
    pybp_panels delta;    /* out: delta; for losses of kind ANY dL/da */
    const double *params; /* n_params of them */
    size_t n_params;
    size_t per_target;    /* outputs that share a target: y has cols / per_target columns */
} pybp_loss_args;
typedef void pybp_loss_kernel(const pybp_loss_args *args);

/* A norm over the features of each row: x -> z = (x - mean) inverse, inverse = 1 / sqrt(var + eps). */
typedef struct pybp_row_norm {
    size_t rows, n;
    int centered;         /* 0: mean is 0 */
    size_t step;          /* lines from panel to panel of scale and shift */
    pybp_panels x, z;     /* n; z.at may be NULL going forward */
    void *inverse;        /* T, one a row: out going forward, in going back */
} pybp_row_norm;

/* A dense layer whose inputs and outputs are cut into groups: `width` outputs from `fan` inputs each. */
typedef struct pybp_grouped {
    size_t rows, fan, width, n_in, n_out;
    const void *weights;  /* panels of outputs, each of `step` lines: one for each of the fan inputs, then the biases */
    size_t step;
    pybp_panels x;        /* n_in: going back, the result */
    pybp_panels out;      /* n_out: going back, delta */
} pybp_grouped;

/* Dropout: where the random number is below the threshold, the output is `dropped`, otherwise x scale + shift. */
typedef struct pybp_drop {
    uint16_t threshold;
    double scale, shift, dropped;
} pybp_drop;

/* The scalars of a step, from which <optimizer>_prepare computes its constants. */
typedef struct pybp_step_scalars {
    const double *params;  /* of the optimizer, in registry order */
    double lr;             /* with the factors of these parameters */
    double decay;          /* factor of a weight decay that is added to the gradient; 0: exempt */
    double shrink;         /* factor of a decay that scales the weights, a learning rate; 0: exempt */
    uint64_t t;            /* this update's number, from 1 */
    const double *powers;  /* running products of optimizers.def, this update's included */
    double scale;          /* rprop: factor of its steps */
    double mu, mu_next;    /* nadam: momentum of this update and of the next */
} pybp_step_scalars;
typedef struct pybp_constants {
    _Alignas(64) char c[PYBP_N_CONSTANTS * 8]; /* T */
} pybp_constants;
typedef void pybp_prepare(const pybp_step_scalars *step, pybp_constants *constants);
/* Update n elements, a multiple of a line. state: the buffers that the row keeps, NULL for others. */
typedef void pybp_update(size_t n, void *w, const void *g, void *const state[PYBP_N_STATES],
                         const pybp_constants *constants);

typedef struct pybp_kernels {
    const char *isa;
    size_t size;  /* bytes of a T */
    size_t panel; /* Ts in a line */

    /* Rows order[first ...] (order NULL: first, first + 1, ...) of a user's matrix into panels, converted. */
    void (*gather)(const pybp_matrix *x, const uint32_t *order, size_t first, size_t rows, pybp_panels out);
    /* Panels to a row-major matrix whose rows are `cols` Ts. */
    void (*scatter)(pybp_panels a, size_t rows, size_t cols, void *out);
    /* Set column col to 1: the input that belongs to the biases. */
    void (*ones)(pybp_panels a, size_t rows, size_t col);

    void (*forward)(const pybp_forward_args *args);
    void (*back)(const pybp_back_args *args);
    /* For each panel of outputs: g[k - k0] (lines) = sum over rows of delta[row] in[row][k], k0 <= k < k1, in chunks of
     * PYBP_CHUNK rows. */
    void (*gradient)(const pybp_gradient_args *args);
    size_t gradient_panels; /* panels of outputs to take at once, which is faster */
    /* sum[i] += add[i], n elements, a multiple of a line. */
    void (*accumulate)(size_t n, void *sum, const void *add);
    /* sum[i] = fma(x, x, sum[i]) over n elements x, a line apart from each other, at each of 4 places. */
    void (*squares)(size_t n, const void *const at[4], double sum[4]);
    /* What is tiny becomes 0 (simd.h); n elements, a multiple of a line. */
    void (*flush)(size_t n, void *x);
    /* 1 if all n elements are finite. */
    int (*finite)(size_t n, const void *x);
    /* n Ts to doubles, and back with one rounding. */
    void (*widen)(size_t n, const void *from, double *to);
    void (*narrow)(size_t n, const double *from, void *to);
    /* One element. */
    double (*get)(const void *x);
    void (*set)(void *x, double value);
    /* g *= factor (unless 1), then clip to [-limit, limit] (unless 0). */
    void (*clip)(size_t n, void *g, double factor, double limit);
    /* g = scale g + l1 sign(w) + l2 w, without operations by a scale of 1 or a penalty of 0; n elements, a multiple of
     * a line. */
    void (*penalize)(size_t n, const void *w, void *g, double scale, double l1, double l2);
    /* For each lane of `lines` lines the sum of |w| and of w^2, in double, each one chain. */
    void (*magnitudes)(size_t lines, const void *w, double *absolute, double *squares);
    /* Multiply each lane of `lines` lines by its factor, a T. */
    void (*rescale)(size_t lines, void *w, const void *factors);

    /* best[r] = column of the largest of a row's `cols` elements, the first of several; 0 if the first is NaN. */
    void (*largest)(size_t rows, size_t cols, pybp_panels a, int32_t *best);
    /* Rows whose elements are all on the same side of `limit`, strictly above it or not, as their targets;
     * `per_target` columns share one. */
    size_t (*same_side)(size_t rows, size_t cols, pybp_panels a, pybp_panels y, size_t per_target, int strictly,
                        double limit);

    /* Layers without a matrix product (layer.inc.h, norm.inc.h): on one panel, with a line for each parameter, or on
     * panels. */
    void (*add_lines)(size_t rows, const void *a, const void *b, void *sum);
    void (*multiply_lines)(size_t rows, const void *a, const void *b, void *product);
    void (*scale)(size_t rows, const void *x, const void *scale, void *out);
    void (*scale_shift)(size_t rows, const void *x, const void *scale, const void *shift, void *out);
    void (*standardize)(size_t rows, const void *x, const void *mean, const void *inverse, void *z);
    void (*sums)(size_t rows, const void *g, const void *z, int add, void *shift, void *scale);
    void (*moments)(size_t rows, const void *x, void *mean, void *squares);
    void (*batch_statistics)(size_t rows, double momentum, double eps, const void *mean, void *squares,
                             void *running_mean, void *running_var);
    void (*running_scale)(double eps, const void *mean, const void *var, const void *gamma, const void *beta,
                          void *inverse, void *scale, void *shift);
    void (*batch_norm_back)(size_t rows, size_t n, const void *g, const void *z, const void *gamma, const void *inverse,
                            const void *shift, const void *scale, void *out);
    void (*row_norm)(const pybp_row_norm *f, double eps, const void *scale, const void *shift, pybp_panels a);
    void (*row_norm_back)(const pybp_row_norm *f, const void *scale, pybp_panels delta, pybp_panels out);
    void (*drop)(size_t rows, const uint16_t *numbers, size_t step, const pybp_drop *how, const void *x, void *out,
                 void *factor);
    void (*mix)(size_t rows, const void *x, const void *f, const void *alpha, void *out);
    void (*mix_back)(size_t rows, const void *g, const void *alpha, void *out);
    void (*mix_sums)(size_t rows, const void *g, const void *x, const void *f, int add, void *sums);
    void (*embed)(size_t rows, const void *column, size_t categories, const void *table, void *out);
    void (*embed_gradient)(size_t rows, const void *column, size_t categories, const void *delta, size_t k0, size_t k1,
                           int add, void *g, void *chunk);
    /* n columns, from column from_col on to column to_col on. */
    void (*copy_columns)(size_t rows, size_t n, pybp_panels from, size_t from_col, pybp_panels to, size_t to_col);
    void (*grouped)(const pybp_grouped *f);
    void (*grouped_back)(const pybp_grouped *f);
    void (*grouped_gradient)(const pybp_grouped *f, const void *delta, size_t panel, size_t k0, size_t k1, int add,
                             void *g);
    void (*periodic)(size_t rows, pybp_panels x, const size_t column[PYBP_MAX_PANEL], const void *w, const void *b,
                     void *z);
    void (*periodic_back)(size_t rows, pybp_panels delta, const void *w, size_t step, size_t each,
                          const size_t *columns, size_t n_columns, pybp_panels out);
    void (*periodic_gradient)(size_t rows, pybp_panels x, const size_t column[PYBP_MAX_PANEL], const void *delta,
                              size_t lines, int add, void *g);
    pybp_activate_panel *cosine;
    pybp_derive_panel *cosine_derive;

    pybp_activate_panel *activate[PYBP_N_ACTIVATIONS]; /* NULL for rowwise ones */
    pybp_derive_panel *derive[PYBP_N_ACTIVATIONS];
    /* Of rowwise ones, on whole rows: z becomes a, in place; dL/da, g, becomes delta, in place. */
    void (*activate_rows[PYBP_N_ACTIVATIONS])(size_t rows, size_t cols, pybp_panels z);
    void (*derive_rows[PYBP_N_ACTIVATIONS])(size_t rows, size_t cols, pybp_panels a, pybp_panels g);
    pybp_loss_kernel *loss[PYBP_N_LOSSES];
    pybp_prepare *prepare[PYBP_N_OPTIMIZERS];
    pybp_update *update[PYBP_N_OPTIMIZERS];
} pybp_kernels;

extern const pybp_kernels pybp_f32_kernels_scalar, pybp_f64_kernels_scalar;
extern const pybp_kernels pybp_f32_kernels_avx512, pybp_f64_kernels_avx512;
extern const pybp_kernels pybp_f32_kernels_avx2, pybp_f64_kernels_avx2;
extern const pybp_kernels pybp_f32_kernels_neon, pybp_f64_kernels_neon;

#endif
