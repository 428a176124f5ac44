#include "dispatch/cpu.h"

#if (defined(__x86_64__) || defined(__i386__)) && (defined(__GNUC__) || defined(__clang__))

#include <cpuid.h>

/* The register state that the operating system saves: a CPU can have an instruction set that its system
 * does not enable. */
static unsigned saved_state(void)
{
    unsigned low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

bool pybp_cpu_has_avx2(void)
{
    enum { XMM_AND_YMM = 6 };
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_OSXSAVE) || !(c & bit_AVX) || !(c & bit_FMA))
        return false;
    if ((saved_state() & XMM_AND_YMM) != XMM_AND_YMM)
        return false;
    return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (b & bit_AVX2);
}

#else

bool pybp_cpu_has_avx2(void)
{
    return false;
}

#endif
