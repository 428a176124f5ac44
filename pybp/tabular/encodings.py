"""How each column of a table becomes inputs of a net, before they are scaled."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from pybp._common.types import Array
from pybp.tabular.columns import is_missing
from pybp.tabular.reading import (
    microseconds,
    read_categories,
    read_durations,
    read_numbers,
    read_times,
)
from pybp.tabular.times import PARTS, time_part

__all__ = [
    "Categories",
    "Durations",
    "Encoded",
    "Encoding",
    "LeftOut",
    "Measured",
    "Numbers",
    "Times",
]


@dataclass(frozen=True)
class Encoded:
    """What an encoding makes of a column.

    Attributes
    ----------
    numbers : list of ndarray, shape (n_samples,)
        Numbers in float64, NaN where they are missing.
    values : ndarray of int, shape (n_samples,)
        The index of each sample's value among the different ones; may be -1.
    codes : ndarray of int
        The code of each of the different values.
    """

    numbers: list[Array]
    values: Array
    codes: Array

    @property
    def sample_codes(self) -> Array:
        """The code of each sample."""
        return np.asarray(self.codes[self.values])


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
        """Names of the one-hot inputs and of those that say that a value is missing."""
        return []

    @property
    def code_table(self) -> Array:
        """A row of unscaled inputs for each code; the last one also for -1."""
        return np.zeros((1, 0))

    @property
    def n_indices(self) -> int:
        """The number of category indices, if the column becomes an index; else 0."""
        return 0

    @abstractmethod
    def encode(self, X: Any, index: int) -> Encoded:
        """Encode a column of a table."""

    @abstractmethod
    def encode_cell(self, value: Any) -> tuple[list[float], int]:
        """The numbers and the code of one value.

        Raises
        ------
        TypeError, ValueError
            It is something else than in `fit`, or perhaps so.
        """


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
        """Encode nothing."""
        raise NotImplementedError

    def encode_cell(self, value: Any) -> tuple[list[float], int]:
        """Encode nothing."""
        raise NotImplementedError


@dataclass(frozen=True)
class Measured(Encoding):
    """The column holds what becomes numbers."""

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

    @abstractmethod
    def read(self, X: Any, index: int) -> Array:
        """The column, as `reading` gives it."""

    def numbers(self, values: Array) -> list[Array]:
        """The numbers that replace what `read` gave."""
        return [values]

    def encode(self, X: Any, index: int) -> Encoded:
        return self.encoded(self.read(X, index))

    def encoded(self, values: Array) -> Encoded:
        """What `encode` returns, for the values that `read` gave."""
        numbers = self.numbers(values)
        return Encoded(numbers, np.isnan(numbers[0]).astype(np.intp), np.arange(2))

    def encode_cell(self, value: Any) -> tuple[list[float], int]:
        numbers = self.numbers(self._cell(value))
        missing = self.missing_indicator and np.isnan(numbers[0][0])
        return [float(number[0]) for number in numbers], int(missing)

    def _cell(self, value: Any) -> Array:
        """An array with one value, as `read` gives it."""
        raise TypeError(value)


@dataclass(frozen=True)
class Numbers(Measured):
    """The column holds numbers.

    Attributes
    ----------
    name : object
        The column's name.
    missing_indicator : bool
        Whether an input says where they are missing.
    """

    kind = "numbers"

    def read(self, X: Any, index: int) -> Array:
        return read_numbers(X, index, self.name)


@dataclass(frozen=True)
class Durations(Measured):
    """The column holds durations or times of day: they become seconds.

    Attributes
    ----------
    name : object
        The column's name.
    missing_indicator : bool
        Whether an input says where they are missing.
    """

    kind = "durations"

    def read(self, X: Any, index: int) -> Array:
        return read_durations(X, index, self.name)

    def numbers(self, values: Array) -> list[Array]:
        seconds = values.view(np.int64) / 1e6
        return [np.where(np.isnat(values), np.nan, seconds)]

    def _cell(self, value: Any) -> Array:
        return microseconds([value], "m")


@dataclass(frozen=True)
class Times(Measured):
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

    def read(self, X: Any, index: int) -> Array:
        return read_times(X, index, self.name)

    def numbers(self, values: Array) -> list[Array]:
        return [time_part(values, part, self.first) for part in self.parts]

    def _cell(self, value: Any) -> Array:
        return microseconds([value], "M")


@dataclass(frozen=True)
class Categories(Encoding):
    """The column holds categories: they become one-hot inputs, or an index that an embedding reads.

    Attributes
    ----------
    name : object
        The column's name.
    categories : tuple
        The categories that have codes of their own: 0, 1, ....
    one_hot : bool
        Whether codes become one-hot inputs; else they are category indices, all >= 0.
    other : int
        The code of all other categories, rare or unknown; -1 makes all one-hot inputs 0.
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
        return self.encoded(*read_categories(X, index, self.name))

    def encoded(self, values: Array, different: list[Any]) -> Encoded:
        """What `encode` returns, for what `read_categories` gave."""
        codes = [self.code_of(value) for value in different]
        return Encoded([], values, np.array([*codes, self.missing], np.intp))

    def encode_cell(self, value: Any) -> tuple[list[float], int]:
        return [], self.code_of(value)

    def code_of(self, value: Any) -> int:
        """The code of a value."""
        code = self._codes.get(value)
        if code is None:
            return self.missing if is_missing(value) else self.other
        return code

    @cached_property
    def _codes(self) -> dict[Any, int]:
        return {category: code for code, category in enumerate(self.categories)}
