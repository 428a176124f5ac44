/* What this CPU and its operating system can run. */
#ifndef PYBP_DISPATCH_CPU_H
#define PYBP_DISPATCH_CPU_H

#include <stdbool.h>

/* AVX2 and FMA, with the operating system saving the 256-bit registers. */
bool pybp_cpu_has_avx2(void);

/* AVX-512 F, DQ, BW and VL besides, with the operating system saving the masks and the 512-bit registers. */
bool pybp_cpu_has_avx512(void);

#endif
