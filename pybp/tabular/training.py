"""Callbacks that watch a fit: the history of its epochs, and the epoch with the least error."""

import numpy as np

from pybp._common.types import Array
from pybp.callbacks import Callback
from pybp.mlp import MLP
from pybp.training.history import History

__all__ = ["HistoryRecorder", "LastBest"]


class LastBest(Callback):
    """Keeps the parameters of the epoch with the least validation error, the last one among equals.

    Parameters
    ----------
    X : ndarray, optional
        Inputs to predict. The error is then the weighted fraction of wrong classes; without X it is
        1 - val_accuracy if the epoch's logs have that, else val_loss.
    classes, weights : ndarray, shape (n_samples,), optional
        Class indices and weights that belong to X.

    Attributes
    ----------
    errors : list of float
        The error of each epoch.
    epoch : int
        The epoch, counted from 1; 0 if there is none.
    """

    def __init__(
        self, X: Array | None = None, classes: Array | None = None, weights: Array | None = None
    ) -> None:
        self._rows = (X, classes, weights)
        self._parameters: Array | None = None
        self.errors: list[float] = []
        self.epoch = 0

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Keep the parameters, unless the kept ones have a smaller error."""
        error = self._error(net, logs)
        self.errors.append(error)
        if error <= min(self.errors):
            self.epoch = epoch
            if self._parameters is None:
                self._parameters = np.empty(net.n_parameters, net.dtype)
            net._net.get_flat("parameters", self._parameters)

    def _error(self, net: MLP, logs: dict[str, float]) -> float:
        X, classes, weights = self._rows
        if X is not None:
            return float(np.average(net.predict(X).argmax(axis=1) != classes, weights=weights))
        return 1 - logs["val_accuracy"] if "val_accuracy" in logs else logs["val_loss"]

    def restore_best(self, net: MLP) -> int:
        """Set the net's parameters to those kept; returns their epoch."""
        if self._parameters is not None:
            net._net.set_flat("parameters", self._parameters)
            self._parameters = None
        return self.epoch


class HistoryRecorder(Callback):
    """Records the epochs' logs: they are still there when an exception ends the fit.

    Attributes
    ----------
    history : History
        Loss and metrics of each epoch.
    """

    def __init__(self) -> None:
        self.history = History()

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Append the epoch."""
        self.history.append(epoch, logs)
