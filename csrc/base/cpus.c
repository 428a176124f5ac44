#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 /* sched_getaffinity */
#endif

#include "base/cpus.h"

#include "base/os.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the operating system ------------------------------------------------------------------- */

#ifdef __linux__
#include <sched.h>

/* CPUs in the calling thread's affinity mask; 0 if unknown. */
static int affinity_cpus(void)
{
    cpu_set_t masks[8]; /* 8192 CPUs, the most that a kernel supports */
    if (sched_getaffinity(0, sizeof masks, masks) != 0)
        return 0;
    return CPU_COUNT_S(sizeof masks, masks);
}
#else
static int affinity_cpus(void)
{
    return 0;
}
#endif

/* ---- cgroup quota ---------------------------------------------------------------------------- */

#ifdef __linux__
#define READ "re" /* closed in programs that another thread executes */
#else
#define READ "r"
#endif

/* The first line of a file, without its newline; false if there is none. */
static bool first_line(const char *path, char *line, int size)
{
    FILE *file = fopen(path, READ);
    if (file == NULL)
        return false;
    const bool read = fgets(line, size, file) != NULL;
    fclose(file);
    if (read)
        line[strcspn(line, "\n")] = '\0';
    return read;
}

/* quota / period, rounded up; 0 for no quota. */
static int quota_cpus(long long quota, long long period)
{
    if (quota <= 0 || period <= 0)
        return 0;
    const long long cpus = (quota - 1) / period + 1;
    return cpus > PYBP_MAX_THREADS ? PYBP_MAX_THREADS : (int)cpus;
}

/* The quota that a directory sets.  Its path has `length` bytes, and is the same on return. */
static int directory_quota(char *path, size_t length, size_t size)
{
    char line[64];
    long long quota = 0, period = 0;
    snprintf(path + length, size - length, "/cpu.max"); /* version 2: "max 100000" or "150000 100000" */
    if (first_line(path, line, sizeof line)) {
        if (sscanf(line, "%lld %lld", &quota, &period) != 2)
            quota = 0;
    } else {
        snprintf(path + length, size - length, "/cpu.cfs_quota_us"); /* version 1: -1 for none */
        if (first_line(path, line, sizeof line) && sscanf(line, "%lld", &quota) == 1) {
            snprintf(path + length, size - length, "/cpu.cfs_period_us");
            if (!first_line(path, line, sizeof line) || sscanf(line, "%lld", &period) != 1)
                period = 0;
        }
    }
    path[length] = '\0';
    return quota_cpus(quota, period);
}

/* The smallest quota from mount/group up to mount.  Directories that do not exist set none: inside a container the
 * group's name is often the host's. */
static int smallest_quota(const char *mount, const char *group)
{
    enum { NAME = 32 }; /* room for the longest file name */
    char path[4096];
    const size_t stop = strlen(mount);
    size_t length = stop + strlen(group);
    if (length + NAME > sizeof path)
        return 0;
    memcpy(path, mount, stop);
    memcpy(path + stop, group, length - stop + 1);
    int least = 0;
    for (;;) {
        while (length > stop && path[length - 1] == '/')
            path[--length] = '\0';
        const int cpus = directory_quota(path, length, sizeof path);
        if (cpus > 0 && (least == 0 || cpus < least))
            least = cpus;
        if (length == stop)
            return least;
        while (length > stop && path[length - 1] != '/')
            path[--length] = '\0';
    }
}

static bool list_contains(const char *list, const char *name)
{
    const size_t n = strlen(name);
    for (const char *p = list; p != NULL; p = strchr(p, ',')) {
        p += *p == ',';
        if (strncmp(p, name, n) == 0 && (p[n] == ',' || p[n] == '\0'))
            return true;
    }
    return false;
}

int pybp_cgroup_cpus(const char *membership, const char *root)
{
    FILE *file = fopen(membership, READ);
    if (file == NULL)
        return 0;
    int least = 0;
    char line[4096], mount[1024];
    while (fgets(line, sizeof line, file) != NULL) {
        /* number:controllers:/group; version 2 has number 0 and no controllers. */
        line[strcspn(line, "\n")] = '\0';
        char *controllers = strchr(line, ':');
        char *group = controllers == NULL ? NULL : strchr(controllers + 1, ':');
        if (group == NULL)
            continue;
        *controllers++ = '\0';
        *group++ = '\0';
        int length;
        if (*controllers == '\0')
            length = snprintf(mount, sizeof mount, "%s", root);
        else if (list_contains(controllers, "cpu"))
            length = snprintf(mount, sizeof mount, "%s/%s", root, controllers);
        else
            continue;
        if (length < 0 || (size_t)length >= sizeof mount)
            continue;
        const int cpus = smallest_quota(mount, group);
        if (cpus > 0 && (least == 0 || cpus < least))
            least = cpus;
    }
    fclose(file);
    return least;
}

/* ---- the number of CPUs, cached -------------------------------------------------------------- */

#define NOW (-1)           /* older than any age */
#define MASK_AGE 100       /* milliseconds */
#define HOST_AGE 10000     /* quota and online CPUs change rarely and cost more to look up */

/* A number and its source.  Races are harmless: each store is whole, and any of them is recent. */
typedef struct cached {
    atomic_int cpus; /* 4 * number + source; 0: unknown */
    _Atomic int64_t since;
} cached;

static cached usable, host;

void pybp_cpus_forget(void)
{
    atomic_store(&usable.cpus, 0);
    atomic_store(&host.cpus, 0);
}

/* 0 if the cached number is older than `age`. */
static int load(cached *c, int64_t now, int64_t age)
{
    const int cpus = atomic_load_explicit(&c->cpus, memory_order_relaxed);
    return now - atomic_load_explicit(&c->since, memory_order_relaxed) <= age ? cpus : 0;
}

static int store(cached *c, int64_t now, int cpus)
{
    atomic_store_explicit(&c->since, now, memory_order_relaxed);
    atomic_store_explicit(&c->cpus, cpus, memory_order_relaxed);
    return cpus;
}

static int look_up(int64_t now, int64_t host_age)
{
    int cpus = load(&host, now, host_age);
    if (cpus == 0) {
        const int online = pybp_os_cpus();
        const int quota = pybp_cgroup_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
        cpus = store(&host, now,
                     quota > 0 && quota < online ? 4 * quota + PYBP_CPUS_QUOTA : 4 * online + PYBP_CPUS_ONLINE);
    }
    const int affinity = affinity_cpus();
    if (affinity > 0 && affinity <= cpus / 4)
        cpus = 4 * affinity + PYBP_CPUS_AFFINITY;
    return store(&usable, now, cpus);
}

int pybp_cpus(bool fresh, pybp_cpus_source *source)
{
    const int64_t now = pybp_os_milliseconds();
    int cpus = fresh ? 0 : load(&usable, now, MASK_AGE);
    if (cpus == 0)
        cpus = look_up(now, fresh ? NOW : HOST_AGE);
    if (source != NULL)
        *source = (pybp_cpus_source)(cpus % 4);
    return cpus / 4;
}
