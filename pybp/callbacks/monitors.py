"""Callbacks that watch a number, or the clock, and act on it."""

import math
import time
from collections.abc import Collection
from typing import TYPE_CHECKING

import numpy as np

from pybp._common.arguments import count, did_you_mean, flag, real, shown
from pybp.errors import ArgumentError
from pybp.net.parameters import Parameters
from pybp.schedules.base import Rates
from pybp.training.callback import Callback
from pybp.training.history import History

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["EarlyStopping", "Monitor", "ReduceLROnPlateau", "TerminateOnTime"]

_GROWS = ("accuracy", "auc", "r2")


class Monitor:
    """Which of the numbers of an epoch to watch, and what counts as better.

    Parameters
    ----------
    name : str
        The number: "loss", "val_loss", or a metric.
    mode : {"auto", "min", "max"}
        Which direction is better; "auto" is "max" for accuracies, AUC and R^2, else "min".
    min_delta : float
        By how much it must be better to count.
    """

    def __init__(self, name: str, mode: str = "auto", min_delta: float = 0.0) -> None:
        if not isinstance(name, str):
            raise TypeError(f"monitor must be a name such as 'val_loss', got {shown(name)}")
        if mode not in ("auto", "min", "max"):
            raise ArgumentError(f"mode must be 'auto', 'min' or 'max', got {shown(mode)}")
        if mode == "auto":
            mode = "max" if any(part in name for part in _GROWS) else "min"
        self.name = name
        self.grows = mode == "max"
        self.min_delta = real(min_delta, "min_delta", low=0.0)

    @property
    def worst(self) -> float:
        """What anything is better than."""
        return -math.inf if self.grows else math.inf

    def check(self, names: Collection[str]) -> None:
        """Refuse a name that is not among those of an epoch's logs."""
        if self.name in names:
            return
        validates = any(name.startswith("val_") for name in names)
        if self.name.startswith("val_") and not validates:
            hint = "; give validation_data or validation_split"
        else:
            hint = did_you_mean(self.name, names)
        raise ArgumentError(f"monitor is {self.name!r}, but an epoch has {', '.join(names)}{hint}")

    def value(self, logs: dict[str, float]) -> float:
        """The number, out of those of an epoch."""
        self.check(logs)
        return logs[self.name]

    def better(self, value: float, than: float) -> bool:
        """Whether a value is better by more than min_delta; NaN never is."""
        return value - self.min_delta > than if self.grows else value + self.min_delta < than


class EarlyStopping(Callback):
    """Stop when a number has not become better for some epochs.

    Parameters
    ----------
    monitor : str
        What to watch: "val_loss", "loss", or a metric.
    min_delta : float
        By how much it must be better to count, >= 0.
    patience : int
        How many epochs in a row it may fail to be better; the one after those stops training.
    mode : {"auto", "min", "max"}
        Which direction is better; "auto" is "max" for accuracies, AUC and R^2, else "min".
    baseline : float, optional
        What the first epochs must be better than.
    restore_best : bool
        Whether the net ends with the parameters of the best epoch. The optimizer's state stays.
    start_from_epoch : int
        Epochs before this one, counted from 1, are not watched.

    Attributes
    ----------
    best : float
        The best value.
    best_epoch : int
        Its epoch; 0 if there is none.
    stopped_epoch : int
        The epoch that stopped training; 0 if none did.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best: bool = False,
        start_from_epoch: int = 1,
    ) -> None:
        self.monitor = Monitor(monitor, mode, min_delta)
        self.patience = count(patience, "patience", low=0)
        self.baseline = None if baseline is None else real(baseline, "baseline")
        self.restore_best = flag(restore_best, "restore_best")
        self.start_from_epoch = count(start_from_epoch, "start_from_epoch")
        self._reset()

    def _reset(self) -> None:
        self.best = self.monitor.worst if self.baseline is None else self.baseline
        self.best_epoch = self.stopped_epoch = 0
        self._waited = 0
        self._parameters: Parameters | None = None

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Refuse a `monitor` that the logs will not hold."""
        self.monitor.check(names)

    def on_fit_begin(self, net: "MLP") -> None:
        """Forget earlier fits."""
        self._reset()

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> bool:
        """Compare the epoch with the best one."""
        value = self.monitor.value(logs)
        if epoch < self.start_from_epoch:
            return False
        if self.monitor.better(value, self.best):
            self.best, self.best_epoch, self._waited = value, epoch, 0
            if self.restore_best:
                self._parameters = Parameters.copy_from(net)
            return False
        self._waited += 1
        if self._waited > self.patience:
            self.stopped_epoch = epoch
            return True
        return False

    def on_fit_end(self, net: "MLP", history: History) -> None:
        """Put the best parameters back."""
        if self._parameters is not None:
            self._parameters.write_to(net)
            self._parameters = None


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate with a factor when a number has not become better for some epochs.

    The factor acts on top of the optimizer's learning rate or schedule, from the next epoch on.

    Parameters
    ----------
    monitor : str
        What to watch: "val_loss", "loss", or a metric.
    factor : float
        What the learning rate is multiplied with, in (0, 1).
    patience : int
        How many epochs in a row the number may fail to be better; the one after those acts.
    min_delta : float
        By how much it must be better to count, >= 0.
    mode : {"auto", "min", "max"}
        Which direction is better; "auto" is "max" for accuracies, AUC and R^2, else "min".
    cooldown : int
        Epochs after a reduction that don't count.
    min_lr : float
        No reduction goes below it, >= 0.

    Attributes
    ----------
    total_factor : float
        The product of the factors so far.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        mode: str = "auto",
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        self.monitor = Monitor(monitor, mode, min_delta)
        self.factor = real(factor, "factor", low=0.0, low_open=True, high=1.0, high_open=True)
        self.patience = count(patience, "patience", low=0)
        self.cooldown = count(cooldown, "cooldown", low=0)
        self.min_lr = real(min_lr, "min_lr", low=0.0)
        self._reset()

    def _reset(self) -> None:
        self.best = self.monitor.worst
        self.total_factor = 1.0
        self._waited = self._resting = 0

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Refuse a `monitor` that the logs will not hold."""
        self.monitor.check(names)

    def on_fit_begin(self, net: "MLP") -> None:
        """Forget earlier fits."""
        self._reset()

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> None:
        """Compare the epoch with the best one."""
        value = self.monitor.value(logs)
        if self._resting > 0:
            self._resting -= 1
            self._waited = 0
        if self.monitor.better(value, self.best):
            self.best, self._waited = value, 0
        elif self._resting == 0:
            self._waited += 1
            if self._waited > self.patience:
                self.total_factor *= self.factor
                self._waited, self._resting = 0, self.cooldown

    def change_rates(self, rates: Rates) -> Rates:
        """Multiply them with the factors so far."""
        reduced: Rates = np.maximum(rates * self.total_factor, np.minimum(rates, self.min_lr))
        return reduced


class TerminateOnTime(Callback):
    """Stop when so much time has passed since `fit` began.

    Parameters
    ----------
    seconds : float
        How long training may take, > 0.
    every : int
        How many steps lie between two looks at the clock; the end of each epoch is another.

    Attributes
    ----------
    stopped : bool
        Whether it has stopped the last fit.
    """

    def __init__(self, seconds: float, *, every: int = 10) -> None:
        self.seconds = real(seconds, "seconds", low=0.0, low_open=True)
        self.every = count(every, "every")
        self.stopped = False
        self._begin = 0.0

    def on_fit_begin(self, net: "MLP") -> None:
        """Look at the clock."""
        self.stopped = False
        self._begin = time.monotonic()

    def on_step_end(self, net: "MLP", step: int, logs: dict[str, float]) -> bool:
        """Whether time is over."""
        self.stopped = time.monotonic() - self._begin >= self.seconds
        return self.stopped

    def on_epoch_end(self, net: "MLP", epoch: int, logs: dict[str, float]) -> bool:
        """Whether time is over."""
        return self.on_step_end(net, 0, logs)
