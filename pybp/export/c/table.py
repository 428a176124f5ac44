"""A row of a table in C: its struct, and the function that makes the net's inputs of it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pybp._common.arguments import shown
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.export.c.text import KEYWORDS, array, comment, number, string

__all__ = ["TableRow"]

_PARTS = ("year", "month", "day_of_year", "weekday", "hour", "days")
_TYPES = {"double": "double {};", "int64_t": "int64_t {};", "text": "const char *{};"}
_MACROS = frozenset(
    [
        *("arm", "complex", "errno", "far", "hpux", "i386", "imaginary", "linux", "mips", "near"),
        *("noreturn", "sparc", "stderr", "stdin", "stdout", "sun", "unix"),
    ]
)
"""Macros of compilers in their GNU modes and of headers: gcc has ``#define linux 1``."""
_MISSING = {"double": "NAN where it is missing", "int64_t": "INT64_MIN where it is missing"}


@dataclass
class TableRow:
    """The columns of a table that become inputs of a net.

    Attributes
    ----------
    name : str
        The prefix of all names.
    real : str
        The C type of the net's inputs.
    columns : list
        The description of a preprocessing: docs/preprocessing.md.
    medians, spreads : ndarray
        Its arrays.
    """

    name: str
    real: str
    columns: Sequence[Mapping[str, Any]]
    medians: Array
    spreads: Array

    def __post_init__(self) -> None:
        self.kept = [c for c in self.columns if c["kind"] != "left_out"]
        self.types = [_type_of(column) for column in self.kept]
        self.fields = _field_names([column["name"] for column in self.kept])

    def struct(self) -> str:
        """The definition of the struct."""
        lines = []
        for column, kind, field in zip(self.kept, self.types, self.fields, strict=True):
            note = _MISSING.get(kind, "NULL where it is missing")
            what = {"times": "; microseconds since 1970", "durations": "; microseconds"}
            note += what.get(column["kind"], "")
            declared = _TYPES[kind].format(field)
            lines.append(f"    {declared} /* {comment(_plain(column['name']))}: {note} */\n")
        fields = "".join(lines) or "    char nothing;\n"
        return f"struct {self.name}_row {{\n{fields}}};\n"

    def function(self) -> str:
        """The function that writes the inputs, with its constants."""
        self._numbers: list[str] = []
        self._codes: list[str] = []
        self._indices: list[str] = []
        self._tables: list[str] = []
        for index, (column, kind) in enumerate(zip(self.kept, self.types, strict=True)):
            if column["kind"] == "categories":
                self._categories(index, column, kind)
            else:
                self._measured(index, column)
        values = [*self._numbers, *self._codes]
        lines = [f"    double v[{max(len(values), 1)}];"]
        lines += [f"    v[{i}] = {value};" for i, value in enumerate(values)]
        scaled = f"{self.name}_scaled(v[j], {self.name}_medians[j], {self.name}_spreads[j])"
        if values:
            lines.append(f"    for (size_t j = 0; j < {len(values)}; j++)")
            lines.append(f"        x[j] = ({self.real}){scaled};")
            for what, numbers in (("medians", self.medians), ("spreads", self.spreads)):
                self._tables.append(
                    array(f"double {self.name}_{what}[{len(values)}]", numbers, "float64")
                )
        elif not self._indices:
            lines = ["    (void)row;", "    x[0] = 0;"]
        else:
            lines = []
        for i, index_value in enumerate(self._indices, len(values)):
            lines.append(f"    x[{i}] = ({self.real}){index_value};")
        head = f"void {self.name}_prepare(const struct {self.name}_row *row, {self.real} *x)\n"
        return "\n\n".join([*self._tables, head + "{\n" + "\n".join(lines) + "\n}\n"])

    def _measured(self, index: int, column: Mapping[str, Any]) -> None:
        field = f"row->{self.fields[index]}"
        missing = f"({field} == INT64_MIN)"
        if column["kind"] == "numbers":
            self._numbers.append(field)
            missing = f"({field} != {field})"
        elif column["kind"] == "durations":
            self._numbers.append(f"{missing} ? (double)NAN : (double){field} / 1e6")
        else:
            for part in column["parts"]:
                first = _int64(column["first"])
                self._numbers.append(
                    f"{self.name}_time_part({field}, {_PARTS.index(part)}, {first})"
                )
        if column["missing_indicator"]:
            self._codes.append(missing)

    def _categories(self, index: int, column: Mapping[str, Any], kind: str) -> None:
        categories, field = column["categories"], f"row->{self.fields[index]}"
        if categories:
            known = f"{self.name}_categories{index}"
            texts = _texts(categories, kind)
            values = "".join(f"    {text},\n" for text in texts)
            c_type = "double" if kind == "double" else "char *const"
            self._tables.append(f"static const {c_type} {known}[{len(texts)}] = {{\n{values}}};")
            of_kind = "number" if kind == "double" else "text"
            found = f"{self.name}_{of_kind}_code({field}, {known}, {len(texts)})"
        else:
            found = "-1"
        is_missing = f"{field} != {field}" if kind == "double" else f"{field} == NULL"
        function = f"{self.name}_code{index}"
        self._tables.append(
            f"static int {function}(const struct {self.name}_row *row)\n{{\n"
            f"    if ({is_missing})\n        return {column['missing']};\n"
            f"    const int code = {found};\n"
            f"    return code < 0 ? {column['other']} : code;\n}}"
        )
        n = max(len(categories), column["other"] + 1, column["missing"] + 1)
        call = f"{function}(row)"
        if not column["one_hot"]:
            self._indices.append(call)
        elif n == 2:
            self._codes.append(f"({call} == 0) - ({call} == 1)")
        else:
            self._codes += [f"{call} == {code}" for code in range(n)]

    def rows(self, values: Sequence[Sequence[Any]]) -> str:
        """Initialisers of rows; `values` are those of each column of the table, None where missing."""
        used = [v for c, v in zip(self.columns, values, strict=True) if c["kind"] != "left_out"]
        texts = [list(map(_CELLS[kind], v)) for kind, v in zip(self.types, used, strict=True)]
        rows = zip(*texts, strict=True) if texts else ()
        return ",\n".join(f"    {{{', '.join(row)}}}" for row in rows)


def _int64(value: int | None) -> str:
    """A literal; C has none for the least integer."""
    return "INT64_MIN" if value is None or value == -(2**63) else f"INT64_C({value})"


_CELLS = {
    "double": lambda value: "(double)NAN" if value is None else number(float(value), "float64"),
    "int64_t": _int64,
    "text": lambda value: "NULL" if value is None else string(_plain(value)),
}


def _plain(value: Any) -> str:
    """A name or category as text: dates as ISO 8601."""
    if isinstance(value, dict):
        (value,) = value.values()
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _type_of(column: Mapping[str, Any]) -> str:
    """The type of a column's field in the struct."""
    if column["kind"] in ("times", "durations"):
        return "int64_t"
    if column["kind"] == "numbers":
        return "double"
    kinds = {isinstance(value, bool | int | float) for value in column["categories"]}
    if len(kinds) > 1:
        raise ArgumentError(
            f"column {column['name']!r} has numbers and other values as categories: no type of C has both"
        )
    return "double" if kinds == {True} else "text"


def _texts(categories: Sequence[Any], kind: str) -> list[str]:
    """Literals of categories."""
    if kind == "double":
        if any(float(value) != value for value in categories):
            raise ArgumentError("a category is an integer that a double can't hold exactly")
        return [number(float(value), "float64") for value in categories]
    for value in categories:
        if "\0" in _plain(value):
            raise ArgumentError(f"a string of C can't hold the category {shown(value)}")
    return [string(_plain(value)) for value in categories]


def _field_names(names: Sequence[Any]) -> list[str]:
    """An identifier for each column, different ones for different columns."""
    found: list[str] = []
    for index, name in enumerate(names):
        text = re.sub(r"[^A-Za-z0-9]+", "_", _plain(name)).strip("_").lower()[:50]
        if not re.match(r"[a-z]", text) or text in KEYWORDS | _MACROS:
            text = f"column_{text or index}"
        text = text.rstrip("_")
        while text in found:
            text = f"{text}_{index}"
        found.append(text)
    return found
