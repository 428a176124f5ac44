"""Encodings of columns as JSON, and back: docs/preprocessing.md defines the fields."""

from collections.abc import Mapping
from typing import Any

from pybp._common.arguments import shown
from pybp.errors import ArgumentError
from pybp.tabular.categories import category_from_json, category_to_json
from pybp.tabular.encodings import Categories, Durations, Encoding, LeftOut, Numbers, Times
from pybp.tabular.times import PARTS

__all__ = ["described", "encoding_of"]

_REASONS = ("constant", "missing", "ids", "duplicate")

_FIELDS: dict[str, dict[str, type]] = {
    "numbers": {"missing_indicator": bool},
    "durations": {"missing_indicator": bool},
    "times": {"missing_indicator": bool, "parts": list, "first": int},
    "categories": {"categories": list, "one_hot": bool, "other": int, "missing": int},
    "left_out": {"reason": str},
}
"""For each kind of encoding its fields besides "name" and "kind", and their types."""


def described(encoding: Encoding) -> dict[str, Any]:
    """An encoding as JSON.

    Raises
    ------
    TypeError
        A name or a category is no string, number, bool or date.
    """
    name = category_to_json(encoding.name, "a column's name")
    found = {"name": name, "kind": encoding.kind}
    for field in _FIELDS[encoding.kind]:
        value = getattr(encoding, field)
        if field == "categories":
            what = f"a category of column {name!r}"
            value = [category_to_json(category, what) for category in value]
        found[field] = list(value) if isinstance(value, tuple) else value
    return found


def encoding_of(column: Any) -> Encoding:
    """The encoding that `described` described.

    Raises
    ------
    ArgumentError
        It describes none.
    """
    kind = column.get("kind") if isinstance(column, Mapping) else None
    fields = _FIELDS.get(kind) if isinstance(kind, str) else None
    if fields is None or set(column) != {"name", "kind", *fields}:
        raise ArgumentError(
            f"a column is described by 'name', 'kind' and {_FIELDS}, got {shown(column)}"
        )
    values = {field: column[field] for field in fields}
    if not all(type(values[field]) is wanted for field, wanted in fields.items()):
        raise ArgumentError(f"a column of kind {kind!r} has {fields}, got {shown(column)}")
    name = category_from_json(column["name"])
    if kind == "left_out":
        return _checked(LeftOut(name, **values), values["reason"] in _REASONS, column)
    if kind == "categories":
        values["categories"] = tuple(category_from_json(v) for v in values["categories"])
        return _checked_categories(Categories(name, **values), column)
    if kind == "times":
        parts = values["parts"] = tuple(values["parts"])
        good = bool(parts) and all(parts.count(part) == (part in [*PARTS]) for part in parts)
        good = good and abs(values["first"]) < 2**63
        return _checked(Times(name, **values), good, column)
    return (Numbers if kind == "numbers" else Durations)(name, **values)


def _checked_categories(encoding: Categories, column: Any) -> Encoding:
    n, codes = len(encoding.categories), (encoding.other, encoding.missing)
    low = -1 if encoding.one_hot else 0
    good = all(low <= code <= n + 1 for code in codes) and len(set(encoding.categories)) == n
    return _checked(encoding, good and encoding.n_codes > 0, column)


def _checked(encoding: Encoding, good: bool, column: Any) -> Encoding:
    if not good:
        raise ArgumentError(f"wrong values in the description of a column: {shown(column)}")
    return encoding
