"""The base class of the schedules, `Sequential` and `Function`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import numpy.typing as npt

from pybp import _core
from pybp._common.arguments import choice, count, real, shown
from pybp._common.specs import Spec
from pybp.errors import ArgumentError

__all__ = [
    "Function",
    "LearningRate",
    "Rates",
    "Schedule",
    "Sequential",
    "checked_milestones",
    "checked_rate",
    "checked_schedule",
]

Rates = npt.NDArray[np.float64]
Unit = Literal["step", "epoch"]

_LAST = 2**53  # up to here a double holds every integer


@dataclass(frozen=True, repr=False)
class Schedule(Spec):
    """Base class of the schedules.

    Parameters
    ----------
    per : {"step", "epoch"}
        The unit of t and of all parameters that are numbers of steps.
    """

    registry: ClassVar[str] = "schedules"
    _: KW_ONLY
    per: Unit = "step"

    def __post_init__(self) -> None:
        choice(self.per, "per", get_args(Unit))
        self._check()

    def rates(
        self, first: int, n: int, *, horizon: int | None = None, steps_per_epoch: int | None = None
    ) -> Rates:
        """The learning rates of the `n` steps from step `first` on.

        Parameters
        ----------
        first : int
            The first step, counted from 0.
        n : int
            Number of steps.
        horizon : int, optional
            The length N, in steps, of a schedule whose ``steps`` is None.
        steps_per_epoch : int, optional
            Steps of an epoch; required with ``per="epoch"``.

        Returns
        -------
        ndarray, shape (n,), float64
            The learning rates.

        Raises
        ------
        ArgumentError
            `horizon` or `steps_per_epoch` is required and not given, or is too small.
        """
        first, n = count(first, "first", low=0, high=_LAST), count(n, "n", low=0)
        if self.per == "step":
            return self._compute(first, n, horizon)
        if steps_per_epoch is None:
            raise ArgumentError(f"{self!r} counts epochs, which only fit does")
        epochs = (first + np.arange(n)) // steps_per_epoch
        first_epoch = first // steps_per_epoch
        n_epochs = None if horizon is None else -(-horizon // steps_per_epoch)
        by_epoch = self._compute(
            first_epoch, int(epochs[-1]) - first_epoch + 1 if n else 0, n_epochs
        )
        rates: Rates = by_epoch[epochs - first_epoch]
        return rates

    @property
    def ends_with_fit(self) -> bool:
        """Whether its length is that of the fit: there is a parameter ``steps``, and it is None."""
        return getattr(self, "steps", 0) is None

    def _check(self) -> None:
        """Raise if a parameter is wrong."""
        real(self.lr, "lr", low=0.0)  # type: ignore[attr-defined]  # all classes with a row in the registry have it
        _check_steps(getattr(self, "steps", None))
        self.parameters  # noqa: B018  # reading them checks them

    def _compute(self, first: int, n: int, horizon: int | None) -> Rates:
        """`rates` in the unit `per`."""
        rates = np.empty(n)
        _core.schedule_rates(
            self.number,
            self.lr,  # type: ignore[attr-defined]
            self.parameters,
            np.array(getattr(self, "milestones", ()), np.uint64),
            first,
            self._end(horizon),
            rates,
        )
        return rates

    def _end(self, horizon: int | None) -> int:
        """N: the schedule's `steps` or the length of the fit; 0 for schedules without end."""
        if not hasattr(self, "steps"):
            return 0
        end: int | None = self.steps if self.steps is not None else horizon
        if end is None:
            raise ArgumentError(f"{self!r} needs steps=: without fit its length is unknown")
        return end


@dataclass(frozen=True, repr=False)
class Sequential(Schedule):
    """Several schedules in sequence; in each of them t counts from its milestone.

    Parameters
    ----------
    schedules : list of Schedule
        The parts. A part whose ``steps`` is None ends at the next milestone, the last one at N.
    milestones : list of int or float
        The first step of each part but the first, ascending. A number below 1 is a fraction of N.
    steps : int, optional
        N.
    per : {"step", "epoch"}
        The unit of t, of the milestones and of N; the `per` of the parts has no effect.
    **common
        See `Schedule`; the parts' own `per` has no effect.
    """

    name: ClassVar[str] = "sequential"
    schedules: Sequence[Schedule]
    milestones: Sequence[float]
    steps: int | None = None

    def _check(self) -> None:
        parts = _as_list(self.schedules, "schedules")
        for part in parts:
            if not isinstance(part, Schedule):
                raise TypeError(f"schedules must be a list of schedules, got {shown(part)}")
        marks = _as_list(self.milestones, "milestones")
        if not parts or len(marks) != len(parts) - 1:
            raise ArgumentError(
                f"{len(parts)} schedules need {max(len(parts) - 1, 0)} milestones, got {len(marks)}"
            )
        object.__setattr__(self, "schedules", tuple(parts))
        object.__setattr__(self, "milestones", tuple(map(_milestone, marks)))
        _check_steps(self.steps)
        if self.steps is not None and marks and max(self.milestones) >= self.steps:
            raise ArgumentError(
                f"steps={self.steps} ends before the last part begins, at {max(self.milestones)}"
            )

    @property
    def ends_with_fit(self) -> bool:
        """Whether milestones or the last part depend on the length of the fit."""
        fractions = any(0 < mark < 1 for mark in self.milestones)
        return self.steps is None and (fractions or self.schedules[-1].ends_with_fit)

    def _compute(self, first: int, n: int, horizon: int | None) -> Rates:
        end = horizon if self.steps is None else self.steps
        begins = [0, *(self._position(mark, end) for mark in self.milestones)]
        _check_ascending(begins)
        rates = np.empty(n)
        ends = [*begins[1:], None]
        for part, begin, part_end in zip(self.schedules, begins, ends, strict=True):
            start = max(begin, first)
            stop = first + n if part_end is None else min(part_end, first + n)
            if start < stop:
                last = end if part_end is None else part_end
                length = None if last is None else max(last - begin, 1)
                rates[start - first : stop - first] = part._compute(
                    start - begin, stop - start, length
                )
        return rates

    def _position(self, mark: float, end: int | None) -> int:
        if mark >= 1 or mark == 0:
            return int(mark)
        if end is None:
            raise ArgumentError(f"{self!r} needs steps=: its milestones are fractions of it")
        return int(mark * end)


@dataclass(frozen=True, repr=False)
class Function(Schedule):
    """A function ``f(t) -> learning rate``; outside of the numerics contract.

    Parameters
    ----------
    function : callable
        Gets t as an int and returns a finite number >= 0. May be called several times with the same t.
    """

    name: ClassVar[str] = "function"
    function: Callable[[int], float]

    def _check(self) -> None:
        if not callable(self.function):
            raise TypeError(f"function must be callable, got {shown(self.function)}")

    def _compute(self, first: int, n: int, horizon: int | None) -> Rates:
        name = f"the learning rate that {shown(self.function)} returns for"
        return np.array(
            [real(self.function(t), f"{name} {t}", low=0.0) for t in range(first, first + n)],
            np.float64,
        )


LearningRate = float | Schedule | Callable[[int], float]
"""The type of the parameter `lr` of an optimizer."""


def checked_rate(lr: LearningRate) -> float | Schedule:
    """A learning rate as a number >= 0 or a schedule."""
    if isinstance(lr, Schedule):
        return lr
    if callable(lr) and not isinstance(lr, type):
        return Function(lr)
    return real(lr, "lr", low=0.0)


def checked_schedule(value: Any, name: str) -> Schedule | None:
    """None or a schedule; a number stands for a constant one, a callable for a function of the step."""
    if value is None or isinstance(value, Schedule):
        return value
    if callable(value) and not isinstance(value, type):
        return Function(value)
    raise TypeError(
        f"{name} must be None, a schedule or a function of the step, got {shown(value)}"
    )


# ---- checks ----------------------------------------------------------------------------------


def _check_steps(steps: object) -> None:
    if steps is not None:
        count(steps, "steps", high=_LAST)


def _as_list(values: Any, name: str) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise TypeError(f"{name} must be a list, got {shown(values)}")
    return list(values)


def _milestone(mark: object) -> float:
    """A milestone as an int, or as a fraction of N below 1."""
    number = real(mark, "milestones", low=0.0)
    if number >= 1 and number != int(number):
        raise ArgumentError(f"milestones must be whole numbers, or fractions below 1, got {mark!r}")
    return number if number < 1 else int(number)


def checked_milestones(milestones: Any) -> tuple[int, ...]:
    """Milestones as ints, in ascending order."""
    marks = tuple(count(m, "milestones", low=0) for m in _as_list(milestones, "milestones"))
    _check_ascending(marks)
    return marks


def _check_ascending(marks: Sequence[float]) -> None:
    for before, after in itertools.pairwise(marks):
        if after < before:
            raise ArgumentError(
                f"milestones must be in ascending order, got {after} after {before}"
            )
