"""Metrics by name, against their definitions."""

import functools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp.data.dataset import Data
from pybp.errors import ArgumentError
from pybp.losses import resolve_loss
from pybp.metrics import resolve_metrics
from pybp.metrics.scores import BinaryTask, auc

from registered import METRICS


def value(name, y, outputs, loss="cross_entropy", activation="softmax", weights=None):
    spec = pybp.MLP([1, outputs.shape[1]], output=activation).layers[-1].activation
    (metric,) = resolve_metrics([name], resolve_loss(loss, spec))
    return metric(Data(np.zeros((len(y), 1)), y, weights), outputs)


SCORES = np.array([[0.5, 0.3, 0.2], [0.2, 0.5, 0.3], [0.1, 0.45, 0.45], [0.4, 0.4, 0.2]])


@pytest.mark.parametrize(("k", "expected"), [(1, 0.5), (2, 0.75), (3, 1.0), (9, 1.0)])
def test_top(k, expected):
    y = np.array([0, 1, 2, 2], np.int32)  # in row 2 class 1 comes before its equal
    assert value(f"top_{k}", y, SCORES) == expected
    assert value(f"top_{k}", np.eye(3)[y], SCORES) == expected


def test_top_needs_classes():
    with pytest.raises(ArgumentError, match="top_2 needs classes; the targets are one number"):
        value("top_2", Y, OUTPUTS, "mse", "identity")


def test_top_1_is_the_accuracy(classifier, blobs):
    seen = classifier.evaluate(*blobs, metrics=["accuracy", "top_1", "top_2", "top_3"])
    assert seen["accuracy"] == seen["top_1"] <= seen["top_2"] <= seen["top_3"] == 1.0


def pairs_in_order(truth, score):
    """The definition, pair by pair."""
    yes, no = score[truth], score[~truth]
    if not (len(yes) and len(no)):
        return math.nan
    return np.mean([(a > b) + 0.5 * (a == b) for a in yes for b in no])


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(-5, 5)), min_size=1, max_size=40))
def test_area_under_the_curve(rows):
    truth, score = (np.array(column) for column in zip(*rows, strict=True))
    found = auc([BinaryTask(truth, truth, score)], are_classes=False)
    np.testing.assert_allclose(found, pairs_in_order(truth, score), rtol=1e-12)


def test_area_of_several_classes():
    rng = np.random.default_rng(0)
    y, outputs = rng.integers(0, 3, 50), rng.random((50, 3))
    expected = np.mean([pairs_in_order(y == j, outputs[:, j]) for j in range(3)])
    assert value("auc", y.astype(np.int32), outputs) == pytest.approx(expected, rel=1e-12)
    two = value("auc", (y > 0).astype(np.int32), outputs[:, :2])
    assert two == pytest.approx(pairs_in_order(y > 0, outputs[:, 1]), rel=1e-12)
    # A class that is not there has no area.
    missing = value("auc", np.minimum(y, 1).astype(np.int32), outputs)
    pair = [pairs_in_order(np.minimum(y, 1) == j, outputs[:, j]) for j in range(2)]
    assert missing == pytest.approx(np.mean(pair), rel=1e-12)
    assert math.isnan(value("auc", np.zeros(50, np.int32), outputs[:, :2]))


def top(y, a, k):
    return np.mean(
        [label in row[:k] for label, row in zip(y.argmax(1), (-a).argsort(1), strict=True)]
    )


# Of outputs a, and rows y in which the class is 1 and all else 0.
DEFINITIONS = {
    "accuracy": lambda y, a: np.mean(a.argmax(axis=1) == y.argmax(axis=1)),
    "auc": lambda y, a: np.mean([pairs_in_order(t == 1, s) for t, s in zip(y.T, a.T, strict=True)]),
    "balanced_accuracy": lambda y, a: np.mean([np.mean(right(y, a)[t == 1]) for t in y.T]),
    "f1": lambda y, a: np.mean(
        [2 * np.sum(right(y, a) & (t == 1)) / (np.sum(t) + np.sum(s)) for t, s in counted(y, a)]
    ),
    "mae": lambda y, a: np.abs(y - a).mean(),
    "mse": lambda y, a: ((y - a) ** 2).mean(),
    "r2": lambda y, a: np.mean(1 - ((y - a) ** 2).mean(axis=0) / y.var(axis=0)),
    "rmse": lambda y, a: np.sqrt(((y - a) ** 2).mean()),
    **{f"top_{k}": functools.partial(top, k=k) for k in (2, 3, 5)},
}


def right(y, a):
    """Which rows are answered right."""
    return a.argmax(axis=1) == y.argmax(axis=1)


def counted(y, a):
    """For each class, whether a row is of it, and whether it is said to be."""
    return zip(y.T, np.eye(y.shape[1])[a.argmax(axis=1)].T, strict=True)


def test_every_metric_is_defined():
    assert set(METRICS) == set(DEFINITIONS)


@pytest.mark.parametrize("name", METRICS)
def test_a_metric_is_what_its_definition_says(trained, blobs, name):
    X, labels = blobs
    labels = np.roll(labels, 20)  # or all would be right
    found = trained.evaluate(X, labels, metrics=[name])[name]
    outputs = trained.predict(X).astype(np.float64)
    wanted = DEFINITIONS[name](np.eye(3)[labels], outputs)
    assert found == pytest.approx(wanted, rel=1e-6)
    assert found == trained.evaluate(X, np.eye(3)[labels], metrics=[name])[name]


Y = np.array([[1], [1], [1], [0], [0]])
OUTPUTS = np.array([[0.9], [0.5], [0.2], [0.7], [0.1]])


def test_one_output():
    """Two of three found, one false alarm."""
    for loss, activation in (("binary_cross_entropy", "sigmoid"), ("mse", "identity")):
        settings = {"loss": loss, "activation": activation}
        assert value("f1", Y, OUTPUTS, **settings) == 2 * 2 / (3 + 3)
        assert value("balanced_accuracy", Y, OUTPUTS, **settings) == (2 / 3 + 1 / 2) / 2
        assert value("auc", Y, OUTPUTS, **settings) == 4 / 6
    hinge = {"loss": "hinge", "activation": "identity"}
    assert value("f1", 2 * Y - 1, OUTPUTS - 0.5, **hinge) == 2 * 2 / (3 + 3)
    assert value("f1", np.zeros((3, 1)), np.zeros((3, 1)), "mse", "identity") == 0.0


def test_several_classes():
    y = np.array([0, 0, 1, 1, 2], np.int32)
    answers = np.eye(3)[[0, 1, 1, 1, 0]]
    assert value("balanced_accuracy", y, answers) == (1 / 2 + 2 / 2 + 0) / 3
    assert value("f1", y, answers) == pytest.approx((2 / 4 + 4 / 5 + 0) / 3, rel=1e-15)
    assert value("f1", y[:4], answers[:4, :2]) == 4 / 5


def test_several_outputs_that_are_on_or_off():
    y = np.hstack([Y, 1 - Y])
    outputs = np.hstack([OUTPUTS, np.zeros_like(OUTPUTS)])
    settings = {"loss": "binary_cross_entropy", "activation": "sigmoid"}
    assert value("f1", y, outputs, **settings) == (2 * 2 / 6 + 0) / 2
    assert value("auc", y, outputs, **settings) == (4 / 6 + 1 / 2) / 2


def test_root_of_the_mean_squared_error():
    weights = np.array([1.0, 2.0, 0.5, 0.0, 1.0])
    squared, root = (
        value(name, Y.astype(float), OUTPUTS, "mse", "identity", weights)
        for name in ("mse", "rmse")
    )
    assert root == math.sqrt(squared) > 0


def test_in_training_and_validation(classifier, blobs):
    history = classifier.fit(*blobs, epochs=2, validation_split=0.2, metrics=METRICS)
    assert set(history.history) == {
        prefix + name for prefix in ("", "val_") for name in ["loss", *METRICS]
    }
    assert all(np.isfinite(values).all() for values in history.history.values())


@pytest.mark.parametrize("name", ["top_0", "top_", "top_3x", "aucc"])
def test_unknown_names(classifier, blobs, name):
    with pytest.raises(ArgumentError, match="is unknown; did you mean"):
        classifier.fit(*blobs, metrics=[name])


@pytest.mark.parametrize("found", [None, "0.5", [0.5], 1j, np.zeros(2)])
def test_what_is_no_number(classifier, blobs, found):
    def broken(y_true, y_pred):
        return found

    with pytest.raises(TypeError, match="metric 'broken' must return a number, got"):
        classifier.evaluate(*blobs, metrics=[broken])
