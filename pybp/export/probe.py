"""Compare a net with the model that it was made from, on random rows."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pybp._common.types import Array
from pybp.errors import ExportError
from pybp.export.onnx.check import tolerance
from pybp.export.onnx.net import random_rows
from pybp.net.network import Network

__all__ = ["compare_with"]


def compare_with(net: Network, predict: Callable[[Array], Array], what: str) -> None:
    """Raise unless a net computes what `predict` does.

    Raises
    ------
    ExportError
        The outputs differ by more than 1e-4 (float32) or 1e-10 (float64) of the largest one, or of 1 if that
        is larger.
    """
    rows = random_rows(net)
    try:
        wanted = np.asarray(predict(rows), np.float64)
    except Exception as error:  # whatever the other library raises
        raise ExportError(f"{what} can't compute random rows: {error}") from error
    found = np.empty((len(rows), net.n_out), net.dtype)
    net._net.predict(rows, found, 0)
    if wanted.size != found.size:
        raise ExportError(f"{what} gives outputs of shape {wanted.shape}, the net {found.shape}")
    difference = float(np.max(np.abs(found - wanted.reshape(found.shape))))
    limit = tolerance(net.dtype) * max(1.0, float(np.max(np.abs(wanted))))
    if not difference <= limit:
        raise ExportError(
            f"{what} gives other outputs than the net made of it: they differ by {difference:.3g} on "
            f"random rows, at most {limit:.3g} is allowed"
        )
