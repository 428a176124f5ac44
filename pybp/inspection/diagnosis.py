"""Measures that show what goes wrong in training, layer by layer: `MLP.diagnose`."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from html import escape
from typing import Any

import numpy as np

from pybp._common.optional import require
from pybp._common.text import aligned
from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import Inputs, Sparse
from pybp.errors import DivergenceError
from pybp.inspection.findings import Finding, Measured, find
from pybp.inspection.trace import LayerTrace, Trace, trace
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.net.state import passes, set_passes, updates_done
from pybp.optimizers import Optimizer
from pybp.training.epoch import Plan, train_epoch

__all__ = ["Diagnosis", "LayerDiagnosis", "diagnose", "spread"]

_FLAT = 0.05  # of its largest value: where an activation's slope counts as saturated


@dataclass(frozen=True)
class LayerDiagnosis:
    """What a layer did with the samples. Sizes are root mean squares over rows and units.

    Attributes
    ----------
    kind : str
        "dense" or another kind of layer.
    n_out : int
        Its outputs.
    activation : str
        Its activation.
    activation_rms : float
        Size of its outputs a.
    delta_rms : float
        Size of ``dL/dz``.
    delta_ratio : float or None
        Size of delta as a share of that of the next layer with weights; None for the last.
    gradient_rms : float or None
        Size of ``dL/dW``; None without weights.
    weight_rms : float or None
        Size of W.
    update_ratio : float or None
        Norm of one update of W as a share of the norm of W.
    dead : float
        Share of units whose output is 0 for all samples and can't change: no delta passes.
    saturated : float
        Share of outputs where the activation is flat: its slope below 5% of the largest.
    """

    kind: str
    n_out: int
    activation: str
    activation_rms: float
    delta_rms: float
    delta_ratio: float | None
    gradient_rms: float | None
    weight_rms: float | None
    update_ratio: float | None
    dead: float
    saturated: float


@dataclass(frozen=True)
class Diagnosis:
    """What `MLP.diagnose` found; prints as a table with the findings below.

    Attributes
    ----------
    loss : float
        The loss of the samples, as in training.
    loss_after : float
        The loss after one update from them.
    layers : tuple of LayerDiagnosis
        From the first to the last.
    findings : tuple of Finding
        What is wrong, each with a remedy.
    """

    loss: float
    loss_after: float
    layers: tuple[LayerDiagnosis, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing was found."""
        return not self.findings

    def found(self, name: str) -> bool:
        """Whether there is a finding of that name."""
        return any(finding.name == name for finding in self.findings)

    def to_frame(self) -> Any:
        """The layers as a pandas DataFrame, a row for each, counted from 1.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        pandas = require("pandas", "pandas", "Diagnosis.to_frame")
        index = pandas.RangeIndex(1, len(self.layers) + 1, name="layer")
        return pandas.DataFrame([asdict(layer) for layer in self.layers], index=index)

    def _table(self) -> list[list[str]]:
        names = [_HEADINGS.get(field.name, field.name) for field in fields(LayerDiagnosis)]
        rows = [
            [str(place), *map(_text, asdict(layer).values())]
            for place, layer in enumerate(self.layers, start=1)
        ]
        return [["layer", *names], *rows]

    @property
    def _title(self) -> str:
        return f"Diagnosis: loss {self.loss:.6g}, after one update {self.loss_after:.6g}"

    def __str__(self) -> str:
        lines = [self._title, "", *aligned(self._table()), ""]
        return "\n".join([*lines, *(map(str, self.findings) if self.findings else [_ALL_WELL])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        head, *body = self._table()
        heading = "".join(f"<th>{escape(cell)}</th>" for cell in head)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body
        )
        found = "".join(f"<li>{finding._repr_html_()}</li>" for finding in self.findings)
        return (
            f"<div><p>{escape(self._title)}</p>"
            f"<table><thead><tr>{heading}</tr></thead><tbody>{rows}</tbody></table>"
            f"{f'<ul>{found}</ul>' if found else f'<p>{_ALL_WELL}</p>'}</div>"
        )


_ALL_WELL = "Nothing wrong was found."
_HEADINGS = {
    "n_out": "units",
    "activation_rms": "a",
    "delta_rms": "delta",
    "delta_ratio": "ratio",
    "gradient_rms": "dW",
    "weight_rms": "W",
    "update_ratio": "update",
}


def _text(value: float | str | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3g}" if isinstance(value, float) else str(value)


# ---- measuring -------------------------------------------------------------------------------


def spread(data: Data, most: int) -> Data:
    """At most so many of the rows, spread evenly."""
    rows = len(data)
    return data if rows <= most else data.take(np.arange(most) * rows // most)


def diagnose(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss, optimizer: Optimizer
) -> Diagnosis:
    """Look at a pass through a copy of `net`, and at what one update does to it."""
    seen = trace(net, layers, data, loss, training=True)
    twin = net.copy()
    plan = Plan(loss, optimizer, len(data), shuffle=False, threads=0)
    rates = optimizer.rates(updates_done(net, optimizer), 1)
    try:
        train_epoch(twin, layers, data, plan, rates)
        set_passes(twin, passes(net))  # so that dropout has the same masks again
        updated = trace(twin, layers, data, loss, training=True)
        after, weights = updated.loss, [layer.W for layer in updated.layers]
    except DivergenceError:
        after, weights = math.inf, [layer.W for layer in seen.layers]
    measured = _layers(seen, weights)
    found = find(_measured(measured, data.X, float(rates[0]), seen.loss, after))
    return Diagnosis(seen.loss, after, measured, found)


def _measured(
    layers: tuple[LayerDiagnosis, ...], X: Inputs, rate: float, loss: float, loss_after: float
) -> Measured:
    """What the findings are made from."""
    return Measured(
        ratios=tuple(layer.delta_ratio for layer in layers),
        deltas=tuple(layer.delta_rms if layer.weight_rms is not None else None for layer in layers),
        dead=tuple(layer.dead for layer in layers),
        saturated=tuple(layer.saturated for layer in layers[:-1]),
        updates=tuple(layer.update_ratio for layer in layers),
        activations=tuple(layer.activation_rms for layer in layers[:-1]),
        input_sizes=np.sqrt(
            np.mean(
                np.square(X.toarray() if isinstance(X, Sparse) else X, dtype=np.float64), axis=0
            )
        ),
        rate=rate,
        loss=loss,
        loss_after=loss_after,
    )


def _layers(trace: Trace, updated: Sequence[Array | None]) -> tuple[LayerDiagnosis, ...]:
    """What each layer did."""
    layers = []
    following: float | None = None  # delta of the next layer with weights
    for layer, after in reversed(list(zip(trace.layers, updated, strict=True))):
        delta = _rms(layer.delta)
        has_weights = layer.W is not None and layer.W.ndim == 2
        layers.append(_layer(layer, after, delta, following if has_weights else None))
        if has_weights:
            following = delta
    return tuple(reversed(layers))


def _layer(
    layer: LayerTrace, after: Array | None, delta: float, following: float | None
) -> LayerDiagnosis:
    update = None
    if layer.W is not None and after is not None:
        size = float(np.linalg.norm(layer.W.astype(np.float64)))
        step = float(np.linalg.norm(after.astype(np.float64) - layer.W))
        update = step / size if size else None
    return LayerDiagnosis(
        kind=layer.kind,
        n_out=layer.a.shape[1],
        activation=layer.activation,
        activation_rms=_rms(layer.a),
        delta_rms=delta,
        delta_ratio=None if not following else delta / following,
        gradient_rms=None if layer.dW is None else _rms(layer.dW),
        weight_rms=None if layer.W is None else _rms(layer.W),
        update_ratio=update,
        dead=_dead(layer),
        saturated=_saturated(layer),
    )


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _dead(layer: LayerTrace) -> float:
    """Share of units at 0 for all samples, of an activation that is flat there."""
    if layer.activation not in _ZERO_WHERE_FLAT:
        return 0.0
    return float(np.mean((layer.a == 0).all(axis=0)))


def _saturated(layer: LayerTrace) -> float:
    """Share of outputs where a bounded activation is flat."""
    low, high = _CURVED.get(layer.activation, (-np.inf, np.inf))
    return float(np.mean((layer.a < low) | (layer.a > high)))


_ZERO_WHERE_FLAT = ("relu", "relu6", "hard_swish", "hard_sigmoid")


def _curved() -> dict[str, tuple[float, float]]:
    """Between which outputs a bounded activation's slope is at least _FLAT of its largest."""
    sigmoid = 0.5 * (1 + (1 - _FLAT) ** 0.5)  # a (1 - a) = _FLAT / 4
    tanh = (1 - _FLAT) ** 0.5  # 1 - a^2 = _FLAT
    softsign = 1 - _FLAT**0.5  # (1 - |a|)^2 = _FLAT
    return {
        "sigmoid": (1 - sigmoid, sigmoid),
        "tanh": (-tanh, tanh),
        "softsign": (-softsign, softsign),
        "hard_sigmoid": (np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)),
    }


_CURVED = _curved()
