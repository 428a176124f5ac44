"""Activation functions a = f(z).

A name such as ``"relu"`` means the activation with default parameters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from pybp import _core
from pybp._common.arrays import as_numbers, plain
from pybp._common.public import publish
from pybp._common.specs import Spec
from pybp.errors import ShapeError

__all__ = [
    "ELU",
    "GELU",
    "SELU",
    "ActivationFunction",
    "ActivationLike",
    "ActivationName",
    "GELUTanh",
    "HardSigmoid",
    "HardSwish",
    "Identity",
    "LeakyReLU",
    "Mish",
    "ReLU",
    "ReLU6",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Softsign",
    "Tanh",
]


@dataclass(frozen=True, repr=False)
class ActivationFunction(Spec):
    """Base class of the activation functions: ``f(z)`` and ``f.derivative(z)`` of any array.

    Examples
    --------
    >>> from pybp.activations import Sigmoid, Softmax
    >>> sigmoid = Sigmoid()
    >>> sigmoid([-1.0, 0.0, 1.0])
    array([0.26894142, 0.5       , 0.73105858])
    >>> sigmoid.derivative([-1.0, 0.0, 1.0])
    array([0.19661193, 0.25      , 0.19661193])
    >>> Softmax().derivative([0.0, 0.0])  # its Jacobian
    array([[ 0.25, -0.25],
           [-0.25,  0.25]])
    """

    registry: ClassVar[str] = "activations"

    def __post_init__(self) -> None:
        self.parameters  # noqa: B018  # reading them checks them

    def __call__(self, z: Any, /) -> Any:
        """The activation ``a = f(z)``, with the bits that a net computes.

        Parameters
        ----------
        z : array-like
            Numbers in any shape; for softmax the last axis holds the classes.

        Returns
        -------
        ndarray or float, of the shape of z
            In float32 if z is, otherwise in float64.
        """
        return self._compute(z, derivative=False)

    def derivative(self, z: Any, /) -> Any:
        """The derivative ``f'(z)``.

        Parameters
        ----------
        z : array-like
            Numbers in any shape; for softmax the last axis holds the classes.

        Returns
        -------
        ndarray or float, of the shape of z
            In float32 if z is, otherwise in float64. For softmax the Jacobian, of shape
            (..., n, n): element [j, k] is ``da_j / dz_k``.
        """
        return self._compute(z, derivative=True)

    def _compute(self, z: Any, derivative: bool) -> Any:
        array = as_numbers(z, "z")
        dtype = array.dtype if array.dtype in (np.float32, np.float64) else np.dtype(np.float64)
        rowwise = self.row["label"] == "ROWWISE"
        if rowwise and array.ndim == 0:
            raise ShapeError(f"z is a number; {self.name} needs a row of them")
        columns = array.shape[-1:] if rowwise else ()
        out = np.empty(array.shape + (columns if derivative else ()), dtype)
        if out.size:
            width = columns[0] if rowwise else array.size
            rows, result = plain(array, dtype).reshape(-1, width), out.reshape(-1, width)
            given = (None, result) if derivative else (result, None)
            _core.activate(self.number, self.parameters, rows, *given)
        return out[()]


ActivationName = Literal[
    "identity",
    "sigmoid",
    "tanh",
    "relu",
    "softmax",
    "leaky_relu",
    "elu",
    "selu",
    "gelu",
    "gelu_tanh",
    "silu",
    "mish",
    "softplus",
    "softsign",
    "hard_sigmoid",
    "hard_swish",
    "relu6",
]
"""The names of the activations."""

ActivationLike = ActivationName | ActivationFunction | type[ActivationFunction]
"""The type of arguments named `activation`."""


@dataclass(frozen=True, repr=False)
class Identity(ActivationFunction):
    """``a = z``, derivative 1: a linear layer."""

    name: ClassVar[str] = "identity"


@dataclass(frozen=True, repr=False)
class Sigmoid(ActivationFunction):
    """``a = 1 / (1 + exp(-z))``, derivative ``a (1 - a)``.

    As the output activation it gives the probability of each of several independent labels.
    """

    name: ClassVar[str] = "sigmoid"


@dataclass(frozen=True, repr=False)
class Tanh(ActivationFunction):
    """``a = tanh(z)``, derivative ``1 - a^2``."""

    name: ClassVar[str] = "tanh"


@dataclass(frozen=True, repr=False)
class ReLU(ActivationFunction):
    """``a = max(z, 0)``, derivative 1 for z > 0, else 0.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """

    name: ClassVar[str] = "relu"


@dataclass(frozen=True, repr=False)
class Softmax(ActivationFunction):
    """``a_j = exp(z_j) / sum_k exp(z_k)``, the probabilities of classes. For the output layer only."""

    name: ClassVar[str] = "softmax"


@dataclass(frozen=True, repr=False)
class LeakyReLU(ActivationFunction):
    """``a = z if z > 0 else slope z``, derivative 1 for z > 0, else `slope`.

    Parameters
    ----------
    slope : float
        Slope for z < 0; >= 0.

    References
    ----------
    Maas, Hannun and Ng, "Rectifier nonlinearities improve neural network acoustic models", ICML
    2013.
    """

    name: ClassVar[str] = "leaky_relu"
    slope: float = 0.01


@dataclass(frozen=True, repr=False)
class ELU(ActivationFunction):
    """``a = z if z > 0 else alpha (exp(z) - 1)``, derivative 1 for z > 0, else ``a + alpha``.

    Parameters
    ----------
    alpha : float
        a tends to -`alpha` as z tends to minus infinity; > 0.

    References
    ----------
    Clevert, Unterthiner and Hochreiter, "Fast and accurate deep network learning by exponential
    linear units (ELUs)", ICLR 2016.
    """

    name: ClassVar[str] = "elu"
    alpha: float = 1.0


@dataclass(frozen=True, repr=False)
class SELU(ActivationFunction):
    """``a = 1.0507 (z if z > 0 else 1.6733 (exp(z) - 1))``, which keeps mean 0 and variance 1.

    This needs weights from `LecunNormal`, which ``init="auto"`` chooses.

    References
    ----------
    Klambauer, Unterthiner, Mayr and Hochreiter, "Self-normalizing neural networks", NIPS 2017.
    """

    name: ClassVar[str] = "selu"


@dataclass(frozen=True, repr=False)
class GELU(ActivationFunction):
    """``a = z P(z)``, ``P(z) = (1 + erf(z / sqrt(2))) / 2``; derivative ``P(z) + z P'(z)``.

    References
    ----------
    Hendrycks and Gimpel, "Gaussian error linear units (GELUs)", 2016.
    """

    name: ClassVar[str] = "gelu"


@dataclass(frozen=True, repr=False)
class GELUTanh(ActivationFunction):
    """An approximation of `GELU`: ``a = z (1 + tanh(sqrt(2 / pi) (z + 0.044715 z^3))) / 2``."""

    name: ClassVar[str] = "gelu_tanh"


@dataclass(frozen=True, repr=False)
class SiLU(ActivationFunction):
    """``a = z s``, ``s = 1 / (1 + exp(-z))``, derivative ``s (1 + z (1 - s))``; also called swish.

    References
    ----------
    Elfwing, Uchibe and Doya, "Sigmoid-weighted linear units for neural network function
    approximation in reinforcement learning", Neural Networks 107, 2018.
    """

    name: ClassVar[str] = "silu"


@dataclass(frozen=True, repr=False)
class Mish(ActivationFunction):
    """``a = z t``, ``t = tanh(log(1 + exp(z)))``, derivative ``t + z (1 - t^2) / (1 + exp(-z))``.

    References
    ----------
    Misra, "Mish: a self regularized non-monotonic activation function", BMVC 2020.
    """

    name: ClassVar[str] = "mish"


@dataclass(frozen=True, repr=False)
class Softplus(ActivationFunction):
    """``a = log(1 + exp(z))``, derivative ``1 - exp(-a)``; a smooth version of relu."""

    name: ClassVar[str] = "softplus"


@dataclass(frozen=True, repr=False)
class Softsign(ActivationFunction):
    """``a = z / (1 + |z|)``, derivative ``(1 - |a|)^2``."""

    name: ClassVar[str] = "softsign"


@dataclass(frozen=True, repr=False)
class HardSigmoid(ActivationFunction):
    """``a = min(max(z + 3, 0), 6) / 6``, derivative 1/6 for -3 < z < 3, else 0."""

    name: ClassVar[str] = "hard_sigmoid"


@dataclass(frozen=True, repr=False)
class HardSwish(ActivationFunction):
    """``a = z min(max(z + 3, 0), 6) / 6``, derivative ``z / 3 + 1/2`` for -3 < z < 3, else 0 or 1.

    References
    ----------
    Howard et al., "Searching for MobileNetV3", ICCV 2019.
    """

    name: ClassVar[str] = "hard_swish"


@dataclass(frozen=True, repr=False)
class ReLU6(ActivationFunction):
    """``a = min(max(z, 0), 6)``, derivative 1 for 0 < z < 6, else 0."""

    name: ClassVar[str] = "relu6"


publish(globals())
