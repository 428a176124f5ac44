"""Estimators that predict from rows of numbers, as ONNX models."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from pybp.export.onnx.check import tolerance
from pybp.export.onnx.net import BATCH, write_net
from pybp.export.onnx.predictions import (
    Head,
    NumberHead,
    given_rows,
    write_classes,
    write_model,
    write_numbers,
)
from pybp.export.onnx.writer import GraphWriter
from pybp.net.network import Network

__all__ = ["estimator_to_onnx"]


def estimator_to_onnx(
    net: Network,
    path: str | os.PathLike[str],
    head: Head | NumberHead,
    check: Any,
    expected: Mapping[str, Callable[[Any], Any]],
) -> None:
    """Write an estimator that consists of a net and what it makes of the outputs.

    Parameters
    ----------
    net : Network
        The net.
    path : str or path-like
        The file.
    head : Head or NumberHead
        What the estimator makes of the outputs.
    check : array-like or False
        Rows to compare.
    expected : dict of str to callable
        For each output what it should be for these rows.
    """
    frozen = net.copy()
    graph = GraphWriter(frozen.dtype)
    x = graph.input("X", frozen.dtype, (BATCH, frozen.n_in))
    graph.reserve(*expected)
    outputs = write_net(graph, frozen, x)
    if isinstance(head, Head):
        ends = write_classes(graph, outputs, head)
    else:
        ends = write_numbers(graph, outputs, frozen.n_out, head)
    pair = None
    if given_rows(check):
        dense = check.toarray() if hasattr(check, "toarray") else check
        rows = np.asarray(dense, frozen.dtype)
        pair = {"X": rows}, {name: np.asarray(expected[name](check)) for name in ends}
    write_model(graph, path, ends, pair, tolerance(frozen.dtype))
