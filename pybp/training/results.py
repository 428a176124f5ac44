"""The result of an epoch, and the hook that is called between its steps."""

from collections.abc import Callable
from typing import NamedTuple

__all__ = ["EpochResult", "EpochTuple", "Report", "StepHook"]

Report = Callable[[int, float], object]
"""``report(steps, loss)``: number of steps of this epoch done so far, and their mean loss."""

EpochTuple = tuple[float, int, int, int, float, float]
"""The fields of `EpochResult`, as the core returns them."""


class EpochResult(NamedTuple):
    """Loss and counts of an epoch, or of its steps so far, computed before each update.

    Attributes
    ----------
    loss : float
        The loss of the rows so far.
    correct : int
        Number of rows predicted correctly.
    rows : int
        Number of rows.
    steps : int
        Number of steps, without those whose rows all have weight 0.
    loss_sum : float
        Sum of the losses of the steps; with reduction "mean", each times the weight of its rows.
    weight_sum : float
        Sum of these weights; with reduction "sum", the number of steps.
    """

    loss: float = 0.0
    correct: int = 0
    rows: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0

    def add_step(
        self, loss: float, correct: int, rows: int, weight: float, reduction: str
    ) -> "EpochResult":
        """The result with one more step, whose rows have this total weight."""
        factor = weight if reduction == "mean" else 1.0
        total, weights = self.loss_sum + loss * factor, self.weight_sum + factor
        mean = total / weights if reduction == "mean" else total
        return EpochResult(
            mean, self.correct + correct, self.rows + rows, self.steps + 1, total, weights
        )

    @property
    def mean(self) -> float:
        """Mean loss of a step or, with reduction "mean", of a row."""
        return self.loss_sum / self.weight_sum


class StepHook:
    """Called after some minibatches of an epoch; this base class is never called."""

    done = 0
    """Number of minibatches of this epoch done so far."""

    def next_call(self, done: int) -> int:
        """The number of minibatches after which to call next, given `done`; 0: not in this epoch."""
        return 0

    def __call__(self, result: EpochResult) -> bool:
        """Return True to end the epoch."""
        return False

    def after_minibatch(self, done: int, result: EpochResult) -> bool:
        """Call the hook if it is due after `done` minibatches; return True to end the epoch."""
        due = self.next_call(done - 1) == done
        self.done = done
        return due and self(result)
