"""Cosine and cyclic schedules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal, get_args

from pybp._common.arguments import choice, count, flag, real
from pybp.errors import ArgumentError
from pybp.schedules.base import Schedule

__all__ = ["CosLog4", "Cosine", "CosineRestarts", "Cyclic", "FlatCos", "OneCycle"]


@dataclass(frozen=True, repr=False)
class Cosine(Schedule):
    """``min_lr + (lr - min_lr) (1 + cos(pi u)) / 2``, after a linear warm-up.

    ``u = (t - w) / (N - w)`` after w steps of warm-up; during it ``warmup_lr + (lr - warmup_lr) t / w``.

    Parameters
    ----------
    lr : float
        Largest learning rate, >= 0.
    min_lr : float
        Learning rate from t = N on, >= 0.
    warmup : int or float
        Number w of warm-up steps; a number below 1 is a fraction of N.
    warmup_lr : float
        Learning rate at t = 0 with a warm-up, >= 0.
    steps : int, optional
        N.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    name: ClassVar[str] = "cosine"
    lr: float
    min_lr: float = 0.0
    warmup: float = 0
    warmup_lr: float = 0.0
    steps: int | None = None

    def _check(self) -> None:
        super()._check()
        if self.warmup >= 1 and self.warmup != int(self.warmup):
            raise ArgumentError(
                f"warmup must be a fraction below 1 or a whole number, got {self.warmup!r}"
            )
        if self.steps is not None and self.warmup >= self.steps:
            raise ArgumentError(f"warmup={self.warmup!r} must be less than steps={self.steps}")


@dataclass(frozen=True, repr=False)
class CosineRestarts(Schedule):
    """``min_lr + (lr gamma^i - min_lr) (1 + cos(pi u)) / 2`` in period i, counted from 0.

    u rises from 0 to 1 over each period.

    Parameters
    ----------
    lr : float
        Largest learning rate, >= 0.
    period : int
        Steps of the first period.
    factor : int
        Length of a period divided by that of the previous one, 1 to 1000.
    min_lr : float
        Learning rate that is approached at the end of a period, >= 0.
    gamma : float
        Factor of the largest learning rate from one period to the next, > 0.

    References
    ----------
    Loshchilov and Hutter, "SGDR: stochastic gradient descent with warm restarts", ICLR 2017.
    """

    name: ClassVar[str] = "cosine_restarts"
    lr: float
    period: int
    factor: int = 1
    min_lr: float = 0.0
    gamma: float = 1.0

    def _check(self) -> None:
        count(self.period, "period")
        count(self.factor, "factor")
        super()._check()


@dataclass(frozen=True, repr=False)
class OneCycle(Schedule):
    """Rises from ``lr / div_factor`` to lr, then falls to ``lr / (div_factor final_div_factor)``.

    The maximum is at ``t = pct_start N - 1``, the end at ``t = N - 1``, as in PyTorch.

    Parameters
    ----------
    lr : float
        Largest learning rate, >= 0.
    pct_start : float
        Fraction of N in which the learning rate rises, in [0, 1).
    div_factor, final_div_factor : float
        The learning rate starts at ``lr / div_factor`` and ends at that divided by
        `final_div_factor`; both >= 1.
    linear : bool
        Whether it rises and falls linearly; otherwise along half cosines.
    steps : int, optional
        N.

    References
    ----------
    Smith and Topin, "Super-convergence: very fast training of neural networks using large learning
    rates", arXiv:1708.07120, 2017.
    """

    name: ClassVar[str] = "one_cycle"
    lr: float
    pct_start: float = 0.3
    div_factor: float = 25.0
    final_div_factor: float = 1e4
    linear: bool = False
    steps: int | None = None

    def _parameter(self, name: str) -> Any:
        return int(flag(self.linear, "linear")) if name == "linear" else super()._parameter(name)


CyclicMode = Literal["triangular", "triangular2", "exp_range"]


@dataclass(frozen=True, repr=False)
class Cyclic(Schedule):
    """Rises from base_lr to lr and falls back, repeatedly: ``base_lr + (lr - base_lr) s f``.

    s rises from 0 to 1 in step_size_up steps and falls to 0 in step_size_down steps. In cycle i, counted
    from 0, f is 1 ("triangular"), ``2^-i`` ("triangular2") or ``gamma^t`` ("exp_range").

    Parameters
    ----------
    lr : float
        Largest learning rate, >= 0.
    base_lr : float
        Smallest learning rate, >= 0.
    step_size_up : int
        Number of steps in which the learning rate rises.
    step_size_down : int, optional
        Number of steps in which it falls; default: `step_size_up`.
    mode : {"triangular", "triangular2", "exp_range"}
        Selects f.
    gamma : float
        gamma of "exp_range", in (0, 1].

    References
    ----------
    Smith, "Cyclical learning rates for training neural networks", WACV 2017.
    """

    name: ClassVar[str] = "cyclic"
    lr: float
    base_lr: float = 0.0
    step_size_up: int = 2000
    step_size_down: int | None = None
    mode: CyclicMode = "triangular"
    gamma: float = 1.0

    def _check(self) -> None:
        count(self.step_size_up, "step_size_up")
        if self.step_size_down is not None:
            count(self.step_size_down, "step_size_down")
        choice(self.mode, "mode", get_args(CyclicMode))
        real(self.gamma, "gamma", low=0.0, low_open=True, high=1.0)
        super()._check()

    def _parameter(self, name: str) -> Any:
        if name == "step_size_down" and self.step_size_down is None:
            return self.step_size_up
        if name == "cycle_gamma":
            return 0.5 if self.mode == "triangular2" else 1.0
        if name == "step_gamma":
            return self.gamma if self.mode == "exp_range" else 1.0
        return super()._parameter(name)


@dataclass(frozen=True, repr=False)
class CosLog4(Schedule):
    """``lr (1 - cos(2 pi log2(1 + 15 t / N))) / 2``: four periods, each twice as long as the previous one.

    Parameters
    ----------
    lr : float
        Largest learning rate, >= 0.
    steps : int, optional
        N.

    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data", NeurIPS 2024.
    """

    name: ClassVar[str] = "coslog4"
    lr: float
    steps: int | None = None


@dataclass(frozen=True, repr=False)
class FlatCos(Schedule):
    """lr while ``t / N < flat``, then ``lr (1 + cos(pi u)) / 2`` with u from 0 to 1.

    Parameters
    ----------
    lr : float
        The rate at the beginning, >= 0.
    flat : float
        The fraction of N in which it stays, in [0, 1).
    steps : int, optional
        N.

    References
    ----------
    Holzmueller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data", NeurIPS 2024: the schedule of dropout and weight decay.
    """

    name: ClassVar[str] = "flat_cos"
    lr: float
    flat: float = 0.5
    steps: int | None = None
