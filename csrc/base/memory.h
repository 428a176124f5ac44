/* Aligned memory, and arithmetic of sizes with checks for overflow.
 *
 * The core allocates everything with pybp_alloc(), so that a test can make any one allocation fail
 * and can count what has not been released. */
#ifndef PYBP_BASE_MEMORY_H
#define PYBP_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PYBP_ALIGN ((size_t)64)

/* ---- sizes ---------------------------------------------------------------------------------- */

/* *out = a * b or a + b; false, and *out untouched, if that overflows.  out may be &a or &b of
 * the caller's own variables. */
static inline bool pybp_mul_size(size_t a, size_t b, size_t *out)
{
    if (a != 0 && b > SIZE_MAX / a)
        return false;
    *out = a * b;
    return true;
}

static inline bool pybp_add_size(size_t a, size_t b, size_t *out)
{
    if (b > SIZE_MAX - a)
        return false;
    *out = a + b;
    return true;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* `bytes` zeroed bytes, 64-byte aligned; release with pybp_free().  NULL if memory is exhausted or
 * bytes > PTRDIFF_MAX (no message is stored: the caller knows what the memory is for).  The address of 0 bytes must be
 * released, too.  4 MiB and more are mapped from the system: pages are not touched here, and huge pages
 * are requested.  Thread-safe. */
void *pybp_alloc(size_t bytes);

/* pybp_alloc for `count` elements of `size` bytes; NULL also if the product overflows. */
static inline void *pybp_alloc_array(size_t count, size_t size)
{
    size_t bytes;
    return pybp_mul_size(count, size, &bytes) ? pybp_alloc(bytes) : NULL;
}

/* Release; NULL is allowed.  Thread-safe. */
void pybp_free(void *block);

/* For tests.  The next n allocations, on any thread, succeed and the one after them fails (n = 0: the
 * very next one); later ones succeed again.  n < 0 switches this off.  Returns how many allocations were left
 * before the failure set by the previous call: < 0 if there was none or if it has happened.  So
 *     for (long n = 0;; n++) {
 *         pybp_alloc_fail_after(n);
 *         run();
 *         if (pybp_alloc_fail_after(-1) >= 0) break;   // run() needs no more than n allocations
 *     }
 * makes each allocation of run() fail in turn.  Thread-safe. */
long pybp_alloc_fail_after(long n);

/* Allocations not yet released, in the whole process.  Thread-safe. */
long pybp_alloc_live(void);

#endif
