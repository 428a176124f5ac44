"""Ensembles of nets for tables, as ONNX models with their preprocessing."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.export.onnx.check import tolerance
from pybp.export.onnx.net import BATCH, write_net
from pybp.export.onnx.predictions import (
    Ends,
    Head,
    NumberHead,
    write_classes,
    write_model,
    write_numbers,
)
from pybp.export.onnx.tables import InputColumn, input_columns, write_inputs
from pybp.export.onnx.writer import GraphWriter
from pybp.net.network import Network

__all__ = ["Scaled", "TableModel", "table_to_onnx"]

_DOUBLE = np.dtype(np.float64)


@dataclass(frozen=True)
class Scaled:
    """Outputs of nets as numbers on their own scale.

    Attributes
    ----------
    mean, std, low, high : ndarray
        ``min(max(output std + mean, low), high)`` is predicted.
    ascending : bool
        Whether the outputs of a row are sorted first.
    flat : bool
        Whether predictions have one dimension.
    """

    mean: Array
    std: Array
    low: Array
    high: Array
    ascending: bool
    flat: bool


@dataclass(frozen=True)
class TableModel:
    """What predicts from a table.

    Attributes
    ----------
    description, arrays : dict
        The preprocessing: docs/preprocessing.md.
    nets : list of Network
        Their outputs are averaged.
    head : ndarray or Scaled
        The classes, or what makes numbers of the outputs.
    """

    description: Mapping[str, Any]
    arrays: Mapping[str, Array]
    nets: Sequence[Network]
    head: Array | Scaled


def table_to_onnx(
    model: TableModel,
    path: str | os.PathLike[str],
    check: tuple[Mapping[str, Array], Mapping[str, Array]] | None,
) -> None:
    """Write a model; `check` are inputs and the outputs that ONNX Runtime must give for them."""
    nets = [net.copy() for net in model.nets]
    graph = GraphWriter(nets[0].dtype)
    columns = input_columns(model.description)
    for column in columns:
        graph.input(column.name, column.dtype, (BATCH, 1))
    names = output_names(model, columns)
    graph.reserve(*names.values())
    x = write_inputs(graph, columns, model.arrays, nets[0].dtype)
    outputs = _mean(graph, nets, x)
    graph.dtype = _DOUBLE
    ends = (
        _numbers(graph, outputs, model.head)
        if isinstance(model.head, Scaled)
        else _classes(graph, outputs, model.head)
    )
    ends = {names[name]: end for name, end in ends.items()}
    write_model(graph, path, ends, check, tolerance(nets[0].dtype))


def output_names(model: TableModel, columns: Sequence[InputColumn]) -> dict[str, str]:
    """The names of the outputs; "label_output" where a column is called "label"."""
    names = ["prediction"] if isinstance(model.head, Scaled) else ["label", "probabilities"]
    taken = {column.name for column in columns}
    return {name: f"{name}_output" if name in taken else name for name in names}


def _mean(graph: GraphWriter, nets: Sequence[Network], x: str) -> str:
    """The mean of the nets' outputs, in float64, added in their order."""
    total = ""
    for index, net in enumerate(nets):
        outputs = graph.node("Cast", write_net(graph, net, x, f"nets.{index}."), to=11)
        total = graph.node("Add", total, outputs) if total else outputs
    return graph.node("Div", total, graph.number(len(nets), _DOUBLE))


def _classes(graph: GraphWriter, outputs: str, classes: Array) -> Ends:
    total = graph.node("ReduceSum", outputs, graph.integers([1]), keepdims=1)
    probabilities = graph.node("Div", outputs, total)
    ends = write_classes(graph, outputs, Head("multiclass", classes))
    _, dtype, shape = ends["probabilities"]
    return ends | {"probabilities": (probabilities, dtype, shape)}


def _numbers(graph: GraphWriter, outputs: str, head: Scaled) -> Ends:
    n = head.mean.size if head.mean.ndim else 1
    if head.ascending:
        width = graph.node("Shape", outputs, start=1)
        outputs = graph.node("TopK", outputs, width, axis=1, largest=0, n_outputs=2)
    for op, array in (("Mul", head.std), ("Add", head.mean), ("Max", head.low), ("Min", head.high)):
        outputs = graph.node(op, outputs, graph.constant(np.asarray(array, np.float64), op.lower()))
    return write_numbers(graph, outputs, n, NumberHead(flat=head.flat))
