"""Check the arguments X, y, weights and validation data of `MLP`'s methods, and convert them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import count, real, shown
from pybp._common.arrays import is_sparse
from pybp._common.types import DType
from pybp.data.batches import Batches
from pybp.data.dataset import (
    ClassWeight,
    Data,
    check_categories,
    prepare,
    split,
    with_class_weights,
)
from pybp.errors import ArgumentError
from pybp.layers import Layer
from pybp.losses import Loss

__all__ = ["DataReader", "Source"]

Source = Data | Batches
"""Samples in memory, or minibatches from an iterable."""


@dataclass(frozen=True)
class DataReader:
    """Checks and converts data for a net with these layers and a loss."""

    layers: tuple[Layer, ...]
    dtype: DType
    loss: Loss

    @property
    def n_in(self) -> int:
        """Number of columns of X."""
        return self.layers[0].n_in

    @property
    def n_out(self) -> int:
        """Number of outputs of the net."""
        return self.layers[-1].n_out

    def rows(self, X: Any, y: Any, sample_weight: Any = None, **others: Any) -> Data:
        """Check and convert samples in memory."""
        data = prepare(
            X,
            y,
            self.loss,
            n_in=self.n_in,
            n_out=self.n_out,
            dtype=self.dtype,
            sample_weight=sample_weight,
            **others,
        )
        check_categories(data.X, self.layers, others.get("names", ("X",))[0])
        return data

    def training(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        class_weight: ClassWeight | None,
        steps: int | None,
        epochs: int,
        validation_data: Any,
        validation_split: float | None,
    ) -> tuple[Source, Source | None]:
        """The training data and the validation data of `fit`."""
        if validation_split is not None and validation_data is not None:
            raise ArgumentError("give validation_data or validation_split, not both")
        if y is None and _is_batch_iterable(X):
            if validation_split is not None:
                raise ArgumentError("validation_split needs samples in memory, not batches")
            source = self._source_of_batches(X, sample_weight, class_weight, steps, epochs)
            return source, self._validation(validation_data, epochs)
        if steps is not None:
            raise ArgumentError("steps_per_epoch is for an iterable of batches as X, without y")
        data = self._samples(X, y, sample_weight)
        validation = self._validation(validation_data, epochs)
        if validation_split is not None:
            data, validation = split(data, real(validation_split, "validation_split"))
        return data if class_weight is None else self._weighted(data, class_weight), validation

    def evaluation(self, X: Any, y: Any, sample_weight: Any) -> Source:
        """The data of `evaluate`."""
        if y is None and _is_batch_iterable(X):
            return self._source_of_batches(X, sample_weight, None, None, 1)
        return self._samples(X, y, sample_weight)

    def _samples(self, X: Any, y: Any, sample_weight: Any) -> Data:
        if y is None:
            raise TypeError("y is missing: without it X must be an iterable of batches (X, y)")
        return self.rows(X, y, sample_weight)

    def _source_of_batches(
        self,
        X: Iterable[Any],
        sample_weight: Any,
        class_weight: ClassWeight | None,
        steps: int | None,
        epochs: int,
    ) -> Batches:
        if sample_weight is not None:
            raise ArgumentError(
                "sample_weight can't be given with batches; let each batch be (X, y, sample_weight)"
            )
        if class_weight == "balanced":
            raise ArgumentError("class_weight='balanced' needs all of y, not batches; give a dict")
        number = None if steps is None else count(steps, "steps_per_epoch")
        batches = self.batches(X, "X", class_weight, number)
        if number is None and batches.once and epochs > 1:
            raise ArgumentError(
                f"X, a {type(X).__name__}, can be iterated only once, but epochs={epochs}: give "
                "steps_per_epoch, or an iterable that is not an iterator"
            )
        return batches

    def batches(
        self,
        source: Iterable[Any],
        name: str,
        class_weight: ClassWeight | None = None,
        steps: int | None = None,
    ) -> Batches:
        """The minibatches of an iterable."""

        def check(X: Any, y: Any, weight: Any, names: tuple[str, str, str]) -> Data:
            data = self.rows(X, y, weight, names=names, allow_zero_weight=True)
            return data if class_weight is None else self._weighted(data, class_weight, True)

        return Batches(source, name, check, steps)

    def _validation(self, given: Any, epochs: int) -> Source | None:
        """The validation data for the argument `validation_data`."""
        if given is None:
            return None
        arrays = isinstance(given, tuple) or (
            isinstance(given, list) and not all(isinstance(part, tuple) for part in given)
        )
        if arrays and len(given) in (2, 3):
            names = tuple(f"validation_data[{index}]" for index in range(3))
            X, y, *weight = given
            return self.rows(X, y, *weight, names=names)
        if arrays or not _is_batch_iterable(given):
            raise TypeError(
                "validation_data must be (X, y), (X, y, sample_weight) or an iterable of such "
                f"batches, got {shown(given)}"
            )
        batches = self.batches(given, "validation_data")
        if batches.once and epochs > 1:
            raise ArgumentError(
                f"validation_data, a {type(given).__name__}, can be iterated only once, but "
                f"epochs={epochs}: give an iterable that is not an iterator"
            )
        return batches

    def _weighted(self, data: Data, class_weight: ClassWeight, batch: bool = False) -> Data:
        return with_class_weights(data, class_weight, self.loss, self.n_out, batch)


def _is_batch_iterable(X: object) -> bool:
    """Whether X is an iterable other than an array, table or string."""
    array = isinstance(X, np.ndarray | str | bytes) or hasattr(X, "__array__") or is_sparse(X)
    return isinstance(X, Iterable) and not array
