#include "base/random.h"

#include "base/wide.h"

#include <string.h>

/* ---- Philox4x64-10 -------------------------------------------------------------------------- */

/* Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3" (2011). */
#define PHILOX_M0 UINT64_C(0xD2E7470EE14C6C93)
#define PHILOX_M1 UINT64_C(0xCA5A826395121157)
#define PHILOX_W0 UINT64_C(0x9E3779B97F4A7C15)
#define PHILOX_W1 UINT64_C(0xBB67AE8584CAA73B)
#define PHILOX_ROUNDS 10

static inline void philox(uint64_t c0, uint64_t c1, uint64_t c2, uint64_t c3, uint64_t k0, uint64_t k1,
                          uint64_t out[4])
{
    /* Unrolled, the rounds of several blocks overlap: 11 cycles a word instead of 17. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC unroll 10
#endif
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        uint64_t high0, high1;
        const uint64_t low0 = pybp_mul_wide(PHILOX_M0, c0, &high0), low1 = pybp_mul_wide(PHILOX_M1, c2, &high1);
        c0 = high1 ^ c1 ^ k0;
        c1 = low1;
        c2 = high0 ^ c3 ^ k1;
        c3 = low0;
        k0 += PHILOX_W0;
        k1 += PHILOX_W1;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

void pybp_philox_block(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4])
{
    philox(counter[0], counter[1], counter[2], counter[3], key[0], key[1], out);
}

/* ---- words by address ----------------------------------------------------------------------- */

/* The block that holds words 4 * number ... 4 * number + 3.  NumPy steps its counter before each block, so
 * its first block has counter 1. */
static inline void word_block(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t third, uint64_t number,
                              uint64_t out[4])
{
    philox(number + 1, sub, third, 0, seed, stream, out);
}

uint64_t pybp_random_word(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t index)
{
    uint64_t block[4];
    word_block(seed, stream, sub, 0, index / 4, block);
    return block[index % 4];
}

void pybp_random_words(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t third, uint64_t first, size_t n,
                       uint64_t *out)
{
    uint64_t number = first / 4;
    const size_t skip = (size_t)(first % 4);
    uint64_t block[4];
    if (skip != 0 && n != 0) {
        const size_t take = n < 4 - skip ? n : 4 - skip;
        word_block(seed, stream, sub, third, number++, block);
        memcpy(out, block + skip, take * sizeof *out);
        out += take;
        n -= take;
    }
    for (; n >= 4; n -= 4, out += 4)
        word_block(seed, stream, sub, third, number++, out);
    if (n != 0) {
        word_block(seed, stream, sub, third, number, block);
        memcpy(out, block, n * sizeof *out);
    }
}

/* The elements to be swapped are far apart: without prefetching, each is a cache miss in a large order. */
static inline void prefetch(const void *address)
{
#if defined(__GNUC__)
    __builtin_prefetch(address, 1);
#else
    (void)address;
#endif
}

void pybp_shuffle(uint64_t seed, uint64_t epoch, size_t n, uint32_t *order)
{
    for (size_t i = 0; i < n; i++)
        order[i] = (uint32_t)i;

    /* Swaps are done in descending order; their words are made in ascending order, CHUNK at a time. */
    enum { CHUNK = 256 };
    uint64_t words[CHUNK];
    size_t end = n; /* swaps for i >= end are done */
    while (end > 1) {
        const size_t start = (end - 1) / CHUNK * CHUNK;
        pybp_random_words(seed, PYBP_STREAM_SHUFFLE, epoch, 0, start, end - start, words);
        for (size_t i = start; i < end; i++) { /* the words become the partners j */
            words[i - start] = pybp_mulhi(words[i - start], (uint64_t)i + 1);
            prefetch(&order[words[i - start]]);
        }
        for (size_t i = end; i-- > start && i > 0;) {
            const size_t j = (size_t)words[i - start];
            const uint32_t swapped = order[i];
            order[i] = order[j];
            order[j] = swapped;
        }
        end = start;
    }
}
