"""The base class of the optimizers."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pybp._common.arguments import flag, real, shown
from pybp._common.specs import Spec
from pybp.schedules import LearningRate, Schedule
from pybp.schedules.base import Rates, checked_rate

__all__ = ["Decay", "Optimizer", "element_of_pair", "number_of"]

Decay = float | Schedule
"""The type of the parameter `weight_decay` of an optimizer."""


@dataclass(frozen=True, repr=False)
class Optimizer(Spec):
    """Base class of the optimizers, with the parameters that all of them have.

    Parameters
    ----------
    lr : float, Schedule or callable
        Learning rate, >= 0: a number, one of `pybp.schedules`, or a function of the step.
    clip_norm : float, optional
        If the Euclidean norm of the gradient of the whole net is larger, scale it to this norm, > 0.
    clip_value : float, optional
        Clip each element of the gradient to [-clip_value, clip_value], after `clip_norm`; > 0.
    decay_bias : bool
        Whether weight decay applies to biases, too.
    bias_lr_factor : float
        The learning rate of the biases is `lr` times this factor, >= 0.
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
        self.core  # noqa: B018  # reading it checks all other parameters

    @cached_property
    def core(self) -> tuple[int, tuple[float, ...], float, float, bool, float]:
        """The optimizer as the core expects it, without the learning rate; checks all ranges."""
        return (
            self.number,
            self.parameters,
            self._limit("clip_norm"),
            self._limit("clip_value"),
            not flag(self.decay_bias, "decay_bias"),
            real(self.bias_lr_factor, "bias_lr_factor", low=0.0),
        )

    def _parameter(self, name: str) -> Any:
        return number_of(getattr(self, name))

    def rates(
        self, first: int, n: int, *, horizon: int | None = None, steps_per_epoch: int | None = None
    ) -> Rates:
        """The learning rates of the `n` steps from step `first` on.

        Parameters
        ----------
        first, n, horizon, steps_per_epoch
            As in `Schedule.rates`.

        Returns
        -------
        ndarray of float64, shape (n,) or (1,)
            One for each step, or one for all if `lr` is a number.
        """
        lr = self.lr
        if isinstance(lr, Schedule):
            return lr.rates(first, n, horizon=horizon, steps_per_epoch=steps_per_epoch)
        return np.array([lr], np.float64)

    def with_decay(self, weight_decay: float) -> tuple[Any, ...]:
        """`core` with this weight decay in place of that of a schedule."""
        core: tuple[Any, ...] = replace(self, weight_decay=float(weight_decay)).core  # type: ignore[call-arg]
        return core

    def _limit(self, name: str) -> float:
        """A clipping limit as the core expects it; 0 stands for None."""
        value = getattr(self, name)
        return 0.0 if value is None else real(value, name, low=0.0, low_open=True)


def number_of(value: Any) -> Any:
    """The value of a parameter; of a schedule the number that it begins with, where it has one."""
    return getattr(value, "lr", 0.0) if isinstance(value, Schedule) else value


def element_of_pair(optimizer: Optimizer, name: str, first: bool) -> Any:
    """The first or second number of the attribute `name`, a pair."""
    pair = getattr(optimizer, name)
    if not isinstance(pair, tuple | list) or len(pair) != 2:
        raise TypeError(f"{name} must be two numbers, got {shown(pair)}")
    return pair[0 if first else 1]
