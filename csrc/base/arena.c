#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 /* madvise, MAP_ANONYMOUS */
#elif defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1
#endif

#include "base/arena.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---- the operating system's large blocks ---------------------------------------------------- */

/* Under AddressSanitizer every block comes from malloc, for its red zones. */
#if defined(__SANITIZE_ADDRESS__)
#define PYBP_SYSTEM_BLOCKS 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PYBP_SYSTEM_BLOCKS 0
#endif
#endif
#ifndef PYBP_SYSTEM_BLOCKS
#if defined(__linux__) || defined(__APPLE__)
#define PYBP_SYSTEM_BLOCKS 1
#else
#define PYBP_SYSTEM_BLOCKS 0
#endif
#endif

#if PYBP_SYSTEM_BLOCKS

#include <sys/mman.h>

static void *system_map(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* a wish: kernels may be built without */
#endif
    return base;
}

static void system_unmap(void *base, size_t bytes)
{
    (void)munmap(base, bytes);
}

#else

static void *system_map(size_t bytes)
{
    (void)bytes;
    return NULL;
}

static void system_unmap(void *base, size_t bytes)
{
    (void)base;
    (void)bytes;
}

#endif

/* ---- counting and failing on demand --------------------------------------------------------- */

static atomic_long live_blocks;
static atomic_long fail_countdown = -1; /* successes left before the failure; < 0: no failure */

long pybp_alloc_fail_after(long n)
{
    return atomic_exchange(&fail_countdown, n < 0 ? -1 : n);
}

long pybp_alloc_live(void)
{
    return atomic_load(&live_blocks);
}

static bool told_to_fail(void)
{
    long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (left >= 0)
        if (atomic_compare_exchange_weak(&fail_countdown, &left, left - 1))
            return left == 0;
    return false;
}

/* ---- blocks --------------------------------------------------------------------------------- */

/* Stands right before the address the user gets. */
typedef struct block_header {
    void *base;    /* what free or munmap takes */
    size_t mapped; /* bytes of a system mapping; 0: from calloc */
} block_header;

#define LARGE_BLOCK ((size_t)4 << 20)
#define HUGE_PAGE ((size_t)2 << 20)

static unsigned char *align_up(unsigned char *p, size_t alignment)
{
    return p + ((alignment - (uintptr_t)p % alignment) % alignment);
}

void *pybp_alloc(size_t bytes)
{
    if (bytes > (size_t)PTRDIFF_MAX || told_to_fail())
        return NULL;

    block_header header = {NULL, 0};
    unsigned char *block = NULL;
    size_t total;
    if (PYBP_SYSTEM_BLOCKS && bytes >= LARGE_BLOCK) {
        /* Not from calloc, which may reuse, and then has to clear, a large block.  Aligned so that huge
         * pages fit; what is left over at the ends is address space, never memory. */
        if (!pybp_add_size(bytes, HUGE_PAGE + PYBP_ALIGN, &total))
            return NULL;
        header.base = system_map(total);
        header.mapped = total;
        if (header.base != NULL)
            block = align_up(header.base, HUGE_PAGE) + PYBP_ALIGN;
    } else {
        if (!pybp_add_size(bytes, sizeof header + PYBP_ALIGN, &total))
            return NULL;
        header.base = calloc(total, 1);
        if (header.base != NULL)
            block = align_up((unsigned char *)header.base + sizeof header, PYBP_ALIGN);
    }
    if (block == NULL)
        return NULL;
    ((block_header *)(void *)block)[-1] = header;
    atomic_fetch_add_explicit(&live_blocks, 1, memory_order_relaxed);
    return block;
}

void pybp_free(void *block)
{
    if (block == NULL)
        return;
    const block_header header = ((block_header *)block)[-1];
    if (header.mapped != 0)
        system_unmap(header.base, header.mapped);
    else
        free(header.base);
    atomic_fetch_sub_explicit(&live_blocks, 1, memory_order_relaxed);
}

/* ---- arenas --------------------------------------------------------------------------------- */

size_t pybp_arena_reserve(pybp_arena *arena, size_t bytes)
{
    const size_t limit = (size_t)PTRDIFF_MAX - (size_t)PTRDIFF_MAX % PYBP_ALIGN;
    if (arena->block != NULL || bytes > limit - arena->size)
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
    if (arena->bad || arena->block != NULL)
        return false;
    arena->block = pybp_alloc(arena->size);
    return arena->block != NULL;
}

void pybp_arena_release(pybp_arena *arena)
{
    pybp_free(arena->block);
    *arena = (pybp_arena){0};
}
