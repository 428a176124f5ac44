"""Repeated calls of pybp's estimators: new classes, warm starts, interrupts and failures."""

import warnings

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.datasets import make_multilabel_classification
from sklearn.exceptions import NotFittedError
from sklearn.preprocessing import scale

import pybp
from pybp.sklearn import MLPRegressor

from small_estimators import able_classifier as classifier

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def test_classes_that_come_later(iris):
    X, y = iris
    model = classifier().fit(X[:100], y[:100])
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="`y` has classes not in"):
        model.partial_fit(X, y)
    with pytest.raises(ValueError, match="is not the same as on last call"):
        model.partial_fit(X, y, classes=["setosa", "virginica"])
    model.set_params(solver="sgd", learning_rate_init=1e-12).partial_fit(X, y, classes=np.unique(y))
    assert [*model.classes_] == ["setosa", "versicolor", "virginica"]
    assert model.n_outputs_ == 3
    assert model.out_activation_ == "softmax"
    known = model.predict_proba(X)[:, :2]
    np.testing.assert_allclose(known / known.sum(axis=1, keepdims=True), before, rtol=1e-6)
    model.set_params(solver="adam", learning_rate_init=0.02)
    for _ in range(150):
        model.partial_fit(X, y)
    assert model.score(X, y) > 0.9
    model.partial_fit(X, y, classes=[*np.unique(y), "ensata"])
    assert model.predict_proba(X).shape == (150, 4)
    assert model.score(X, y) > 0.85


def test_a_first_partial_fit_that_fails_teaches_nothing(iris):
    X, y = iris
    model = classifier()
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(X * np.nan, y, classes=["setosa", "virginica"])
    assert not hasattr(model, "classes_")
    assert model.partial_fit(X, y, classes=np.unique(y)).n_outputs_ == 3


FAILING = [
    {"dropout": [0.1, 0.2]},
    {"monitor": "loss"},
    {"callbacks": [3]},
    {"schedule": "step"},
    {"solver": "lbfgs", "dropout": 0.5},
    {"learning_rate_init": 1e300, "solver": "sgd", "batch_size": 10},
]


@pytest.mark.parametrize("params", FAILING, ids=str)
def test_a_fit_that_fails_changes_nothing(iris, params):
    X, y = iris
    model = classifier(**params)
    with pytest.raises((ValueError, TypeError)):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)
    model = classifier().fit(X, y)
    before, losses = model.predict_proba(X), [*model.loss_curve_]
    with pytest.raises((ValueError, TypeError)):
        model.set_params(**params).fit(X[:, :2], np.arange(150) % 5)
    assert np.array_equal(model.predict_proba(X), before)
    assert [*model.classes_] == [*np.unique(y)]
    assert model.loss_curve_ == losses
    assert model.n_iter_ == len(losses)


def test_a_later_partial_fit_that_fails_changes_nothing(iris):
    X, y = iris
    model = classifier().partial_fit(X, y, classes=np.unique(y))
    before = model.predict_proba(X)
    with pytest.raises(ValueError, match="NaN"):
        model.partial_fit(X * np.nan, y, classes=[*np.unique(y), "ensata"])
    assert [*model.classes_] == [*np.unique(y)]
    assert np.array_equal(model.predict_proba(X), before)
    assert model.partial_fit(X, y).t_ == 300


def test_an_error_after_some_epochs_keeps_them(iris):
    class Stumble(pybp.callbacks.Callback):
        def on_epoch_end(self, net, epoch, logs):
            if epoch == 3:
                raise RuntimeError

    model = classifier(callbacks=[Stumble()])
    with pytest.raises(RuntimeError):
        model.fit(*iris)
    assert model.n_iter_ == 3
    assert np.array_equal(model.net_.weights[0], model.coefs_[0].T)


def test_warm_start_takes_new_parameters(iris):
    X, y = iris
    model = classifier(warm_start=True, solver="sgd", max_iter=1).fit(X, y)
    start = [coef.copy() for coef in model.coefs_]
    model.set_params(alpha=1e5, learning_rate_init=1e-4, momentum=0.0).fit(X, y)
    for coef, was in zip(model.coefs_, start, strict=True):
        np.testing.assert_allclose(coef, was * (1 - 1e-4 * 1e5 / 150), atol=1e-3)
    with pytest.raises(
        ValueError, match=r"describe another one: \[4, 5, 3\] instead of \[4, 8, 3\]"
    ):
        model.set_params(hidden_layer_sizes=5).fit(X, y)


def test_warm_start_by_another_rule(iris):
    X, y = iris
    model = classifier(warm_start=True, solver="lbfgs", max_iter=3).fit(X, y)
    model.set_params(solver="adam", max_iter=5).fit(X, y)
    assert model.best_loss_ == min(model.loss_curve_[3:])
    model.set_params(early_stopping=True).fit(X, y)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert len(model.validation_scores_) == 5
    assert len(model.loss_curve_) == 13


def test_diverging_says_so(diabetes):
    X, y = diabetes
    model = MLPRegressor(solver="sgd", learning_rate_init=1e4, random_state=0)
    with pytest.raises(ValueError, match="Solver produced non-finite parameter weights"):
        model.fit(X, y)


def test_interrupt_keeps_what_is_there(iris):
    class Interrupt(pybp.callbacks.Callback):
        def on_epoch_end(self, net, epoch, logs):
            if epoch == 3:
                raise KeyboardInterrupt

    model = classifier(callbacks=[Interrupt()])
    with pytest.warns(UserWarning, match="Training interrupted by user"):
        model.fit(*iris)
    assert model.n_iter_ == 3
    assert np.array_equal(model.net_.weights[0], model.coefs_[0].T)


def test_convergence_warning(iris):
    with pytest.warns(sklearn.exceptions.ConvergenceWarning, match=r"iterations \(2\) reached"):
        classifier(max_iter=2).fit(*iris)
    with pytest.warns(
        sklearn.exceptions.ConvergenceWarning, match="lbfgs failed to converge after 2"
    ):
        classifier(max_iter=2, solver="lbfgs").fit(*iris)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        classifier(max_iter=500, tol=0.1).fit(*iris)


def test_random_state(iris):
    coefs = [
        classifier(random_state=state, max_iter=3).fit(*iris).coefs_[0]
        for state in (5, 5, np.random.RandomState(5), None, None)
    ]
    assert np.array_equal(coefs[0], coefs[1])
    assert np.array_equal(coefs[0], coefs[2])
    assert not np.array_equal(coefs[3], coefs[4])
    other = np.random.RandomState(np.random.PCG64(5))
    assert classifier(random_state=other, max_iter=3).fit(*iris).net_.seed < 2**31


def test_several_labels_of_any_kind():
    X, y = make_multilabel_classification(80, 8, n_classes=4, random_state=0)
    model = classifier(early_stopping=True).fit(scale(X), y)
    assert model.predict(scale(X)).shape == (80, 4)
    assert model.classes_.tolist() == [0, 1, 2, 3]
    assert 0 <= model.best_validation_score_ <= 1
