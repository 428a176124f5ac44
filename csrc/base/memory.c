#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 /* madvise, MAP_ANONYMOUS */
#elif defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1
#endif

#include "base/memory.h"

#include <stdatomic.h>
#include <stdlib.h>

/* ---- large allocations, mapped from the system ---------------------------------------------------- */

/* Not under AddressSanitizer: it surrounds what calloc returns with red zones. */
#if defined(__SANITIZE_ADDRESS__)
#define PYBP_MAP_LARGE 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PYBP_MAP_LARGE 0
#endif
#endif
#ifndef PYBP_MAP_LARGE
#if defined(__linux__) || defined(__APPLE__)
#define PYBP_MAP_LARGE 1
#else
#define PYBP_MAP_LARGE 0
#endif
#endif

#if PYBP_MAP_LARGE

#include <sys/mman.h>

static void *map_pages(size_t bytes)
{
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
#ifdef MADV_HUGEPAGE
    (void)madvise(base, bytes, MADV_HUGEPAGE); /* the kernel may not support it */
#endif
    return base;
}

static void unmap_pages(void *base, size_t bytes)
{
    (void)munmap(base, bytes);
}

#else

static void *map_pages(size_t bytes)
{
    (void)bytes;
    return NULL;
}

static void unmap_pages(void *base, size_t bytes)
{
    (void)base;
    (void)bytes;
}

#endif

/* ---- counting and failing on demand --------------------------------------------------------- */

static atomic_long live_allocations;
static atomic_long fail_countdown = -1; /* successes left before the failure; < 0: no failure */

long pybp_alloc_fail_after(long n)
{
    return atomic_exchange(&fail_countdown, n < 0 ? -1 : n);
}

long pybp_alloc_live(void)
{
    return atomic_load(&live_allocations);
}

static bool must_fail(void)
{
    long left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
    while (left >= 0)
        if (atomic_compare_exchange_weak(&fail_countdown, &left, left - 1))
            return left == 0;
    return false;
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Lies right before the address that the caller gets. */
typedef struct header {
    void *base;    /* for free or munmap */
    size_t mapped; /* bytes mapped; 0: from calloc */
} header;

#define LARGE ((size_t)4 << 20)
#define HUGE_PAGE ((size_t)2 << 20)

static unsigned char *align_up(unsigned char *p, size_t alignment)
{
    return p + ((alignment - (uintptr_t)p % alignment) % alignment);
}

void *pybp_alloc(size_t bytes)
{
    if (bytes > (size_t)PTRDIFF_MAX || must_fail())
        return NULL;

    header h = {NULL, 0};
    unsigned char *block = NULL;
    size_t total;
    if (PYBP_MAP_LARGE && bytes >= LARGE) {
        /* calloc might reuse freed memory, which it would have to clear.  Aligned so that huge pages fit; the unused
         * ends are address space without memory. */
        if (!pybp_add_size(bytes, HUGE_PAGE + PYBP_ALIGN, &total))
            return NULL;
        h.base = map_pages(total);
        h.mapped = total;
        if (h.base != NULL)
            block = align_up(h.base, HUGE_PAGE) + PYBP_ALIGN;
    } else {
        if (!pybp_add_size(bytes, sizeof h + PYBP_ALIGN, &total))
            return NULL;
        h.base = calloc(total, 1);
        if (h.base != NULL)
            block = align_up((unsigned char *)h.base + sizeof h, PYBP_ALIGN);
    }
    if (block == NULL)
        return NULL;
    ((header *)(void *)block)[-1] = h;
    atomic_fetch_add_explicit(&live_allocations, 1, memory_order_relaxed);
    return block;
}

void pybp_free(void *block)
{
    if (block == NULL)
        return;
    const header h = ((header *)block)[-1];
    if (h.mapped != 0)
        unmap_pages(h.base, h.mapped);
    else
        free(h.base);
    atomic_fetch_sub_explicit(&live_allocations, 1, memory_order_relaxed);
}
