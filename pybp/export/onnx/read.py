"""Read an ONNX file as the layers of a net."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from pybp._common.types import DType
from pybp.errors import FileFormatError, PybpError
from pybp.export.layer_graph import Plan
from pybp.export.onnx.model import Model, read_model
from pybp.export.onnx.operators import OPERATORS
from pybp.export.onnx.reader import GraphReader
from pybp.io.paths import checked_path

__all__ = ["read_onnx"]

Net = TypeVar("Net")

_PROBABILITIES = ("probabilities", "output_probability")
"""Names of the output that is read where there are several: pybp's and skl2onnx's."""


def read_onnx(
    path: str | os.PathLike[str], output: str | None, make: Callable[[Plan, DType], Net]
) -> Net:
    """Read the layers of a model; returns what `make` makes of them and their parameters, and the dtype.

    Raises
    ------
    FileFormatError
        The file is no ONNX model, is damaged, or holds what is no layer of pybp.
    OSError
        The file can't be read.
    """
    target = checked_path(path)
    try:
        return make(*_read(target, output))
    except (PybpError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FileFormatError(f"{os.fspath(path)} can't be read as a net: {error}") from error


def _read(path: Path, output: str | None) -> tuple[Plan, DType]:
    model = read_model(path)
    reader = GraphReader(model, _chosen_output(model, output))
    plan = reader.read(OPERATORS)
    return plan, reader.dtype


def _chosen_output(model: Model, output: str | None) -> str:
    names = ", ".join(repr(name[:60]) for name in model.outputs[:10])
    if output is not None:
        if output not in model.outputs:
            raise FileFormatError(f"it has no output {output!r:.60}; it has {names}")
        return output
    if len(model.outputs) == 1:
        return model.outputs[0]
    found = [name for name in model.outputs if name in _PROBABILITIES]
    if len(found) != 1:
        raise FileFormatError(f"it has the outputs {names}; choose one by output=...")
    return found[0]
