"""Read the data sets of the examples, from files that do not come with pybp."""

import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Sets = tuple[Array, Array, Array, Array]


class NoDataError(Exception):
    """The files that an example needs are missing."""


def directory() -> Path:
    """The directory that PYBP_DATA names. It holds mnist10k.npz, and fann/ with the data sets of the FANN library."""
    found = os.environ.get("PYBP_DATA")
    if found is None:
        raise NoDataError("set PYBP_DATA to a directory with mnist10k.npz and fann/*.train")
    return Path(found)


def fann(name: str) -> Sets:
    """X_train, y_train, X_test, y_test of a benchmark set (UCI, Proben1) in the FANN library's format."""
    sets = []
    for part in ("train", "test"):
        path = directory() / "fann" / f"{name}.{part}"
        if not path.exists():
            raise NoDataError(f"there is no {path}")
        words = path.read_text().split()
        rows, n_in, n_out = map(int, words[:3])
        table = np.array(words[3:], dtype=np.float64).reshape(rows, n_in + n_out)
        sets += [table[:, :n_in], table[:, n_in:]]
    return sets[0], sets[1], sets[2], sets[3]


def mnist10k() -> Sets:
    """The 10,000 test images of MNIST: the first 8,000 for training, the others for testing."""
    path = directory() / "mnist10k.npz"
    if not path.exists():
        raise NoDataError(f"there is no {path}")
    with np.load(path) as file:
        X, y = file["X"] / 255.0, file["y"].astype(np.int64)
    return X[:8000], y[:8000], X[8000:], y[8000:]


def standardized(X_train: Array, X_test: Array) -> tuple[Array, Array]:
    """Shift and scale both parts so that each column of the training part has mean 0 and standard deviation 1."""
    mean, std = X_train.mean(axis=0), X_train.std(axis=0)
    std[std == 0] = 1
    return (X_train - mean) / std, (X_test - mean) / std
