"""Formulas of one value, and which activation or norm each equals.

Exporters write an activation such as gelu as several operators, each in its own way. So a formula is
computed for sample values, and compared with what pybp's activations and norms compute for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, fields
from functools import cache
from inspect import signature
from typing import Any

import numpy as np

from pybp._common.specs import spec_classes
from pybp._common.types import Array, DType
from pybp.activations import ELU, ActivationFunction, LeakyReLU, Softmax
from pybp.errors import FileFormatError
from pybp.layers import Activation, LayerNorm, LayerSpec, RMSNorm

__all__ = [
    "ELEMENTWISE",
    "REDUCTIONS",
    "Formula",
    "Number",
    "Variable",
    "identify",
    "inner_parts",
    "number_of_arguments",
]

_MOST_OPERATORS = 200
"""Operators of a formula; a gelu in float64 has 80."""


@dataclass(frozen=True, eq=False)
class Formula:
    """An operator with its arguments, which may be used several times.

    Attributes
    ----------
    op : str
        A key of `ELEMENTWISE` or `REDUCTIONS`.
    arguments : tuple of Formula
        What it is applied to.
    size : int
        At least the number of operators in it.
    """

    op: str
    arguments: tuple[Formula, ...] = ()
    size: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "size", len(_parts(self)))
        if self.size > _MOST_OPERATORS:
            raise FileFormatError(f"a formula has more than {_MOST_OPERATORS} operators")


@dataclass(frozen=True, eq=False)
class Variable(Formula):
    """The value that a formula depends on."""

    op: str = "variable"


@dataclass(frozen=True, eq=False)
class Number(Formula):
    """A constant."""

    op: str = "number"
    value: float = 0.0


def _softplus(x: Array) -> Array:
    return np.asarray(np.maximum(x, 0) + np.log1p(np.exp(-abs(x))))


def _sigmoid(x: Array) -> Array:
    return np.asarray(np.exp(-_softplus(-x)))


def _softmax(x: Array) -> Array:
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def _erf(x: Array) -> Array:
    """By gelu: ``gelu(z) = z (1 + erf(z / sqrt(2))) / 2``."""
    z = x * np.sqrt(2)
    safe = np.where(z == 0, 1.0, z)
    return np.where(z == 0, 0.0, 2 * _known("gelu")(safe) / safe - 1)


def _known(name: str) -> ActivationFunction:
    return spec_classes(ActivationFunction)[name]()


ELEMENTWISE: dict[str, Callable[..., Array]] = {
    "Abs": np.abs,
    "Add": np.add,
    "Div": np.divide,
    "Elu": lambda x, alpha: np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "Erf": _erf,
    "Exp": np.exp,
    "Gelu": lambda x: _known("gelu")(x),
    "GeluTanh": lambda x: _known("gelu_tanh")(x),
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "HardSigmoid": lambda x, alpha, beta: np.clip(alpha * x + beta, 0, 1),
    "HardSwish": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "LeakyRelu": lambda x, alpha: np.where(x > 0, x, alpha * x),
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Log": np.log,
    "Max": np.maximum,
    "Min": np.minimum,
    "Mish": lambda x: x * np.tanh(_softplus(x)),
    "Mul": np.multiply,
    "Neg": np.negative,
    "Pow": np.power,
    "Reciprocal": np.reciprocal,
    "Relu": lambda x: np.maximum(x, 0),
    "Selu": lambda x, alpha, gamma: gamma * np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0))),
    "Sigmoid": _sigmoid,
    "Sign": np.sign,
    "Softplus": _softplus,
    "Softsign": lambda x: x / (1 + abs(x)),
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Tanh": np.tanh,
    "Where": np.where,
}
"""Operators on each element; parameters follow the values."""

REDUCTIONS: dict[str, Callable[[Array], Array]] = {
    "ReduceMean": lambda x: x.mean(axis=-1, keepdims=True),
    "ReduceSum": lambda x: x.sum(axis=-1, keepdims=True),
    "ReduceMax": lambda x: x.max(axis=-1, keepdims=True),
    "Softmax": _softmax,
}
"""Operators on the features of a row."""


def number_of_arguments(op: str) -> int:
    """How many values and parameters an operator of `ELEMENTWISE` takes."""
    function = ELEMENTWISE[op]
    if isinstance(function, np.ufunc):
        return function.nin
    return 3 if op == "Where" else len(signature(function).parameters)


# ---- computing -------------------------------------------------------------------------------


def compute(formula: Formula, values: Array, cut: Formula | None = None) -> Array | None:
    """The formula of these values; `cut`, a part of it, stands for the variable instead.

    None if the variable itself is used as well.
    """
    known: dict[int, Any] = {}
    for part in _parts(formula, cut):
        if part is cut or (cut is None and isinstance(part, Variable)):
            known[id(part)] = values
        elif isinstance(part, Variable):
            return None
        elif isinstance(part, Number):
            known[id(part)] = np.float64(part.value)
        else:
            function = ELEMENTWISE.get(part.op) or REDUCTIONS[part.op]
            result = function(*(known[id(argument)] for argument in part.arguments))
            known[id(part)] = np.asarray(result, np.float64)
    return np.asarray(known[id(formula)])


def _parts(formula: Formula, cut: Formula | None = None) -> list[Formula]:
    """The parts of a formula, each once, arguments first; those inside `cut` are left out."""
    found: dict[int, Formula] = {}
    waiting = [formula]
    while waiting:
        part = waiting[-1]
        missing = [a for a in part.arguments if id(a) not in found] if part is not cut else []
        if missing:
            waiting += missing
            continue
        found.setdefault(id(part), part)
        waiting.pop()
    return list(found.values())


def inner_parts(formula: Formula) -> list[Formula]:
    """The parts that are operators, without the formula itself, the smallest first.

    In this order the mean that a layer norm subtracts is found as a part of the norm.
    """
    parts = [part for part in _parts(formula) if part.arguments and part is not formula]
    return sorted(parts, key=lambda part: part.size)


# ---- recognising -----------------------------------------------------------------------------

_CLOSE = {4: 2e-6, 8: 1e-7}
"""Largest relative difference by the bytes of a number: constants may be rounded to float32."""
_GRID = np.concatenate([np.linspace(-11.9, 11.9, 141), [-90.0, -30.0, 30.0, 90.0]])
_SMALL = np.random.default_rng(0).normal(size=(4, 7))


def identify(formula: Formula, dtype: DType, cut: Formula | None = None) -> LayerSpec | None:
    """The layer that computes a formula, None if there is none; `cut` is as in `compute`."""
    parts = _parts(formula, cut)
    numbers = [part.value for part in parts if isinstance(part, Number)]
    with np.errstate(all="ignore"):
        if any(part.op in REDUCTIONS for part in parts):
            return _row_layer(formula, cut, numbers, _CLOSE[dtype.itemsize])
        return _activation(formula, cut, numbers, _CLOSE[dtype.itemsize])


def _activation(
    formula: Formula, cut: Formula | None, numbers: list[float], close: float
) -> LayerSpec | None:
    found = compute(formula, _GRID, cut)
    below = compute(formula, np.array([-1.0]), cut)
    if found is None or below is None or found.shape != _GRID.shape:
        return None
    activations, outputs = _fixed_activations()
    same = (abs(outputs - found) <= close * (1 + abs(found))).all(axis=1)
    if same.any():
        return Activation(activations[int(np.argmax(same))])
    for activation in _fitted_activations(float(below[0]), numbers):
        if np.allclose(activation(_GRID), found, rtol=close, atol=close):
            return Activation(activation)
    return None


@cache
def _fixed_activations() -> tuple[list[ActivationFunction], Array]:
    """The activations of single numbers without parameters, and their outputs on the grid."""
    specs = spec_classes(ActivationFunction).values()
    found = [s() for s in specs if not fields(s) and s is not Softmax]
    return found, np.array([activation(_GRID) for activation in found])


def _fitted_activations(below: float, numbers: list[float]) -> Iterator[ActivationFunction]:
    """Those with a parameter, which follows from the value at -1."""
    if 0 <= -below < np.inf:
        yield LeakyReLU(_nearest(-below, numbers))
    if 0 < below / np.expm1(-1.0) < np.inf:
        yield ELU(_nearest(below / float(np.expm1(-1.0)), numbers))


def _nearest(value: float, numbers: list[float]) -> float:
    """The constant that is meant by a value which was computed with it, or the value."""
    near = [number for number in numbers if abs(number - value) <= 1e-6 * abs(value)]
    return near[0] if near else value


def _row_layer(
    formula: Formula, cut: Formula | None, numbers: list[float], close: float
) -> LayerSpec | None:
    small = sorted({number for number in numbers if 0 < number < 1})[:20]
    rows = [_SMALL, 30 * _SMALL, *(np.sqrt(number) * _SMALL for number in small)]
    values = np.concatenate([*rows, *(each + 1 for each in rows)])
    found = compute(formula, values, cut)
    if found is None or found.shape != values.shape:
        return None

    def same(wanted: Array) -> bool:
        return bool(np.allclose(wanted, found, rtol=close, atol=close))

    if same(_softmax(values)):
        return Activation(Softmax())
    centred = values - values.mean(axis=-1, keepdims=True)
    for eps in small:
        if same(centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + eps)):
            return LayerNorm(eps=eps, affine=False)
        if same(values / np.sqrt((values**2).mean(axis=-1, keepdims=True) + eps)):
            return RMSNorm(eps=eps, affine=False)
    return None
