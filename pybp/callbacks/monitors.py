"""Callbacks that monitor a loss, a metric, or the time."""

from __future__ import annotations

import math
import time
from collections.abc import Collection
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from pybp._common.arguments import choice, count, did_you_mean, flag, real, shown
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.metrics import larger_is_better
from pybp.net.parameters import Parameters
from pybp.schedules.base import Rates
from pybp.training.callback import Callback
from pybp.training.history import History

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["EarlyStopping", "Mode", "Monitor", "ReduceLROnPlateau", "TerminateOnTime"]

Mode = Literal["auto", "min", "max"]


class Monitor:
    """Selects a number of an epoch's logs and compares its values.

    Parameters
    ----------
    name : str
        Name of the number: "loss", "val_loss", or a metric.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" knows it of the loss and of the metrics by name.
    min_delta : float
        Smallest difference that counts as better.
    """

    def __init__(self, name: str, mode: Mode = "auto", min_delta: float = 0.0) -> None:
        if not isinstance(name, str):
            raise TypeError(f"monitor must be a name such as 'val_loss', got {shown(name)}")
        choice(mode, "mode", get_args(Mode))
        self.name = name
        known = larger_is_better(name.removeprefix("val_")) if mode == "auto" else mode == "max"
        self.larger_is_better = bool(known)
        self._needs_mode = known is None
        self.min_delta = real(min_delta, "min_delta", low=0.0)

    @property
    def worst(self) -> float:
        """An infinite value; every other is better."""
        return -math.inf if self.larger_is_better else math.inf

    def check(self, names: Collection[str]) -> None:
        """Raise if the name is not among `names`, those in the logs, or `mode` is needed."""
        if self.name in names:
            if self._needs_mode:
                raise ArgumentError(
                    f"mode must be 'min' or 'max' for monitor={self.name!r}: 'auto' knows it of the "
                    "loss and of the metrics of pybp only"
                )
            return
        validates = any(name.startswith("val_") for name in names)
        if self.name.startswith("val_") and not validates:
            hint = "; give validation_data or validation_split"
        else:
            hint = did_you_mean(self.name, names)
        raise ArgumentError(f"monitor is {self.name!r}, but the logs have {', '.join(names)}{hint}")

    def value(self, logs: dict[str, float]) -> float:
        """The monitored number in `logs`."""
        self.check(logs)
        return logs[self.name]

    def state(self, best: float) -> dict[str, Any]:
        """What is monitored, and its best value."""
        return {"monitor": self.name, "best": best}

    def restored_best(self, state: dict[str, Any]) -> float | None:
        """The best value in what `state` returned; None if that was about another number."""
        return float(state["best"]) if state["monitor"] == self.name else None

    def better(self, value: float, than: float) -> bool:
        """Whether `value` is better by more than `min_delta`; False for NaN."""
        return (
            value - self.min_delta > than
            if self.larger_is_better
            else value + self.min_delta < than
        )


class EarlyStopping(Callback):
    """Stop training when a loss or metric has stopped improving.

    Parameters
    ----------
    monitor : str
        The number to monitor: "val_loss", "loss", or a metric.
    min_delta : float
        Smallest improvement that counts, >= 0.
    patience : int
        Number of consecutive epochs without improvement that are allowed; one more stops training.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" knows it of the loss and of the metrics by name. For
        a metric of your own it has to be given.
    baseline : float, optional
        Initial best value; the first epochs must be better than it.
    restore_best : bool
        Whether to restore the parameters of the best epoch at the end. The optimizer's state is kept.
    start_from_epoch : int
        The first epoch, counted from 1, that is monitored.

    Attributes
    ----------
    best : float
        The best value.
    best_epoch : int
        The epoch of the best value; 0 if there is none.
    stopped_epoch : int
        The epoch after which training was stopped; 0 if it was not.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        min_delta: float = 0.0,
        patience: int = 0,
        mode: Mode = "auto",
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
        self._parameters: Parameters | None = None  # of the best epoch
        self._last: Parameters | None = None  # what they took the place of
        self._restored: dict[str, Array] = {}

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Raise if `monitor` is not among `names`."""
        self.monitor.check(names)

    def on_fit_begin(self, net: MLP) -> None:
        """Reset the callback."""
        self._reset()

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool:
        """Compare with the best epoch; stop if there was no improvement for too long."""
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

    def on_fit_end(self, net: MLP, history: History) -> None:
        """Restore the parameters of the best epoch."""
        if self._parameters is not None:
            self._last = Parameters.copy_from(net)
            self._parameters.write_to(net)
            if self.stopped_epoch > 0:  # nothing is left to continue
                self._parameters = self._last = None

    def state(self) -> dict[str, Any]:
        """Best value and epoch, how long it has waited, and parameters to restore."""
        counts = {"best_epoch": self.best_epoch, "waited": self._waited}
        stopped = {"stopped": self.stopped_epoch > 0}
        vectors = {"parameters": self._parameters, "last": self._last}
        arrays = {name: vector.flat for name, vector in vectors.items() if vector is not None}
        return self.monitor.state(self.best) | counts | stopped | arrays

    def restore(self, state: dict[str, Any]) -> None:
        """Continue to wait as in another fit; if that was stopped, for the whole patience."""
        best = self.monitor.restored_best(state)
        if best is None:
            return
        self.best, self.best_epoch = best, count(state["best_epoch"], "best_epoch", low=0)
        self._waited = 0 if state["stopped"] else count(state["waited"], "waited", low=0)
        self._restored = {name: state[name] for name in ("parameters", "last") if name in state}

    def undo_fit_end(self, net: MLP) -> None:
        """Train on from the last epoch's parameters, if the net still has the best epoch's."""
        vectors = {name: Parameters.from_flat(net, v) for name, v in self._restored.items()}
        self._parameters, self._restored = vectors.get("parameters"), {}
        if self._parameters is None and self.best_epoch > 0 and self.restore_best:
            self._parameters = Parameters.copy_from(net)
        elif "last" in vectors and self._parameters is not None and self._parameters.in_net(net):
            vectors["last"].write_to(net)


class ReduceLROnPlateau(Callback):
    """Multiply the learning rate by a factor when a loss or metric has stopped improving.

    The factor applies to the optimizer's learning rate or schedule from the next epoch on.

    Parameters
    ----------
    monitor : str
        The number to monitor: "val_loss", "loss", or a metric.
    factor : float
        Factor of the learning rate, in (0, 1).
    patience : int
        Number of consecutive epochs without improvement that are allowed; one more reduces the rate.
    min_delta : float
        Smallest improvement that counts, >= 0.
    mode : {"auto", "min", "max"}
        Whether smaller or larger is better; "auto" knows it of the loss and of the metrics by name. For
        a metric of your own it has to be given.
    cooldown : int
        Number of epochs after a reduction that are not counted.
    min_lr : float
        Lower limit of the reduced learning rate, >= 0.

    Attributes
    ----------
    total_factor : float
        The product of the factors of all reductions so far.
    """

    def __init__(
        self,
        monitor: str = "val_loss",
        *,
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 1e-4,
        mode: Mode = "auto",
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
        self._waited = self._cooldown_left = 0

    def check_logs(self, names: tuple[str, ...]) -> None:
        """Raise if `monitor` is not among `names`."""
        self.monitor.check(names)

    def on_fit_begin(self, net: MLP) -> None:
        """Reset the callback."""
        self._reset()

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Compare with the best epoch; reduce the rate if there was no improvement for too long."""
        value = self.monitor.value(logs)
        if self._cooldown_left > 0:
            self._cooldown_left -= 1
            self._waited = 0
        if self.monitor.better(value, self.best):
            self.best, self._waited = value, 0
        elif self._cooldown_left == 0:
            self._waited += 1
            if self._waited > self.patience:
                self.total_factor *= self.factor
                self._waited, self._cooldown_left = 0, self.cooldown

    def state(self) -> dict[str, Any]:
        """Best value, the factor so far, and how long it has waited."""
        counts = {"waited": self._waited, "cooldown_left": self._cooldown_left}
        return self.monitor.state(self.best) | {"total_factor": self.total_factor} | counts

    def restore(self, state: dict[str, Any]) -> None:
        """Continue as in another fit."""
        best = self.monitor.restored_best(state)
        if best is None:
            return
        self.best = best
        self.total_factor = real(state["total_factor"], "total_factor", low=0.0, high=1.0)
        self._waited = count(state["waited"], "waited", low=0)
        self._cooldown_left = count(state["cooldown_left"], "cooldown_left", low=0)

    def change_rates(self, rates: Rates) -> Rates:
        """Multiply the learning rates by `total_factor`."""
        reduced: Rates = np.maximum(rates * self.total_factor, np.minimum(rates, self.min_lr))
        return reduced


class TerminateOnTime(Callback):
    """Stop training after a given time.

    Parameters
    ----------
    seconds : float
        Time since the start of `fit`, > 0.
    every : int
        Number of steps between two checks of the time; it is also checked after each epoch.

    Attributes
    ----------
    stopped : bool
        Whether it stopped the last fit.
    """

    def __init__(self, seconds: float, *, every: int = 10) -> None:
        self.seconds = real(seconds, "seconds", low=0.0, low_open=True)
        self.every = count(every, "every")
        self.stopped = False
        self._start = 0.0

    def on_fit_begin(self, net: MLP) -> None:
        """Store the start time."""
        self.stopped = False
        self._start = time.monotonic()

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> bool:
        """Stop if the time is over."""
        self.stopped = time.monotonic() - self._start >= self.seconds
        return self.stopped

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool:
        """Stop if the time is over."""
        return self.on_step_end(net, 0, logs)
