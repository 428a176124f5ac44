/* The thread pool in forked children, and where threads or CPUs are short. */
#ifdef __linux__
#define _GNU_SOURCE 1 /* sched_setaffinity, setgroups */
#endif

#include "check.h"
#include "pool_jobs.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#ifdef __linux__
#include <grp.h>
#include <sched.h>
#endif

/* ThreadSanitizer by default ends a child that starts threads after a fork with threads. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void)
{
    return "die_after_fork=0";
}

/* ---- fork --------------------------------------------------------------------------------------- */

/* The exit code of a child; -1 if it was killed, by the alarm for instance. */
static int exit_code(pid_t child)
{
    int status = 0;
    if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

/* The end of a child.  The sanitizers' work at exit takes the parent's threads for the child's own. */
static void leave(int code)
{
    if (SLOW)
        _exit(code);
    exit(code);
}

/* Fork, have the child exit with what `body` returns, and return that. */
static int in_child(int (*body)(void))
{
    fflush(NULL);
    const pid_t child = fork();
    if (child == 0) {
        alarm(60); /* a deadlock shall not last */
        leave(body());
    }
    return exit_code(child);
}

static void check_child(int (*body)(void), int line)
{
    const int code = in_child(body);
    CHECK_MSG(code == 0, "line %d: the child returned %d", line, code);
}
#define CHECK_CHILD(body) check_child(body, __LINE__)

/* 0 if the pool works here. */
static int child_jobs(void)
{
    if (pybp_pool_workers() != 0)
        return 1;
    for (int i = 0; i < 5; i++) {
        if (run_phases(3, 5) != 3)
            return 2;
        if (run_phases(1, 5) != 1)
            return 3;
        if (run_phases(8, 5) != 8)
            return 4;
    }
    return pybp_pool_workers() == 7 ? 0 : 5;
}

static int child_and_grandchild_jobs(void)
{
    const int code = child_jobs();
    return code != 0 ? code : in_child(child_jobs);
}

static void test_fork_between_jobs(void)
{
    CHECK(run_phases(4, 2) == 4);
    for (int i = 0; i < 3; i++) {
        CHECK_CHILD(child_jobs);
        CHECK(run_phases(4, 2) == 4);
    }
    CHECK_CHILD(child_and_grandchild_jobs);
}

static atomic_bool stop;

static void *train_until_stopped(void *wrong)
{
    while (!atomic_load(&stop))
        if (run_phases(3, 20) != 3)
            *(int *)wrong += 1;
    return NULL;
}

static void test_fork_while_another_thread_is_in_a_job(void)
{
    int wrong = 0;
    pthread_t thread;
    atomic_store(&stop, false);
    CHECK(pthread_create(&thread, NULL, train_until_stopped, &wrong) == 0);
    for (int i = 0; i < (SLOW ? 10 : 50); i++) {
        nap(300);
        CHECK_CHILD(child_jobs);
    }
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    CHECK(wrong == 0); /* the parent did not notice */
    CHECK(run_phases(3, 2) == 3);
}

typedef struct fork_inside {
    pid_t child;
} fork_inside;

static void forking_job(void *ctx, int tid, int threads, pybp_barrier *barrier)
{
    fork_inside *f = ctx;
    (void)threads;
    pybp_barrier_wait(barrier);
    if (tid == 0) {
        fflush(NULL);
        f->child = fork();
        if (f->child == 0)
            alarm(60);
    }
    pybp_barrier_wait(barrier);
    pybp_barrier_wait(barrier);
}

static void test_fork_inside_a_job(void)
{
    fork_inside f = {-1};
    const int used = pybp_pool_run(3, forking_job, &f);
    if (f.child == 0)
        leave(used != 0 ? 10 : child_jobs());
    CHECK(used == 3);
    CHECK(exit_code(f.child) == 0);
    CHECK(run_phases(3, 2) == 3);
}

/* ---- refused threads ---------------------------------------------------------------------------- */

static int refused_jobs(void)
{
    pybp_pool_fail_create_after(2); /* a new process: no workers yet */
    if (run_phases(8, 5) != 3 || pybp_pool_workers() != 2)
        return 1;
    for (int i = 0; i < 3000; i++) /* long enough to try again, in vain */
        if (run_phases(4, 0) != 3)
            return 2;
    if (run_phases(2, 5) != 2)
        return 3;
    pybp_pool_fail_create_after(-1);
    if (run_phases(8, 5) != 8)
        return 4;
    return 0;
}

static int refused_all_jobs(void)
{
    pybp_pool_fail_create_after(0);
    for (int i = 0; i < 3; i++)
        if (run_phases(8, 5) != 1 || pybp_pool_workers() != 0)
            return 1;
    pybp_pool_fail_create_after(-1);
    return run_phases(2, 5) == 2 ? 0 : 2;
}

/* A real limit on processes.  It does not bind the superuser, who becomes somebody else first. */
static int limited_jobs(void)
{
#ifdef __linux__
    if (getuid() == 0 && (setgroups(0, NULL) != 0 || setgid(54321) != 0 || setuid(54321) != 0))
        return 0;
    const struct rlimit limit = {1, 1};
    if (setrlimit(RLIMIT_NPROC, &limit) != 0)
        return 0;
    for (int i = 0; i < 3; i++)
        if (run_phases(8, 5) < 1)
            return 1;
    return pybp_pool_workers() <= 1 ? 0 : 2;
#else
    return 0;
#endif
}

static void test_refused_threads(void)
{
    CHECK_CHILD(refused_jobs);
    CHECK_CHILD(refused_all_jobs);
    CHECK_CHILD(limited_jobs);
}

/* ---- more threads than CPUs ----------------------------------------------------------------------- */

/* In a child: the mask can not always be widened again. */
static int jobs_on_one_cpu(void)
{
#ifdef __linux__
    cpu_set_t mask, one;
    if (sched_getaffinity(0, sizeof mask, &mask) != 0)
        return 0;
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &mask))
            CPU_SET(cpu, &one);
    if (sched_setaffinity(0, sizeof one, &one) != 0)
        return 0;
#endif
    for (int i = 0; i < 20; i++)
        if (run_phases(3, 50) != 3)
            return 1;
    return 0;
}

static void test_one_cpu(void)
{
    CHECK_CHILD(jobs_on_one_cpu);
}

CHECK_MAIN(
    CHECK_RUN(test_fork_between_jobs);
    CHECK_RUN(test_fork_while_another_thread_is_in_a_job);
    CHECK_RUN(test_fork_inside_a_job);
    CHECK_RUN(test_refused_threads);
    CHECK_RUN(test_one_cpu);)
