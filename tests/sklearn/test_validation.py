"""Validation samples as X_val and y_val, in scikit-learn's way, which a pipeline can transform."""

import numpy as np
import pytest

pytest.importorskip("sklearn")

import sklearn
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

import pybp.sklearn
from pybp.errors import ArgumentError

from small_tabular import table

ESTIMATORS = {
    "MLPClassifier": {"hidden_layer_sizes": (8,), "max_iter": 6, "early_stopping": True},
    "MLPRegressor": {"hidden_layer_sizes": (8,), "max_iter": 6, "early_stopping": True},
    "TabularMLPClassifier": {"hidden_layer_sizes": 8, "epochs": 6},
    "TabularMLPRegressor": {"hidden_layer_sizes": 8, "epochs": 6},
}

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.parametrize("name", ESTIMATORS),
]


def estimator(name):
    return getattr(pybp.sklearn, name)(random_state=0, **ESTIMATORS[name])


def data(name, seed=0):
    X, classes, numbers = table(60, seed)
    return X, classes if name.endswith("Classifier") else numbers / 100


def outputs(model, X):
    return getattr(model, "predict_proba", model.predict)(X)


def test_the_same_as_validation_data(name):
    (X, y), (X_val, y_val) = data(name), data(name, seed=1)
    weights = np.linspace(0.5, 1, 60)
    for some in ({}, {"sample_weight_val": weights}):
        given = (X_val, y_val, *some.values())
        found = estimator(name).fit(X, y, X_val=X_val, y_val=y_val, **some)
        wanted = estimator(name).fit(X, y, validation_data=given)
        assert (outputs(found, X) == outputs(wanted, X)).all()
        assert found.validation_scores_ == wanted.validation_scores_
        assert found.validation_loss_curve_ == wanted.validation_loss_curve_ is not None


def test_a_pipeline_transforms_it(name):
    (X, y), (X_val, y_val) = data(name), data(name, seed=1)
    scaler = StandardScaler().fit(X)
    wanted = estimator(name).fit(scaler.transform(X), y, X_val=scaler.transform(X_val), y_val=y_val)
    with sklearn.config_context(enable_metadata_routing=True):
        model = estimator(name).set_fit_request(X_val=True, y_val=True)
        steps = [("scale", StandardScaler()), ("net", model)]
        pipeline = Pipeline(steps, transform_input=["X_val"]).fit(X, y, X_val=X_val, y_val=y_val)
    assert (outputs(pipeline, X) == outputs(wanted, scaler.transform(X))).all()
    assert pipeline[-1].validation_loss_curve_ == wanted.validation_loss_curve_


def test_what_does_not_belong_together(name):
    X, y = data(name)
    fit = estimator(name).fit
    with pytest.raises(ArgumentError, match="not both"):
        fit(X, y, validation_data=(X, y), X_val=X, y_val=y)
    with pytest.raises(ArgumentError, match="X_val and y_val belong together, but y_val"):
        fit(X, y, X_val=X)
    with pytest.raises(ArgumentError, match="X_val and y_val belong together, but X_val"):
        fit(X, y, y_val=y)
    with pytest.raises(TypeError, match="validation_data must be"):
        fit(X, y, validation_data=X)
