"""Build an ONNX graph node by node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np

from pybp._common.types import Array, DType
from pybp._core import version
from pybp.errors import ArgumentError
from pybp.export.onnx.schema import MODEL, attribute, tensor, value_info
from pybp.export.onnx.wire import Pieces, encode

__all__ = ["IR_VERSION", "ML_OPSET", "OPSET", "GraphWriter"]

OPSET, ML_OPSET, IR_VERSION = 18, 3, 8
ML = "ai.onnx.ml"
_LARGEST_FILE = 2**31 - 1
"""The limit of protobuf."""


class GraphWriter:
    """The nodes, constants, inputs and outputs of a graph, and the type of its numbers.

    Values are known by their names, which are unique.
    """

    def __init__(self, dtype: DType) -> None:
        self.dtype = dtype
        self._nodes: list[dict[str, Any]] = []
        self._constants: list[dict[str, Any]] = []
        self._inputs: list[dict[str, Any]] = []
        self._outputs: list[dict[str, Any]] = []
        self._scalars: dict[tuple[str, bytes], str] = {}
        self._names: Counter[str] = Counter()
        self._domains = {""}

    def input(self, name: str, dtype: DType, shape: tuple[int | str, ...]) -> str:
        """Add an input of the graph."""
        self._names[name] += 1
        self._inputs.append(value_info(name, dtype, shape))
        return name

    def reserve(self, *names: str) -> None:
        """Keep names for outputs of the graph."""
        self._names.update(names)

    def output(self, value: str, name: str, dtype: DType, shape: tuple[int | str, ...]) -> None:
        """Make a value an output of the graph, with a name that was reserved."""
        self._nodes.append({"op_type": "Identity", "input": [value], "output": [name]})
        self._outputs.append(value_info(name, dtype, shape))

    def constant(self, array: Array, name: str) -> str:
        """Add an array, in its own type."""
        unique = self._unique(name)
        self._constants.append(tensor(unique, array))
        return unique

    def number(self, value: float, dtype: DType | None = None) -> str:
        """A number as a constant of no dimensions; each is added once."""
        array = np.asarray(value, self.dtype if dtype is None else dtype)
        key = array.dtype.str, array.tobytes()
        if key not in self._scalars:
            self._scalars[key] = self.constant(array, "number")
        return self._scalars[key]

    def integers(self, values: Sequence[int]) -> str:
        """Whole numbers as a constant vector, such as axes and indices."""
        return self.constant(np.array(values, np.int64), "integers")

    def node(
        self, op: str, *inputs: str, domain: str = "", n_outputs: int = 1, **attributes: Any
    ) -> str:
        """Add a node, and return the name of its first output."""
        name = self._unique(op.lower())
        names = [name, *(self._unique(f"{name}_other") for _ in range(n_outputs - 1))]
        message: dict[str, Any] = {"input": inputs, "output": names, "name": name, "op_type": op}
        if attributes:
            message["attribute"] = [attribute(key, value) for key, value in attributes.items()]
        if domain:
            message["domain"] = domain
            self._domains.add(domain)
        self._nodes.append(message)
        return name

    def ml(self, op: str, *inputs: str, **attributes: Any) -> str:
        """The same for an operator of ai.onnx.ml."""
        return self.node(op, *inputs, domain=ML, **attributes)

    def _unique(self, name: str) -> str:
        while True:
            self._names[name] += 1
            if self._names[name] == 1:
                return name
            numbered = f"{name}_{self._names[name]}"
            if numbered not in self._names:
                self._names[numbered] = 1
                return numbered

    def encode(self) -> Pieces:
        """The contents of the file.

        Raises
        ------
        ArgumentError
            It is larger than 2 GB, which is the limit of the format.
        """
        versions = {"": OPSET, ML: ML_OPSET}
        graph = {
            "node": self._nodes,
            "name": "pybp",
            "initializer": self._constants,
            "input": self._inputs,
            "output": self._outputs,
        }
        model = {
            "ir_version": IR_VERSION,
            "producer_name": "pybp",
            "producer_version": version(),
            "graph": graph,
            "opset_import": [{"domain": d, "version": versions[d]} for d in sorted(self._domains)],
        }
        pieces = encode(model, MODEL)
        size = sum(len(piece) for piece in pieces)
        if size > _LARGEST_FILE:
            raise ArgumentError(f"the model takes {size} bytes; an ONNX file holds {_LARGEST_FILE}")
        return pieces
