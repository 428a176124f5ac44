#if defined(__linux__) && !defined(_GNU_SOURCE)
#define _GNU_SOURCE 1 /* syscall */
#elif defined(__APPLE__) && !defined(_DARWIN_C_SOURCE)
#define _DARWIN_C_SOURCE 1
#endif

#include "base/wait.h"

#include "base/os.h"

/* ---- the operating system: sleep while the word is `word`, wake all ------------------------ */

#ifdef PYBP_WAIT_CONDVAR

static void sleep_while(pybp_signal *signal, uint32_t word)
{
    pthread_mutex_lock(&signal->mutex);
    /* The waking thread takes the mutex first, so that it cannot wake between this test and the sleep. */
    while (atomic_load_explicit(&signal->word, memory_order_acquire) == word)
        pthread_cond_wait(&signal->changed, &signal->mutex);
    pthread_mutex_unlock(&signal->mutex);
}

void pybp_signal_wake(pybp_signal *signal)
{
    pthread_mutex_lock(&signal->mutex);
    pthread_cond_broadcast(&signal->changed);
    pthread_mutex_unlock(&signal->mutex);
}

static void forget_sleepers(pybp_signal *signal)
{
    pthread_mutex_init(&signal->mutex, NULL);
    pthread_cond_init(&signal->changed, NULL);
}

#elif defined(_WIN32)

#include <windows.h>

static void sleep_while(pybp_signal *signal, uint32_t word)
{
    WaitOnAddress(&signal->word, &word, sizeof word, INFINITE);
}

void pybp_signal_wake(pybp_signal *signal)
{
    WakeByAddressAll(&signal->word);
}

static void forget_sleepers(pybp_signal *signal)
{
    (void)signal;
}

#else

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef SYS_futex
#define SYS_futex SYS_futex_time64 /* 32-bit systems that have only had a 64-bit time_t */
#endif

static void sleep_while(pybp_signal *signal, uint32_t word)
{
    (void)syscall(SYS_futex, &signal->word, FUTEX_WAIT_PRIVATE, word, NULL, NULL, 0);
}

void pybp_signal_wake(pybp_signal *signal)
{
    (void)syscall(SYS_futex, &signal->word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void forget_sleepers(pybp_signal *signal)
{
    (void)signal;
}

#endif

/* ---- spin, then sleep ------------------------------------------------------------------------ */

/* Longer than a hypervisor takes to wake a sleeping CPU, 50 to 100 us: otherwise a thread that has slept makes the
 * others sleep while they wait for it, and so on. But short, for the sake of other programs: the thread that is
 * waited for may itself be waiting for a CPU. */
#define SPIN_NANOSECONDS 200000
#define TESTS_PER_CLOCK 16

static inline void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("isb"); /* yield does next to nothing on most cores */
#endif
}

static bool spin_while(pybp_signal *signal, uint32_t known)
{
    int64_t start = 0;
    for (;;) {
        for (int i = 0; i < TESTS_PER_CLOCK; i++) {
            if (pybp_signal_generation(signal) != known)
                return true;
            relax();
        }
        const int64_t now = pybp_os_nanoseconds();
        if (start == 0)
            start = now;
        else if (now - start > SPIN_NANOSECONDS)
            return false;
    }
}

uint32_t pybp_signal_wait(pybp_signal *signal, uint32_t known, bool spin, bool *slept)
{
    *slept = !spin || !spin_while(signal, known);
    for (;;) {
        uint32_t word = atomic_load_explicit(&signal->word, memory_order_acquire);
        if (word >> 1 != known)
            return word >> 1;
        if (!(word & 1) && !atomic_compare_exchange_strong_explicit(&signal->word, &word, word | 1,
                                                                    memory_order_acquire,
                                                                    memory_order_acquire))
            continue;
        sleep_while(signal, known << 1 | 1);
    }
}

void pybp_signal_reset(pybp_signal *signal)
{
    forget_sleepers(signal);
    const uint32_t next = pybp_signal_generation(signal) + 1;
    atomic_store_explicit(&signal->word, next << 1, memory_order_release);
}
