"""Cells of text files: which are missing, which are numbers, which are dates."""

import math
import re
from collections.abc import Sequence

import numpy as np

from pybp._common.types import Array

__all__ = ["MISSING", "as_dates", "as_numbers", "is_missing_text", "number"]

MISSING = frozenset(
    [
        "",
        "?",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "NaN",
        "nan",
        "-nan",
        "NULL",
        "null",
        "None",
        "none",
        "<NA>",
        ".",
    ]
)
"""Cells that stand for a missing value, blanks around them taken away."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d{1,6})?)?)?Z?")


def is_missing_text(cell: str) -> bool:
    """Whether a cell stands for a missing value."""
    return cell in MISSING


def number(cell: str, decimal: str = ".") -> float | None:
    """The number that a cell holds; None if it holds none."""
    if decimal == ",":
        cell = cell.replace(",", ".") if "." not in cell else ""
    if "_" in cell:  # which Python would take
        return None
    try:
        return float(cell)
    except ValueError:
        return None


def as_numbers(cells: Sequence[str], decimal: str = ".") -> Array | None:
    """(n,) float64 numbers, NaN where missing; None if a cell holds something else."""
    try:
        if decimal == "." and "_" not in "".join(cells):
            nan = math.nan
            return np.array([nan if c in MISSING else float(c) for c in cells], np.float64)
        found = [math.nan if c in MISSING else number(c, decimal) for c in cells]
    except ValueError:
        return None
    return None if None in found else np.array(found, np.float64)


def as_dates(cells: Sequence[str]) -> Array | None:
    """(n,) datetime64[us], NaT where missing; None if a cell is no date of ISO 8601. A zone may only be Z."""
    present = {cell for cell in cells if cell not in MISSING}
    if not present or not all(_DATE.fullmatch(cell) for cell in present):
        return None
    try:
        found = {cell: np.datetime64(cell.rstrip("Z").replace(" ", "T"), "us") for cell in present}
    except ValueError:  # such as 2024-02-31
        return None
    missing = np.datetime64("NaT", "us")
    return np.array([found.get(cell, missing) for cell in cells], "datetime64[us]")
