"""Files of tabular models."""

import json
import random
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import pybp
from pybp.activations import ELU
from pybp.errors import FileFormatError, StateError
from pybp.sklearn import TabularMLPClassifier, TabularMLPRegressor
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor

from file_mutations import limited_memory, mutations
from net_files import join, split

ROWS = 120
X = pd.DataFrame(
    {
        'a "number"': np.r_[np.nan, np.arange(1, ROWS) / 50],
        "a, category": ["x", "y", None, "ü\n"] * (ROWS // 4),
        "date": pd.date_range("2020-01-01", periods=ROWS),
        "id": [f"id {i}" for i in range(ROWS)],
        "many": [f"c{i % 12}" for i in range(ROWS)],
    }
)
LABELS = {
    "text": np.where(np.arange(ROWS) < 70, "few", "many"),
    "numbers": np.arange(ROWS) % 3 - 1,
    "floats": np.arange(ROWS) % 2 + 0.5,
    "flags": np.arange(ROWS) % 2 == 1,
    "objects": np.array(["b", "a"] * (ROWS // 2), object),
}
NUMBERS = {"one": np.arange(ROWS) ** 2.0, "two": np.c_[np.arange(ROWS), -np.arange(ROWS) / 3]}
SMALL = {"epochs": 2, "n_ensemble": 2, "hidden_layer_sizes": (8, 4)}

pytestmark = pytest.mark.filterwarnings("ignore:.*ids and free text:UserWarning")


@pytest.fixture(scope="module")
def fitted():
    recipe = replace(CLASSIFICATION, **SMALL)
    return TabularPredictor("classification", recipe).fit(X, LABELS["text"], seed=0)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "model"


@pytest.mark.parametrize("labels", LABELS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_classes(labels, dtype, path):
    recipe = replace(CLASSIFICATION, **SMALL, dtype=dtype, activation=ELU(alpha=0.5))
    model = TabularPredictor("classification", recipe).fit(X, LABELS[labels], seed=0)
    model.save(path)
    again = pybp.load(path)
    assert type(again) is TabularPredictor
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.targets.classes.dtype.kind == model.targets.classes.dtype.kind
    assert again.recipe == model.recipe
    assert (again.temperature, again.oof_score) == (model.temperature, model.oof_score)
    assert [one.history for one in again.trained] == [one.history for one in model.trained]
    again.save(path)
    np.testing.assert_array_equal(pybp.load(path).predict(X), model.predict(X))


@pytest.mark.parametrize("numbers", NUMBERS)
def test_numbers(numbers, path):
    model = TabularPredictor("regression", replace(REGRESSION, **SMALL))
    model.fit(X, NUMBERS[numbers], seed=0).save(path)
    again = TabularPredictor.load(path)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.predict_interval(X), model.predict_interval(X))


def test_quantiles_and_importances(path):
    model = TabularPredictor("regression", replace(REGRESSION, **SMALL, loss="quantile"))
    model.fit(X, NUMBERS["one"], np.arange(ROWS) + 1.0, seed=0)
    importances = model.feature_importances
    model.save(path)
    again = TabularPredictor.load(path)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    np.testing.assert_array_equal(again.predict_interval(X), model.predict_interval(X))
    np.testing.assert_array_equal(again.feature_importances, importances)


@pytest.mark.parametrize(
    ("estimator", "y"), [(TabularMLPClassifier, "text"), (TabularMLPRegressor, "one")]
)
def test_estimators(estimator, y, path, monkeypatch):
    y = (LABELS | NUMBERS)[y]
    model = estimator((8,), epochs=2, n_ensemble=2, random_state=3, metric=None).fit(X, y)
    model.save(path)
    again = pybp.load(path)
    assert type(again) is estimator
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again.get_params() == model.get_params()
    assert again.best_epochs_ == model.best_epochs_
    assert again.feature_names_in_.tolist() == [*X]
    if hasattr(model, "classes_"):
        np.testing.assert_array_equal(again.classes_, model.classes_)
    monkeypatch.setattr("pybp.loading.find_spec", lambda name: None)
    predictor = pybp.load(path)
    assert type(predictor) is TabularPredictor
    np.testing.assert_array_equal(predictor.predict(X), model.predict(X))


def test_what_can_not_be_saved(path):
    with pytest.raises(StateError, match="not fitted"):
        TabularPredictor("classification").save(path)
    odd = np.array([frozenset({1}), frozenset({1, 2})] * (ROWS // 2), object)
    model = TabularPredictor("classification", replace(CLASSIFICATION, **SMALL))
    model.fit(X[["date"]], odd, seed=0)
    with pytest.raises(TypeError, match="a class label can't be described"):
        model.save(path)
    assert not path.exists()


def test_a_file_of_another_kind(fitted, path):
    fitted.save(path)
    with pytest.raises(FileFormatError, match="holds 'tabular', and not one net"):
        pybp.MLP.load(path)
    fitted.net.save(path)
    with pytest.raises(FileFormatError, match="holds 'net', and no tabular model"):
        TabularPredictor.load(path)


def test_an_ensemble_of_nets(fitted, path):
    fitted.save(path)
    header, document, data = split(path.read_bytes())
    document.update(kind="ensemble", schema=None, preprocessing=None)
    own = [name for name in header if name.startswith("preprocessing.")]  # the last ones
    data = data[: min(header.pop(name)["data_offsets"][0] for name in own)]
    path.write_bytes(join(header, document, data))
    nets = pybp.load(path)
    inputs = fitted.preprocess(X)
    for net, same in zip(nets, fitted.nets, strict=True):
        np.testing.assert_array_equal(net.predict(inputs), same.predict(inputs))


def test_bits_and_truncations(fitted, path):
    fitted.save(path)
    raw = path.read_bytes()
    rng = random.Random(0)
    for bit in rng.sample(range(8 * len(raw)), 150):
        changed = bytearray(raw)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(FileFormatError):
            pybp.load(path)
    for length in rng.sample(range(len(raw)), 50):
        path.write_bytes(raw[:length])
        with pytest.raises(FileFormatError):
            pybp.load(path)


def test_forged_descriptions(fitted, path):
    """With right checksums: refused, or a model that predicts."""
    fitted.save(path)
    counts = Counter()
    with limited_memory():
        for number, raw in enumerate(mutations([path.read_bytes()], seed=2)):
            if number == 250:
                break
            with_sums = raw
            try:
                with_sums = join(*split(raw))
            except Exception:
                counts["unreadable"] += 1
            path.write_bytes(with_sums)
            try:
                model = pybp.load(path)
            except FileFormatError:
                counts["refused"] += 1
                continue
            counts["loaded"] += 1
            repr(model)
    assert counts["loaded"] > 5
    assert counts["refused"] > 50


SCHEMA = {
    "task": ("task", "ranking"),
    "class": ("estimator", {"class": "Popen", "params": {}}),
    "fewer records": ("training", []),
    "no temperature": ("temperature", None),
    "no dtype": ("targets", {"dtype": "U999999999", "classes": ["a", "b"]}),
    "equal classes": ("targets", {"dtype": "str", "classes": ["a", "a"]}),
    "one class": ("targets", {"dtype": "str", "classes": ["a"]}),
    "numbers as text": ("targets", {"dtype": "str", "classes": [1, 2]}),
    "recipe": ("recipe", {}),
}


@pytest.mark.parametrize(("field", "value"), SCHEMA.values(), ids=SCHEMA)
def test_schemas_that_nobody_wrote(fitted, path, field, value):
    fitted.save(path)
    header, document, data = split(path.read_bytes())
    document["schema"][field] = value
    path.write_bytes(join(header, document, data))
    with pytest.raises(FileFormatError, match="is not a file of pybp"):
        pybp.load(path)


def test_the_file_says_what_it_is(fitted, path):
    fitted.save(path)
    document = split(path.read_bytes())[1]
    assert document["kind"] == "tabular"
    assert document["preprocessing"] == json.loads(json.dumps(fitted.preprocessing.description()))
    assert sys.getsizeof(json.dumps(document)) < 20_000


def test_the_record_is_kept(fitted, path):
    model = fitted.copy()
    model.record = {"target": "price", "rows": 3, "list": [1.5, None, "x", True]}
    model.save(path)
    assert TabularPredictor.load(path).record == model.record
    assert fitted.record == {}
    model.record = {"a": object()}
    with pytest.raises(ValueError, match="a file can hold"):
        model.save(path)
