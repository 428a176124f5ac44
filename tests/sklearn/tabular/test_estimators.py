"""The tabular estimators among scikit-learn's tools, and what they refuse."""

import pickle

import numpy as np
import pytest

pytest.importorskip("sklearn", reason="scikit-learn is not installed")
pytest.importorskip("pandas")
pytest.importorskip("polars")

import joblib
import pandas as pd
import polars
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_iris
from sklearn.exceptions import ConvergenceWarning, NotFittedError
from sklearn.metrics import r2_score
from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
from sklearn.pipeline import make_pipeline

import pybp.tabular
from pybp.sklearn import LossCurveDisplay, TabularMLPClassifier, TabularMLPRegressor
from pybp.tabular.training import BestEpoch

from small_tabular import BOTH, small, table, targets

# ---- scikit-learn's ways ----


def test_labels_of_any_kind():
    X, y = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])
    model = small(TabularMLPClassifier).fit(X, names[y])
    assert list(model.classes_) == sorted(names)
    assert set(model.predict(X)) <= set(names)
    numbers = small(TabularMLPClassifier).fit(X, y)
    assert (names[numbers.predict(X)] == model.predict(X)).all()
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(np.exp(model.predict_log_proba(X)), proba)


@pytest.mark.parametrize(
    "make",
    [list, pd.Series, pd.Categorical, polars.Series, lambda labels: labels == "yes"],
    ids=["list", "pandas", "categorical", "polars", "bool"],
)
def test_labels_in_any_container(make):
    X, y, _ = table()
    labels = np.where(y > 0, "yes", "no")
    wanted = small(TabularMLPClassifier).fit(X, labels)
    found = small(TabularMLPClassifier).fit(X, make(labels))
    assert (found.predict_proba(X) == wanted.predict_proba(X)).all()
    assert len(found.classes_) == 2


def test_several_targets():
    X, _, y = table()
    Y = np.column_stack([y, -50 * y + X[:, 2], np.zeros(60)])
    model = small(TabularMLPRegressor, epochs=100, dropout=0.0, validation_fraction=None).fit(X, Y)
    predicted = model.predict(X)
    assert predicted.shape == (60, 3)
    assert r2_score(Y[:, :2], predicted[:, :2]) > 0.9
    np.testing.assert_allclose(predicted[:, 2], 0, atol=1e-2)
    with pytest.raises(ValueError, match="y of validation_data has shape"):
        model.fit(X, Y, validation_data=(X, y))


@BOTH
def test_copies(estimator, tmp_path):
    X, y = targets(estimator)
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=np.where(X[:, 0] > 0, "x", None))
    model = small(estimator).fit(frame, y)
    joblib.dump(model, tmp_path / "model")
    for copy in (pickle.loads(pickle.dumps(model)), joblib.load(tmp_path / "model")):
        assert (copy.predict(frame) == model.predict(frame)).all()
    fresh = clone(model)
    assert fresh.get_params() == model.get_params()
    with pytest.raises(NotFittedError):
        fresh.predict(frame)
    assert (fresh.fit(frame, y).predict(frame) == model.predict(frame)).all()


@BOTH
def test_in_scikit_learns_tools(estimator):
    X, y = targets(estimator, rows=90)
    grid = {"lr": [0.01, 0.05], "hidden_layer_sizes": [8, (8, 8)]}
    search = GridSearchCV(small(estimator), grid, cv=2, n_jobs=2).fit(X, y)
    assert search.best_score_ == pytest.approx(max(search.cv_results_["mean_test_score"]))
    assert len(cross_val_score(make_pipeline(small(estimator)), X, y, cv=3)) == 3
    assert "TabularMLP" in small(estimator)._repr_html_()


@BOTH
def test_loss_curve_display(estimator):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("Agg")
    X, y = targets(estimator)
    assert LossCurveDisplay.from_estimator(small(estimator).fit(X, y)).loss_curve
    pyplot.close("all")


def test_metadata_routing():
    X, y = targets(TabularMLPClassifier)
    with sklearn.config_context(enable_metadata_routing=True):
        model = small(TabularMLPClassifier).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(model).fit(X, y, sample_weight=np.arange(60.0))
    alone = small(TabularMLPClassifier).fit(X, y, sample_weight=np.arange(60.0))
    assert (pipeline.predict_proba(X) == alone.predict_proba(X)).all()


def test_callbacks():
    X, y = targets(TabularMLPClassifier)
    stop = pybp.callbacks.LambdaCallback(on_epoch_end=lambda net, epoch, logs: epoch == 4)
    model = small(TabularMLPClassifier, callbacks=[stop]).fit(X, y)
    assert model.n_iter_ == 4
    with pytest.raises(TypeError, match="callbacks must derive from"):
        small(TabularMLPClassifier, callbacks=[print]).fit(X, y)


@BOTH
def test_callbacks_of_scikit_learn(estimator):
    pytest.importorskip("sklearn.callback")
    seen = []

    class Watch:
        def setup(self, estimator, context):
            seen.append(context.max_subtasks)

        def on_fit_task_begin(self, estimator, context, *, X=None, y=None, metadata=None):
            pass

        def on_fit_task_end(self, estimator, context, *, X=None, y=None, fitted_estimator=None):
            seen.append((context.task_name, fitted_estimator.score(X, y)))
            return context.task_id == 2

        def teardown(self, estimator, context):
            seen.append("teardown")

    X, y = targets(estimator)
    model = (
        small(estimator, validation_fraction=None, n_frequencies=0).set_callbacks(Watch()).fit(X, y)
    )
    assert model.n_iter_ == 3
    assert seen[0] == 12
    assert [name for name, _ in seen[1:-1]] == ["iteration"] * 3 + ["fit"]
    assert seen[-2][1] == model.score(X, y) != seen[1][1]
    assert seen[-1] == "teardown"


def test_what_is_printed(capsys):
    X, y = targets(TabularMLPClassifier)
    small(TabularMLPClassifier, epochs=2, verbose=True).fit(X, y)
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(",")[0] for line in lines] == ["Epoch 1", "Epoch 2"]
    assert "val_accuracy = " in lines[1]
    small(TabularMLPClassifier, epochs=2).fit(X, y)
    assert capsys.readouterr() == ("", "")


def test_an_interrupted_fit_keeps_what_it_has(monkeypatch):
    def interrupt(self, net, epoch, logs, original=BestEpoch.on_epoch_end):
        original(self, net, epoch, logs)
        if epoch == 5:
            raise KeyboardInterrupt

    monkeypatch.setattr(BestEpoch, "on_epoch_end", interrupt)
    X, y = targets(TabularMLPClassifier)
    with pytest.warns(ConvergenceWarning, match="interrupted"):
        model = small(TabularMLPClassifier).fit(X, y)
    assert model.n_iter_ == len(model.loss_curve_) == 5
    assert 1 <= model.best_epoch_ <= 5
    assert model.predict(X).shape == (60,)


@pytest.mark.parametrize(
    ("estimator", "load", "least"),
    [(TabularMLPClassifier, load_breast_cancer, 0.93), (TabularMLPRegressor, load_diabetes, 0.25)],
)
def test_nets_of_the_default_size_learn(estimator, load, least):
    X_train, X_test, y_train, y_test = train_test_split(*load(return_X_y=True), random_state=0)
    model = estimator(n_ensemble=2, epochs=60, random_state=0).fit(X_train, y_train)
    assert model.score(X_test, y_test) > least


# ---- bad input ----

BAD = [
    ({"epochs": 0}, "epochs"),
    ({"batch_size": 0}, "batch_size"),
    ({"hidden_layer_sizes": (3, 0)}, "hidden_layer_sizes"),
    ({"hidden_layer_sizes": 2.5}, "hidden_layer_sizes"),
    ({"lr": -1.0}, "lr"),
    ({"lr": "adaptive"}, "lr"),
    ({"validation_fraction": 1.0}, "validation_fraction"),
    ({"scale_lr_factor": -1.0}, "scale_lr_factor"),
    ({"bias_lr_factor": float("nan")}, "bias_lr_factor"),
    ({"betas": (0.9, 1.0)}, "beta2"),
    ({"activation": "rlu"}, "activation"),
    ({"dtype": "float16"}, "dtype"),
    ({"verbose": 2}, "verbose"),
    ({"random_state": "x"}, "seed"),
]


@BOTH
@pytest.mark.parametrize(("parameters", "name"), BAD, ids=str)
def test_bad_parameters(estimator, parameters, name):
    X, y = targets(estimator)
    model = small(estimator, **parameters)
    with pytest.raises((ValueError, TypeError), match=name):
        model.fit(X, y)
    with pytest.raises(NotFittedError):
        model.predict(X)


def test_other_columns_than_in_fit():
    X, y = targets(TabularMLPRegressor)
    frame = pd.DataFrame(X, columns=list("abcd"))
    model = small(TabularMLPRegressor).fit(frame, y)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"a": "z"}))
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame[["a", "b"]])


def test_columns_that_are_left_out_are_named():
    X, y, _ = table()
    frame = pd.DataFrame(X, columns=list("abcd")).assign(e=7, f=[f"id {i}" for i in range(60)])
    with pytest.warns(UserWarning, match="column 'f' of X"):
        model = small(TabularMLPClassifier).fit(frame, y)
    assert model.left_out_ == {"e": "constant", "f": "ids"}
    assert model.input_names_ == [f"column '{name}'" for name in "abcd"]


def test_repeated_names_of_columns():
    X = pd.DataFrame(np.zeros((20, 3)), columns=["size", "age", "size"])
    for model in (
        TabularMLPRegressor(epochs=1),
        pybp.tabular.TabularPredictor("regression"),
    ):
        with pytest.raises(ValueError, match="X has 2 columns named 'size'"):
            model.fit(X, np.arange(20.0))


def test_an_empty_frame():
    with pytest.raises(ValueError, match=r"0 sample\(s\)"):
        TabularMLPRegressor().fit(pd.DataFrame({"a": []}), [])


@BOTH
def test_a_fit_that_fails_changes_nothing(estimator):
    X, y = targets(estimator)
    model = small(estimator).fit(X, y)
    before = model.predict(X)
    with pytest.raises(ValueError, match="lr"):
        model.set_params(lr=-1.0).fit(X[:, :1], y + 1)
    assert np.array_equal(model.predict(X), before)
    assert model.n_iter_ == model.net_.epochs_done


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"label_smoothing": 1.5}, "label_smoothing must be"),
        ({"class_weight": "even"}, "class_weight must be a dict or 'balanced'"),
        ({"class_weight": {0: -1.0}}, r"class_weight\[0\] must be"),
    ],
)
def test_bad_parameters_of_the_classifier(parameters, message):
    X, y = targets(TabularMLPClassifier)
    with pytest.raises((ValueError, TypeError), match=message):
        small(TabularMLPClassifier, **parameters).fit(X, y)


@pytest.mark.parametrize("given", [3, (1,), "xy"])
def test_bad_validation_data(given):
    X, y = targets(TabularMLPClassifier)
    with pytest.raises((TypeError, ValueError), match="validation_data"):
        small(TabularMLPClassifier).fit(X, y, validation_data=given)


def test_bad_labels_of_validation_data():
    X, y = targets(TabularMLPClassifier)
    with pytest.raises(ValueError, match="validation_data has the label 11, which y doesn't have"):
        small(TabularMLPClassifier).fit(X, y, validation_data=(X, y + 9))


def test_bad_weights():
    X, y = targets(TabularMLPClassifier)
    for weights in (np.zeros(60), -np.ones(60), np.full(60, np.nan), np.ones(59)):
        with pytest.raises(ValueError, match=r"weight|Negative|NaN"):
            small(TabularMLPClassifier).fit(X, y, sample_weight=weights)


def test_a_learning_rate_that_diverges_says_so():
    X, y = targets(TabularMLPRegressor)
    with pytest.raises(pybp.errors.DivergenceError, match="diverged"):
        small(TabularMLPRegressor, lr=1e30).fit(X, y)
