"""Tables as inputs of a net, computed again here: scales, codes, missing values."""

import datetime
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl

from pybp.errors import ArgumentError, ShapeError
from pybp.tabular import CLASSIFICATION, REGRESSION, Preprocessing, TabularPredictor
from pybp.tabular.categories import one_hot, sorted_categories
from pybp.tabular.columns import as_table, categorical_columns, table_columns
from pybp.tabular.scaling import RobustScaling, quantile

NUMBERS = st.floats(-1e6, 1e6, allow_subnormal=False, width=32)
TABLES = st.integers(1, 30).flatmap(lambda n: arrays(float, (n, 3), elements=NUMBERS))


def recipe(x, train):
    """The paper's transformation of a column of numbers."""
    low, median, high = np.percentile(train, [25, 50, 75])
    spread = high - low if high != low else (train.max() - train.min()) / 2
    z = (x - median) / spread if spread else np.zeros_like(x)
    return z / np.sqrt(1 + (z / 3) ** 2)


def fitted(X, recipe=REGRESSION, **arguments):
    """A predictor whose preprocessing has seen all of X, and whose net is hardly trained."""
    small = {"hidden_layer_sizes": 2, "n_epochs": 1, "validation_fraction": None}
    task = "regression" if recipe is REGRESSION else "classification"
    predictor = TabularPredictor(task, replace(recipe, dtype="float64", **small))
    return predictor.fit(X, np.arange(len(X)) % 2, seed=0, **arguments)


# ---- numbers ----


@given(TABLES, TABLES)
def test_numbers(train, X):
    scaling = RobustScaling.fit(train)
    wanted = np.column_stack([recipe(x, t) for x, t in zip(X.T, train.T, strict=True)])
    np.testing.assert_allclose(scaling.transform(X), wanted, rtol=1e-9, atol=1e-12)


def test_equal_quartiles_make_way_for_half_the_range():
    column = np.array([0.0] * 9 + [4.0])
    wanted = 2 / np.sqrt(1 + (2 / 3) ** 2)
    scaled = RobustScaling.fit(column[:, np.newaxis]).transform(np.array([[0.0], [4.0]]))
    np.testing.assert_allclose(scaled, [[0], [wanted]], rtol=1e-15)


def test_a_constant_column_is_0_whatever_comes():
    scaling = RobustScaling.fit(np.full((5, 1), 7.0))
    assert (scaling.transform(np.array([[7.0], [8.0], [-1e300], [np.nan]])) == 0).all()


@pytest.mark.parametrize("size", [1e-320, 1e-300, 1.0, 1e154, 1e308])
def test_sizes_at_the_edge_of_float64(size):
    X = np.array([-1.0, -0.5, 0.0, 0.5, 1.0])[:, np.newaxis] * size
    scaled = RobustScaling.fit(X).transform(np.array([[-1.0], [0], [1], [1.7]]) * size)
    assert np.isfinite(scaled).all()
    assert (np.diff(scaled[:, 0]) > 0).all()
    assert (abs(scaled) <= 3).all()


def test_numbers_far_away_are_clipped_to_3():
    scaling = RobustScaling.fit(np.linspace(0, 1, 5)[:, np.newaxis])
    np.testing.assert_allclose(scaling.transform(np.array([[1e300], [-1e300]])), [[3], [-3]])


def test_missing_numbers_become_0_and_are_flagged():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 3)) * 5 + 2
    X[rng.random((40, 3)) < 0.3] = np.nan
    X[:, 1] = rng.normal(size=40)
    found = fitted(X).preprocess(X)
    gaps = np.isnan(X[:, 0]), np.isnan(X[:, 2])
    wanted = [
        np.nan_to_num(recipe(X[:, 0], X[~gaps[0], 0])),
        recipe(gaps[0].astype(float), gaps[0].astype(float)),
        recipe(X[:, 1], X[:, 1]),
        np.nan_to_num(recipe(X[:, 2], X[~gaps[1], 2])),
        recipe(gaps[1].astype(float), gaps[1].astype(float)),
    ]
    np.testing.assert_allclose(found, np.column_stack(wanted), rtol=1e-12)


def test_a_column_that_is_missing_altogether():
    X = np.array([[np.nan, 1.0], [np.nan, 2.0], [np.nan, 4.0]])
    assert (fitted(X).preprocess(X)[:, 0] == 0).all()


# ---- quantiles with weights ----


@given(arrays(float, st.integers(1, 20), elements=NUMBERS), st.floats(0.01, 100))
def test_equal_weights_change_no_quantile(values, weight):
    levels = np.array([0.0, 0.25, 0.5, 0.75, 1.0])
    found = quantile(values, levels, np.full(len(values), weight))
    np.testing.assert_allclose(found, np.quantile(values, levels), rtol=1e-9, atol=1e-6)


@given(arrays(float, 12, elements=NUMBERS), arrays(int, 12, elements=st.integers(1, 9)))
def test_weights_repeat_values(values, times):
    times[3] = 1
    levels, wanted = np.linspace(0, 1, 9), values.repeat(times)
    for scale in (1.0, 7.0, 1e-9):
        found = quantile(values, levels, times * scale)
        np.testing.assert_allclose(found, np.quantile(wanted, levels), rtol=1e-6, atol=1e-3)


@given(arrays(float, 12, elements=NUMBERS), arrays(float, 12, elements=st.floats(0.1, 9)))
def test_weighted_quantiles(values, weights):
    levels = np.linspace(0, 1, 9)
    found = quantile(values, levels, weights)
    assert (np.diff(found) >= 0).all()
    assert (found[0], found[-1]) == (values.min(), values.max())


def test_a_heavy_value_is_the_median():
    assert quantile(np.array([1.0, 5.0, 9.0]), np.array([0.5]), np.array([1.0, 1.0, 50.0])) == 9


# ---- categories ----


def test_codes():
    categories = sorted_categories(["b", "a", None, "c", "a"])
    assert categories == ["a", "b", "c"]
    values = np.array(["c", "a", None, np.nan, "unknown", "b"], object)
    found = one_hot(values, categories)
    wanted = [[0, 0, 1], [1, 0, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]
    np.testing.assert_array_equal(found, wanted)


def test_two_categories_are_one_column():
    found = one_hot(np.array(["no", "yes", None, "maybe"], object), ["no", "yes"])
    np.testing.assert_array_equal(found, [[1], [-1], [0], [0]])


@pytest.mark.parametrize(
    ("values", "n"),
    [([None, None], 1), (["a", "a"], 1), ([1, "a", 2.5, ("t",), None], 4), ([True, False], 1)],
)
def test_columns_of_codes(values, n):
    column = np.empty(len(values), object)
    column[:] = values
    assert one_hot(column, sorted_categories(column)).shape == (len(values), n)


@given(st.lists(st.sampled_from([0, 1, 2, 3, None]), min_size=1, max_size=30))
def test_the_order_of_rows_changes_no_code(values):
    assume(any(value is not None for value in values))
    column = np.array(values, object)
    assert sorted_categories(column) == sorted_categories(column[::-1])


# ---- tables ----

ROWS = 24
COLOURS = ["red", "green", None, "blue"] * 6
SIZES = ["S", "M"] * 12
FLAGS = [True, False, None, True] * 6
HEIGHTS = [float(i * i) for i in range(ROWS)]
COUNTS = [i % 7 if i % 5 else None for i in range(ROWS)]

PANDAS = {
    "category": pd.DataFrame(
        {
            "colour": pd.Categorical(COLOURS, categories=["red", "blue", "green", "unused"]),
            "size": pd.Series(SIZES, dtype="category"),
            "flag": pd.Series(FLAGS, dtype="boolean"),
            "height": np.array(HEIGHTS, np.float32),
            "count": pd.Series(COUNTS, dtype="Int64"),
        }
    ),
    "string": pd.DataFrame(
        {
            "colour": pd.Series(COLOURS, dtype="string"),
            "size": pd.Series(SIZES, dtype="string"),
            "flag": pd.Series(FLAGS, dtype="object"),
            "height": HEIGHTS,
            "count": pd.Series(COUNTS, dtype="float64"),
        }
    ),
    "object": pd.DataFrame(
        {
            "colour": pd.Series(COLOURS, dtype="object"),
            "size": pd.Series(SIZES, dtype="object"),
            "flag": pd.Series(FLAGS, dtype="category"),
            "height": pd.Series(HEIGHTS, dtype="Float64"),
            "count": pd.Series(COUNTS, dtype="Float32"),
        }
    ),
}
COLUMNS = {"colour": COLOURS, "size": SIZES, "flag": FLAGS, "height": HEIGHTS, "count": COUNTS}
POLARS = {
    "string": pl.DataFrame(COLUMNS),
    "category": pl.DataFrame(
        COLUMNS,
        schema={
            "colour": pl.Categorical,
            "size": pl.Enum(["M", "S"]),
            "flag": pl.Boolean,
            "height": pl.Float32,
            "count": pl.Int16,
        },
    ),
}
FRAMES = {f"pandas {name}": frame for name, frame in PANDAS.items()} | {
    f"polars {name}": frame for name, frame in POLARS.items()
}


def expected():
    """What any of the frames becomes."""
    codes = [np.array([float(c == name) for c in COLOURS]) for name in ("blue", "green", "red")]
    codes.append(np.array([1.0 if size == "M" else -1.0 for size in SIZES]))
    codes.append(np.array([{None: 0.0, True: -1.0, False: 1.0}[flag] for flag in FLAGS]))
    codes.append(np.array(HEIGHTS))
    scaled = [recipe(code, code) for code in codes]
    counts = np.array([np.nan if c is None else c for c in COUNTS], float)
    gaps = np.isnan(counts)
    scaled.append(np.where(gaps, 0.0, recipe(counts, counts[~gaps])))
    scaled.append(recipe(gaps.astype(float), gaps.astype(float)))
    return np.column_stack(scaled)


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("recipe", [CLASSIFICATION, REGRESSION], ids=["classes", "numbers"])
def test_frames_go_in_as_they_are(frame, recipe):
    model = fitted(frame, recipe)
    np.testing.assert_allclose(model.preprocess(frame), expected(), rtol=1e-9, atol=1e-12)
    assert [encoding.name for encoding in model.preprocessing.encodings] == list(COLUMNS)
    assert model.preprocessing.feature_names == [
        *("column 'colour' = 'blue'", "column 'colour' = 'green'", "column 'colour' = 'red'"),
        "column 'size' = 'M' or 'S'",
        "column 'flag' = False or True",
        *("column 'height'", "column 'count'", "column 'count' is missing"),
    ]


@pytest.mark.parametrize("other", FRAMES.values(), ids=FRAMES)
def test_a_frame_of_another_kind_is_read_alike(other):
    model = fitted(PANDAS["category"])
    np.testing.assert_allclose(model.preprocess(other), expected(), rtol=1e-9, atol=1e-12)


def test_an_unknown_category_counts_as_missing():
    model = fitted(PANDAS["object"])
    row = PANDAS["object"].iloc[:1]
    strange, missing = row.assign(colour="mauve"), row.assign(colour=None)
    assert (model.preprocess(strange) == model.preprocess(missing)).all()
    assert (model.predict(strange) == model.predict(missing)).all()
    assert not (model.preprocess(strange) == model.preprocess(row)).all()


def test_numbers_missing_for_the_first_time_have_no_flag():
    model = fitted(PANDAS["object"])
    found = model.preprocess(PANDAS["object"].assign(height=np.nan))
    assert found.shape == expected().shape
    assert (found[:, 5] == 0).all()


def test_columns_without_names():
    frame = pd.DataFrame(np.arange(12.0).reshape(4, 3))
    frame[3] = [True, False, True, True]
    model = fitted(frame)
    assert model.preprocess(frame).shape == (4, 4)
    assert model.preprocessing.feature_names[-1] == "column 3 = False or True"


# ---- which columns hold categories ----

CODES = np.column_stack([np.arange(20) % 3, np.arange(20.0), np.arange(20) % 4])


@pytest.mark.parametrize("given", [[0, 2], [0, -1], [True, False, True], np.array([0, 2])])
def test_categories_of_an_array(given):
    found = fitted(CODES, categorical_features=given).preprocess(CODES)
    assert found.shape == (20, 3 + 1 + 4)
    hot = [(CODES[:, 0] == 0).astype(float), (CODES[:, 2] == 3).astype(float)]
    np.testing.assert_allclose(found[:, 0], recipe(hot[0], hot[0]))
    np.testing.assert_allclose(found[:, -1], recipe(hot[1], hot[1]))


def test_categories_by_name():
    frame = pd.DataFrame(CODES, columns=["a", "b", "c"])
    for names in (["a", "c"], [0, "c"]):
        found = fitted(frame, categorical_features=names).preprocess(frame)
        np.testing.assert_array_equal(
            found, fitted(CODES, categorical_features=[0, 2]).preprocess(CODES)
        )


@pytest.mark.parametrize("given", [None, [], "from_dtype"])
def test_arrays_hold_numbers(given):
    assert fitted(CODES, categorical_features=given).preprocess(CODES).shape == (20, 3)


def test_an_array_of_objects_with_categories():
    X = np.array([["x", 1.0], ["y", 2.0], ["z", None], ["x", 4.0]], object)
    found = fitted(X, categorical_features=[0]).preprocess(X)
    assert found.shape == (4, 3 + 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ("b", "categorical_features must be 'from_dtype', None, or a list"),
        (3, "categorical_features must be"),
        ([3], r"categorical_features names 3 \(int\), but X has 3 columns"),
        (["b"], "categorical_features names 'b'"),
        ([True], "categorical_features has 1 entries, but X has 3 columns"),
        ([0.5], "categorical_features names 0.5"),
    ],
)
def test_bad_categorical_features(given, message):
    with pytest.raises(ArgumentError, match=message):
        fitted(CODES, categorical_features=given)


def test_a_name_that_the_frame_has_not():
    with pytest.raises(ArgumentError, match=r"names 'd'.*the columns \['a', 'b', 'c'\]"):
        fitted(pd.DataFrame(CODES, columns=["a", "b", "c"]), categorical_features=["d"])


# ---- what is no table of numbers and categories ----

DAY = datetime.datetime(2024, 2, 29)


@pytest.mark.parametrize(
    "column",
    [
        pd.DataFrame({"a": [1.0, 2.0], "when": pd.to_datetime([DAY, DAY])}),
        pl.DataFrame({"a": [1.0, 2.0], "when": [DAY, DAY]}),
        pl.DataFrame({"a": [1.0, 2.0], "when": [[1], [2, 3]]}),
        pd.DataFrame({"a": [1.0, 2.0], "when": [1j, 2]}),
    ],
    ids=["pandas dates", "polars dates", "polars lists", "complex"],
)
def test_columns_of_other_kinds_are_named(column):
    with pytest.raises(ArgumentError, match="column 'when' of X should hold numbers"):
        fitted(column)


def test_text_where_numbers_were():
    frame = pd.DataFrame({"a": [1.0, 2.0, 3.0], "b": [1.0, 5.0, 2.0]})
    model = fitted(frame)
    with pytest.raises(ArgumentError, match="column 'b' of X should hold numbers"):
        model.predict(frame.astype({"b": "string"}).assign(b="many"))


@pytest.mark.parametrize("library", [pd, pl])
def test_infinity_is_refused(library):
    with pytest.raises(ValueError, match=r"Input X contains infinity.*column 'a', row 1"):
        fitted(library.DataFrame({"a": [1.0, np.inf, 2.0]}))


def test_other_columns_than_in_fit():
    frame = pd.DataFrame(CODES, columns=["a", "b", "c"])
    model = fitted(frame)
    for other in (frame.rename(columns={"a": "z"}), frame[["a", "b"]], frame[["b", "a", "c"]]):
        with pytest.raises(ArgumentError, match=r"X has the columns .*; fit had \['a', 'b', 'c'\]"):
            model.predict(other)
    with pytest.raises(ArgumentError, match=r"X has the columns \[0, 1\]"):
        model.predict(CODES[:, :2])
    assert (model.predict(CODES) == model.predict(frame)).all()


@pytest.mark.parametrize("X", [pd.DataFrame({"a": []}), np.zeros((0, 3)), [], [1.0, 2.0], 3.0])
def test_what_is_no_table(X):
    with pytest.raises(ShapeError, match="expected at least one row and one column"):
        as_table(X)


# ---- as data ----


def preprocessing(X, categorical_features="from_dtype"):
    """What is learned from X, and its columns."""
    columns = table_columns(X, categorical_columns(X, categorical_features))
    return Preprocessing.fit(columns), columns


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_description_survives_json(frame):
    learned, columns = preprocessing(frame)
    text = json.dumps(learned.description(), allow_nan=False)
    arrays = {name: array.copy() for name, array in learned.arrays().items()}
    again = Preprocessing.from_description(json.loads(text), arrays)
    assert again.encodings == learned.encodings
    assert again.feature_names == learned.feature_names
    assert again.categorical == learned.categorical
    assert (again.transform(columns) == learned.transform(columns)).all()


def test_a_description_says_what_is_done():
    found, _ = preprocessing(PANDAS["object"])
    assert found.description() == {
        "columns": [
            {"name": "colour", "kind": "categories", "categories": ["blue", "green", "red"]},
            {"name": "size", "kind": "categories", "categories": ["M", "S"]},
            {"name": "flag", "kind": "categories", "categories": [False, True]},
            {"name": "height", "kind": "numbers", "missing_indicator": False},
            {"name": "count", "kind": "numbers", "missing_indicator": True},
        ]
    }
    arrays = found.arrays()
    assert (arrays["medians"][5], arrays["spreads"][5]) == (132.5, np.ptp([33.0625, 297.5625]))
    assert preprocessing(CODES, [0])[0].description()["columns"][0] == {
        "name": 0,
        "kind": "categories",
        "categories": [0.0, 1.0, 2.0],
    }


def test_categories_that_json_has_not():
    values = np.empty((2, 1), object)
    values[:, 0] = [("t",), DAY]
    with pytest.raises(TypeError, match=r"a category of column 0 can't be described: datetime"):
        preprocessing(values, [0])[0].description()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "has 'columns'"),
        ({"columns": [{"name": "a", "kind": "dates"}]}, "a column is described by"),
        ({"columns": [{"name": "a", "kind": "numbers"}]}, "a column is described by"),
        ({"columns": []}, r"medians has shape \(3,\)"),
    ],
)
def test_bad_descriptions(changed, message):
    learned, _ = preprocessing(CODES)
    with pytest.raises(ValueError, match=message):
        Preprocessing.from_description(changed, learned.arrays())
