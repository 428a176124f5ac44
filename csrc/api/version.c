#include "base/thread_count.h"
#include "base/status.h"

#define TEXT(number) #number
#define DOTTED(major, minor, patch) TEXT(major) "." TEXT(minor) "." TEXT(patch)
static const char numbers[] = DOTTED(PYBP_VERSION_MAJOR, PYBP_VERSION_MINOR, PYBP_VERSION_PATCH);

const char *pybp_version(void)
{
    return numbers;
}

int pybp_default_threads(const char **why)
{
    const char *reason = "";
    const int threads = pybp_resolve_threads(0, &reason);
    if (why != NULL)
        *why = reason;
    return threads;
}
