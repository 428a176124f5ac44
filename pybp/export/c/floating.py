"""A net as C that computes in its dtype what the core computes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array, DTypeName
from pybp.activations import ActivationFunction
from pybp.errors import ArgumentError
from pybp.export.c.core_source import functions
from pybp.export.c.source import ScratchPlan, Source, last_readers
from pybp.export.c.text import number as literal
from pybp.layers import Layer
from pybp.net.network import Network

__all__ = ["floating_source", "made_by_layer", "read_layers", "runs"]

_TINY = {"float32": 2.0**-63, "float64": 2.0**-511}  # docs/contract.md: smaller parameters are 0
_BLOCKS = (32, 16, 8, 4, 2, 1)
"""Widths of the blocks of outputs in the C function of dense layers."""


@dataclass
class _Step:
    """A layer whose statements are written: its parameters, and where its values are."""

    source: Source
    index: int
    layer: Layer
    net: "_Values"
    reads: list[str]  # where what it reads is
    a: str  # where its outputs go

    @property
    def x(self) -> str:
        return self.reads[0]

    def constant(self, suffix: str, values: Array | None) -> str:
        return self.source.constant(self.source.c_real, f"{suffix}{self.index}", values)

    def call(self, function: str, *arguments: object) -> None:
        given = ", ".join(map(str, arguments))
        self.source.body.append(f"{self.source.name}_{function}({given});")

    @property
    def gamma_beta(self) -> tuple[str, str]:
        weights, biases = self.net.weights[self.index], self.net.biases[self.index]
        return self.constant("gamma", weights), self.constant("beta", biases)

    def parameter(self, index: int) -> str:
        return literal(self.net.cast(self.layer.params[index]), self.source.real)


class _Values:
    """The parameters of a net."""

    def __init__(self, net: Network) -> None:
        self.layers = net.layers
        self.weights = net.weights
        self.biases = net.biases
        self.statistics = net.running_statistics
        self.cast: Callable[[float], float] = lambda value: float(net.dtype.type(value))


def floating_source(net: Network, name: str, number: str = "") -> Source:
    """The parts of the C file of a net, in the net's dtype.

    Raises
    ------
    ArgumentError
        A layer or an activation has no form in C.
    """
    layers = net.layers
    real: DTypeName = "float32" if net.dtype == np.float32 else "float64"
    promise = f"Its outputs are those of the net in {real}, bit for bit"
    source = Source(name, real, "float" if real == "float32" else "double", promise, number)
    made_by = [0, *(made_by_layer(layers, index) for index in range(len(layers)))]
    reads = [[], *([made_by[r + 1] for r in read_layers(layers, i)] for i in range(len(layers)))]
    plan, last = ScratchPlan(), last_readers(reads)
    offsets, places = {0: plan.place(net.n_in, 0, last[0])}, {0: "scratch"}
    source.body.append(f"{name}_read_inputs({net.n_in}, x, scratch);")
    parameters = _Values(net)
    for step, layer in enumerate(layers, 1):
        if made_by[step] != step:
            continue
        first = reads[step][0]
        if layer.kind in _IN_PLACE and last[first] == step and places[first] != "y":
            offsets[step] = plan.keep(offsets[first], last[step])
        else:
            offsets[step] = plan.place(layer.n_out, step, last[step])
        places[step] = "y" if step == made_by[-1] else f"scratch + {offsets[step]}"
        read = [places[r] for r in reads[step]]
        _form(layer)(_Step(source, step - 1, layer, parameters, read, places[step]))
    if made_by[-1] == 0:  # nothing but dropout
        source.body.append(f"{name}_copy({net.n_out}, scratch, y);")
    source.scratch_bytes = plan.size * net.dtype.itemsize
    return source


def read_layers(layers: tuple[Layer, ...], index: int) -> list[int]:
    """The layers whose outputs a layer reads; -1 is the net's input."""
    layer = layers[index]
    if layer.kind == "join":
        return [-1, *(i for i in range(index) if layers[i].kind == "embedding")]
    return [-1] if layer.kind == "embedding" else list(layer.inputs)


def made_by_layer(layers: tuple[Layer, ...], index: int) -> int:
    """The number, from 1, of the layer that computes these outputs: outside training dropout does nothing."""
    while index >= 0 and _form(layers[index]) is _nothing:
        index = read_layers(layers, index)[0]
    return index + 1


# ---- one kind of layer -----------------------------------------------------------------------


def _dense(step: _Step) -> None:
    weights = step.net.weights[step.index]
    assert weights is not None
    n_out, n_in = weights.shape
    w = step.constant("weights", _in_blocks(weights))
    b = step.constant("biases", step.net.biases[step.index])
    step.call("dense", n_in, n_out, step.x, w, b, step.a)
    _activate(step, step.a)


def _grouped_dense(step: _Step) -> None:
    weights, groups = step.net.weights[step.index], step.layer.groups
    assert weights is not None
    n_out, fan = len(weights) // groups, weights.shape[1]
    blocks = np.concatenate([_in_blocks(group) for group in np.split(weights, groups)])
    w, b = step.constant("weights", blocks), step.constant("biases", step.net.biases[step.index])
    step.call("grouped_dense", groups, fan, n_out, step.x, w, b, step.a)
    _activate(step, step.a)


def _periodic(step: _Step) -> None:
    layer, weights = step.layer, step.net.weights[step.index]
    read = np.array(layer.columns or range(layer.n_in), np.uint32)
    columns = step.source.constant("uint32_t", f"columns{step.index}", read)
    w, b = step.constant("weights", weights), step.constant("biases", step.net.biases[step.index])
    step.call("periodic", len(read), layer.n_out // len(read), columns, step.x, w, b, step.a)


def _concat(step: _Step) -> None:
    (x, skip), n = step.reads, step.layer.n_in
    step.call("copy", n, x, step.a)
    step.call("copy", step.layer.n_out - n, skip, f"{step.a} + {n}")


def _activation(step: _Step) -> None:
    _activate(step, step.x)


def _parametric_activation(step: _Step) -> None:
    alpha, _ = step.gamma_beta
    call = _activation_call(step.source.name, step.source.real, step.layer.activation, "x")
    step.source.body += [
        f"for (size_t j = 0; j < {step.layer.n_out}; j++) {{",
        f"    const {step.source.c_real} x = ({step.x})[j], z = {step.source.name}_flush({call});",
        f"    ({step.a})[j] = {step.source.name}_part({alpha}[j], z, x);",
        "}",
    ]


def _batch_norm(step: _Step) -> None:
    statistics = step.net.statistics[step.index]
    assert statistics is not None
    mean, variance = statistics
    given = (step.constant("mean", mean), step.constant("variance", variance), *step.gamma_beta)
    step.call("batch_norm", step.layer.n_out, step.x, step.parameter(1), *given, step.a)


def _row_norm(step: _Step) -> None:
    given = (step.parameter(0), *step.gamma_beta, step.a)
    step.call(step.layer.kind, step.layer.n_out, step.x, *given)


def _scale(step: _Step) -> None:
    step.call("scale", step.layer.n_out, step.x, *step.gamma_beta, step.a)


def _add(step: _Step) -> None:
    step.call("sum", step.layer.n_out, *step.reads, step.a)


def _embedding(step: _Step) -> None:
    weights = step.net.weights[step.index]
    assert weights is not None
    vectors = step.constant("vectors", np.ascontiguousarray(weights.T))
    n, categories = weights.shape
    step.call("embed", n, categories, f"x[{step.layer.column}]", vectors, step.a)


def _join(step: _Step) -> None:
    inputs, *vectors = step.reads
    tables = step.net.layers[: len(vectors)]
    of_tables = {table.column for table in tables}
    numbers = [c for c in range(tables[0].n_in) if c not in of_tables]
    at = 0
    for first, n in runs(numbers):
        step.call("copy", n, f"{inputs} + {first}", f"{step.a} + {at}")
        at += n
    for table, place in zip(tables, vectors, strict=True):
        step.call("copy", table.n_out, place, f"{step.a} + {at}")
        at += table.n_out


def runs(columns: Sequence[int]) -> list[tuple[int, int]]:
    """The first of each group of consecutive columns, and their number."""
    there = set(columns)
    starts = [c for c in columns if c - 1 not in there]
    ends = [c + 1 for c in columns if c + 1 not in there]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def _nothing(step: _Step) -> None:
    raise AssertionError("a layer that does nothing needs no statements")


_FORMS: dict[str, Callable[[_Step], None]] = {
    "dense": _dense,
    "grouped_dense": _grouped_dense,
    "periodic": _periodic,
    "concat": _concat,
    "activation": _activation,
    "parametric_activation": _parametric_activation,
    "batch_norm": _batch_norm,
    "layer_norm": _row_norm,
    "rms_norm": _row_norm,
    "scale": _scale,
    "dropout": _nothing,
    "alpha_dropout": _nothing,
    "gaussian_noise": _nothing,
    "add": _add,
    "embedding": _embedding,
    "join": _join,
}


_IN_PLACE = (
    "activation",
    "parametric_activation",
    "batch_norm",
    "layer_norm",
    "rms_norm",
    "scale",
    "add",
)


def _form(layer: Layer) -> Callable[[_Step], None]:
    try:
        return _FORMS[layer.kind]
    except KeyError:
        raise ArgumentError(f"layers of the kind {layer.kind!r} have no form in C") from None


# ---- what they use ---------------------------------------------------------------------------


def _in_blocks(weights: Array) -> Array:
    """(n_out, n_in) weights as the C function of dense layers reads them, in one dimension."""
    pieces, begin = [], 0
    for width in _BLOCKS:
        while len(weights) - begin >= width:
            pieces.append(weights[begin : begin + width].T.ravel())
            begin += width
    return np.concatenate(pieces)


def _activate(step: _Step, z: str) -> None:
    activation, n = step.layer.activation, step.layer.n_out
    if activation.row["label"] == "ROWWISE":
        step.call(_rowwise(activation), n, z, step.a)
        return
    if activation.name == "identity":
        if z != step.a:
            step.call("copy", n, z, step.a)
        return
    call = _activation_call(step.source.name, step.source.real, activation, "z[j]")
    step.source.body += [
        f"for (size_t j = 0; j < {n}; j++) {{",
        f"    const {step.source.c_real} z = ({z})[j];",
        f"    ({step.a})[j] = {step.source.name}_flush({call.replace('z[j]', 'z')});",
        "}",
    ]


def _rowwise(activation: ActivationFunction) -> str:
    if activation.name != "softmax":
        raise ArgumentError(f"the activation {activation.name!r} has no form in C")
    return activation.name


def _activation_call(name: str, real: str, activation: ActivationFunction, z: str) -> str:
    """The C expression of an elementwise activation of `z`."""
    function = f"{name}_{activation.name}_f"
    if function not in functions(name, real):
        raise ArgumentError(f"the activation {activation.name!r} has no form in C")
    given = [p if abs(p) >= _TINY[real] else 0.0 for p in activation.parameters]
    parameters = [literal(float(np.dtype(real).type(p)), real) for p in given]
    return f"{function}({', '.join([z, *parameters])})"
