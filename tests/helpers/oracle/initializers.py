r"""Initialisers: weights (n_out, n_in) from uniform numbers u in (0, 1) of the same shape.

A rule fixes the variance of a weight as scale / fan, so that signals neither grow nor fade on their
way through the layers.  fan is n_in (He, LeCun) or the mean of n_in and n_out (Glorot).
"""

import math
from collections.abc import Callable

import numpy as np

from .activations import ACTIVATIONS, Array
from .random import WEIGHTS, normal_quantile, uniform, words

Initializer = Callable[[Array, float, str], Array]


def fan_in(shape: tuple[int, ...]) -> float:
    return shape[1]


def fan_average(shape: tuple[int, ...]) -> float:
    return (shape[0] + shape[1]) / 2


def uniform_rule(scale: float, fan: Callable[[tuple[int, ...]], float]) -> Initializer:
    r""":math:`U(-r, r)`, :math:`r = \sqrt{3\,\mathrm{scale} / \mathrm{fan}}`."""
    return lambda u, value, activation: np.sqrt(3.0 * scale / fan(u.shape)) * (2.0 * u - 1.0)


def normal_rule(scale: float, fan: Callable[[tuple[int, ...]], float]) -> Initializer:
    r""":math:`N(0, \mathrm{scale}/\mathrm{fan})`, by the inverse of the distribution function."""
    return lambda u, value, activation: np.sqrt(scale / fan(u.shape)) * normal_quantile(u)


def auto(u: Array, value: float, activation: str) -> Array:
    """The rule that suits the layer's activation: `ACTIVATIONS` names it."""
    return INITIALIZERS[ACTIVATIONS[activation].initializer](u, value, activation)


def truncated_normal(u: Array, value: float, activation: str) -> Array:
    r""":math:`N(0, \sigma^2)` within :math:`\pm 2\sigma`: u is mapped to what lies between."""
    below = (1.0 + math.erf(-math.sqrt(2.0))) / 2.0
    return value * normal_quantile(below + (1.0 - 2.0 * below) * u)


def orthogonal(u: Array, value: float, activation: str) -> Array:
    """Q of the QR decomposition with a positive diagonal of R. Saxe et al. (2014)."""
    a = normal_quantile(u)
    q, r = np.linalg.qr(a if a.shape[0] >= a.shape[1] else a.T)
    q = q * np.sign(np.diag(r))
    return value * (q if a.shape[0] >= a.shape[1] else q.T)


# Glorot and Bengio (2010), He et al. (2015), LeCun et al. (1998).
INITIALIZERS: dict[str, Initializer] = {
    "auto": auto,
    "zeros": lambda u, value, activation: np.zeros_like(u),
    "constant": lambda u, value, activation: np.full_like(u, value),
    "glorot_uniform": uniform_rule(1.0, fan_average),
    "glorot_normal": normal_rule(1.0, fan_average),
    "he_uniform": uniform_rule(2.0, fan_in),
    "he_normal": normal_rule(2.0, fan_in),
    "lecun_uniform": uniform_rule(1.0, fan_in),
    "lecun_normal": normal_rule(1.0, fan_in),
    "uniform": lambda u, value, activation: value * (2.0 * u - 1.0),
    "normal": lambda u, value, activation: value * normal_quantile(u),
    "truncated_normal": truncated_normal,
    "orthogonal": orthogonal,
}


def initial_weights(
    name: str,
    n_out: int,
    n_in: int,
    *,
    seed: int,
    layer: int,
    activation: str = "identity",
    value: float = 0.0,
    group: int = 0,
) -> Array:
    """Weights of a layer (counted from 0): element (j, i) uses word j n_in + i of that layer.

    With `group` each group of so many outputs is initialised by itself.
    """
    u = uniform(words(seed, WEIGHTS, layer, n_out * n_in)).reshape(n_out, n_in)
    groups = np.split(u, n_out // group if group else 1)
    return np.concatenate([INITIALIZERS[name](part, value, activation) for part in groups])
