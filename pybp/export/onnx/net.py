"""A net as an ONNX model."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pybp._common.arrays import as_matrix
from pybp._common.types import Array
from pybp.data.dataset import check_categories
from pybp.export.onnx.check import check_model, tolerance
from pybp.export.onnx.layers import write_layers
from pybp.export.onnx.writer import GraphWriter
from pybp.io.atomic import write_atomically
from pybp.io.paths import checked_path
from pybp.net.network import Network

__all__ = ["BATCH", "net_to_onnx", "write_net"]

BATCH = "N"
"""The name of the number of rows."""
_RANDOM_ROWS = 64


def net_to_onnx(net: Network, path: str | os.PathLike[str], check: Any) -> None:
    """Write a net; see `MLP.to_onnx`."""
    target = checked_path(path)
    frozen = net.copy()  # all of one moment, whatever other threads do
    rows = _rows(check, frozen)
    graph = GraphWriter(frozen.dtype)
    x = graph.input("X", frozen.dtype, (BATCH, frozen.n_in))
    graph.reserve("Y")
    outputs = write_net(graph, frozen, x)
    graph.output(outputs, "Y", frozen.dtype, (BATCH, frozen.n_out))
    pieces = graph.encode()
    if rows is not None:
        outputs_of_rows = np.empty((len(rows), frozen.n_out), frozen.dtype)
        frozen._net.predict(rows, outputs_of_rows, 0)
        check_model(pieces, {"X": rows}, {"Y": outputs_of_rows}, tolerance(frozen.dtype))
    write_atomically(target, pieces)


def write_net(graph: GraphWriter, net: Network, x: str, prefix: str = "") -> str:
    """Add the nodes of a net that reads the value `x`; `prefix` begins the names of its arrays."""
    arrays = zip(net.weights, net.biases, net.running_statistics, strict=True)
    return write_layers(graph, net.layers, arrays, x, prefix)


def random_rows(net: Network, rows: int = _RANDOM_ROWS) -> Array:
    """Normal inputs of a net, the same ones each time; categories where an embedding reads them."""
    random = np.random.default_rng(0)
    X = random.normal(size=(rows, net.n_in)).astype(net.dtype)
    for layer in net.layers:
        if layer.kind == "embedding":
            X[:, layer.column] = random.integers(layer.n_categories, size=rows)
    return X


def _rows(check: Any, net: Network) -> Array | None:
    """The rows to compare, in the net's dtype; None if `check` is False."""
    if isinstance(check, bool | np.bool_):
        return random_rows(net) if check else None
    rows = as_matrix(check, "check", net.dtype, net.n_in).astype(net.dtype)
    check_categories(rows, net.layers, "check")
    return rows
