/* Elementwise activations of one element: docs/contract.md, "Forward" 2 and "Backward" 3. */

static T F(six)(T x)
{
    if (C(0.0) > x)
        x = C(0.0);
    return C(6.0) < x ? C(6.0) : x;
}

static T F(softplus)(T z)
{
    T above = C(0.0) > z ? C(0.0) : z;
    return above + F(log1p)(F(exp)(-ABS(z)));
}

/* tanh(sqrt(2 / pi) (z + 0.044715 z^3)) */
static T F(gelu_bend)(T z)
{
    T w = FMA(C(0.044715), z * z, C(1.0));
    return F(tanh)(C(0.79788456080286536) * z * w);
}

/* a = f(z); p: the parameters */
static T F(element)(pybp_activation activation, const T *p, T z)
{
    T h = C(0.5) * z;
    switch (activation) {
    case PYBP_ACTIVATION_RELU:
        return C(0.0) > z ? C(0.0) : z;
    case PYBP_ACTIVATION_SIGMOID:
        return F(sigmoid)(z);
    case PYBP_ACTIVATION_TANH:
        return F(tanh)(z);
    case PYBP_ACTIVATION_LEAKY_RELU:
        return z > C(0.0) ? z : p[0] * z;
    case PYBP_ACTIVATION_ELU:
        return z > C(0.0) ? z : p[0] * F(expm1)(z);
    case PYBP_ACTIVATION_SELU:
        return z > C(0.0) ? C(1.0507009873554805) * z : C(1.7580993408473769) * F(expm1)(z);
    case PYBP_ACTIVATION_GELU:
        return FMA(h, F(erf)(z * C(0.70710678118654752)), h);
    case PYBP_ACTIVATION_GELU_TANH:
        return FMA(h, F(gelu_bend)(z), h);
    case PYBP_ACTIVATION_SILU:
        return z * F(sigmoid)(z);
    case PYBP_ACTIVATION_MISH:
        return z * F(tanh)(F(softplus)(z));
    case PYBP_ACTIVATION_SOFTPLUS:
        return F(softplus)(z);
    case PYBP_ACTIVATION_SOFTSIGN:
        return z / (C(1.0) + ABS(z));
    case PYBP_ACTIVATION_HARD_SIGMOID:
        return F(six)(z + C(3.0)) / C(6.0);
    case PYBP_ACTIVATION_HARD_SWISH:
        return z * (F(six)(z + C(3.0)) / C(6.0));
    case PYBP_ACTIVATION_RELU6:
        return F(six)(z);
    default:
        return z;
    }
}

/* f'(z) of those whose delta is back times it. */
static T F(slope)(pybp_activation activation, const T *p, T z, T a)
{
    T t, s;
    switch (activation) {
    case PYBP_ACTIVATION_SIGMOID:
        return a * (C(1.0) - a);
    case PYBP_ACTIVATION_TANH:
        return FMA(-a, a, C(1.0));
    case PYBP_ACTIVATION_LEAKY_RELU:
        return a > C(0.0) ? C(1.0) : p[0];
    case PYBP_ACTIVATION_ELU:
        return a > C(0.0) ? C(1.0) : a + p[0];
    case PYBP_ACTIVATION_SELU:
        return a > C(0.0) ? C(1.0507009873554805) : a + C(1.7580993408473769);
    case PYBP_ACTIVATION_GELU:
        t = FMA(C(0.5), F(erf)(z * C(0.70710678118654752)), C(0.5));
        s = C(0.5) * z * z;
        return FMA(z, C(0.39894228040143268) * F(exp)(-s), t);
    case PYBP_ACTIVATION_GELU_TANH:
        z = z < C(-16.0) ? C(-16.0) : z > C(16.0) ? C(16.0) : z;
        t = F(gelu_bend)(z);
        s = C(0.79788456080286536) * FMA(C(0.134145), z * z, C(1.0));
        return FMA(C(0.5) * z * FMA(-t, t, C(1.0)), s, FMA(C(0.5), t, C(0.5)));
    case PYBP_ACTIVATION_SILU:
        s = F(sigmoid)(z);
        return s * FMA(z, C(1.0) - s, C(1.0));
    case PYBP_ACTIVATION_MISH:
        t = F(tanh)(F(softplus)(z));
        return FMA(z * F(sigmoid)(z), FMA(-t, t, C(1.0)), t);
    case PYBP_ACTIVATION_SOFTPLUS:
        return -F(expm1)(-a);
    case PYBP_ACTIVATION_SOFTSIGN:
        t = C(1.0) - ABS(a);
        return t * t;
    case PYBP_ACTIVATION_HARD_SWISH:
        return z / C(3.0) + C(0.5);
    default:
        return C(1.0);
    }
}

/* delta from back = dL/da. */
static T F(element_delta)(pybp_activation activation, const T *p, T z, T a, T back)
{
    switch (activation) {
    case PYBP_ACTIVATION_RELU:
        return a > C(0.0) ? back : C(0.0);
    case PYBP_ACTIVATION_RELU6:
        return a > C(0.0) && a < C(6.0) ? back : C(0.0);
    case PYBP_ACTIVATION_HARD_SIGMOID:
        return a > C(0.0) && a < C(1.0) ? back / C(6.0) : C(0.0);
    case PYBP_ACTIVATION_HARD_SWISH:
        if (z <= C(-3.0))
            return C(0.0);
        if (z >= C(3.0))
            return back;
        break;
    default:
        break;
    }
    return back * F(slope)(activation, p, z, a);
}
