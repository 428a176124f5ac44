/* The search for values that are not finite: each place, however many there are. */
#include "net_fixture.h"

static void put(pybp_dtype dtype, char *at, size_t i, double value)
{
    if (dtype == PYBP_FLOAT32)
        ((float *)(void *)at)[i] = (float)value;
    else
        ((double *)(void *)at)[i] = value;
}

/* `rows` of `cols` numbers, `stride` apart; what lies between rows is NaN and of no concern. */
static void check(pybp_dtype dtype, pybp_dtype as, size_t rows, size_t cols, size_t stride, double bad)
{
    const size_t size = dtype == PYBP_FLOAT32 ? sizeof(float) : sizeof(double), n = (rows - 1) * stride + cols;
    char *data = need(n * size);
    const pybp_matrix x = {data, rows, cols, (ptrdiff_t)(stride * size), dtype};
    size_t row = 77, col = 77;
    for (size_t i = 0; i < n; i++)
        put(dtype, data, i, i % stride < cols ? (double)i - 7 : (double)NAN);
    OK(pybp_matrix_check(&x, as, &row, &col));
    CHECK(row == 77 && col == 77);
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < cols; c++) {
            put(dtype, data, r * stride + c, bad);
            FAILS(pybp_matrix_check(&x, as, &row, &col), PYBP_NOT_FINITE, "NaN or infinity");
            CHECK(row == r && col == c);
            put(dtype, data, r * stride + c, 1);
        }
    free(data);
}

static void test_every_place(void)
{
    static const double bad[] = {NAN, -NAN, HUGE_VAL, -HUGE_VAL};
    for (size_t cols = 1; cols <= 90; cols++)
        for (int b = 0; b < 4; b++) {
            check(PYBP_FLOAT32, PYBP_FLOAT32, 1, cols, cols, bad[b]);
            check(PYBP_FLOAT64, PYBP_FLOAT64, 1, cols, cols, bad[b]);
        }
    for (size_t cols = 1; cols <= 40; cols += 3) {
        check(PYBP_FLOAT32, PYBP_FLOAT64, 5, cols, cols, bad[0]);
        check(PYBP_FLOAT32, PYBP_FLOAT32, 5, cols, cols + 2, bad[1]);
        check(PYBP_FLOAT64, PYBP_FLOAT64, 5, cols, cols + 1, bad[2]);
        check(PYBP_FLOAT64, PYBP_FLOAT32, 5, cols, cols, bad[3]);
        check(PYBP_FLOAT64, PYBP_FLOAT32, 5, cols, cols + 1, bad[0]);
    }
}

static void test_what_a_float_cannot_hold(void)
{
    check(PYBP_FLOAT64, PYBP_FLOAT32, 1, 70, 70, 0x1.ffffffp127);
    check(PYBP_FLOAT64, PYBP_FLOAT32, 1, 70, 70, -1e39);
    size_t row, col;
    const double most[] = {0x1.fffffefp127, -0x1.fffffep127, 5e-324, 0};
    const pybp_matrix x = {most, 1, 4, sizeof most, PYBP_FLOAT64};
    OK(pybp_matrix_check(&x, PYBP_FLOAT32, &row, &col));
}

CHECK_MAIN(CHECK_RUN(test_every_place); CHECK_RUN(test_what_a_float_cannot_hold);)
