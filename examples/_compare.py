"""pybp next to scikit-learn's MLP, both given the same layers, epochs, minibatches and learning rate."""

import statistics
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from _data import NoDataError

SEEDS = range(3)


@dataclass(frozen=True)
class Result:
    """What an example reached: for each way of doing it the mean score over the seeds."""

    name: str
    budget: str
    score: str
    ways: dict[str, float]

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.budget}; {self.score}, mean of {len(SEEDS)} seeds"]
        width = max(map(len, self.ways))
        lines += [f"  {way.ljust(width)}  {score:.4f}" for way, score in self.ways.items()]
        return "\n".join(lines)


def compare(name: str, budget: str, score: str, ways: dict[str, Callable[[int], float]]) -> Result:
    """Run each way with each seed, one after the other."""
    means = {way: statistics.mean(map(run, SEEDS)) for way, run in ways.items()}
    return Result(name, budget, score, means)


def peer(
    kind: str, X: Any, y: Any, X_test: Any, y_test: Any, **params: Any
) -> Callable[[int], float]:
    """scikit-learn's MLPClassifier or MLPRegressor, for all epochs; its score on the test part."""

    def run(seed: int) -> float:
        from sklearn import neural_network
        from sklearn.exceptions import ConvergenceWarning

        given = {"alpha": 0.0, "tol": 0.0, "n_iter_no_change": params["max_iter"], **params}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            model = getattr(neural_network, kind)(random_state=seed, **given).fit(X, y)
        return float(model.score(X_test, y_test))

    return run


def main(example: Callable[[], Result]) -> None:
    """Print the result, or why there is none."""
    try:
        print(example())
    except (NoDataError, ImportError) as missing:
        print(f"skipped: {missing}", file=sys.stderr)
