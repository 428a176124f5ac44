"""Minibatches that an iterable gives, where the samples are not all at hand."""

from collections.abc import Callable, Iterable, Iterator, Sized
from typing import Any

from pybp._common.arguments import shown
from pybp.data.dataset import Data
from pybp.errors import ArgumentError

__all__ = ["Batches"]

Check = Callable[[Any, Any, Any, tuple[str, str, str]], Data]
"""Samples, targets, weights and their names to checked data."""


class Batches:
    """The minibatches (X, y) or (X, y, sample_weight) of an iterable.

    Parameters
    ----------
    source : iterable
        What gives them. If it is an iterator it can do so only once.
    name : str
        What messages call it.
    check : callable
        Brings a minibatch into the form that the core reads.
    steps : int, optional
        How many make an epoch; all that the iterable gives if not said. Then epochs go on where
        the one before stopped, and the iterable starts anew when it ends.
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
        """Whether the iterable ends for good."""
        return isinstance(self._source, Iterator)

    @property
    def n_steps(self) -> int | None:
        """Minibatches of an epoch, if that is known."""
        if self._given_steps is None and isinstance(self._source, Sized):
            return len(self._source)
        return self._given_steps

    def n_updates(self, accumulate: int, drop_last: bool) -> int | None:
        """Updates of an epoch, of `accumulate` minibatches each, if that is known."""
        steps = self.n_steps
        if steps is None:
            return None
        whole = steps // accumulate
        return whole if drop_last and whole else -(-steps // accumulate)

    def epoch(self) -> Iterator[Data]:
        """The minibatches of the next epoch."""
        given = self._all() if self._given_steps is None else self._some(self._given_steps)
        for number, batch in enumerate(given, start=1):
            yield self._checked(batch, number)

    def _all(self) -> Iterator[Any]:
        number = 0
        iterator = iter(self._source)
        while (batch := self._next(iterator, number + 1)) is not _END:
            yield batch
            number += 1
        if number == 0:
            raise ArgumentError(f"{self._name} gave no batches")

    def _some(self, steps: int) -> Iterator[Any]:
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
            error.add_note(f"This was raised by {self._name} when asked for batch {number}.")
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
