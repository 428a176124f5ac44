"""The tables of a traced layer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from pybp._common.html import table as html_table
from pybp._common.text import aligned
from pybp._common.types import Array
from pybp.inspection.layer_trace import LayerTrace

__all__ = ["Table", "tables"]

_FEW = 8  # samples whose numbers are all shown
_NEURONS_SHOWN = 12
_WEIGHTS_SHOWN = 8


@dataclass(frozen=True)
class Table:
    """A table of text, and a line below it."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def lines(self) -> list[str]:
        """The table as lines of text."""
        return [*aligned([self.head, *self.rows]), *([self.note] if self.note else [])]

    def html(self) -> str:
        """The table as HTML."""
        note = f"<div><code>{escape(self.note)}</code></div>" if self.note else ""
        return html_table(self.head, self.rows) + note


def tables(layer: LayerTrace) -> list[Table]:
    """Of one sample a table; of a few samples their numbers, of more of them statistics."""
    rows = len(layer.a)
    if rows == 1:
        return [_one_sample(layer)]
    return list(_few_samples(layer)) if rows <= _FEW else [_statistics(layer)]


def _columns(layer: LayerTrace) -> dict[str, Array]:
    """The quantities of the neurons, (rows, n_out) each, without those that are another one."""
    columns = {"z": layer.z, "a": layer.a}
    if layer.elementwise:
        columns["f'(z)"] = layer.derivative
    if not np.array_equal(layer.dL_da, layer.delta, equal_nan=True):
        columns["dL/da"] = layer.dL_da
    columns["delta"] = layer.delta
    return {name: values for name, values in columns.items() if values is not None}


def _gradients(layer: LayerTrace) -> dict[str, Array]:
    """The gradients of the neurons' parameters, (n_out,) each."""
    columns = {} if layer.db is None else {"db": layer.db}
    if layer.dW is None:
        return columns
    if layer.dW.ndim == 1:
        return columns | {"dgamma": layer.dW}
    return columns | {f"dW[{i}]": column for i, column in enumerate(layer.dW.T[:_WEIGHTS_SHOWN])}


def _shortened(layer: LayerTrace) -> bool:
    return layer.dW is not None and layer.dW.ndim == 2 and layer.dW.shape[1] > _WEIGHTS_SHOWN


def _one_sample(layer: LayerTrace) -> Table:
    """A line for each neuron, and below them dL/d input."""
    columns = {name: values[0] for name, values in _columns(layer).items()} | _gradients(layer)
    more = ["..."] * _shortened(layer)
    rows = [
        [str(j), *(_number(values[j]) for values in columns.values()), *more]
        for j in range(min(layer.a.shape[1], _NEURONS_SHOWN))
    ]
    note = _more_neurons(layer)
    if layer.back is not None:
        formula = "delta W" if layer.kind == "dense" else "dL/d input"
        back = " ".join(_cells(layer.back[0]))
        note += ("\n" if note else "") + f"back = {formula}: {back}"
    return Table(["neuron", *columns, *more], rows, note)


def _few_samples(layer: LayerTrace) -> Iterator[Table]:
    """A line for each sample and neuron, then one for each neuron's gradients, then dL/d input."""
    columns, gradients = _columns(layer), _gradients(layer)
    shown = range(min(layer.a.shape[1], _NEURONS_SHOWN))
    more = ["..."] * _shortened(layer)
    rows = [
        [str(r), str(j), *(_number(values[r, j]) for values in columns.values())]
        for r in range(len(layer.a))
        for j in shown
    ]
    yield Table(["sample", "neuron", *columns], rows, _more_neurons(layer))
    if gradients:
        rows = [[str(j), *(_number(v[j]) for v in gradients.values()), *more] for j in shown]
        yield Table(["neuron", *gradients, *more], rows)
    if layer.back is not None:
        numbers = map(str, range(min(layer.back.shape[1], _WEIGHTS_SHOWN)))
        head = [*(f"back[{number}]" for number in numbers)]
        rows = [[str(r), *_cells(values)] for r, values in enumerate(layer.back)]
        dots = ["..."] * (layer.back.shape[1] > _WEIGHTS_SHOWN)
        yield Table(["sample", *head, *dots], rows)


def _statistics(layer: LayerTrace) -> Table:
    """A line for each quantity."""
    rows = []
    named = {**_columns(layer), "dW": layer.dW, "db": layer.db, "back": layer.back}
    for name, values in named.items():
        if values is not None:
            rms = np.sqrt(np.mean(np.square(values)))
            numbers = values.min(), values.mean(), values.max(), rms
            rows.append([name, str(values.shape), *map(_number, numbers)])
    return Table(["", "shape", "min", "mean", "max", "rms"], rows)


def _more_neurons(layer: LayerTrace) -> str:
    more = layer.a.shape[1] - _NEURONS_SHOWN
    return f"... {more} more neurons" if more > 0 else ""


def _cells(values: Array) -> list[str]:
    """The first of them, and dots if there are more."""
    return [*map(_number, values[:_WEIGHTS_SHOWN]), *["..."] * (len(values) > _WEIGHTS_SHOWN)]


def _number(value: float) -> str:
    return f"{value:.6g}"
