/* Aligned memory, size arithmetic that notices overflow, and arenas.
 *
 * Every block of the core comes from pybp_alloc(), so that a test can make any one allocation fail
 * and can count what is left over. */
#ifndef PYBP_BASE_ARENA_H
#define PYBP_BASE_ARENA_H

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

/* ---- blocks --------------------------------------------------------------------------------- */

/* `bytes` of zeros, 64-byte aligned; release with pybp_free().  NULL if memory is exhausted or
 * bytes > PTRDIFF_MAX (no message is stored: the caller knows what it was for); 0 bytes gives a block
 * that must be released all the same.  Large blocks (4 MiB and more) come straight from the system: no
 * page is touched before its user does, and huge pages are asked for.  Thread-safe. */
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
 * very next), after which allocations succeed again; n < 0 switches this off.  Returns what was left
 * of the previous order: < 0 if there was none or if it has been carried out.  So
 *     for (long n = 0;; n++) {
 *         pybp_alloc_fail_after(n);
 *         run();
 *         if (pybp_alloc_fail_after(-1) >= 0) break;   // run() needs no more than n allocations
 *     }
 * makes each allocation of run() fail in turn.  Thread-safe. */
long pybp_alloc_fail_after(long n);

/* Blocks allocated and not yet released, in the whole process.  Thread-safe. */
long pybp_alloc_live(void);

/* ---- arenas --------------------------------------------------------------------------------- */

/* An arena is planned first and allocated once:
 *     pybp_arena arena = {0};
 *     size_t z = pybp_arena_reserve(&arena, bytes_of_z);
 *     size_t a = pybp_arena_reserve(&arena, bytes_of_a);
 *     if (!pybp_arena_commit(&arena)) return PYBP_NO_MEMORY;
 *     float *zp = pybp_arena_at(&arena, z);
 *     pybp_arena_release(&arena);
 * All zeros is an empty plan.  Not thread-safe, but a committed arena may be read by any thread. */
typedef struct pybp_arena {
    unsigned char *block; /* NULL until committed */
    size_t size;          /* planned so far, a multiple of PYBP_ALIGN */
    bool bad;             /* the plan overflowed, or was changed after commit */
} pybp_arena;

/* Plan `bytes` more; returns their offset, a multiple of 64.  On overflow (the plan would pass
 * PTRDIFF_MAX), and after a commit, the arena is marked bad, the return is 0 and commit will fail: one
 * check at the end is enough.  `bytes` may be 0. */
size_t pybp_arena_reserve(pybp_arena *arena, size_t bytes);

/* The same for count * size bytes. */
size_t pybp_arena_reserve_array(pybp_arena *arena, size_t count, size_t size);

/* Allocate the plan, zeroed.  false if the plan is bad, memory is exhausted or it is committed
 * already; the arena is then as it was. */
bool pybp_arena_commit(pybp_arena *arena);

/* The address of an offset that reserve returned; NULL before commit.  Owned by the arena. */
static inline void *pybp_arena_at(const pybp_arena *arena, size_t offset)
{
    return arena->block == NULL ? NULL : arena->block + offset;
}

/* Release the block, if any, and start an empty plan.  May be called twice. */
void pybp_arena_release(pybp_arena *arena);

#endif
