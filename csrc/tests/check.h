/* The whole test framework of the C tests: checks that count and go on.
 *
 *   CHECK(condition)
 *   CHECK_NEAR(a, b, tolerance)      absolute; fails if either is NaN
 *   CHECK_MSG(condition, format, ...)
 *   int main(void) { ...; return check_report(); }
 *
 * or, with one function a case, CHECK_MAIN(CHECK_RUN(f); CHECK_RUN(g);). */
#ifndef PYBP_TESTS_CHECK_H
#define PYBP_TESTS_CHECK_H

#include <stdarg.h>
#include <stdio.h>

#define CHECK_MAX_SHOWN 50 /* a broken loop should not flood the log */

static unsigned long check_passed, check_failed;

#if defined(__GNUC__)
__attribute__((format(printf, 4, 5)))
#endif
static inline int check_that(int ok, const char *file, int line, const char *format, ...)
{
    if (ok) {
        check_passed++;
        return 1;
    }
    if (check_failed++ < CHECK_MAX_SHOWN) {
        va_list args;
        va_start(args, format);
        fprintf(stderr, "%s:%d: failed: ", file, line);
        vfprintf(stderr, format, args);
        fputc('\n', stderr);
        va_end(args);
    }
    return 0;
}

static inline int check_near(double a, double b, double tolerance, const char *file, int line,
                             const char *what)
{
    double distance = a > b ? a - b : b - a;
    int ok = a == b || distance <= tolerance;
    return check_that(ok, file, line, "%s: %.17g and %.17g differ by %g, more than %g", what, a, b,
                      distance, tolerance);
}

/* What main returns. */
static inline int check_report(void)
{
    printf("%lu passed, %lu failed\n", check_passed, check_failed);
    return check_failed != 0 || check_passed == 0;
}

#define CHECK(condition) check_that(!!(condition), __FILE__, __LINE__, "%s", #condition)
#define CHECK_MSG(condition, ...) check_that(!!(condition), __FILE__, __LINE__, __VA_ARGS__)
#define CHECK_NEAR(a, b, tolerance) \
    check_near((a), (b), (tolerance), __FILE__, __LINE__, #a " near " #b)

#define CHECK_RUN(function)            \
    do {                               \
        function();                    \
        printf("  %s\n", #function);   \
    } while (0)
#define CHECK_MAIN(...)                \
    int main(void)                     \
    {                                  \
        __VA_ARGS__                    \
        return check_report();         \
    }

#endif
