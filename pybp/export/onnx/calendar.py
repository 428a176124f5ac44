"""Parts of a time, an integer of microseconds since 1970, as ONNX operators on integers.

The date follows from the number of the day by the algorithm of Howard Hinnant, "chrono-compatible low-level
date algorithms", 2013: years begin in March, so that the leap day is their last one.
"""

from __future__ import annotations

import numpy as np

from pybp.export.onnx.writer import GraphWriter

__all__ = ["time_part"]

_DAY = 86_400_000_000
_ERA = 146_097
"""Days of 400 years."""
_INT64 = np.dtype(np.int64)


class _Integers:
    """Operators on integers and constants."""

    def __init__(self, graph: GraphWriter) -> None:
        self.graph = graph

    def constant(self, value: int) -> str:
        return self.graph.number(value, _INT64)

    def add(self, a: str, b: str | int) -> str:
        return self._of("Add", a, b)

    def subtract(self, a: str, b: str | int) -> str:
        return self._of("Sub", a, b)

    def multiply(self, a: str, b: int) -> str:
        return self._of("Mul", a, b)

    def divide(self, a: str, b: int) -> str:
        """The quotient of numbers >= 0, rounded down."""
        return self._of("Div", a, b)

    def remainder(self, a: str, b: int) -> str:
        """The remainder >= 0."""
        return self._of("Mod", a, b)

    def floor(self, a: str, b: int) -> str:
        """The quotient of any numbers, rounded down."""
        return self.divide(self.subtract(a, self.remainder(a, b)), b)

    def below(self, a: str, b: int, yes: str, no: str) -> str:
        """``yes if a < b else no``."""
        return self.graph.node("Where", self._of("Less", a, b), yes, no)

    def _of(self, op: str, a: str, b: str | int) -> str:
        return self.graph.node(op, a, b if isinstance(b, str) else self.constant(b))


def time_part(graph: GraphWriter, micros: str, part: str, first: int) -> str:
    """A part of times, in float64; docs/preprocessing.md defines the parts."""
    n = _Integers(graph)
    if part == "days":
        days = graph.node("Cast", n.subtract(micros, first), to=11)
        return graph.node("Div", days, graph.number(float(_DAY), np.dtype(np.float64)))
    if part == "hour":
        rest = graph.node("Cast", n.remainder(micros, _DAY), to=11)
        return graph.node("Div", rest, graph.number(3.6e9, np.dtype(np.float64)))
    day = n.floor(micros, _DAY)
    if part == "weekday":
        return graph.node("Cast", n.remainder(n.add(day, 3), 7), to=11)
    return graph.node("Cast", _date_part(n, day, part), to=11)


def _date_part(n: _Integers, day: str, part: str) -> str:
    """Year, month or day of the year."""
    shifted = n.add(day, 719_468)  # since the first of March of the year 0
    era = n.floor(shifted, _ERA)
    of_era = n.remainder(shifted, _ERA)
    leaps = n.subtract(n.divide(of_era, 36_524), n.divide(of_era, 1460))
    leaps = n.subtract(leaps, n.divide(of_era, _ERA - 1))
    year_of_era = n.divide(n.add(of_era, leaps), 365)
    gregorian = n.subtract(n.divide(year_of_era, 4), n.divide(year_of_era, 100))
    of_year = n.subtract(n.subtract(of_era, n.multiply(year_of_era, 365)), gregorian)
    month = n.divide(n.add(n.multiply(of_year, 5), 2), 153)  # March is 0
    year = n.add(year_of_era, n.multiply(era, 400))
    next_year = n.below(month, 10, year, n.add(year, 1))
    if part == "month":
        return n.below(month, 10, n.add(month, 3), n.subtract(month, 9))
    if part == "year":
        return next_year
    if part != "day_of_year":
        raise NotImplementedError(part)
    in_march = n.add(n.add(of_year, 60), _leap(n, year))
    return n.below(month, 10, in_march, n.subtract(of_year, 305))


def _leap(n: _Integers, year: str) -> str:
    """1 for leap years, else 0."""
    zero, one = n.constant(0), n.constant(1)
    by_100 = n.below(n.remainder(year, 400), 1, one, zero)
    by_4 = n.below(n.remainder(year, 100), 1, by_100, one)
    return n.below(n.remainder(year, 4), 1, by_4, zero)
