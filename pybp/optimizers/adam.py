"""The Adam family of update rules."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pybp._common.arguments import flag
from pybp.optimizers.base import Optimizer, one_of_two
from pybp.schedules import LearningRate

__all__ = ["Adam", "AdamW", "Adamax", "NAdam", "RAdam", "beta_or_own"]


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """``m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr m' / (sqrt(v') + eps)``.

    m' and v' are m and v divided by ``1 - b1^t`` and ``1 - b2^t`` at step t.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0; see `AdamW` for the decoupled form.
    amsgrad : bool
        Take the largest v so far for v, so that steps never grow again.
    **common
        See `Optimizer`.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015; Reddi, Kale
    and Kumar, "On the convergence of Adam and beyond", ICLR 2018, for `amsgrad`.
    """

    name: ClassVar[str] = "adam"
    lr: LearningRate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    amsgrad: bool = False

    def _parameter(self, name: str) -> Any:
        return beta_or_own(self, name)


@dataclass(frozen=True, repr=False)
class AdamW(Optimizer):
    """`Adam` with decoupled weight decay: first ``w *= 1 - lr weight_decay``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Share of a weight that decays per step and unit of learning rate, >= 0.
    amsgrad : bool
        Take the largest v so far for v, so that steps never grow again.
    **common
        See `Optimizer`.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    name: ClassVar[str] = "adamw"
    lr: LearningRate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-2
    amsgrad: bool = False

    def _parameter(self, name: str) -> Any:
        return beta_or_own(self, name)


@dataclass(frozen=True, repr=False)
class Adamax(Optimizer):
    """`Adam` with a maximum for the second moment: ``u = max(b2 u, |g| + eps); w -= lr m' / u``.

    m' is ``m = b1 m + (1 - b1) g`` divided by ``1 - b1^t`` at step t.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    **common
        See `Optimizer`.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, section 7.
    """

    name: ClassVar[str] = "adamax"
    lr: LearningRate = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def _parameter(self, name: str) -> Any:
        return beta_or_own(self, name)


@dataclass(frozen=True, repr=False)
class RAdam(Optimizer):
    """`Adam` whose first steps are rectified: its step times r, which grows to 1.

    With ``n = 2 / (1 - b2) - 1`` and ``k = n - 2 t b2^t / (1 - b2^t)``, the length of the average
    behind v at step t, r is ``sqrt((k - 4) (k - 2) n / ((n - 4) (n - 2) k))``. As long as k <= 5 the
    step is ``w -= lr m'``. As in PyTorch, eps is added to sqrt(v) before its bias is corrected.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    decoupled_weight_decay : bool
        Decay as in `AdamW` instead: first ``w *= 1 - lr weight_decay``.
    **common
        See `Optimizer`.

    References
    ----------
    Liu et al., "On the variance of the adaptive learning rate and beyond", ICLR 2020.
    """

    name: ClassVar[str] = "radam"
    lr: LearningRate = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    decoupled_weight_decay: bool = False

    def _parameter(self, name: str) -> Any:
        return beta_or_own(self, name)


@dataclass(frozen=True, repr=False)
class NAdam(Optimizer):
    """`Adam` with Nesterov's momentum: ``w -= lr m' / (sqrt(v') + eps)`` with a look ahead in m'.

    The momentum of step t is ``mu(t) = b1 (1 - 0.96^(t momentum_decay) / 2)``; with p the product of
    mu(1) to mu(t), ``m' = mu(t+1) m / (1 - p mu(t+1)) + (1 - mu(t)) g / (1 - p)``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    momentum_decay : float
        How fast mu grows to b1, >= 0.
    decoupled_weight_decay : bool
        Decay as in `AdamW` instead: first ``w *= 1 - lr weight_decay``.
    **common
        See `Optimizer`.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", ICLR 2016 workshop.
    """

    name: ClassVar[str] = "nadam"
    lr: LearningRate = 2e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum_decay: float = 4e-3
    decoupled_weight_decay: bool = False

    def _parameter(self, name: str) -> Any:
        return beta_or_own(self, name)


def beta_or_own(optimizer: Optimizer, name: str) -> Any:
    """A parameter of the registry row, where the first two are the pair `betas`."""
    if name in ("beta1", "beta2"):
        return one_of_two(optimizer, "betas", first=name == "beta1")
    value = getattr(optimizer, name)
    return int(flag(value, name)) if name in ("amsgrad", "decoupled_weight_decay") else value
