"""Random data for a cell, the same for every contestant."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Data:
    X: np.ndarray
    y: np.ndarray  # class indices (int64), or targets in the dtype of X
    steps: int  # minibatches in an epoch


def dtype_of(cell):
    return np.dtype("float32" if cell.dtype == "f32" else "float64")


def inputs(cell, rows):
    return np.random.default_rng(0).standard_normal((rows, cell.sizes[0]), dtype_of(cell))


def make(cell, steps):
    rows = cell.batch * steps
    rng = np.random.default_rng(1)
    if cell.classifies:
        y = rng.integers(cell.sizes[-1], size=rows)
    else:
        y = rng.standard_normal((rows, cell.sizes[-1]), dtype_of(cell))
    return Data(inputs(cell, rows), y, steps)
