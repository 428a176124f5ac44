"""Quantiles and prediction intervals."""

from dataclasses import replace

import numpy as np
import pytest

from pybp.errors import ArgumentError, StateError
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor
from pybp.tabular.intervals import Residuals


def data(rows=400, seed=0):
    """Numbers whose noise grows with the second column."""
    rng = np.random.default_rng(seed)
    X = rng.random((rows, 2))
    return X, 100 + 20 * X[:, 0] + (0.5 + 4 * X[:, 1]) * rng.normal(size=rows)


def predictor(**settings):
    small = {"hidden_layer_sizes": (16, 16), "epochs": 60, "n_ensemble": 5, "dropout": 0.0}
    return TabularPredictor("regression", replace(REGRESSION, **small | settings))


def covered(interval, y):
    return ((interval[:, 0] <= y) & (y <= interval[:, 1])).mean()


@pytest.mark.parametrize(
    "settings", [{}, {"loss": "quantile"}, {"loss": "quantile", "quantiles": [0.3, 0.6]}]
)
def test_intervals_cover_what_they_promise(settings):
    X, y = data()
    X_new, y_new = data(3000, seed=1)
    model = predictor(**settings).fit(X, y, seed=0)
    narrow, wide = model.predict_interval(X_new, 0.5), model.predict_interval(X_new, coverage=0.95)
    assert covered(narrow, y_new) == pytest.approx(0.5, abs=0.1)
    assert covered(wide, y_new) == pytest.approx(0.95, abs=0.03)
    assert (narrow[:, 0] <= narrow[:, 1]).all()
    assert (wide[:, 1] - wide[:, 0] >= narrow[:, 1] - narrow[:, 0]).all()


def test_quantiles():
    X, y = data()
    X_new, y_new = data(3000, seed=1)
    model = predictor(loss="quantile", quantiles=(0.1, 0.5, 0.9)).fit(X, y, seed=0)
    found = model.predict(X_new)
    assert found.shape == (3000, 3)
    assert (np.diff(found, axis=1) >= 0).all()
    below = (y_new[:, None] < found).mean(axis=0)
    np.testing.assert_allclose(below, [0.1, 0.5, 0.9], atol=0.07)
    wide = np.diff(found[:, [0, 2]], axis=1)[:, 0]
    assert wide[X_new[:, 1] > 0.8].mean() > 1.05 * wide[X_new[:, 1] < 0.2].mean()
    missed = y[:, None] - model.oof_prediction
    q = np.array([0.1, 0.5, 0.9])
    assert model.oof_score == pytest.approx(np.maximum(q * missed, (q - 1) * missed).mean())
    one = predictor(loss="quantile", quantiles=[0.9]).fit(X, y, seed=0)
    assert one.predict(X_new).shape == (3000,)
    assert (y_new < one.predict(X_new)).mean() == pytest.approx(0.9, abs=0.07)


def test_several_numbers_have_intervals_of_their_own():
    X, y = data(200)
    Y = np.column_stack([y, 1000 * y, -y])
    model = predictor(epochs=20).fit(X, Y, seed=0)
    interval = model.predict_interval(X)
    assert interval.shape == (200, 3, 2)
    width = (interval[..., 1] - interval[..., 0])[0]
    assert width[1] > 100 * width[0]


@pytest.mark.parametrize(("coverage", "margin"), [(0.5, 5.0), (0.75, 7.0), (0.9, 9.0)])
def test_the_margin_is_a_quantile_of_the_distances(coverage, margin):
    """Of 9 distances 1 to 9, the one of rank ceil(10 coverage), rounded up."""
    distances = np.random.default_rng(0).permutation(np.arange(1.0, 10.0))
    wanted = float(np.ceil(10 * coverage - 1e-9))
    for weights in (None, np.full(9, 0.3)):
        found = Residuals(distances[:, None], weights).margin(coverage)
        assert found.tolist() == [wanted]
    assert wanted >= margin


def test_weighted_distances():
    heavy = Residuals(np.array([[1.0], [2.0], [30.0]]), np.array([1.0, 7.0, 1.0]))
    assert heavy.margin(0.5).tolist() == [2.0]


def test_what_intervals_need():
    X, y = data(60)
    with pytest.raises(StateError, match="need rows that were held out"):
        predictor(validation_fraction=None, epochs=1).fit(X, y).predict_interval(X)
    model = predictor(epochs=1).fit(X, y)
    with pytest.raises(ArgumentError, match=r"coverage must be at most 0\.9836, as 60 samples"):
        model.predict_interval(X, 0.99)
    for coverage in (0, 1, 1.5, -0.1):
        with pytest.raises(ArgumentError, match="coverage"):
            model.predict_interval(X, coverage)
    classifier = TabularPredictor("classification", replace(CLASSIFICATION, epochs=1, n_ensemble=2))
    with pytest.raises(StateError, match="only regression has intervals"):
        classifier.fit(X, y > 110).predict_interval(X)
    validated = predictor(epochs=1).fit(X, y, validation_data=data(60, 1))
    assert validated.predict_interval(X).shape == (60, 2)


def test_bad_quantiles():
    for quantiles, message in (
        ([], "list of numbers"),
        (0.5, "list of numbers"),
        ([0.5, 0.5], "ascending"),
        ([0.0, 0.5], "quantiles"),
        ([0.5, 1.5], "quantiles"),
    ):
        with pytest.raises(ArgumentError, match=message):
            predictor(quantiles=quantiles)
    with pytest.raises(ArgumentError, match="loss must be"):
        predictor(loss="pinball")
    X, y = data(60)
    with pytest.raises(ArgumentError, match="y has 2 columns"):
        predictor(loss="quantile").fit(X, np.column_stack([y, y]))
    with pytest.raises(ArgumentError, match="metric 'rmse' is unknown"):
        predictor(loss="quantile", metric="rmse").fit(X, y)
    with pytest.raises(ArgumentError, match="is for regression"):
        TabularPredictor("classification", replace(CLASSIFICATION, loss="mae")).fit(X, y > 110)
