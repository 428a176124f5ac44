"""Test scores and fit times of pybp's and scikit-learn's MLPs on real data; writes docs/sklearn-accuracy.md.

    python benchmarks/sklearn_accuracy.py             # runs what benchmarks/sklearn_accuracy.json doesn't have
    python benchmarks/sklearn_accuracy.py --fresh     # runs everything

Everything runs on one thread, so that CPU time is the time of a machine that does nothing else, and each split
goes through all models, one after the other. Data come from scikit-learn and from the directory that PYBP_DATA names (see
examples/_data.py); without it the script ends.
"""

import argparse
import json
import math
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pages
from scipy import stats
from sklearn import datasets, neural_network
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pybp import sklearn as ours

HERE = Path(__file__).parent
sys.path.append(str(HERE.parent / "examples"))
from _data import NoDataError, fann, mnist10k  # noqa: E402

RESULTS = HERE / "sklearn_accuracy.json"
SEEDS = range(5)
WAYS = ("scikit-learn", "pybp", "tabular")


# ---- data ------------------------------------------------------------------------------------


def joined(name):
    """Both parts of a FANN set, to be split anew; classes as numbers."""
    X_train, y_train, X_test, y_test = fann(name)
    X, y = np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])
    return X, y if name == "building" else y.argmax(axis=1)


def mnist():
    X_train, y_train, X_test, y_test = mnist10k()
    return np.concatenate([X_train, X_test]), np.concatenate([y_train, y_test])


def bundled(name):
    return getattr(datasets, f"load_{name}")(return_X_y=True)


CLASSIFICATION = {
    "iris": lambda: bundled("iris"),
    "wine": lambda: bundled("wine"),
    "breast cancer": lambda: bundled("breast_cancer"),
    "digits": lambda: bundled("digits"),
    "pima diabetes": lambda: joined("diabetes"),
    "gene": lambda: joined("gene"),
    "thyroid": lambda: joined("thyroid"),
    "MNIST-10k": mnist,
}
REGRESSION = {
    "diabetes": lambda: bundled("diabetes"),
    "building": lambda: joined("building"),
}


# ---- models ----------------------------------------------------------------------------------


def model(way, regression, seed):
    """An estimator with default parameters; the MLPs get what they need: scaled inputs and targets."""
    kind = "Regressor" if regression else "Classifier"
    if way == "tabular":
        return getattr(ours, f"TabularMLP{kind}")(random_state=seed, n_jobs=1)
    if way == "pybp":
        net = getattr(ours, f"MLP{kind}")(random_state=seed, n_jobs=1)
    else:
        net = getattr(neural_network, f"MLP{kind}")(random_state=seed)
    scaled = make_pipeline(StandardScaler(), net)
    if not regression:
        return scaled
    return TransformedTargetRegressor(scaled, transformer=StandardScaler())


def run(way, X, y, regression, seed):
    """Test score, and seconds of CPU time of `fit`."""
    parts = train_test_split(
        X, y, test_size=0.25, random_state=seed, stratify=None if regression else y
    )
    X_train, X_test, y_train, y_test = parts
    estimator = model(way, regression, seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        begin = time.process_time()
        estimator.fit(X_train, y_train)
        seconds = time.process_time() - begin
    return float(estimator.score(X_test, y_test)), seconds


def measure(results, ways):
    """Add what is not there yet: for each data set and way a list of (score, seconds)."""
    for regression, sets in ((False, CLASSIFICATION), (True, REGRESSION)):
        for name, load in sets.items():
            X, y = load()
            entry = results.setdefault(name, {"rows": len(X), "columns": X.shape[1]})
            missing = [way for way in ways if way not in entry]
            found = {way: [] for way in missing}
            for seed in SEEDS:
                for way in missing:
                    found[way].append(run(way, X, y, regression, seed))
            entry.update(found)
            line = [f"{way} {statistics.mean(s for s, _ in entry[way]):.4f}" for way in ways]
            print(f"{name:14} {'  '.join(line)}", flush=True)
            RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


# ---- table -----------------------------------------------------------------------------------


def difference(ones, others):
    """Mean of paired differences, with half the width of its 95% interval (Student's t)."""
    apart = [one - other for one, other in zip(ones, others, strict=True)]
    width = stats.t.ppf(0.975, len(apart) - 1) * statistics.stdev(apart) / math.sqrt(len(apart))
    return statistics.mean(apart), width


def shown(mean, width):
    return f"{mean:+.4f} ± {width:.4f}"


def scores(entry, way):
    return [score for score, _ in entry[way]]


def row(name, entry):
    means = {way: statistics.mean(scores(entry, way)) for way in WAYS}
    best = max(WAYS[:2], key=lambda way: means[way])
    seconds = [statistics.median(time for _, time in entry[way]) for way in WAYS]
    return [
        f"{name} ({entry['rows']} x {entry['columns']})",
        *(f"{means[way]:.4f}" for way in WAYS),
        shown(*difference(scores(entry, "pybp"), scores(entry, "scikit-learn"))),
        shown(*difference(scores(entry, "tabular"), scores(entry, best))),
        *(f"{each:.2f}" for each in seconds),
    ]


def overall(entries):
    """The line of means over data sets; the intervals are over data sets, too."""
    means = [[statistics.mean(scores(entry, way)) for entry in entries] for way in WAYS]
    best = [max(pair) for pair in zip(*means[:2], strict=True)]
    return [
        "mean",
        *(f"{statistics.mean(each):.4f}" for each in means),
        shown(*difference(means[1], means[0])),
        shown(*difference(means[2], best)),
        *([""] * len(WAYS)),
    ]


def written(results):
    """The table of the page."""
    header = ["data (rows x columns)", *WAYS, "pybp - scikit-learn", "tabular - better of both"]
    header += [f"{way}, s" for way in WAYS]
    rows = [row(name, entry) for name, entry in results.items()]
    return pages.table(header, [*rows, overall(list(results.values()))])


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--ways", nargs="+", choices=WAYS, default=WAYS, help="default: all")
    options = parser.parse_args()
    kept = RESULTS.exists() and not options.fresh
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if kept else {}
    try:
        measure(results, options.ways)
    except NoDataError as missing:
        raise SystemExit(f"not run: {missing}") from None
    if all(way in entry for entry in results.values() for way in WAYS):
        pages.replace("sklearn-accuracy.md", "table of scores", written(results))


if __name__ == "__main__":
    main()
