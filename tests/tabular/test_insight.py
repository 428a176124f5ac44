"""Importances, gradients and contributions."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from pybp.errors import StateError
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor

TASKS = pytest.mark.parametrize("task", ["classification", "regression"])


def table(rows=300, seed=0):
    """Column 0 counts twice as much as column 1, column 2 nothing; 3 is constant; 4 has 12 categories."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal(size=(rows, 3))
    category = rng.integers(0, 12, rows)
    X = np.column_stack([numbers, np.full(rows, 7.0), category])
    signal = 2 * numbers[:, 0] + numbers[:, 1] + 2.0 * (category % 3)
    return X, signal


def fitted(task, columns=slice(None), **settings):
    X, signal = table()
    recipe = CLASSIFICATION if task == "classification" else REGRESSION
    small = {"hidden_layer_sizes": (24, 24), "epochs": 60, "n_ensemble": 3}
    model = TabularPredictor(task, replace(recipe, **small | settings))
    y = (signal > signal.mean()).astype(int) if task == "classification" else 10 * signal
    categorical = [4] if columns == slice(None) else None
    return model.fit(X[:, columns], y, categorical_features=categorical, seed=0)


@TASKS
def test_importances(task):
    model = fitted(task)
    found = model.feature_importances
    assert found.shape == (5,)
    assert found[0] > found[1] > 4 * abs(found[2])
    assert found[4] > 4 * abs(found[2])
    assert found[3] == 0
    again = pickle.loads(pickle.dumps(model))
    assert (again.feature_importances == found).all()
    assert (model.copy().feature_importances == found).all()
    assert (fitted(task).feature_importances == found).all()


def test_importances_need_the_rows():
    pickled = pickle.dumps(fitted("regression", epochs=2))
    with pytest.raises(StateError, match="before the predictor is pickled"):
        pickle.loads(pickled).feature_importances  # noqa: B018
    with pytest.raises(StateError, match="validation_fraction"):
        fitted("regression", epochs=2, validation_fraction=None).feature_importances  # noqa: B018
    with pytest.raises(StateError, match="not fitted"):
        TabularPredictor("regression").feature_importances  # noqa: B018


@TASKS
def test_gradients_are_those_of_the_predictions(task):
    """Compared with differences of the mean of the nets' outputs, in double precision."""
    model = fitted(task, columns=slice(0, 3), dtype="float64")
    X = table(6, seed=1)[0][:, :3]
    inputs, found = model.preprocess(X), model.input_gradients(X)
    scale = 1.0 if task == "classification" else model.targets.std

    def predict(inputs):
        return scale * np.mean([net.predict(inputs) for net in model.nets], axis=0)

    assert found.shape == (6, 2 if task == "classification" else 1, 3)
    for j in range(3):
        step = np.zeros(3)
        step[j] = 1e-6
        slope = (predict(inputs + step) - predict(inputs - step)) / 2e-6
        np.testing.assert_allclose(found[:, :, j], slope, rtol=1e-4, atol=1e-7 * scale)
    np.testing.assert_allclose(model.explain(X), found * inputs[:, None], rtol=1e-9, atol=1e-12)


def test_contributions_of_embedded_categories():
    """The directional derivative along a category's vector, by differences of the embedding's weights."""
    model = fitted("regression", dtype="float64", n_ensemble=1)
    X, _ = table(8, seed=1)
    found = model.explain(X)
    assert found.shape == (8, 1, 5)
    assert (found[:, :, 3] == 0).all()
    assert abs(found[:, 0, 4]).max() > 0
    net, inputs, step = model.net.copy(), model.preprocess(X), 1e-6
    weights, outputs = net.weights, []
    assert net.layers[0].kind == "embedding"
    for sign in (1, -1):
        net.weights = [weights[0] * (1 + sign * step), *weights[1:]]
        outputs.append(net.predict(inputs)[:, 0])
    slope = (outputs[0] - outputs[1]) / (2 * step) * model.targets.std
    np.testing.assert_allclose(found[:, 0, 4], slope, rtol=1e-4, atol=1e-5)


def test_explanations_of_quantiles_and_several_numbers():
    X, signal = table(80)
    recipe = replace(REGRESSION, hidden_layer_sizes=8, epochs=2, n_ensemble=2)
    two = TabularPredictor("regression", recipe).fit(X, np.column_stack([signal, signal]))
    assert two.explain(X).shape == (80, 2, 5)
    quantiles = TabularPredictor("regression", replace(recipe, loss="quantile")).fit(X, signal)
    assert quantiles.explain(X).shape == (80, 3, 5)
    assert quantiles.feature_importances.shape == (5,)
