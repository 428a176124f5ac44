"""Test scores and fit times of pybp's and scikit-learn's MLPs on real data.

    python benchmarks/sklearn_accuracy.py             # measures what results/sklearn-accuracy.json lacks; an hour
    python benchmarks/sklearn_accuracy.py --fresh     # measures everything
    python tools/sklearn_table.py                     # then writes the table of docs/sklearn-accuracy.md

All models are trained on one thread, so that CPU time is the time on an idle machine, and each split is used for all
models before the next one. Data come from scikit-learn and from the directory that PYBP_DATA names (see
examples/_data.py); without that directory the script stops.
"""

import argparse
import json
import statistics
import sys
import time
import warnings

import numpy as np
from sklearn import datasets, neural_network
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from grid import ROOT
from pybp import sklearn as ours
from results import json_lines

sys.path.append(str(ROOT / "examples"))
from _data import NoDataError, fann, mnist10k

RESULTS = ROOT / "benchmarks" / "results" / "sklearn-accuracy.json"
SEEDS = range(5)
MODELS = ("scikit-learn", "pybp", "tabular")


# ---- data ------------------------------------------------------------------------------------


def joined(name):
    """A FANN set, its training and test part joined; classes as numbers."""
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


def make(model, regression, seed):
    """An estimator with default parameters; the MLPs are given scaled inputs and targets."""
    kind = "Regressor" if regression else "Classifier"
    if model == "tabular":
        return getattr(ours, f"TabularMLP{kind}")(random_state=seed, n_jobs=1)
    if model == "pybp":
        net = getattr(ours, f"MLP{kind}")(random_state=seed, n_jobs=1)
    else:
        net = getattr(neural_network, f"MLP{kind}")(random_state=seed)
    scaled = make_pipeline(StandardScaler(), net)
    if not regression:
        return scaled
    return TransformedTargetRegressor(scaled, transformer=StandardScaler())


def run(model, X, y, regression, seed):
    """Test score, and CPU seconds of `fit`."""
    parts = train_test_split(
        X, y, test_size=0.25, random_state=seed, stratify=None if regression else y
    )
    X_train, X_test, y_train, y_test = parts
    estimator = make(model, regression, seed)
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)
        begin = time.process_time()
        estimator.fit(X_train, y_train)
        seconds = time.process_time() - begin
    return float(estimator.score(X_test, y_test)), seconds


def measure(results, models):
    """Add what results lacks: for each data set and model a list of (score, seconds)."""
    for regression, sets in ((False, CLASSIFICATION), (True, REGRESSION)):
        for name, load in sets.items():
            X, y = load()
            entry = results.setdefault(name, {"rows": len(X), "columns": X.shape[1]})
            missing = [model for model in models if model not in entry]
            found = {model: [] for model in missing}
            for seed in SEEDS:
                for model in missing:
                    found[model].append(run(model, X, y, regression, seed))
            entry.update(found)
            means = {model: statistics.mean(s for s, _ in entry[model]) for model in models}
            line = "  ".join(f"{model} {mean:.4f}" for model, mean in means.items())
            print(f"{name:14} {line}", flush=True)
            RESULTS.write_text(json_lines(results, 1), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--models", nargs="+", choices=MODELS, default=MODELS, help="default: all")
    options = parser.parse_args()
    kept = RESULTS.exists() and not options.fresh
    results = json.loads(RESULTS.read_text(encoding="utf-8")) if kept else {}
    try:
        measure(results, options.models)
    except NoDataError as missing:
        raise SystemExit(f"not run: {missing}") from None


if __name__ == "__main__":
    main()
