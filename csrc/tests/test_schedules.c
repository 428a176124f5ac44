/* Schedules: the bits of the naive twin, which are the ones in tests/golden/schedules.txt; cos(pi x)
 * against libm; bad arguments.
 *
 * Usage: test_schedules [--write], which writes schedules.txt to standard output. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "naive.h"
#include "naive_schedules.h"
#include "math/scalars.h"
#include "pybp.h"

#ifndef PYBP_GOLDEN_DIR
#define PYBP_GOLDEN_DIR "tests/golden"
#endif

#define N 1000

static const uint64_t milestones[] = {0, 3, 3, 40, 999, 5000};

typedef struct schedule_case {
    const char *name;
    pybp_schedule schedule;
    uint64_t first, horizon;
} schedule_case;

#define S(KIND, ...) {PYBP_SCHEDULE_##KIND, 0.0123, {__VA_ARGS__}, milestones, 6}
static const schedule_case cases[] = {
    {"constant", S(CONSTANT, 0), 0, 0},
    {"linear", S(LINEAR, 1.0 / 3, 1), 0, 700},
    {"linear, down", S(LINEAR, 1, 0), 3, 1},
    {"step", S(STEP, 30, 0.1), 0, 0},
    {"step, far", S(STEP, 7, 0.99999), 1000003, 0},
    {"multistep", S(MULTISTEP, 0.3), 0, 0},
    {"exponential", S(EXPONENTIAL, 0.997, 1), 0, 0},
    {"exponential, slow", S(EXPONENTIAL, 0.9, 37), 5, 0},
    {"exponential, up", S(EXPONENTIAL, 1.001, 2), 0, 0},
    {"polynomial", S(POLYNOMIAL, 1, 0), 0, 900},
    {"polynomial, square", S(POLYNOMIAL, 2, 1e-4), 0, 900},
    {"polynomial, root", S(POLYNOMIAL, 0.5, 1e-4), 0, 900},
    {"polynomial, odd power", S(POLYNOMIAL, 0.9, 1e-4), 0, 900},
    {"inverse_scaling", S(INVERSE_SCALING, 0.5), 0, 0},
    {"inverse_scaling, far", S(INVERSE_SCALING, 0.7), 123456789, 0},
    {"cosine", S(COSINE, 0, 0, 0), 0, 900},
    {"cosine, warm-up", S(COSINE, 1e-5, 50, 1e-3), 0, 900},
    {"cosine, share of warm-up", S(COSINE, 1e-5, 0.1, 0), 0, 900},
    {"cosine_restarts", S(COSINE_RESTARTS, 100, 1, 0, 1), 0, 0},
    {"cosine_restarts, longer", S(COSINE_RESTARTS, 10, 2, 1e-5, 0.8), 0, 0},
    {"cosine_restarts, far", S(COSINE_RESTARTS, 3, 1000, 1e-5, 0.8), (uint64_t)1 << 52, 0},
    {"one_cycle", S(ONE_CYCLE, 0.3, 25, 1e4, 0), 0, 980},
    {"one_cycle, linear", S(ONE_CYCLE, 0.25, 10, 100, 1), 0, 980},
    {"one_cycle of a step", S(ONE_CYCLE, 0.3, 25, 1e4, 0), 0, 1},
    {"one_cycle, no rise", S(ONE_CYCLE, 0, 25, 1e4, 0), 0, 100},
    {"cyclic", S(CYCLIC, 1e-3, 100, 50, 1, 1), 0, 0},
    {"cyclic, halved", S(CYCLIC, 1e-3, 10, 20, 0.5, 1), 0, 0},
    {"cyclic, exponential", S(CYCLIC, 1e-3, 10, 20, 1, 0.999), 0, 0},
    {"coslog4", S(COSLOG4, 0), 0, 990},
    {"flat_cos", S(FLAT_COS, 0.5), 0, 990},
    {"flat_cos, none flat", S(FLAT_COS, 0.0), 0, 97},
};
#define N_CASES (sizeof cases / sizeof *cases)

static void naive_fill(const schedule_case *c, double *lr)
{
    for (uint64_t i = 0; i < N; i++)
        lr[i] = naive_schedule(&c->schedule, c->first + i, c->horizon);
}

static void line_of(const schedule_case *c, const double *lr, char *line, size_t size)
{
    snprintf(line, size, "%016llx | %s\n", (unsigned long long)naive_checksum(lr, N, sizeof *lr), c->name);
}

static void test_bits(void)
{
    int covered[PYBP_N_SCHEDULES] = {0};
    FILE *golden = fopen(PYBP_GOLDEN_DIR "/schedules.txt", "r");
    CHECK(golden != NULL);
    for (size_t k = 0; k < N_CASES; k++) {
        const schedule_case *c = &cases[k];
        double want[N], got[N];
        char line[256], stored[256] = "";
        size_t same = 0;
        covered[c->schedule.kind] = 1;
        naive_fill(c, want);
        CHECK(pybp_schedule_fill(&c->schedule, c->first, c->horizon, N, got) == PYBP_OK);
        while (same < N && memcmp(&want[same], &got[same], sizeof *got) == 0)
            same++;
        CHECK_MSG(same == N, "%s: entry %zu is %a, naive %a", c->name, same, got[same % N], want[same % N]);
        line_of(c, want, line, sizeof line);
        if (golden != NULL && fgets(stored, sizeof stored, golden) == NULL)
            stored[0] = 0;
        CHECK_MSG(strcmp(line, stored) == 0, "schedules.txt has\n%snaive gives\n%s", stored, line);
    }
    for (int kind = 0; kind < PYBP_N_SCHEDULES; kind++)
        CHECK_MSG(covered[kind], "no case for schedule %d", kind);
    if (golden != NULL)
        fclose(golden);
}

/* Filled in pieces, a schedule is the same. */
static void test_pieces(void)
{
    for (size_t k = 0; k < N_CASES; k++) {
        const schedule_case *c = &cases[k];
        double whole[N], pieces[N];
        CHECK(pybp_schedule_fill(&c->schedule, c->first, c->horizon, N, whole) == PYBP_OK);
        for (size_t i = 0; i < N; i += 8)
            CHECK(pybp_schedule_fill(&c->schedule, c->first + i, c->horizon, 8, pieces + i) == PYBP_OK);
        CHECK(memcmp(whole, pieces, sizeof whole) == 0);
    }
}

/* cos(pi x) in long double, small arguments only, so that nothing cancels. */
static long double true_cospi(long double x)
{
    const long double pi = 3.14159265358979323846264338327950288L;
    long double r = fmodl(fabsl(x), 2), d;
    r = r > 1 ? 2 - r : r;
    d = r > 0.5L ? 1 - r : r;
    d = d <= 0.25L ? cosl(pi * d) : sinl(pi * (0.5L - d));
    return r > 0.5L ? -d : d;
}

static double ulps(double y, long double truth)
{
    return truth == 0 ? y == 0 ? 0 : HUGE_VAL : (double)ldexpl(fabsl(y - truth), 52 - ilogbl(truth));
}

static void test_cospi(void)
{
    double worst = 0, at = 0;
    for (int i = 0; i < 4000000; i++) {
        const double x = (i % 4 == 3 ? 9.0 : 1.0) * i / 4000000 + 1e-9 * (i % 1000);
        const double error = ulps(pybp_cospi(x), true_cospi(x));
        CHECK_MSG(pybp_cospi(x) == naive_cospi(x) && pybp_cospi(-x) == pybp_cospi(x), "cospi(%a)", x);
        if (error > worst) {
            worst = error;
            at = x;
        }
    }
    printf("  cospi: %.3f ulp at %a\n", worst, at);
    CHECK_MSG(worst <= 1.1, "cospi(%a) is %.3f ulp off", at, worst);
    CHECK(pybp_cospi(0) == 1 && pybp_cospi(0.5) == 0 && pybp_cospi(1) == -1 && pybp_cospi(-1.5) == 0);
    CHECK(pybp_cospi(0x1p53) == 1 && pybp_cospi(0x1p52 + 1) == -1 && pybp_cospi(0x1p1000) == 1);
    CHECK(isnan(pybp_cospi(HUGE_VAL)) && isnan(pybp_cospi(NAN)));
}

static void test_powers(void)
{
    CHECK(pybp_whole_power(3, 0) == 1 && pybp_whole_power(3, 5) == 243 && pybp_whole_power(0, 3) == 0);
    CHECK(pybp_whole_power(2, 2000) == HUGE_VAL && pybp_whole_power(0.5, 2000) == 0);
    CHECK(pybp_power(9, 0.5) == 3 && pybp_power(0, 0.3) == 0 && pybp_power(3, 4) == 81);
    CHECK_NEAR(pybp_power(7, 1.7), pow(7, 1.7), 1e-13);
}

static void refused(pybp_schedule s, uint64_t first, uint64_t horizon, const char *why)
{
    double lr = 5;
    CHECK_MSG(pybp_schedule_fill(&s, first, horizon, 1, &lr) == PYBP_INVALID && lr == 5 &&
                  strstr(pybp_last_error(), why) != NULL,
              "expected %s, got %s", why, pybp_last_error());
}

static void test_bad_arguments(void)
{
    pybp_schedule s = S(COSINE, 0, 0, 0);
    double lr;
    CHECK(pybp_schedule_fill(NULL, 0, 1, 1, &lr) == PYBP_INVALID);
    CHECK(pybp_schedule_fill(&s, 0, 1, 1, NULL) == PYBP_INVALID);
    CHECK(pybp_schedule_fill(&s, 0, 1, 0, &lr) == PYBP_OK);
    refused(s, 0, 0, "horizon 0");
    refused(s, 0, ((uint64_t)1 << 53) + 1, "horizon");
    refused(s, ((uint64_t)1 << 53) + 1, 1, "beyond");
    refused((pybp_schedule)S(COSINE, 0, 1, 0), 0, 1, "leaves none");
    refused((pybp_schedule)S(COSINE, 0, 1.5, 0), 0, 10, "a fraction below 1 or a whole number");
    refused((pybp_schedule)S(COSINE, -1, 0, 0), 0, 10, "min_lr");
    refused((pybp_schedule)S(STEP, 2.5, 0.1), 0, 0, "expected a whole number");
    refused((pybp_schedule)S(STEP, 0, 0.1), 0, 0, "step_size");
    refused((pybp_schedule)S(STEP, 1, NAN), 0, 0, "gamma");
    s.lr = -1;
    refused(s, 0, 1, "lr = -1");
    s.lr = NAN;
    refused(s, 0, 1, "lr = ");
    s.lr = 1;
    s.kind = PYBP_N_SCHEDULES;
    refused(s, 0, 1, "no such schedule");
    s = (pybp_schedule)S(MULTISTEP, 0.1);
    s.milestones = NULL;
    refused(s, 0, 0, "milestones is NULL");
    const uint64_t falling[] = {2, 1};
    s.milestones = falling;
    s.n_milestones = 2;
    refused(s, 0, 0, "milestone 1 is below");
}

static int write_golden(void)
{
    for (size_t k = 0; k < N_CASES; k++) {
        double lr[N];
        char line[256];
        naive_fill(&cases[k], lr);
        line_of(&cases[k], lr, line, sizeof line);
        fputs(line, stdout);
    }
    return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--write") == 0)
        return write_golden();
    CHECK_RUN(test_bits);
    CHECK_RUN(test_pieces);
    CHECK_RUN(test_cospi);
    CHECK_RUN(test_powers);
    CHECK_RUN(test_bad_arguments);
    return check_report();
}
