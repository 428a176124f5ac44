"""Constant and monotonic schedules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pybp._common.arguments import count
from pybp.schedules.base import Schedule, checked_milestones

__all__ = ["Constant", "Exponential", "InverseScaling", "Linear", "MultiStep", "Polynomial", "Step"]


@dataclass(frozen=True, repr=False)
class Constant(Schedule):
    """The constant `lr`; useful as a part of `Sequential`.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    """

    name: ClassVar[str] = "constant"
    lr: float


@dataclass(frozen=True, repr=False)
class Linear(Schedule):
    """``lr (start_factor + (end_factor - start_factor) t / N)``, for example a warm-up.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    start_factor, end_factor : float
        Factor of lr at t = 0 and from t = N on, >= 0.
    steps : int, optional
        N.
    """

    name: ClassVar[str] = "linear"
    lr: float
    start_factor: float = 1 / 3
    end_factor: float = 1.0
    steps: int | None = None


@dataclass(frozen=True, repr=False)
class Step(Schedule):
    """``lr gamma^floor(t / step_size)``.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    step_size : int
        Number of steps between two decreases.
    gamma : float
        Factor of each decrease, > 0.
    """

    name: ClassVar[str] = "step"
    lr: float
    step_size: int
    gamma: float = 0.1

    def _check(self) -> None:
        count(self.step_size, "step_size")
        super()._check()


@dataclass(frozen=True, repr=False)
class MultiStep(Schedule):
    """``lr gamma^m``; m is the number of milestones <= t.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    milestones : list of int
        The steps at which the learning rate decreases, ascending.
    gamma : float
        Factor of each decrease, > 0.
    """

    name: ClassVar[str] = "multistep"
    lr: float
    milestones: Sequence[int]
    gamma: float = 0.1

    def _check(self) -> None:
        object.__setattr__(self, "milestones", checked_milestones(self.milestones))
        super()._check()


@dataclass(frozen=True, repr=False)
class Exponential(Schedule):
    """``lr gamma^(t / step_size)``.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    gamma : float
        Factor for `step_size` steps, > 0.
    step_size : int
        Number of steps in which the learning rate is multiplied by gamma; it changes at each step.
    """

    name: ClassVar[str] = "exponential"
    lr: float
    gamma: float = 0.9
    step_size: int = 1

    def _check(self) -> None:
        count(self.step_size, "step_size")
        super()._check()


@dataclass(frozen=True, repr=False)
class Polynomial(Schedule):
    """``min_lr + (lr - min_lr) (1 - t / N)^power``.

    Parameters
    ----------
    lr : float
        Initial learning rate, >= 0.
    power : float
        The exponent, > 0; 1 means linear.
    min_lr : float
        Learning rate from t = N on, >= 0.
    steps : int, optional
        N.
    """

    name: ClassVar[str] = "polynomial"
    lr: float
    power: float = 1.0
    min_lr: float = 0.0
    steps: int | None = None


@dataclass(frozen=True, repr=False)
class InverseScaling(Schedule):
    """``lr / (1 + t)^power``.

    Parameters
    ----------
    lr : float
        Initial learning rate, >= 0.
    power : float
        The exponent, > 0.
    """

    name: ClassVar[str] = "inverse_scaling"
    lr: float
    power: float = 0.5
