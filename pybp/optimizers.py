"""Optimizers: how a parameter w moves with its gradient g at learning rate lr.

Parameters are named as in PyTorch, and the rules are PyTorch's. A plain name such as ``"adam"``
works wherever one of these does. An optimizer's state lives in the net: it goes on where it was as
long as the optimizer's class stays the same.
"""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, ClassVar

from pybp.errors import ArgumentError
from pybp.specs import Spec
from pybp.validation import flag, real, shown

__all__ = ["SGD", "Adagrad", "Adam", "AdamW", "Optimizer", "OptimizerLike", "RMSprop"]


@dataclass(frozen=True, repr=False)
class Optimizer(Spec):
    """Base class of the optimizers, with what all of them take.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    clip_norm : float, optional
        Scale the gradient of the whole net so that its Euclidean norm is at most this (> 0).
    clip_value : float, optional
        Clip each element of the gradient to [-clip_value, clip_value] (> 0), after `clip_norm`.
    decay_bias : bool
        Whether weight decay acts on the biases too.
    bias_lr_factor : float
        The learning rate of the biases is `lr` times this, >= 0.
    """

    registry: ClassVar[str] = "optimizers"
    lr: float
    _: KW_ONLY
    clip_norm: float | None = None
    clip_value: float | None = None
    decay_bias: bool = True
    bias_lr_factor: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", real(self.lr, "lr", low=0.0))
        self.core  # noqa: B018  # reading it checks every other parameter

    @cached_property
    def core(self) -> tuple[int, tuple[float, ...], float, float, bool, float]:
        """What the core takes, all but the learning rate, checked against the registry's ranges."""
        return (
            self.number,
            self.parameters,
            self._limit("clip_norm"),
            self._limit("clip_value"),
            not flag(self.decay_bias, "decay_bias"),
            real(self.bias_lr_factor, "bias_lr_factor", low=0.0),
        )

    def _limit(self, name: str) -> float:
        """A clipping limit as the core takes it: 0 for none."""
        value = getattr(self, name)
        return 0.0 if value is None else real(value, name, low=0.0, low_open=True)


@dataclass(frozen=True, repr=False)
class SGD(Optimizer):
    """Stochastic gradient descent: ``v = momentum v + g; w -= lr v``.

    With Nesterov's momentum ``w -= lr (g + momentum v)``. Without momentum it is the plain rule
    ``w -= lr g``.

    Parameters
    ----------
    lr : float
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
    lr: float = 1e-2
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
    lr : float
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
    lr: float = 1e-2
    lr_decay: float = 0.0
    weight_decay: float = 0.0
    initial_accumulator_value: float = 0.0
    eps: float = 1e-10


@dataclass(frozen=True, repr=False)
class RMSprop(Optimizer):
    """``s = alpha s + (1 - alpha) g^2; w -= lr g / (sqrt(s) + eps)``.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    alpha : float
        How slowly s forgets, in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0.
    **common
        See `Optimizer`.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", Coursera, 2012.
    """

    name: ClassVar[str] = "rmsprop"
    lr: float = 1e-2
    alpha: float = 0.99
    eps: float = 1e-8
    weight_decay: float = 0.0


@dataclass(frozen=True, repr=False)
class Adam(Optimizer):
    """``m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w -= lr m' / (sqrt(v') + eps)``.

    m' and v' are m and v divided by ``1 - b1^t`` and ``1 - b2^t`` at step t.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Adds ``weight_decay w`` to the gradient, >= 0; see `AdamW` for the decoupled form.
    **common
        See `Optimizer`.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015.
    """

    name: ClassVar[str] = "adam"
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 0.0

    def _parameter(self, name: str) -> Any:
        return _adam_parameter(self, name)


@dataclass(frozen=True, repr=False)
class AdamW(Optimizer):
    """`Adam` with decoupled weight decay: first ``w *= 1 - lr weight_decay``.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    betas : tuple of float
        (b1, b2), each in [0, 1).
    eps : float
        Keeps the division finite, > 0.
    weight_decay : float
        Share of a weight that decays per step and unit of learning rate, >= 0.
    **common
        See `Optimizer`.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019.
    """

    name: ClassVar[str] = "adamw"
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    eps: float = 1e-8
    weight_decay: float = 1e-2

    def _parameter(self, name: str) -> Any:
        return _adam_parameter(self, name)


OptimizerLike = str | Optimizer | type[Optimizer]
"""What the arguments named `optimizer` take."""


def _adam_parameter(optimizer: Adam | AdamW, name: str) -> Any:
    if name not in ("beta1", "beta2"):
        return getattr(optimizer, name)
    if not isinstance(optimizer.betas, tuple | list) or len(optimizer.betas) != 2:
        raise TypeError(f"betas must be two numbers, got {shown(optimizer.betas)}")
    return optimizer.betas[0 if name == "beta1" else 1]
