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
from pybp.tabular.columns import column_kinds, column_names, n_rows
from pybp.tabular.descriptions import described, encoding_of
from pybp.tabular.encodings import Categories, Encoded, Encoding, LeftOut, learned_encoding
from pybp.tabular.scaling import RobustScaling, median_and_spread

__all__ = ["InputLayout", "Preprocessing"]


@dataclass(frozen=True)
class InputLayout:
    """Which inputs of the net hold what: first numbers, then codes, then category indices.

    Attributes
    ----------
    n_numbers : int
        Scaled numbers.
    n_codes : int
        Scaled one-hot codes, and inputs that say whether a value is missing.
    n_categories : tuple of int
        For each further input the number of categories: it holds indices 0, 1, ... below that.
    """

    n_numbers: int
    n_codes: int
    n_categories: tuple[int, ...] = ()

    @property
    def n_inputs(self) -> int:
        """All inputs."""
        return self.n_numbers + self.n_codes + len(self.n_categories)

    def embeddings(self, dim: int) -> dict[int, tuple[int, int]]:
        """The argument of `pybp.Embedding` for vectors of length `dim`; empty without indices."""
        first = self.n_numbers + self.n_codes
        return {first + i: (n, dim) for i, n in enumerate(self.n_categories)}


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
            Weights of the rows; those with weight 0 are ignored.
        """
        names, kinds = column_names(X), column_kinds(X, categorical_features)
        seen: set[bytes] = set()
        learned: list[Encoding] = []
        scales: tuple[list[tuple[float, float]], ...] = ([], [])
        for index, (name, kind) in enumerate(zip(names, kinds, strict=True)):
            encoding, encoded = learned_encoding(X, index, name, kind, weights)
            digest = _digest(encoding, encoded)
            if digest in seen:
                encoding = LeftOut(name, "duplicate")
            elif digest is not None:
                seen.add(digest)
                for scale, inputs in zip(scales, _unscaled(encoding, encoded), strict=True):
                    scale += [median_and_spread(values, weights) for values in inputs]
            learned.append(encoding)
        _warn_of_ids(learned)
        pairs = np.array([*scales[0], *scales[1]]).reshape(-1, 2)
        return cls(tuple(learned), RobustScaling(pairs[:, 0].copy(), pairs[:, 1].copy()))

    # ---- the inputs --------------------------------------------------------------------------

    @cached_property
    def layout(self) -> InputLayout:
        """Which inputs hold what."""
        numbers = sum(len(encoding.number_names) for encoding in self.encodings)
        codes = sum(len(encoding.code_names) for encoding in self.encodings)
        indices = [encoding.n_indices for encoding in self.encodings if encoding.n_indices]
        if not (numbers or codes or indices):
            return InputLayout(0, 1)  # a net has at least one input: it is always 0
        return InputLayout(numbers, codes, tuple(indices))

    @property
    def feature_names(self) -> list[str]:
        """What each input is."""
        numbers = [name for encoding in self.encodings for name in encoding.number_names]
        codes = [name for encoding in self.encodings for name in encoding.code_names]
        indices = [f"column {e.name!r}" for e in self.encodings if e.n_indices]
        return [*numbers, *codes, *indices] or ["nothing"]

    @property
    def left_out(self) -> dict[Any, str]:
        """The columns that are no inputs, and why: "constant", "missing", "ids" or "duplicate"."""
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
        inputs = np.zeros((n_rows(X), self.layout.n_inputs), dtype)
        number, code = 0, self.layout.n_numbers
        index = code + self.layout.n_codes
        for column, encoding in enumerate(self.encodings):
            encoded = encoding.encode(X, column)
            for values in encoded.numbers:
                inputs[:, number] = self.scaling.part(slice(number, number + 1)).transform(
                    values[:, np.newaxis]
                )[:, 0]
                number += 1
            width = len(encoding.code_names)
            if width:
                table = self.scaling.part(slice(code, code + width)).transform(encoding.code_table)
                inputs[:, code : code + width] = table[encoded.codes]
                code += width
            elif encoded.codes is not None and encoding.n_indices:
                inputs[:, index] = encoded.codes
                index += 1
        return inputs

    def _check_columns(self, X: Any) -> None:
        """Raise if X has other columns than in `fit`; columns of arrays have no names."""
        found, names = column_names(X), [encoding.name for encoding in self.encodings]
        named = all(isinstance(name, str) for name in [*found, *names])
        if len(found) != len(names) or (named and found != names):
            raise ArgumentError(f"X has the columns {found[:20]}; fit had {names[:20]}")

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


def _unscaled(encoding: Encoding, encoded: Encoded) -> tuple[list[Array], list[Array]]:
    """The numbers and the one-hot codes of a column."""
    if not encoding.code_names:
        return encoded.numbers, []
    return encoded.numbers, list(encoding.code_table.T[:, encoded.codes])


def _digest(encoding: Encoding, encoded: Encoded) -> bytes | None:
    """Equal for columns that become equal inputs; None for one that is left out already."""
    if isinstance(encoding, LeftOut):
        return None
    digest = blake2b(repr((encoding.kind, len(encoded.numbers), encoding.n_indices)).encode())
    for array in [*encoded.numbers, *_unscaled(encoding, encoded)[1]]:
        digest.update((array + 0.0).tobytes())  # -0.0 + 0.0 is 0.0
    if encoding.n_indices and encoded.codes is not None:
        digest.update(encoded.codes.tobytes())
    return digest.digest()


def _warn_of_ids(encodings: Sequence[Encoding]) -> None:
    """Warn of columns whose values are left out, because nearly each row has another one."""
    names = [
        encoding.name
        for encoding in encodings
        if (isinstance(encoding, LeftOut) and encoding.reason == "ids")
        or (isinstance(encoding, Categories) and not encoding.categories)
    ]
    if names:
        what = f"column {names[0]!r}" if len(names) == 1 else f"columns {names}"
        warn(
            f"{what} of X: nearly each row has another value, as in ids and free text, so that the "
            "net can't learn from them; they are left out. If these are numbers or dates as text, "
            "convert them (pandas.to_numeric, pandas.to_datetime)"
        )
