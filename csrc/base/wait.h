/* Waiting for another thread: spin briefly, then sleep.
 *
 * A pybp_signal has a generation number.  One thread at a time advances it; any number of threads wait until it differs
 * from the number that they know.  They then see all that the advancing thread wrote before.  Memory order comes from
 * the atomics; the system only makes threads sleep. */
#ifndef PYBP_BASE_WAIT_H
#define PYBP_BASE_WAIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#if !defined(PYBP_WAIT_CONDVAR) && !defined(__linux__) && !defined(_WIN32)
#define PYBP_WAIT_CONDVAR 1
#endif

#ifdef PYBP_WAIT_CONDVAR
#include <pthread.h>
#endif

typedef struct pybp_signal {
    /* Twice the generation, plus 1 if a thread may be asleep: one exchange advances it and says whether to wake
     * threads. */
    _Atomic uint32_t word;
#ifdef PYBP_WAIT_CONDVAR
    pthread_mutex_t mutex;
    pthread_cond_t changed;
#endif
} pybp_signal;

#ifdef PYBP_WAIT_CONDVAR
#define PYBP_SIGNAL_INIT {0, PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER}
#else
#define PYBP_SIGNAL_INIT {0}
#endif

/* In a forked child, where the other threads do not exist: advance the generation and forget sleeping threads.  Also
 * initialises a zeroed signal. */
void pybp_signal_reset(pybp_signal *signal);

/* Wait until the generation is not `known`, and return the new one.  *slept: whether the thread has slept.  spin =
 * false: sleep at once. */
uint32_t pybp_signal_wait(pybp_signal *signal, uint32_t known, bool spin, bool *slept);

/* Wake sleeping threads; for pybp_signal_advance only. */
void pybp_signal_wake(pybp_signal *signal);

static inline uint32_t pybp_signal_generation(pybp_signal *signal)
{
    return atomic_load_explicit(&signal->word, memory_order_acquire) >> 1;
}

/* Advance from generation `known`, which must be the current one, to the next. */
static inline void pybp_signal_advance(pybp_signal *signal, uint32_t known)
{
    if (atomic_exchange_explicit(&signal->word, (known + 1) << 1, memory_order_acq_rel) & 1)
        pybp_signal_wake(signal);
}

#endif
