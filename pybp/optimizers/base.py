"""The base class of the optimizers."""

from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pybp._common.arguments import flag, real, shown
from pybp._common.specs import Spec
from pybp.schedules import LearningRate, Schedule
from pybp.schedules.base import Rates, checked_rate

__all__ = ["Optimizer", "one_of_two"]


@dataclass(frozen=True, repr=False)
class Optimizer(Spec):
    """Base class of the optimizers, with what all of them take.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0: a number, one of `pybp.schedules`, or a function of the step.
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
    lr: LearningRate
    _: KW_ONLY
    clip_norm: float | None = None
    clip_value: float | None = None
    decay_bias: bool = True
    bias_lr_factor: float = 1.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "lr", checked_rate(self.lr))
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

    def rates(
        self, first: int, n: int, *, horizon: int | None = None, steps_per_epoch: int | None = None
    ) -> Rates:
        """The learning rates of n steps from step `first` on, or the one that all of them have.

        Parameters are those of `Schedule.rates`.
        """
        lr = self.lr
        if isinstance(lr, Schedule):
            return lr.rates(first, n, horizon=horizon, steps_per_epoch=steps_per_epoch)
        return np.array([lr], np.float64)

    def _limit(self, name: str) -> float:
        """A clipping limit as the core takes it: 0 for none."""
        value = getattr(self, name)
        return 0.0 if value is None else real(value, name, low=0.0, low_open=True)


def one_of_two(optimizer: Optimizer, name: str, first: bool) -> Any:
    """The first or second number of a parameter that is a pair."""
    pair = getattr(optimizer, name)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(f"{name} must be two numbers, got {shown(pair)}")
    return pair[0 if first else 1]
