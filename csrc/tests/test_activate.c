/* pybp_activate: values and derivatives of plain arrays, with the bits of a net that is one activation. */
#include <stdint.h>

#include "base/memory.h"
#include "net_fixture.h"

static const size_t sizes[][2] = {{1, 1}, {1, 3}, {3, 16}, {5, 17}, {1, 1030}, {130, 33}, {300, 8}};

static size_t array_bytes(pybp_dtype dtype, size_t n)
{
    return n * (dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double));
}

/* Numbers in (-8, 8), zeros among them. */
static void *numbers(pybp_dtype dtype, size_t n)
{
    void *values = need(array_bytes(dtype, n));
    for (size_t i = 0; i < n; i++) {
        const double x = i % 11 == 4 ? 0 : 8 * noise();
        if (dtype == PYBP_FLOAT32)
            ((float *)values)[i] = (float)x;
        else
            ((double *)values)[i] = x;
    }
    return values;
}

static void set(void *values, pybp_dtype dtype, size_t i, double x)
{
    if (dtype == PYBP_FLOAT32)
        ((float *)values)[i] = (float)x;
    else
        ((double *)values)[i] = x;
}

static pybp_matrix matrix(const void *data, pybp_dtype dtype, size_t rows, size_t cols)
{
    return (pybp_matrix){data, rows, cols, (ptrdiff_t)array_bytes(dtype, cols), dtype};
}

static pybp_net *activation_net(pybp_dtype dtype, size_t n, const pybp_layer_desc *layer)
{
    pybp_net *net = NULL;
    OK(pybp_net_create(&(pybp_net_desc){.dtype = dtype, .n_in = n, .n_layers = 1, .layers = layer}, &net));
    return net;
}

/* What the net gives for dL/da, which is 1 at output `only`, or everywhere. */
static void *back(pybp_net *net, pybp_dtype dtype, size_t rows, size_t cols, size_t only)
{
    void *gradient = need(array_bytes(dtype, rows * cols)), *dx = need(array_bytes(dtype, rows * cols));
    for (size_t i = 0; i < rows * cols; i++)
        set(gradient, dtype, i, only == SIZE_MAX || i % cols == only ? 1 : 0);
    const pybp_matrix g = matrix(gradient, dtype, rows, cols);
    OK(pybp_backward(net, &g, dx, 1));
    free(gradient);
    return dx;
}

static void compare(pybp_activation kind, pybp_dtype dtype, size_t rows, size_t cols)
{
    const size_t n = rows * cols, bytes = array_bytes(dtype, n), row = array_bytes(dtype, cols);
    pybp_layer_desc layer = {.kind = PYBP_LAYER_ACTIVATION};
    pybp_row info;
    OK(pybp_registry_row(PYBP_REGISTRY_ACTIVATIONS, (int)kind, &info));
    set_activation(&layer, kind);
    pybp_net *net = activation_net(dtype, cols, &layer);
    const int rowwise = strcmp(info.label, "ROWWISE") == 0;
    char *z = numbers(dtype, n), *a = need(bytes), *wanted = need(bytes);
    char *derivative = need(rowwise ? bytes * cols : bytes);
    const pybp_matrix x = matrix(z, dtype, rows, cols);
    OK(pybp_forward(net, &x, PYBP_KEEP, wanted, 1));
    OK(pybp_activate(kind, layer.activation_params, dtype, rows, cols, z, a, derivative));
    CHECK_MSG(memcmp(a, wanted, bytes) == 0, "%s: f of %zu x %zu", info.name, rows, cols);
    for (size_t j = 0; j < (rowwise ? cols : 1); j++) {
        char *dx = back(net, dtype, rows, cols, rowwise ? j : SIZE_MAX);
        for (size_t r = 0; r < rows; r++) {
            const char *found = rowwise ? derivative + (r * cols + j) * row : derivative + r * row;
            CHECK_MSG(memcmp(found, dx + r * row, row) == 0, "%s: derivative of %zu x %zu", info.name, rows, cols);
        }
        free(dx);
    }
    OK(pybp_activate(kind, layer.activation_params, dtype, rows, cols, z, z, NULL)); /* in place */
    CHECK(memcmp(z, wanted, bytes) == 0);
    pybp_net_free(net);
    free(z);
    free(a);
    free(wanted);
    free(derivative);
}

static void test_bits_of_nets(void)
{
    const long live = pybp_alloc_live();
    for (int isa = 0; pybp_isa_compiled(isa) != NULL; isa++) {
        if (!pybp_isa_usable(pybp_isa_compiled(isa)))
            continue;
        OK(pybp_isa_select(pybp_isa_compiled(isa)));
        for (int kind = 0; kind < PYBP_N_ACTIVATIONS; kind++)
            for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
                for (int dtype = PYBP_FLOAT32; dtype <= PYBP_FLOAT64; dtype++)
                    if (kind != PYBP_ACTIVATION_SOFTMAX || sizes[i][1] < 100) /* a Jacobian of 1030^2 takes long */
                        compare((pybp_activation)kind, (pybp_dtype)dtype, sizes[i][0], sizes[i][1]);
    }
    OK(pybp_isa_select(NULL));
    CHECK(pybp_alloc_live() == live);
}

static void test_no_rows(void)
{
    double z = 3;
    OK(pybp_activate(PYBP_ACTIVATION_TANH, NULL, PYBP_FLOAT64, 0, 1, &z, &z, NULL));
    OK(pybp_activate(PYBP_ACTIVATION_SOFTMAX, NULL, PYBP_FLOAT64, 0, 1, &z, &z, NULL));
    CHECK(z == 3);
}

static void test_refused(void)
{
    double z[2] = {1, 2}, a[2] = {3, 4};
    const double bad = -1;
    const pybp_dtype f64 = PYBP_FLOAT64;
    FAILS(pybp_activate((pybp_activation)PYBP_N_ACTIVATIONS, NULL, f64, 1, 2, z, a, NULL), PYBP_INVALID, "activation");
    FAILS(pybp_activate((pybp_activation)-1, NULL, f64, 1, 2, z, a, NULL), PYBP_INVALID, "activation");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, (pybp_dtype)2, 1, 2, z, a, NULL), PYBP_INVALID, "dtype 2");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, f64, 1, 2, NULL, a, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_activate(PYBP_ACTIVATION_ELU, NULL, f64, 1, 2, z, a, NULL), PYBP_INVALID, "NULL");
    FAILS(pybp_activate(PYBP_ACTIVATION_ELU, &bad, f64, 1, 2, z, a, NULL), PYBP_INVALID, "alpha = -1");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, f64, 2, 0, z, a, NULL), PYBP_SHAPE, "0 elements");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, f64, SIZE_MAX / 2, 3, z, a, NULL), PYBP_SHAPE, "not possible");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, f64, 1, 1, (char *)z + 1, a, NULL), PYBP_INVALID, "z is not");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, f64, 1, 1, z, (char *)a + 1, NULL), PYBP_INVALID, "a is not");
    FAILS(pybp_activate(PYBP_ACTIVATION_TANH, NULL, f64, 1, 1, z, NULL, (char *)a + 1), PYBP_INVALID, "derivative");
    pybp_alloc_fail_after(0);
    FAILS(pybp_activate(PYBP_ACTIVATION_SOFTMAX, NULL, f64, 1, 2, z, a, NULL), PYBP_NO_MEMORY, "no memory");
    pybp_alloc_fail_after(-1);
    CHECK(a[0] == 3 && a[1] == 4);
}

CHECK_MAIN(CHECK_RUN(test_bits_of_nets); CHECK_RUN(test_no_rows); CHECK_RUN(test_refused);)
