"""Activations a = f(z), and how the error passes back through them."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Activation:
    """An activation of rows of z.

    Attributes
    ----------
    f : callable
        ``a = f(z)``; parameters, if the row has any, by name.
    backward : callable
        ``delta = backward(g, z, a)`` with ``g = dL/da`` and ``delta = dL/dz``; parameters likewise.
    kind : {"ELEMENTWISE", "ROWWISE"}
        Whether f works on each element alone.
    initializer : str
        The initialiser that "auto" means for a layer with this activation.
    """

    f: Callable[..., Array]
    backward: Callable[..., Array]
    kind: str = "ELEMENTWISE"
    initializer: str = "glorot_uniform"


def sigmoid(z: Array) -> Array:
    r"""Logistic function, :math:`\sigma(z) = 1 / (1 + e^{-z})`.

    For z < 0 it is computed as :math:`e^z / (1 + e^z)`, so that no exponential overflows.
    """
    e = np.exp(-np.abs(z))
    return np.where(z < 0, e, 1.0) / (1.0 + e)


def softmax(z: Array) -> Array:
    r"""Each row's :math:`a_j = e^{z_j} / \sum_k e^{z_k}`, after subtracting the row's maximum.

    The shift changes nothing in exact arithmetic and keeps every exponential in (0, 1].
    Bridle (1990).
    """
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def softmax_backward(g: Array, z: Array, a: Array) -> Array:
    r""":math:`\delta_j = \sum_k g_k\, a_k (1[j = k] - a_j) = a_j (g_j - \sum_k g_k a_k)`."""
    return a * (g - (g * a).sum(axis=-1, keepdims=True))


erf = np.vectorize(math.erf, otypes=[np.float64])


def elu(z: Array, alpha: float = 1.0) -> Array:
    r""":math:`z` above 0, :math:`\alpha (e^z - 1)` below. Clevert et al. (2016)."""
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0.0)))


def elu_backward(g: Array, z: Array, a: Array, alpha: float = 1.0) -> Array:
    r"""The slope below 0 is :math:`\alpha e^z`."""
    return g * np.where(z > 0, 1.0, alpha * np.exp(np.minimum(z, 0.0)))


# Klambauer et al. (2017).
SELU_SCALE, SELU_ALPHA = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717


def gelu(z: Array) -> Array:
    r""":math:`z \Phi(z)`, :math:`\Phi` the normal distribution function. Hendrycks and Gimpel (2016)."""
    return z * (1.0 + erf(z / math.sqrt(2.0))) / 2.0


def gelu_backward(g: Array, z: Array, a: Array) -> Array:
    r""":math:`\Phi(z) + z \varphi(z)`."""
    density = np.exp(-(z**2) / 2.0) / math.sqrt(2.0 * math.pi)
    return g * ((1.0 + erf(z / math.sqrt(2.0))) / 2.0 + z * density)


def gelu_bend(z: Array) -> Array:
    r""":math:`\tanh(\sqrt{2/\pi}\,(z + 0.044715 z^3))`."""
    return np.tanh(math.sqrt(2.0 / math.pi) * (z + 0.044715 * z**3))


def gelu_tanh_backward(g: Array, z: Array, a: Array) -> Array:
    r"""The slope of :math:`z (1 + t) / 2` with t as in `gelu_bend`."""
    t = gelu_bend(z)
    inner = math.sqrt(2.0 / math.pi) * (1.0 + 3.0 * 0.044715 * z**2)
    return g * ((1.0 + t) / 2.0 + z * (1.0 - t**2) * inner / 2.0)


def silu_backward(g: Array, z: Array, a: Array) -> Array:
    r""":math:`\sigma(z) + z\,\sigma'(z)`."""
    s = sigmoid(z)
    return g * (s + z * s * (1.0 - s))


def softplus(z: Array) -> Array:
    r""":math:`\log(1 + e^z)`, without overflow."""
    return np.logaddexp(0.0, z)


def mish_backward(g: Array, z: Array, a: Array) -> Array:
    r"""The slope of :math:`z \tanh(\log(1 + e^z))`. Misra (2020)."""
    t = np.tanh(softplus(z))
    return g * (t + z * (1.0 - t**2) * sigmoid(z))


def hard_sigmoid(z: Array) -> Array:
    r"""The sigmoid drawn with a ruler, :math:`\min(\max(z + 3, 0), 6) / 6`."""
    return np.clip(z + 3.0, 0.0, 6.0) / 6.0


def hard_swish_backward(g: Array, z: Array, a: Array) -> Array:
    r"""The slope of :math:`z` times `hard_sigmoid`."""
    return g * np.where(z <= -3, 0.0, np.where(z >= 3, 1.0, z / 3.0 + 0.5))


# The derivatives are written with the output a: sigma' = a (1 - a), tanh' = 1 - a^2.
ACTIVATIONS: dict[str, Activation] = {
    "identity": Activation(lambda z: z, lambda g, z, a: g),
    "sigmoid": Activation(sigmoid, lambda g, z, a: g * a * (1.0 - a)),
    "tanh": Activation(np.tanh, lambda g, z, a: g * (1.0 - a**2)),
    "relu": Activation(
        lambda z: np.maximum(z, 0.0),
        lambda g, z, a: np.where(a > 0, g, 0.0),
        initializer="he_uniform",
    ),
    "softmax": Activation(softmax, softmax_backward, kind="ROWWISE"),
    "leaky_relu": Activation(
        lambda z, slope=0.01: np.where(z > 0, z, slope * z),
        lambda g, z, a, slope=0.01: g * np.where(z > 0, 1.0, slope),
        initializer="he_uniform",
    ),
    "elu": Activation(elu, elu_backward, initializer="he_uniform"),
    "selu": Activation(
        lambda z: SELU_SCALE * elu(z, SELU_ALPHA),
        lambda g, z, a: SELU_SCALE * elu_backward(g, z, a, SELU_ALPHA),
        initializer="lecun_normal",
    ),
    "gelu": Activation(gelu, gelu_backward, initializer="he_uniform"),
    "gelu_tanh": Activation(
        lambda z: z * (1.0 + gelu_bend(z)) / 2.0, gelu_tanh_backward, initializer="he_uniform"
    ),
    "silu": Activation(lambda z: z * sigmoid(z), silu_backward, initializer="he_uniform"),
    "mish": Activation(lambda z: z * np.tanh(softplus(z)), mish_backward, initializer="he_uniform"),
    "softplus": Activation(softplus, lambda g, z, a: g * sigmoid(z), initializer="he_uniform"),
    "softsign": Activation(
        lambda z: z / (1.0 + np.abs(z)), lambda g, z, a: g / (1.0 + np.abs(z)) ** 2
    ),
    "hard_sigmoid": Activation(hard_sigmoid, lambda g, z, a: np.where(np.abs(z) < 3, g / 6.0, 0.0)),
    "hard_swish": Activation(
        lambda z: z * hard_sigmoid(z), hard_swish_backward, initializer="he_uniform"
    ),
    "relu6": Activation(
        lambda z: np.clip(z, 0.0, 6.0),
        lambda g, z, a: np.where((z > 0) & (z < 6), g, 0.0),
        initializer="he_uniform",
    ),
}
