/* Status, memory, random numbers and the floating-point environment. */
#include "base/arena.h"
#include "base/fpenv.h"
#include "base/random.h"
#include "base/status.h"
#include "base/wide.h"
#include "check.h"

#include <pthread.h>
#include <stdlib.h>
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
    pybp_clear_error();
    CHECK(pybp_last_error()[0] == '\0');

    CHECK(strcmp(pybp_status_name(PYBP_OK), "PYBP_OK") == 0);
    CHECK(strcmp(pybp_status_name(PYBP_NO_MEMORY), "PYBP_NO_MEMORY") == 0);
    CHECK(strcmp(pybp_status_name((pybp_status)PYBP_N_STATUS), "unknown status") == 0);
    CHECK(strcmp(pybp_status_name((pybp_status)-1), "unknown status") == 0);
    CHECK(strcmp(pybp_status_text(PYBP_OK), "success") == 0);
    CHECK(strcmp(pybp_status_text((pybp_status)PYBP_N_STATUS), "unknown status") == 0);
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
    pybp_clear_error();
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

/* ---- random numbers --------------------------------------------------------------------------- */

#define M UINT64_MAX

/* FNV-1a over whole words. */
static uint64_t digest(uint64_t hash, uint64_t word)
{
    return (hash ^ word) * UINT64_C(0x100000001B3);
}
#define DIGEST_START UINT64_C(0xCBF29CE484222325)

static void test_mulhi(void)
{
    static const uint64_t edges[] = {0, 1, 2, 0xFFFFFFFF, 0x100000000, 0x100000001, M / 2, M / 2 + 1, M - 1, M};
    for (size_t i = 0; i < 10; i++)
        for (size_t j = 0; j < 10; j++)
            CHECK(pybp_mulhi(edges[i], edges[j]) == pybp_mulhi_portable(edges[i], edges[j]));
    for (uint64_t i = 0; i < 1000; i++) {
        const uint64_t a = pybp_random_word(1, 0, 0, i), b = pybp_random_word(2, 0, 0, i);
        CHECK(pybp_mulhi(a, b) == pybp_mulhi_portable(a, b));
    }
    CHECK(pybp_mulhi_portable(M, M) == M - 1);
}

/* The three known answers that come with Random123. */
static void test_philox_known_answers(void)
{
    static const struct {
        uint64_t counter[4], key[2], out[4];
    } known[] = {
        {{0, 0, 0, 0}, {0, 0},
         {0x16554D9ECA36314C, 0xDB20FE9D672D0FDC, 0xD7E772CEE186176B, 0x7E68B68AEC7BA23B}},
        {{M, M, M, M}, {M, M},
         {0x87B092C3013FE90B, 0x438C3C67BE8D0224, 0x9CC7D7C69CD777B6, 0xA09CAEBF594F0BA0}},
        {{0x243F6A8885A308D3, 0x13198A2E03707344, 0xA4093822299F31D0, 0x082EFA98EC4E6C89},
         {0x452821E638D01377, 0xBE5466CF34E90C6C},
         {0xA528F45403E61D95, 0x38C72DBD566E9788, 0xA5A1610E72FD18B5, 0x57BD43B5E52B7FE6}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint64_t out[4];
        pybp_philox_block(known[i].counter, known[i].key, out);
        CHECK(memcmp(out, known[i].out, sizeof out) == 0);
    }
}

/* numpy.random.Philox(key=[seed, stream], counter=[0, sub, 0, 0]).random_raw(1000003): the first
 * nine words, the last, and a digest of all. */
static const struct {
    uint64_t seed, stream, sub, first[9], last, digest;
} numpy_words[] = {
    {0, 1, 0,
     {0xD037F8C3F9A1D176, 0xC057419B4C210765, 0xABF13115117B0065, 0x7BAE035DEA6EA5C0, 0xB487AC82E7DDD46F,
      0x45E81EDBA7C59426, 0xD0A3831EBE9A338C, 0x90194C97F11D0DC3, 0x90CAE1E1AECC68A9},
     0xD7BCBAE7D1991F64, 0x8063CF458AE8B0A1},
    {42, 2, 7,
     {0x639752F8EBFECE58, 0x536BC7CD01866107, 0xA34C84E3405A4881, 0x312BE097CCE004A3, 0xDB997A0C7E1AA972,
      0x6645B0A6B0928018, 0x880BB5CDAA01E788, 0xB1605D1E6456DFB9, 0x3A079E9A1DC7A56B},
     0x3821D36327571237, 0x74F247F5B7210E42},
    {M, M, M,
     {0xA6DE787E99B6661D, 0x475EC681ED69D93F, 0x0E82A8490A55BC99, 0x1DAE27593AC2A6A7, 0x3D008311FD240D08,
      0x8493B77137195BD4, 0x0F45D86D0DFE9168, 0x3646FFA34608015C, 0x1A29F8D13984EC45},
     0x9E906EA3043F797A, 0x361506D4ED6299FC},
    {0x0123456789ABCDEF, 3, (uint64_t)1 << 40,
     {0x518E13D5F62684C3, 0x0EB2216C34D47275, 0x7EE79E1D6E44017B, 0xBB191D057A6842E4, 0xE6BC4530062B6203,
      0x6DBECCD9EBD5A880, 0x1E2BC95B26BC32B3, 0xB9C2A5593DE637ED, 0x465E48E384527B68},
     0x51D6CC9E448E01D3, 0x16C32C7E0E4E2A83},
};

static void test_words_are_numpys(void)
{
    enum { N = 1000003 };
    uint64_t *words = malloc(N * sizeof *words);
    CHECK(words != NULL);
    for (size_t k = 0; words != NULL && k < sizeof numpy_words / sizeof *numpy_words; k++) {
        const uint64_t seed = numpy_words[k].seed, stream = numpy_words[k].stream, sub = numpy_words[k].sub;
        uint64_t hash = DIGEST_START;
        pybp_random_words(seed, stream, sub, 0, N, words);
        for (size_t i = 0; i < N; i++)
            hash = digest(hash, words[i]);
        CHECK(hash == numpy_words[k].digest);
        CHECK(words[N - 1] == numpy_words[k].last);
        for (size_t i = 0; i < 9; i++) {
            CHECK(words[i] == numpy_words[k].first[i]);
            CHECK(pybp_random_word(seed, stream, sub, i) == numpy_words[k].first[i]);
        }
        /* Any window, and not a word beyond it. */
        for (size_t first = 0; first < 9; first++)
            for (size_t n = 0; n < 14; n++) {
                uint64_t out[15];
                memset(out, 0x5A, sizeof out);
                pybp_random_words(seed, stream, sub, first, n, out);
                CHECK(memcmp(out, words + first, n * sizeof *out) == 0);
                CHECK(out[n] == UINT64_C(0x5A5A5A5A5A5A5A5A));
            }
    }
    free(words);
    CHECK(pybp_random_word(42, 2, 7, ((uint64_t)1 << 34) + 1) == 0xC4F2341D96EA9829);
    CHECK(pybp_random_word(42, 2, 7, M) == 0xD26D0D374BF1D040);
    CHECK(pybp_random_word(42, 2, 7, M - 1) == 0xF3FC209D6035720D);
}

static void test_uniform(void)
{
    CHECK(pybp_uniform(0) == 0x1p-53 && pybp_uniform(0xFFF) == 0x1p-53);
    CHECK(pybp_uniform(M) == 1 - 0x1p-53);
    CHECK(pybp_uniform((uint64_t)1 << 63) == 0.5 + 0x1p-53);
    double sum = 0, square = 0;
    for (uint64_t i = 0; i < 100000; i++) {
        const double u = pybp_uniform(pybp_random_word(5, PYBP_STREAM_DROPOUT, 0, i));
        sum += u;
        square += u * u;
    }
    CHECK_NEAR(sum / 100000, 1.0 / 2, 0.004); /* 4 standard errors */
    CHECK_NEAR(square / 100000, 1.0 / 3, 0.004);
}

/* From a few lines of Python on numpy.random.Philox. */
static void test_shuffle(void)
{
    static const struct {
        uint64_t seed, epoch;
        size_t n;
        uint32_t order[17];
    } small[] = {
        {0, 0, 1, {0}},
        {0, 0, 2, {1, 0}},
        {2, 0, 2, {1, 0}},
        {3, 0, 2, {0, 1}},
        {0, 0, 3, {1, 2, 0}},
        {42, 1, 10, {0, 6, 2, 3, 1, 5, 7, 8, 4, 9}},
        {42, 2, 10, {4, 3, 5, 1, 2, 0, 7, 6, 9, 8}},
        {M, M, 17, {16, 4, 15, 3, 1, 14, 10, 8, 12, 13, 5, 6, 9, 11, 0, 2, 7}},
    };
    static const struct {
        uint64_t seed, epoch;
        size_t n;
        uint64_t digest;
    } large[] = {
        {7, 0, 255, 0xEC8FB934194AA786},  {7, 0, 256, 0x3F7AAE5D303FCEF7},
        {7, 0, 257, 0xB9899F6E07EB7D59},  {7, 0, 258, 0x5B3F0C47B474EE34},
        {7, 3, 1000, 0x7E0BB39301547A95}, {M, 1, 100000, 0x7523DA7ED63A93DD},
    };
    uint32_t untouched = 9;
    pybp_shuffle(1, 2, 0, &untouched);
    CHECK(untouched == 9);
    pybp_shuffle(1, 2, 0, NULL);
    for (size_t k = 0; k < sizeof small / sizeof *small; k++) {
        uint32_t order[18];
        order[small[k].n] = 12345;
        pybp_shuffle(small[k].seed, small[k].epoch, small[k].n, order);
        CHECK(memcmp(order, small[k].order, small[k].n * sizeof *order) == 0);
        CHECK(order[small[k].n] == 12345);
    }
    uint32_t *order = malloc(100000 * sizeof *order);
    CHECK(order != NULL);
    for (size_t k = 0; order != NULL && k < sizeof large / sizeof *large; k++) {
        uint64_t hash = DIGEST_START;
        pybp_shuffle(large[k].seed, large[k].epoch, large[k].n, order);
        for (size_t i = 0; i < large[k].n; i++)
            hash = digest(hash, order[i]);
        CHECK(hash == large[k].digest);
    }
    free(order);
}

static void test_fresh_seed(void)
{
    uint64_t any = 0;
    for (int i = 0; i < 100; i++) {
        const uint64_t seed = pybp_fresh_seed();
        CHECK(seed >> 63 == 0);
        CHECK(seed != pybp_fresh_seed());
        any |= seed;
    }
    CHECK(any == M >> 1);
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
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
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
    CHECK_RUN(test_mulhi);
    CHECK_RUN(test_philox_known_answers);
    CHECK_RUN(test_words_are_numpys);
    CHECK_RUN(test_uniform);
    CHECK_RUN(test_shuffle);
    CHECK_RUN(test_fresh_seed);
    CHECK_RUN(test_fpenv);)
