#include "bench/bench.h"

#if defined(__x86_64__) && defined(__GNUC__)

#include <cpuid.h>
#include <stdio.h>
#include <string.h>

/* The twelve words of the name, which is padded with spaces on either side. */
static const char *brand(char text[49])
{
    unsigned words[12] = {0};
    for (unsigned i = 0; i < 3; i++)
        __get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2], &words[4 * i + 3]);
    memcpy(text, words, sizeof words);
    text[48] = 0;
    for (size_t n = strlen(text); n > 0 && text[n - 1] == ' '; n--)
        text[n - 1] = 0;
    return text + strspn(text, " ");
}

const char *bench_cpu(void)
{
    static char name[96];
    char text[49];
    unsigned a = 0, b = 0, c = 0, d = 0;
    if (name[0] == 0 && __get_cpuid(1, &a, &b, &c, &d)) {
        unsigned family = a >> 8 & 15, model = a >> 4 & 15;
        if (family == 6 || family == 15)
            model += (a >> 16 & 15) << 4;
        if (family == 15)
            family += a >> 20 & 255;
        snprintf(name, sizeof name, "%s (family %u, model %u)", brand(text), family, model);
    }
    return name;
}

#else

const char *bench_cpu(void)
{
    return "unknown";
}

#endif
