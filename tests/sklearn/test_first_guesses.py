"""Arguments from elsewhere get an answer: what they are called here, or where they belong."""

import inspect

import numpy as np
import pytest

pytest.importorskip("sklearn")

from sklearn.base import clone

from pybp.sklearn import (
    MLPClassifier,
    MLPRegressor,
    MLPTransformer,
    TabularMLPClassifier,
    TabularMLPRegressor,
)

X, Y = np.eye(4), np.arange(4) % 2

GUESSES = {
    "MLPClassifier(lr=0.1)": r"MLPClassifier\(\) .*; did you mean 'learning_rate_init'\?",
    "MLPClassifier(epochs=3)": "did you mean 'max_iter'",
    "MLPClassifier(optimizer='adam')": "did you mean 'solver'",
    "MLPClassifier(patience=3)": "did you mean 'n_iter_no_change'",
    "MLPClassifier(weight_decay=3)": "did you mean 'alpha'",
    "MLPClassifier(layers=[3])": "did you mean 'hidden_layer_sizes'",
    "MLPClassifier(hiden_layer_sizes=3)": "did you mean 'hidden_layer_sizes'",
    "MLPClassifier(seed=3)": "did you mean 'random_state'",
    "MLPClassifier(eval_set=(X, Y))": r"give validation_data=... to fit\(\)",
    "MLPRegressor(dropout_rate=0.1)": "did you mean 'dropout'",
    "MLPTransformer(layers=1)": "did you mean 'layer'",
    "MLPClassifier().fit(X, Y, epochs=3)": r"MLPClassifier.fit\(\) .*give max_iter=... to MLPCl",
    "MLPClassifier().fit(X, Y, lr=3)": r"give learning_rate_init=... to MLPClassifier\(\)",
    "MLPClassifier().fit(X, Y, verbose=1)": r"give verbose=... to MLPClassifier\(\)",
    "MLPClassifier().fit(X, Y, validation_split=0.1)": "give validation_fraction=... to MLP",
    "MLPClassifier().fit(X, Y, eval_set=(X, Y))": "did you mean 'validation_data'",
    "MLPRegressor().partial_fit(X, Y, batch_size=3)": r"give batch_size=... to MLPRegressor\(\)",
    "TabularMLPClassifier(early_stopping=True)": "best epoch is kept anyway, validation_fraction",
    "TabularMLPClassifier(n_iter_no_change=3)": "patience and patience_factor say when training",
    "TabularMLPClassifier(max_iter=3)": "did you mean 'epochs'",
    "TabularMLPRegressor(learning_rate_init=3)": "did you mean 'lr'",
    "TabularMLPRegressor(alpha=3)": "the recipe has none to choose; pybp.sklearn.MLPClassifier",
    "TabularMLPRegressor(solver='sgd')": "the recipe has none to choose",
    "TabularMLPClassifier(cat_features=[0])": "did you mean 'categorical_features'",
    "TabularMLPClassifier().fit(X, Y, n_epochs=3)": r"give epochs=... to TabularMLPClassifier",
    "TabularMLPClassifier().fit(X, Y, X_valid=X)": "did you mean 'X_val'",
}


@pytest.mark.parametrize(("call", "message"), GUESSES.items(), ids=GUESSES)
def test_arguments_from_elsewhere(call, message):
    with pytest.raises(TypeError, match=message):
        eval(call, globals())


@pytest.mark.parametrize(
    "estimator",
    [MLPClassifier, MLPRegressor, MLPTransformer, TabularMLPClassifier, TabularMLPRegressor],
)
def test_signatures_stay_what_they_are(estimator):
    assert "X" in inspect.signature(estimator.fit).parameters
    assert set(inspect.signature(estimator).parameters) == set(estimator().get_params(deep=False))
    assert clone(estimator()).get_params() == estimator().get_params()
