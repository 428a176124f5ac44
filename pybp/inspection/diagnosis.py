"""Measurements of each layer that show what goes wrong in training: `MLP.diagnose`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from pybp._common.html import document, table
from pybp._common.optional import require
from pybp._common.text import aligned
from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import Inputs, Sparse
from pybp.errors import DivergenceError
from pybp.inspection.diagnosis_page import diagnosis_sections
from pybp.inspection.findings import Finding, Measurements, find
from pybp.inspection.layer_trace import LayerTrace
from pybp.inspection.trace import Trace, trace
from pybp.io.pages import write_page
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.net.state import set_training_passes, training_passes, updates_done
from pybp.optimizers import Optimizer
from pybp.training.epoch import train_epoch
from pybp.training.rates import step_rates
from pybp.training.settings import TrainSettings

__all__ = ["Diagnosis", "LayerDiagnosis", "diagnose", "evenly_spaced_rows"]

_FLAT = 0.05  # an output is saturated where the slope is below this fraction of the largest slope


@dataclass(frozen=True)
class LayerDiagnosis:
    """Measurements of one layer. Each ``_rms`` is a root mean square over all entries.

    Attributes
    ----------
    kind : str
        "dense" or another kind of layer.
    n_out : int
        Number of outputs.
    activation : str
        Name of the activation.
    activation_rms : float
        RMS of the outputs a.
    delta_rms : float
        RMS of ``dL/dz``.
    delta_ratio : float or None
        `delta_rms` divided by that of the next layer with weights; None for the last.
    gradient_rms : float or None
        RMS of ``dL/dW``; None without weights.
    weight_rms : float or None
        RMS of W; None without weights.
    update_ratio : float or None
        Norm of one update of W divided by the norm of W; None without weights.
    dead : float
        Fraction of units whose output is 0 for all samples, where the activation has derivative 0.
    saturated : float
        Fraction of outputs at which the activation's slope is below 5% of its largest slope.
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
    """The result of `MLP.diagnose`; prints as a table of the layers, then the findings.

    Attributes
    ----------
    loss : float
        Loss of the samples, computed as in training.
    loss_after : float
        Loss after one update with the gradient of these samples.
    layers : tuple of LayerDiagnosis
        One for each layer, first to last.
    findings : tuple of Finding
        The problems found, each with a remedy.
    """

    loss: float
    loss_after: float
    layers: tuple[LayerDiagnosis, ...]
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether there are no findings."""
        return not self.findings

    def found(self, name: str) -> bool:
        """Whether there is a finding named `name`."""
        return any(finding.name == name for finding in self.findings)

    def to_frame(self) -> Any:
        """The layers as a pandas DataFrame, one row for each; the index counts from 1.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        pandas = require("pandas", "Diagnosis.to_frame")
        index = pandas.RangeIndex(1, len(self.layers) + 1, name="layer")
        return pandas.DataFrame([asdict(layer) for layer in self.layers], index=index)

    def _table(self) -> list[list[str]]:
        names = [_HEADINGS.get(field.name, field.name) for field in fields(LayerDiagnosis)]
        rows = [
            [str(number), *map(_text, asdict(layer).values())]
            for number, layer in enumerate(self.layers, start=1)
        ]
        return [["layer", *names], *rows]

    @property
    def _losses(self) -> str:
        return f"loss {self.loss:.6g}, after one update {self.loss_after:.6g}"

    def __str__(self) -> str:
        lines = [f"Diagnosis: {self._losses}", "", *aligned(self._table()), ""]
        return "\n".join([*lines, *(map(str, self.findings) if self.findings else [_NO_FINDINGS])])

    __repr__ = __str__

    def to_html(self, path: Any) -> None:
        """Write a page with the layers and the findings, which needs no other file.

        Parameters
        ----------
        path : str or path
            The file; one that is there is replaced.

        Raises
        ------
        OSError
            The file can't be written.
        """
        head, *body = self._table()
        deltas = [layer.delta_rms for layer in self.layers]
        outputs = [layer.activation_rms for layer in self.layers]
        sections = diagnosis_sections(self.findings, head, body, deltas, outputs)
        write_page(path, "Diagnosis of a net", self._losses, sections)

    def _repr_html_(self) -> str:
        head, *body = self._table()
        items = "".join(f"<li>{finding._repr_html_()}</li>" for finding in self.findings)
        findings = f"<ul>{items}</ul>" if items else f'<p class="pybp-good">{_NO_FINDINGS}</p>'
        layers = table(head, body, text=(1, 3))
        return document("Diagnosis", layers, findings, note=self._losses)


_NO_FINDINGS = "Nothing wrong was found."
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


def evenly_spaced_rows(data: Data, limit: int) -> Data:
    """At most `limit` of the rows, at even distances."""
    rows = len(data)
    return data if rows <= limit else data.take(np.arange(limit) * rows // limit)


def diagnose(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss, optimizer: Optimizer
) -> Diagnosis:
    """Trace copies of `net` before and after one update, and compare them."""
    before = trace(net, layers, data, loss, training=True)
    updated_net = net.copy()
    settings = TrainSettings(loss, optimizer, len(data), shuffle=False, threads=0)
    rates = step_rates(optimizer, None, updates_done(net, optimizer), 1)
    try:
        train_epoch(updated_net, layers, data, settings, rates)
        set_training_passes(
            updated_net, training_passes(net)
        )  # dropout then draws the same masks again
        after = trace(updated_net, layers, data, loss, training=True)
        loss_after, weights = after.loss, [layer.W for layer in after.layers]
    except DivergenceError:
        loss_after, weights = math.inf, [layer.W for layer in before.layers]
    diagnoses = _diagnose_layers(before, weights)
    findings = find(_measurements(diagnoses, data.X, float(rates.lr[0]), before.loss, loss_after))
    return Diagnosis(before.loss, loss_after, diagnoses, findings)


def _measurements(
    layers: tuple[LayerDiagnosis, ...], X: Inputs, rate: float, loss: float, loss_after: float
) -> Measurements:
    """The numbers that the checks for findings need."""
    return Measurements(
        deltas=tuple(layer.delta_rms if layer.weight_rms is not None else None for layer in layers),
        dead=tuple(layer.dead for layer in layers),
        saturated=tuple(layer.saturated for layer in layers[:-1]),
        updates=tuple(layer.update_ratio for layer in layers),
        activations=tuple(layer.activation_rms for layer in layers[:-1]),
        input_rms=np.sqrt(
            np.mean(
                np.square(X.toarray() if isinstance(X, Sparse) else X, dtype=np.float64), axis=0
            )
        ),
        rate=rate,
        loss=loss,
        loss_after=loss_after,
    )


def _diagnose_layers(
    trace: Trace, updated_weights: Sequence[Array | None]
) -> tuple[LayerDiagnosis, ...]:
    """The diagnosis of each layer, computed from the last to the first."""
    layers = []
    next_delta: float | None = None  # of the next layer with weights
    for layer, updated in reversed(list(zip(trace.layers, updated_weights, strict=True))):
        delta = _rms(layer.delta)
        has_weights = layer.W is not None and layer.W.ndim == 2
        layers.append(_diagnose_layer(layer, updated, delta, next_delta if has_weights else None))
        if has_weights:
            next_delta = delta
    return tuple(reversed(layers))


def _diagnose_layer(
    layer: LayerTrace, updated: Array | None, delta: float, next_delta: float | None
) -> LayerDiagnosis:
    update_ratio = None
    if layer.W is not None and updated is not None:
        norm = float(np.linalg.norm(layer.W.astype(np.float64)))
        update_norm = float(np.linalg.norm(updated.astype(np.float64) - layer.W))
        update_ratio = update_norm / norm if norm else None
    return LayerDiagnosis(
        kind=layer.kind,
        n_out=layer.a.shape[1],
        activation=layer.activation,
        activation_rms=_rms(layer.a),
        delta_rms=delta,
        delta_ratio=None if not next_delta else delta / next_delta,
        gradient_rms=None if layer.dW is None else _rms(layer.dW),
        weight_rms=None if layer.W is None else _rms(layer.W),
        update_ratio=update_ratio,
        dead=_dead(layer),
        saturated=_saturated(layer),
    )


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def _dead(layer: LayerTrace) -> float:
    """Fraction of units that are 0 for all samples, if the activation's derivative is 0 there."""
    if layer.activation not in _FLAT_AT_ZERO:
        return 0.0
    return float(np.mean((layer.a == 0).all(axis=0)))


def _saturated(layer: LayerTrace) -> float:
    """Fraction of outputs at which a bounded activation is flat."""
    low, high = _STEEP_OUTPUTS.get(layer.activation, (-np.inf, np.inf))
    return float(np.mean((layer.a < low) | (layer.a > high)))


_FLAT_AT_ZERO = ("relu", "relu6", "hard_swish", "hard_sigmoid")


def _steep_outputs() -> dict[str, tuple[float, float]]:
    """The interval of outputs in which each activation's slope is at least _FLAT of its largest."""
    sigmoid = 0.5 * (1 + (1 - _FLAT) ** 0.5)  # a (1 - a) = _FLAT / 4
    tanh = (1 - _FLAT) ** 0.5  # 1 - a^2 = _FLAT
    softsign = 1 - _FLAT**0.5  # (1 - |a|)^2 = _FLAT
    return {
        "sigmoid": (1 - sigmoid, sigmoid),
        "tanh": (-tanh, tanh),
        "softsign": (-softsign, softsign),
        "hard_sigmoid": (np.nextafter(0.0, 1.0), np.nextafter(1.0, 0.0)),
    }


_STEEP_OUTPUTS = _steep_outputs()
