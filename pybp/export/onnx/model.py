"""The contents of an ONNX file, checked before anything is computed from them."""

from __future__ import annotations

import math
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.errors import FileFormatError
from pybp.export.onnx.schema import DTYPES, MODEL
from pybp.export.onnx.wire import decode

__all__ = ["GraphInput", "Model", "OnnxNode", "needed_nodes", "read_model"]

_LARGEST_FILE = 2**31 - 1
_MOST_DIMENSIONS = 8
_DOMAINS = ("", "ai.onnx", "ai.onnx.ml", "com.microsoft")
_DATA_FIELDS = {
    1: "float_data",
    6: "int32_data",
    7: "int64_data",
    9: "int32_data",
    11: "double_data",
}
_NO_DATA: Array = np.zeros(0, np.int64)


@dataclass(frozen=True)
class OnnxNode:
    """A node of the graph.

    Attributes
    ----------
    name : str
        What messages call it: operator, name and the value that it computes.
    op : str
        Operator, with its domain unless that is the default one.
    inputs, outputs : tuple of str
        Names of values; "" for an optional one that is absent.
    attributes : dict
        int, float, str, ndarray, or lists of these, by name.
    """

    name: str
    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: Mapping[str, Any]


@dataclass(frozen=True)
class GraphInput:
    """An input of the graph: its name, element type, and shape (None: any size), if they are known."""

    name: str
    elem_type: int
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Model:
    """A graph whose values are each computed once, by nodes that stand before their readers.

    Attributes
    ----------
    nodes : list of OnnxNode
        In an order in which they can be computed.
    constants : dict of str to ndarray
        The initializers.
    inputs : list of GraphInput
        Those that are no initializers.
    outputs : list of str
        Names of values.
    n_bytes : int
        The size of the file.
    """

    nodes: list[OnnxNode]
    constants: dict[str, Array]
    inputs: list[GraphInput]
    outputs: list[str]
    n_bytes: int


def read_model(path: Path) -> Model:
    """Read and check a file; no other file is opened.

    Raises
    ------
    FileFormatError
        It is no ONNX model, or one that pybp doesn't read: with external data, subgraphs, functions ...
    OSError
        The file can't be read.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):  # opening a pipe waits for a writer
        raise FileFormatError("it is not a regular file")
    if found.st_size > _LARGEST_FILE:
        raise FileFormatError(f"it has {found.st_size} bytes; a model has {_LARGEST_FILE} at most")
    with path.open("rb") as stream:
        data = stream.read(found.st_size)
    return _model(decode(memoryview(data), MODEL), len(data))


def _model(model: dict[str, Any], n_bytes: int) -> Model:
    if "graph" not in model:
        raise FileFormatError("it has no graph")
    if "functions" in model:
        raise FileFormatError("it has functions of its own, which pybp doesn't read")
    for entry in model.get("opset_import", []):
        if entry.get("domain", "") not in _DOMAINS:
            raise FileFormatError(f"it uses operators of {entry['domain']!r:.60}")
    graph = model["graph"]
    if "sparse_initializer" in graph:
        raise FileFormatError("it has sparse initializers, which pybp doesn't read")
    constants: dict[str, Array] = {}
    for tensor in graph.get("initializer", []):
        name = tensor.get("name", "")
        if name in constants:
            raise FileFormatError(f"it has two initializers {name!r:.60}")
        constants[name] = _array(tensor, f"initializer {name!r:.60}")
    given = [_input(value) for value in graph.get("input", [])]
    inputs = [value for value in given if value.name not in constants]
    _unique((value.name for value in given), "inputs")
    nodes = [_node(node, number) for number, node in enumerate(graph.get("node", []))]
    _check_order(nodes, {*constants, *(value.name for value in inputs)})
    outputs = [value.get("name", "") for value in graph.get("output", [])]
    _unique(outputs, "outputs")
    return Model(nodes, constants, inputs, outputs, n_bytes)


def _unique(names: Iterable[str], what: str) -> None:
    seen = set()
    for name in names:
        if name in seen:
            raise FileFormatError(f"two of its {what} are called {name!r:.60}")
        seen.add(name)


def _check_order(nodes: list[OnnxNode], known: set[str]) -> None:
    """Each value must be computed once, before it is read."""
    computed = {name for node in nodes for name in node.outputs if name}
    for node in nodes:
        for name in node.inputs:
            if name and name not in known:
                where = (
                    "which a later node computes: the nodes form a cycle, or are out of order"
                    if name in computed
                    else "which is no input, no initializer and no output of a node"
                )
                raise FileFormatError(f"{node.name} reads {name!r:.60}, {where}")
        for name in node.outputs:
            if name in known:
                raise FileFormatError(f"{node.name} computes {name!r:.60}, which is there already")
            if name:
                known.add(name)


def _input(value: dict[str, Any]) -> GraphInput:
    tensor = value.get("type", {}).get("tensor_type", {})
    shape = None
    if "shape" in tensor:
        dims = tensor["shape"].get("dim", [])
        sizes = [dim.get("dim_value", 0) for dim in dims]
        shape = tuple(size if 0 < size < 1 << 31 else None for size in sizes)
    return GraphInput(value.get("name", ""), tensor.get("elem_type", 0), shape)


def _node(node: dict[str, Any], number: int) -> OnnxNode:
    op, outputs = node.get("op_type", ""), tuple(node.get("output", []))
    domain = node.get("domain", "")
    computed = f", which computes {outputs[0]!r:.60}" if outputs else ""
    name = f"node {number}, {op:.40} {node.get('name', '')!r:.60}{computed}"
    if domain not in _DOMAINS:
        raise FileFormatError(f"{name} is of the unknown domain {domain!r:.60}")
    attributes = {}
    for entry in node.get("attribute", []):
        key = entry.get("name", "")
        if key in attributes:
            raise FileFormatError(f"{name} has two attributes {key!r:.60}")
        attributes[key] = _attribute(entry, f"attribute {key!r:.60} of {name}")
    op = op if domain in ("", "ai.onnx") else f"{domain}.{op}"
    return OnnxNode(name, op, tuple(node.get("input", [])), outputs, attributes)


def _attribute(entry: dict[str, Any], where: str) -> Any:
    if "g" in entry or "graphs" in entry:
        raise FileFormatError(f"{where} is a graph, which pybp doesn't read")
    if "ref_attr_name" in entry:
        raise FileFormatError(f"{where} refers to an attribute of a function")
    if "t" in entry:
        return _array(entry["t"], where)
    for field in ("floats", "ints"):
        if field in entry:
            return entry[field].tolist()
    if "strings" in entry:
        return [str(text, "utf-8", "replace") for text in entry["strings"]]
    if "s" in entry:
        return str(entry["s"], "utf-8", "replace")
    kind = entry.get("type", 0)
    if kind in (6, 7, 8):
        return []  # an empty list is not written
    return entry.get("f", entry.get("i", 0.0 if kind == 1 else 0))


# ---- arrays ----------------------------------------------------------------------------------


def _array(tensor: dict[str, Any], where: str) -> Array:
    """The array of a TensorProto, which must hold exactly the data that its shape asks for."""
    if tensor.get("data_location", 0) or "external_data" in tensor:
        raise FileFormatError(f"{where} is in another file, which pybp never opens")
    if "segment" in tensor:
        raise FileFormatError(f"{where} is one of several segments")
    shape = tuple(int(size) for size in tensor.get("dims", _NO_DATA))
    if len(shape) > _MOST_DIMENSIONS or any(not 0 <= size < 1 << 31 for size in shape):
        raise FileFormatError(f"{where} has the shape {shape!r:.80}")
    number = tensor.get("data_type", 0)
    if number == 8:
        return _strings(tensor, shape, where)
    if number not in DTYPES:
        raise FileFormatError(f"{where} has numbers of type {number}, which pybp doesn't read")
    dtype = DTYPES[number]
    if "raw_data" in tensor:
        raw = tensor["raw_data"]
        if len(raw) != math.prod(shape) * dtype.itemsize:
            raise FileFormatError(f"{where} has {len(raw)} bytes, but its shape is {shape}")
        values = np.frombuffer(raw, np.uint8 if number == 9 else dtype)
    else:
        values = tensor.get(_DATA_FIELDS[number], _NO_DATA)
        if values.size != math.prod(shape):
            raise FileFormatError(f"{where} has {values.size} values, but its shape is {shape}")
    with np.errstate(over="ignore"):
        return values.astype(dtype.newbyteorder("=")).reshape(shape)


def _strings(tensor: dict[str, Any], shape: tuple[int, ...], where: str) -> Array:
    texts = tensor.get("string_data", [])
    if len(texts) != math.prod(shape):
        raise FileFormatError(f"{where} has {len(texts)} texts, but its shape is {shape}")
    array = np.empty(len(texts), object)
    array[:] = [str(text, "utf-8", "replace") for text in texts]
    return array.reshape(shape)


def needed_nodes(model: Model, output: str) -> Iterator[OnnxNode]:
    """The nodes that a value depends on, in their order."""
    needed, kept = {output}, []
    for node in reversed(model.nodes):
        if needed.intersection(node.outputs) - {""}:
            needed.update(node.inputs)
            kept.append(node)
    return reversed(kept)
