"""Small pictures of curves as SVG, in the colours of the page around them."""

import math
from collections.abc import Mapping, Sequence
from html import escape

__all__ = ["curves"]

_WIDTH, _HEIGHT = 236.0, 120.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 58.0, 20.0, 8.0, 18.0
_COLOURS = ("rgb(52,138,206)", "rgb(230,126,34)")


def curves(title: str, x: Sequence[int], lines: Mapping[str, Sequence[float]]) -> str:
    """Up to two curves over x, with their names; values that are not finite are left out."""
    finite = [value for line in lines.values() for value in line if math.isfinite(value)]
    low, high = (min(finite), max(finite)) if finite else (0.0, 1.0)
    parts = [_text(_LEFT, 12, title, "start", bold=True), _frame()]
    parts += [_text(_LEFT - 4, y, f"{v:.3g}", "end") for v, y in ((high, 28), (low, 102))]
    parts += [_text(_LEFT, 116, str(x[0]), "start"), _text(_WIDTH - _RIGHT, 116, str(x[-1]), "end")]
    for place, (name, values) in enumerate(lines.items()):
        colour = _COLOURS[place]
        points = [
            (_LEFT + _share(at, x[0], x[-1]) * (_WIDTH - _LEFT - _RIGHT), _y(value, low, high))
            for at, value in zip(x, values, strict=True)
            if math.isfinite(value)
        ]
        parts.append(_line(points, colour))
        if len(lines) > 1:
            parts.append(
                _text(_WIDTH - _RIGHT - (58 if place == 0 else 0), 12, name, "end", colour=colour)
            )
    size = f'width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" style="display:inline-block"'
    return f'<svg {size} role="img" aria-label="{escape(title)}">{"".join(parts)}</svg>'


def _share(value: float, low: float, high: float) -> float:
    """The position of a value between two others, from 0 to 1; 1/2 if these are equal."""
    return (value - low) / (high - low) if high > low else 0.5


def _y(value: float, low: float, high: float) -> float:
    return _TOP + 4 + (1 - _share(value, low, high)) * (_HEIGHT - _TOP - _BOTTOM - 8)


def _line(points: Sequence[tuple[float, float]], colour: str) -> str:
    if len(points) == 1:
        ((x, y),) = points
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" style="fill:{colour}"/>'
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke-width="1.6" style="stroke:{colour}"/>'


def _frame() -> str:
    return (
        f'<rect x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}" fill="none" stroke="currentColor" '
        'stroke-opacity="0.3"/>'
    )


def _text(
    x: float, y: float, text: str, anchor: str, *, bold: bool = False, colour: str = ""
) -> str:
    style = f"fill:{colour};" if colour else ""
    style += "font-weight:600;" if bold else "font-size:10.5px;"
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" style="{style}">{escape(text)}</text>'
