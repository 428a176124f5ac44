"""How long `fit` takes with default parameters, next to scikit-learn's estimators.

    python benchmarks/sklearn_fit.py [--rounds 7] [--data DIRECTORY] [--json FILE]

Rounds alternate (theirs, ours, theirs, ours ...), each with a random_state of its own that both get;
the table has the medians. Both train until scikit-learn's rule says that it is enough, so epochs are
counted too. MNIST needs mnist10k.npz in DIRECTORY, or in the one that PYBP_DATA names. For a comparison
on one core run it by ``taskset -c 1``.
"""

import argparse
import json
import os
import statistics
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier as Theirs
from sklearn.preprocessing import StandardScaler

from pybp.sklearn import MLPClassifier as Ours

GOALS = {"breast cancer": 5.0, "digits": 5.0, "MNIST-10k": 3.0}


def breast_cancer() -> tuple[Any, Any]:
    """569 rows, 30 numbers, 2 classes."""
    X, y = load_breast_cancer(return_X_y=True)
    return StandardScaler().fit_transform(X), y


def digits() -> tuple[Any, Any]:
    """1797 rows, 64 numbers, 10 classes."""
    X, y = load_digits(return_X_y=True)
    return X / 16.0, y


def mnist(path: Path) -> tuple[Any, Any]:
    """10,000 rows, 784 numbers, 10 classes."""
    with np.load(path) as file:
        return file["X"] / 255.0, file["y"].astype(np.int64)


def timed(make: Callable[..., Any], X: Any, y: Any, seed: int) -> tuple[float, Any]:
    """Seconds of a fit, and the estimator."""
    estimator = make(random_state=seed)
    begin = time.perf_counter()
    estimator.fit(X, y)
    return time.perf_counter() - begin, estimator


def compare(name: str, X: Any, y: Any, rounds: int) -> dict[str, Any]:
    """Medians of both, in turns."""
    seconds: dict[str, list[float]] = {"theirs": [], "ours": []}
    epochs: dict[str, list[int]] = {"theirs": [], "ours": []}
    scores: dict[str, list[float]] = {"theirs": [], "ours": []}
    for seed in range(rounds):
        for side, make in (("theirs", Theirs), ("ours", Ours)):
            elapsed, estimator = timed(make, X, y, seed)
            seconds[side].append(elapsed)
            epochs[side].append(estimator.n_iter_)
            scores[side].append(estimator.score(X, y))
    row: dict[str, Any] = {"set": name, "dtype": str(X.dtype), "rounds": rounds}
    for side in seconds:
        row[side] = {
            "seconds": statistics.median(seconds[side]),
            "epochs": statistics.median(epochs[side]),
            "ms_per_epoch": 1e3 * sum(seconds[side]) / sum(epochs[side]),
            "score": statistics.median(scores[side]),
        }
    row["ratio"] = row["theirs"]["seconds"] / row["ours"]["seconds"]
    row["ratio_per_epoch"] = row["theirs"]["ms_per_epoch"] / row["ours"]["ms_per_epoch"]
    return row


def show(row: dict[str, Any]) -> None:
    """A line of the table."""
    theirs, ours = row["theirs"], row["ours"]
    print(
        f"{row['set']:14} {row['dtype']:8} {theirs['seconds']:9.3f} s {ours['seconds']:9.3f} s"
        f" {row['ratio']:6.1f}x   {theirs['epochs']:5.0f} {ours['epochs']:5.0f}"
        f" {row['ratio_per_epoch']:6.1f}x   {theirs['score']:.4f} {ours['score']:.4f}",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--mnist-rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=os.environ.get("PYBP_DATA"))
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    heads = ("set", "dtype", "sklearn", "pybp", "ratio", "epochs of both", "per epoch", "scores")
    print("{:14} {:8} {:>11} {:>11} {:>7}   {} {} {}".format(*heads))
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
