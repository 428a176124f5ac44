/* Makes double the dtype of the bodies included next. No include guard: a unit
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

#define real double
#define vec f64_v
#define mask f64_m
#define LANES F64_LANES
#define PANEL 8 /* elements in 64 bytes */

#define REAL(name) PYBP_PASTE(f64_, name)
#define REAL_C(x) x /* a literal: REAL_C(0.5) */
#define REAL_MIN DBL_MIN /* smallest normal number */
#define REAL_MAX DBL_MAX
#define REAL_EPS DBL_EPSILON
#define REAL_TINY 0x1p-511 /* a double: what is smaller becomes 0 (flush) */
#define REAL_TINY_SQUARE 0x1p-1000 /* likewise sums of squares that optimizers keep */
#define REAL_INF __builtin_inf()
#define REAL_NAN __builtin_nan("")
#define REAL_IS_F32 0
#define REAL_IS_F64 1
