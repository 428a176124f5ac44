/* The operating system, as far as threads and the clock need it: POSIX, or Windows. */
#ifndef PYBP_BASE_OS_H
#define PYBP_BASE_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
typedef struct pybp_thread {
    void *handle;
    void (*run)(void *ctx);
    void *ctx;
} pybp_thread;
#else
#include <pthread.h>

typedef struct pybp_thread {
    pthread_t id;
    void (*run)(void *ctx);
    void *ctx;
} pybp_thread;
#endif

/* A clock that never goes back. */
int64_t pybp_os_nanoseconds(void);
/* The same to a few milliseconds, where that costs less. */
int64_t pybp_os_milliseconds(void);

/* CPUs that are switched on, >= 1. */
int pybp_os_cpus(void);

/* The CPU that the calling thread runs on; -1 where the system doesn't tell. */
int pybp_os_cpu(void);
/* Move the calling thread to a CPU that it may use and that is none of these n, if there is one and the system takes
 * such wishes. It may use the same CPUs as before; on Linux, those that are added later only if they are given to
 * it. */
void pybp_os_leave_cpus(const int *cpus, int n);

/* Start a thread, which leaves signals from outside to the other threads. *thread must live as long as it does.
 * false: refused. */
bool pybp_thread_start(pybp_thread *thread, void (*run)(void *ctx), void *ctx, size_t stack_bytes);
void pybp_thread_join(pybp_thread *thread);

/* Have `handler` called in the child of every fork from now on; false: refused. Windows doesn't fork. */
bool pybp_os_after_fork(void (*handler)(void));

#endif
