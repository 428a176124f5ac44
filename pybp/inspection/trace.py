"""Every quantity of one forward and one backward pass, in textbook notation."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pybp._common.text import aligned
from pybp._common.types import Array
from pybp._core import Net
from pybp.data.dataset import Data
from pybp.data.sparse import column_of
from pybp.errors import StateError
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.net.state import read, read_optional
from pybp.training.epoch import backward

__all__ = ["LayerTrace", "Trace", "trace"]

_NEURONS_SHOWN = 12
_WEIGHTS_SHOWN = 8


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """The quantities of a layer with n_in inputs and n_out outputs.

    Attributes
    ----------
    kind : str
        "dense", "batch_norm", ...: the name in the registry of layers.
    inputs : tuple of int
        The layers whose outputs this layer reads, counted from 0; -1 is x.
    input : ndarray, shape (rows, n_in)
        The output a of the layer that is read (of the first, if there are two), or x. For an
        embedding, the column of categories.
    z : ndarray, shape (rows, n_out), or None
        Net input, ``z = W input + b``. For a norm, the normalized values that gamma multiplies. In
        training, for dropout ``da/d input`` and for `GaussianNoise` the noise.
    a : ndarray, shape (rows, n_out)
        Output, ``a = f(z)``.
    delta : ndarray, shape (rows, n_out)
        ``dL/dz`` of the reported loss L; ``dL/da`` for a layer without activation.
    dW : ndarray, shape (n_out, n_in), or None
        ``dL/dW = delta.T @ input``. For a norm, the gradient of gamma, shape (n_out,); for an
        embedding, shape (n_out, n_categories).
    db : ndarray, shape (n_out,), or None
        ``dL/db``, the sum of delta over the rows; None for a layer without bias.
    back : ndarray, shape (rows, n_in), or None
        ``dL/d input = delta W``, this layer's contribution to the gradient of the layer that it
        reads; None for an embedding and for the layer that joins embeddings.
    W : ndarray, of the shape of dW, or None
        The weights.
    b : ndarray, shape (n_out,), or None
        The biases.
    activation : str
        Name of f.
    """

    kind: str
    inputs: tuple[int, ...]
    input: Array
    z: Array | None
    a: Array
    delta: Array
    dW: Array | None
    db: Array | None
    back: Array | None
    W: Array | None
    b: Array | None
    activation: str


@dataclass(frozen=True, eq=False)
class Trace:
    """The result of `MLP.trace`; prints as a table.

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

    def __str__(self) -> str:
        rows = len(self.output)
        samples = "1 sample" if rows == 1 else f"{rows} samples"
        lines = [f"Trace of {samples}: L = {self.loss:.6g} ({self.loss_name})"]
        for number, layer in enumerate(self.layers, start=1):
            n_in, n_out = layer.input.shape[1], layer.a.shape[1]
            lines += ["", f"Layer {number}: {n_in} -> {n_out}   {_formulas(layer)}"]
            lines += _neurons(layer) if rows == 1 else _statistics(layer)
        return "\n".join(lines)

    __repr__ = __str__


def _formulas(layer: LayerTrace) -> str:
    """The formulas that the layer computes."""
    read = [f"a{source + 1}" if source >= 0 else "x" for source in layer.inputs]
    if layer.kind == "dense":
        bias = " + b" if layer.b is not None else ""
        forward = f"z = W {read[0]}{bias}   a = {layer.activation}(z)"
        return f"{forward}   delta = dL/dz   dW = delta {read[0]}"
    if layer.kind == "activation":
        return f"a = {layer.activation}({read[0]})   delta = dL/dz"
    if layer.kind == "add":
        return f"a = {read[0]} + {read[1]}   delta = dL/da"
    return f"{layer.kind} of {', '.join(read)}   delta = dL/da"


def _neurons(layer: LayerTrace) -> list[str]:
    """A line for each neuron of a single sample, and dL/d input."""
    n_out = layer.a.shape[1]
    columns = [("z", layer.z), ("a", layer.a), ("delta", layer.delta)]
    table = {name: values[0] for name, values in columns if values is not None}
    if layer.db is not None:
        table["db"] = layer.db
    shortened = False
    if layer.dW is not None and layer.dW.ndim == 1:
        table["dgamma"] = layer.dW
    elif layer.dW is not None:
        shortened = layer.dW.shape[1] > _WEIGHTS_SHOWN
        table |= {f"dW[{i}]": column for i, column in enumerate(layer.dW.T[:_WEIGHTS_SHOWN])}
    more = ["..."] * shortened
    lines = [
        [str(j), *(_number(values[j]) for values in table.values()), *more]
        for j in range(min(n_out, _NEURONS_SHOWN))
    ]
    text = _indented([["neuron", *table, *more], *lines])
    if n_out > _NEURONS_SHOWN:
        text.append(f"  ... {n_out - _NEURONS_SHOWN} more neurons")
    if layer.back is None:
        return text
    back = layer.back[0]
    formula = "delta W" if layer.kind == "dense" else "dL/d input"
    dots = " ..." * (len(back) > _WEIGHTS_SHOWN)
    return [*text, f"  back = {formula}: {' '.join(map(_number, back[:_WEIGHTS_SHOWN]))}{dots}"]


def _statistics(layer: LayerTrace) -> list[str]:
    """Statistics of each quantity over several samples, one line each."""
    table = [["", "shape", "min", "mean", "max", "rms"]]
    for name in ("z", "a", "delta", "dW", "db", "back"):
        values = getattr(layer, name)
        if values is not None:
            rms = np.sqrt(np.mean(np.square(values)))
            numbers = values.min(), values.mean(), values.max(), rms
            table.append([name, str(values.shape), *map(_number, numbers)])
    return _indented(table)


def _indented(table: list[list[str]]) -> list[str]:
    return [f"  {line}" for line in aligned(table)]


def _number(value: float) -> str:
    return f"{value:.6g}"


def trace(
    net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss, training: bool = False
) -> Trace:
    """Compute both passes on a copy of `net`, which itself is not changed."""
    net = net.copy()
    rows = len(data)
    output = np.empty((rows, layers[-1].n_out), net.dtype)
    net.forward(data.X, True, output, 0, training)
    value = backward(net, data, loss, output, None, 0)
    return Trace(
        loss=value,
        output=output,
        layers=tuple(_layer(net, index, layer, data) for index, layer in enumerate(layers)),
        loss_name=f"{loss.name}, {loss.reduction}",
    )


def _layer(net: Net, index: int, layer: Layer, data: Data) -> LayerTrace:
    input_shape, output_shape = (len(data), layer.n_in), (len(data), layer.n_out)
    a = read(net, "a", index, output_shape)
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
        delta=read(net, "delta", index, output_shape),
        dW=read_optional(net, "weight_gradient", index, layer.weight_shape),
        db=read_optional(net, "bias_gradient", index, layer.bias_shape),
        back=_read_if_present(net, "back", index, input_shape),
        W=read_optional(net, "weights", index, layer.weight_shape),
        b=read_optional(net, "biases", index, layer.bias_shape),
        activation=layer.activation.name,
    )


def _read_if_present(net: Net, what: str, index: int, shape: tuple[int, ...]) -> Array | None:
    """The array, or None if this kind of layer has no such array."""
    try:
        return read(net, what, index, shape)
    except StateError:
        return None
