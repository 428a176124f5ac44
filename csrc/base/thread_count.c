#include "base/thread_count.h"

#include "base/cpus.h"
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int cap(int threads)
{
    return threads > PYBP_MAX_THREADS ? PYBP_MAX_THREADS : threads;
}

/* The positive number that the text, or the first item of a comma list, stands for; 0 if there is none.  Large
 * numbers saturate. */
static int positive_number(const char *text)
{
    const char *p = text + strspn(text, " \t");
    p += *p == '+';
    if (*p < '0' || *p > '9')
        return 0;
    int number = 0;
    for (; *p >= '0' && *p <= '9'; p++)
        number = number > 99999999 ? number : 10 * number + (*p - '0');
    p += strspn(p, " \t");
    return *p == '\0' || *p == ',' ? number : 0;
}

int pybp_resolve_threads(int requested, const char **why)
{
    static _Thread_local char reason[80];
    static const char *const names[] = {"PYBP_NUM_THREADS", "OMP_NUM_THREADS"};

    if (requested > 0) {
        if (why != NULL)
            *why = requested > PYBP_MAX_THREADS ? "the argument, capped at 256" : "the argument";
        return cap(requested);
    }
    for (int i = 0; i < 2; i++) {
        const char *text = getenv(names[i]);
        const int number = text == NULL ? 0 : positive_number(text);
        if (number == 0)
            continue;
        if (why != NULL) {
            char shown[25];
            pybp_printable(text, shown, sizeof shown);
            snprintf(reason, sizeof reason, "%s=%s%s", names[i], shown,
                     number > PYBP_MAX_THREADS ? ", capped at 256" : "");
            *why = reason;
        }
        return cap(number);
    }
    pybp_cpus_source source;
    const int cpus = pybp_cpus(why != NULL, &source);
    if (why != NULL) {
        static const char *const texts[] = {"in the affinity mask", "of cgroup quota", "online"};
        snprintf(reason, sizeof reason, "%d CPU%s %s%s", cpus, cpus == 1 ? "" : "s", texts[source],
                 cpus > PYBP_MAX_THREADS ? ", capped at 256" : "");
        *why = reason;
    }
    return cap(cpus);
}
