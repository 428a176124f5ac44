#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1
#elif defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1
#endif

#include "base/os.h"

#ifdef _WIN32

#include <process.h>
#include <windows.h>

int64_t pybp_os_nanoseconds(void)
{
    LARGE_INTEGER now, rate; /* ticks, ticks per second */
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&rate);
    const int64_t seconds = now.QuadPart / rate.QuadPart, rest = now.QuadPart % rate.QuadPart;
    return seconds * 1000000000 + rest * 1000000000 / rate.QuadPart;
}

int64_t pybp_os_milliseconds(void)
{
    return (int64_t)GetTickCount64();
}

int pybp_os_cpus(void)
{
    const DWORD n = GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    return n < 1 ? 1 : n > INT32_MAX ? INT32_MAX : (int)n;
}

static unsigned __stdcall enter(void *argument)
{
    const pybp_thread *thread = argument;
    thread->run(thread->ctx);
    return 0;
}

bool pybp_thread_start(pybp_thread *thread, void (*run)(void *ctx), void *ctx, size_t stack_bytes)
{
    thread->run = run;
    thread->ctx = ctx;
    thread->handle =
        (void *)_beginthreadex(NULL, (unsigned)stack_bytes, enter, thread, STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    return thread->handle != NULL;
}

void pybp_thread_join(pybp_thread *thread)
{
    WaitForSingleObject(thread->handle, INFINITE);
    CloseHandle(thread->handle);
}

bool pybp_os_after_fork(void (*handler)(void))
{
    (void)handler;
    return true;
}

#else

#include <signal.h>
#include <time.h>
#include <unistd.h>

static int64_t read_clock(clockid_t clock, int64_t per_second)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (int64_t)now.tv_sec * per_second + now.tv_nsec / (1000000000 / per_second);
}

int64_t pybp_os_nanoseconds(void)
{
    return read_clock(CLOCK_MONOTONIC, 1000000000);
}

int64_t pybp_os_milliseconds(void)
{
#ifdef CLOCK_MONOTONIC_COARSE
    return read_clock(CLOCK_MONOTONIC_COARSE, 1000);
#else
    return read_clock(CLOCK_MONOTONIC, 1000);
#endif
}

int pybp_os_cpus(void)
{
    const long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n < 1 ? 1 : n > INT32_MAX ? INT32_MAX : (int)n;
}

/* The signals that our threads block.  Not those of faults: blocked, they would end the process without its crash
 * handler. */
static void asynchronous_signals(sigset_t *set)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigfillset(set);
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
        sigdelset(set, faults[i]);
}

static void *enter(void *argument)
{
    const pybp_thread *thread = argument;
    thread->run(thread->ctx);
    return NULL;
}

bool pybp_thread_start(pybp_thread *thread, void (*run)(void *ctx), void *ctx, size_t stack_bytes)
{
    pthread_attr_t attributes;
    sigset_t blocked, before; /* a thread inherits its creator's mask */
    thread->run = run;
    thread->ctx = ctx;
    asynchronous_signals(&blocked);
    if (pthread_attr_init(&attributes) != 0)
        return false;
    bool started = false;
    if (pthread_attr_setstacksize(&attributes, stack_bytes) == 0 &&
        pthread_sigmask(SIG_BLOCK, &blocked, &before) == 0) {
        started = pthread_create(&thread->id, &attributes, enter, thread) == 0;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
    }
    pthread_attr_destroy(&attributes);
    return started;
}

void pybp_thread_join(pybp_thread *thread)
{
    pthread_join(thread->id, NULL);
}

bool pybp_os_after_fork(void (*handler)(void))
{
    return pthread_atfork(NULL, NULL, handler) == 0;
}

#endif

/* ---- the CPU of a thread ---- */

#ifdef __linux__

#include <sched.h>

int pybp_os_cpu(void)
{
    return sched_getcpu();
}

void pybp_os_leave_cpus(const int *cpus, int n)
{
    cpu_set_t allowed, others;
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0) /* more CPUs than a set holds */
        return;
    others = allowed;
    for (int i = 0; i < n; i++)
        if (cpus[i] >= 0 && cpus[i] < CPU_SETSIZE)
            CPU_CLR(cpus[i], &others);
    if (CPU_COUNT(&others) > 0 && sched_setaffinity(0, sizeof others, &others) == 0)
        (void)sched_setaffinity(0, sizeof allowed, &allowed);
}

#else

int pybp_os_cpu(void)
{
    return -1;
}

void pybp_os_leave_cpus(const int *cpus, int n)
{
    (void)cpus;
    (void)n;
}

#endif
