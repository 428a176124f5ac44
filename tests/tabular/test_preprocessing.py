"""Tables as inputs of a net: frames, which columns hold categories, preprocessing as data."""

import datetime
import json

import numpy as np
import pytest

pytest.importorskip("pandas")
pytest.importorskip("polars")

import pandas as pd
import polars as pl

from pybp.errors import ArgumentError, ShapeError
from pybp.tabular import CLASSIFICATION, REGRESSION, InputLayout, Preprocessing
from pybp.tabular.columns import as_table

from table_inputs import fitted, recipe

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
    counts = np.array([np.nan if c is None else c for c in COUNTS], float)
    gaps = np.isnan(counts)
    numbers = [recipe(np.array(HEIGHTS), np.array(HEIGHTS))]
    numbers += [np.where(gaps, 0.0, recipe(counts, counts[~gaps]))]
    codes = [np.array([float(c == name) for c in COLOURS]) for name in ("blue", "green", "red")]
    codes.append(np.array([1.0 if size == "M" else -1.0 for size in SIZES]))
    codes.append(np.array([{None: 0.0, True: -1.0, False: 1.0}[flag] for flag in FLAGS]))
    codes.append(gaps.astype(float))
    return np.column_stack([*numbers, *(recipe(code, code) for code in codes)])


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
@pytest.mark.parametrize("recipe", [CLASSIFICATION, REGRESSION], ids=["classes", "numbers"])
def test_frames_go_in_as_they_are(frame, recipe):
    model = fitted(frame, recipe)
    np.testing.assert_allclose(model.preprocess(frame), expected(), rtol=1e-9, atol=1e-12)
    assert [encoding.name for encoding in model.preprocessing.encodings] == list(COLUMNS)
    assert model.preprocessing.layout == InputLayout(n_numbers=2, n_codes=6)
    assert model.preprocessing.feature_names == [
        *("column 'height'", "column 'count'"),
        *("column 'colour' = 'blue'", "column 'colour' = 'green'", "column 'colour' = 'red'"),
        "column 'size' = 'M' or 'S'",
        "column 'flag' = False or True",
        "column 'count' is missing",
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
    assert (found[:, 0] == 0).all()


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
    np.testing.assert_allclose(found[:, 1], recipe(hot[0], hot[0]))
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
    ("column", "message"),
    [
        (pl.DataFrame({"a": [1.0, 2.0], "when": [[1], [2, 3]]}), "but its dtype is List"),
        (pd.DataFrame({"a": [1.0, 2.0], "when": [1j, 2]}), "but its dtype is complex128"),
    ],
    ids=["polars lists", "complex"],
)
def test_columns_of_other_kinds_are_named(column, message):
    with pytest.raises(ArgumentError, match=f"column 'when' of X should hold numbers.*{message}"):
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
    for other, told in (
        (frame.rename(columns={"a": "z"}), r"it lacks \['a'\] and fit had no \['z'\]$"),
        (frame[["a", "b"]], r"it lacks \['c'\]$"),
        (frame.assign(d=1), r"fit had no \['d'\]$"),
        (frame[["b", "a", "c"]], r"fit had \['a', 'b', 'c'\]$"),
    ):
        with pytest.raises(ArgumentError, match=r"X has the columns .*; " + told):
            model.predict(other)
    with pytest.raises(ArgumentError, match=r"X has the columns \[0, 1\]; fit had \['a'"):
        model.predict(CODES[:, :2])
    assert (model.predict(CODES) == model.predict(frame)).all()


@pytest.mark.parametrize("X", [pd.DataFrame({"a": []}), np.zeros((0, 3)), [], [1.0, 2.0], 3.0])
def test_what_is_no_table(X):
    with pytest.raises(ShapeError, match="expected at least one row and one column"):
        as_table(X)


# ---- as data ----


@pytest.mark.parametrize("frame", FRAMES.values(), ids=FRAMES)
def test_a_description_survives_json(frame):
    learned = Preprocessing.fit(frame)
    text = json.dumps(learned.description(), allow_nan=False)
    arrays = {name: array.copy() for name, array in learned.arrays().items()}
    again = Preprocessing.from_description(json.loads(text), arrays)
    assert again.encodings == learned.encodings
    assert again.feature_names == learned.feature_names
    assert (again.transform(frame) == learned.transform(frame)).all()


def test_a_description_says_what_is_done():
    found = Preprocessing.fit(PANDAS["object"])
    hot = {"kind": "categories", "one_hot": True, "other": -1, "missing": -1}
    assert found.description() == {
        "columns": [
            {"name": "colour", "categories": ["blue", "green", "red"], **hot},
            {"name": "size", "categories": ["M", "S"], **hot},
            {"name": "flag", "categories": [False, True], **hot},
            {"name": "height", "kind": "numbers", "missing_indicator": False},
            {"name": "count", "kind": "numbers", "missing_indicator": True},
        ]
    }
    arrays = found.arrays()
    assert (arrays["medians"][0], arrays["spreads"][0]) == (132.5, np.ptp([33.0625, 297.5625]))
    assert Preprocessing.fit(CODES, [0]).description()["columns"][0] == {
        "name": 0,
        "categories": [0.0, 1.0, 2.0],
        **hot,
    }


def test_categories_that_json_has_not():
    values = np.empty((2, 1), object)
    values[:, 0] = [datetime.timedelta(1), datetime.timedelta(2)]
    with pytest.raises(TypeError, match=r"a category of column 0 can't be described: datetime"):
        Preprocessing.fit(values, [0]).description()


GOOD = {"name": "a", "kind": "categories", "categories": ["x"], "one_hot": True, "other": -1,
        "missing": -1}  # fmt: skip
TIMES = {"name": "a", "kind": "times", "missing_indicator": False, "parts": ["year"], "first": 0}


@pytest.mark.parametrize(
    ("column", "message"),
    [
        (3, "a column is described by"),
        ({"name": "a", "kind": "dates"}, "a column is described by"),
        ({"name": "a", "kind": ["numbers"]}, "a column is described by"),
        ({"name": "a", "kind": "numbers"}, "a column is described by"),
        (
            {"name": "a", "kind": "numbers", "missing_indicator": 1},
            "a column of kind 'numbers' has",
        ),
        ({"name": {}, "kind": "numbers", "missing_indicator": True}, "a category is described by"),
        ({"name": "a", "kind": "left_out", "reason": "age"}, "wrong values"),
        (GOOD | {"categories": ["x", "x"]}, "wrong values"),
        (GOOD | {"categories": [{"date": "yesterday"}]}, "a category is described by"),
        (GOOD | {"categories": [["x"]]}, "a category is described by"),
        (GOOD | {"categories": []}, "wrong values"),
        (GOOD | {"other": 3}, "wrong values"),
        (GOOD | {"one_hot": False}, "wrong values"),
        (TIMES | {"parts": ["century"]}, "wrong values"),
        (TIMES | {"parts": [["year"]]}, "wrong values"),
        (TIMES | {"parts": []}, "wrong values"),
        (TIMES | {"first": 2**63}, "wrong values"),
    ],
)
def test_bad_descriptions_of_columns(column, message):
    arrays = {"medians": np.zeros(1), "spreads": np.ones(1)}
    for good in (GOOD, TIMES):
        Preprocessing.from_description({"columns": [good]}, arrays)
    with pytest.raises(ArgumentError, match=message):
        Preprocessing.from_description({"columns": [column]}, arrays)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({}, "has 'columns'"),
        ({"columns": []}, r"medians has shape \(3,\)"),
        ({"columns": 3}, "'columns' of the description"),
    ],
)
def test_bad_descriptions(changed, message):
    learned = Preprocessing.fit(CODES)
    with pytest.raises(ValueError, match=message):
        Preprocessing.from_description(changed, learned.arrays())
