#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include "bench/bench.h"

#include <time.h>

static clockid_t clock_used = CLOCK_MONOTONIC;

void bench_count_cpu_time(void)
{
    clock_used = CLOCK_PROCESS_CPUTIME_ID;
}

double bench_now(void)
{
    struct timespec now;
    clock_gettime(clock_used, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

#define SECONDS 5e-3
#define TURNS 20000
#define CHAINS 12 /* enough to hide an FMA's latency */

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define PEAK(name, type, broadcast, asm_fma, lanes)                                                              \
    __attribute__((target("avx2,fma"))) static double name(void)                                                 \
    {                                                                                                             \
        type acc[CHAINS], a = broadcast(1.0), b = broadcast(0.0);                                                 \
        for (int i = 0; i < CHAINS; i++)                                                                          \
            acc[i] = b;                                                                                           \
        for (int t = 0; t < TURNS; t++)                                                                           \
            __asm__ volatile(asm_fma("0") asm_fma("1") asm_fma("2") asm_fma("3") asm_fma("4") asm_fma("5")        \
                                 asm_fma("6") asm_fma("7") asm_fma("8") asm_fma("9") asm_fma("10") asm_fma("11")  \
                             : "+x"(acc[0]), "+x"(acc[1]), "+x"(acc[2]), "+x"(acc[3]), "+x"(acc[4]), "+x"(acc[5]), \
                               "+x"(acc[6]), "+x"(acc[7]), "+x"(acc[8]), "+x"(acc[9]), "+x"(acc[10]),              \
                               "+x"(acc[11])                                                                      \
                             : "x"(a), "x"(b));                                                                   \
        return 2.0 * lanes * CHAINS * TURNS;                                                                      \
    }
#define FMA_PS(i) "vfmadd231ps %12, %13, %" i "\n\t"
#define FMA_PD(i) "vfmadd231pd %12, %13, %" i "\n\t"
PEAK(flops_f32, __m256, _mm256_set1_ps, FMA_PS, 8)
PEAK(flops_f64, __m256d, _mm256_set1_pd, FMA_PD, 4)

static double chain(void)
{
    long x = 0;
    for (int t = 0; t < TURNS; t++)
        __asm__ volatile("add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\t"
                         "add $1, %0\n\tadd $1, %0\n\tadd $1, %0\n\tadd $1, %0"
                         : "+r"(x));
    return 8.0 * TURNS;
}

static int has_fma(void)
{
    return pybp_isa_usable("avx2");
}

#else

static double flops_f32(void) { return 0; }
static double flops_f64(void) { return 0; }
static double chain(void) { return 0; }
static int has_fma(void) { return 0; }

#endif

static double rate(double (*work)(void))
{
    const double start = bench_now();
    double done = 0, now;
    do
        done += work();
    while ((now = bench_now()) - start < SECONDS);
    return done / (now - start);
}

double bench_peak(pybp_dtype dtype)
{
    return has_fma() ? rate(dtype == PYBP_FLOAT32 ? flops_f32 : flops_f64) : 0;
}

double bench_clock(void)
{
    return rate(chain);
}
