"""Training one net: the epoch that held-out rows choose, early stopping, and stops from outside."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.mlp import MLP
from pybp.training.history import History

__all__ = ["BestEpoch", "HistoryRecorder", "Stop", "TrainedNet", "train"]


@dataclass
class TrainedNet:
    """A net and how it was trained.

    Attributes
    ----------
    net : MLP
        The net, with the parameters of the best epoch.
    history : History
        Loss and metrics of each epoch.
    best_epoch : int
        The epoch whose parameters the net has, counted from 1; 0 before its first epoch.
    scores : list of float, optional
        The metric of each epoch on the held-out rows.
    outputs : ndarray, shape (n_held, n_outputs), optional
        Outputs for the held-out rows, as `BestEpoch` predicts them.
    """

    net: MLP
    history: History = field(default_factory=History)
    best_epoch: int = 0
    scores: list[float] | None = None
    outputs: Array | None = None


def train(
    trained: TrainedNet, best: "BestEpoch | None", callbacks: Iterable[Callback], **how: Any
) -> None:
    """Train a net with the arguments `how` of `MLP.fit`, and give it the parameters of the best epoch."""
    recorder = HistoryRecorder(trained.history)
    own: list[Callback] = [recorder] if best is None else [recorder, best]
    try:
        trained.net.fit(callbacks=[*own, *callbacks], **how)
    finally:
        if best is None:
            trained.best_epoch = trained.net.epochs_done
        else:
            trained.best_epoch, trained.scores = best.restore_best(trained.net), best.scores
            trained.outputs = best.outputs


class BestEpoch(Callback):
    """Keeps the parameters of the epoch that is best on held-out rows, the last one among equals.

    It also keeps predictions for the held-out rows: those for the odd rows are of the epoch that is best
    on the even rows, and the reverse. So no row has chosen the epoch that predicts it, and a score of
    these predictions is not too good.

    Parameters
    ----------
    X : ndarray
        Inputs of the held-out rows.
    score : callable
        ``score(outputs, rows)``, the metric of the outputs for these rows of them.
    larger_is_better : bool
        Whether a larger score is better.
    patience, patience_factor : int and float
        Training stops after epoch ``patience_factor * best + patience``.
    threads : int, optional
        Threads for the predictions, as in `MLP.fit`.

    Attributes
    ----------
    scores : list of float
        The score of each epoch on all held-out rows.
    epoch : int
        The best epoch, counted from 1; 0 if there is none.
    outputs : ndarray, shape (n_held, n_outputs)
        The outputs that are kept.
    """

    def __init__(
        self,
        X: Array,
        score: Callable[[Array, slice], float],
        larger_is_better: bool,
        patience: int | None = None,
        patience_factor: float = 1.0,
        threads: int | None = None,
    ) -> None:
        self._X, self._score, self._sign = X, score, -1 if larger_is_better else 1
        self._threads = threads
        self._patience, self._factor = patience, patience_factor
        self._least = [np.inf] * 3  # errors of the even rows, of the odd rows, of all
        self._parameters: Array | None = None
        self.scores: list[float] = []
        self.epoch = 0
        self.outputs: Array | None = None

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool:
        """Keep the parameters, unless the kept ones are better; stop after enough epochs."""
        outputs = net.predict(self._X, threads=self._threads).astype(np.float64)
        if self.outputs is None:
            self.outputs = outputs.copy()
        even, odd = slice(0, None, 2), slice(1, None, 2)
        self.scores.append(self._score(outputs, slice(None)))
        for index, (chooses, is_kept) in enumerate(((even, odd), (odd, even))):
            if self._improves(index, outputs, chooses):
                self.outputs[is_kept] = outputs[is_kept]
        if self._is_least(2, self._sign * self.scores[-1]):
            self.epoch = epoch
            if self._parameters is None:
                self._parameters = np.empty(net.n_parameters, net.dtype)
            net._net.get_flat("parameters", self._parameters)
        limit = np.inf if self._patience is None else self._patience + self._factor * self.epoch
        return epoch >= limit

    def _improves(self, index: int, outputs: Array, rows: slice) -> bool:
        if len(outputs[rows]) == 0:
            rows = slice(None)
        return self._is_least(index, self._sign * self._score(outputs, rows))

    def _is_least(self, index: int, error: float) -> bool:
        """Whether the error is the least so far; where it is undefined, the last epoch is kept."""
        if error > self._least[index]:
            return False
        self._least[index] = error
        return True

    def restore_best(self, net: MLP) -> int:
        """Set the net's parameters to those kept; returns their epoch."""
        if self._parameters is not None:
            net._net.set_flat("parameters", self._parameters)
            self._parameters = None
        return self.epoch


class HistoryRecorder(Callback):
    """Records the epochs' logs: they are still there when an exception ends the fit."""

    def __init__(self, history: History) -> None:
        self.history = history

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Append the epoch."""
        self.history.append(epoch, logs)


class Stop(Callback):
    """Stops training when asked to from another thread, or when the time is over.

    Parameters
    ----------
    asked : threading.Event
        Set when training shall stop.
    deadline : float
        The time, as `time.monotonic` counts it.
    """

    def __init__(self, asked: Event, deadline: float) -> None:
        self._asked, self._deadline = asked, deadline
        self.every = 50

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> bool:
        """Stop if asked to, or if the time is over."""
        return self._asked.is_set() or time.monotonic() > self._deadline

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> bool:
        """Stop if asked to, or if the time is over."""
        return self.on_step_end(net, 0, logs)
