"""Outputs of nets as predictions: labels, probabilities, numbers on their own scale."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array, DType
from pybp.errors import ArgumentError
from pybp.export.onnx.check import check_model
from pybp.export.onnx.net import BATCH
from pybp.export.onnx.writer import GraphWriter
from pybp.io.atomic import write_atomically
from pybp.io.paths import checked_path

__all__ = [
    "Ends",
    "Head",
    "NumberHead",
    "given_rows",
    "write_classes",
    "write_model",
    "write_numbers",
]


@dataclass(frozen=True)
class Head:
    """How a classifier turns the outputs of its net into predictions.

    Attributes
    ----------
    kind : {"binary", "multiclass", "multilabel"}
        One output for the second of two classes; one for each class, of which a sample has one, or any
        number.
    classes : ndarray
        The labels.
    threshold : float
        An output above it predicts its class, unless the kind is "multiclass".
    probabilities : bool
        Whether the outputs are probabilities.
    """

    kind: str
    classes: Array
    threshold: float = 0.5
    probabilities: bool = True


@dataclass(frozen=True)
class NumberHead:
    """How the outputs of a net become predicted numbers.

    Attributes
    ----------
    name : str
        The name of the model's output.
    exponential : bool
        Whether the numbers are ``exp`` of the outputs.
    flat : bool
        Whether one output has one dimension.
    """

    name: str = "prediction"
    exponential: bool = False
    flat: bool = True


Ends = dict[str, tuple[str, DType, tuple[int | str, ...]]]
"""The outputs of a model by name: the value, its type, and its shape."""

_TEXT = np.dtype("U")


def write_classes(graph: GraphWriter, outputs: str, head: Head) -> Ends:
    """Add the nodes that compute labels and probabilities."""
    dtype, n = graph.dtype, len(head.classes)
    name = "probabilities" if head.probabilities else "decisions"
    above = graph.node("Greater", outputs, graph.number(head.threshold))
    if head.kind == "multilabel":
        labels = graph.node("Cast", above, to=7)
        return {
            "label": (labels, np.dtype(np.int64), (BATCH, n)),
            name: (outputs, dtype, (BATCH, n)),
        }
    if head.kind == "binary":
        codes = graph.node("Reshape", graph.node("Cast", above, to=7), graph.integers([-1]))
        both = outputs
        if head.probabilities:
            other = graph.node("Sub", graph.number(1.0), outputs)
            both = graph.node("Concat", other, outputs, axis=1)
        width = 2 if head.probabilities else 1
    else:
        codes, both, width = graph.node("ArgMax", outputs, axis=1, keepdims=0), outputs, n
    if n == 1:  # what a net that knows one class predicts
        codes = graph.node("Mul", codes, graph.number(0, np.dtype(np.int64)))
    table = _label_table(head.classes)
    labels = graph.node("Gather", graph.constant(table, "classes"), codes, axis=0)
    kind = _TEXT if table.dtype.kind in "UO" else table.dtype
    return {"label": (labels, kind, (BATCH,)), name: (both, dtype, (BATCH, width))}


def _label_table(classes: Array) -> Array:
    """The labels in a type that ONNX has."""
    if classes.dtype.kind == "U" or all(isinstance(label, str) for label in classes.tolist()):
        return classes.astype(object)
    if classes.dtype.kind in "iu" and classes.max() <= np.iinfo(np.int64).max:
        return classes.astype(np.int64)
    if classes.dtype.kind in "bf":
        return classes.astype(bool if classes.dtype.kind == "b" else np.float64)
    raise ArgumentError(
        f"the classes {classes[:5].tolist()} are no strings, whole numbers, numbers or bools: ONNX "
        "has no others"
    )


def write_numbers(graph: GraphWriter, outputs: str, n_out: int, head: NumberHead) -> Ends:
    """Add the nodes that compute numbers."""
    if head.exponential:
        outputs = graph.node("Exp", outputs)
    if n_out > 1 or not head.flat:
        return {head.name: (outputs, graph.dtype, (BATCH, n_out))}
    flat = graph.node("Reshape", outputs, graph.integers([-1]))
    return {head.name: (flat, graph.dtype, (BATCH,))}


def write_model(
    graph: GraphWriter,
    path: str | os.PathLike[str],
    ends: Ends,
    check: tuple[Mapping[str, Array], Mapping[str, Array]] | None,
    allowed: float,
) -> None:
    """Write the model; `check` are inputs and the outputs that ONNX Runtime must give for them."""
    target = checked_path(path)
    for name, (value, dtype, shape) in ends.items():
        graph.output(value, name, dtype, shape)
    pieces = graph.encode()
    if check is not None:
        check_model(pieces, *check, allowed)
    write_atomically(target, pieces)


def given_rows(check: Any) -> bool:
    """Whether `check` gives rows; True is refused, since random rows need not look like the user's table."""
    if isinstance(check, bool | np.bool_):
        if check:
            raise ArgumentError("check must be rows such as X[:100], or False, got True")
        return False
    return check is not None
