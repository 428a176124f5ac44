"""Activation functions a = f(z).

A plain name such as ``"relu"`` works wherever one of these does.
"""

from dataclasses import dataclass
from typing import ClassVar

from pybp.specs import Spec

__all__ = ["Activation", "Identity", "ReLU", "Sigmoid", "Softmax", "Tanh"]


@dataclass(frozen=True, repr=False)
class Activation(Spec):
    """Base class of the activations."""

    registry: ClassVar[str] = "activations"

    def __post_init__(self) -> None:
        self.parameters  # noqa: B018  # reading them checks them


@dataclass(frozen=True, repr=False)
class Identity(Activation):
    """``a = z``, derivative 1: a linear layer."""

    name: ClassVar[str] = "identity"


@dataclass(frozen=True, repr=False)
class Sigmoid(Activation):
    """``a = 1 / (1 + exp(-z))``, derivative ``a (1 - a)``.

    As output it gives probabilities of independent yes-or-no questions.
    """

    name: ClassVar[str] = "sigmoid"


@dataclass(frozen=True, repr=False)
class Tanh(Activation):
    """``a = tanh(z)``, derivative ``1 - a^2``."""

    name: ClassVar[str] = "tanh"


@dataclass(frozen=True, repr=False)
class ReLU(Activation):
    """``a = max(z, 0)``, derivative 1 for z > 0, else 0.

    References
    ----------
    Nair and Hinton, "Rectified linear units improve restricted Boltzmann machines", ICML 2010.
    """

    name: ClassVar[str] = "relu"


@dataclass(frozen=True, repr=False)
class Softmax(Activation):
    """``a_j = exp(z_j) / sum_k exp(z_k)``: probabilities of classes. Output layer only."""

    name: ClassVar[str] = "softmax"
