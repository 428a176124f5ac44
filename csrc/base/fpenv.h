/* The floating-point environment of the numerics contract: round to nearest, subnormals kept, no
 * exception trapped.  Every entry point and every pool thread does its work between
 *     pybp_fpenv caller = pybp_fpenv_enter();
 *     ...
 *     pybp_fpenv_leave(caller);
 * Each call takes a few nanoseconds; the register is written only if it has to change.
 *
 * Control bits are restored; exception flags raised in between stay raised, as after any C function.  The
 * compiler does not know that arithmetic depends on these calls: keep it in functions that are called between
 * them, not inlined next to them. */
#ifndef PYBP_BASE_FPENV_H
#define PYBP_BASE_FPENV_H

#include <stdint.h>

/* The caller's control register. */
typedef struct pybp_fpenv {
    uint64_t control;
} pybp_fpenv;

#if defined(__SSE2__) || defined(_M_X64)

#include <xmmintrin.h>

/* MXCSR: bits 0-5 are sticky flags, 6 is DAZ, 7-12 mask exceptions, 13-14 round, 15 is FTZ. */
#define PYBP_MXCSR_FLAGS 0x003Fu
#define PYBP_MXCSR_CONTROL 0xFFC0u
#ifdef PYBP_TRAP_SUBNORMALS /* for tests: an operand that is subnormal, or a result that is tiny, raises SIGFPE */
#define PYBP_MXCSR_WANTED 0x1680u
#else
#define PYBP_MXCSR_WANTED 0x1F80u
#endif

static inline pybp_fpenv pybp_fpenv_enter(void)
{
    const unsigned saved = _mm_getcsr();
    if ((saved & PYBP_MXCSR_CONTROL) != PYBP_MXCSR_WANTED)
        _mm_setcsr((saved & ~PYBP_MXCSR_CONTROL) | PYBP_MXCSR_WANTED);
    return (pybp_fpenv){saved};
}

static inline void pybp_fpenv_leave(pybp_fpenv caller)
{
    const unsigned saved = (unsigned)caller.control;
    if ((saved & PYBP_MXCSR_CONTROL) != PYBP_MXCSR_WANTED)
        _mm_setcsr(saved | (_mm_getcsr() & PYBP_MXCSR_FLAGS));
}

#elif defined(__aarch64__) && defined(__GNUC__)

/* FPCR: 0 FIZ, 1 AH, 2 NEP, 8-12 and 15 trap exceptions, 19 FZ16, 22-23 round, 24 FZ, 25 DN.  All of
 * them clear is what we want; flags live in another register. */
#define PYBP_FPCR_CONTROL UINT64_C(0x03C89F07)

static inline pybp_fpenv pybp_fpenv_enter(void)
{
    uint64_t saved;
    __asm__ volatile("mrs %0, fpcr" : "=r"(saved) : : "memory");
    if ((saved & PYBP_FPCR_CONTROL) != 0)
        __asm__ volatile("msr fpcr, %0" : : "r"(saved & ~PYBP_FPCR_CONTROL) : "memory");
    return (pybp_fpenv){saved};
}

static inline void pybp_fpenv_leave(pybp_fpenv caller)
{
    if ((caller.control & PYBP_FPCR_CONTROL) != 0)
        __asm__ volatile("msr fpcr, %0" : : "r"(caller.control) : "memory");
}

#else

static inline pybp_fpenv pybp_fpenv_enter(void)
{
    return (pybp_fpenv){0};
}

static inline void pybp_fpenv_leave(pybp_fpenv caller)
{
    (void)caller;
}

#endif

#endif
