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

/* Start a thread, which leaves signals from outside to the other threads. *thread must live as long as it does.
 * false: refused. */
bool pybp_thread_start(pybp_thread *thread, void (*run)(void *ctx), void *ctx, size_t stack_bytes);
void pybp_thread_join(pybp_thread *thread);

/* Have `handler` called in the child of every fork from now on; false: refused. Windows doesn't fork. */
bool pybp_os_after_fork(void (*handler)(void));

#endif
