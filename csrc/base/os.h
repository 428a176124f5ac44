/* The operating system: threads, CPUs and clocks, on POSIX systems and Windows. */
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

/* A monotonic clock. */
int64_t pybp_os_nanoseconds(void);
/* The same with a resolution of a few milliseconds, where that costs less. */
int64_t pybp_os_milliseconds(void);

/* CPUs online, >= 1. */
int pybp_os_cpus(void);

/* The CPU that the calling thread runs on; -1 if the system does not say. */
int pybp_os_cpu(void);
/* Move the calling thread to a CPU that it may use and that is none of these n, if there is one and the system can do
 * that. Afterwards it may use the same CPUs as before; but on Linux no CPU that is added to the system later, unless
 * it is given to this thread. */
void pybp_os_leave_cpus(const int *cpus, int n);

/* Start a thread that calls run(ctx), and that blocks asynchronous signals. *thread must exist as long as the thread.
 * False: the system refuses. */
bool pybp_thread_start(pybp_thread *thread, void (*run)(void *ctx), void *ctx, size_t stack_bytes);
void pybp_thread_join(pybp_thread *thread);

/* Have `handler` called in the child of every fork from now on. False: the system refuses. (Windows has no fork.) */
bool pybp_os_after_fork(void (*handler)(void));

#endif
