"""Compare an ONNX model with what it was written from, by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pybp._common.optional import require
from pybp._common.types import Array, DType
from pybp.errors import ExportError
from pybp.export.onnx.wire import Pieces

__all__ = ["TOLERANCES", "check_model", "tolerance"]

TOLERANCES = {"float32": 1e-4, "float64": 1e-10}
"""Largest allowed difference, relative to the largest output (at least 1)."""


def tolerance(dtype: DType) -> float:
    """The tolerance for models that compute with these numbers."""
    return TOLERANCES[dtype.name]


def check_model(
    pieces: Pieces, inputs: Mapping[str, Array], expected: Mapping[str, Array], allowed: float
) -> None:
    """Raise unless ONNX Runtime computes the expected outputs for these inputs.

    Raises
    ------
    ExportError
        An output differs by more than `allowed`, relative to the largest one, or a label differs.
    MissingExtraError
        ONNX Runtime is not installed.
    """
    session = _session(b"".join(pieces))
    names = list(expected)
    for name, found in zip(names, session.run(names, dict(inputs)), strict=True):
        _compare(name, found, expected[name], allowed)


def _session(model: bytes) -> Any:
    runtime = require("onnxruntime", "check")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _compare(name: str, found: Array, wanted: Array, allowed: float) -> None:
    if wanted.dtype.kind != "f":
        different = np.flatnonzero(np.ravel(found != wanted))
        if different.size:
            row = int(different[0])
            raise ExportError(
                f"ONNX Runtime gives {name} {np.ravel(found)[row]!r} in row {row}, pybp "
                f"{np.ravel(wanted)[row]!r}; {different.size} rows differ"
            )
        return
    difference = float(np.max(np.abs(found.astype(np.float64) - wanted), initial=0.0))
    limit = allowed * max(1.0, float(np.max(np.abs(wanted), initial=0.0)))
    if not difference <= limit:
        raise ExportError(
            f"ONNX Runtime gives {name} with a difference of {difference:.3g} to pybp; "
            f"at most {limit:.3g} is allowed"
        )
