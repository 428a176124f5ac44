"""The scores and curves of reports, against scikit-learn's."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pybp.report import scores

metrics = pytest.importorskip("sklearn.metrics")


def some(seed, n, k):
    """Labels that all occur, and probabilities that depend on them; some are equal."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(n) % k)
    logits = random.standard_normal((n, k)).round(1) + np.eye(k)[labels]
    return labels, np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.integers(8, 60), st.integers(2, 4))
def test_scores_of_classes(seed, n, k):
    labels, p = some(seed, n, k)
    found = {score.name: score for score in scores.class_scores(labels, p)}
    assert found["accuracy"].value == pytest.approx(metrics.accuracy_score(labels, p.argmax(1)))
    assert found["log loss"].value == pytest.approx(metrics.log_loss(labels, p))
    areas = [metrics.roc_auc_score(labels == c, p[:, c]) for c in ([1] if k == 2 else range(k))]
    assert found["ROC AUC"].value == pytest.approx(np.mean(areas))
    for score in found.values():
        assert score.low <= score.value <= score.high or n < 12


def test_scores_of_numbers():
    random = np.random.default_rng(0)
    true = random.standard_normal(500)
    predicted = true + 0.5 * random.standard_normal(500)
    found = {score.name: score for score in scores.number_scores(true, predicted)}
    assert found["R²"].value == pytest.approx(metrics.r2_score(true, predicted))
    assert found["RMSE"].value == pytest.approx(metrics.root_mean_squared_error(true, predicted))
    assert found["MAE"].value == pytest.approx(metrics.mean_absolute_error(true, predicted))
    assert found["RMSE"].baseline == pytest.approx(true.std())
    assert all(score.low < score.value < score.high for score in found.values())


def test_intervals_hold_the_true_score():
    """95% of the intervals hold it: of 100, 86 or fewer would be one in a thousand."""
    held = 0
    for seed in range(100):
        right = np.random.default_rng(seed).random(300) < 0.8
        score = scores.resampled("", lambda rows, r=right: r[rows].mean(), 300, 0.5, True)
        held += score.low <= 0.8 <= score.high
    assert held >= 87


def test_a_baseline_says_the_classes_fractions():
    labels, p = some(0, 40, 4)
    found = {score.name: score.baseline for score in scores.class_scores(labels[:30], p[:30])}
    counts = np.bincount(labels[:30]) / 30
    assert found["log loss"] == pytest.approx(-(counts * np.log(counts)).sum())
    assert found["accuracy"] == counts.max()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 150))
def test_curves(seed, n):
    labels, p = some(seed, n, 2)
    x, y, _ = metrics.roc_curve(labels, p[:, 1], drop_intermediate=False)
    found = scores.roc(labels == 1, p[:, 1])
    np.testing.assert_allclose(found.x, x)
    np.testing.assert_allclose(found.y, y)
    precision, recall, _ = metrics.precision_recall_curve(labels, p[:, 1])
    found = scores.precision_recall(labels == 1, p[:, 1])
    np.testing.assert_allclose(found.x, recall[::-1][1:])
    np.testing.assert_allclose(found.y, precision[::-1][1:])


def test_long_curves_are_thinned():
    labels, p = some(0, 5_000, 2)
    random = np.random.default_rng(0).random(5_000)
    found = scores.roc(labels == 1, p[:, 1] + 1e-6 * random)
    assert len(found.x) == 200
    assert (found.x[0], found.y[0], found.x[-1], found.y[-1]) == (0, 0, 1, 1)


def test_calibration_groups_rows():
    probability = np.arange(100) / 100
    groups = scores.calibration(probability >= 0.5, probability)
    assert [group[4] for group in groups] == [10] * 10
    assert [group[1] for group in groups] == [0] * 5 + [1] * 5
    assert groups[0][2] == pytest.approx(0, abs=1e-12)
    assert groups[0][3] == pytest.approx(0.2775, abs=1e-4)  # Wilson's for 0 of 10


def test_thresholds():
    positive = np.array([0, 0, 1, 1, 1], bool)
    probability = np.array([0.05, 0.62, 0.3, 0.75, 0.95])
    row = scores.thresholds(positive, probability)[5]
    assert row == pytest.approx((0.6, 0.6, 2 / 3, 2 / 3, 0.5, 2 / 3))
    assert np.isnan(scores.thresholds(positive, probability * 0)[0][2])


def test_confusion():
    labels, predicted = np.array([0, 0, 1, 2]), np.array([0, 1, 1, 0])
    expected = metrics.confusion_matrix(labels, predicted)
    np.testing.assert_array_equal(scores.confusion(labels, predicted, 3), expected)
