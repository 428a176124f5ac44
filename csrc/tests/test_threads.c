/* How many threads: the argument, the environment, the affinity mask, cgroup quotas. */
#ifdef __linux__
#define _GNU_SOURCE 1 /* sched_setaffinity */
#else
#define _XOPEN_SOURCE 700
#endif

#include "base/thread_count.h"
#include "base/cpus.h"
#include "check.h"
#include "pybp.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#endif

static void set_environment(const char *pybp, const char *omp)
{
    unsetenv("PYBP_NUM_THREADS");
    unsetenv("OMP_NUM_THREADS");
    if (pybp != NULL)
        setenv("PYBP_NUM_THREADS", pybp, 1);
    if (omp != NULL)
        setenv("OMP_NUM_THREADS", omp, 1);
}

static void check_resolved(const char *pybp, const char *omp, int expected, const char *expected_why)
{
    const char *why = NULL;
    set_environment(pybp, omp);
    const int n = pybp_resolve_threads(0, &why);
    CHECK_MSG(n == expected, "%s, %s: %d", pybp, omp, n);
    CHECK_MSG(why != NULL && (expected_why == NULL || strcmp(why, expected_why) == 0), "why: %s", why);
    CHECK(pybp_resolve_threads(-3, NULL) == expected);
}

static void test_thread_counts(void)
{
    const char *why = NULL;
    set_environment("7", "5");
    CHECK(pybp_resolve_threads(3, &why) == 3 && strcmp(why, "the argument") == 0);
    CHECK(pybp_resolve_threads(256, NULL) == 256 && pybp_resolve_threads(257, NULL) == 256);
    CHECK(pybp_resolve_threads(2147483647, &why) == 256);
    CHECK(strcmp(why, "the argument, capped at 256") == 0);

    set_environment(NULL, NULL);
    const int cpus = pybp_resolve_threads(0, &why);
    CHECK(cpus >= 1 && cpus <= PYBP_MAX_THREADS && strstr(why, "CPU") != NULL);
    CHECK(cpus == pybp_cpus(false, NULL) || cpus == PYBP_MAX_THREADS);
    printf("  %d: %s\n", cpus, why);

    check_resolved("4", NULL, 4, "PYBP_NUM_THREADS=4");
    check_resolved("4", "6", 4, "PYBP_NUM_THREADS=4");
    check_resolved(NULL, "6", 6, "OMP_NUM_THREADS=6");
    check_resolved(NULL, "6,3,1", 6, "OMP_NUM_THREADS=6,3,1");
    check_resolved(NULL, " 6 , 3", 6, NULL);
    check_resolved("+12\t", NULL, 12, "PYBP_NUM_THREADS=+12?");
    check_resolved(NULL, "2,\xff\xc3", 2, "OMP_NUM_THREADS=2,??"); /* what Python can't decode */
    check_resolved("256", NULL, 256, "PYBP_NUM_THREADS=256");
    check_resolved("257", NULL, 256, "PYBP_NUM_THREADS=257, capped at 256");
    check_resolved("99999999999999999999999999", NULL, 256, NULL);
    check_resolved("00000000000000000000000000000000000000000000000003", NULL, 3, NULL);
    static const char *const ignored[] = {"", " ", "0", "-1", "-", "+", "four", "4x", "x4", "4 4", "0x10",
                                          "1e3", "2.5", ",4", "0,4", "-99999999999999999999"};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
        check_resolved(ignored[i], "6", 6, "OMP_NUM_THREADS=6");
        check_resolved(ignored[i], ignored[i], cpus, NULL);
    }
    set_environment(NULL, NULL);
}

/* In a child, since the mask is hard to widen again where the platform has narrowed it. */
static int narrowed(void)
{
#ifdef __linux__
    const char *why = NULL;
    cpu_set_t mask, one;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0)
        return 0;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &mask))
            CPU_SET(cpu, &one);
    (void)pybp_resolve_threads(0, NULL);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        return 0;
    if (pybp_resolve_threads(0, &why) != 1 || strcmp(why, "1 CPU in the affinity mask") != 0)
        return 1;
    if (pybp_resolve_threads(0, NULL) != 1)
        return 2;
    if (CPU_COUNT(&mask) < 2 || sched_setaffinity(0, sizeof mask, &mask) != 0)
        return 0;
    const struct timespec time = {0, 300000000};
    nanosleep(&time, NULL); /* the cached number expires */
    return pybp_resolve_threads(0, NULL) > 1 ? 0 : 3;
#else
    return 0;
#endif
}

static void test_affinity(void)
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0)
        _exit(narrowed());
    int status = -1;
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* ---- cgroups ------------------------------------------------------------------------------------ */

static char root[64];

static void write_file(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", root, name);
    for (char *p = path + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
        *p = '\0';
        mkdir(path, 0700);
        *p = '/';
    }
    FILE *file = fopen(path, "w");
    CHECK(file != NULL);
    if (file != NULL) {
        fputs(text, file);
        fclose(file);
    }
}

static int quota(const char *membership)
{
    char path[256];
    write_file("membership", membership);
    snprintf(path, sizeof path, "%s/membership", root);
    return pybp_cgroup_cpus(path, root);
}

static void test_cgroup_quota(void)
{
    const char *tmp = getenv("TMPDIR");
    snprintf(root, sizeof root, "%s/pybp-XXXXXX", tmp != NULL && strlen(tmp) < 40 ? tmp : "/tmp");
    if (!CHECK(mkdtemp(root) != NULL))
        return;
    CHECK(pybp_cgroup_cpus("/nowhere/at/all", root) == 0);
    CHECK(quota("") == 0);
    CHECK(quota("0::/\n") == 0);

    /* Version 2: the group or any parent may set it. */
    write_file("a/b/c/cpu.max", "max 100000\n");
    write_file("a/b/cpu.max", "150000 100000\n");
    write_file("a/cpu.max", "400000 100000\n");
    write_file("x/cpu.max", "100000 100000\n");
    write_file("tiny/cpu.max", "1000 100000\n");
    write_file("bad/cpu.max", "what\n");
    write_file("huge/cpu.max", "9000000000000000 1\n");
    CHECK(quota("0::/a/b/c\n") == 2); /* 1.5 rounded up */
    CHECK(quota("0::/a/b\n") == 2);
    CHECK(quota("0::/a\n") == 4);
    CHECK(quota("0::/a/other/name\n") == 4);
    CHECK(quota("0::/x\n") == 1);
    CHECK(quota("0::/tiny") == 1);
    CHECK(quota("0::/bad\n") == 0);
    CHECK(quota("0::/huge\n") == PYBP_MAX_THREADS);
    CHECK(quota("0::/\n") == 0);
    CHECK(quota("nonsense\n0::/a\n") == 4);

    /* Version 1, among other hierarchies; in a container the name is the host's, the root the group. */
    write_file("cpu,cpuacct/cpu.cfs_quota_us", "-1\n");
    write_file("cpu,cpuacct/cpu.cfs_period_us", "100000\n");
    write_file("cpu,cpuacct/g/cpu.cfs_quota_us", "250000\n");
    write_file("cpu,cpuacct/g/cpu.cfs_period_us", "100000\n");
    write_file("cpu/cpu.cfs_quota_us", "50000\n");
    write_file("cpu/cpu.cfs_period_us", "10000\n");
    write_file("memory/m/cpu.cfs_quota_us", "100000\n");
    CHECK(quota("7:memory:/m\n4:cpu,cpuacct:/g\n0::/\n") == 3);
    CHECK(quota("4:cpu,cpuacct:/\n") == 0);
    CHECK(quota("4:cpu:/docker/0123456789\n3:cpuset:/x\n") == 5);
    CHECK(quota("4:cpu:/docker/0123456789\n0::/x\n") == 1); /* the smaller of two */

    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", root);
    CHECK(system(command) == 0);
}

static void test_instruction_set_of_bad_bytes(void)
{
    setenv("PYBP_ISA", "\xff\xfe\xc3", 1);
    CHECK(strstr(pybp_isa_reason(), "(PYBP_ISA=??? is not usable here)") != NULL);
    setenv("PYBP_ISA", "0123456789012345678901234567890123456789012", 1); /* what is shown of it is cut */
    CHECK(strstr(pybp_isa_reason(), "(PYBP_ISA=0123456789012345678901234567890123456789 is not") != NULL);
    setenv("PYBP_ISA", "scalar", 1);
    CHECK(strcmp(pybp_isa_reason(), "PYBP_ISA=scalar") == 0);
    unsetenv("PYBP_ISA");
    CHECK(strcmp(pybp_isa_reason(), "best of this CPU") == 0);
}

CHECK_MAIN(
    CHECK_RUN(test_instruction_set_of_bad_bytes);
    CHECK_RUN(test_thread_counts);
    CHECK_RUN(test_affinity);
    CHECK_RUN(test_cgroup_quota);)
