"""The settings of training."""

from dataclasses import dataclass, field

import numpy as np

from pybp._core import TrainOptions
from pybp.data.dataset import Data
from pybp.errors import ArgumentError
from pybp.layers import Layer
from pybp.losses import Custom, Loss
from pybp.optimizers import Optimizer
from pybp.schedules import Schedule

__all__ = ["TrainSettings", "check_batches", "check_epoch"]


@dataclass(slots=True)
class TrainSettings:
    """The settings that stay the same for all epochs of a fit; make changed copies with `replace`.

    Attributes
    ----------
    loss, optimizer, batch_size, shuffle, accumulate, drop_last, penalty_per_weight, dropout
        As in `MLP.fit`.
    threads : int
        Maximum number of threads; 0 leaves the choice to the core.
    count_correct : bool
        Whether to count the rows that are predicted correctly.
    part : bool
        Whether the data of a call are a part of an epoch, so that the call doesn't count as an epoch.
    core : TrainOptions or None
        The settings as the core expects them; None for a custom loss.
    """

    loss: Loss
    optimizer: Optimizer
    batch_size: int
    shuffle: bool
    threads: int
    accumulate: int = 1
    drop_last: bool = False
    count_correct: bool = False
    penalty_per_weight: bool = False
    dropout: Schedule | None = None
    part: bool = False
    core: TrainOptions | None = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.core = None
        decay = getattr(self.optimizer, "weight_decay", None)
        if isinstance(self.loss, Custom) and (self.dropout or isinstance(decay, Schedule)):
            raise ArgumentError("schedules of dropout and weight decay need a loss of pybp's own")
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

    @property
    def scheduled(self) -> bool:
        """Whether the learning rate, weight decay or dropout changes from step to step."""
        rates = self.optimizer.lr, getattr(self.optimizer, "weight_decay", None), self.dropout
        return any(isinstance(rate, Schedule) for rate in rates)

    def gradient_options(self, chunk: int) -> TrainOptions | None:
        """The core's options to compute the gradient over all rows, in minibatches of `chunk` rows.

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

    def step_slices(self, rows: int) -> list[slice]:
        """The positions of each step's rows in an epoch over `rows` rows, as in the core."""
        size = min(self.batch_size * self.accumulate, rows)
        end = self.rows_used(rows)
        return [slice(start, min(start + size, end)) for start in range(0, end, size)]

    def rows_used(self, rows: int) -> int:
        """How many of `rows` rows an epoch uses."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows - rows % size if self.drop_last else rows

    def shuffles(self, rows: int) -> bool:
        """Whether epochs over `rows` rows are shuffled; not if all rows make one step."""
        return self.shuffle and self.batch_size * self.accumulate < rows

    def penalty_factor(self, weight: float) -> float:
        """Factor of the layers' penalties for a step whose rows have this total weight."""
        return 1 / weight if self.penalty_per_weight else 1.0

    def steps(self, rows: int) -> int:
        """Number of steps of an epoch over `rows` rows."""
        size = min(self.batch_size * self.accumulate, rows)
        return rows // size if self.drop_last else -(-rows // size)


def check_batches(layers: tuple[Layer, ...], rows: int, batch_size: int) -> None:
    """Raise if a batch norm would get a minibatch of one row, which has no variance."""
    last = rows % batch_size or min(batch_size, rows)
    if last == 1 and any(layer.kind == "batch_norm" for layer in layers):
        which = "the last minibatch" if batch_size > 1 else "a minibatch"
        advice = "use drop_last=True or another batch_size" if rows > 1 else "give more rows"
        raise ArgumentError(
            f"{which} has 1 row ({rows} rows, batch_size {batch_size}), but BatchNorm needs at least "
            f"2 in training; {advice}"
        )


def check_epoch(layers: tuple[Layer, ...], data: Data, settings: TrainSettings) -> None:
    """Raise if an epoch would have a minibatch that a batch norm can't use, or no sample with a weight."""
    rows = len(data)
    used = settings.rows_used(rows)
    check_batches(layers, used, settings.batch_size)
    if data.weights is None or used == rows:
        return
    weighted = data.weights > 0
    if settings.shuffles(rows):
        trains = np.count_nonzero(weighted) > rows - used  # whatever the order of an epoch
    else:
        trains = weighted[:used].any()
    if not trains:
        raise ArgumentError(
            f"drop_last leaves out {rows - used} of {rows} samples, which may be all that have a "
            "weight above 0"
        )
