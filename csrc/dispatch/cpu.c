#include "dispatch/cpu.h"

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))

#include <cpuid.h>
#include <stdatomic.h>

/* Register state, in the bits of XCR0. */
enum { XMM = 1 << 1, YMM = 1 << 2, MASKS = 1 << 5, ZMM_LOW = 1 << 6, ZMM_HIGH = 1 << 7 };

/* Whether the operating system saves that state: a CPU may have an instruction set that its system does not enable. The
 * CPU must have AVX. */
static bool saves(unsigned state)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return (low & state) == state;
}

/* All of these features among the extended ones. */
static bool has(unsigned features)
{
    unsigned a, b, c, d;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & features) == features;
}

static bool test_avx2(void)
{
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX) || !(c & bit_FMA))
        return false;
    return saves(XMM | YMM) && has(bit_AVX2);
}

static bool test_avx512(void)
{
#ifdef PYBP_EMULATE_AVX512
    return test_avx2();
#else
    return test_avx2() && saves(XMM | YMM | MASKS | ZMM_LOW | ZMM_HIGH) &&
           has(bit_AVX512F | bit_AVX512DQ | bit_AVX512BW | bit_AVX512VL);
#endif
}

/* Cached: a test takes microseconds where a hypervisor answers for the CPU. */
enum { UNKNOWN, NO, YES };

static bool cached(atomic_int *cache, bool test(void))
{
    int known = atomic_load_explicit(cache, memory_order_relaxed);
    if (known == UNKNOWN) {
        known = test() ? YES : NO;
        atomic_store_explicit(cache, known, memory_order_relaxed);
    }
    return known == YES;
}

bool pybp_cpu_has_avx2(void)
{
    static atomic_int cache;
    return cached(&cache, test_avx2);
}

bool pybp_cpu_has_avx512(void)
{
    static atomic_int cache;
    return cached(&cache, test_avx512);
}

#else

bool pybp_cpu_has_avx2(void)
{
    return false;
}

bool pybp_cpu_has_avx512(void)
{
    return false;
}

#endif
