"""What changes from step to step: learning rates, weight decays, rates of dropout."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pybp.optimizers import Optimizer
from pybp.schedules import Schedule
from pybp.schedules.base import Rates

__all__ = ["StepRates", "step_rates"]


@dataclass(frozen=True, slots=True)
class StepRates:
    """Numbers for each step of an epoch, or one for all.

    Attributes
    ----------
    lr : ndarray of float64
        Learning rates.
    weight_decay, dropout : ndarray of float64, optional
        As many weight decays and rates of dropout layers; None: those of the optimizer and the layers.
    """

    lr: Rates
    weight_decay: Rates | None = None
    dropout: Rates | None = None

    def with_lr(self, lr: Rates) -> StepRates:
        """The same with other learning rates."""
        return replace(self, lr=lr)


def step_rates(
    optimizer: Optimizer,
    dropout: Schedule | None,
    first: int,
    n: int,
    horizon: int | None = None,
    steps_per_epoch: int | None = None,
) -> StepRates:
    """The numbers of the `n` steps from step `first` on, the last two as in `Schedule.rates`."""

    def planned(schedule: object) -> Rates | None:
        if not isinstance(schedule, Schedule):
            return None
        return schedule.rates(first, n, horizon=horizon, steps_per_epoch=steps_per_epoch)

    lr = optimizer.rates(first, n, horizon=horizon, steps_per_epoch=steps_per_epoch)
    decay, rate = planned(getattr(optimizer, "weight_decay", None)), planned(dropout)
    if decay is not None or rate is not None:
        lr = np.broadcast_to(lr, n).copy()
    return StepRates(lr, decay, rate)
