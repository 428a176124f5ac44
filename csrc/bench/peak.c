#define _POSIX_C_SOURCE 199309L /* clock_gettime */
#include "bench/bench.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
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
#define REPEATS 20000
#define CHAINS 12 /* enough to hide an FMA's latency */
#define MAX_THREADS 64

typedef double loop(void); /* returns the number of operations that it did */

#if defined(__x86_64__) && defined(__GNUC__)

#include <immintrin.h>

#define PEAK(name, isa, type, broadcast, mnemonic, lanes)                                                          \
    __attribute__((target(isa))) static double name(void)                                                         \
    {                                                                                                             \
        type acc[CHAINS], a = broadcast(1.0), b = broadcast(0.0);                                                 \
        for (int i = 0; i < CHAINS; i++)                                                                          \
            acc[i] = b;                                                                                           \
        for (int t = 0; t < REPEATS; t++)                                                                           \
            __asm__ volatile(mnemonic " %12, %13, %0\n\t" mnemonic " %12, %13, %1\n\t"                            \
                             mnemonic " %12, %13, %2\n\t" mnemonic " %12, %13, %3\n\t"                            \
                             mnemonic " %12, %13, %4\n\t" mnemonic " %12, %13, %5\n\t"                            \
                             mnemonic " %12, %13, %6\n\t" mnemonic " %12, %13, %7\n\t"                            \
                             mnemonic " %12, %13, %8\n\t" mnemonic " %12, %13, %9\n\t"                            \
                             mnemonic " %12, %13, %10\n\t" mnemonic " %12, %13, %11"                              \
                             : "+v"(acc[0]), "+v"(acc[1]), "+v"(acc[2]), "+v"(acc[3]), "+v"(acc[4]), "+v"(acc[5]), \
                               "+v"(acc[6]), "+v"(acc[7]), "+v"(acc[8]), "+v"(acc[9]), "+v"(acc[10]),              \
                               "+v"(acc[11])                                                                      \
                             : "v"(a), "v"(b));                                                                   \
        return 2.0 * lanes * CHAINS * REPEATS;                                                                      \
    }
PEAK(avx2_f32, "avx2,fma", __m256, _mm256_set1_ps, "vfmadd231ps", 8)
PEAK(avx2_f64, "avx2,fma", __m256d, _mm256_set1_pd, "vfmadd231pd", 4)
PEAK(avx512_f32, "avx512f", __m512, _mm512_set1_ps, "vfmadd231ps", 16)
PEAK(avx512_f64, "avx512f", __m512d, _mm512_set1_pd, "vfmadd231pd", 8)

static loop *const loops[][2] = {{avx2_f32, avx2_f64}, {avx512_f32, avx512_f64}}; /* by dtype */

static int usable(size_t i)
{
    return i == 0 ? __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") : __builtin_cpu_supports("avx512f");
}

#define CYCLE_PAIR "add %1, %0\n\trol $7, %0\n\t" /* two cycles */
#define CYCLES_8 CYCLE_PAIR CYCLE_PAIR CYCLE_PAIR CYCLE_PAIR

#elif defined(__aarch64__) && defined(__GNUC__)

#include <arm_neon.h>

#define PEAK(name, type, broadcast, shape, lanes)                                                                 \
    static double name(void)                                                                                      \
    {                                                                                                             \
        type acc[CHAINS], a = broadcast(1.0), b = broadcast(0.0);                                                 \
        for (int i = 0; i < CHAINS; i++)                                                                          \
            acc[i] = b;                                                                                           \
        for (int t = 0; t < REPEATS; t++)                                                                           \
            for (int i = 0; i < CHAINS; i++)                                                                      \
                __asm__ volatile("fmla %0." shape ", %1." shape ", %2." shape : "+w"(acc[i]) : "w"(a), "w"(b));   \
        return 2.0 * lanes * CHAINS * REPEATS;                                                                      \
    }
PEAK(neon_f32, float32x4_t, vdupq_n_f32, "4s", 4)
PEAK(neon_f64, float64x2_t, vdupq_n_f64, "2d", 2)

static loop *const loops[][2] = {{neon_f32, neon_f64}};

static int usable(size_t i)
{
    return i == 0;
}

#define CYCLE_PAIR "add %0, %0, %1\n\tror %0, %0, #7\n\t"
#define CYCLES_8 CYCLE_PAIR CYCLE_PAIR CYCLE_PAIR CYCLE_PAIR

#else

static loop *const loops[][2] = {{NULL, NULL}};

static int usable(size_t i)
{
    return i > 0;
}

#endif

/* A chain of dependent instructions that take one cycle each. Some CPUs do additions of constants while they rename
 * registers, several a cycle (Intel from Golden Cove on). None can do so with the sum of two registers, which it does
 * not know yet, nor with a rotation. */
#ifdef CYCLES_8
static double chain(void)
{
    uint64_t x = 1, y = 3;
    for (int t = 0; t < REPEATS; t++)
        __asm__ volatile(CYCLES_8 : "+r"(x) : "r"(y) : "cc");
    return 8.0 * REPEATS;
}
#endif

static double rate(loop *work)
{
    const double start = bench_now();
    double done = 0, now;
    do
        done += work();
    while ((now = bench_now()) - start < SECONDS);
    return done / (now - start);
}

/* The rate of one thread. */
static double peak(pybp_dtype dtype)
{
    double best = 0;
    for (size_t i = 0; i < sizeof loops / sizeof *loops; i++)
        if (usable(i)) {
            const double found = rate(loops[i][dtype]);
            best = found > best ? found : best;
        }
    return best;
}

typedef struct worker {
    pthread_t thread;
    pybp_dtype dtype;
    double rate;
} worker;

static void *run_worker(void *arg)
{
    worker *w = arg;
    w->rate = peak(w->dtype);
    return NULL;
}

double bench_peak(pybp_dtype dtype, int threads)
{
    worker workers[MAX_THREADS];
    const int others = (threads < MAX_THREADS ? threads : MAX_THREADS) - 1;
    double sum;
    for (int i = 0; i < others; i++) {
        workers[i].dtype = dtype;
        if (pthread_create(&workers[i].thread, NULL, run_worker, &workers[i]) != 0)
            exit(1);
    }
    sum = peak(dtype);
    for (int i = 0; i < others; i++) {
        pthread_join(workers[i].thread, NULL);
        sum += workers[i].rate;
    }
    return sum;
}

#define SLOWEST_CLOCK 0.5e9
#define FASTEST_CLOCK 7e9

double bench_clock(void)
{
#ifdef CYCLES_8
    const double found = rate(chain);
    if (found >= SLOWEST_CLOCK && found <= FASTEST_CLOCK)
        return found;
#endif
    return 0;
}
