"""The Adam family of update rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pybp._common.arguments import flag
from pybp.optimizers.base import Decay, Optimizer, element_of_pair, number_of
from pybp.schedules import LearningRate

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam", "adam_parameter"]


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """``m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr m' / (sqrt(v') + eps)``.

    ``m' = m / (1 - b1^t)`` and ``v' = v / (1 - b2^t)`` at step t, counted from 1.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0; `AdamW` has decoupled weight decay.
    amsgrad : bool
        Use the largest v of all steps so far in place of v.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015; Reddi, Kale
    and Kumar, "On the convergence of Adam and beyond", ICLR 2018, for `amsgrad`.
    """

    name: ClassVar[str] = "adam"
    lr: LearningRate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: Decay = 0.0
    amsgrad: bool = False

    def _parameter(self, name: str) -> Any:
        return adam_parameter(self, name)


@dataclass(frozen=True, repr=False)
class AdamW(Optimizer):
    """`Adam` with decoupled weight decay: ``w *= 1 - lr weight_decay`` before the update of `Adam`.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Each update multiplies the parameters by ``1 - lr weight_decay`` first, >= 0.
    amsgrad : bool
        Use the largest v of all steps so far in place of v.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    name: ClassVar[str] = "adamw"
    lr: LearningRate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: Decay = 1e-2
    amsgrad: bool = False

    def _parameter(self, name: str) -> Any:
        return adam_parameter(self, name)


@dataclass(frozen=True, repr=False)
class Adamax(Optimizer):
    """`Adam` with the maximum norm: ``u = max(b2 u, |g| + eps); w -= lr m' / u``.

    ``m = b1 m + (1 - b1) g`` and ``m' = m / (1 - b1^t)`` at step t, counted from 1.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 7.
    """

    name: ClassVar[str] = "adamax"
    lr: LearningRate = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: Decay = 0.0

    def _parameter(self, name: str) -> Any:
        return adam_parameter(self, name)


@dataclass(frozen=True, repr=False)
class RAdam(Optimizer):
    """Rectified `Adam`: the update of `Adam` is multiplied by r, which grows to 1.

    ``r = sqrt((k - 4) (k - 2) n / ((n - 4) (n - 2) k))`` with ``n = 2 / (1 - b2) - 1`` and
    ``k = n - 2 t b2^t / (1 - b2^t)`` at step t. While k <= 5, the update is ``w -= lr m'``. As in
    PyTorch, eps is added to sqrt(v) before the bias correction.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.
    decoupled_weight_decay : bool
        Decay as in `AdamW`: ``w *= 1 - lr weight_decay`` before the update.

    References
    ----------
    Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020.
    """

    name: ClassVar[str] = "radam"
    lr: LearningRate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: Decay = 0.0
    decoupled_weight_decay: bool = False

    def _parameter(self, name: str) -> Any:
        return adam_parameter(self, name)


@dataclass(frozen=True, repr=False)
class NAdam(Optimizer):
    """`Adam` with Nesterov's momentum: ``w -= lr m' / (sqrt(v') + eps)`` with another m'.

    ``m' = mu(t+1) m / (1 - p mu(t+1)) + (1 - mu(t)) g / (1 - p)`` at step t, with the momentum
    ``mu(t) = b1 (1 - 0.96^(t momentum_decay) / 2)`` and p the product of mu(1) to mu(t).

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.
    momentum_decay : float
        How fast mu approaches b1, >= 0.
    decoupled_weight_decay : bool
        Decay as in `AdamW`: ``w *= 1 - lr weight_decay`` before the update.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop.
    """

    name: ClassVar[str] = "nadam"
    lr: LearningRate = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: Decay = 0.0
    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False

    def _parameter(self, name: str) -> Any:
        return adam_parameter(self, name)


def adam_parameter(optimizer: Optimizer, name: str) -> Any:
    """The value of a parameter of the row; beta1 and beta2 are the attribute `betas`."""
    if name in ("beta1", "beta2"):
        return element_of_pair(optimizer, "betas", first=name == "beta1")
    value = number_of(getattr(optimizer, name))
    return int(flag(value, name)) if name in ("amsgrad", "decoupled_weight_decay") else value
