"""The update rules that are not of the Adam family."""

from dataclasses import dataclass
from typing import Any, ClassVar

from pybp._common.arguments import flag
from pybp.errors import ArgumentError
from pybp.optimizers.adam import beta_or_own
from pybp.optimizers.base import Optimizer, one_of_two
from pybp.schedules import LearningRate

__all__ = ["SGD", "Adadelta", "Adagrad", "Lion", "RMSprop", "Rprop"]


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Stochastic gradient descent: ``v = momentum v + g; w -= lr v``.

    With Nesterov's momentum ``w -= lr (g + momentum v)``. Without momentum it is the plain rule
    ``w -= lr g``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    momentum : float
        In [0, 1).
    nesterov : bool
        Look ahead along the momentum, which must then be > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    **common
        See `Optimizer`.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep
    learning", ICML 2013.
    """

    name: ClassVar[str] = "sgd"
    lr: LearningRate = 1e-2
    momentum: float = 0.0
    nesterov: bool = False
    weight_decay: float = 0.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if flag(self.nesterov, "nesterov") and self.momentum == 0:
            raise ArgumentError("nesterov needs a momentum > 0, got momentum=0.0")

    def _parameter(self, name: str) -> Any:
        value = super()._parameter(name)
        return int(value) if name == "nesterov" else value


@dataclass(frozen=True, repr=False)
class Adagrad(Optimizer):
    """``s += g^2; w -= lr g / (sqrt(s) + eps)``, lr divided by ``1 + t lr_decay``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    lr_decay : float
        How fast the learning rate falls with the number of steps t, >= 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    initial_accumulator_value : float
        Where s starts, >= 0.
    eps : float
        Keeps the division finite, > 0.
    **common
        See `Optimizer`.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods", JMLR 12, 2011.
    """

    name: ClassVar[str] = "adagrad"
    lr: LearningRate = 1e-2
    lr_decay: float = 0.0
    weight_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10


@dataclass(frozen=True, repr=False)
class RMSprop(Optimizer):
    """``s = alpha s + (1 - alpha) g^2; w -= lr g / (sqrt(s) + eps)``.

    Centered, s is reduced by m^2, ``m = alpha m + (1 - alpha) g``, to an estimate of the variance. With
    momentum the step is ``v = momentum v + g / (sqrt(s) + eps); w -= lr v``.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    alpha : float
        How slowly s forgets, in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    momentum : float
        In [0, 1).
    centered : bool
        Divide by the deviation from the mean gradient.
    **common
        See `Optimizer`.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera, 2012; Graves, "Generating sequences with
    recurrent neural networks", arXiv:1308.0850, 2013, for the centered form.
    """

    name: ClassVar[str] = "rmsprop"
    lr: LearningRate = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0
    momentum: float = 0.0
    centered: bool = False

    def _parameter(self, name: str) -> Any:
        value = super()._parameter(name)
        return int(flag(value, name)) if name == "centered" else value


@dataclass(frozen=True, repr=False)
class Adadelta(Optimizer):
    """``s = rho s + (1 - rho) g^2; d = g sqrt(u + eps) / sqrt(s + eps); w -= lr d``.

    u averages the squares of d as s does those of g: ``u = rho u + (1 - rho) d^2``, after d.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    rho : float
        How slowly s and u forget, in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    **common
        See `Optimizer`.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", arXiv:1212.5701, 2012.
    """

    name: ClassVar[str] = "adadelta"
    lr: LearningRate = 1.0
    rho: float = 0.9
    eps: float = 1e-6
    weight_decay: float = 0.0


@dataclass(frozen=True, repr=False)
class Lion(Optimizer):
    """``w -= lr sign(b1 m + (1 - b1) g)``, then ``m = b2 m + (1 - b2) g``.

    Before that, ``w *= 1 - lr weight_decay``. Every weight moves by lr, so lr is smaller than
    `Adam`'s would be, by 3 to 10 times.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    weight_decay : float
        Share of a weight that decays per step and unit of learning rate, >= 0.
    **common
        See `Optimizer`.

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", NeurIPS 2023.
    """

    name: ClassVar[str] = "lion"
    lr: LearningRate = 1e-4
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0

    def _parameter(self, name: str) -> Any:
        return beta_or_own(self, name)


@dataclass(frozen=True, repr=False)
class Rprop(Optimizer):
    """Steps by the gradient's sign, for whole batches: ``w -= d sign(g)``.

    Each weight has its own d. It starts at lr and is multiplied by etas[1] where g has the sign of
    the step before, by etas[0] where the sign turned; there g counts as 0 in this step.

    Parameters
    ----------
    lr : float, Schedule or callable
        Where the step sizes d start, >= 0; without effect afterwards.
    etas : tuple of float
        Factors of d, in (0, 1) and above 1.
    step_sizes : tuple of float
        The smallest and the largest d.
    **common
        See `Optimizer`.

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
            raise ArgumentError(f"step_sizes must be in order, got {self.step_sizes!r}")

    def _parameter(self, name: str) -> Any:
        pair = "etas" if name.startswith("eta") else "step_sizes"
        return one_of_two(self, pair, first=name in ("eta_minus", "step_min"))
