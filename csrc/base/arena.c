#include "base/arena.h"


size_t pybp_arena_reserve(pybp_arena *arena, size_t bytes)
{
    const size_t limit = (size_t)PTRDIFF_MAX - (size_t)PTRDIFF_MAX % PYBP_ALIGN;
    if (arena->memory != NULL || bytes > limit - arena->size)
        arena->bad = true;
    if (arena->bad)
        return 0;
    const size_t offset = arena->size;
    arena->size += (bytes + PYBP_ALIGN - 1) / PYBP_ALIGN * PYBP_ALIGN;
    return offset;
}

size_t pybp_arena_reserve_array(pybp_arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (!pybp_mul_size(count, size, &bytes))
        bytes = SIZE_MAX; /* more than any arena holds */
    return pybp_arena_reserve(arena, bytes);
}

bool pybp_arena_commit(pybp_arena *arena)
{
    if (arena->bad || arena->memory != NULL)
        return false;
    arena->memory = pybp_alloc(arena->size);
    return arena->memory != NULL;
}

void pybp_arena_release(pybp_arena *arena)
{
    pybp_free(arena->memory);
    *arena = (pybp_arena){0};
}
