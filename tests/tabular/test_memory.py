"""Memory that preprocessing takes beside the table: at most as much as the table, its result included."""

import tracemalloc

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl

from pybp.tabular import Preprocessing

ROWS, NUMBERS = 60_000, 40
RANDOM = np.random.default_rng(0)
VALUES = RANDOM.normal(size=(ROWS, NUMBERS))
NAMES = [f"c{i}" for i in range(NUMBERS)]
TEXTS = {f"t{i}": RANDOM.choice([f"text {k}" for k in range(20 * i + 3)], ROWS) for i in range(3)}
TABLES = {
    "array": VALUES,
    "columns first": np.asfortranarray(VALUES),
    "pandas": pd.DataFrame(VALUES, columns=NAMES),
    "pandas with text": pd.DataFrame(VALUES, columns=NAMES).assign(**TEXTS),
    "polars with text": pl.DataFrame(VALUES, schema=NAMES).with_columns(
        **{name: pl.Series(values) for name, values in TEXTS.items()}
    ),
}


def peak(function):
    """The result, and the most memory that was in use meanwhile beyond that before, in tables."""
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    result = function()
    most = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return result, most / VALUES.nbytes


@pytest.mark.parametrize("X", TABLES.values(), ids=TABLES)
def test_the_table_once_more_at_most(X):
    learned, fit = peak(lambda: Preprocessing.fit(X))
    assert fit < 0.35
    inputs, transform = peak(lambda: learned.transform(X, "float32"))
    assert inputs.nbytes >= VALUES.nbytes / 2
    assert transform < inputs.nbytes / VALUES.nbytes + 0.35 < 1
