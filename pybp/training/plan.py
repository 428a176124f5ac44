"""How epochs are trained, what they saw, and when they pause."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from pybp._core import TrainOptions
from pybp.errors import ArgumentError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.optimizers import Optimizer

__all__ = ["Pause", "Plan", "Report", "Seen", "Sums", "check_batches"]

Report = Callable[[int, float], object]
"""``report(steps, loss)``: steps done in this epoch, and its mean loss so far."""


@dataclass(slots=True)
class Plan:
    """How an epoch is trained. Made once for a fit; to change it, `replace` it."""

    loss: Loss
    optimizer: Optimizer
    batch_size: int
    shuffle: bool
    threads: int
    accumulate: int = 1
    drop_last: bool = False
    count_correct: bool = False  # rows answered right, as they are seen
    penalty_per_weight: bool = False  # layers' penalties are divided by the weight of a step's rows
    part: bool = False  # the data are a part of an epoch's: it doesn't count as one
    core: TrainOptions | None = field(init=False, repr=False)  # None for a custom loss

    def __post_init__(self) -> None:
        self.core = None
        if not isinstance(self.loss, Custom):
            self.core = TrainOptions(
                loss=self.loss.core,
                reduction=self.loss.reduction,
                optimizer=self.optimizer.core,
                batch_size=self.batch_size,
                threads=self.threads,
                accumulate=self.accumulate,
                drop_last=self.drop_last,
                shuffle=self.shuffle,
                part=self.part,
                penalty_per_weight=self.penalty_per_weight,
                count_correct=self.count_correct,
            )

    def gradient_options(self, chunk: int) -> TrainOptions | None:
        """How the core takes the gradient over all rows, no more than `chunk` of them at work at once.

        None for a custom loss.
        """
        if isinstance(self.loss, Custom):
            return None
        return TrainOptions(
            loss=self.loss.core,
            reduction=self.loss.reduction,
            optimizer=None,
            batch_size=chunk,
            threads=self.threads,
            count_correct=True,
        )

    def parts(self, rows: int) -> list[slice]:
        """The rows of each step of an epoch over so many rows, as the core cuts them."""
        size = min(self.batch_size * self.accumulate, rows)
        end = self.used(rows)
        return [slice(start, min(start + size, end)) for start in range(0, end, size)]

    def used(self, rows: int) -> int:
        """How many of so many rows an epoch uses."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows - rows % size if self.drop_last else rows

    def shuffled(self, rows: int) -> bool:
        """Whether an epoch has an order of its own: not if all rows make one step."""
        return self.shuffle and self.batch_size * self.accumulate < rows

    def penalty_share(self, weight: float) -> float:
        """What share of the layers' penalties counts for rows of that weight."""
        return 1 / weight if self.penalty_per_weight else 1.0

    def steps(self, rows: int) -> int:
        """Steps of an epoch over so many rows."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows // size if self.drop_last else -(-rows // size)


def check_batches(layers: tuple[Layer, ...], rows: int, batch_size: int) -> None:
    """Refuse minibatches of one row, over which batch norm can't take a variance."""
    left = rows % batch_size or min(batch_size, rows)
    if left == 1 and any(layer.kind == "batch_norm" for layer in layers):
        which = "the last minibatch" if batch_size > 1 else "a minibatch"
        advice = "use drop_last=True or another batch_size" if rows > 1 else "give more rows"
        raise ArgumentError(
            f"{which} has 1 row ({rows} rows, batch_size {batch_size}), but BatchNorm needs 2 at "
            f"least in training; {advice}"
        )


Sums = tuple[float, int, int, int, float, float]
"""What the core gives: the fields of `Seen`."""


class Seen(NamedTuple):
    """What an epoch saw, before each of its updates."""

    loss: float = 0.0
    correct: int = 0
    rows: int = 0
    steps: int = 0
    loss_sum: float = 0.0
    weight_sum: float = 0.0

    def plus(self, loss: float, correct: int, rows: int, weight: float, reduction: str) -> "Seen":
        """With one step more, over rows of that weight."""
        share = weight if reduction == "mean" else 1.0
        total, weights = self.loss_sum + loss * share, self.weight_sum + share
        mean = total / weights if reduction == "mean" else total
        return Seen(mean, self.correct + correct, self.rows + rows, self.steps + 1, total, weights)

    @property
    def mean(self) -> float:
        """Mean loss of a step or, with reduction "mean", of a row."""
        return self.loss_sum / self.weight_sum


class Pause:
    """When training pauses within an epoch for something else: by default, never."""

    done = 0
    """Minibatches trained in this epoch."""

    def next(self, done: int) -> int:
        """After how many minibatches to pause next, with so many done; 0: only at the end."""
        return 0

    def __call__(self, seen: Seen) -> bool:
        """Called there; returns whether to end the epoch."""
        return False

    def after(self, done: int, seen: Seen) -> bool:
        """So many minibatches are done: pause if it is time, and say whether to end the epoch."""
        due = self.next(done - 1) == done
        self.done = done
        return due and self(seen)
