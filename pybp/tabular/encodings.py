"""How each column of a table becomes inputs of a net, before they are scaled."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from pybp._common.types import Array
from pybp.tabular.categories import sorted_categories
from pybp.tabular.columns import is_missing
from pybp.tabular.reading import read_categories, read_durations, read_numbers, read_times
from pybp.tabular.times import PARTS, time_part

__all__ = [
    "Categories",
    "Durations",
    "Encoded",
    "Encoding",
    "LeftOut",
    "Numbers",
    "Times",
    "learned_encoding",
]

_ONE_HOT = 8
"""So many categories at most have one-hot codes."""

_RARE = 4
"""A category in fewer rows is rare, if there are more than `_ONE_HOT`."""

_IDS, _DIFFERENT = 50, 0.9
"""A column with more categories than these, and than this fraction of its rows, holds ids or text."""


@dataclass(frozen=True)
class Encoded:
    """What an encoding makes of a column.

    Attributes
    ----------
    numbers : list of ndarray, shape (n_samples,)
        Numbers in float64, NaN where they are missing.
    codes : ndarray of int, shape (n_samples,), optional
        Rows of the encoding's `code_table`, or category indices, if it has any of these.
    """

    numbers: list[Array] = field(default_factory=list)
    codes: Array | None = None


class Encoding(ABC):
    """What becomes of one column.

    Attributes
    ----------
    name : object
        The column's name in a DataFrame, its index in an array.
    """

    kind: ClassVar[str]
    name: Any

    @property
    def number_names(self) -> list[str]:
        """Names of the inputs that hold numbers."""
        return []

    @property
    def code_names(self) -> list[str]:
        """Names of the inputs that hold one-hot codes or say that a value is missing."""
        return []

    @property
    def code_table(self) -> Array:
        """A row of inputs for each code; the last one also for -1."""
        return np.zeros((1, 0))

    @property
    def n_indices(self) -> int:
        """The number of category indices, if the column becomes an index; else 0."""
        return 0

    @abstractmethod
    def encode(self, X: Any, index: int) -> Encoded:
        """Encode a column of a table."""


@dataclass(frozen=True)
class LeftOut(Encoding):
    """The column is not an input.

    Attributes
    ----------
    name : object
        The column's name.
    reason : str
        Why: "constant", "missing", "ids" or "duplicate".
    """

    kind = "left_out"
    name: Any
    reason: str

    def encode(self, X: Any, index: int) -> Encoded:
        """Do nothing."""
        return Encoded()


@dataclass(frozen=True)
class _Measured(Encoding):
    """Numbers, which may be missing."""

    name: Any
    missing_indicator: bool = False

    @property
    def number_names(self) -> list[str]:
        return [f"column {self.name!r}"]

    @property
    def code_names(self) -> list[str]:
        return [f"column {self.name!r} is missing"] if self.missing_indicator else []

    @property
    def code_table(self) -> Array:
        return np.array([[0.0], [1.0]]) if self.missing_indicator else np.zeros((1, 0))

    def _encoded(self, numbers: list[Array]) -> Encoded:
        missing = np.isnan(numbers[0]).astype(np.intp) if self.missing_indicator else None
        return Encoded(numbers, missing)


@dataclass(frozen=True)
class Numbers(_Measured):
    """The column holds numbers.

    Attributes
    ----------
    name : object
        The column's name.
    missing_indicator : bool
        Whether an input says where they are missing.
    """

    kind = "numbers"

    def encode(self, X: Any, index: int) -> Encoded:
        """The numbers."""
        return self._encoded([read_numbers(X, index, self.name)])


@dataclass(frozen=True)
class Durations(_Measured):
    """The column holds durations or times of day: they become seconds.

    Attributes
    ----------
    name : object
        The column's name.
    missing_indicator : bool
        Whether an input says where they are missing.
    """

    kind = "durations"

    def encode(self, X: Any, index: int) -> Encoded:
        """The seconds."""
        return self._encoded([read_durations(X, index, self.name)])


@dataclass(frozen=True)
class Times(_Measured):
    """The column holds dates or times: their parts become numbers.

    Attributes
    ----------
    name : object
        The column's name.
    missing_indicator : bool
        Whether an input says where they are missing.
    parts : tuple of str
        The parts that differ between rows: names of `pybp.tabular.times.PARTS`.
    first : int
        The first time of `fit`, in microseconds since 1970; "days" counts from it.
    """

    kind = "times"
    parts: tuple[str, ...] = tuple(PARTS)
    first: int = 0

    @property
    def number_names(self) -> list[str]:
        return [f"{part} of column {self.name!r}" for part in self.parts]

    def encode(self, X: Any, index: int) -> Encoded:
        """The parts."""
        times = read_times(X, index, self.name)
        return self._encoded([time_part(times, part, self.first) for part in self.parts])


@dataclass(frozen=True)
class Categories(Encoding):
    """The column holds categories: they become one-hot codes, or an index that an embedding reads.

    Attributes
    ----------
    name : object
        The column's name.
    categories : tuple
        The categories that have codes of their own: 0, 1, ....
    one_hot : bool
        Whether codes become one-hot codes; else they are inputs, and all are >= 0.
    other : int
        The code of all other categories, those of `fit` (rare ones) and unknown ones; -1 is 0 in all
        one-hot codes.
    missing : int
        The code of missing values.
    """

    kind = "categories"
    name: Any
    categories: tuple[Any, ...]
    one_hot: bool = True
    other: int = -1
    missing: int = -1

    @property
    def n_codes(self) -> int:
        """The number of different codes, without -1."""
        return max(len(self.categories), self.other + 1, self.missing + 1)

    @property
    def n_indices(self) -> int:
        return 0 if self.one_hot else self.n_codes

    @property
    def code_names(self) -> list[str]:
        if not self.one_hot:
            return []
        names = [repr(category) for category in self.categories]
        names += ["another category"] * (self.n_codes - len(names))
        if len(names) == 2:
            return [f"column {self.name!r} = {names[0]} or {names[1]}"]
        return [f"column {self.name!r} = {name}" for name in names]

    @property
    def code_table(self) -> Array:
        if not self.one_hot:
            return np.zeros((1, 0))
        table = np.eye(self.n_codes + 1, self.n_codes)
        return table[:, :1] - table[:, 1:] if self.n_codes == 2 else table

    def encode(self, X: Any, index: int) -> Encoded:
        """The codes."""
        codes, values = read_categories(X, index, self.name)
        return Encoded(codes=self.code_of(values)[codes])

    def code_of(self, values: list[Any]) -> Array:
        """The codes of values, and that of a missing one at the end."""
        known = {category: code for code, category in enumerate(self.categories)}
        codes = [self.missing if is_missing(v) else known.get(v, self.other) for v in values]
        return np.array([*codes, self.missing], np.intp)


# ---- learning --------------------------------------------------------------------------------


def learned_encoding(
    X: Any, index: int, name: Any, kind: str, weights: Array | None
) -> tuple[Encoding, Encoded]:
    """Learn how to encode a column, and encode it.

    Parameters
    ----------
    X : DataFrame or ndarray
        The table.
    index, name, kind
        The column's index and name, and what it holds: see `column_kinds`.
    weights : ndarray, shape (n_samples,), optional
        Weights of the rows; those with weight 0 are ignored.
    """
    if kind == "categories":
        encoding = _learned_categories(X, index, name, weights)
    elif kind == "times":
        encoding = _learned_times(_seen(read_times(X, index, name), weights), name)
    else:
        read = read_numbers if kind == "numbers" else read_durations
        values = _seen(read(X, index, name), weights)
        encoding = _without_constants(values, Numbers if kind == "numbers" else Durations, name)
    return encoding, encoding.encode(X, index)


def _seen(values: Array, weights: Array | None) -> Array:
    return values if weights is None else values[weights > 0]


def _without_constants(values: Array, make: type[_Measured], name: Any) -> Encoding:
    missing = np.isnan(values)
    if missing.all():
        return LeftOut(name, "missing")
    if missing.any():
        return make(name, missing_indicator=True)
    return LeftOut(name, "constant") if (values == values[0]).all() else make(name)


def _learned_times(times: Array, name: Any) -> Encoding:
    missing = np.isnat(times)
    present = times[~missing]
    if present.size == 0:
        return LeftOut(name, "missing")
    first = int(present.min().view(np.int64))
    parts = tuple(part for part in PARTS if np.ptp(time_part(present, part, first)) > 0)
    if not parts and not missing.any():
        return LeftOut(name, "constant")
    return Times(name, bool(missing.any()), parts or ("days",), first)


def _learned_categories(X: Any, index: int, name: Any, weights: Array | None) -> Encoding:
    codes, values = read_categories(X, index, name)
    absent = np.array([is_missing(value) for value in [*values, None]])
    counts = np.bincount(np.where(absent[codes], len(values), codes), weights, len(values) + 1)
    if weights is not None:
        counts = counts / weights[weights > 0].min()  # the least weight counts as once
    *counted, n_missing = counts.tolist()
    seen = np.flatnonzero(counts[:-1])
    times = {values[i]: counted[i] for i in seen}
    if not times:
        return LeftOut(name, "missing")
    if len(times) == 1 and not n_missing:
        return LeftOut(name, "constant")
    categories = sorted_categories(
        list(times), f"column {name!r} of X", lambda k: int(np.argmax(codes == seen[k]))
    )
    ids = len(times) > max(_IDS, _DIFFERENT * sum(counted))
    rare = _RARE if len(times) > _ONE_HOT else 0
    kept = tuple(c for c in categories if times[c] >= rare and not ids)
    if not kept and not n_missing:
        return LeftOut(name, "ids")
    return _coded(name, kept, len(kept) < len(times), bool(n_missing))


def _coded(name: Any, kept: tuple[Any, ...], others: bool, missing: bool) -> Categories:
    """The encoding of categories; `others`, `missing`: whether `fit` saw rare and missing ones.

    No index stands for nothing that `fit` saw: if it saw no rare ones, unknown ones count as
    missing, or as the first category.
    """
    n = len(kept) + others
    if n <= _ONE_HOT:
        return Categories(name, kept, other=len(kept) if others else -1)
    absent = n if missing else len(kept) if others else 0
    return Categories(name, kept, False, len(kept) if others else absent, absent)
