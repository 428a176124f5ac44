"""Constant, and learning rates that fall or rise in one go."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from pybp._common.arguments import count
from pybp.schedules.base import (
    Schedule,
    checked_milestones,
)

__all__ = ["Constant", "Exponential", "InverseScaling", "Linear", "MultiStep", "Polynomial", "Step"]


@dataclass(frozen=True, repr=False)
class Constant(Schedule):
    """Always `lr`: for parts of a `Sequential`.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    """

    name: ClassVar[str] = "constant"
    lr: float


@dataclass(frozen=True, repr=False)
class Linear(Schedule):
    """``lr (start_factor + (end_factor - start_factor) t / N)``: a warm-up, or its opposite.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    start_factor, end_factor : float
        What it is multiplied with at t = 0 and from t = N on, >= 0.
    steps : int, optional
        N.
    **common
        See `Schedule`.
    """

    name: ClassVar[str] = "linear"
    lr: float
    start_factor: float = 1 / 3
    end_factor: float = 1.0
    steps: int | None = None


@dataclass(frozen=True, repr=False)
class Step(Schedule):
    """``lr gamma^(t div step_size)``.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    step_size : int
        Steps from one fall to the next.
    gamma : float
        Factor of each fall, > 0.
    **common
        See `Schedule`.
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
    """``lr gamma^m``, m being the number of milestones <= t.

    Parameters
    ----------
    lr : float
        Learning rate, >= 0.
    milestones : list of int
        Where the learning rate falls, ascending.
    gamma : float
        Factor of each fall, > 0.
    **common
        See `Schedule`.
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
        Factor of each `step_size` steps, > 0.
    step_size : int
        In how many steps the learning rate is multiplied with gamma; it falls smoothly.
    **common
        See `Schedule`.
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
        Learning rate at the beginning, >= 0.
    power : float
        The exponent, > 0; 1 is a straight line.
    min_lr : float
        Learning rate from t = N on, >= 0.
    steps : int, optional
        N.
    **common
        See `Schedule`.
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
        Learning rate at the beginning, >= 0.
    power : float
        The exponent, > 0.
    **common
        See `Schedule`.
    """

    name: ClassVar[str] = "inverse_scaling"
    lr: float
    power: float = 0.5
