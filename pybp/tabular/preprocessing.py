"""Preprocessing of tables, which can be stored as JSON and arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np

from pybp._common.types import Array, DTypeName
from pybp._common.warn import warn
from pybp.errors import ArgumentError, ShapeError
from pybp.tabular.columns import column_kinds, column_names, unchecked_names
from pybp.tabular.descriptions import described, encoding_of
from pybp.tabular.encodings import Categories, Encoded, Encoding, LeftOut
from pybp.tabular.inputs import InputLayout, InputWriter
from pybp.tabular.learning import learned_encoding
from pybp.tabular.scaling import RobustScaling, median_and_spread

__all__ = ["Preprocessing"]


@dataclass(frozen=True)
class Preprocessing:
    """Turns tables into the inputs of a net.

    docs/preprocessing.md defines each operation.

    Attributes
    ----------
    encodings : tuple of Encoding
        One for each column of the table.
    scaling : RobustScaling
        Median and spread of each input that is a number or a code.
    """

    encodings: tuple[Encoding, ...]
    scaling: RobustScaling

    @classmethod
    def fit(
        cls, X: Any, categorical_features: Any = "from_dtype", weights: Array | None = None
    ) -> "Preprocessing":
        """Learn from a table.

        Parameters
        ----------
        X : DataFrame or ndarray
            The table: see `pybp.tabular.columns.as_table`.
        categorical_features : "from_dtype", None, or array-like of bool, int or str
            Which columns hold categories: see `pybp.tabular.columns.column_kinds`.
        weights : ndarray, shape (n_samples,), optional
            Weights of the rows: a row counts weight / least weight times; rows of weight 0 are ignored.
        """
        names, kinds = column_names(X), column_kinds(X, categorical_features)
        times = None if weights is None else weights / weights[weights > 0].min()
        seen: set[bytes] = set()
        learned: list[Encoding] = []
        numbers: list[tuple[float, float]] = []
        codes: list[tuple[float, float]] = []
        for index, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            encoding, encoded = learned_encoding(X, index, name, kind, times)
            digest = None if encoded is None else _digest(encoding, encoded)
            if digest in seen:
                encoding = LeftOut(name, "duplicate")
            elif encoded is not None and digest is not None:
                seen.add(digest)
                numbers += [median_and_spread(values, times) for values in encoded.numbers]
                codes += _code_scales(encoding, encoded, times)
            learned.append(encoding)
        _warn_of_ids(learned)
        pairs = np.array([*numbers, *codes]).reshape(-1, 2)
        return cls(tuple(learned), RobustScaling(pairs[:, 0].copy(), pairs[:, 1].copy()))

    # ---- the inputs --------------------------------------------------------------------------

    @property
    def layout(self) -> InputLayout:
        """Which inputs hold what."""
        return self._writer.layout

    @cached_property
    def _names(self) -> list[Any]:
        return [encoding.name for encoding in self.encodings]

    @cached_property
    def _writer(self) -> InputWriter:
        return InputWriter(self.encodings, self.scaling)

    def __getstate__(self) -> dict[str, Any]:
        return {"encodings": self.encodings, "scaling": self.scaling}

    @property
    def feature_names(self) -> list[str]:
        """What each input is."""
        numbers = [name for encoding in self.encodings for name in encoding.number_names]
        codes = [name for encoding in self.encodings for name in encoding.code_names]
        indices = [f"column {e.name!r}" for e in self.encodings if e.n_indices]
        return [*numbers, *codes, *indices] or ["nothing"]

    @property
    def left_out(self) -> dict[Any, str]:
        """The columns that are left out, and why: "constant", "missing", "ids" or "duplicate"."""
        return {e.name: e.reason for e in self.encodings if isinstance(e, LeftOut)}

    def transform(self, X: Any, dtype: DTypeName = "float64") -> Array:
        """The inputs for a table.

        Parameters
        ----------
        X : DataFrame or ndarray
            The table, with the columns of `fit`.
        dtype : {"float32", "float64"}
            The dtype of the result; everything is computed in float64.

        Returns
        -------
        ndarray, shape (n_samples, n_inputs)
            Numbers and codes in [-3, 3], and category indices, in the order of `layout`.

        Raises
        ------
        ArgumentError
            X has other columns, or a column holds something else than in `fit`.
        """
        self._check_columns(X)
        return self._writer.write(X, dtype)

    def has_columns_of(self, X: Any) -> bool:
        """Whether `fit` had columns of the same names, in the same order, as this table has."""
        return unchecked_names(X) == self._names

    def _check_columns(self, X: Any) -> None:
        """Raise if X has other columns than in `fit`; columns of arrays have no names."""
        if self.has_columns_of(X):
            return
        names = self._names
        found = column_names(X)
        named = all(isinstance(name, str) for name in [*found, *names])
        if len(found) != len(names) or (named and found != names):
            lacking = [name for name in names if named and name not in found]
            new = [name for name in found if named and name not in names]
            told = [f"it lacks {lacking[:20]}"] if lacking else []
            told += [f"fit had no {new[:20]}"] if new else []
            told = told or [f"fit had {names[:20]}"]
            raise ArgumentError(f"X has the columns {found[:20]}; {' and '.join(told)}")

    # ---- as data -----------------------------------------------------------------------------

    def description(self) -> dict[str, Any]:
        """All but the arrays, for JSON.

        Raises
        ------
        TypeError
            A name or a category is no string, number, bool or date.
        """
        return {"columns": [described(encoding) for encoding in self.encodings]}

    def arrays(self) -> dict[str, Array]:
        """The arrays beside the description: "medians" and "spreads" of numbers, then of codes."""
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
        if not isinstance(description["columns"], list):
            raise ArgumentError("'columns' of the description of a preprocessing must be a list")
        encodings = tuple(encoding_of(column) for column in description["columns"])
        found = cls(encodings, RobustScaling(**{k: np.asarray(v) for k, v in arrays.items()}))
        names = [(*encoding.number_names, *encoding.code_names) for encoding in encodings]
        n = sum(map(len, names))
        for name, array in found.arrays().items():
            if array.shape != (n,) or array.dtype != np.float64:
                raise ShapeError(
                    f"{name} has shape {array.shape} and dtype {array.dtype}; expected {(n,)} and "
                    "float64"
                )
        return found


def _code_scales(
    encoding: Encoding, encoded: Encoded, times: Array | None
) -> list[tuple[float, float]]:
    """Median and spread of each input of a code, from how often each of its values occurs."""
    if not encoding.code_names:
        return []
    table = encoding.code_table[encoded.codes]
    counts = np.bincount(encoded.values % len(table), times, len(table)).astype(np.float64)
    return [median_and_spread(column, counts) for column in table.T]


def _digest(encoding: Encoding, encoded: Encoded) -> bytes:
    """Equal for columns that become equal inputs."""
    digest = blake2b(repr((len(encoded.numbers), encoding.n_indices)).encode())
    for number in encoded.numbers:
        digest.update((number + 0.0).tobytes())  # -0.0 + 0.0 is 0.0
    if encoding.code_names or encoding.n_indices:
        digest.update(encoding.code_table.tobytes())
        digest.update(encoded.sample_codes.astype(np.int32).tobytes())
    return digest.digest()


def _warn_of_ids(encodings: Sequence[Encoding]) -> None:
    """Warn of columns whose values are left out, because nearly all are different or rare."""
    names = [
        encoding.name
        for encoding in encodings
        if (isinstance(encoding, LeftOut) and encoding.reason == "ids")
        or (isinstance(encoding, Categories) and not encoding.categories)
    ]
    if names:
        what = f"column {names[0]!r}" if len(names) == 1 else f"columns {names}"
        warn(
            f"{what} of X: nearly all values are different or rare, as those of ids and free text; "
            "they are left out, since a net can't learn from them. If they are numbers or dates as "
            "text, convert them (pandas.to_numeric, pandas.to_datetime)"
        )
