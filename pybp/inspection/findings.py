"""The findings of a diagnosis: what is wrong, how it shows, and what helps."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import escape

import numpy as np

from pybp._common.types import Array

__all__ = ["FINDINGS", "Finding", "Measured", "find"]

# Where the findings begin.
VANISHING = 1e-3  # delta of the first layer as a share of the last one's
EXPLODING = 1e3
DEAD = 0.6  # share of a layer's units
SATURATED = 0.5  # share of a layer's outputs
UPDATE_HIGH = 0.1  # norm of an update as a share of the norm of the weights
UPDATE_LOW = 1e-6
INPUT_LARGE = 30.0  # root mean square of an input


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong.

    Attributes
    ----------
    name : str
        Such as "vanishing gradients".
    layers : tuple of int
        Where it shows, counted from 1; empty if it is no matter of layers.
    evidence : str
        The numbers that say so.
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
class Measured:
    """What the findings are made from; a number for each layer, None where it has none."""

    ratios: tuple[float | None, ...]
    deltas: tuple[float | None, ...]
    dead: tuple[float, ...]
    saturated: tuple[float, ...]  # without the output layer, which may be sure of itself
    updates: tuple[float | None, ...]
    activations: tuple[float, ...]
    input_sizes: Array
    rate: float
    loss: float
    loss_after: float


def find(seen: Measured) -> tuple[Finding, ...]:
    """All findings."""
    return tuple(finding for check in FINDINGS.values() for finding in check(seen))


def _ends(deltas: tuple[float | None, ...]) -> tuple[int, float, int, float] | None:
    """First and last layer with weights, and the sizes of their deltas."""
    known = [(place, delta) for place, delta in enumerate(deltas, 1) if delta is not None]
    return (*known[0], *known[-1]) if len(known) > 1 else None


def _vanishing(seen: Measured) -> Iterator[Finding]:
    ends = _ends(seen.deltas)
    if ends is not None and ends[3] > 0 and ends[1] / ends[3] < VANISHING:
        first, small, last, large = ends
        yield Finding(
            "vanishing gradients",
            (first,),
            f"dL/dz is {small:.2g} in layer {first} and {large:.2g} in layer {last}, "
            f"{small / large:.1g} of it remains.",
            'Use activation="relu" (or gelu, silu) with init="he_uniform", put BatchNorm() between the '
            "layers, or make them Residual([...]).",
        )


def _exploding(seen: Measured) -> Iterator[Finding]:
    ends = _ends(seen.deltas)
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
    sizes = seen.activations
    if len(sizes) > 1 and sizes[0] > 0 and sizes[-1] / sizes[0] > EXPLODING:
        yield Finding(
            "exploding activations",
            (len(sizes),),
            f"a is {sizes[0]:.2g} in layer 1 and {sizes[-1]:.2g} in layer {len(sizes)}.",
            'Start with smaller weights (init="auto"), or put BatchNorm() or LayerNorm() between the '
            "layers.",
        )


def _dead(seen: Measured) -> Iterator[Finding]:
    places = tuple(place for place, share in enumerate(seen.dead, 1) if share > DEAD)
    if places:
        worst = max(seen.dead)
        yield Finding(
            "dead units",
            places,
            f"in {_named(places)} most units are 0 for all samples (at most "
            f"{worst:.0%}): they don't learn.",
            'Lower the learning rate, use activation="leaky_relu" (or elu, gelu), or start with '
            "positive biases (bias_init=0.1).",
        )


def _saturated(seen: Measured) -> Iterator[Finding]:
    places = tuple(place for place, share in enumerate(seen.saturated, 1) if share > SATURATED)
    if places:
        worst = max(seen.saturated)
        yield Finding(
            "saturation",
            places,
            f"in {_named(places)} more than half of the outputs lie where the activation is flat (at "
            f"most {worst:.0%}): little is learned there.",
            "Scale the inputs to mean 0 and standard deviation 1, start with smaller weights "
            '(init="glorot_uniform"), or put BatchNorm() before the activation.',
        )


def _rate_too_high(seen: Measured) -> Iterator[Finding]:
    places = tuple(
        place
        for place, share in enumerate(seen.updates, 1)
        if share is not None and share > UPDATE_HIGH
    )
    rises = not seen.loss_after <= seen.loss + 1e-3 * abs(seen.loss)
    if not places and not rises:
        return
    evidence = []
    if rises:
        evidence.append(f"one update raises the loss from {seen.loss:.4g} to {seen.loss_after:.4g}")
    if places:
        most = max(share for share in seen.updates if share is not None)
        evidence.append(f"it changes the weights of {_named(places)} by up to {most:.0%}")
    yield Finding(
        "learning rate too high",
        places,
        "; ".join(evidence) + ".",
        "Lower lr by 3 to 10 times, or warm up to it: lr=schedules.Cosine(lr, warmup=0.1).",
    )


def _rate_too_low(seen: Measured) -> Iterator[Finding]:
    shares = [share for share in seen.updates if share is not None]
    learns = seen.rate > 0 and any(seen.deltas)  # else there is nothing to update by
    if shares and learns and max(shares) < UPDATE_LOW:
        yield Finding(
            "learning rate too low",
            tuple(range(1, len(seen.updates) + 1)),
            f"one update changes no layer's weights by more than {max(shares):.1g} of their size.",
            "Raise lr by 10 times or more.",
        )


def _inputs(seen: Measured) -> Iterator[Finding]:
    large = np.flatnonzero(seen.input_sizes > INPUT_LARGE)
    if len(large):
        column = int(large[np.argmax(seen.input_sizes[large])])
        yield Finding(
            "inputs out of scale",
            (),
            f"{len(large)} of {len(seen.input_sizes)} inputs are large; column {column} of X is "
            f"{seen.input_sizes[column]:.3g} in root mean square.",
            "Scale each column of X to mean 0 and standard deviation 1.",
        )


def _named(places: tuple[int, ...]) -> str:
    return f"layer{'s' * (len(places) > 1)} {', '.join(map(str, places))}"


FINDINGS: dict[str, Callable[[Measured], Iterator[Finding]]] = {
    "vanishing gradients": _vanishing,
    "exploding gradients": _exploding,
    "dead units": _dead,
    "saturation": _saturated,
    "learning rate too high": _rate_too_high,
    "learning rate too low": _rate_too_low,
    "inputs out of scale": _inputs,
}
"""What each check looks for."""
