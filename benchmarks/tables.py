"""The tables of benchmarks/tabular.py: public ones, and those that come with scikit-learn.

The public ones are files in the folder `tables` of the directory that PYBP_DATA names: adult-train, adult-test (UCI Adult),
california (housing of the 1990 census), titanic, mpg and diamonds (as seaborn distributes them), all .csv.gz.
"""

import sys
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn import datasets

from grid import ROOT

sys.path.append(str(ROOT / "examples"))
from _data import NoDataError, directory


@dataclass(frozen=True)
class Table:
    """A table with its targets: class indices, or numbers. Text is of dtype category."""

    name: str
    X: pd.DataFrame
    y: np.ndarray
    classification: bool


ADULT = [
    *("age", "workclass", "fnlwgt", "education", "education_num", "marital_status", "occupation"),
    *("relationship", "race", "sex", "capital_gain", "capital_loss", "hours_per_week"),
    *("native_country", "income"),
]


def read(name, **how):
    path = directory() / "tables" / f"{name}.csv.gz"
    if not path.exists():
        raise NoDataError(f"there is no {path}")
    return pd.read_csv(path, **how)


def adult():
    how = {"names": ADULT, "skipinitialspace": True, "na_values": "?"}
    both = pd.concat([read(f"adult-{part}", **how) for part in ("train", "test")])
    income = both.pop("income").str.rstrip(".")
    return both.reset_index(drop=True), (income == ">50K").to_numpy(np.int64)


def target(name, column, function=lambda y: y, drop=()):
    X = read(name).drop(columns=list(drop))
    return X, function(X.pop(column).to_numpy())


def bundled(name):
    X, y = getattr(datasets, f"load_{name}")(return_X_y=True, as_frame=True)
    return X, y.to_numpy()


CLASSIFICATION = {
    "adult": adult,
    "titanic": lambda: target("titanic", "survived", drop=["alive"]),
    "iris": lambda: bundled("iris"),
    "wine": lambda: bundled("wine"),
    "breast cancer": lambda: bundled("breast_cancer"),
    "digits": lambda: bundled("digits"),
}
REGRESSION = {
    "california": lambda: target("california", "median_house_value"),
    "diamonds (log price)": lambda: target("diamonds", "price", np.log),
    "mpg": lambda: target("mpg", "mpg"),
    "diabetes": lambda: bundled("diabetes"),
}
NAMES = (*CLASSIFICATION, *REGRESSION)


def load(name):
    """A table by its name.

    Raises
    ------
    NoDataError
        Its file is missing.
    """
    classification = name in CLASSIFICATION
    X, y = (CLASSIFICATION if classification else REGRESSION)[name]()
    text = [column for column in X if not pd.api.types.is_numeric_dtype(X[column].dtype)]
    X = X.assign(**{column: X[column].astype("category") for column in text})
    return Table(name, X, y, classification)
