"""coefs_ and intercepts_ of pybp's estimators: arrays that a user may change."""

import threading

import numpy as np
import pytest

pytest.importorskip("sklearn")

from pybp.errors import NotFiniteError, ShapeError

from small_estimators import able_classifier as classifier

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
