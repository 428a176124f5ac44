/* The kernels that count right predictions, compared with plain loops: ties, NaN, infinities, targets that outputs
 * share, and rows and columns that end within a block. */
#include "base/memory.h"
#include "dispatch/dispatch.h"
#include "net_fixture.h"

enum { ROWS = 37, COLS = 35, STRIDE = ROWS | 1 };

/* A few values, so that many are equal. */
static double drawn(void)
{
    static const double values[] = {-1, -0.0, 0, 0.5, 0.5, 2, NAN, INFINITY, -INFINITY, 1};
    return values[(size_t)((noise() + 1) * 5) % 10];
}

static void *element(const pybp_kernels *k, pybp_panels m, size_t row, size_t col)
{
    return m.at + (col / k->panel * m.stride + row) * PYBP_LINE + col % k->panel * k->size;
}

static pybp_panels drawn_panels(const pybp_kernels *k, char *at)
{
    const pybp_panels m = {at, STRIDE};
    for (size_t r = 0; r < ROWS; r++)
        for (size_t c = 0; c < COLS; c++)
            k->set(element(k, m, r, c), drawn());
    return m;
}

static void check_largest(const pybp_kernels *k, pybp_panels a, size_t rows, size_t cols)
{
    int32_t best[ROWS];
    k->largest(rows, cols, a, best);
    for (size_t r = 0; r < rows; r++) {
        size_t first = 0;
        for (size_t c = 1; c < cols; c++)
            if (k->get(element(k, a, r, c)) > k->get(element(k, a, r, first)))
                first = c;
        CHECK_MSG(best[r] == (int32_t)first, "%s: row %zu of %zu columns: %d, expected %zu", k->isa, r, cols,
                  (int)best[r],
                  first);
    }
}

static void check_same_side(const pybp_kernels *k, pybp_panels a, pybp_panels y, size_t rows, size_t cols, size_t each)
{
    size_t halves = 0, signs = 0;
    for (size_t r = 0; r < rows; r++) {
        size_t unlike_halves = 0, unlike_signs = 0;
        for (size_t c = 0; c < cols; c++) {
            const double x = k->get(element(k, a, r, c)), target = k->get(element(k, y, r, c / each));
            unlike_halves += (x >= 0.5) != (target >= 0.5);
            unlike_signs += (x > 0) != (target > 0);
        }
        halves += unlike_halves == 0;
        signs += unlike_signs == 0;
    }
    CHECK(k->same_side(rows, cols, a, y, each, 0, 0.5) == halves);
    CHECK(k->same_side(rows, cols, a, y, each, 1, 0) == signs);
}

static void check_table(const pybp_kernels *k)
{
    static const size_t rows[] = {1, 3, 4, 8, 15, 16, 17, ROWS}, cols[] = {1, 2, 4, 8, 9, 16, 17, COLS};
    char *memory = pybp_alloc(2 * 5 * STRIDE * PYBP_LINE);
    CHECK(memory != NULL);
    if (memory == NULL)
        return;
    const pybp_panels a = drawn_panels(k, memory), y = drawn_panels(k, memory + 5 * STRIDE * PYBP_LINE);
    for (size_t i = 0; i < 8; i++)
        for (size_t j = 0; j < 8; j++) {
            check_largest(k, a, rows[i], cols[j]);
            for (size_t each = 1; each <= 3; each++)
                check_same_side(k, a, y, rows[i], cols[j] - cols[j] % each, each);
        }
    pybp_free(memory);
}

static void test_counting(void)
{
    static const char *const isas[] = {"scalar", "avx2", "avx512", "neon"};
    size_t n = 0;
    for (size_t i = 0; i < 4; i++) {
        if (pybp_isa_select(isas[i]) != PYBP_OK) /* not built, or not for this CPU */
            continue;
        check_table(pybp_dispatch(PYBP_FLOAT32));
        check_table(pybp_dispatch(PYBP_FLOAT64));
        n++;
    }
    CHECK(n > 0);
}

CHECK_MAIN(CHECK_RUN(test_counting);)
