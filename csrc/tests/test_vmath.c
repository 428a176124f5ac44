/* The verbs of one instruction set and the functions of vmath.h on them.
 * Compiled once per instruction set, with its PYBP_ISA_xxx and its flags.
 *
 * Accuracy is measured against libm in a wider type; the bits are compared with
 * constants that hold for every instruction set and compiler. With an argument
 * N, only every N-th float is swept (1: all of them; the default meets every
 * exponent thousands of times). */
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pybp.h"
#include "simd/vmath.h"
#include "tests/check.h"

#define BATCH 1024
#define EXIT_SKIPPED 77

enum { FN_EXP, FN_EXPM1, FN_LOG, FN_LOG1P, FN_TANH, FN_SIGMOID, FN_ERF, FN_COS, FN_SIN, FN_COUNT };

static const char *const fn_names[FN_COUNT] = {"exp", "expm1", "log", "log1p", "tanh", "sigmoid",
                                               "erf", "cos", "sin"};

/* In ulp of the true result, for both dtypes; vmath.h has what was measured. */
static const double fn_bounds[FN_COUNT] = {1.1, 2.0, 1.0, 1.0, 2.0, 2.5, 1.2, 2.2, 2.0};

/* Of the outputs on the set of inputs made by f32_hash_inputs() and f64_hash_inputs(). */
static const uint64_t f32_hashes[FN_COUNT] = {
    0xc9ba4b936675f0cc, 0x8e223defd676470a, 0x8072e4b9a424d861,
    0xa244da8037be228a, 0x1270718a0250700c, 0x6e551c3c2989e15f,
    0xd713719a0d29877f, 0xbee31d7b32454dfa, 0x1e55d94e135e6385,
};
static const uint64_t f64_hashes[FN_COUNT] = {
    0xad3f10d1fbd68fa8, 0xb156e1e9ffbe6566, 0x83a3221715f0b674,
    0xb6219a17ef615a66, 0x6743f7ae27a87cd2, 0xb75fc4f736cb9f99,
    0x76bd8596ee77fc1d, 0x242f3473111009ce, 0xc33bb5c8d012c8c4,
};

/* A fixed sequence of 64-bit words (SplitMix64). */
static uint64_t random_state;
static uint64_t random_word(void)
{
    uint64_t z = (random_state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}
static double random_uniform(double low, double high)
{
    return low + (high - low) * ((double)(random_word() >> 11) * 0x1p-53);
}

static uint64_t hash_word(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * 0x100000001b3u; /* FNV-1a on words */
}

/* cos and sin clamp their argument. */
static double clamped(double x, double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

static long double clampedl(long double x, long double limit)
{
    return x > limit ? limit : x < -limit ? -limit : x;
}

/* libm in double is the reference for float, in long double for double. */
static double f32_reference(int fn, double x)
{
    switch (fn) {
    case FN_EXP: return exp(x);
    case FN_EXPM1: return expm1(x);
    case FN_LOG: return log(x);
    case FN_LOG1P: return log1p(x);
    case FN_TANH: return tanh(x);
    case FN_ERF: return erf(x);
    case FN_COS: return cos(clamped(x, 0x1p16));
    case FN_SIN: return sin(clamped(x, 0x1p16));
    default: return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
    }
}

static long double f64_reference(int fn, long double x)
{
    switch (fn) {
    case FN_EXP: return expl(x);
    case FN_EXPM1: return expm1l(x);
    case FN_LOG: return logl(x);
    case FN_LOG1P: return log1pl(x);
    case FN_TANH: return tanhl(x);
    case FN_ERF: return erfl(x);
    case FN_COS: return cosl(clampedl(x, 0x1p32L));
    case FN_SIN: return sinl(clampedl(x, 0x1p32L));
    default: return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
    }
}

/* Distance of y from the true result in its ulp. Infinite only if the results
 * differ in kind: one is NaN, or an overflow is missing or wrong. */
static double ulps(long double y, long double truth, int digits, int min_exponent,
                   long double overflow)
{
    if (isnan(y) || isnan(truth))
        return isnan(y) && isnan(truth) ? 0 : HUGE_VAL;
    if (isinf(y))
        return signbit(y) == signbit(truth) && fabsl(truth) >= overflow ? 0 : HUGE_VAL;
    if (isinf(truth))
        return HUGE_VAL;
    int exponent = min_exponent;
    if (truth != 0 && ilogbl(truth) > min_exponent)
        exponent = ilogbl(truth);
    return (double)ldexpl(fabsl(y - truth), digits - 1 - exponent);
}

#include "simd/real_f32.h"
#define BITS uint32_t
#define REFERENCE double
#define DIGITS FLT_MANT_DIG
#define MIN_EXPONENT (FLT_MIN_EXP - 1)
#include "tests/test_vmath_body.inc.h"

#undef BITS
#undef REFERENCE
#undef DIGITS
#undef MIN_EXPONENT

#include "simd/real_f64.h"
#define BITS uint64_t
#define REFERENCE long double
#define DIGITS DBL_MANT_DIG
#define MIN_EXPONENT (DBL_MIN_EXP - 1)
#include "tests/test_vmath_body.inc.h"

static void sweep_floats(int fn, uint64_t step)
{
    float x[BATCH];
    for (uint64_t next = 0; next < UINT64_C(1) << 32;) {
        for (int i = 0; i < BATCH; i++) {
            uint32_t bits = (uint32_t)(next < UINT32_MAX ? next : UINT32_MAX);
            memcpy(&x[i], &bits, sizeof bits);
            next += step;
        }
        f32_measure(fn, x);
    }
}

/* A quarter each: any bits, the range where the result is neither trivial nor
 * overflows, around zero, and any magnitude from 2^-14 to 2^6. */
static void sweep_doubles(int fn, long batches)
{
    static const double low[FN_COUNT] = {-745, -38, 0.3, -0.9, -3, -40, -1.5, -100, -100};
    static const double high[FN_COUNT] = {710, 5, 3, 3, 3, 40, 6, 100, 100};
    double x[BATCH];
    random_state = 1;
    for (long batch = 0; batch < batches; batch++) {
        for (int i = 0; i < BATCH; i++) {
            uint64_t bits = random_word();
            switch (i % 4) {
            case 0: memcpy(&x[i], &bits, sizeof bits); break;
            case 1: x[i] = random_uniform(low[fn], high[fn]); break;
            case 2: x[i] = random_uniform(-0.75, 1.25); break;
            default: x[i] = ldexp(random_uniform(-2, 2), (int)(bits % 20) - 14);
            }
        }
        f64_measure(fn, x);
    }
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)

/* Not inlined: this file is compiled for one instruction set, and where the CPU lacks it, main must not
 * touch a vector before it has asked. */
__attribute__((noinline)) static int sweep(int argc, char **argv)
{
    /* The default is prime, so that the last bits vary over all exponents. */
    uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 0) : 997;
    step = step ? step : 1;
    /* Where long double is no wider than double, the reference has an error of
     * its own. */
    double slack = LDBL_MANT_DIG > DBL_MANT_DIG ? 0 : 1;

    f32_test_verbs();
    f64_test_verbs();
    f32_test_limits();
    f64_test_limits();

    printf("function    float at            double at              asserted hashes\n");
    for (int fn = 0; fn < FN_COUNT; fn++) {
        f32_measure_specials(fn);
        sweep_floats(fn, step);
        f64_measure_specials(fn);
        sweep_doubles(fn, step > 100 ? 600 : 60000);
        uint64_t hash32 = f32_hash(fn), hash64 = f64_hash(fn);
        printf("%-8s %8.4f %-13a %8.4f %-21a %4g 0x%016llx 0x%016llx\n", fn_names[fn], f32_worst,
               (double)f32_worst_at, f64_worst, f64_worst_at, fn_bounds[fn],
               (unsigned long long)hash32, (unsigned long long)hash64);
        CHECK_MSG(f32_worst <= fn_bounds[fn], "%s in float: %g ulp at %a", fn_names[fn],
                  f32_worst, (double)f32_worst_at);
        CHECK_MSG(f64_worst <= fn_bounds[fn] + slack, "%s in double: %g ulp at %a", fn_names[fn],
                  f64_worst, f64_worst_at);
        CHECK_MSG(hash32 == f32_hashes[fn], "%s in float has other bits", fn_names[fn]);
        CHECK_MSG(hash64 == f64_hashes[fn], "%s in double has other bits", fn_names[fn]);
    }
    return check_report();
}

int main(int argc, char **argv)
{
    return pybp_isa_usable(STRING(PYBP_ISA)) ? sweep(argc, argv) : EXIT_SKIPPED;
}
