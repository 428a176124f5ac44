"""Compare pybp with scikit-learn's MLP: both have the same layers, epochs, minibatches and learning rate."""

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
    """The result of an example: for each model the mean score over the seeds."""

    name: str
    budget: str
    metric: str
    scores: dict[str, float]

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.budget}; {self.metric}, mean of {len(SEEDS)} seeds"]
        width = max(map(len, self.scores))
        lines += [f"  {model.ljust(width)}  {score:.4f}" for model, score in self.scores.items()]
        return "\n".join(lines)


def compare(
    name: str, budget: str, metric: str, models: dict[str, Callable[[int], float]]
) -> Result:
    """Train and score each model with each seed; a model is a function from the seed to the score."""
    means = {model: statistics.mean(map(run, SEEDS)) for model, run in models.items()}
    return Result(name, budget, metric, means)


def peer(
    kind: str, X: Any, y: Any, X_test: Any, y_test: Any, **params: Any
) -> Callable[[int], float]:
    """scikit-learn's MLPClassifier or MLPRegressor, trained for all epochs; its score on the test data."""

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
