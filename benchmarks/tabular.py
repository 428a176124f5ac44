"""Scores and times on tables: pybp's tabular estimators beside gradient-boosted trees, each with its defaults.

    python benchmarks/tabular.py                                 # measures what results/tabular.json lacks; hours
    python benchmarks/tabular.py --models pybp --splits 2        # some of it
    python benchmarks/tabular.py --without ensemble,embeddings   # pybp without a part of the recipe, one at a time
    python benchmarks/tabular.py --quick                         # small tables, one split, in a minute; kept nowhere
    python tools/tabular_page.py                                 # then writes the table and the plot of docs/tabular-accuracy.md

A quarter of a table is the test part, classes in proportion; the number of the split is its seed and that of the model. All
libraries use 2 threads, which sleep while they wait, so that CPU seconds count work alone. Records are stored as they are made, so that a run can be stopped and started again.
"""

import argparse
import os
import statistics
import tempfile
import time
import warnings
from pathlib import Path

os.environ |= {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "passive"}  # before libraries read them

import numpy as np
from sklearn.metrics import log_loss, r2_score, roc_auc_score
from sklearn.model_selection import train_test_split

import machine
import tables
from grid import ROOT
from results import Results

RESULTS = ROOT / "benchmarks" / "results" / "tabular.json"
THREADS = 2
QUICK = ("titanic", "wine", "mpg")
ONE_ROW = 31  # predictions of one row that are timed


# ---- models ----------------------------------------------------------------------------------


def pybp(classification, seed, **changed):
    from pybp.sklearn import TabularMLPClassifier, TabularMLPRegressor

    estimator = TabularMLPClassifier if classification else TabularMLPRegressor
    return estimator(random_state=seed, n_jobs=THREADS, **changed)


def hist_gradient_boosting(classification, seed):
    from sklearn import ensemble

    kind = "Classifier" if classification else "Regressor"
    return getattr(ensemble, f"HistGradientBoosting{kind}")(random_state=seed)


def lightgbm(classification, seed):
    import lightgbm

    kind = lightgbm.LGBMClassifier if classification else lightgbm.LGBMRegressor
    return kind(random_state=seed, n_jobs=THREADS, verbose=-1)


def xgboost(classification, seed):
    import xgboost

    kind = xgboost.XGBClassifier if classification else xgboost.XGBRegressor
    return kind(random_state=seed, n_jobs=THREADS, enable_categorical=True)


def catboost(classification, seed):
    import catboost

    kind = catboost.CatBoostClassifier if classification else catboost.CatBoostRegressor
    return kind(random_seed=seed, thread_count=THREADS, verbose=False, allow_writing_files=False)


MODELS = {
    "pybp": pybp,
    "HistGradientBoosting": hist_gradient_boosting,
    "LightGBM": lightgbm,
    "XGBoost": xgboost,
    "CatBoost": catboost,
}

WITHOUT = {
    "ensemble": {"n_ensemble": 1},
    "embeddings": {"n_frequencies": 0},
    "dropout": {"dropout": 0.0},
    "decay": {"weight_decay": 0.0},
    "stopping": {"patience": None},
}
"""What leaves out a part of the recipe: parameters of pybp's estimators."""


def contestants(names, without):
    """Name -> a function that makes the model."""
    found = {name: MODELS[name] for name in names}
    for part in without:
        found[f"pybp without {part}"] = lambda classification, seed, part=part: pybp(
            classification, seed, **WITHOUT[part]
        )
    return found


def fitted(name, make, table, X, y, seed):
    """A model, and what it predicts from: CatBoost wants text for what is missing."""
    model = make(table.classification, seed)
    if name != "CatBoost":
        return model.fit(X, y), lambda X: X
    text = X.select_dtypes("category").columns

    def filled(X):
        return X.assign(**{column: X[column].astype(object).fillna("missing") for column in text})

    return model.fit(filled(X), y, cat_features=list(text)), filled


# ---- measuring -------------------------------------------------------------------------------


def measured(name, make, table, seed):
    """The record of a model on one split of a table."""
    y = table.y
    X_train, X_test, y_train, y_test = train_test_split(
        table.X, y, test_size=0.25, random_state=seed, stratify=y if table.classification else None
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        begin, cpu = time.perf_counter(), time.process_time()
        model, filled = fitted(name, make, table, X_train, y_train, seed)
        record = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu}
        record |= scores(model, filled(X_test), y_test, table.classification)
        return record | {"row": one_row(model, filled(X_test))}


def scores(model, X, y, classification):
    if not classification:
        found = np.ravel(model.predict(X))
        return {"r2": r2_score(y, found), "rmse": float(np.sqrt(np.mean((found - y) ** 2)))}
    probabilities = model.predict_proba(X)
    binary = probabilities.shape[1] == 2
    return {
        "accuracy": float(np.mean(probabilities.argmax(axis=1) == y)),
        "log_loss": log_loss(y, probabilities, labels=range(probabilities.shape[1])),
        "auc": roc_auc_score(
            y, probabilities[:, 1] if binary else probabilities, multi_class="ovr"
        ),
    }


def one_row(model, X):
    """The median of the seconds that a prediction of one row takes."""
    rows = [X.iloc[i : i + 1] for i in range(min(ONE_ROW, len(X)))]
    model.predict(rows[0])
    seconds = []
    for row in rows:
        begin = time.perf_counter()
        model.predict(row)
        seconds.append(time.perf_counter() - begin)
    return statistics.median(seconds)


def run(results, names, splits, models):
    """Measure what is missing: all models on a split of a table, before the next one."""
    results.describe(machine.describe())
    for seed in range(splits):
        for name in names:
            missing = [m for m in models if f"{name}, {m}, {seed}" not in results.records]
            table = tables.load(name) if missing else None
            for model in missing:
                record = measured(model, models[model], table, seed)
                shape = {"rows": len(table.X), "columns": table.X.shape[1]}
                key = {"table": name, "model": model, "split": seed}
                results.add(f"{name}, {model}, {seed}", key | shape | record)
                text = "  ".join(f"{k} {v:.5g}" for k, v in record.items())
                print(f"{seed}  {name:20} {model:22} {text}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--models", default=",".join(MODELS), help="some of " + ",".join(MODELS))
    parser.add_argument("--without", default="", help="some of " + (",".join(WITHOUT) or "nothing"))
    parser.add_argument("--tables", default=",".join(tables.NAMES), help="default: all")
    parser.add_argument("--splits", type=int, default=5, help="how many (5)")
    parser.add_argument("--json", default=RESULTS, help="file of the results")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    parser.add_argument("--quick", action="store_true", help="small tables, one split")
    options = parser.parse_args()
    names, splits = options.tables.split(","), options.splits
    results = Results(options.json, keep=not options.fresh)
    if options.quick:
        names, splits = QUICK, 1
        results = Results(Path(tempfile.mkdtemp()) / "quick.json", keep=False)
    models = contestants(
        [name for name in options.models.split(",") if name],
        [part for part in options.without.split(",") if part],
    )
    try:
        run(results, names, splits, models)
    except tables.NoDataError as missing:
        raise SystemExit(f"not run: {missing}") from None


if __name__ == "__main__":
    main()
