/* Counter-based random numbers: Philox4x64-10, word for word numpy.random.Philox.
 *
 * A random word has an address, (seed, stream, sub, third, index), and no state: weights, shuffles and dropout
 * masks depend on where they are used, not on the order of execution or on threads.  In NumPy,
 *     numpy.random.Philox(key=[seed, stream], counter=[0, sub, third, 0]).random_raw(n)
 * gives the words with index 0 ... n - 1 (as arrays of uint64).
 *
 * All functions are thread-safe and cannot fail. */
#ifndef PYBP_BASE_RANDOM_H
#define PYBP_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What the words are for.  The numbers are part of the numerics contract: never change one. */
enum {
    PYBP_STREAM_WEIGHTS = 1, /* sub: layer, third: 0 weights, 1 biases */
    PYBP_STREAM_SHUFFLE = 2, /* sub: epoch */
    PYBP_STREAM_MASKS = 3,   /* sub: layer, third: pass */
    PYBP_STREAM_SPLIT = 4
};

/* One block: the 4 words that Philox makes of a counter and a key. */
void pybp_philox_block(const uint64_t counter[4], const uint64_t key[2], uint64_t out[4]);

/* The word at an address whose third part is 0. */
uint64_t pybp_random_word(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t index);

/* The n words with index first ... first + n - 1 into out[0 ... n - 1]; several times faster than one by
 * one.  first + n must not exceed 2^64.  n may be 0. */
void pybp_random_words(uint64_t seed, uint64_t stream, uint64_t sub, uint64_t third, uint64_t first, size_t n,
                       uint64_t *out);

/* The word as a number in the open interval (0, 1): ((word >> 12) + 1/2) * 2^-52, exact. */
static inline double pybp_uniform(uint64_t word)
{
    return ((double)(word >> 12) + 0.5) * 0x1p-52;
}

/* A permutation of 0 ... n - 1 into order[0 ... n - 1], n <= 2^32 - 1 (the caller checks).  From the
 * identity, for i = n - 1 down to 1: swap order[i] and order[j], j = the high 64 bits of
 * word_i * (i + 1), word_i = pybp_random_word(seed, PYBP_STREAM_SHUFFLE, epoch, i). */
void pybp_shuffle(uint64_t seed, uint64_t epoch, size_t n, uint32_t *order);

#endif
