"""Seconds of `fit` with default parameters, for pybp's and scikit-learn's estimators.

    python benchmarks/sklearn_fit.py [--rounds 7] [--data DIRECTORY] [--json FILE]

Each round fits scikit-learn, pybp, and pybp with ``dtype="float32"``, one after the other and with the same random_state.
The table shows medians. All train until scikit-learn's stopping rule ends the fit, so the table shows the number of epochs,
too. MNIST needs mnist10k.npz in DIRECTORY, or in the directory that PYBP_DATA names. Run it with ``taskset -c 1`` to compare
on one core.
"""

import argparse
import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.preprocessing import StandardScaler

from pybp.sklearn import MLPClassifier as Ours

SIDES: dict[str, Callable[..., Any]] = {
    "sklearn": Theirs,
    "pybp": Ours,
    "float32": partial(Ours, dtype="float32"),
}


def breast_cancer() -> tuple[Any, Any]:
    """569 rows, 30 columns, 2 classes."""
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def digits() -> tuple[Any, Any]:
    """1797 rows, 64 columns, 10 classes."""
    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


def mnist(path: Path) -> tuple[Any, Any]:
    """10,000 rows, 784 columns, 10 classes."""
    with np.load(path) as file:
        return file["X"] / 255.0, file["y"].astype(np.int64)


def timed(make: Callable[..., Any], X: Any, y: Any, seed: int) -> tuple[float, Any]:
    """Seconds of a fit, and the fitted estimator."""
    estimator = make(random_state=seed)
    begin = time.perf_counter()
    estimator.fit(X, y)
    return time.perf_counter() - begin, estimator


def compare(name: str, X: Any, y: Any, rounds: int) -> dict[str, Any]:
    """Medians over interleaved rounds."""
    fits: dict[str, list[tuple[float, Any]]] = {side: [] for side in SIDES}
    for seed in range(rounds):
        for side, make in SIDES.items():
            fits[side].append(timed(make, X, y, seed))
    row: dict[str, Any] = {"set": name, "dtype": str(X.dtype), "rounds": rounds}
    for side, done in fits.items():
        row[side] = {
            "seconds": statistics.median(seconds for seconds, _ in done),
            "epochs": statistics.median(estimator.n_iter_ for _, estimator in done),
            "score": statistics.median(estimator.score(X, y) for _, estimator in done),
        }
    for side in fits:
        row[side]["ratio"] = row["sklearn"]["seconds"] / row[side]["seconds"]
    return row


def show(row: dict[str, Any]) -> None:
    """Print a row of the table."""
    cells = [f"{row['set']:14} {row['dtype']:8}"]
    cells += [
        f"{row[side]['seconds']:8.3f} s {row[side]['epochs']:4.0f} {row[side]['score']:.4f}"
        + ("" if side == "sklearn" else f" {row[side]['ratio']:6.2f}x")
        for side in SIDES
    ]
    print(" | ".join(cells), flush=True)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mnist-rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=os.environ.get("PYBP_DATA"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    print("Seconds, epochs and training score of scikit-learn, pybp, and pybp with dtype='float32'")
    sets = [("breast cancer", *breast_cancer()), ("digits", *digits())]
    rows = [compare(name, X, y, options.rounds) for name, X, y in sets]
    for row in rows:
        show(row)
    path = None if options.data is None else options.data / "mnist10k.npz"
    if path is None or not path.exists():
        print("MNIST-10k      not measured: --data must name a directory with mnist10k.npz")
    else:
        X, y = mnist(path)
        for dtype in (np.float64, np.float32):
            rows.append(compare("MNIST-10k", X.astype(dtype), y, options.mnist_rounds))
            show(rows[-1])
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")


if __name__ == "__main__":
    main()
