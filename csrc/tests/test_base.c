/* Status, memory and the floating-point environment. */
#include "base/arena.h"
#include "base/fpenv.h"
#include "base/status.h"
#include "check.h"

#include <pthread.h>
#include <string.h>

/* Sanitizers abort or warn at absurd sizes and count memory of their own. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

/* ---- status ----------------------------------------------------------------------------------- */

/* The counters of check.h are for one thread. */
static void *fail_in_thread(void *as_expected)
{
    int ok = pybp_last_error()[0] == '\0';
    ok &= pybp_fail(PYBP_NO_MEMORY, "other") == PYBP_NO_MEMORY;
    ok &= strcmp(pybp_last_error(), "other") == 0;
    *(int *)as_expected = ok;
    return NULL;
}

static void test_status(void)
{
    CHECK(pybp_last_error()[0] == '\0');
    CHECK(pybp_fail(PYBP_INVALID, "layer %d has %zu units", 3, (size_t)0) == PYBP_INVALID);
    CHECK(strcmp(pybp_last_error(), "layer 3 has 0 units") == 0);

    pthread_t thread;
    int as_expected = 0;
    CHECK(pthread_create(&thread, NULL, fail_in_thread, &as_expected) == 0);
    pthread_join(thread, NULL);
    CHECK(as_expected);
    CHECK(strcmp(pybp_last_error(), "layer 3 has 0 units") == 0);

    pybp_fail(PYBP_INVALID, "net: %s", pybp_last_error());
    CHECK(strcmp(pybp_last_error(), "net: layer 3 has 0 units") == 0);

    CHECK(strcmp(pybp_status_name(PYBP_OK), "PYBP_OK") == 0);
    CHECK(strcmp(pybp_status_name(PYBP_NO_MEMORY), "PYBP_NO_MEMORY") == 0);
    CHECK(strcmp(pybp_status_name((pybp_status)PYBP_N_STATUS), "unknown status") == 0);
    CHECK(strcmp(pybp_status_name((pybp_status)-1), "unknown status") == 0);
}

static void test_long_messages(void)
{
    char text[2 * PYBP_MESSAGE_BYTES];
    memset(text, 'a', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    pybp_fail(PYBP_INVALID, "%s", text);
    CHECK(strlen(pybp_last_error()) == PYBP_MESSAGE_BYTES - 1);
    text[PYBP_MESSAGE_BYTES - 1] = '\0'; /* fits exactly */
    pybp_fail(PYBP_INVALID, "%s", text);
    CHECK(strcmp(pybp_last_error(), text) == 0);

    /* A cut in the middle of a character of 2, 3 or 4 bytes drops all of it. */
    static const char *const characters[] = {"\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};
    for (size_t k = 0; k < 3; k++) {
        const size_t bytes = strlen(characters[k]);
        for (size_t before = PYBP_MESSAGE_BYTES - 6; before < PYBP_MESSAGE_BYTES + 2; before++) {
            memset(text, 'a', before);
            memcpy(text + before, characters[k], bytes);
            memcpy(text + before + bytes, "bbbbbbbb", 9);
            pybp_fail(PYBP_INVALID, "%s", text);
            size_t expected = PYBP_MESSAGE_BYTES - 1;
            if (before < expected && before + bytes > expected)
                expected = before;
            CHECK(strlen(pybp_last_error()) == expected);
            CHECK(strncmp(pybp_last_error(), text, expected) == 0);
        }
    }
}

/* ---- memory ----------------------------------------------------------------------------------- */

static void test_sizes(void)
{
    size_t n = 7;
    CHECK(pybp_mul_size(3, 5, &n) && n == 15);
    CHECK(pybp_mul_size(0, SIZE_MAX, &n) && n == 0);
    CHECK(pybp_mul_size(SIZE_MAX, 1, &n) && n == SIZE_MAX);
    n = 7;
    CHECK(!pybp_mul_size(SIZE_MAX / 2 + 1, 2, &n) && n == 7);
    CHECK(!pybp_mul_size(SIZE_MAX, SIZE_MAX, &n) && n == 7);
    CHECK(pybp_add_size(SIZE_MAX - 1, 1, &n) && n == SIZE_MAX);
    n = 7;
    CHECK(!pybp_add_size(SIZE_MAX, 1, &n) && n == 7);
}

static int all_zero(const unsigned char *p, size_t n)
{
    while (n > 0 && p[n - 1] == 0)
        n--;
    return n == 0;
}

static void test_blocks(void)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 4096, 100000, 4194303, 4194304, 4194305, 33554433};
    const long live = pybp_alloc_live();
    for (size_t round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            unsigned char *block = pybp_alloc(sizes[i]);
            CHECK(block != NULL && (uintptr_t)block % PYBP_ALIGN == 0);
            CHECK(pybp_alloc_live() == live + 1);
            CHECK(all_zero(block, sizes[i]));
            memset(block, 0xFF, sizes[i]);
            pybp_free(block);
        }
    CHECK(pybp_alloc_live() == live);
    pybp_free(NULL);
    CHECK(pybp_alloc_live() == live);
    CHECK(pybp_alloc(SIZE_MAX) == NULL);
    CHECK(pybp_alloc((size_t)PTRDIFF_MAX + 1) == NULL);
#ifndef SANITIZED
    CHECK(pybp_alloc(PTRDIFF_MAX) == NULL);
#endif
    CHECK(pybp_alloc_live() == live);
}

#if defined(__linux__)
#include <unistd.h>

static long resident_bytes(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%*s %ld", &pages) != 1)
        pages = -1;
    if (file != NULL)
        fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}

/* A large block costs memory only where it is used, also one that was released and taken again. */
static void test_large_blocks_are_lazy(void)
{
#ifndef SANITIZED
    const size_t bytes = (size_t)256 << 20;
    for (int round = 0; round < 3; round++) {
        const long before = resident_bytes();
        unsigned char *block = pybp_alloc(bytes);
        CHECK(block != NULL);
        CHECK(resident_bytes() - before < 16 << 20);
        memset(block, 1, bytes / 8);
        CHECK(resident_bytes() - before >= (long)(bytes / 8));
        pybp_free(block);
        CHECK(resident_bytes() - before < 16 << 20);
    }
#else
    (void)resident_bytes();
#endif
}
#else
static void test_large_blocks_are_lazy(void) {}
#endif

static void test_failure_on_demand(void)
{
    const long live = pybp_alloc_live();
    CHECK(pybp_alloc_fail_after(0) < 0);
    CHECK(pybp_alloc(1) == NULL);
    CHECK(pybp_alloc_fail_after(-1) < 0); /* carried out */
    pybp_alloc_fail_after(2);
    void *a = pybp_alloc(1), *b = pybp_alloc(5000000), *c = pybp_alloc(1), *d = pybp_alloc(1);
    CHECK(a != NULL && b != NULL && c == NULL && d != NULL);
    CHECK(pybp_alloc_live() == live + 3);
    pybp_free(a);
    pybp_free(b);
    pybp_free(d);
    pybp_alloc_fail_after(3);
    a = pybp_alloc(1);
    pybp_free(a);
    CHECK(pybp_alloc_fail_after(-1) == 2);
    CHECK(pybp_alloc_live() == live);
}

static void *allocate_in_thread(void *failures)
{
    int failed = 0;
    for (int i = 0; i < 1000; i++) {
        void *block = pybp_alloc(100);
        failed += block == NULL;
        pybp_free(block);
    }
    *(int *)failures = failed;
    return NULL;
}

static void test_failure_across_threads(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int failures[THREADS], sum = 0;
    const long live = pybp_alloc_live();
    pybp_alloc_fail_after(1500);
    for (int i = 0; i < THREADS; i++)
        CHECK(pthread_create(&threads[i], NULL, allocate_in_thread, &failures[i]) == 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        sum += failures[i];
    }
    CHECK(sum == 1);
    CHECK(pybp_alloc_fail_after(-1) < 0);
    CHECK(pybp_alloc_live() == live);
}

static void test_arena(void)
{
    const long live = pybp_alloc_live();
    pybp_arena arena = {0};
    const size_t a = pybp_arena_reserve(&arena, 1);
    const size_t b = pybp_arena_reserve(&arena, 0);
    const size_t c = pybp_arena_reserve(&arena, 64);
    const size_t d = pybp_arena_reserve_array(&arena, 10, 13);
    CHECK(a == 0 && b == 64 && c == 64 && d == 128 && arena.size == 320);
    CHECK(pybp_arena_at(&arena, c) == NULL);
    CHECK(pybp_arena_commit(&arena));
    CHECK(pybp_alloc_live() == live + 1);
    unsigned char *base = pybp_arena_at(&arena, a);
    CHECK((uintptr_t)base % PYBP_ALIGN == 0 && pybp_arena_at(&arena, d) == base + 128);
    CHECK(all_zero(base, arena.size));
    memset(base, 0xFF, arena.size);

    CHECK(!pybp_arena_commit(&arena)); /* once only */
    CHECK(pybp_arena_at(&arena, a) == base);
    CHECK(pybp_arena_reserve(&arena, 1) == 0 && arena.bad && pybp_arena_at(&arena, d) == base + 128);
    pybp_arena_release(&arena);
    pybp_arena_release(&arena);
    CHECK(pybp_alloc_live() == live && !arena.bad && arena.size == 0);

    CHECK(pybp_arena_commit(&arena)); /* an empty plan is one, too */
    pybp_arena_release(&arena);
    CHECK(pybp_alloc_live() == live);
}

static void test_arena_overflow(void)
{
    const long live = pybp_alloc_live();
    const size_t much = (size_t)PTRDIFF_MAX - 63;
    pybp_arena arena = {0};
    CHECK(pybp_arena_reserve(&arena, much / 2) == 0 && !arena.bad);
    CHECK(pybp_arena_reserve(&arena, much) == 0 && arena.bad);
    CHECK(pybp_arena_reserve(&arena, 1) == 0 && arena.bad); /* sticky */
    CHECK(!pybp_arena_commit(&arena) && pybp_arena_at(&arena, 0) == NULL);
    pybp_arena_release(&arena);

    CHECK(pybp_arena_reserve_array(&arena, SIZE_MAX / 2, 3) == 0 && arena.bad);
    pybp_arena_release(&arena);
    CHECK(pybp_arena_reserve(&arena, SIZE_MAX) == 0 && arena.bad);
    pybp_arena_release(&arena);
    CHECK(pybp_arena_reserve(&arena, much) == 0 && arena.size <= PTRDIFF_MAX);
    CHECK(!arena.bad && pybp_arena_reserve(&arena, 1) == 0 && arena.bad);
    pybp_arena_release(&arena);

    pybp_arena_reserve(&arena, 100);
    pybp_alloc_fail_after(0);
    CHECK(!pybp_arena_commit(&arena) && !arena.bad);
    CHECK(pybp_arena_commit(&arena)); /* as it was: may be tried again */
    pybp_arena_release(&arena);
    CHECK(pybp_alloc_live() == live);
}

/* ---- floating-point environment --------------------------------------------------------------- */

/* Arithmetic that shows the environment, out of reach of the compiler. */
static volatile double one = 1, tiny = 0x1p-1022, small = 0x1p-60;

static int is_wanted(void)
{
    const volatile double half = tiny / 2; /* 0 with FTZ */
    const volatile double twice = half * 2; /* 0 with DAZ */
    const volatile double up = one + small, down = one - small; /* 1 and 1 to nearest only */
    return half != 0 && twice == tiny && up == 1 && down == 1;
}

#if defined(__SSE2__)

static void test_fpenv(void)
{
    const unsigned before = _mm_getcsr();
    static const unsigned settings[] = {
        0x1F80,          /* the default */
        0x9F80,          /* flush to zero */
        0x1FC0,          /* denormals are zero */
        0x9FC0,          /* both, as with -ffast-math */
        0x3F80, 0x5F80, 0x7F80, /* round down, up, to zero */
        0xFFC0 & ~0x0480u, /* all of it, and invalid and overflow trapped */
    };
    _mm_setcsr(0x9FC0);
    const int emulated = _mm_getcsr() != 0x9FC0; /* Valgrind knows no FTZ */
    _mm_setcsr(before);
    for (size_t i = 0; !emulated && i < sizeof settings / sizeof *settings; i++) {
        _mm_setcsr(settings[i]);
        const int wanted_before = is_wanted();
        const pybp_fpenv caller = pybp_fpenv_enter();
        const int wanted = is_wanted();
        const unsigned inside = _mm_getcsr();
        const pybp_fpenv nested = pybp_fpenv_enter();
        pybp_fpenv_leave(nested);
        const int still = is_wanted();
        pybp_fpenv_leave(caller);
        const unsigned after = _mm_getcsr();
        _mm_setcsr(before);
        CHECK(wanted_before == (i == 0));
        CHECK(wanted && still && (inside & 0xFFC0) == 0x1F80);
        CHECK_MSG((after & 0xFFC0) == settings[i], "%#x after %#x", after, settings[i]);
        CHECK((after & 0x20) != 0); /* "inexact" was raised and stays so */
    }
}

#elif defined(__aarch64__)

static void test_fpenv(void)
{
    uint64_t before, after;
    __asm__ volatile("mrs %0, fpcr" : "=r"(before));
    static const uint64_t settings[] = {0, 1 << 24, 1 << 25, 1 << 22, 2 << 22, 3 << 22, 0x3C00000};
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        __asm__ volatile("msr fpcr, %0" : : "r"(settings[i]) : "memory");
        const pybp_fpenv caller = pybp_fpenv_enter();
        const int wanted = is_wanted();
        pybp_fpenv_leave(caller);
        __asm__ volatile("mrs %0, fpcr" : "=r"(after) : : "memory");
        __asm__ volatile("msr fpcr, %0" : : "r"(before) : "memory");
        CHECK(wanted && after == settings[i]);
    }
}

#else

static void test_fpenv(void)
{
    const pybp_fpenv caller = pybp_fpenv_enter();
    CHECK(is_wanted());
    pybp_fpenv_leave(caller);
}

#endif

CHECK_MAIN(
    CHECK_RUN(test_status);
    CHECK_RUN(test_long_messages);
    CHECK_RUN(test_sizes);
    CHECK_RUN(test_blocks);
    CHECK_RUN(test_large_blocks_are_lazy);
    CHECK_RUN(test_failure_on_demand);
    CHECK_RUN(test_failure_across_threads);
    CHECK_RUN(test_arena);
    CHECK_RUN(test_arena_overflow);
    CHECK_RUN(test_fpenv);)
