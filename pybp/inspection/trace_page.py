"""The sections of the page that a trace writes: both passes, for people who learn backpropagation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

import numpy as np

from pybp._common.page import Section, figure, note, table
from pybp._common.svg import horizontal_bars
from pybp._common.types import Array
from pybp.inspection.layer_trace import LayerTrace
from pybp.inspection.trace_tables import tables

__all__ = ["trace_sections"]

_WORDS = (
    ("z", "net input of a neuron: z = W a + b, with the outputs a of the layer before"),
    ("a", "output of a neuron: a = σ(z)"),
    ("f'(z)", "slope of the activation at z"),
    ("dL/da", "how the loss changes with a: the sum of what the layers that read a pass back"),
    ("delta", "δ = ∂L/∂z = ∂L/∂a · σ'(z)"),
    ("dW, db", "∂L/∂W = δ · a of the layer before, and ∂L/∂b = δ, summed over the samples"),
    ("back", "δ carried back through Wᵀ: ∂L/∂a of the layer before"),
)


def trace_sections(
    layers: Sequence[LayerTrace], output: Array, loss: float, loss_name: str
) -> list[Section]:
    """What the letters mean, the forward pass, the loss, and the backward pass from the last layer to the first."""
    return [
        Section("words", "The quantities", (table(["", ""], _WORDS, text=(0, 1)),)),
        Section("forward", "Forward pass", tuple(_forward(layers))),
        Section("loss", "Loss", (_loss(output, loss, loss_name),)),
        Section("backward", "Backward pass", tuple(_backward(layers))),
    ]


def _forward(layers: Sequence[LayerTrace]) -> Iterator[str]:
    yield note("From the input x to the output, one layer after the other.")
    for number, layer in enumerate(layers, start=1):
        yield _heading(number, layer)
        yield f"<pre>{escape(layer.formulas)}</pre>"
        yield _outputs(number, layer)


def _heading(number: int, layer: LayerTrace) -> str:
    sizes = f"{layer.input.shape[1]} → {layer.a.shape[1]}"
    return f"<h3>Layer {number}: {escape(layer.kind)}, {sizes}</h3>"


def _outputs(number: int, layer: LayerTrace) -> str:
    """The outputs of the first sample as bars."""
    shown = layer.a[0][:16]
    names = [f"neuron {j}" for j in range(len(shown))]
    svg = horizontal_bars(f"Outputs of layer {number}", names, shown.astype(float).tolist())
    more = f" The first 16 of {layer.a.shape[1]} neurons." if layer.a.shape[1] > 16 else ""
    return figure(svg, f"a of layer {number}", f"For the first sample.{more}")


def _loss(output: Array, loss: float, loss_name: str) -> str:
    first = ", ".join(f"{value:.6g}" for value in np.asarray(output)[0][:16])
    return note(
        f"The output for the first sample is ({first}). The loss ({loss_name}) is L = {loss:.6g}."
    )


def _backward(layers: Sequence[LayerTrace]) -> Iterator[str]:
    yield note(
        "From the output back: δ of the last layer comes from the loss; each layer turns its δ into the gradients of its "
        "own weights and biases, and passes it back through its weights."
    )
    for number, layer in reversed(list(enumerate(layers, start=1))):
        yield _heading(number, layer)
        for made in tables(layer):
            yield table(made.head, made.rows, text=())
            yield f"<pre>{escape(made.note)}</pre>" if made.note else ""
