"""Plots as SVG: axes, lines, bands, bars, points. Colours are classes that the page's style defines."""

import math
from collections.abc import Sequence
from html import escape
from itertools import count

from pybp._common.text import shortened

__all__ = ["Axis", "Plot", "horizontal_bars", "number"]

Values = Sequence[float]

_ids = count()

_WIDTH, _HEIGHT = 460.0, 300.0
_RIGHT, _TOP, _BOTTOM = 24.0, 14.0, 46.0
_LETTER = 6.7  # width


def number(value: float) -> str:
    """A number as a page shows it, a dash for NaN."""
    return "–" if value != value else shortened(value).replace("-", "−")


class Axis:
    """A range of numbers with ticks at round ones.

    Parameters
    ----------
    low, high : float
        The range; it is widened to hold at least one number.
    label : str
        What is shown along it.
    percent : bool
        Whether the ticks show per cent.
    """

    def __init__(self, low: float, high: float, label: str, *, percent: bool = False) -> None:
        if not (math.isfinite(low) and math.isfinite(high)):
            low, high = 0.0, 1.0
        if high <= low:
            margin = abs(low) / 10 or 1.0
            low, high = low - margin, high + margin
        self.low, self.high, self.label, self.percent = low, high, label, percent

    @classmethod
    def of(cls, label: str, *values: Values, zero: bool = False, percent: bool = False) -> "Axis":
        """An axis for these values, a little wider than their range; from 0 on if `zero`."""
        finite = [v for line in values for v in line if math.isfinite(v)] or [0.0, 1.0]
        low, high = min(finite), max(finite)
        margin = (high - low) * 0.04
        return cls(min(0.0, low) if zero else low - margin, high + margin, label, percent=percent)

    def place(self, value: float) -> float:
        """Where a value lies, from 0 to 1."""
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)

    def ticks(self, most: int = 6) -> list[tuple[float, str]]:
        """Round numbers within the range, at most `most`, with their texts."""
        rough = (self.high - self.low) / (most - 1)
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(power * m for m in (1, 2, 2.5, 5, 10) if power * m >= rough * (1 - 1e-9))
        first = math.ceil(self.low / step - 1e-9)
        found = []
        while (value := first * step) <= self.high + step * 1e-9:
            found.append((value, self._text(0.0 if abs(value) < step / 1e6 else value)))
            first += 1
        return found

    def _text(self, value: float) -> str:
        return f"{value * 100:.4g} %" if self.percent else number(value)


class Plot:
    """A plot with two axes, to which lines, bars and points are added one by one.

    Parameters
    ----------
    title : str
        The title, which screen readers read.
    x, y : Axis
        The axes.
    legend : {"top right", "bottom right", "bottom left"}
        The corner for the names of lines and points; best where there are few of them.
    """

    def __init__(self, title: str, x: Axis, y: Axis, legend: str = "top right") -> None:
        self.title, self.x, self.y, self._corner = title, x, y, legend
        self._marks: list[str] = []
        self._names: list[tuple[str, int]] = []
        self._left = 30 + _LETTER * max((len(text) for _, text in y.ticks()), default=1)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        width, height = _WIDTH - self._left - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return self._left + self.x.place(x) * width, _TOP + (1 - self.y.place(y)) * height

    def line(
        self, xs: Values, ys: Values, colour: int = 0, *, name: str = "", dashed: bool = False
    ) -> "Plot":
        """A line through points, interrupted where they are not finite."""
        pieces: list[list[str]] = [[]]
        for x, y in zip(xs, ys, strict=True):
            if math.isfinite(x) and math.isfinite(y):
                pieces[-1].append("{:.1f},{:.1f}".format(*self._at(x, y)))
            elif pieces[-1]:
                pieces.append([])
        dash = " dashed" if dashed else ""
        self._marks += [
            f'<polyline class="line c{colour}{dash}" points="{" ".join(piece)}"/>'
            for piece in pieces
            if piece
        ]
        return self._named(name, colour)

    def band(self, xs: Values, low: Values, high: Values, colour: int = 0) -> "Plot":
        """The area between two lines."""
        there = [self._at(x, y) for x, y in zip(xs, high, strict=True)]
        back = [self._at(x, y) for x, y in zip(xs, low, strict=True)][::-1]
        points = " ".join(f"{x:.1f},{y:.1f}" for x, y in [*there, *back])
        self._marks.append(f'<polygon class="band f{colour}" points="{points}"/>')
        return self

    def bars(
        self, lefts: Values, rights: Values, heights: Values, colour: int = 0, name: str = ""
    ) -> "Plot":
        """Bars from 0 up."""
        for left, right, height in zip(lefts, rights, heights, strict=True):
            (x0, y0), (x1, y1) = self._at(left, height), self._at(right, 0.0)
            self._marks.append(
                f'<rect class="bar f{colour}" x="{x0:.1f}" y="{y0:.1f}" '
                f'width="{max(x1 - x0 - 1, 0.5):.1f}" height="{max(y1 - y0, 0):.1f}"/>'
            )
        return self._named(name, colour)

    def points(
        self, xs: Values, ys: Values, colour: int = 0, *, name: str = "", radius: float = 2.2
    ) -> "Plot":
        """Points."""
        places = (self._at(x, y) for x, y in zip(xs, ys, strict=True) if x == x and y == y)
        self._marks += [
            f'<circle class="point f{colour}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"/>'
            for x, y in places
        ]
        return self._named(name, colour)

    def _named(self, name: str, colour: int) -> "Plot":
        if name:
            self._names.append((name, colour))
        return self

    def svg(self, description: str = "") -> str:
        """The picture; `description` tells what it shows to those who don't see it."""
        return _svg(self.title, description, [self._frame(), *self._marks, self._legend()], _HEIGHT)

    def _frame(self) -> str:
        left, right, top, bottom = self._left, _WIDTH - _RIGHT, _TOP, _HEIGHT - _BOTTOM
        parts = []
        for value, text in self.y.ticks():
            y = self._at(self.x.low, value)[1]
            parts.append(f'<line class="grid" x1="{left}" x2="{right}" y1="{y:.1f}" y2="{y:.1f}"/>')
            parts.append(_text(left - 6, y + 4, text, "end"))
        for value, text in self.x.ticks():
            x = self._at(value, self.y.low)[0]
            parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{top}" y2="{bottom}"/>')
            parts.append(_text(x, bottom + 17, text, "middle"))
        middle = (top + bottom) / 2
        parts.append(_text((left + right) / 2, _HEIGHT - 8, self.x.label, "middle"))
        parts.append(
            f'<text x="13" y="{middle}" text-anchor="middle" '
            f'transform="rotate(-90 13 {middle})">{escape(self.y.label)}</text>'
        )
        return "".join(parts)

    def _legend(self) -> str:
        """The names of lines and points."""
        if len(self._names) < 2:
            return ""
        low, left = self._corner.startswith("bottom"), self._corner.endswith("left")
        top = _HEIGHT - _BOTTOM - 16 * len(self._names) + 8 if low else _TOP + 14
        parts = []
        for place, (whole, colour) in enumerate(self._names):
            name, y = _cut(whole, 30), top + 16 * place
            x = self._left + 6 if left else _WIDTH - _RIGHT - _LETTER * len(name) - 22
            parts.append(
                f'<rect class="f{colour}" x="{x:.0f}" y="{y - 9}" width="10" height="10"/>'
            )
            end = self._left + 22 if left else _WIDTH - _RIGHT - 6
            parts.append(_text(end, y, name, "start" if left else "end"))
        return "".join(parts)


def horizontal_bars(
    title: str,
    names: Sequence[str],
    values: Values,
    intervals: Sequence[tuple[float, float]] | None = None,
    description: str = "",
) -> str:
    """A bar for each name, with lines for intervals, the first at the top."""
    ends = [*values, *(v for pair in intervals or () for v in pair), 0.0]
    axis = Axis(min(ends), max(ends) or 1.0, "")
    left, row = 150.0, 22.0
    height = row * len(names) + 8
    width = _WIDTH - left - 60

    def at(value: float) -> float:
        return left + axis.place(value) * width

    parts = []
    for place, (name, value) in enumerate(zip(names, values, strict=True)):
        y = 4 + row * place
        low, high = sorted((at(0.0), at(value)))
        parts.append(_text(left - 6, y + 15, _cut(name, 22), "end"))
        parts.append(
            f'<rect class="bar f0" x="{low:.1f}" y="{y + 3}" width="{max(high - low, 0.5):.1f}" height="{row - 6}"/>'
        )
        if intervals is not None:
            a, b = map(at, intervals[place])
            parts.append(
                f'<line class="error" x1="{a:.1f}" x2="{b:.1f}" y1="{y + 11}" y2="{y + 11}"/>'
            )
        parts.append(_text(_WIDTH - 4, y + 15, number(value), "end"))
    return _svg(title, description, parts, height)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def _text(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(text)}</text>'


def _svg(title: str, description: str, parts: Sequence[str], height: float) -> str:
    mark = next(_ids)
    told = f'<desc id="d{mark}">{escape(description)}</desc>' if description else ""
    labels = f"t{mark} d{mark}" if description else f"t{mark}"
    return (
        f'<svg viewBox="0 0 {_WIDTH:.0f} {height:.0f}" role="img" aria-labelledby="{labels}">'
        f'<title id="t{mark}">{escape(title)}</title>{told}{"".join(parts)}</svg>'
    )
