"""One row is read at once: what Python calls for it hardly grows with the number of columns."""

import sys

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl

from pybp.tabular import Preprocessing


def calls(function):
    """How many functions of Python and of C are called."""
    found = 0

    def count(frame, event, arg):
        nonlocal found
        found += event in ("call", "c_call")

    function()  # what is computed once
    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return found


def numbers(n):
    X = np.random.default_rng(0).normal(size=(20, n))
    return X, [f"c{i}" for i in range(n)]


MAKE = {
    "array": lambda X, names: X,
    "pandas": lambda X, names: pd.DataFrame(X, columns=names),
    "polars": lambda X, names: pl.DataFrame(X, schema=names),
}


@pytest.mark.parametrize("make", MAKE.values(), ids=MAKE)
def test_numbers(make):
    X = make(*numbers(1000))
    learned, row = Preprocessing.fit(X), X[3:4]
    assert calls(lambda: learned.transform(row, "float32")) < 200


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_categories_are_looked_up(library):
    text = np.random.default_rng(0).choice(list("abcdef"), (40, 300))
    X = MAKE[library](text.astype(object), [f"c{i}" for i in range(300)])
    learned, row = Preprocessing.fit(X), X[3:4]
    found = calls(lambda: learned.transform(row, "float32"))
    own = 0 if library == "polars" else calls(lambda: row.iloc[0].to_numpy())
    assert found - own < 200 + 4 * 300
