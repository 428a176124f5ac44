"""Every quantity of one forward and one backward pass, in the notation of the textbook."""

from dataclasses import dataclass

import numpy as np

from pybp._core import Net
from pybp._types import Array
from pybp.data import Data
from pybp.display import aligned
from pybp.layers import Layer
from pybp.losses import Loss
from pybp.passes import backward
from pybp.state import read

__all__ = ["LayerTrace", "Trace", "trace"]

_NEURONS_SHOWN = 12
_WEIGHTS_SHOWN = 8


@dataclass(frozen=True, eq=False)
class LayerTrace:
    """What happened in a layer with n_in inputs and n_out neurons.

    Attributes
    ----------
    input : ndarray, shape (rows, n_in)
        a of the layer before; x for the first.
    z : ndarray, shape (rows, n_out)
        Net input, ``z = W input + b``.
    a : ndarray, shape (rows, n_out)
        Output, ``a = f(z)``.
    delta : ndarray, shape (rows, n_out)
        ``dL/dz``, L being the reported loss.
    dW : ndarray, shape (n_out, n_in)
        ``dL/dW = delta.T @ input``.
    db : ndarray, shape (n_out,), or None
        ``dL/db``, the sum of delta over the rows; None for a layer without bias.
    back : ndarray, shape (rows, n_in)
        ``dL/d input = delta W``, what the layer before gets.
    W : ndarray, shape (n_out, n_in)
        The weights of both passes.
    b : ndarray, shape (n_out,), or None
        The biases.
    activation : str
        Name of f.
    """

    input: Array
    z: Array
    a: Array
    delta: Array
    dW: Array
    db: Array | None
    back: Array
    W: Array
    b: Array | None
    activation: str


@dataclass(frozen=True, eq=False)
class Trace:
    """One forward and one backward pass; prints as a table.

    Attributes
    ----------
    loss : float
        The reported loss.
    output : ndarray, shape (rows, n_out)
        a of the last layer.
    layers : tuple of LayerTrace
        From the first to the last.
    loss_name : str
        Name of the loss and how it was reduced.
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
            n_out, n_in = layer.W.shape
            bias = " + b" if layer.b is not None else ""
            a = f"a{number - 1}" if number > 1 else "x"
            rules = f"z = W {a}{bias}   a = {layer.activation}(z)   delta = dL/dz   dW = delta {a}"
            lines += ["", f"Layer {number}: {n_in} -> {n_out}   {rules}"]
            lines += _neurons(layer) if rows == 1 else _statistics(layer)
        return "\n".join(lines)

    __repr__ = __str__


def _neurons(layer: LayerTrace) -> list[str]:
    """A line for each neuron of the only sample, and what goes back to its inputs."""
    n_out, n_in = layer.W.shape
    shown = min(n_in, _WEIGHTS_SHOWN)
    header = ["neuron", "z", "a", "delta"] + ["db"] * (layer.db is not None)
    header += [f"dW[{i}]" for i in range(shown)] + ["..."] * (shown < n_in)
    table = [header]
    for j in range(min(n_out, _NEURONS_SHOWN)):
        values = [layer.z[0, j], layer.a[0, j], layer.delta[0, j]]
        values += [] if layer.db is None else [layer.db[j]]
        values += list(layer.dW[j, :shown])
        table.append([str(j), *map(_number, values), *["..."] * (shown < n_in)])
    lines = _indented(table)
    if n_out > _NEURONS_SHOWN:
        lines.append(f"  ... {n_out - _NEURONS_SHOWN} more neurons")
    back = " ".join(map(_number, layer.back[0, :shown])) + " ..." * (shown < n_in)
    return [*lines, f"  back = delta W: {back}"]


def _statistics(layer: LayerTrace) -> list[str]:
    """A line for each quantity of several samples."""
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


def trace(net: Net, layers: tuple[Layer, ...], data: Data, loss: Loss) -> Trace:
    """Run both passes on a copy of `net`, so that the net itself stays as it is."""
    net = net.copy()
    rows = len(data)
    output = np.empty((rows, layers[-1].n_out), net.dtype)
    net.forward(data.X, True, output, 0)
    value = backward(net, data, loss, output, None, 0)
    return Trace(
        loss=value,
        output=output,
        layers=tuple(_layer(net, place, layer, rows) for place, layer in enumerate(layers)),
        loss_name=f"{loss.name}, {loss.reduction}",
    )


def _layer(net: Net, place: int, layer: Layer, rows: int) -> LayerTrace:
    into, out, matrix = (rows, layer.n_in), (rows, layer.n_out), (layer.n_out, layer.n_in)
    return LayerTrace(
        input=read(net, "input", place, into),
        z=read(net, "z", place, out),
        a=read(net, "a", place, out),
        delta=read(net, "delta", place, out),
        dW=read(net, "weight_gradient", place, matrix),
        db=read(net, "bias_gradient", place, (layer.n_out,)) if layer.bias else None,
        back=read(net, "back", place, into),
        W=read(net, "weights", place, matrix),
        b=read(net, "biases", place, (layer.n_out,)) if layer.bias else None,
        activation=layer.activation.name,
    )
