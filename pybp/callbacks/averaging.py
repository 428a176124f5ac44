"""Averages of the parameters during training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pybp._common.arguments import count, real
from pybp._common.types import Array
from pybp.errors import StateError
from pybp.net.parameters import Parameters
from pybp.training.callback import Callback
from pybp.training.history import History

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["EMA", "SWA"]


class _Average(Callback):
    """Base class: an average in float64, rounded to the net's dtype when it is swapped in."""

    _average: Parameters | None = None
    _trained: Parameters | None = None  # what the average took the place of
    _restored: dict[str, Array] | None = None

    def on_fit_begin(self, net: MLP) -> None:
        """Reset the callback."""
        self._average = self._trained = None

    def state(self) -> dict[str, Any]:
        """The average, and after the fit what it took the place of."""
        vectors = {"average": self._average, "trained": self._trained}
        return {name: vector.flat for name, vector in vectors.items() if vector is not None}

    def restore(self, state: dict[str, Any]) -> None:
        """Continue the average of another fit."""
        self._restored = {name: state[name] for name in ("average", "trained") if name in state}

    def undo_fit_end(self, net: MLP) -> None:
        """Train on from what the average took the place of, if the net still has the average."""
        restored, self._restored = self._restored or {}, None
        vectors = {name: Parameters.from_flat(net, flat) for name, flat in restored.items()}
        self._average = vectors.get("average")
        if "trained" in vectors and self._average is not None and self._average.in_net(net):
            vectors["trained"].write_to(net)

    def _update(self, net: MLP, weight: float) -> None:
        """Add the net's parameters w: ``average += weight (w - average)``; the first w with weight 1."""
        w = Parameters.copy_from(net).in_float64()
        self._average = w if self._average is None else self._average.interpolate(w, weight)

    def swap_in(self, net: MLP) -> None:
        """Set the net's parameters to the average. `fit` does so at its end.

        Raises
        ------
        StateError
            There is no average yet.
        """
        if self._average is None:
            raise StateError("there is no average yet")
        self._average.write_to(net)

    def on_fit_end(self, net: MLP, history: History) -> None:
        """Set the net's parameters to the average, unless training diverged and the average with it."""
        if self._average is not None and self._average.are_finite():
            self._trained = Parameters.copy_from(net)
            self.swap_in(net)


class EMA(_Average):
    """Exponential moving average of the parameters: ``avg += (1 - decay) (w - avg)``.

    The net has the averaged parameters when `fit` returns. Metrics during training are computed with the
    trained parameters. The average is reset at the start of each fit.

    Parameters
    ----------
    decay : float
        Decay factor of the average, in [0, 1).
    every : int
        Number of steps between two updates of the average.
    start_step : int
        The average starts with the parameters after this step; 0: with the initial parameters.

    References
    ----------
    Polyak and Juditsky, "Acceleration of stochastic approximation by averaging", SIAM Journal on Control
    and Optimization 30, 1992.
    """

    def __init__(self, decay: float = 0.999, *, every: int = 1, start_step: int = 0) -> None:
        self.decay = real(decay, "decay", low=0.0, high=1.0, high_open=True)
        self.every = count(every, "every")
        self.start_step = count(start_step, "start_step", low=0)

    def on_fit_begin(self, net: MLP) -> None:
        """Reset the callback; start with the initial parameters if `start_step` is 0."""
        super().on_fit_begin(net)
        if self.start_step == 0:
            self._update(net, 1.0)

    def on_step_end(self, net: MLP, step: int, logs: dict[str, float]) -> None:
        """Update the average."""
        if step >= self.start_step:
            self._update(net, 1.0 - self.decay)


class SWA(_Average):
    """Stochastic weight averaging: the mean of the parameters at the ends of the last epochs.

    The net has the averaged parameters when `fit` returns.

    Parameters
    ----------
    start_epoch : int
        The first epoch, counted from 1, that the mean includes.
    every_epochs : int
        Number of epochs between two that the mean includes.

    References
    ----------
    Izmailov, Podoprikhin, Garipov, Vetrov and Wilson, "Averaging weights leads to wider optima and better
    generalization", UAI 2018.
    """

    def __init__(self, start_epoch: int = 1, *, every_epochs: int = 1) -> None:
        self.start_epoch = count(start_epoch, "start_epoch")
        self.every_epochs = count(every_epochs, "every_epochs")
        self._n = 0

    def on_fit_begin(self, net: MLP) -> None:
        """Reset the callback."""
        super().on_fit_begin(net)
        self._n = 0

    def state(self) -> dict[str, Any]:
        """The mean, and of how many epochs it is."""
        return super().state() | ({"n": self._n} if self._n > 0 else {})

    def restore(self, state: dict[str, Any]) -> None:
        """Continue the mean of another fit."""
        super().restore(state)
        self._n = count(state["n"], "n", low=0)

    def on_epoch_end(self, net: MLP, epoch: int, logs: dict[str, float]) -> None:
        """Add the parameters to the mean, if the epoch is due."""
        since = epoch - self.start_epoch
        if since >= 0 and since % self.every_epochs == 0:
            self._n += 1
            self._update(net, 1.0 / self._n)
