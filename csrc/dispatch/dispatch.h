/* Which kernel table nets get. The public functions, pybp_isa() and so on, are in pybp.h. */
#ifndef PYBP_DISPATCH_DISPATCH_H
#define PYBP_DISPATCH_DISPATCH_H

#include "kernels/kernels.h"

/* The table for nets created now. Thread-safe. */
const pybp_kernels *pybp_dispatch(pybp_dtype dtype);

#endif
