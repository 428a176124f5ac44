/* Waiting for another thread: spin briefly, then sleep.
 *
 * A pybp_signal carries a generation number.  One thread at a time moves it on; any number of threads wait
 * until it is no longer the one they know.  Whatever the setter wrote before is visible to them then.
 * The atomics carry all ordering; the system only puts threads to sleep. */
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
    /* Twice the generation, plus 1 if somebody may be asleep: the setter learns from the same exchange
     * whether it has to wake anyone. */
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

/* In a forked child, where the waiters and the setter may be gone: move the generation on and forget the
 * sleepers.  Also makes a zeroed signal ready. */
void pybp_signal_reset(pybp_signal *signal);

/* Sleep or spin until the generation is not `known`; returns the new one, and in *slept whether spinning was not
 * enough.  spin = false: sleep at once. */
uint32_t pybp_signal_wait(pybp_signal *signal, uint32_t known, bool spin, bool *slept);

/* Wake sleepers; for pybp_signal_advance only. */
void pybp_signal_wake(pybp_signal *signal);

static inline uint32_t pybp_signal_generation(pybp_signal *signal)
{
    return atomic_load_explicit(&signal->word, memory_order_acquire) >> 1;
}

/* Move from generation `known`, which must be the present one, to the next. */
static inline void pybp_signal_advance(pybp_signal *signal, uint32_t known)
{
    if (atomic_exchange_explicit(&signal->word, (known + 1) << 1, memory_order_acq_rel) & 1)
        pybp_signal_wake(signal);
}

#endif
