/* Loops over the operations of simd.h, compiled for each instruction set as the kernels are. */
#include "bench/bench.h"
#include "simd/simd.h"
#include "simd/vmath.h"

/* From x to y, so that the arguments do not change from call to call. n is a multiple of the vectors' length. */
#define ON_ARRAY(name)                                          \
    static void REAL(name##_on)(size_t n, const void *x, void *y) \
    {                                                           \
        for (size_t i = 0; i < n; i += LANES)                   \
            v_store((real *)y + i, v_##name(v_load((const real *)x + i))); \
    }

#include "simd/real_f32.h"
BENCH_FUNCTIONS(ON_ARRAY)

#include "simd/real_f64.h"
BENCH_FUNCTIONS(ON_ARRAY)

static void stream(size_t n, const float *x, float *const y[3])
{
    for (size_t i = 0; i < n; i += F32_LANES)
        for (int j = 0; j < 3; j++)
            f32_store(y[j] + i, f32_add(f32_load(y[j] + i), f32_load(x + i)));
}

#define STRING_(x) #x
#define STRING(x) STRING_(x)
#define ROW(name) {#name, {PYBP_PASTE(f32_, name##_on), PYBP_PASTE(f64_, name##_on)}},
#define LOOPS PYBP_PASTE(bench_loops_, PYBP_ISA)
extern const bench_loops LOOPS;
const bench_loops LOOPS = {STRING(PYBP_ISA), {BENCH_FUNCTIONS(ROW){NULL, {NULL, NULL}}}, stream};
