"""The preprocessing of tables as ONNX operators; docs/preprocessing.md defines it.

The inputs of a model are the columns that the preprocessing reads, each of shape (N, 1):

- numbers, and categories that are numbers or bools: float64, NaN where they are missing
- categories that are strings: strings, "" where they are missing; "<missing>" if "" is a category
- times and durations: int64, microseconds, the least integer (NumPy's NaT) where they are missing
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array, DType
from pybp.errors import ArgumentError
from pybp.export.onnx.calendar import time_part
from pybp.export.onnx.writer import GraphWriter

__all__ = ["MISSING_TIME", "InputColumn", "input_columns", "missing_text", "write_inputs"]

MISSING_TIME = int(np.iinfo(np.int64).min)
_DOUBLE, _INT64 = np.dtype(np.float64), np.dtype(np.int64)
_LARGEST_Z = 1e9


@dataclass(frozen=True)
class InputColumn:
    """A column that is an input of the model.

    Attributes
    ----------
    index : int
        Its index in the table.
    name : str
        The name of the input: the column's, or ``column_<name>`` if that is no string.
    description : dict
        What the preprocessing's description says of it.
    kind : {"numbers", "times", "durations", "texts", "values"}
        What it holds; "values" are categories that are numbers or bools.
    """

    index: int
    name: str
    description: Mapping[str, Any]
    kind: str

    @property
    def dtype(self) -> DType:
        """The type of the input."""
        if self.kind == "texts":
            return np.dtype("U")
        return _INT64 if self.kind in ("times", "durations") else _DOUBLE


def input_columns(description: Mapping[str, Any]) -> list[InputColumn]:
    """The columns that the preprocessing reads.

    Raises
    ------
    ArgumentError
        A column has no form in ONNX, or the names of two are equal.
    """
    found = []
    for index, column in enumerate(description["columns"]):
        if column["kind"] != "left_out":
            name = column["name"]
            name = name if isinstance(name, str) and name else f"column_{name}"
            found.append(InputColumn(index, name, column, _kind(column)))
    names = [column.name for column in found]
    for name in names:
        if names.count(name) > 1:
            raise ArgumentError(f"two columns would be the input {name!r} of an ONNX model")
    if not found:
        raise ArgumentError(
            "the preprocessing leaves out all columns: a model would have no inputs"
        )
    return found


def missing_text(categories: Sequence[Any]) -> str:
    """The string that says that a value is missing: "", or "<missing>" if "" is a category."""
    text = ""
    while text in categories:
        text = f"<{text or 'missing'}>"
    return text


def _kind(column: Mapping[str, Any]) -> str:
    if column["kind"] != "categories":
        return str(column["kind"])
    categories = column["categories"]
    if all(isinstance(category, str) for category in categories):
        return "texts"
    if all(isinstance(category, bool | int | float) for category in categories):
        return "values"
    raise ArgumentError(
        f"column {column['name']!r} has categories of several types, or dates: ONNX can't compare them"
    )


# ---- writing ---------------------------------------------------------------------------------


def write_inputs(
    graph: GraphWriter,
    columns: Sequence[InputColumn],
    arrays: Mapping[str, Array],
    dtype: DType,
) -> str:
    """Add the nodes from the model's inputs, which are there already, to the net's inputs."""
    writer = _Writer(graph, arrays, dtype)
    for column in columns:
        writer.add(column)
    return writer.joined()


class _Writer:
    """Collects the numbers, codes and indices of the columns."""

    def __init__(self, graph: GraphWriter, arrays: Mapping[str, Array], dtype: DType) -> None:
        self._graph, self._dtype = graph, dtype
        self._medians, self._spreads = arrays["medians"], arrays["spreads"]
        self._numbers: list[str] = []
        self._codes: list[tuple[str, Array]] = []  # an index, and the unscaled codes for each
        self._indices: list[str] = []

    def add(self, column: InputColumn) -> None:
        """Add the nodes of a column."""
        graph, name = self._graph, column.name
        if column.kind in ("texts", "values"):
            self._add_categories(column)
            return
        if column.kind == "numbers":
            missing = graph.node("IsNaN", name)
            self._numbers.append(name)
        else:
            missing = graph.node("Equal", name, graph.number(MISSING_TIME, _INT64))
            present = graph.node("Where", missing, graph.number(0, _INT64), name)
            self._numbers += [
                self._or_nan(missing, part) for part in _parts(graph, column, present)
            ]
        if column.description["missing_indicator"]:
            self._codes.append(
                (self._flat(graph.node("Cast", missing, to=7)), np.array([[0.0], [1.0]]))
            )

    def _or_nan(self, missing: str, number: str) -> str:
        nan = self._graph.number(float("nan"), _DOUBLE)
        return self._graph.node("Where", missing, nan, number)

    def _flat(self, value: str) -> str:
        return self._graph.node("Reshape", value, self._graph.integers([-1]))

    # ---- categories --------------------------------------------------------------------------

    def _add_categories(self, column: InputColumn) -> None:
        categories = column.description["categories"]
        other, missing = column.description["other"], column.description["missing"]
        texts = column.kind == "texts"
        code = (self._code_of_text if texts else self._code_of_value)(
            column.name, categories, other, missing
        )
        n = max(len(categories), other + 1, missing + 1)
        if not column.description["one_hot"]:
            self._indices.append(code)
            return
        table = np.vstack([np.eye(n), np.zeros((1, n))])  # -1 is the last row
        if n == 2:
            table = table[:, :1] - table[:, 1:]
        self._codes.append((self._flat(code), table))

    def _code_of_text(self, name: str, categories: list[str], other: int, missing: int) -> str:
        codes = {
            missing_text(categories): missing,
            **{text: code for code, text in enumerate(categories)},
        }
        return self._graph.ml(
            "LabelEncoder",
            name,
            keys_strings=list(codes),
            values_int64s=list(codes.values()),
            default_int64=other,
        )

    def _code_of_value(self, name: str, categories: list[Any], other: int, missing: int) -> str:
        graph = self._graph
        found = graph.number(other, _INT64)
        if categories:
            known = graph.constant(np.array([categories], np.float64), "categories")
            equal = graph.node("Cast", graph.node("Equal", name, known), to=7)
            is_known = graph.node("ReduceMax", equal, graph.integers([1]), keepdims=1)
            first = graph.node("ArgMax", equal, axis=1, keepdims=1)
            found = graph.node("Where", graph.node("Cast", is_known, to=9), first, found)
        return graph.node("Where", graph.node("IsNaN", name), graph.number(missing, _INT64), found)

    # ---- the net's inputs --------------------------------------------------------------------

    def joined(self) -> str:
        """The inputs of the net: numbers, codes, indices, in its dtype."""
        graph, blocks = self._graph, []
        n = len(self._numbers)
        if n:
            together = self._numbers[0] if n == 1 else graph.node("Concat", *self._numbers, axis=1)
            blocks.append(self._cast(self._scaled(together, n)))
        begin = n
        for index, table in self._codes:
            end = begin + table.shape[1]
            scaled = _scale(table, self._medians[begin:end], self._spreads[begin:end])
            constant = graph.constant(scaled.astype(self._dtype), "codes")
            blocks.append(graph.node("Gather", constant, index, axis=0))
            begin = end
        blocks += [self._cast(index) for index in self._indices]
        return blocks[0] if len(blocks) == 1 else graph.node("Concat", *blocks, axis=1)

    def _cast(self, value: str) -> str:
        return self._graph.node("Cast", value, to=1 if self._dtype == np.float32 else 11)

    def _scaled(self, numbers: str, n: int) -> str:
        graph = self._graph
        medians = graph.constant(self._medians[:n], "medians")
        spreads = graph.constant(self._spreads[:n], "spreads")
        z = graph.node("Div", graph.node("Sub", numbers, medians), spreads)
        zero = graph.number(0.0, _DOUBLE)
        z = graph.node("Where", graph.node("IsNaN", z), zero, z)
        z = graph.node(
            "Min",
            graph.node("Max", z, graph.number(-_LARGEST_Z, _DOUBLE)),
            graph.number(_LARGEST_Z, _DOUBLE),
        )
        third = graph.node("Div", z, graph.number(3.0, _DOUBLE))
        square = graph.node("Add", graph.node("Mul", third, third), graph.number(1.0, _DOUBLE))
        return graph.node("Div", z, graph.node("Sqrt", square))


def _scale(values: Array, medians: Array, spreads: Array) -> Array:
    """What `_scaled` computes, for constants."""
    z = np.clip((values - medians) / spreads, -_LARGEST_Z, _LARGEST_Z)
    return np.asarray(np.nan_to_num(z / np.sqrt(1 + (z / 3) ** 2), nan=0.0))


def _parts(graph: GraphWriter, column: InputColumn, micros: str) -> list[str]:
    """The numbers of a column of times or durations, in float64."""
    if column.kind == "durations":
        seconds = graph.node("Cast", micros, to=11)
        return [graph.node("Div", seconds, graph.number(1e6, _DOUBLE))]
    first = column.description["first"]
    return [time_part(graph, micros, part, first) for part in column.description["parts"]]
