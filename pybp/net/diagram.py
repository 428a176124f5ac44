"""A net as a small picture: boxes from left to right, residual blocks with their bypass."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from pybp.layers import Activation, Concat, Dense, Embedding, Layer, ParametricActivation, Residual
from pybp.net.structure import Part

__all__ = ["diagram"]

_GAP = 20.0  # between two boxes, for the arrow
_HALF = 21.0  # half the height of a box
_PAD = 10.0  # inside the frame of a block
_RADIUS = 9.0  # of the sum
_MOST = 30  # boxes in a row; those in the middle are left out

_COLOURS = {
    "input": "127,127,127",
    "dense": "31,119,180",
    "activation": "230,126,34",
    "norm": "39,174,96",
    "noise": "149,117,205",
    "embedding": "192,57,43",
}
_GROUPS = {
    "dense": "dense",
    "activation": "activation",
    "parametric_activation": "activation",
    "batch_norm": "norm",
    "layer_norm": "norm",
    "rms_norm": "norm",
    "scale": "norm",
    "dropout": "noise",
    "alpha_dropout": "noise",
    "gaussian_noise": "noise",
    "grouped_dense": "dense",
    "periodic": "embedding",
    "embedding": "embedding",
    "join": "embedding",
}


@dataclass(frozen=True)
class _Shape:
    """A drawn part: its size, and what draws it around the axis y = 0 from x on."""

    width: float
    up: float
    down: float
    svg: str  # drawn from x = 0 on


def diagram(parts: Sequence[Part], n_in: int) -> str:
    """The picture as SVG, in the colour of the text around it."""
    row = _row([_box("input", str(n_in), "input"), *_shapes(parts)])
    width, height = row.width + 2, row.up + row.down + 2
    return (
        f'<svg width="{width:.0f}" height="{height:.0f}" role="img" aria-label="layers of the net">'
        f'<g transform="translate(1 {row.up + 1:.1f})">{row.svg}</g></svg>'
    )


def _shapes(parts: Sequence[Part]) -> list[_Shape]:
    """The parts, without those in the middle of very many."""
    if len(parts) <= _MOST:
        return [_shape(part) for part in parts]
    half = _MOST // 2
    left_out = _box(f"{len(parts) - 2 * half} more", "...", "input")
    return [*map(_shape, parts[:half]), left_out, *map(_shape, parts[-half:])]


def _shape(part: Part) -> _Shape:
    if isinstance(part.entry, Residual | Concat):
        return _block(part)
    layer = part.own[-1][1]
    group = _GROUPS.get(layer.kind, "input")
    if isinstance(part.entry, Dense):
        return _dense(layer)
    if isinstance(part.entry, Activation | ParametricActivation):
        return _box(layer.activation.name, "", group)
    if isinstance(part.entry, Embedding):
        columns = len(part.own) - 1
        return _box("Embedding", f"{columns} column{'s' * (columns > 1)}", group)
    text = ", ".join(f"{value:g}" for value in layer.params if layer.kind not in _NORMS)
    return _box(type(part.entry).__name__, text, group)


_NORMS = tuple(kind for kind, group in _GROUPS.items() if group == "norm")


def _block(part: Part) -> _Shape:
    """The branch on the axis, the bypass above it, and the sum at the end, or two outputs side by side."""
    branch = _row(_shapes(part.children))
    fork, begin = _PAD + 6, 2 * _PAD + 10
    plus = begin + branch.width + _GAP + _RADIUS  # the middle of the sum
    width = plus + _RADIUS + _PAD
    projection = _row([_dense(part.own[0][1])]) if len(part.own) > 1 else _Shape(0, 0, 0, "")
    above = branch.up + _PAD + max(projection.down, 10)
    left = begin + (branch.width - projection.width) / 2
    up, down = above + _PAD + projection.up, branch.down + _PAD
    beside = isinstance(part.entry, Concat)
    inner = "-3h10m-10 6h10" if beside else f"0h10M{plus:.1f} -5v10"
    svg = [
        _frame(width, up, down),
        _arrow(0, begin),
        _moved(branch.svg, begin),
        _arrow(begin + branch.width, plus - _RADIUS),
        f'<path d="M{fork:.1f} 0V{-above:.1f}H{left:.1f}" {_STROKE}/>',
        _moved(projection.svg, left, -above),
        f'<path d="M{left + projection.width:.1f} {-above:.1f}H{plus:.1f}V{-_RADIUS}" {_STROKE}/>',
        _head(plus, -_RADIUS, down=True),
        f'<circle cx="{plus:.1f}" cy="0" r="{_RADIUS}" {_STROKE}/>',
        f'<path d="M{plus - 5:.1f} {inner}" {_STROKE}/>',
    ]
    return _Shape(width, up, down, "".join(svg))


def _dense(layer: Layer) -> _Shape:
    return _box(f"Dense {layer.n_out}", layer.activation.name, "dense")


def _row(shapes: Sequence[_Shape]) -> _Shape:
    """Shapes beside each other, with arrows between them."""
    svg: list[str] = []
    x = 0.0
    for shape in shapes:
        if svg:
            svg.append(_arrow(x, x + _GAP))
            x += _GAP
        svg.append(_moved(shape.svg, x))
        x += shape.width
    up, down = max(shape.up for shape in shapes), max(shape.down for shape in shapes)
    return _Shape(x, up, down, "".join(svg))


# ---- what is drawn -------------------------------------------------------------------------------

_STROKE = 'fill="none" stroke="currentColor" stroke-opacity="0.6"'


def _box(first: str, second: str, group: str) -> _Shape:
    """A box with one or two lines of text."""
    width = max(44.0, 7.0 * max(len(first), len(second)) + 16)
    lines = [(first, -4 if second else 4, 1.0), (second, 12, 0.7)]
    text = "".join(
        f'<text x="{width / 2:.1f}" y="{y}" text-anchor="middle" opacity="{opacity}">'
        f"{escape(line)}</text>"
        for line, y, opacity in lines
        if line
    )
    colour = _COLOURS[group]
    return _Shape(
        width,
        _HALF,
        _HALF,
        f'<rect y="{-_HALF}" width="{width:.1f}" height="{2 * _HALF}" rx="6" '
        f'fill="rgba({colour},0.18)" stroke="rgba({colour},0.9)"/>{text}',
    )


def _frame(width: float, up: float, down: float) -> str:
    """The dashed box of a block."""
    return (
        f'<rect y="{-up:.1f}" width="{width:.1f}" height="{up + down:.1f}" rx="8" '
        'fill="rgba(127,127,127,0.07)" stroke="currentColor" stroke-opacity="0.45" '
        'stroke-dasharray="4 3"/>'
    )


def _moved(svg: str, x: float, y: float = 0.0) -> str:
    return f'<g transform="translate({x:.1f} {y:.1f})">{svg}</g>'


def _arrow(x1: float, x2: float) -> str:
    """An arrow to the right, on the axis."""
    return f'<path d="M{x1:.1f} 0H{x2:.1f}" {_STROKE}/>{_head(x2, 0)}'


def _head(x: float, y: float, *, down: bool = False) -> str:
    """The head of an arrow, which points to the right or down."""
    corners = (
        ((x, y), (x - 4, y - 6), (x + 4, y - 6))
        if down
        else ((x, y), (x - 6, y - 4), (x - 6, y + 4))
    )
    points = " ".join(f"{a:.1f},{b:.1f}" for a, b in corners)
    return f'<polygon points="{points}" fill="currentColor" fill-opacity="0.6"/>'
