#include "dispatch/dispatch.h"

#include "base/status.h"
#include "dispatch/cpu.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool always(void)
{
    return true;
}

/* What was compiled in, best first. */
static const struct isa {
    const char *name;
    const pybp_kernels *kernels[2]; /* by pybp_dtype */
    bool (*usable)(void);
} isas[] = {
#ifdef PYBP_HAVE_AVX512
    {"avx512", {&pybp_f32_kernels_avx512, &pybp_f64_kernels_avx512}, pybp_cpu_has_avx512},
#endif
#ifdef PYBP_HAVE_AVX2
    {"avx2", {&pybp_f32_kernels_avx2, &pybp_f64_kernels_avx2}, pybp_cpu_has_avx2},
#endif
#ifdef PYBP_HAVE_NEON
    {"neon", {&pybp_f32_kernels_neon, &pybp_f64_kernels_neon}, always}, /* a part of aarch64 */
#endif
    {"scalar", {&pybp_f32_kernels_scalar, &pybp_f64_kernels_scalar}, always},
};

enum { N_ISAS = sizeof isas / sizeof *isas, BY_DEFAULT = -1 };

#define SHOWN 41 /* bytes for a name in a message */

static atomic_int selected = BY_DEFAULT; /* by pybp_isa_select */

static int find(const char *name)
{
    for (int i = 0; i < N_ISAS; i++)
        if (strcmp(isas[i].name, name) == 0)
            return i;
    return -1;
}

static int best(void)
{
    int i = 0;
    while (!isas[i].usable()) /* scalar, the last one, is */
        i++;
    return i;
}

/* The instruction set that the environment asks for, or -1 if there is none or it is not usable. */
static int from_environment(const char **name)
{
    const int i = (*name = getenv("PYBP_ISA")) == NULL ? -1 : find(*name);
    return i >= 0 && isas[i].usable() ? i : -1;
}

static int current(void)
{
    const char *name;
    const int chosen = atomic_load_explicit(&selected, memory_order_relaxed);
    if (chosen != BY_DEFAULT)
        return chosen;
    const int i = from_environment(&name);
    return i >= 0 ? i : best();
}

const pybp_kernels *pybp_dispatch(pybp_dtype dtype)
{
    return isas[current()].kernels[dtype];
}

const char *pybp_isa_compiled(int index)
{
    return index >= 0 && index < N_ISAS ? isas[index].name : NULL;
}

int pybp_isa_usable(const char *isa)
{
    const int i = isa == NULL ? -1 : find(isa);
    return i >= 0 && isas[i].usable();
}

const char *pybp_isa(void)
{
    return isas[current()].name;
}

const char *pybp_isa_reason(void)
{
    static _Thread_local char text[96];
    char shown[SHOWN];
    const char *name;
    if (atomic_load_explicit(&selected, memory_order_relaxed) != BY_DEFAULT)
        return "selected by the program";
    const bool granted = from_environment(&name) >= 0;
    if (name == NULL || *name == '\0')
        return "best of this CPU";
    pybp_printable(name, shown, sizeof shown);
    snprintf(text, sizeof text, granted ? "PYBP_ISA=%s" : "best of this CPU (PYBP_ISA=%s is not usable here)", shown);
    return text;
}

pybp_status pybp_isa_select(const char *isa)
{
    if (isa == NULL) {
        atomic_store(&selected, BY_DEFAULT);
        return PYBP_OK;
    }
    if (!pybp_isa_usable(isa)) {
        char shown[SHOWN];
        pybp_printable(isa, shown, sizeof shown);
        return pybp_fail(PYBP_INVALID, "instruction set '%s' is unknown or not usable on this CPU", shown);
    }
    atomic_store(&selected, find(isa));
    return PYBP_OK;
}
