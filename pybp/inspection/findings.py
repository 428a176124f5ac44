"""The checks of a diagnosis; each finding names a problem, its evidence and a remedy."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from pybp._common.types import Array

__all__ = ["FINDINGS", "Finding", "Measurements", "find"]

# Thresholds of the findings.
VANISHING = 1e-3  # RMS of the first layer's delta / RMS of the last layer's
EXPLODING = 1e3
DEAD = 0.6  # fraction of a layer's units
SATURATED = 0.5  # fraction of a layer's outputs
UPDATE_HIGH = 0.1  # norm of an update / norm of the weights
UPDATE_LOW = 1e-6
INPUT_LARGE = 30.0  # RMS of a column of X


@dataclass(frozen=True)
class Finding:
    """One problem that `MLP.diagnose` found.

    Attributes
    ----------
    name : str
        Such as "vanishing gradients".
    layers : tuple of int
        The layers concerned, counted from 1; empty if the problem is not in a layer.
    evidence : str
        The numbers that show it.
    remedy : str
        What to try.
    """

    name: str
    layers: tuple[int, ...]
    evidence: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.name}: {self.evidence}\n  {self.remedy}"

    def _repr_html_(self) -> str:
        return f"<b>{escape(self.name)}</b>: {escape(self.evidence)}<br>{escape(self.remedy)}"


@dataclass(frozen=True)
class Measurements:
    """The numbers that the checks need. Tuples hold one for each layer, None where it has none."""

    deltas: tuple[float | None, ...]  # RMS of dL/dz
    dead: tuple[float, ...]
    saturated: tuple[float, ...]  # without the output layer: confident outputs are no problem
    updates: tuple[float | None, ...]
    activations: tuple[float, ...]  # RMS of a, without the output layer
    input_rms: Array  # of each column of X
    rate: float
    loss: float
    loss_after: float


def find(measured: Measurements) -> tuple[Finding, ...]:
    """The findings of all checks."""
    return tuple(finding for check in FINDINGS.values() for finding in check(measured))


def _ends(deltas: tuple[float | None, ...]) -> tuple[int, float, int, float] | None:
    """First and last layer with weights, and the RMS of their deltas."""
    known = [(number, delta) for number, delta in enumerate(deltas, 1) if delta is not None]
    return (*known[0], *known[-1]) if len(known) > 1 else None


def _vanishing(measured: Measurements) -> Iterator[Finding]:
    ends = _ends(measured.deltas)
    if ends is not None and ends[3] > 0 and ends[1] / ends[3] < VANISHING:
        first, small, last, large = ends
        yield Finding(
            "vanishing gradients",
            (first,),
            f"dL/dz is {small:.2g} in layer {first} and {large:.2g} in layer {last}, "
            f"{small / large:.1g} times as much.",
            'Use activation="relu" (or gelu, silu) with init="he_uniform", put BatchNorm() between the '
            "layers, or make them Residual([...]).",
        )


def _exploding(measured: Measurements) -> Iterator[Finding]:
    ends = _ends(measured.deltas)
    if ends is not None and ends[3] > 0 and ends[1] / ends[3] > EXPLODING:
        first, large, last, small = ends
        yield Finding(
            "exploding gradients",
            (first,),
            f"dL/dz is {large:.2g} in layer {first} and {small:.2g} in layer {last}, "
            f"{large / small:.1g} times as much.",
            'Start with smaller weights (init="auto"), put BatchNorm() or LayerNorm() between the '
            "layers, and clip the gradient: optimizer=Adam(clip_norm=1.0).",
        )
        return
    sizes = measured.activations
    if len(sizes) > 1 and sizes[0] > 0 and sizes[-1] / sizes[0] > EXPLODING:
        yield Finding(
            "exploding activations",
            (len(sizes),),
            f"a is {sizes[0]:.2g} in layer 1 and {sizes[-1]:.2g} in layer {len(sizes)}.",
            'Start with smaller weights (init="auto"), or put BatchNorm() or LayerNorm() between the '
            "layers.",
        )


def _dead(measured: Measurements) -> Iterator[Finding]:
    layers = tuple(number for number, dead in enumerate(measured.dead, 1) if dead > DEAD)
    if layers:
        worst = max(measured.dead)
        yield Finding(
            "dead units",
            layers,
            f"in {_named(layers)} most units are 0 for all samples (at most "
            f"{worst:.0%}): they don't learn.",
            'Lower the learning rate, use activation="leaky_relu" (or elu, gelu), or start with '
            "positive biases (bias_init=0.1).",
        )


def _saturated(measured: Measurements) -> Iterator[Finding]:
    layers = tuple(
        number for number, saturated in enumerate(measured.saturated, 1) if saturated > SATURATED
    )
    if layers:
        worst = max(measured.saturated)
        yield Finding(
            "saturation",
            layers,
            f"in {_named(layers)} more than half of the outputs lie where the activation is flat (at "
            f"most {worst:.0%}): little is learned there.",
            "Scale the inputs to mean 0 and standard deviation 1, start with smaller weights "
            '(init="glorot_uniform"), or put BatchNorm() before the activation.',
        )


def _rate_too_high(measured: Measurements) -> Iterator[Finding]:
    layers = tuple(
        number
        for number, ratio in enumerate(measured.updates, 1)
        if ratio is not None and ratio > UPDATE_HIGH
    )
    rises = not measured.loss_after <= measured.loss + 1e-3 * abs(measured.loss)
    if not layers and not rises:
        return
    evidence = []
    if rises:
        evidence.append(
            f"one update raises the loss from {measured.loss:.4g} to {measured.loss_after:.4g}"
        )
    if layers:
        largest = max(ratio for ratio in measured.updates if ratio is not None)
        evidence.append(f"it changes the weights of {_named(layers)} by up to {largest:.0%}")
    yield Finding(
        "learning rate too high",
        layers,
        "; ".join(evidence) + ".",
        "Lower lr by 3 to 10 times, or warm up to it: lr=schedules.Cosine(lr, warmup=0.1).",
    )


def _rate_too_low(measured: Measurements) -> Iterator[Finding]:
    ratios = [ratio for ratio in measured.updates if ratio is not None]
    learns = measured.rate > 0 and any(measured.deltas)  # else every update is 0
    if ratios and learns and max(ratios) < UPDATE_LOW:
        yield Finding(
            "learning rate too low",
            tuple(range(1, len(measured.updates) + 1)),
            f"one update changes no layer's weights by more than {max(ratios):.1g} of their norm.",
            "Raise lr by 10 times or more.",
        )


def _inputs(measured: Measurements) -> Iterator[Finding]:
    large = np.flatnonzero(measured.input_rms > INPUT_LARGE)
    if len(large):
        column = int(large[np.argmax(measured.input_rms[large])])
        yield Finding(
            "inputs out of scale",
            (),
            f"{len(large)} of {len(measured.input_rms)} inputs are large; column {column} of X is "
            f"{measured.input_rms[column]:.3g} in root mean square.",
            "Scale each column of X to mean 0 and standard deviation 1.",
        )


def _named(layers: tuple[int, ...]) -> str:
    return f"layer{'s' * (len(layers) > 1)} {', '.join(map(str, layers))}"


FINDINGS: dict[str, Callable[[Measurements], Iterator[Finding]]] = {
    "vanishing gradients": _vanishing,
    "exploding gradients": _exploding,
    "dead units": _dead,
    "saturation": _saturated,
    "learning rate too high": _rate_too_high,
    "learning rate too low": _rate_too_low,
    "inputs out of scale": _inputs,
}
"""The check for each finding, by the name of the finding."""
