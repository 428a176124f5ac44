/* An arena: several buffers in one allocation. */
#ifndef PYBP_BASE_ARENA_H
#define PYBP_BASE_ARENA_H

#include "base/memory.h"

/* The buffers are planned first, then allocated at once:
 *     pybp_arena arena = {0};
 *     size_t z = pybp_arena_reserve(&arena, bytes_of_z);
 *     size_t a = pybp_arena_reserve(&arena, bytes_of_a);
 *     if (!pybp_arena_commit(&arena)) return PYBP_NO_MEMORY;
 *     float *zp = pybp_arena_at(&arena, z);
 *     pybp_arena_release(&arena);
 * All zeros is an empty plan.  Not thread-safe, but a committed arena may be read by any thread. */
typedef struct pybp_arena {
    unsigned char *memory; /* NULL until committed */
    size_t size;           /* planned so far, a multiple of PYBP_ALIGN */
    bool bad;              /* the plan overflowed, or was changed after commit */
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
    return arena->memory == NULL ? NULL : arena->memory + offset;
}

/* Release the memory, if any, and start an empty plan.  May be called twice. */
void pybp_arena_release(pybp_arena *arena);

#endif
