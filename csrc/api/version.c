#include "base/thread_count.h"
#include "base/status.h"

const char *pybp_version(void)
{
    return PYBP_VERSION;
}

int pybp_default_threads(const char **why)
{
    const char *reason = "";
    const int threads = pybp_resolve_threads(0, &reason);
    if (why != NULL)
        *why = reason;
    return threads;
}
