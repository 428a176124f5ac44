"""Columns of objects: which hold numbers, which categories, and which are refused."""

import datetime
import decimal
import fractions
import os
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl

from pybp.errors import ArgumentError
from pybp.tabular.categories import sorted_categories
from pybp.tabular.columns import column_kinds

from table_inputs import fitted

# ---- what is refused ----


@pytest.mark.parametrize(
    "cell",
    [[1], {"a": 1}, {1, 2}, np.ones(2), frozenset({1}), (1, [2])],
    ids=["list", "dict", "set", "array", "frozenset", "tuple"],
)
@pytest.mark.parametrize("container", ["frame", "array"])
def test_cells_of_other_kinds_are_named(cell, container):
    column = np.empty(4, object)
    column[:] = ["a", None, "b", "c"]
    column[3] = cell
    X = pd.DataFrame({"tags": column}) if container == "frame" else column[:, np.newaxis]
    name = "'tags'" if container == "frame" else 0
    with pytest.raises(TypeError, match=rf"column {name} of X holds .* at row 3: each cell"):
        fitted(X)


def masked(values):
    return np.ma.masked_array(values, np.arange(np.size(values)).reshape(np.shape(values)) == 1)


def test_masked_arrays_are_named():
    X, y = np.arange(12.0).reshape(6, 2), np.arange(6.0)
    with pytest.raises(TypeError, match="X is a masked array"):
        fitted(masked(X))
    with pytest.raises(TypeError, match="y is a masked array"):
        fitted(X).fit(X, masked(y))
    with pytest.raises(TypeError, match="sample_weight is a masked array"):
        fitted(X).fit(X, y, masked(y))
    nothing = np.ma.masked_array(X, np.zeros(X.shape, bool))
    assert (fitted(nothing).predict(X) == fitted(X).predict(X)).all()


# ---- numbers in any container ----


def kinds(X, **arguments):
    return [encoding.kind for encoding in fitted(X, **arguments).preprocessing.encodings]


VALUES = [0.5, 2.0, None, 3.25, -1.0, 0.5]
FLOATS = np.array([np.nan if value is None else value for value in VALUES])
DECIMALS = [None if value is None else decimal.Decimal(str(value)) for value in VALUES]
FRACTIONS = [None if value is None else fractions.Fraction(value) for value in VALUES]
MIXED = [decimal.Decimal("0.5"), 2, None, np.float32(3.25), np.int64(-1), fractions.Fraction(1, 2)]

NUMBERS = {
    "floats": pd.DataFrame({"a": pd.Series(VALUES, dtype=object)}),
    "decimals": pd.DataFrame({"a": pd.Series(DECIMALS, dtype=object)}),
    "fractions": pd.DataFrame({"a": pd.Series(FRACTIONS, dtype=object)}),
    "mixed": pd.DataFrame({"a": pd.Series(MIXED, dtype=object)}),
    "pandas.NA": pd.DataFrame({"a": pd.Series(VALUES, dtype=object).replace({None: pd.NA})}),
    "nullable": pd.DataFrame({"a": pd.Series(VALUES, dtype="Float64")}),
    "polars decimals": pl.DataFrame({"a": DECIMALS}, schema={"a": pl.Decimal(10, 2)}),
    "polars objects": pl.DataFrame({"a": pl.Series(MIXED, dtype=pl.Object)}),
    "array": np.array(DECIMALS, object)[:, np.newaxis],
    "list": [[value] for value in MIXED],
}


@pytest.mark.parametrize("X", NUMBERS.values(), ids=NUMBERS)
def test_numbers_are_numbers_whatever_their_container(X):
    wanted = fitted(FLOATS[:, np.newaxis]).preprocess(FLOATS[:, np.newaxis])
    assert wanted.shape == (6, 2)  # the numbers, and whether they are missing
    assert (fitted(X).preprocess(X) == wanted).all()


def test_decimals_of_arrow():
    pa = pytest.importorskip("pyarrow")
    dtype = pd.ArrowDtype(pa.decimal128(10, 2))
    X = pd.DataFrame({"a": pd.Series(DECIMALS, dtype=dtype)})
    wanted = fitted(FLOATS[:, np.newaxis]).preprocess(FLOATS[:, np.newaxis])
    assert (fitted(X).preprocess(X) == wanted).all()


@pytest.mark.parametrize(
    "values",
    [
        [True, False, None, True],
        [True, 2, 3, 4],
        ["1", "2", "3", "4"],
        [1, "2", 3, 4],
        [None, None, None, None],
        [datetime.date(2024, 1, 1), 3, None, datetime.date(2023, 1, 1)],
    ],
    ids=["bools", "a bool", "text", "some text", "nothing", "dates and a number"],
)
def test_other_objects_are_categories(values):
    frame = pd.DataFrame({"a": pd.Series(values, dtype=object)})
    assert column_kinds(frame) == column_kinds(frame.to_numpy()) == ["categories"]


def test_numbers_may_be_called_categories():
    assert kinds(NUMBERS["decimals"], categorical_features=["a"]) == ["categories"]
    assert kinds(pd.DataFrame({"a": pd.Categorical([1, 2, 3, 1])})) == ["categories"]


def test_text_and_numbers_in_lists_and_arrays():
    rows = [["x", 1.5], ["y", 2], ["z", None], ["x", 4.0]]
    for X in (rows, np.array(rows, object)):
        assert kinds(X) == ["categories", "numbers"]
        assert fitted(X).preprocess(X).shape == (4, 3 + 2)
    with pytest.raises(ArgumentError, match="X is an array of strings, which doesn't say"):
        fitted(np.array(rows, str))
    strings = np.array(rows[:2], str)
    assert fitted(strings, categorical_features=[0]).preprocess(strings).shape == (2, 2)


def test_integers_too_large_for_float64_are_named():
    with pytest.raises(ValueError, match="column 0 of X"):
        fitted(np.array([[10**400], [1]], object))
    with pytest.raises(ValueError, match="Input X contains infinity"):
        fitted(np.array([[decimal.Decimal("1e400")], [1]], object))


# ---- ids and free text ----

IDS_WARNING = r"nearly all values are different or rare.*left out"


@pytest.mark.parametrize("rows", [9, 60, 300])
def test_columns_of_ids_are_named_and_left_out(rows):
    X = pd.DataFrame(
        {
            "id": [f"user {i}" for i in range(rows)],
            "height": np.arange(rows),
            "text": pd.Series([f"{i} is a number" for i in range(rows)], dtype=object),
        }
    )
    with pytest.warns(UserWarning, match=rf"columns \['id', 'text'\] of X: {IDS_WARNING}"):
        model = fitted(X)
    assert model.preprocessing.left_out == {"id": "ids", "text": "ids"}
    assert model.preprocessing.feature_names == ["column 'height'"]
    assert (model.preprocess(X.assign(id="x", text=None)) == model.preprocess(X)).all()


def test_of_ids_that_may_be_missing_the_gaps_stay():
    X = pd.DataFrame({"boat": [f"boat {i}" if i % 3 else None for i in range(300)]})
    with pytest.warns(UserWarning, match=rf"column 'boat' of X: {IDS_WARNING}"):
        model = fitted(X)
    assert model.preprocessing.feature_names == ["column 'boat' = another category"]
    found = model.preprocess(X.assign(boat=["boat 1", "new", None] * 100))[:, 0]
    assert (found == [found[0], found[0], found[2]] * 100).all()
    assert found[0] != found[2]


def test_columns_of_many_categories_that_are_no_ids(recwarn):
    values = np.array([f"town {i % 100}" for i in range(400)])
    fitted(pd.DataFrame({"town": values, "height": np.arange(400.0)}))
    fitted(pd.DataFrame({"name": values[:8]}))
    assert not recwarn


def test_the_warning_names_the_users_line():
    with pytest.warns(UserWarning, match=IDS_WARNING) as caught:
        fitted(np.arange(100).astype(str).astype(object)[:, np.newaxis])
    assert caught[0].filename.endswith("table_inputs.py")


# ---- the order of categories ----


def test_categories_of_mixed_types():
    assert sorted_categories(["b", 10, None, 2, "a"]) == [10, 2, "a", "b"]
    day = datetime.date(2024, 1, 1)
    assert sorted_categories([day, "a", 1.5, True, b"x"]) == [True, b"x", day, 1.5, "a"]


def test_categories_that_have_an_order():
    assert sorted_categories([(2, "b"), (1, "z"), (2, "a")]) == [(1, "z"), (2, "a"), (2, "b")]
    bins = pd.cut(pd.Series([0.1, 5.0, 9.0, 2.0]), 3)
    assert kinds(pd.DataFrame({"a": bins})) == ["categories"]


class Plain:
    """Has neither an order nor a text of its own."""


@pytest.mark.parametrize(
    "values",
    [
        ["a", frozenset({1}), frozenset({2})],
        ["a", frozenset({1}), frozenset({1, 2}), frozenset({2})],
        ["a", ("t",)],
        ["a", Plain(), Plain()],
    ],
    ids=["sets", "nested sets", "tuples", "objects"],
)
def test_categories_without_an_order(values):
    with pytest.raises(TypeError, match=r"column 'tags' of X holds .* at row 1"):
        sorted_categories(values, "column 'tags' of X")


SAME = """
import numpy as np
from pybp.tabular import REGRESSION, Recipe, TabularPredictor
rng = np.random.default_rng(0)
words = [f"word {i}" for i in range(9)] + [1, 2.5, True, b"b"]
X = np.empty((60, 2), object)
X[:, 0], X[:, 1] = [words[i] for i in rng.integers(0, 13, 60)], rng.normal(size=60)
recipe = Recipe(activation="mish", lr=0.07, hidden_layer_sizes=8, epochs=5)
model = TabularPredictor("regression", recipe).fit(X, X[:, 1], seed=0)
print(model.preprocessing.feature_names, model.predict(X).tobytes().hex())
"""


def test_hashes_of_strings_change_nothing():
    def printed(seed):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        return subprocess.check_output([sys.executable, "-P", "-c", SAME], env=environment)

    assert printed("1") == printed("2") == printed("3")
