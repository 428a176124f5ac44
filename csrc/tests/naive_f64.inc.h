/* T = double; see naive_f32.inc.h. */
#include "naive_undef.inc.h"

#define T double
#define F(name) name##_f64
#define FMA(a, b, c) fma(a, b, c)
#define SQRT(x) sqrt(x)
#define ABS(x) fabs(x)
#define C(constant) constant
#define SMALLEST_NORMAL DBL_MIN
#define LANES 8

#define BITS uint64_t
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define ONE_BITS 0x3ff0000000000000u
#define SQRT_HALF_BITS 0x3fe6a09e667f3bcdu

#define ROUND_MAGIC 0x1.8p52
#define LOG2E 0x1.71547652b82fep+0
#define LN2_HI 0x1.62e42fefa39efp-1
#define LN2_LO 0x1.abc9e3b39803fp-56
#define EXP_LOW -746.0
#define EXP_HIGH 710.0
#define TANH_HIGH 40.0
#define LOG_UP 0x1p54
#define LOG_BACK 54.0
#define EXP_Q                                                                        \
    {0x1p-1,                0x1.5555555555559p-3,  0x1.5555555555557p-5,              \
     0x1.111111110f64ap-7,  0x1.6c16c16c15779p-10, 0x1.a01a01b00a418p-13,             \
     0x1.a01a01ab165e3p-16, 0x1.71ddf7fa5f608p-19, 0x1.27e4d13bdc861p-22,             \
     0x1.af5f55e010eedp-26, 0x1.1f83f2bcd42a5p-29}
#define LOG_C                                                                        \
    {0x1.5555555555594p-1, 0x1.999999997f6e2p-2, 0x1.24924942435c3p-2,               \
     0x1.c71c51cdba36p-3,  0x1.74664a2d495afp-3, 0x1.39a0a91cbe9dbp-3,               \
     0x1.2f0fad9b02d27p-3}
