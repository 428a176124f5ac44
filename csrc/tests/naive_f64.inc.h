/* T = double; see naive_f32.inc.h. */
#include "naive_undef.inc.h"

#define T double
#define F(name) name##_f64
#define FMA(a, b, c) fma(a, b, c)
#define SQRT(x) sqrt(x)
#define ABS(x) fabs(x)
#define C(constant) constant
#define SMALLEST_NORMAL DBL_MIN
#define TINY 0x1p-511
#define TINY_SQUARE 0x1p-1000
#define LANES 8

#define BITS uint64_t
#define EXPONENT_MAX 1023.0
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define ONE_BITS 0x3ff0000000000000u
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcdu

#define ROUND_MAGIC 0x1.8p52
#define LOG2E 0x1.71547652b82fep+0
#define LN2_HI 0x1.62e42fefa39efp-1
#define LN2_LO 0x1.abc9e3b39803fp-56
#define EXP_LOW -355.0
#define EXP_HIGH 710.0
#define EXPM1_LOW -40.0
#define TANH_HIGH 40.0
#define LOG_UP 0x1p54
#define LOG_BACK 54.0
#define COS_HIGH 0x1p32
#define INV_PI 0x1.45f306dc9c883p-2
#define PI_HI 0x1.921fb54442d18p+1
#define PI_MID 0x1.1a62633145c07p-53
#define PI_LO (-0x1.f1976b7ed8fbcp-109)
#define SIN_C                                                                        \
    {                                                                                \
        -0x1.5555555555555p-3, 0x1.11111111110cbp-7, -0x1.a01a01a015147p-13,         \
            0x1.71de3a52be723p-19, -0x1.ae6454e2b075cp-26, 0x1.6123d0a2a393ap-33,    \
            -0x1.ae44720c613b4p-41, 0x1.884b1c0bab4b7p-49                            \
    }
#define EXP_Q                                                                        \
    {0x1p-1,                0x1.5555555555559p-3,  0x1.5555555555557p-5,              \
     0x1.111111110f64ap-7,  0x1.6c16c16c15779p-10, 0x1.a01a01b00a418p-13,             \
     0x1.a01a01ab165e3p-16, 0x1.71ddf7fa5f608p-19, 0x1.27e4d13bdc861p-22,             \
     0x1.af5f55e010eedp-26, 0x1.1f83f2bcd42a5p-29}
#define LOG_C                                                                        \
    {0x1.5555555555594p-1, 0x1.999999997f6e2p-2, 0x1.24924942435c3p-2,               \
     0x1.c71c51cdba36p-3,  0x1.74664a2d495afp-3, 0x1.39a0a91cbe9dbp-3,               \
     0x1.2f0fad9b02d27p-3}
#define ERF_HIGH 6.0
#define ERF_P                                                                       \
    {0x1.06eba8214db68p-3, -0x1.812746b0379b1p-2, 0x1.ce2f21a04082ep-4, -0x1.b82ce311eba5fp-6,\
     0x1.565bccf79918cp-8, -0x1.c02db00a4932ep-11, 0x1.f9a2b66c1a280p-14, -0x1.f4ca130bd4b37p-17,\
     0x1.b97dc7cd14904p-20, -0x1.5bfb9f8386962p-23, 0x1.d6d1129df1c7dp-27, -0x1.aadfed8c5cab7p-31}
#define ERF_Q                                                                       \
    {0x1.06ebad09784c2p-3, 0x1.45f2f856fbe06p-1, 0x1.a4f769b8ea8d0p-4, -0x1.3989c2fb9041bp-6,\
     -0x1.8b9bbb860f647p-13, 0x1.b2d0f4b2edb43p-10, -0x1.199e4961d92b2p-11, -0x1.17b4d446ddafdp-15,\
     0x1.ed1f68b220e86p-14, -0x1.1d600efaa00bfp-14, 0x1.acc87a8df165cp-16, -0x1.e21c3e4f257a7p-18,\
     0x1.a5483c0374393p-20, -0x1.1f61adba9e23dp-22, 0x1.2db12b52b21aep-25, -0x1.d7d2b2d54fc0fp-29,\
     0x1.030f0da9aa37ap-32, -0x1.647c58c47efa2p-37, 0x1.ce643adfa12e5p-43}
