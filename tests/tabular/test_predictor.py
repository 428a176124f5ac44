"""The predictor of tables: used alone, and without scikit-learn installed."""

import pickle
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import pybp
from pybp.errors import ArgumentError, NotFiniteError, ShapeError, StateError
from pybp.tabular import CLASSIFICATION, REGRESSION, Recipe, TabularPredictor

TASKS = pytest.mark.parametrize("task", ["classification", "regression"])


def data(task, rows=60, seed=0):
    """Numbers, a column of categories, and targets that depend on both."""
    rng = np.random.default_rng(seed)
    X = np.column_stack([rng.normal(size=(rows, 2)), rng.integers(0, 3, rows)])
    signal = X[:, 0] + X[:, 2] + rng.normal(size=rows) / 4
    return X, np.where(signal > 1, "high", "low") if task == "classification" else 9 * signal


def predictor(task, **settings):
    recipe = CLASSIFICATION if task == "classification" else REGRESSION
    small = {
        "hidden_layer_sizes": (16, 16),
        "epochs": 12,
        "n_ensemble": 1,
        "dropout": 0.0,
    } | settings
    return TabularPredictor(task, replace(recipe, **small))


def fitted(task, **arguments):
    return predictor(task).fit(*data(task), categorical_features=[2], seed=3, **arguments)


WITHOUT = """
import sys
for name in ("sklearn", "scipy", "joblib", "pandas", "polars"):
    sys.modules[name] = None  # importing it raises ImportError
import numpy as np
from pybp.tabular import TabularPredictor, Recipe
rng = np.random.default_rng(0)
X = rng.normal(size=(80, 3))
X[::7, 1] = np.nan
recipe = Recipe(activation="selu", lr=0.04, hidden_layer_sizes=8, epochs=20, n_ensemble=2)
labels = np.where(X[:, 0] > 0, "yes", "no")
classes = TabularPredictor("classification", recipe).fit(X, labels, seed=0)
numbers = TabularPredictor("regression", recipe).fit(X, X[:, 0], seed=0)
assert (classes.predict(X) == labels).mean() > 0.8
assert classes.predict_proba(X).shape == (80, 2)
assert np.corrcoef(numbers.predict(X), X[:, 0])[0, 1] > 0.8
print(sorted({name.partition(".")[0] for name in sys.modules} & {"sklearn", "scipy", "joblib"}))
"""


def test_fits_and_predicts_without_scikit_learn():
    done = subprocess.run([sys.executable, "-P", "-c", WITHOUT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['joblib', 'scipy', 'sklearn']"  # the blocked ones


def test_what_a_fit_leaves():
    model = fitted("classification")
    assert list(model.targets.classes) == ["high", "low"]
    assert model.history.epochs == list(range(1, 13))
    assert model.best_epoch == 12 - int(np.argmin(model.validation_scores[::-1]))
    assert model.preprocessing.feature_names[-3:] == [f"column 2 = {k}.0" for k in range(3)]


@TASKS
def test_predictions(task):
    X, y = data(task)
    model = predictor(task, epochs=60).fit(X, y, categorical_features=[2], seed=3)
    found = model.predict(X)
    assert found.shape == y.shape
    if task == "classification":
        assert (found == y).mean() > 0.8
        assert (model.targets.classes[model.predict_proba(X).argmax(axis=1)] == found).all()
    else:
        assert np.corrcoef(found, y)[0, 1] > 0.9


@TASKS
def test_the_seed_decides(task):
    X, _ = data(task)
    one, other = fitted(task), fitted(task, threads=2)
    assert (one.predict(X) == other.predict(X)).all()
    state = predictor(task).fit(
        *data(task), categorical_features=[2], seed=np.random.RandomState(3)
    )
    assert (one.predict(X) == state.predict(X)).all()


@TASKS
def test_pickles_and_copies(task):
    X, _ = data(task)
    model = fitted(task)
    before = model.predict(X)
    copy = model.copy()
    copy.net.biases = [None if b is None else b + 1 for b in copy.net.biases]
    assert (copy.predict(X) != before).any() or task == "classification"
    assert (model.predict(X) == before).all()
    assert (pickle.loads(pickle.dumps(model)).predict(X) == before).all()
    assert b"pybp.tabular.predictor" not in pickle.dumps(model)


@TASKS
def test_an_interrupted_fit_is_usable(task):
    def interrupt(net, epoch, logs):
        if epoch == 5:
            raise KeyboardInterrupt

    model = predictor(task)
    callback = pybp.callbacks.LambdaCallback(on_epoch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data(task), callbacks=[callback])
    assert len(model.history) == len(model.validation_scores) == 5
    assert 1 <= model.best_epoch <= 5
    assert model.predict(data(task)[0]).shape == (60,)


def test_class_weights_by_label():
    X, _ = data("classification")
    heavy = fitted("classification", class_weight={"low": 50.0}).predict_proba(X)
    light = fitted("classification", class_weight={"high": 50.0}).predict_proba(X)
    assert (heavy[:, 1] > light[:, 1]).mean() > 0.9


@pytest.mark.parametrize("size", [8e307, 1e155, 1e-170, 1e-305])
def test_targets_of_any_size(size):
    X, y = data("regression")[0], np.where(np.arange(60) % 2, size, -size)
    model = predictor("regression", epochs=60, validation_fraction=None)
    found = model.fit(X, y, seed=0).predict(X)
    assert np.isfinite(found).all()
    assert size / 3 < np.abs(found).max() < 2 * size


# ---- wrong arguments ----


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"epochs": 0}, "epochs"), ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes")],
)
def test_bad_recipes(settings, name):
    with pytest.raises(ArgumentError, match=name):
        Recipe(activation="selu", lr=0.04, **settings)


def test_bad_tasks():
    with pytest.raises(ArgumentError, match="task must be one of"):
        TabularPredictor("ranking")


@TASKS
@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        ({"y": np.zeros(59)}, ShapeError, "y has 59 rows, but X has 60"),
        ({"y": np.full(60, np.nan)}, ValueError, "y h"),
        ({"y": np.zeros((60, 2, 2))}, ShapeError, "y has"),
        ({"X": np.zeros(60)}, ShapeError, r"X has shape \(60,\)"),
        ({"sample_weight": np.ones(3)}, ShapeError, "sample_weight has shape"),
        ({"sample_weight": np.zeros(60)}, ArgumentError, "sample_weight is zero"),
        ({"validation_data": 3}, TypeError, "validation_data must be"),
        ({"callbacks": [print]}, TypeError, "callbacks must derive from"),
    ],
)
def test_bad_arguments(task, given, error, message):
    X, y = data(task)
    with pytest.raises(error, match=message):
        predictor(task).fit(**{"X": X, "y": y} | given)


def test_settings_of_the_recipe():
    for name in ("epochs", "lr", "learning_rate", "batch_size"):
        with pytest.raises(TypeError, match=f"fit.. got .* {name!r}; it belongs to the recipe: da"):
            predictor("regression").fit([[1.0]], [1.0], **{name: 1})
    with pytest.raises(TypeError, match="did you mean 'seed'"):
        predictor("regression").fit([[1.0]], [1.0], random_state=1)
    with pytest.raises(TypeError, match=r"Recipe.. got .* 'n_epochs'; did you mean 'epochs'"):
        Recipe(activation="selu", n_epochs=3)


def test_bad_targets():
    X, y = data("regression")
    with pytest.raises(TypeError, match="y has dtype"):
        predictor("regression").fit(X, y.astype(str))
    with pytest.raises(NotFiniteError, match="y holds NaN or infinity"):
        predictor("regression").fit(X, y * np.inf)
    with pytest.raises(ArgumentError, match="y has missing labels"):
        predictor("classification").fit(X, [None, "a"] * 30)
    with pytest.raises(ArgumentError, match="class_weight is for classification"):
        predictor("regression").fit(X, y, class_weight="balanced")


def test_before_fit_there_is_nothing_to_predict_with():
    for method in (TabularPredictor.predict, TabularPredictor.predict_proba):
        with pytest.raises(StateError, match="not fitted yet"):
            method(TabularPredictor("regression"), [[1.0]])
    with pytest.raises(StateError, match="only classification has probabilities"):
        fitted("regression").predict_proba(data("regression")[0])
