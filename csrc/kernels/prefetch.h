/* Prefetching a cache line. */
#ifndef PYBP_KERNELS_PREFETCH_H
#define PYBP_KERNELS_PREFETCH_H

/* Into the L1 cache; or into L2, where L1 is full of what is being worked on. */
#if defined(__GNUC__) || defined(__clang__)
#define PYBP_PREFETCH(address) __builtin_prefetch(address)
#define PYBP_PREFETCH_L2(address) __builtin_prefetch(address, 0, 2)
#else
#define PYBP_PREFETCH(address) ((void)(address))
#define PYBP_PREFETCH_L2(address) ((void)(address))
#endif

#endif
