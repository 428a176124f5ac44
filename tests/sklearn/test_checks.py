"""scikit-learn's checks of estimators."""

import pytest

pytest.importorskip("sklearn")

from sklearn.base import BaseEstimator
from sklearn.utils.estimator_checks import parametrize_with_checks

import pybp.sklearn as ours

ESTIMATORS = [
    ours.MLPClassifier(max_iter=100),
    ours.MLPClassifier(solver="lbfgs", max_iter=100),
    ours.MLPClassifier((8, 8), "gelu", solver="sgd", layer_norm=True, residual=True, max_iter=100),
    ours.MLPClassifier(loss="hinge", max_iter=100),
    ours.MLPRegressor(max_iter=100),
    ours.MLPRegressor(solver="sgd", max_iter=100),
    ours.MLPRegressor(
        "huber", (20, 8), ["tanh", "silu"], solver="adamw", learning_rate_init=0.03, max_iter=100
    ),
    ours.MLPTransformer(ours.MLPClassifier((20, 5), max_iter=50), layer=0),
    ours.MLPTransformer(),
    ours.TabularMLPClassifier((32, 32), epochs=100, n_ensemble=3),
    ours.TabularMLPClassifier(
        (16, 8), epochs=100, batch_size=32, n_ensemble=1, class_weight="balanced", metric="accuracy"
    ),
    ours.TabularMLPRegressor((32, 32), epochs=100, n_ensemble=3),
    ours.TabularMLPRegressor(
        32, epochs=100, validation_fraction=None, n_ensemble=2, dtype="float64", n_jobs=2
    ),
]
"""What is checked: every public estimator, with parameters that take it different ways."""


def expected_failures(estimator):
    """The checks that fail for good reason, with the reason."""
    held_out = getattr(estimator, "validation_fraction", None)
    if not held_out or not type(estimator).__name__.startswith("Tabular"):
        return {}
    return {
        "check_sample_weight_equivalence_on_dense_data": "a sample repeated may lie on both sides of "
        "the validation split, one with weight 2 can't; scikit-learn expects it of its forests, too"
    }


# They train for too short a time to converge, on purpose.
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.filterwarnings("ignore:Can't check dok sparse matrix for nan or inf:UserWarning")
@parametrize_with_checks(ESTIMATORS, expected_failed_checks=expected_failures)
def test_check(estimator, check):
    check(estimator)


def test_every_estimator_is_checked():
    public = {getattr(ours, name) for name in ours.__all__}
    estimators = {each for each in public if issubclass(each, BaseEstimator)}
    assert estimators == {type(estimator) for estimator in ESTIMATORS}
