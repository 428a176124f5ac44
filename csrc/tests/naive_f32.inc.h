/* T = float: names, operations and the constants of naive_math.inc.h (csrc/simd/vmath_coef.h has the
 * same).  May be included again after naive_f64.inc.h. */
#include "naive_undef.inc.h"

#define T float
#define F(name) name##_f32
#define FMA(a, b, c) fmaf(a, b, c)
#define SQRT(x) sqrtf(x)
#define ABS(x) fabsf(x)
#define C(constant) constant##f
#define SMALLEST_NORMAL FLT_MIN
#define TINY 0x1p-63
#define TINY_SQUARE 0x1p-110f
#define LANES 16

#define BITS uint32_t
#define EXPONENT_MAX 127.0f
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define ONE_BITS 0x3f800000u
#define SQRT_HALF_BITS 0x3f3504f3u

#define ROUND_MAGIC 0x1.8p23f
#define LOG2E 0x1.715476p+0f
#define LN2_HI 0x1.62e43p-1f
#define LN2_LO -0x1.05c61p-29f
#define EXP_LOW -44.0f
#define EXP_HIGH 89.0f
#define EXPM1_LOW -20.0f
#define TANH_HIGH 20.0f
#define LOG_UP 0x1p25f
#define LOG_BACK 25.0f
#define COS_HIGH 0x1p16f
#define INV_PI 0x1.45f306p-2f
#define PI_HI 0x1.921fb6p+1f
#define PI_MID (-0x1.777a5cp-24f)
#define PI_LO (-0x1.ee59dap-49f)
#define SIN_C {-0x1.555556p-3f, 0x1.111132p-7f, -0x1.a021f2p-13f, 0x1.7288d4p-19f, -0x1.afb91ep-26f}
#define EXP_Q {0x1p-1f, 0x1.5554aap-3f, 0x1.555538p-5f, 0x1.122c5ep-7f, 0x1.6cd77p-10f}
#define LOG_C {0x1.55557ap-1f, 0x1.995ed2p-2f, 0x1.31e13ap-2f}
#define ERF_HIGH 4.0f
#define ERF_P                                                                       \
    {0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2cfp-4f, -0x1.b7f858p-6f,               \
     0x1.53ff92p-8f, -0x1.a3c95cp-11f, 0x1.48edeep-14f}
#define ERF_Q                                                                       \
    {0x1.0794f4p-3f, 0x1.45169ap-1f, 0x1.b49082p-4f, -0x1.8a1f9p-6f,                \
     0x1.ef5504p-9f, -0x1.7540b6p-12f, 0x1.e6b76ap-17f}
