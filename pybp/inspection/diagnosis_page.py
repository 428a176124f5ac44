"""The sections of the page that a diagnosis writes."""

from __future__ import annotations

import math
from collections.abc import Sequence

from pybp._common.page import Section, figure, note, side_by_side, table
from pybp._common.svg import horizontal_bars
from pybp.inspection.findings import Finding

__all__ = ["diagnosis_sections"]

_WORDS = (
    ("a", "root mean square of the outputs a: near 0 or very large is bad for the next layer"),
    ("delta", "root mean square of δ = ∂L/∂z: what reaches the layer on the way back"),
    (
        "ratio",
        "δ divided by that of the next layer with weights: far below 1 in every layer is a vanishing gradient, far above 1 an exploding one",
    ),
    ("dW", "root mean square of ∂L/∂W"),
    ("W", "root mean square of the weights"),
    ("update", "norm of one update divided by the norm of the weights: about 0.001 is usual"),
    ("dead", "fraction of units that are 0 for all samples, where the activation has no slope"),
    ("saturated", "fraction of outputs where the activation is nearly flat"),
)


def diagnosis_sections(
    findings: Sequence[Finding],
    head: Sequence[str],
    rows: Sequence[Sequence[str]],
    deltas: Sequence[float],
    outputs: Sequence[float],
) -> list[Section]:
    """Findings first, then the layers with pictures, then what the columns mean.

    `head` and `rows` are the table of the layers; `deltas` and `outputs` are the root mean squares of
    delta and a of each layer.
    """
    names = [f"{row[0]}: {row[1]}" for row in rows]
    pictures = side_by_side(
        _powers("δ, powers of ten", names, deltas, _HEALTHY_DELTAS),
        _powers("a, powers of ten", names, outputs, _HEALTHY_OUTPUTS),
    )
    return [
        Section("findings", "Findings", (_findings(findings),)),
        Section("layers", "Layers", (table(head, rows, text=(1, 3)), pictures)),
        Section("words", "What the columns mean", (table(["column", ""], _WORDS, text=(0, 1)),)),
    ]


_HEALTHY_DELTAS = "What comes back to each layer; even bars are a healthy gradient."
_HEALTHY_OUTPUTS = "What each layer gives on; even bars are healthy."


def _findings(findings: Sequence[Finding]) -> str:
    if not findings:
        return note("Nothing wrong was found.")
    return "".join(f'<div class="warning">{finding._repr_html_()}</div>' for finding in findings)


def _powers(title: str, names: Sequence[str], values: Sequence[float], caption: str) -> str:
    """Bars as long as the power of ten by which a value exceeds the smallest one."""
    known = [math.log10(v) for v in values if v > 0 and math.isfinite(v)]
    floor = math.floor(min(known)) - 1 if known else 0
    heights = [math.log10(v) - floor if v > 0 and math.isfinite(v) else 0.0 for v in values]
    numbers = table(
        ["layer", "root mean square"], [[n, f"{v:.3g}"] for n, v in zip(names, values, strict=True)]
    )
    svg = horizontal_bars(title, names, heights, None, caption)
    return figure(svg, title, f"{caption} Bars begin at 10^{floor}.", numbers)
