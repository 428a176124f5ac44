"""coefs_ and intercepts_ of pybp's estimators: arrays that a user may change."""

import pickle
import threading

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator

from pybp.errors import NotFiniteError, ShapeError
from pybp.sklearn.mlp import coefficients

from small_estimators import able_classifier as classifier

original = coefficients.read

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def logits(model, X):
    hidden = np.maximum(X @ model.coefs_[0] + model.intercepts_[0], 0)
    return hidden @ model.coefs_[1] + model.intercepts_[1]


@pytest.mark.parametrize("change", ["list", "item", "in place", "all"])
def test_changed_weights_count(iris, change):
    X, y = iris
    model = classifier().fit(X, y)
    before = model.predict_proba(X)
    if change == "list":
        model.coefs_ = [2 * coef for coef in model.coefs_]
    elif change == "item":
        model.coefs_[0] = np.asfortranarray(model.coefs_[0] - 0.1)
    elif change == "in place":
        model.intercepts_[1][0] += 1.0
    else:
        model.coefs_, model.intercepts_ = (
            [a * 0.5 for a in c] for c in (model.coefs_, model.intercepts_)
        )
    assert (model.predict(X) == model.classes_[logits(model, X).argmax(axis=1)]).all()
    z = logits(model, X)
    expected = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(model.predict_proba(X), expected, rtol=1e-9)
    assert not np.allclose(before, expected)
    start = [coef.copy() for coef in model.coefs_]
    slow = model.set_params(solver="sgd", learning_rate_init=1e-9, momentum=0.0).partial_fit(X, y)
    for coef, was in zip(slow.coefs_, start, strict=True):
        np.testing.assert_allclose(coef, was, atol=1e-6)
        assert not np.array_equal(coef, was)


def test_a_new_fit_forgets_what_was_changed(iris):
    X, y = iris
    how = {"early_stopping": True, "monitor": "neg_log_loss"}
    model = classifier(**how).fit(X, y)
    model.coefs_ = [0 * coef for coef in model.coefs_]
    again = model.fit(X, y)
    assert np.array_equal(again.coefs_[0], classifier(**how).fit(X, y).coefs_[0])


def test_partial_fit_changes_the_arrays_that_are_there(iris):
    X, y = iris
    model = classifier().fit(X, y)
    coef = model.coefs_[0]
    was = coef.copy()
    model.partial_fit(X, y)
    assert model.coefs_[0] is coef
    assert not np.array_equal(coef, was)


def test_bad_weights(iris):
    X, y = iris
    model = classifier().fit(X, y)
    good = model.coefs_
    model.coefs_ = [good[0].T, good[1]]
    with pytest.raises(ShapeError, match=r"coefs_\[0\] has shape \(8, 4\); expected \(4, 8\)"):
        model.predict(X)
    model.coefs_ = good[:1]
    with pytest.raises(ShapeError, match="coefs_ has 1 arrays; expected 2"):
        model.predict(X)
    model.coefs_ = [np.full_like(good[0], np.nan), good[1]]
    with pytest.raises(NotFiniteError):
        model.predict(X)
    model.coefs_ = good
    assert model.score(X, y) > 0.9


def test_threads_may_predict_at_once(iris):
    X, y = iris
    model = classifier().fit(X, y)
    expected, right = model.predict_proba(X), []

    def predict():
        right.extend(np.array_equal(model.predict_proba(X), expected) for _ in range(50))

    threads = [threading.Thread(target=predict) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(right) == 200
    assert all(right)


def test_lists_are_made_when_they_are_first_asked_for(iris, monkeypatch):
    X, y = iris
    read = []
    monkeypatch.setattr(coefficients, "read", lambda net: read.append(net) or original(net))
    model = classifier().fit(X, y)
    model.partial_fit(X, y).predict(X)
    model.predict_proba(X), model.hidden_activations(X), model.input_gradients(X)
    model._repr_html_()  # a notebook shows all attributes
    copy = pickle.loads(pickle.dumps(model))
    copy.predict(X)
    assert len(read) == hasattr(BaseEstimator, "_get_fitted_attr_html")
    assert model.coefs_ is model.coefs_
    assert model.intercepts_ is model.intercepts_
    assert np.array_equal(copy.coefs_[0], model.coefs_[0])
    reads = len(read)
    model.predict(X)
    assert len(read) == reads
    model.fit(X, y)  # forgets the lists
    model.predict(X)
    assert len(read) == reads


def test_a_list_that_is_assigned_before_the_other_is_seen(iris):
    X, y = iris
    model, twin = classifier().fit(X, y), classifier().fit(X, y)
    model.intercepts_ = [0 * b for b in twin.intercepts_]
    for b in twin.intercepts_:
        b[:] = 0
    assert np.array_equal(model.predict_proba(X), twin.predict_proba(X))
    assert np.array_equal(model.coefs_[0], twin.coefs_[0])


def test_weights_of_a_saved_estimator_count(iris):
    X, y = iris
    model = classifier().fit(X, y)
    model.coefs_[0][:] = 0  # seen by no predict yet
    copy = pickle.loads(pickle.dumps(model))
    assert np.array_equal(copy.predict_proba(X), model.predict_proba(X))
    assert (copy.net_.weights[0] == 0).all()


def test_there_are_no_weights_before_a_fit(iris):
    model = classifier()
    for name in ("coefs_", "intercepts_"):
        with pytest.raises(
            AttributeError, match=f"'MLPClassifier' object has no attribute '{name}'"
        ):
            getattr(model, name)
    model.coefs_ = [np.ones((4, 8)), np.ones((8, 3))]
    assert not hasattr(model, "intercepts_")
    model.intercepts_ = [np.zeros(8), np.zeros(3)]
    assert model.coefs_[0][0, 0] == 1
