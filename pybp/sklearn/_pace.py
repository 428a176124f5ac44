"""How the learning rate goes: scikit-learn's rules, which look at time and at progress."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from pybp.callbacks import Callback
from pybp.net.state import scale_states
from pybp.schedules.base import Rates

if TYPE_CHECKING:
    from pybp.mlp import MLP

__all__ = ["Pace", "Pacemaker"]

_SMALLEST = 1e-6
"""An adaptive learning rate that is no larger ends training."""


@dataclass
class Pace:
    """The learning rate, of ``solver="sgd"`` by one of the three rules, else constant.

    Attributes
    ----------
    learning_rate_init : float
        Where it starts.
    rule : {"constant", "invscaling", "adaptive"}
        How it goes on.
    power_t : float
        Exponent of "invscaling".
    learning_rate : float
        The one of the next epoch.
    used : float
        The one of the last epoch; 0 if there was none.
    """

    learning_rate_init: float
    rule: str = "constant"
    power_t: float = 0.5
    learning_rate: float = 0.0
    used: float = 0.0

    def __post_init__(self) -> None:
        self.learning_rate = float(self.learning_rate_init)

    def follows(self, other: "Pace") -> bool:
        """Whether it started as the other one does, and may go on in its place."""
        mine, theirs = ((p.learning_rate_init, p.rule, p.power_t) for p in (self, other))
        return mine == theirs

    def iteration_ends(self, time_step: int) -> None:
        """So many samples have been trained on."""
        if self.rule == "invscaling":
            start = float(self.learning_rate_init)
            self.learning_rate = start / (time_step + 1) ** self.power_t

    def trigger_stopping(self, message: str, verbose: object) -> bool:
        """There is no progress: whether to stop; if not, it goes on more slowly."""
        stop = self.rule != "adaptive"
        what = "Stopping."
        if not stop:
            stop = self.learning_rate <= _SMALLEST
            what = "Learning rate too small. Stopping."
        if not stop:
            self.learning_rate /= 5.0
            what = f"Setting learning rate to {self.learning_rate:f}"
        if verbose:
            print(message, what)
        return stop


class Pacemaker(Callback):
    """Gives each epoch its learning rate.

    Parameters
    ----------
    pace : Pace or None
        Whose learning rate; None leaves that of the optimizer, a schedule.
    scale : float
        Factor of either.
    """

    def __init__(self, pace: Pace | None, scale: float) -> None:
        self.pace = pace
        self.scale = scale

    def on_epoch_begin(self, net: "MLP", epoch: int) -> None:
        """Have the velocity keep the learning rates of its time, as scikit-learn's does.

        The core multiplies it by the learning rate when it uses it.
        """
        pace = self.pace
        if pace is None:
            return
        if pace.used and pace.used != pace.learning_rate:
            scale_states(net._net, net.layers, pace.used / pace.learning_rate)
        pace.used = pace.learning_rate

    def change_rates(self, rates: Rates) -> Rates:
        """The rates, or the one of this epoch."""
        if self.pace is None:
            return rates * self.scale
        return np.array([self.pace.learning_rate * self.scale])
