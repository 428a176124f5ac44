"""The base class of the schedules, sequences of them, and functions as schedules."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from pybp import _core
from pybp._common.arguments import count, real, shown
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
]

Rates = npt.NDArray[np.float64]

_LAST = 2**53  # position that a double counts to


@dataclass(frozen=True, repr=False)
class Schedule(Spec):
    """Base class of the schedules.

    Parameters
    ----------
    per : {"step", "epoch"}
        What t, and every number of steps among the parameters, counts.
    """

    registry: ClassVar[str] = "schedules"
    _: KW_ONLY
    per: str = "step"

    def __post_init__(self) -> None:
        if self.per not in ("step", "epoch"):
            raise ArgumentError(f"per must be 'step' or 'epoch', got {shown(self.per)}")
        self._check()

    def rates(
        self, first: int, n: int, *, horizon: int | None = None, steps_per_epoch: int | None = None
    ) -> Rates:
        """The learning rates of the n steps from step `first` on.

        Parameters
        ----------
        first : int
            The first step, counted from 0.
        n : int
            How many.
        horizon : int, optional
            The steps that a schedule without ``steps`` of its own spans.
        steps_per_epoch : int, optional
            Needed with ``per="epoch"``.

        Returns
        -------
        ndarray, shape (n,), float64
            The learning rates.

        Raises
        ------
        ArgumentError
            `horizon` or `steps_per_epoch` is needed and not given, or leaves no room.
        """
        first, n = count(first, "first", low=0, high=_LAST), count(n, "n", low=0)
        if self.per == "step":
            return self._fill(first, n, horizon)
        if steps_per_epoch is None:
            raise ArgumentError(f"{self!r} counts epochs; this is possible in fit only")
        epochs = (first + np.arange(n)) // steps_per_epoch
        begin = first // steps_per_epoch
        span = None if horizon is None else -(-horizon // steps_per_epoch)
        values = self._fill(begin, int(epochs[-1]) - begin + 1 if n else 0, span)
        found: Rates = values[epochs - begin]
        return found

    def _check(self) -> None:
        """Raise if a parameter is wrong."""
        real(self.lr, "lr", low=0.0)  # type: ignore[attr-defined]  # of all that are in the registry
        _check_steps(getattr(self, "steps", None))
        self.parameters  # noqa: B018  # reading them checks them

    def _fill(self, first: int, n: int, horizon: int | None) -> Rates:
        """`rates` in the schedule's own unit."""
        return _core.schedule_rates(
            self.number,
            self.lr,  # type: ignore[attr-defined]
            self.parameters,
            np.array(getattr(self, "milestones", ()), np.uint64),
            first,
            self._end(horizon),
            np.empty(n),
        )

    def _end(self, horizon: int | None) -> int:
        """N: the schedule's own, or the one of the fit; 0 for those that go on for ever."""
        if not hasattr(self, "steps"):
            return 0
        end: int | None = self.steps if self.steps is not None else horizon
        if end is None:
            raise ArgumentError(f"{self!r} needs steps=: there is no fit here that it could span")
        return end


@dataclass(frozen=True, repr=False)
class Sequential(Schedule):
    """One schedule after the other: each begins at its milestone with a t of its own.

    Parameters
    ----------
    schedules : list of Schedule
        The parts. Those without ``steps`` of their own span the way to the next milestone, the last one
        that to N.
    milestones : list of int or float
        Where all but the first begin, ascending; below 1 as a share of N.
    steps : int, optional
        N.
    **common
        See `Schedule`; the parts' own `per` has no effect.
    """

    name: ClassVar[str] = "sequential"
    schedules: Sequence[Schedule]
    milestones: Sequence[float]
    steps: int | None = None

    def _check(self) -> None:
        parts = _listed(self.schedules, "schedules")
        for part in parts:
            if not isinstance(part, Schedule):
                raise TypeError(f"schedules must be a list of schedules, got {shown(part)}")
        marks = _listed(self.milestones, "milestones")
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

    def _fill(self, first: int, n: int, horizon: int | None) -> Rates:
        end = horizon if self.steps is None else self.steps
        begins = [0, *(self._position(mark, end) for mark in self.milestones)]
        _check_ascending(begins)
        rates = np.empty(n)
        closes = [*begins[1:], None]
        for part, begin, close in zip(self.schedules, begins, closes, strict=True):
            start, last = max(begin, first), first + n if close is None else min(close, first + n)
            if start < last:
                span = end if close is None else close
                length = None if span is None else max(span - begin, 1)
                rates[start - first : last - first] = part._fill(
                    start - begin, last - start, length
                )
        return rates

    def _position(self, mark: float, end: int | None) -> int:
        if mark >= 1 or mark == 0:
            return int(mark)
        if end is None:
            raise ArgumentError(f"{self!r} needs steps=: its milestones are shares of them")
        return int(mark * end)


@dataclass(frozen=True, repr=False)
class Function(Schedule):
    """A function ``f(t) -> learning rate``; outside the numerics contract.

    Parameters
    ----------
    function : callable
        Takes t as an int, gives a finite number >= 0. May be called several times with one t.
    **common
        See `Schedule`.
    """

    name: ClassVar[str] = "function"
    function: Callable[[int], float]

    def _check(self) -> None:
        if not callable(self.function):
            raise TypeError(f"function must be callable, got {shown(self.function)}")

    def _fill(self, first: int, n: int, horizon: int | None) -> Rates:
        name = f"the learning rate that {shown(self.function)} gives at"
        return np.array(
            [real(self.function(t), f"{name} {t}", low=0.0) for t in range(first, first + n)],
            np.float64,
        )


LearningRate = float | Schedule | Callable[[int], float]
"""What the argument `lr` of an optimizer takes."""


def checked_rate(lr: LearningRate) -> float | Schedule:
    """A learning rate as optimizers keep it: a number >= 0 or a schedule."""
    if isinstance(lr, Schedule):
        return lr
    if callable(lr) and not isinstance(lr, type):
        return Function(lr)
    return real(lr, "lr", low=0.0)


# ---- checks ----------------------------------------------------------------------------------


def _check_steps(steps: object) -> None:
    if steps is not None:
        count(steps, "steps", high=_LAST)


def _listed(values: Any, name: str) -> list[Any]:
    if isinstance(values, str) or not isinstance(values, Sequence | np.ndarray):
        raise TypeError(f"{name} must be a list, got {shown(values)}")
    return list(values)


def _milestone(mark: object) -> float:
    """A whole number, or a share below 1."""
    number = real(mark, "milestones", low=0.0)
    if number >= 1 and number != int(number):
        raise ArgumentError(f"milestones must be whole numbers, or shares below 1, got {mark!r}")
    return number if number < 1 else int(number)


def checked_milestones(milestones: Any) -> tuple[int, ...]:
    """Whole numbers in ascending order."""
    marks = tuple(count(m, "milestones", low=0) for m in _listed(milestones, "milestones"))
    _check_ascending(marks)
    return marks


def _check_ascending(marks: Sequence[float]) -> None:
    for before, after in itertools.pairwise(marks):
        if after < before:
            raise ArgumentError(
                f"milestones must be in ascending order, got {after} after {before}"
            )
