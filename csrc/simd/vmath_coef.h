/* Constants of vmath.h. The order is ascending: c[0] is the constant term.
 *
 * exp_q  fits (exp(r) - 1 - r) / r^2 on |r| <= ln2 / 2, weighted by |r| (so that
 *        the relative error of expm1 is what is small): 2^-26.1 and 2^-61.6
 *        (an even degree, since one more than odd gains six bits in double)
 * log_c  fits (log((1+s) / (1-s)) - 2s) / (s z) with z = s^2, s up to
 *        (sqrt(2)-1) / (sqrt(2)+1), weighted by z: 2^-30.2 and 2^-59.4
 * erf_p  fits erf(x) / x - 1 as a polynomial in x^2 on |x| < 1: 2^-29.3 and 2^-56.0
 * erf_q  fits -log(1 - erf(t)) / t - 1 on [1, erf_high], weighted so that the relative
 *        error of erf is what is small: 2^-31.0 and 2^-61.4
 * sin_c  fits (sin(r) / r - 1) / r^2 as a polynomial in r^2, on |r| <= 1.6 in float and 1.575 in double, weighted
 *        so that the relative error of sin is what is small: 2^-30.8 and 2^-61.2
 * Float is a Remez fit (erf, sin: as double), double least squares at Chebyshev nodes; coefficients
 * were rounded one by one in ascending order, refitting the rest each time. */
#ifndef PYBP_SIMD_VMATH_COEF_H
#define PYBP_SIMD_VMATH_COEF_H

/* Adding and subtracting it rounds |x| < 2^22 (2^51) to the nearest integer,
 * ties to even. */
static const float f32_round_magic = 0x1.8p23f;
static const double f64_round_magic = 0x1.8p52;

static const float f32_log2e = 0x1.715476p+0f;
static const double f64_log2e = 0x1.71547652b82fep+0;

/* ln2 = hi + lo. With FMA, x - n hi is exact although hi has all its bits. */
static const float f32_ln2_hi = 0x1.62e43p-1f, f32_ln2_lo = -0x1.05c61p-29f;
static const double f64_ln2_hi = 0x1.62e42fefa39efp-1, f64_ln2_lo = 0x1.abc9e3b39803fp-56;

/* exp is 0 below, as it is flushed, and inf above, rounded. */
static const float f32_exp_low = -44.0f, f32_exp_high = 89.0f;
static const double f64_exp_low = -355.0, f64_exp_high = 710.0;

/* expm1 is -1 below, rounded. */
static const float f32_expm1_low = -20.0f;
static const double f64_expm1_low = -40.0;

/* tanh(x) is 1 where 2 x exceeds it, rounded. */
static const float f32_tanh_high = 20.0f;
static const double f64_tanh_high = 40.0;

/* Largest exponent of a normal number. */
static const float f32_exponent_max = 127.0f;
static const double f64_exponent_max = 1023.0;

/* log of a denormal number: log(x 2^back) - back ln2, log_up = 2^log_back. */
static const float f32_log_up = 0x1p25f, f32_log_back = 25.0f;
static const double f64_log_up = 0x1p54, f64_log_back = 54.0;

static const float f32_exp_q[5] = {
    0x1p-1f, 0x1.5554aap-3f, 0x1.555538p-5f, 0x1.122c5ep-7f, 0x1.6cd77p-10f,
};
static const double f64_exp_q[11] = {
    0x1p-1,                0x1.5555555555559p-3,  0x1.5555555555557p-5,  0x1.111111110f64ap-7,
    0x1.6c16c16c15779p-10, 0x1.a01a01b00a418p-13, 0x1.a01a01ab165e3p-16, 0x1.71ddf7fa5f608p-19,
    0x1.27e4d13bdc861p-22, 0x1.af5f55e010eedp-26, 0x1.1f83f2bcd42a5p-29,
};

static const float f32_log_c[3] = {0x1.55557ap-1f, 0x1.995ed2p-2f, 0x1.31e13ap-2f};
static const double f64_log_c[7] = {
    0x1.5555555555594p-1, 0x1.999999997f6e2p-2, 0x1.24924942435c3p-2, 0x1.c71c51cdba36p-3,
    0x1.74664a2d495afp-3, 0x1.39a0a91cbe9dbp-3, 0x1.2f0fad9b02d27p-3,
};

/* From here on erf(t) is 1, rounded. */
static const float f32_erf_high = 4.0f;
static const double f64_erf_high = 6.0;

static const float f32_erf_p[7] = {
    0x1.06eba8p-3f, -0x1.81273ep-2f, 0x1.ce2cfp-4f, -0x1.b7f858p-6f,
    0x1.53ff92p-8f, -0x1.a3c95cp-11f, 0x1.48edeep-14f,
};
static const double f64_erf_p[12] = {
    0x1.06eba8214db68p-3, -0x1.812746b0379b1p-2, 0x1.ce2f21a04082ep-4, -0x1.b82ce311eba5fp-6,
    0x1.565bccf79918cp-8, -0x1.c02db00a4932ep-11, 0x1.f9a2b66c1a280p-14, -0x1.f4ca130bd4b37p-17,
    0x1.b97dc7cd14904p-20, -0x1.5bfb9f8386962p-23, 0x1.d6d1129df1c7dp-27, -0x1.aadfed8c5cab7p-31,
};

static const float f32_erf_q[7] = {
    0x1.0794f4p-3f, 0x1.45169ap-1f, 0x1.b49082p-4f, -0x1.8a1f9p-6f,
    0x1.ef5504p-9f, -0x1.7540b6p-12f, 0x1.e6b76ap-17f,
};
static const double f64_erf_q[19] = {
    0x1.06ebad09784c2p-3, 0x1.45f2f856fbe06p-1, 0x1.a4f769b8ea8d0p-4, -0x1.3989c2fb9041bp-6,
    -0x1.8b9bbb860f647p-13, 0x1.b2d0f4b2edb43p-10, -0x1.199e4961d92b2p-11, -0x1.17b4d446ddafdp-15,
    0x1.ed1f68b220e86p-14, -0x1.1d600efaa00bfp-14, 0x1.acc87a8df165cp-16, -0x1.e21c3e4f257a7p-18,
    0x1.a5483c0374393p-20, -0x1.1f61adba9e23dp-22, 0x1.2db12b52b21aep-25, -0x1.d7d2b2d54fc0fp-29,
    0x1.030f0da9aa37ap-32, -0x1.647c58c47efa2p-37, 0x1.ce643adfa12e5p-43,
};

/* pi = hi + mid + lo. With FMA, x - q hi is exact for the q nearest to x / pi. */
static const float f32_inv_pi = 0x1.45f306p-2f;
static const float f32_pi_hi = 0x1.921fb6p+1f, f32_pi_mid = -0x1.777a5cp-24f, f32_pi_lo = -0x1.ee59dap-49f;
static const double f64_inv_pi = 0x1.45f306dc9c883p-2;
static const double f64_pi_hi = 0x1.921fb54442d18p+1, f64_pi_mid = 0x1.1a62633145c07p-53;
static const double f64_pi_lo = -0x1.f1976b7ed8fbcp-109;

/* Arguments of cos and sin are clamped to this magnitude: up to here the reduced argument stays where sin_c fits. */
static const float f32_cos_high = 0x1p16f;
static const double f64_cos_high = 0x1p32;

static const float f32_sin_c[5] = {
    -0x1.555556p-3f, 0x1.111132p-7f, -0x1.a021f2p-13f, 0x1.7288d4p-19f, -0x1.afb91ep-26f,
};
static const double f64_sin_c[8] = {
    -0x1.5555555555555p-3, 0x1.11111111110cbp-7,  -0x1.a01a01a015147p-13, 0x1.71de3a52be723p-19,
    -0x1.ae6454e2b075cp-26, 0x1.6123d0a2a393ap-33, -0x1.ae44720c613b4p-41, 0x1.884b1c0bab4b7p-49,
};

#endif
