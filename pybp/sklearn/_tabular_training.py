"""The net of the tabular estimators, its training, and the epoch that is kept."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.activations import ActivationLike
from pybp.callbacks import Callback
from pybp.initializers import Normal
from pybp.layers import Dense, LayerLike, Scale
from pybp.mlp import MLP
from pybp.training.history import History

__all__ = ["LastBest", "Record", "tabular_net"]


def tabular_net(
    n_in: int,
    hidden: Sequence[int],
    n_out: int,
    *,
    activation: ActivationLike,
    output: str,
    scale_lr_factor: float,
    bias_lr_factor: float,
    dtype: str,
    seed: int,
) -> MLP:
    """A factor for each input, hidden layers that start from N(0, 1), an output that starts at 0."""
    common: dict[str, Any] = {"parametrization": "ntk", "bias_lr_factor": bias_lr_factor}
    layers: list[LayerLike] = [n_in, Scale(lr_factor=scale_lr_factor)]
    layers += [Dense(n, activation, init=Normal(1.0), bias_std=1.0, **common) for n in hidden]
    layers += [Dense(n_out, output, init="zeros", **common)]
    return MLP(layers, dtype=dtype, seed=seed)


class LastBest(Callback):
    """Keeps the parameters of the epoch with the least validation error, the last one if several have it.

    Parameters
    ----------
    X : ndarray, optional
        Rows to predict, together with the next two: the error is then the weight of those whose
        class is wrong, else what the epoch's logs say.
    classes, weights : ndarray, shape (n_samples,), optional
        Of these rows.

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
        """Keep the parameters, if they are not worse than those kept."""
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

    def restore(self, net: MLP) -> int:
        """Give the net the parameters that were kept; their epoch."""
        if self._parameters is not None:
            net._net.set_flat("parameters", self._parameters)
            self._parameters = None
        return self.epoch


class Record(Callback):
    """Keeps what the epochs' logs say, and prints it if asked to.

    Attributes
    ----------
    history : History
        What was seen, also if training is interrupted.
    """

    def __init__(self, verbose: bool) -> None:
        self._verbose = verbose
        self.history = History()

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Append an epoch."""
        self.history.append(epoch, logs)
        if self._verbose:
            print(f"Epoch {epoch}, {', '.join(f'{name} = {logs[name]:.8f}' for name in logs)}")
