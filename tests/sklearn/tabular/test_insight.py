"""What the tabular estimators add: scorers, importances, intervals, partial dependence."""

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
pytest.importorskip("pandas")

import pandas as pd
from sklearn.exceptions import NotFittedError
from sklearn.feature_selection import SelectFromModel
from sklearn.metrics import d2_pinball_score, f1_score, make_scorer

from pybp.sklearn import TabularMLPClassifier, TabularMLPRegressor

from small_tabular import BOTH, small, table, targets


def test_scorers_as_metric():
    X, y = targets(TabularMLPClassifier, rows=90)
    macro = make_scorer(f1_score, average="macro")
    for metric in ("f1_macro", macro):
        model = small(TabularMLPClassifier, metric=metric, n_ensemble=5).fit(X, y)
        labels = model.oof_prediction_.argmax(axis=1)
        assert model.oof_score_ == pytest.approx(f1_score(y, labels, average="macro"))
    loss = small(TabularMLPClassifier, metric="neg_log_loss", n_ensemble=5).fit(X, y)
    own = small(TabularMLPClassifier, n_ensemble=5).fit(X, y)
    assert loss.oof_score_ == pytest.approx(-own.oof_score_)
    assert loss.best_epochs_ == own.best_epochs_
    X, y = targets(TabularMLPRegressor)
    model = small(TabularMLPRegressor, metric="neg_median_absolute_error", n_ensemble=5).fit(X, y)
    assert model.oof_score_ == pytest.approx(-np.median(abs(model.oof_prediction_ - y)))
    with pytest.raises(ValueError, match="metric 'accurracy' is unknown; did you mean 'accuracy'"):
        small(TabularMLPClassifier, metric="accurracy").fit(*targets(TabularMLPClassifier))


@BOTH
def test_what_an_ensemble_has(estimator):
    X, y = targets(estimator)
    model = small(estimator, n_ensemble=5).fit(X, y)
    assert len(model.nets_) == len(model.best_epochs_) == len(model.histories_) == 5
    assert model.net_ is model.nets_[0]
    assert model.best_epoch_ == model.best_epochs_[0]
    assert model.loss_curve_ == model.histories_[0].history["loss"]
    assert len(model.oof_prediction_) == 60


@BOTH
def test_importances_and_gradients(estimator):
    X, y = targets(estimator, rows=200)
    model = small(estimator, n_ensemble=2, epochs=40).fit(X, y)
    importances = model.feature_importances_
    assert importances.argmax() == 0
    selected = SelectFromModel(model, prefit=True, threshold=0.1).transform(X)
    assert selected.shape == (200, (abs(importances) >= 0.1).sum())
    outputs = 3 if estimator is TabularMLPClassifier else 1
    assert model.input_gradients(X).shape == model.explain(X).shape == (200, outputs, 4)
    for name in ("feature_importances_", "input_gradients", "explain"):
        with pytest.raises(NotFittedError):
            getattr(small(estimator), name)(X)
    assert not hasattr(small(estimator, validation_fraction=None).fit(X, y), "feature_importances_")


def test_intervals_and_quantiles():
    X, _, y = table(200)
    model = small(TabularMLPRegressor, n_ensemble=5).fit(X, y)
    assert model.predict_interval(X).shape == (200, 2)
    quantiles = small(TabularMLPRegressor, loss="quantile", quantiles=[0.2, 0.8], epochs=40)
    predicted = quantiles.fit(X, y).predict(X)
    each = [d2_pinball_score(y, predicted[:, i], alpha=q) for i, q in enumerate([0.2, 0.8])]
    assert quantiles.score(X, y) == pytest.approx(np.mean(each))
    assert quantiles.score(X, y) > 0.2


@BOTH
def test_partial_dependence(estimator):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    from sklearn.inspection import PartialDependenceDisplay

    X, y = targets(estimator)
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=np.where(X[:, 0] > 0, "x", "y"))
    model = small(estimator).fit(frame, y)
    target = {"target": 1} if estimator is TabularMLPClassifier else {}
    display = PartialDependenceDisplay.from_estimator(
        model,
        frame,
        ["a", "e", ("a", "b")],
        categorical_features=["e"],
        grid_resolution=5,
        **target,
    )
    assert display.axes_.shape == (1, 3)
    pyplot.close("all")
