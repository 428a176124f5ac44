"""Activations as ONNX operators.

Operators whose parameters are float32 attributes, such as LeakyRelu, are used for float32 only: in
float64 the parameters would be rounded. ONNX Runtime has no Erf of float64 either.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from pybp.activations import ELU, ActivationFunction, LeakyReLU
from pybp.errors import ArgumentError
from pybp.export.onnx.writer import GraphWriter

__all__ = ["ACTIVATIONS", "write_activation"]

Writer = Callable[[GraphWriter, str, Any], str]
"""Adds the nodes that compute an activation of a value, and returns the result."""

_SELU_SCALE, _SELU_ALPHA = 1.0507009873554805, 1.6732632423543772


def write_activation(graph: GraphWriter, z: str, activation: ActivationFunction) -> str:
    """Add the nodes of an activation."""
    if activation.name not in ACTIVATIONS:
        raise ArgumentError(f"the activation {activation.name!r} has no form in ONNX")
    return ACTIVATIONS[activation.name](graph, z, activation)


def _operator(op: str, graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    return graph.node(op, z)


def _leaky_relu(graph: GraphWriter, z: str, activation: LeakyReLU) -> str:
    if graph.dtype == np.float32:
        return graph.node("LeakyRelu", z, alpha=float(activation.slope))
    slope = graph.node("Mul", z, graph.number(activation.slope))
    return _where_positive(graph, z, z, slope)


def _elu(graph: GraphWriter, z: str, activation: ELU) -> str:
    if graph.dtype == np.float32:
        return graph.node("Elu", z, alpha=float(activation.alpha))
    return _where_positive(graph, z, z, _scaled_expm1(graph, z, activation.alpha))


def _selu(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    if graph.dtype == np.float32:
        return graph.node("Selu", z)
    above = graph.node("Mul", z, graph.number(_SELU_SCALE))
    below = _scaled_expm1(graph, z, _SELU_SCALE * _SELU_ALPHA)
    return _where_positive(graph, z, above, below)


def _where_positive(graph: GraphWriter, z: str, above: str, below: str) -> str:
    return graph.node("Where", graph.node("Greater", z, graph.number(0.0)), above, below)


def _scaled_expm1(graph: GraphWriter, z: str, factor: float) -> str:
    """``factor (exp(min(z, 0)) - 1)``."""
    power = graph.node("Exp", graph.node("Min", z, graph.number(0.0)))
    return graph.node("Mul", graph.node("Sub", power, graph.number(1.0)), graph.number(factor))


def _gelu(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    """``(z / 2) (1 + erf(z / sqrt(2)))``."""
    scaled = graph.node("Mul", z, graph.number(0.70710678118654752))
    erf = graph.node("Erf", scaled) if graph.dtype == np.float32 else _erf(graph, scaled)
    return _half_times_one_plus(graph, z, erf)


def _gelu_tanh(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    """``(z / 2) (1 + tanh(sqrt(2 / pi) z (1 + 0.044715 z^2)))``."""
    square = graph.node("Mul", graph.node("Mul", z, z), graph.number(0.044715))
    cubic = graph.node("Mul", z, graph.node("Add", square, graph.number(1.0)))
    bend = graph.node("Tanh", graph.node("Mul", cubic, graph.number(0.79788456080286536)))
    return _half_times_one_plus(graph, z, bend)


def _half_times_one_plus(graph: GraphWriter, z: str, value: str) -> str:
    half = graph.node("Mul", z, graph.number(0.5))
    return graph.node("Mul", half, graph.node("Add", value, graph.number(1.0)))


def _silu(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    return graph.node("Mul", z, graph.node("Sigmoid", z))


def _mish(graph: GraphWriter, z: str, activation: ActivationFunction) -> str:
    return graph.node("Mul", z, graph.node("Tanh", _softplus(graph, z, activation)))


def _softplus(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    """``max(z, 0) + log(1 + exp(-|z|))``: the Softplus of ONNX Runtime 1.32 overflows in float64."""
    if graph.dtype == np.float32:
        return graph.node("Softplus", z)
    power = graph.node("Exp", graph.node("Neg", graph.node("Abs", z)))
    logarithm = graph.node("Log", graph.node("Add", power, graph.number(1.0)))
    return graph.node("Add", graph.node("Max", z, graph.number(0.0)), logarithm)


def _relu6(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    """ONNX Runtime 1.32 refuses a Clip of float64 behind a Relu."""
    return graph.node("Min", graph.node("Max", z, graph.number(0.0)), graph.number(6.0))


def _hard_sigmoid(graph: GraphWriter, z: str, activation: ActivationFunction) -> str:
    six = _relu6(graph, graph.node("Add", z, graph.number(3.0)), activation)
    return graph.node("Div", six, graph.number(6.0))


def _hard_swish(graph: GraphWriter, z: str, activation: ActivationFunction) -> str:
    return graph.node("Mul", z, _hard_sigmoid(graph, z, activation))


def _softmax(graph: GraphWriter, z: str, _: ActivationFunction) -> str:
    return graph.node("Softmax", z, axis=-1)


ACTIVATIONS: dict[str, Writer] = {
    "identity": lambda _graph, z, _activation: z,
    "sigmoid": partial(_operator, "Sigmoid"),
    "tanh": partial(_operator, "Tanh"),
    "relu": partial(_operator, "Relu"),
    "softmax": _softmax,
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "gelu": _gelu,
    "gelu_tanh": _gelu_tanh,
    "silu": _silu,
    "mish": _mish,
    "softplus": _softplus,
    "softsign": partial(_operator, "Softsign"),
    "hard_sigmoid": _hard_sigmoid,
    "hard_swish": _hard_swish,
    "relu6": _relu6,
}
"""By the name of the activation."""


# ---- erf in float64, as in csrc/simd/vmath.h -------------------------------------------------

_ERF_HIGH = 6.0
_ERF_P = (
    *("0x1.06eba8214db68p-3", "-0x1.812746b0379b1p-2", "0x1.ce2f21a04082ep-4"),
    *("-0x1.b82ce311eba5fp-6", "0x1.565bccf79918cp-8", "-0x1.c02db00a4932ep-11"),
    *("0x1.f9a2b66c1a280p-14", "-0x1.f4ca130bd4b37p-17", "0x1.b97dc7cd14904p-20"),
    *("-0x1.5bfb9f8386962p-23", "0x1.d6d1129df1c7dp-27", "-0x1.aadfed8c5cab7p-31"),
)
"""Coefficients of ``erf(a) = a + a P(a^2)`` for a < 1."""
_ERF_Q = (
    *("0x1.06ebad09784c2p-3", "0x1.45f2f856fbe06p-1", "0x1.a4f769b8ea8d0p-4"),
    *("-0x1.3989c2fb9041bp-6", "-0x1.8b9bbb860f647p-13", "0x1.b2d0f4b2edb43p-10"),
    *("-0x1.199e4961d92b2p-11", "-0x1.17b4d446ddafdp-15", "0x1.ed1f68b220e86p-14"),
    *("-0x1.1d600efaa00bfp-14", "0x1.acc87a8df165cp-16", "-0x1.e21c3e4f257a7p-18"),
    *("0x1.a5483c0374393p-20", "-0x1.1f61adba9e23dp-22", "0x1.2db12b52b21aep-25"),
    *("-0x1.d7d2b2d54fc0fp-29", "0x1.030f0da9aa37ap-32", "-0x1.647c58c47efa2p-37"),
    "0x1.ce643adfa12e5p-43",
)
"""Coefficients of ``erf(a) = 1 - exp(-(a + a Q(a)))`` for a >= 1."""


def _erf(graph: GraphWriter, x: str) -> str:
    a = graph.node("Min", graph.node("Abs", x), graph.number(_ERF_HIGH))
    near = _scaled(graph, a, _polynomial(graph, graph.node("Mul", a, a), _ERF_P))
    power = graph.node("Exp", graph.node("Neg", _scaled(graph, a, _polynomial(graph, a, _ERF_Q))))
    far = graph.node("Sub", graph.number(1.0), power)
    is_near = graph.node("Less", a, graph.number(1.0))
    return graph.node("Mul", graph.node("Sign", x), graph.node("Where", is_near, near, far))


def _scaled(graph: GraphWriter, a: str, polynomial: str) -> str:
    return graph.node("Add", graph.node("Mul", polynomial, a), a)


def _polynomial(graph: GraphWriter, x: str, coefficients: tuple[str, ...]) -> str:
    """By Horner's rule, the coefficient of the highest power last."""
    *others, last = map(float.fromhex, coefficients)
    value = graph.number(last)
    for coefficient in reversed(others):
        value = graph.node("Add", graph.node("Mul", value, x), graph.number(coefficient))
    return value
