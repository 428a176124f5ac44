/* The only source file that is compiled once for each instruction set: the build passes its flags, PYBP_ISA_XXX, and
 * PYBP_ISA=xxx for the table's name. Each body is included twice, for float and for double. */
#include "kernels/kernels.h"

#include <string.h>

#include "simd/simd.h"
#include "simd/vmath.h"

#define PYBP_STRING_(x) #x
#define PYBP_STRING(x) PYBP_STRING_(x)

#include "simd/real_f32.h"
#include "kernels/body.inc.h"

#include "simd/real_f64.h"
#include "kernels/body.inc.h"
