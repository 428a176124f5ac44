/* 64 x 64 bit products, on every compiler. */
#ifndef PYBP_BASE_WIDE_H
#define PYBP_BASE_WIDE_H

#include <stdint.h>

#if defined(_MSC_VER) && (defined(_M_X64) || defined(_M_ARM64))
#include <intrin.h>
#endif

/* From 32-bit products. Tests compare the others with it. */
static inline uint64_t pybp_mulhi_portable(uint64_t a, uint64_t b)
{
    const uint64_t a0 = a & 0xFFFFFFFFu, a1 = a >> 32;
    const uint64_t b0 = b & 0xFFFFFFFFu, b1 = b >> 32;
    const uint64_t low = a0 * b0;
    const uint64_t mid1 = a1 * b0 + (low >> 32);             /* < 2^64: no carry is lost */
    const uint64_t mid2 = a0 * b1 + (mid1 & 0xFFFFFFFFu);
    return a1 * b1 + (mid1 >> 32) + (mid2 >> 32);
}

static inline uint64_t pybp_mulhi(uint64_t a, uint64_t b)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide;
    return (uint64_t)((wide)a * b >> 64);
#elif defined(_MSC_VER) && (defined(_M_X64) || defined(_M_ARM64))
    return __umulh(a, b);
#else
    return pybp_mulhi_portable(a, b);
#endif
}

/* Both halves; the low one is returned. */
static inline uint64_t pybp_mul_wide(uint64_t a, uint64_t b, uint64_t *high)
{
#if defined(__SIZEOF_INT128__)
    __extension__ typedef unsigned __int128 wide; /* with a separate expression for each half, gcc multiplies twice */
    const wide product = (wide)a * b;
    *high = (uint64_t)(product >> 64);
    return (uint64_t)product;
#else
    *high = pybp_mulhi(a, b);
    return a * b;
#endif
}

#endif
