"""Every quantity of one forward and one backward pass, in textbook notation."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from html import escape
from typing import Any

import numpy as np

from pybp._common.html import details, document
from pybp._common.optional import require
from pybp._common.types import Array
from pybp._core import Net
from pybp.activations import Identity
from pybp.data.dataset import Data
from pybp.data.sparse import column_of
from pybp.errors import StateError
from pybp.inspection.layer_trace import LayerTrace
from pybp.inspection.output_gradient import output_gradient
from pybp.inspection.trace_page import trace_sections
from pybp.inspection.trace_tables import tables
from pybp.io.pages import write_page
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.net.state import read, read_optional
from pybp.training.epoch import backward

__all__ = ["Trace", "trace"]

_LAYERS_SHOWN = 8  # in notebooks; the others are folded away


@dataclass(frozen=True, eq=False)
class Trace:
    """The result of `MLP.trace`; prints as tables.

    Of a few samples all numbers are shown, of more of them statistics.

    Attributes
    ----------
    loss : float
        The reported loss. It includes the layers' l1 and l2 penalties; the dW do not.
    output : ndarray, shape (rows, n_out)
        The output a of the last layer.
    layers : tuple of LayerTrace
        One for each layer, first to last.
    loss_name : str
        Name and reduction of the loss.
    """

    loss: float
    output: Array
    layers: tuple[LayerTrace, ...]
    loss_name: str

    @property
    def _title(self) -> str:
        rows = len(self.output)
        samples = "1 sample" if rows == 1 else f"{rows} samples"
        return f"{samples}: L = {self.loss:.6g} ({self.loss_name})"

    def __str__(self) -> str:
        lines = [f"Trace of {self._title}"]
        for number, layer in enumerate(self.layers, start=1):
            n_in, n_out = layer.input.shape[1], layer.a.shape[1]
            lines += ["", f"Layer {number}: {n_in} -> {n_out}   {layer.formulas}"]
            text = "\n\n".join("\n".join(table.lines()) for table in tables(layer))
            lines += [f"  {line}".rstrip() for line in text.splitlines()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        parts = []
        for number, layer in enumerate(self.layers, start=1):
            n_in, n_out = layer.input.shape[1], layer.a.shape[1]
            label = f"Layer {number}: {n_in} \N{RIGHTWARDS ARROW} {n_out}"
            made = "".join(table.html() for table in tables(layer))
            formulas = f"<code>{escape(layer.formulas)}</code>"
            parts.append(details(label, formulas, made, shown=len(self.layers) <= _LAYERS_SHOWN))
        return document("Trace", *parts, note=f"of {self._title}")

    def to_html(self, path: Any) -> None:
        """Write a page that follows both passes layer by layer, which needs no other file.

        Parameters
        ----------
        path : str or path
            The file; one that is there is replaced.

        Raises
        ------
        OSError
            The file can't be written.
        """
        sections = trace_sections(self.layers, self.output, self.loss, self.loss_name)
        write_page(path, "Forward and backward, layer by layer", self._title, sections)

    def to_frame(self) -> Any:
        """The quantities of each neuron as a pandas DataFrame.

        The rows are indexed by layer, counted from 1, sample and neuron; the columns are z, a,
        derivative (NaN for softmax), dL_da and delta.

        Raises
        ------
        MissingExtraError
            pandas is not installed.
        """
        pandas = require("pandas", "Trace.to_frame")
        frames = {
            number: pandas.DataFrame(
                {
                    name: np.full(layer.a.size, np.nan)
                    if values is None or values.shape != layer.a.shape
                    else values.ravel()
                    for name, values in (
                        ("z", layer.z),
                        ("a", layer.a),
                        ("derivative", layer.derivative if layer.elementwise else None),
                        ("dL_da", layer.dL_da),
                        ("delta", layer.delta),
                    )
                },
                index=pandas.MultiIndex.from_product(
                    [range(layer.a.shape[0]), range(layer.a.shape[1])]
                ),
            )
            for number, layer in enumerate(self.layers, start=1)
        }
        return pandas.concat(frames, names=["layer", "sample", "neuron"])


def trace(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss, training: bool = False
) -> Trace:
    """Compute both passes on a copy of `net`, which itself is not changed."""
    net = net.copy()
    rows = len(data)
    output = np.empty((rows, layers[-1].n_out), net.dtype)
    net.forward(data.X, True, output, 0, training)
    value = backward(net, data, loss, output, None, 0)
    traced = [_layer(net, index, layer, data) for index, layer in enumerate(layers)]
    return Trace(
        loss=value,
        output=output,
        layers=tuple(_with_gradients(traced, output_gradient(layers[-1], data, loss, output))),
        loss_name=f"{loss.name}, {loss.reduction}",
    )


def _with_gradients(layers: list[LayerTrace], at_output: Array) -> Iterator[LayerTrace]:
    """The layers with dL/da: the sum of what their readers pass back, at the output the loss's."""
    last = len(layers) - 1
    for index, layer in enumerate(layers):
        if isinstance(layer.function, Identity):
            yield layer  # there dL/da is delta
            continue
        parts = [
            _passed_back(reader, place, layers)
            for reader in layers
            for place, source in enumerate(reader.inputs)
            if source == index
        ]
        given = [part for part in parts if part is not None]
        yield replace(layer, dL_da=at_output if index == last else sum(given[1:], given[0]))


def _passed_back(reader: LayerTrace, place: int, layers: list[LayerTrace]) -> Array | None:
    """What a layer passes back to the one that it reads at this place."""
    if reader.kind == "add":
        return reader.delta
    if reader.kind == "concat":  # each gets the columns of its outputs
        widths = [(layers[s].a if s >= 0 else reader.input).shape[1] for s in reader.inputs]
        first = sum(widths[:place])
        return reader.delta[:, first : first + widths[place]]
    return reader.back


def _layer(net: Net, index: int, layer: Layer, data: Data) -> LayerTrace:
    input_shape, output_shape = (len(data), layer.n_in), (len(data), layer.n_out)
    a, delta = (read(net, what, index, output_shape) for what in ("a", "delta"))
    if layer.kind == "embedding":
        input = column_of(data.X, layer.column)[:, None].astype(net.dtype)
    else:
        input = a if layer.kind == "join" else read(net, "input", index, input_shape)
    return LayerTrace(
        kind=layer.kind,
        inputs=layer.inputs,
        input=input,
        z=_read_if_present(net, "z", index, output_shape),
        a=a,
        dL_da=delta,
        delta=delta,
        dW=read_optional(net, "weight_gradient", index, layer.weight_shape),
        db=read_optional(net, "bias_gradient", index, layer.bias_shape),
        back=_read_if_present(net, "back", index, input_shape),
        W=read_optional(net, "weights", index, layer.weight_shape),
        b=read_optional(net, "biases", index, layer.bias_shape),
        activation=layer.activation.name,
        function=layer.activation,
    )


def _read_if_present(net: Net, what: str, index: int, shape: tuple[int, ...]) -> Array | None:
    """The array, or None if this kind of layer has no such array."""
    try:
        return read(net, what, index, shape)
    except StateError:
        return None
