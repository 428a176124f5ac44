"""CPU milliseconds of the preprocessing of tables: fit, transform, and one row, by container; beside OneHotEncoder.

    python benchmarks/preprocessing.py

The best of several repetitions. "library" is what the library of the frame takes to give the cells of one row.
"""

import os
import time

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import pandas as pd
import polars as pl
from sklearn.preprocessing import OneHotEncoder

from pybp.tabular import Preprocessing
from pybp.tabular.columns import row_cells, unchecked_names

ROWS = 30_000
RANDOM = np.random.default_rng(0)


def milliseconds(function, times=9):
    function()
    found = []
    for _ in range(times):
        begin = time.process_time()
        function()
        found.append(time.process_time() - begin)
    return 1e3 * min(found)


def texts(n):
    """Columns of 4, 7, 10, ... categories."""
    return {
        f"text {i}": RANDOM.choice([f"category {k}" for k in range(4 + 3 * i)], ROWS)
        for i in range(n)
    }


def mixed():
    """8 columns of numbers and 6 of text, in each container."""
    numbers = {f"number {i}": RANDOM.normal(size=ROWS) for i in range(8)}
    frame, names = pd.DataFrame(numbers).assign(**texts(6)), list(texts(6))
    polars = pl.from_pandas(frame)
    return {
        "pandas, str": frame.astype(dict.fromkeys(names, "str")),
        "pandas, category": frame.astype(dict.fromkeys(names, "category")),
        "pandas, object": frame.astype(dict.fromkeys(names, object)),
        "polars, String": polars,
        "polars, Categorical": polars.with_columns(pl.col(names).cast(pl.Categorical)),
    }


def wide():
    """5000 columns."""
    array = RANDOM.normal(size=(200, 5000))
    frame = pd.DataFrame(array, columns=[f"c{i}" for i in range(5000)])
    return {"array": array, "pandas": frame, "polars": pl.from_pandas(frame)}


def report(title, tables):
    print(f"\n{title:20} {'fit':>9} {'transform':>9} {'one row':>9} {'library':>9}")
    for name, X in tables.items():
        learned, row = Preprocessing.fit(X), X[7:8]
        times = [
            milliseconds(lambda X=X: Preprocessing.fit(X), 3),
            milliseconds(lambda X=X, p=learned: p.transform(X, "float32"), 5),
            milliseconds(lambda X=row, p=learned: p.transform(X, "float32"), 200),
            milliseconds(lambda X=row: (unchecked_names(X), row_cells(X)), 200),
        ]
        print(f"{name:20}", *(f"{each:9.3f}" for each in times))


def report_categories():
    print(f"\n{'6 columns of text':20} {'fit and transform':>17} {'OneHotEncoder':>17}")
    for name, X in mixed().items():
        if name.startswith("pandas"):
            part = X[list(texts(6))]
            encoder = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
            ours = milliseconds(lambda X=part: Preprocessing.fit(X).transform(X, "float32"), 5)
            theirs = milliseconds(lambda X=part, e=encoder: e.fit_transform(X), 5)
            print(f"{name:20} {ours:17.3f} {theirs:17.3f}")


if __name__ == "__main__":
    report(f"{ROWS:,} x 14", mixed())
    report("200 x 5000", wide())
    report_categories()
