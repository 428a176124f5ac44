/* Makes float the dtype of the bodies included next. No include guard: a unit
 * switches back and forth. */
#include <float.h>

#undef real
#undef vec
#undef mask
#undef LANES
#undef PANEL
#undef REAL
#undef REAL_C
#undef REAL_MIN
#undef REAL_MAX
#undef REAL_EPS
#undef REAL_TINY
#undef REAL_TINY_SQUARE
#undef REAL_INF
#undef REAL_NAN
#undef REAL_IS_F32
#undef REAL_IS_F64

#define real float
#define vec f32_v
#define mask f32_m
#define LANES F32_LANES
#define PANEL 16 /* elements in 64 bytes */

#define REAL(name) PYBP_PASTE(f32_, name)
#define REAL_C(x) x##f /* a literal: REAL_C(0.5) */
#define REAL_MIN FLT_MIN /* smallest normal number */
#define REAL_MAX FLT_MAX
#define REAL_EPS FLT_EPSILON
#define REAL_TINY 0x1p-63 /* a double: what is smaller becomes 0 (flush) */
#define REAL_TINY_SQUARE 0x1p-110f /* likewise sums of squares that optimizers keep */
#define REAL_INF __builtin_inff()
#define REAL_NAN __builtin_nanf("")
#define REAL_IS_F32 1
#define REAL_IS_F64 0
