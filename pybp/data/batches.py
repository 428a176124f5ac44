"""Minibatches from an iterable, for data that are not in memory as a whole."""

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

from pybp._common.arguments import shown
from pybp.data.dataset import Data
from pybp.errors import ArgumentError

__all__ = ["Batches"]

Check = Callable[[Any, Any, Any, tuple[str, str, str]], Data]
"""Converts samples, targets, weights and their names for messages to checked data."""


class Batches:
    """The minibatches (X, y) or (X, y, sample_weight) of an iterable.

    Parameters
    ----------
    source : iterable
        The source of the minibatches. An iterator can be used for one epoch only, unless `steps` is given.
    name : str
        Name of the source for messages.
    check : callable
        Checks and converts a minibatch.
    steps : int, optional
        Number of minibatches of an epoch; default: all. If given, each epoch continues where the
        previous one stopped, and iteration restarts when the source ends.
    """

    def __init__(
        self, source: Iterable[Any], name: str, check: Check, steps: int | None = None
    ) -> None:
        self._source = source
        self._name = name
        self._check = check
        self._given_steps = steps
        self._iterator: Iterator[Any] | None = None

    @property
    def once(self) -> bool:
        """Whether the source can't be iterated again."""
        return isinstance(self._source, Iterator)

    @property
    def n_steps(self) -> int | None:
        """Number of minibatches of an epoch; None if unknown."""
        if self._given_steps is None and isinstance(self._source, Sized):
            return len(self._source)
        return self._given_steps

    def n_updates(self, accumulate: int, drop_last: bool) -> int | None:
        """Number of updates of an epoch, with `accumulate` minibatches each; None if unknown."""
        steps = self.n_steps
        if steps is None:
            return None
        whole = steps // accumulate
        return whole if drop_last and whole else -(-steps // accumulate)

    def epoch(self) -> Iterator[Data]:
        """Iterate over the minibatches of the next epoch."""
        steps = self._given_steps
        batches = self._whole_source() if steps is None else self._next_steps(steps)
        for number, batch in enumerate(batches, start=1):
            yield self._checked(batch, number)

    def _whole_source(self) -> Iterator[Any]:
        number = 0
        iterator = iter(self._source)
        while (batch := self._next(iterator, number + 1)) is not _END:
            yield batch
            number += 1
        if number == 0:
            raise ArgumentError(f"{self._name} has no batches")

    def _next_steps(self, steps: int) -> Iterator[Any]:
        for number in range(1, steps + 1):
            if self._iterator is None:
                self._iterator = iter(self._source)
            batch = self._next(self._iterator, number)
            if batch is _END and not self.once:
                self._iterator = iter(self._source)
                batch = self._next(self._iterator, number)
            if batch is _END:
                raise ArgumentError(
                    f"{self._name} ended after {number - 1} of the {steps} batches of an epoch"
                )
            yield batch

    def _next(self, iterator: Iterator[Any], number: int) -> Any:
        try:
            return next(iterator, _END)
        except Exception as error:
            error.add_note(f"{self._name} raised this at batch {number}.")
            raise

    def _checked(self, batch: object, number: int) -> Data:
        if not isinstance(batch, tuple | list) or len(batch) not in (2, 3):
            raise TypeError(
                f"batch {number} of {self._name} must be (X, y) or (X, y, sample_weight), got "
                f"{shown(batch)}"
            )
        names = tuple(f"{part} of batch {number}" for part in ("X", "y", "sample_weight"))
        weight = batch[2] if len(batch) == 3 else None
        return self._check(batch[0], batch[1], weight, names)  # type: ignore[arg-type]


_END = object()
