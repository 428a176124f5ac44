"""Activations a = f(z), and how the error passes back through them."""

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
}
