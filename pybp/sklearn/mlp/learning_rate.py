"""scikit-learn's rules for the learning rate, which depend on the samples seen and on progress."""

from dataclasses import dataclass, field

import numpy as np

from pybp.callbacks import Callback
from pybp.mlp import MLP
from pybp.net.state import scale_states
from pybp.schedules.base import Rates

__all__ = ["LearningRate", "SetLearningRate"]

_SMALLEST_ADAPTIVE = 1e-6
"""An adaptive learning rate that is no larger ends training."""


@dataclass
class LearningRate:
    """The learning rate: by one of three rules for ``solver="sgd"``, else constant.

    Attributes
    ----------
    learning_rate_init : float
        The initial learning rate.
    rule : {"constant", "invscaling", "adaptive"}
        How it changes.
    power_t : float
        Exponent of "invscaling".
    learning_rate : float
        The learning rate of the next epoch.
    used : float
        The learning rate of the last epoch; 0 if there was none.
    """

    learning_rate_init: float
    rule: str = "constant"
    power_t: float = 0.5
    learning_rate: float = field(init=False)
    used: float = 0.0

    def __post_init__(self) -> None:
        self.learning_rate = float(self.learning_rate_init)

    def same_rule(self, other: "LearningRate") -> bool:
        """Whether both have the same rule, so that training may continue with either."""
        mine, theirs = ((r.learning_rate_init, r.rule, r.power_t) for r in (self, other))
        return mine == theirs

    def iteration_ends(self, time_step: int) -> None:
        """Change the learning rate after an epoch; `time_step` samples have been trained on."""
        if self.rule == "invscaling":
            start = float(self.learning_rate_init)
            self.learning_rate = start / (time_step + 1) ** self.power_t

    def trigger_stopping(self, message: str, verbose: object) -> bool:
        """Called without progress: return whether to stop; an adaptive rate is divided by 5 instead."""
        stop = self.rule != "adaptive"
        what = "Stopping."
        if not stop:
            stop = self.learning_rate <= _SMALLEST_ADAPTIVE
            what = "Learning rate too small. Stopping."
        if not stop:
            self.learning_rate /= 5.0
            what = f"Setting learning rate to {self.learning_rate:f}"
        if verbose:
            print(message, what)
        return stop


class SetLearningRate(Callback):
    """Sets the learning rate of each epoch.

    Parameters
    ----------
    rate : LearningRate or None
        The learning rate; None leaves that of the optimizer, a schedule.
    scale : float
        Factor of either.
    """

    def __init__(self, rate: LearningRate | None, scale: float) -> None:
        self.rate = rate
        self.scale = scale

    def on_epoch_begin(self, net: MLP, epoch: int) -> None:
        """Rescale the velocity if the learning rate has changed.

        scikit-learn's velocity contains the learning rates of the past; the core multiplies its
        velocity by the learning rate of the step that uses it.
        """
        rate = self.rate
        if rate is None:
            return
        if rate.used and rate.used != rate.learning_rate:
            scale_states(net._net, net.layers, rate.used / rate.learning_rate)
        rate.used = rate.learning_rate

    def change_rates(self, rates: Rates) -> Rates:
        """The rates of the schedule, or that of this epoch, scaled."""
        if self.rate is None:
            return rates * self.scale
        return np.array([self.rate.learning_rate * self.scale])
