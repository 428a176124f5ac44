/* Random numbers, against vectors from NumPy and from Random123. */
#include "base/random.h"
#include "base/wide.h"
#include "check.h"

#include <stdlib.h>
#include <string.h>

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
        pybp_random_words(seed, stream, sub, 0, 0, N, words);
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
                pybp_random_words(seed, stream, sub, 0, first, n, out);
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
        const double u = pybp_uniform(pybp_random_word(5, PYBP_STREAM_MASKS, 0, i));
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

CHECK_MAIN(
    CHECK_RUN(test_mulhi);
    CHECK_RUN(test_philox_known_answers);
    CHECK_RUN(test_words_are_numpys);
    CHECK_RUN(test_uniform);
    CHECK_RUN(test_shuffle);)
