"""A net as C that computes in integers of 8 bits."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from pybp._common.types import Array
from pybp.activations import ActivationFunction, Identity, ReLU, ReLU6
from pybp.errors import ArgumentError
from pybp.export.c.floating import runs
from pybp.export.c.graph import Blend, Columns, Elementwise, Linear, Node, graph
from pybp.export.c.source import ScratchPlan, Source, last_readers
from pybp.export.c.text import number as literal
from pybp.net.network import Network

__all__ = ["IntegerNet"]

_CODES = np.arange(-128, 128)
_SUM_LIMIT = 2**31 - 1
_SATURATING = (ReLU, ReLU6)
"""Activations that the limits of the codes of their outputs do."""


@dataclass(frozen=True)
class _Codes:
    """Which number a code q stands for: ``scale (q - zero)``."""

    scale: float
    zero: int

    @classmethod
    def of(cls, values: Array) -> _Codes:
        """Codes for the range of these values and 0."""
        low, high = min(0.0, float(values.min())), max(0.0, float(values.max()))
        scale = float(np.float32((high - low) / 255)) or 1.0
        return cls(scale, round(-128 - low / scale))

    @property
    def values(self) -> Array:
        """The numbers of all codes, ascending."""
        return np.asarray(self.scale * (_CODES - float(self.zero)))

    def nearest(self, values: Array) -> Array:
        """The codes of numbers."""
        codes = np.clip(np.rint(values / self.scale) + self.zero, -128, 127)
        return np.asarray(codes.astype(np.int64))


def _multiplier(factor: float) -> tuple[int, int]:
    """m < 2^31 and a shift from 1 to 62 with ``factor = m 2^-shift``, nearly."""
    mantissa, exponent = math.frexp(factor)
    m, shift = round(mantissa * 2**31), 31 - exponent
    if m == 2**31:
        m, shift = 2**30, shift - 1
    if shift > 62:
        return 0, 62
    return (m, shift) if shift >= 1 else (2**31 - 1, 1)


def _rescaled(sums: Array, shift: Array | int, zero: int) -> Array:
    """The codes of sums times 2^-shift, as the C function computes them."""
    shift = np.asarray(shift, np.int64)
    q = (sums + (np.int64(1) << (shift - 1))) >> shift
    return np.asarray(np.clip(np.clip(q, -512, 512) + zero, -128, 127))


@dataclass(frozen=True)
class _Step:
    """A node and the codes of what it reads and computes.

    Attributes
    ----------
    node : Node
        The node.
    read : tuple of _Codes
        Codes of the inputs.
    inner : _Codes
        Codes of what the activation is applied to.
    out : _Codes
        Codes of the outputs.
    """

    node: Node
    read: tuple[_Codes, ...]
    inner: _Codes
    out: _Codes

    @property
    def table(self) -> Array | None:
        """The code of the output for each code of `inner`; None if they are the same."""
        if self.inner == self.out:
            return None
        return self.out.nearest(self.node.outputs(self.inner.values)).astype(np.int8)

    def looked_up(self, codes: Array) -> Array:
        table = self.table
        return codes if table is None else table[codes + 128].astype(np.int64)


class IntegerNet:
    """A net in integers; `rows` of inputs decide which numbers the codes stand for.

    Raises
    ------
    ArgumentError
        A layer can't be computed in integers, or is too wide.
    """

    def __init__(self, net: Network, rows: Array) -> None:
        nodes, self._last = graph(net)
        self._n_out = net.n_out
        self._final: ActivationFunction = Identity()
        last = nodes[self._last]
        if last.activation.row["label"] == "ROWWISE":
            self._final = last.activation
            nodes[self._last] = replace(last, activation=Identity())
        self._steps = self._calibrated(nodes, rows)

    @staticmethod
    def _calibrated(nodes: list[Node], rows: Array) -> list[_Step]:
        values: list[Array] = []
        steps: list[_Step] = []
        for node in nodes:
            z = node.sums(*(values[i] for i in node.inputs) if node.inputs else (rows,))
            a = node.outputs(z)
            values.append(a)
            read = tuple(steps[i].out for i in node.inputs)
            inner, out = _codes_of(node, read, z, a)
            steps.append(_Step(node, read, inner, out))
        return steps

    # ---- in NumPy ----------------------------------------------------------------------------

    def predict(self, X: Array) -> Array:
        """The outputs of rows of inputs in float32, as the C file computes them."""
        codes: list[Array] = []
        for step in self._steps:
            given = [codes[i] for i in step.node.inputs]
            codes.append(step.looked_up(self._integers(step, given, X)))
        step = self._steps[self._last]
        given = [codes[i] for i in step.node.inputs]
        if self._linear_last:
            y = _linear_sums(_LinearCodes.of(step), given[0]).astype(np.float32) * self._scales(
                step
            )
        else:
            y = self._numbers[self._integers(step, given, X) + 128]
        return y if self._final == Identity() else np.asarray(self._final(y))

    @staticmethod
    def _integers(step: _Step, given: list[Array], X: Array) -> Array:
        node = step.node
        if isinstance(node, Columns):
            return _read_columns(node, step.inner, X)
        if isinstance(node, Linear):
            linear = _LinearCodes.of(step)
            return _rescaled(
                _linear_sums(linear, given[0]) * linear.m, linear.shifts, step.inner.zero
            )
        if isinstance(node, Blend):
            p, q, shift = _blend_factors(step)
            x, skip = (codes - read.zero for codes, read in zip(given, step.read, strict=True))
            return _rescaled(x * p + skip * q, shift, step.inner.zero)
        return given[0]

    @property
    def _linear_last(self) -> bool:
        node = self._steps[self._last].node
        return isinstance(node, Linear) and node.weights.ndim == 2 and node.activation == Identity()

    @staticmethod
    def _scales(step: _Step) -> Array:
        return (_LinearCodes.of(step).scales * step.read[0].scale).astype(np.float32)

    @property
    def _numbers(self) -> Array:
        """The last node's outputs for all codes of what its activation is applied to."""
        step = self._steps[self._last]
        return step.node.outputs(step.inner.values).astype(np.float32)

    # ---- in C --------------------------------------------------------------------------------

    def source(self, name: str, number: str = "") -> Source:
        """The parts of the C file."""
        promise = "It computes in integers of 8 bits, near the net's outputs, with the same bits everywhere"
        source = Source(name, "float32", "int8_t", promise, number)
        reads = [list(step.node.inputs) for step in self._steps]
        plan, last = ScratchPlan(), last_readers(reads)
        places: list[str] = []
        for index, step in enumerate(self._steps):
            places.append(f"scratch + {plan.place(step.node.n, index, last[index])}")
            emit = _Emitter(source, index, step, [places[i] for i in step.node.inputs], places[-1])
            if index != self._last:
                emit.node()
            elif self._linear_last:
                emit.linear_last(self._scales(step))
            else:
                emit.last(self._numbers)
        if self._final != Identity():
            source.body.append(f"{name}_softmax({self._n_out}, y, y);")
        source.scratch_bytes = plan.size
        return source


def _codes_of(node: Node, read: tuple[_Codes, ...], z: Array, a: Array) -> tuple[_Codes, _Codes]:
    """Codes of what the activation is applied to, and of the outputs."""
    elementwise = isinstance(node, Elementwise)
    if node.activation == Identity():
        out = read[0] if elementwise else _Codes.of(a)
        return out, out
    out = _Codes.of(a)
    if elementwise:
        return read[0], out
    return (out if isinstance(node.activation, _SATURATING) else _Codes.of(z)), out


# ---- one kind of node ------------------------------------------------------------------------


def _read_columns(node: Columns, codes: _Codes, X: Array) -> Array:
    per_scale = np.float32(1 / codes.scale)
    numbers = np.float32(X[:, list(node.numbers)])
    with np.errstate(over="ignore"):
        q = np.rint(np.clip(numbers * per_scale, np.float32(-512), np.float32(512)))
    found = [np.clip(q.astype(np.int64) + codes.zero, -128, 127)]
    found += [codes.nearest(table)[X[:, c].astype(np.intp)] for c, table in node.tables]
    return np.concatenate(found, axis=1)


@dataclass(frozen=True)
class _LinearCodes:
    """Weights and biases in integers, with the scale of each output."""

    weights: Array
    biases: Array
    scales: Array
    m: Array
    shifts: Array

    @classmethod
    def of(cls, step: _Step) -> _LinearCodes:
        node, read = step.node, step.read[0]
        assert isinstance(node, Linear)
        weights = node.weights if node.weights.ndim == 2 else node.weights[:, np.newaxis]
        largest = abs(weights).max(axis=1)
        # The scale is large enough for the bias, too.
        scales = np.maximum(largest / 127, abs(node.biases) / (read.scale * 2**29))
        scales = np.where(scales > 0, scales, 1.0)
        q = np.rint(weights / scales[:, np.newaxis]).astype(np.int64)
        biases = np.rint(node.biases / (scales * read.scale)).astype(np.int64)
        biases -= read.zero * q.sum(axis=1)
        if (abs(biases) + 128 * abs(q).sum(axis=1) > _SUM_LIMIT).any():
            raise ArgumentError(
                f"a layer of {weights.shape[1]} inputs is too wide for sums in 32 bits"
            )
        factors = scales * read.scale / step.inner.scale
        m, shifts = np.array([_multiplier(factor) for factor in factors], np.int64).T
        return cls(q.reshape(node.weights.shape), biases, scales, m, shifts)


def _linear_sums(linear: _LinearCodes, x: Array) -> Array:
    w = linear.weights
    return np.asarray((x @ w.T if w.ndim == 2 else x * w) + linear.biases)


def _blend_factors(step: _Step) -> tuple[Array, Array, int]:
    """p and q of `Blend` in integers, and the shift of both."""
    node = step.node
    assert isinstance(node, Blend)
    p, q = (
        by * read.scale / step.inner.scale
        for by, read in zip((node.p, node.q), step.read, strict=True)
    )
    largest = max(abs(p).max(), abs(q).max(), 2.0**-30)
    shift = max(1, min(62, 29 - math.frexp(largest)[1]))
    in_integers = [
        np.rint(np.clip(np.ldexp(by, shift), -(2.0**30), 2.0**30)).astype(np.int64) for by in (p, q)
    ]
    return in_integers[0], in_integers[1], shift


@dataclass
class _Emitter:
    """Writes the statements of a node."""

    source: Source
    index: int
    step: _Step
    reads: list[str]
    a: str

    def call(self, function: str, *arguments: object) -> None:
        given = ", ".join(map(str, arguments))
        self.source.body.append(f"{self.source.name}_{function}({given});")

    def constant(self, c_type: str, suffix: str, values: Array) -> str:
        dtype = {"int8_t": np.int8, "int32_t": np.int32, "uint8_t": np.uint8}.get(
            c_type, np.float32
        )
        return self.source.constant(c_type, f"{suffix}{self.index}", values.astype(dtype))

    def node(self) -> None:
        """Write the codes of the outputs."""
        place, table = self._integers(), self.step.table
        if table is not None:
            given = (place, self.constant("int8_t", "table", table), self.a)
            self.call("look_up", self.step.node.n, *given)
        elif place != self.a:
            self.source.body.append(f"memcpy({self.a}, {place}, {self.step.node.n});")

    def last(self, numbers: Array) -> None:
        """Write the outputs as numbers."""
        given = (self._integers(), self.constant("float", "numbers", numbers), "y")
        self.call("look_up_last", self.step.node.n, *given)

    def _integers(self) -> str:
        """Write the codes of what the activation is applied to; returns where they are."""
        node = self.step.node
        if isinstance(node, Elementwise):
            return self.reads[0]
        if isinstance(node, Columns):
            self._columns(node)
        elif isinstance(node, Linear):
            self._linear(node)
        elif isinstance(node, Blend):
            self._blend(node)
        return self.a

    def _columns(self, node: Columns) -> None:
        codes, at = self.step.inner, 0
        per_scale = literal(float(np.float32(1 / codes.scale)), "float32")
        for first, n in runs(node.numbers):
            self.call("quantize", n, f"x + {first}", per_scale, codes.zero, f"{self.a} + {at}")
            at += n
        for column, table in node.tables:
            k, n = table.shape
            vectors = self.constant("int8_t", f"vectors{column}_", codes.nearest(table))
            self.call("embed_integers", n, k, f"x[{column}]", vectors, f"{self.a} + {at}")
            at += n

    def _linear(self, node: Linear) -> None:
        linear = _LinearCodes.of(self.step)
        given = (
            self.constant("int8_t", "weights", linear.weights),
            self.constant("int32_t", "biases", linear.biases),
            self.constant("int32_t", "multipliers", linear.m),
            self.constant("uint8_t", "shifts", linear.shifts),
            *(self.step.inner.zero, self.a),
        )
        if node.weights.ndim == 2:
            self.call("linear", node.weights.shape[1], node.n, self.reads[0], *given)
        else:
            self.call("linear_each", node.n, self.reads[0], *given)

    def linear_last(self, scales: Array) -> None:
        linear = _LinearCodes.of(self.step)
        weights = self.constant("int8_t", "weights", linear.weights)
        biases = self.constant("int32_t", "biases", linear.biases)
        n_out, n_in = linear.weights.shape
        given = (weights, biases, self.constant("float", "scales", scales), "y")
        self.call("linear_last", n_in, n_out, self.reads[0], *given)

    def _blend(self, node: Blend) -> None:
        p, q, shift = _blend_factors(self.step)
        of_x = (self.reads[0], self.step.read[0].zero, self.constant("int32_t", "p", p))
        of_skip = (self.reads[1], self.step.read[1].zero, self.constant("int32_t", "q", q))
        self.call("blend", node.n, *of_x, *of_skip, shift, self.step.inner.zero, self.a)
