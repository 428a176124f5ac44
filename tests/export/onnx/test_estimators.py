"""Estimators and predictors for tables as ONNX models, by ONNX Runtime."""

import datetime
from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
import pytest

from pybp import MLP
from pybp.errors import ArgumentError, ExportError
from pybp.export.onnx import predictions
from pybp.sklearn import (
    MLPClassifier,
    MLPRegressor,
    MLPTransformer,
    TabularMLPClassifier,
    TabularMLPRegressor,
)
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")

pytestmark = pytest.mark.filterwarnings("ignore:Stochastic Optimizer", "ignore:nearly all")

rng = np.random.default_rng(0)
X = rng.normal(size=(120, 4))
HALVES = (X[:, 0] > 0).astype(int)
THREE = HALVES + (X[:, 1] > 0)


def session(path):
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options)


def outputs(path, inputs):
    found = session(path)
    names = [output.name for output in found.get_outputs()]
    return dict(zip(names, found.run(names, inputs), strict=True))


TARGETS = {
    "strings": np.array(["no", "yes"])[HALVES],
    "integers": THREE * 3 - 1,
    "bools": HALVES == 1,
    "floats": THREE * 2.0,
    "objects": np.array(["a", "b", "c"], object)[THREE],
    "labels": np.column_stack([HALVES, X[:, 1] > 0, X[:, 2] > 0]).astype(int),
}


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("name", TARGETS)
def test_classifiers(name, dtype, tmp_path):
    rows, y = X.astype(dtype), TARGETS[name]
    model = MLPClassifier((5,), max_iter=3, random_state=0, batch_norm=name == "strings").fit(
        rows, y
    )
    model.to_onnx(tmp_path / "m.onnx", check=rows)
    found = outputs(tmp_path / "m.onnx", {"X": rows})
    np.testing.assert_array_equal(found["label"], model.predict(rows))
    np.testing.assert_allclose(found["probabilities"], model.predict_proba(rows), atol=1e-6)
    assert found["probabilities"].dtype == dtype
    again = MLP.from_onnx(tmp_path / "m.onnx")
    wanted = model.predict_proba(rows)
    wanted = wanted[:, 1:] if again.n_out == 1 else wanted
    np.testing.assert_allclose(again.predict(rows), wanted, atol=1e-6)
    if name != "strings":  # its batch norm becomes a scale
        for one, other in zip(again.weights, model.net_.weights, strict=True):
            np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("y", [HALVES, THREE], ids=["two", "three"])
def test_hinge(y, tmp_path):
    model = MLPClassifier((5,), loss="hinge", max_iter=3, random_state=0).fit(X, y)
    model.to_onnx(tmp_path / "m.onnx", check=X)
    found = outputs(tmp_path / "m.onnx", {"X": X})
    decisions = model.decision_function(X).reshape(len(X), -1)
    np.testing.assert_allclose(found["decisions"], decisions, atol=1e-12)
    np.testing.assert_array_equal(found["label"], model.predict(X))


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("y", [abs(X[:, 0]), abs(X[:, :2])], ids=["one", "two"])
def test_regressors(loss, y, tmp_path):
    model = MLPRegressor(hidden_layer_sizes=(5,), loss=loss, max_iter=3, random_state=0).fit(X, y)
    model.to_onnx(tmp_path / "m.onnx", check=X)
    found = outputs(tmp_path / "m.onnx", {"X": X})["prediction"]
    assert found.shape == y.shape
    np.testing.assert_allclose(found, model.predict(X), rtol=1e-12, atol=1e-12)
    if loss == "squared_error":
        again = MLP.from_onnx(tmp_path / "m.onnx")
        np.testing.assert_array_equal(again.predict(X), model.predict(X).reshape(len(X), -1))


def test_transformer(tmp_path):
    model = MLPTransformer(
        MLPRegressor(hidden_layer_sizes=(5, 1), max_iter=3, random_state=0), layer=1
    ).fit(X, X[:, 0])
    model.to_onnx(tmp_path / "m.onnx", check=X)
    found = outputs(tmp_path / "m.onnx", {"X": X})["features"]
    np.testing.assert_allclose(found, model.transform(X), atol=1e-12)


def test_check_of_labels(tmp_path, monkeypatch):
    model = MLPClassifier((5,), max_iter=3, random_state=0).fit(X, TARGETS["strings"])
    monkeypatch.setattr(predictions, "_label_table", lambda classes: classes[::-1].astype(object))
    with pytest.raises(ExportError, match="rows differ"):
        model.to_onnx(tmp_path / "m.onnx", check=X)
    with pytest.raises(ArgumentError, match="check must be rows"):
        model.to_onnx(tmp_path / "m.onnx", check=True)
    assert list(tmp_path.iterdir()) == []


def test_changed_weights_are_written(tmp_path):
    model = MLPRegressor(hidden_layer_sizes=(5,), max_iter=3, random_state=0).fit(X, X[:, 0])
    model.coefs_[0][:] = 0.25
    model.to_onnx(tmp_path / "m.onnx", check=X)


# ---- tables ----------------------------------------------------------------------------------

N = 200


def frame():
    """A table with columns of each kind, with missing values in each."""
    random = np.random.default_rng(1)
    days = pd.Timestamp("1968-02-27") + pd.to_timedelta(random.integers(0, 40_000, N), "D")
    times = pd.Timestamp("2019-12-31 23:00") + pd.to_timedelta(random.integers(0, 10**9, N), "s")
    table = pd.DataFrame(
        {
            "number": random.normal(size=N) * 50,
            'with "quotes"\n*/': np.where(random.random(N) < 0.1, np.nan, random.normal(size=N)),
            "integer": random.integers(0, 9, N),
            "constant": 1.0,
            "colour": random.choice(["red", "green", "blue", "größer"], N),
            "two": random.choice(["x", "y"], N),
            "many": [f"c{k}" for k in random.integers(0, 25, N)],
            "flag": random.random(N) < 0.5,
            "day": days,
            "time": times,
            "duration": pd.to_timedelta(random.integers(0, 10**6, N), "s"),
            "label": random.normal(size=N),
        }
    )
    table["colour"] = table["colour"].astype("category")
    for name in ("colour", "two", "many", "day", "time", "duration", "number"):
        table.loc[random.random(N) < 0.1, name] = None
    return table


TABLE = frame()
Y = {
    "classes": np.array(["low", "middle", "high"])[np.random.default_rng(2).integers(0, 3, N)],
    "number": np.random.default_rng(3).normal(size=N) * 7 + 3,
    "numbers": np.random.default_rng(4).normal(size=(N, 2)) * [7, 0.1] + 3,
}
SHORT = {"epochs": 2, "n_ensemble": 2, "hidden_layer_sizes": (8, 8)}


def unseen():
    """Rows with categories, times and numbers that the fit has not seen."""
    table = TABLE.iloc[:60].copy()
    table["two"] = ["neither"] * 30 + ["y"] * 30
    table["many"] = table["many"].where(np.arange(60) % 3 > 0, "another")
    table["number"] = table["number"] * 1e12
    table["day"] = pd.to_datetime(["1600-02-29", "1900-03-01", "2000-02-29", "2399-12-31"] * 15)
    table["time"] = pd.Timestamp("1999-12-31 23:59:59.999999")
    return table


def fitted(target, **settings):
    y = Y[target]
    task, recipe = (
        ("classification", CLASSIFICATION) if target == "classes" else ("regression", REGRESSION)
    )
    predictor = TabularPredictor(task, replace(recipe, **{**SHORT, **settings}))
    return predictor.fit(TABLE, y, seed=0)


@pytest.mark.parametrize(
    ("target", "settings"),
    [
        ("classes", {}),
        ("classes", {"dtype": "float64", "n_ensemble": 1}),
        ("number", {}),
        ("number", {"loss": "quantile"}),
        ("numbers", {"dtype": "float64"}),
    ],
    ids=str,
)
def test_tables(target, settings, tmp_path):
    predictor = fitted(target, **settings)
    path = tmp_path / "m.onnx"
    predictor.to_onnx(path, check=TABLE)
    for rows in (TABLE, unseen(), TABLE.iloc[[3]]):
        found = outputs(path, predictor.onnx_inputs(rows))
        close = 1e-11 if predictor.recipe.dtype == "float64" else 2e-5
        if target == "classes":
            np.testing.assert_array_equal(found["label_output"], predictor.predict(rows))
            np.testing.assert_allclose(
                found["probabilities"], predictor.predict_proba(rows), rtol=0, atol=close
            )
        else:
            wanted = predictor.predict(rows)
            assert found["prediction"].shape == wanted.shape
            np.testing.assert_allclose(found["prediction"], wanted, rtol=close, atol=close * 10)


def test_the_inputs_of_a_table(tmp_path):
    predictor = fitted("number")
    predictor.to_onnx(tmp_path / "m.onnx")
    found = {value.name: value.type for value in session(tmp_path / "m.onnx").get_inputs()}
    assert found == {
        "number": "tensor(double)",
        'with "quotes"\n*/': "tensor(double)",
        "integer": "tensor(double)",
        "colour": "tensor(string)",
        "two": "tensor(string)",
        "many": "tensor(string)",
        "flag": "tensor(double)",
        "day": "tensor(int64)",
        "time": "tensor(int64)",
        "duration": "tensor(int64)",
        "label": "tensor(double)",
    }
    rows = TABLE.iloc[:4].assign(colour=["red", None, "mauve", "green"])
    inputs = predictor.onnx_inputs(rows)
    assert inputs["colour"][:, 0].tolist() == ["red", "", "mauve", "green"]
    assert inputs["day"].dtype == np.int64
    assert inputs["number"].shape == (4, 1)


def test_dates_of_500_years(tmp_path):
    """Every part of a date, against the calendar of the standard library."""
    days = [datetime.date(1801, 1, 1) + datetime.timedelta(days=37 * k) for k in range(4900)]
    table = pd.DataFrame({"day": pd.to_datetime(pd.Series(days)).astype("datetime64[us]")})
    predictor = TabularPredictor("regression", replace(REGRESSION, **SHORT | {"dtype": "float64"}))
    predictor.fit(table, [day.month + day.timetuple().tm_yday / 1000 for day in days], seed=0)
    assert {"year", "month", "day_of_year", "weekday"} <= set(
        predictor.preprocessing.encodings[0].parts
    )
    predictor.to_onnx(tmp_path / "m.onnx", check=table)


def test_an_array_and_a_polars_frame(tmp_path):
    rows = np.column_stack([X, THREE])
    predictor = TabularPredictor("regression", replace(REGRESSION, **SHORT))
    predictor.fit(rows, X[:, 0], categorical_features=[4], seed=0)
    predictor.to_onnx(tmp_path / "m.onnx", check=rows)
    assert list(predictor.onnx_inputs(rows)) == [f"column_{k}" for k in range(5)]
    table = pl.DataFrame(
        {"a": X[:, 0], "b": ["u", None, "v"] * 40, "c": TABLE["day"].to_numpy()[:120]}
    )
    model = TabularMLPRegressor(epochs=2, n_ensemble=2, random_state=0).fit(table, X[:, 0])
    model.to_onnx(tmp_path / "m.onnx", check=table)
    found = outputs(tmp_path / "m.onnx", model.onnx_inputs(table))
    np.testing.assert_allclose(found["prediction"], model.predict(table), atol=1e-4)


def test_missing_beside_the_empty_string(tmp_path):
    table = pd.DataFrame({"s": ["", None, "u"] * 40})
    predictor = TabularPredictor("regression", replace(REGRESSION, **SHORT))
    predictor.fit(table, [0.0, 5.0, 9.0] * 40, seed=0)
    assert len(np.unique(predictor.predict(table[:3]))) == 3
    predictor.to_onnx(tmp_path / "m.onnx", check=table)
    assert predictor.onnx_inputs(table[:3])["s"].tolist() == [[""], ["<missing>"], ["u"]]


def test_estimator_for_tables(tmp_path):
    model = TabularMLPClassifier(epochs=2, n_ensemble=2, random_state=0).fit(TABLE, Y["classes"])
    model.to_onnx(tmp_path / "m.onnx", check=TABLE)
    found = outputs(tmp_path / "m.onnx", model.onnx_inputs(TABLE))
    np.testing.assert_array_equal(found["label_output"], model.predict(TABLE))
    np.testing.assert_allclose(found["probabilities"].sum(axis=1), 1, atol=1e-12)


def test_columns_that_have_no_form(tmp_path):
    def refused(table, match):
        predictor = TabularPredictor("regression", replace(REGRESSION, **SHORT))
        predictor.fit(table, X[:, 0], categorical_features=list(table.columns), seed=0)
        with pytest.raises(ArgumentError, match=match):
            predictor.to_onnx(tmp_path / "m.onnx")

    day = datetime.date(2024, 2, 29)
    refused(
        pd.DataFrame({"mixed": ["a", 1, 2.5] * 40}, dtype=object),
        "'mixed' has categories of several",
    )
    refused(pd.DataFrame({"when": [day, day.replace(day=1)] * 60}, dtype=object), "'when'")
    assert list(tmp_path.iterdir()) == []
