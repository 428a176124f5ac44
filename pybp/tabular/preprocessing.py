"""Preprocessing of tables, which can be stored as JSON and arrays."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import shown
from pybp._common.types import Array
from pybp._common.warn import warn
from pybp.errors import ArgumentError, ShapeError
from pybp.tabular.categories import one_hot, sorted_categories
from pybp.tabular.columns import Column
from pybp.tabular.scaling import RobustScaling

__all__ = ["Encoding", "Preprocessing"]


@dataclass(frozen=True)
class Encoding:
    """How one column becomes numbers, before they are scaled.

    Attributes
    ----------
    name : object
        The column's name in a DataFrame, its index in an array.
    categories : tuple, optional
        The categories that get one-hot codes; None if the column holds numbers.
    missing_indicator : bool
        Whether a column of numbers is followed by one that is 1 where they are missing.
    """

    name: Any
    categories: tuple[Any, ...] | None = None
    missing_indicator: bool = False

    @classmethod
    def fit(cls, column: Column) -> "Encoding":
        """Learn categories, and whether numbers are missing."""
        if column.categorical:
            where = f"column {column.name!r} of X"
            return cls(column.name, tuple(sorted_categories(column.values, where)))
        return cls(column.name, missing_indicator=bool(np.isnan(column.values).any()))

    def transform(self, values: Array) -> list[Array]:
        """The columns that replace this one, as tables of numbers; NaN where a number is missing."""
        if self.categories is not None:
            return [one_hot(values, self.categories)]
        numbers = values[:, np.newaxis]
        return [numbers, np.isnan(numbers).astype(np.float64)][: 1 + self.missing_indicator]

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns of the result."""
        name, categories = f"column {self.name!r}", self.categories
        if categories is None:
            return [name, f"{name} is missing"][: 1 + self.missing_indicator]
        if len(categories) == 2:
            return [f"{name} = {categories[0]!r} or {categories[1]!r}"]
        return [f"{name} = {category!r}" for category in categories] or [name]


@dataclass(frozen=True)
class Preprocessing:
    """Turns the columns of a table into the inputs of a net.

    Numbers stay as they are, categories become one-hot codes (see `Encoding`). `RobustScaling` then
    scales both, and sets missing numbers to 0, which is the median.

    Attributes
    ----------
    encodings : tuple of Encoding
        One for each column of the table.
    scaling : RobustScaling
        Median and spread of each feature.
    """

    encodings: tuple[Encoding, ...]
    scaling: RobustScaling

    @classmethod
    def fit(cls, columns: Sequence[Column], weights: Array | None = None) -> "Preprocessing":
        """Learn from the columns of a table; `weights` are those of its rows."""
        encodings = tuple(Encoding.fit(column) for column in columns)
        for column, encoding in zip(columns, encodings, strict=True):
            _warn_of_ids(column, encoding)
        return cls(encodings, RobustScaling.fit(_encoded(columns, encodings), weights))

    def transform(self, columns: Sequence[Column]) -> Array:
        """(n_samples, n_features) numbers in [-3, 3], in float64."""
        return self.scaling.transform(_encoded(columns, self.encodings))

    @property
    def categorical(self) -> list[bool]:
        """Which columns hold categories."""
        return [encoding.categories is not None for encoding in self.encodings]

    @property
    def feature_names(self) -> list[str]:
        """Names of the columns of the result."""
        return [name for encoding in self.encodings for name in encoding.feature_names]

    # ---- as data -----------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """All but the arrays, for JSON.

        Raises
        ------
        TypeError
            A name or a category is no string, number or bool.
        """
        return {"columns": [_described(encoding) for encoding in self.encodings]}

    def arrays(self) -> dict[str, Array]:
        """The arrays beside the description: "medians" and "spreads", one number for each feature."""
        return {"medians": self.scaling.medians, "spreads": self.scaling.spreads}

    @classmethod
    def from_description(
        cls, description: Mapping[str, Any], arrays: Mapping[str, Array]
    ) -> "Preprocessing":
        """Make the preprocessing from the results of `description` and `arrays`.

        Raises
        ------
        ArgumentError, ShapeError
            They are not results of `description` and `arrays`.
        """
        if set(description) != {"columns"} or set(arrays) != {"medians", "spreads"}:
            raise ArgumentError(
                "the description of a preprocessing has 'columns', its arrays are 'medians' and "
                f"'spreads'; got {sorted(description)} and {sorted(arrays)}"
            )
        encodings = tuple(_encoding(column) for column in description["columns"])
        found = cls(encodings, RobustScaling(**{k: np.asarray(v) for k, v in arrays.items()}))
        n = len(found.feature_names)
        for name, array in found.arrays().items():
            if array.shape != (n,) or array.dtype != np.float64:
                raise ShapeError(
                    f"{name} has shape {array.shape} and dtype {array.dtype}; expected {(n,)} and "
                    "float64"
                )
        return found


_MANY, _MUCH = 50, 2**30  # categories; bytes


def _warn_of_ids(column: Column, encoding: Encoding) -> None:
    """Warn of a column with a category for nearly each row, or whose codes take much memory."""
    rows, categories = len(column.values), len(encoding.categories or ())
    size = rows * categories * np.dtype(np.float64).itemsize
    if categories > max(_MANY, rows / 2) or size > _MUCH:
        warn(
            f"column {column.name!r} of X holds {categories:,} different categories in {rows:,} "
            f"rows. Each becomes an input of the net: {size / 1e9:,.2g} GB of codes. Leave an id or "
            "free text out, group rare categories, or convert a column that holds numbers as text"
        )


def _encoded(columns: Sequence[Column], encodings: Sequence[Encoding]) -> Array:
    pairs = zip(columns, encodings, strict=True)
    return np.concatenate([part for c, e in pairs for part in e.transform(c.values)], axis=1)


_FIELDS = {
    "numbers": {"name", "kind", "missing_indicator"},
    "categories": {"name", "kind", "categories"},
}


def _described(encoding: Encoding) -> dict[str, Any]:
    name = _plain(encoding.name, "a column's name")
    if encoding.categories is None:
        indicator = encoding.missing_indicator
        return {"name": name, "kind": "numbers", "missing_indicator": indicator}
    what = f"a category of column {name!r}"
    categories = [_plain(category, what) for category in encoding.categories]
    return {"name": name, "kind": "categories", "categories": categories}


def _encoding(column: Mapping[str, Any]) -> Encoding:
    """The encoding of a column as `_described` gives it."""
    if set(column) != _FIELDS.get(column.get("kind", ""), ()):
        raise ArgumentError(f"a column is described by {_FIELDS}, got {shown(column)}")
    if column["kind"] == "numbers":
        return Encoding(column["name"], missing_indicator=column["missing_indicator"])
    return Encoding(column["name"], tuple(column["categories"]))


def _plain(value: Any, what: str) -> Any:
    """A value that JSON restores unchanged."""
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, str | bool | int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    raise TypeError(f"{what} can't be described: {shown(value)} is no string, number or bool")
