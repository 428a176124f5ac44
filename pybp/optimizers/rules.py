"""The update rules outside of the Adam family."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from pybp._common.arguments import flag
from pybp.errors import ArgumentError
from pybp.optimizers.adam import adam_parameter
from pybp.optimizers.base import Decay, Optimizer, element_of_pair
from pybp.schedules import LearningRate

__all__ = ["SGD", "Adadelta", "Adagrad", "Lion", "RMSprop", "Rprop"]


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Stochastic gradient descent: ``v = momentum v + g; w -= lr v``.

    With Nesterov's momentum, ``w -= lr (g + momentum v)``. Without momentum, ``w -= lr g``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    momentum : float
        Momentum, in [0, 1).
    nesterov : bool
        Use Nesterov's momentum; needs `momentum` > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013.
    """

    name: ClassVar[str] = "sgd"
    lr: LearningRate = 1e-2
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: Decay = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if flag(self.nesterov, "nesterov") and self.momentum == 0:
            raise ArgumentError("nesterov needs a momentum > 0, got momentum=0.0")

    def _parameter(self, name: str) -> Any:
        value = super()._parameter(name)
        return int(value) if name == "nesterov" else value


@dataclass(frozen=True, repr=False)
class Adagrad(Optimizer):
    """``s += g^2; w -= lr / (1 + t lr_decay) g / (sqrt(s) + eps)`` at step t, counted from 0.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    lr_decay : float
        How fast the learning rate decreases with t, >= 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.
    initial_accumulator_value : float
        Initial value of s, >= 0.
    eps : float
        Added to the denominator, > 0.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 12, 2011.
    """

    name: ClassVar[str] = "adagrad"
    lr: LearningRate = 1e-2
    lr_decay: float = 0.0
    weight_decay: Decay = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10


@dataclass(frozen=True, repr=False)
class RMSprop(Optimizer):
    """``s = alpha s + (1 - alpha) g^2; w -= lr g / (sqrt(s) + eps)``.

    If centered, ``s - m^2`` with ``m = alpha m + (1 - alpha) g``, an estimate of the variance, takes the
    place of s. With momentum, ``v = momentum v + g / (sqrt(s) + eps); w -= lr v``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    alpha : float
        Decay factor of the average s, in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.
    momentum : float
        Momentum, in [0, 1).
    centered : bool
        Divide by the standard deviation of the gradient instead of its root mean square.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera, 2012; Graves, "Generating sequences with
    recurrent neural networks", arXiv:1308.0850, 2013, for the centered form.
    """

    name: ClassVar[str] = "rmsprop"
    lr: LearningRate = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: Decay = 0.0
    momentum: float = 0.0
    centered: bool = False

    def _parameter(self, name: str) -> Any:
        value = super()._parameter(name)
        return int(flag(value, name)) if name == "centered" else value


@dataclass(frozen=True, repr=False)
class Adadelta(Optimizer):
    """``s = rho s + (1 - rho) g^2; d = g sqrt(u + eps) / sqrt(s + eps); w -= lr d``.

    u is the average of d^2, updated after d is computed: ``u = rho u + (1 - rho) d^2``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    rho : float
        Decay factor of the averages s and u, in [0, 1).
    eps : float
        Added to the denominator, > 0.
    weight_decay : float or Schedule
        Adds ``weight_decay w`` to the gradient, >= 0.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, 2012.
    """

    name: ClassVar[str] = "adadelta"
    lr: LearningRate = 1.0
    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: Decay = 0.0


@dataclass(frozen=True, repr=False)
class Lion(Optimizer):
    """``w -= lr sign(b1 m + (1 - b1) g)``, then ``m = b2 m + (1 - b2) g``.

    Before that, ``w *= 1 - lr weight_decay``. Every update changes each parameter by lr, so lr should be 3
    to 10 times smaller than for `Adam`.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    weight_decay : float or Schedule
        Each update multiplies the parameters by ``1 - lr weight_decay`` first, >= 0.

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023.
    """

    name: ClassVar[str] = "lion"
    lr: LearningRate = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: Decay = 0.0

    def _parameter(self, name: str) -> Any:
        return adam_parameter(self, name)


@dataclass(frozen=True, repr=False)
class Rprop(Optimizer):
    """``w -= d sign(g)`` with a step size d for each parameter; for updates with all samples at once.

    d starts at lr. It is multiplied by etas[1] if g has the same sign as in the step before, and by
    etas[0] if the sign has changed; then g is set to 0 for this step.

    Parameters
    ----------
    lr : float, Schedule or callable
        Initial step size d, >= 0; has no effect after the first step.
    etas : tuple of float
        Factors of d: the first in (0, 1), the second > 1.
    step_sizes : tuple of float
        The smallest and the largest d allowed.

    References
    ----------
    Riedmiller and Braun, "A direct adaptive method for faster backpropagation learning: the RPROP
    algorithm", ICNN 1993.
    """

    name: ClassVar[str] = "rprop"
    lr: LearningRate = 1e-2
    etas: tuple[float, float] = (0.5, 1.2)
    step_sizes: tuple[float, float] = (1e-6, 50.0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.step_sizes[0] > self.step_sizes[1]:
            raise ArgumentError(f"step_sizes must be in ascending order, got {self.step_sizes!r}")

    def _parameter(self, name: str) -> Any:
        pair = "etas" if name.startswith("eta") else "step_sizes"
        return element_of_pair(self, pair, first=name in ("eta_minus", "step_min"))
