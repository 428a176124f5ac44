"""Ensembles: averages, out-of-fold predictions, calibration, threads, metrics, time limits."""

import _thread
import math
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

import pybp
from pybp.errors import ArgumentError, DivergenceError
from pybp.tabular import CLASSIFICATION, REGRESSION, TabularPredictor
from pybp.tabular.calibration import temperature, tempered

TASKS = pytest.mark.parametrize("task", ["classification", "regression"])


def data(task, rows=80, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, 3))
    signal = X[:, 0] + X[:, 1] * X[:, 2] + rng.normal(size=rows) / 4
    return X, np.digitize(signal, [-0.5, 0.5]) * 5 if task == "classification" else 9 * signal + 50


def predictor(task, **settings):
    recipe = CLASSIFICATION if task == "classification" else REGRESSION
    small = {"hidden_layer_sizes": (16, 16), "epochs": 12, "n_ensemble": 5, "dropout": 0.0}
    return TabularPredictor(task, replace(recipe, **small | settings))


def fitted(task, settings=None, **arguments):
    return predictor(task, **settings or {}).fit(*data(task), seed=3, **arguments)


def outputs(model, X):
    predicted = [net.predict(model.preprocess(X)).astype(np.float64) for net in model.nets]
    return sum(predicted[1:], predicted[0]) / len(predicted)


@TASKS
def test_predictions_are_the_mean_of_the_nets(task):
    X, y = data(task)
    model = fitted(task)
    assert len(model.nets) == 5
    mean = outputs(model, X)
    if task == "classification":
        probabilities = model.predict_proba(X)
        np.testing.assert_allclose(probabilities, mean, rtol=1e-6)
        assert (model.predict(X) == np.array([0, 5, 10])[mean.argmax(axis=1)]).all()
    else:
        wanted = np.clip(mean[:, 0] * y.std() + y.mean(), y.min(), y.max())
        np.testing.assert_allclose(model.predict(X), wanted, rtol=1e-9)
        assert model.predict(X * 100).min() >= y.min()
        assert model.predict(X * 100).max() <= y.max()


@TASKS
@pytest.mark.parametrize("extra", [{}, {"progress": False, "threads": 3}])
def test_threads_change_no_bit(task, extra):
    X, _ = data(task)
    one, other = fitted(task, threads=1), fitted(task, **{"threads": 2} | extra)
    assert (outputs(one, X) == outputs(other, X)).all()
    np.testing.assert_array_equal(one.oof_prediction, other.oof_prediction)
    quiet = pybp.callbacks.LambdaCallback(on_epoch_end=lambda net, epoch, logs: None)
    in_turn = fitted(task, callbacks=[quiet], threads=2)
    assert (outputs(one, X) == outputs(in_turn, X)).all()


@TASKS
def test_out_of_fold_predictions_come_from_the_net_that_held_the_row_out(task):
    """With one epoch nothing is chosen: each row's prediction is that of one of the nets."""
    X, y = data(task)
    model = fitted(task, {"epochs": 1})
    each = [net.predict(model.preprocess(X)).astype(np.float64) for net in model.nets]
    if task == "regression":
        each = [np.clip(a[:, 0] * y.std() + y.mean(), y.min(), y.max()) for a in each]
    close = [np.isclose(a, model.oof_prediction, rtol=1e-5).reshape(80, -1).all(1) for a in each]
    assert (np.sum(close, axis=0) >= 1).all()
    assert [c.sum() >= 16 for c in close] == [True] * 5


def test_scores_of_out_of_fold_predictions():
    y = data("regression")[1]
    model = fitted("regression")
    assert model.oof_score == pytest.approx(np.sqrt(np.mean((model.oof_prediction - y) ** 2)))
    y = data("classification")[1]
    model = fitted("classification")
    own = model.oof_prediction[np.arange(80), y // 5]
    assert model.oof_score == pytest.approx(-np.mean(np.log(own)))
    np.testing.assert_allclose(model.oof_prediction.sum(axis=1), 1)


def test_the_score_of_rows_without_signal_is_not_optimistic():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(400, 3)), rng.integers(0, 2, 400)
    model = predictor("classification", metric="accuracy", epochs=40, patience=None)
    model.fit(X, y, seed=0)
    assert model.oof_score < 0.55
    best = np.mean([max(one.scores) for one in model.trained])
    assert best > model.oof_score + 0.01  # what choosing seems to gain


@TASKS
def test_rows_without_out_of_fold_predictions(task):
    X, y = data(task)
    weights = np.ones(80)
    weights[::10] = 0
    model = predictor(task).fit(X, y, weights, seed=0)
    missing = np.isnan(model.oof_prediction).reshape(80, -1).all(axis=1)
    assert (missing == (weights == 0)).all()
    single = predictor(task, n_ensemble=1).fit(X, y, seed=0)
    assert np.isnan(single.oof_prediction).reshape(80, -1).all(axis=1).sum() == 64
    for how in ({"validation_data": (X, y)}, {}):
        recipe = {} if how else {"validation_fraction": None}
        other = predictor(task, **recipe).fit(X, y, seed=0, **how)
        assert other.oof_prediction is other.oof_score is None
        assert len(other.nets) == 5


def test_a_class_with_one_row_is_never_held_out():
    X, _ = data("classification")
    y = np.array(["a"] * 40 + ["b"] * 39 + ["c"])
    model = predictor("classification").fit(X, y, seed=0)
    assert np.isnan(model.oof_prediction[79]).all()
    assert np.isfinite(model.oof_prediction[:79]).all()
    one_class = predictor("classification").fit(X, np.full(80, "a"), seed=0)
    assert (one_class.predict_proba(X) == 1).all()


@pytest.mark.parametrize("rows", [1, 2, 3, 4])
@TASKS
def test_fewer_rows_than_folds(task, rows):
    X, y = data(task, rows)
    assert predictor(task).fit(X, y, seed=0).predict(X).shape == (rows,)


# ---- calibration ----


@pytest.mark.parametrize("true", [0.5, 1.0, 2.0])
def test_the_temperature_of_probabilities_is_found(true):
    rng = np.random.default_rng(0)
    logits = rng.normal(size=(20_000, 3)) * 2
    real = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    y = (rng.random(20_000)[:, None] > real.cumsum(axis=1)).sum(axis=1)
    given = tempered(real, 1 / true)  # too sharp by the factor `true`
    found = temperature(given, y)
    assert found == pytest.approx(true, rel=0.05)
    np.testing.assert_allclose(tempered(given, true), real, rtol=1e-9)
    weighted = temperature(given[:5000], y[:5000], np.full(5000, 0.25))
    assert weighted == temperature(given[:5000], y[:5000])


def test_calibration_does_not_believe_few_rows():
    sure = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert temperature(sure, np.array([0, 1])) > 1
    assert temperature(np.tile(sure, (500, 1)), np.tile([0, 1], 500)) < 0.5
    assert temperature(np.ones((3, 1)), np.zeros(3, int)) > 0


def test_probabilities_are_calibrated():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(600, 4))
    y = (X[:, 0] + rng.normal(size=600) * 2 > 0).astype(int)  # the net overfits
    model = predictor("classification", epochs=60, metric="accuracy", label_smoothing=0.0)
    model.fit(X, y, seed=0)
    assert model.temperature != 1
    X_new = rng.normal(size=(4000, 4))
    truth = 0.5 * (1 + np.vectorize(math.erf)(X_new[:, 0] / np.sqrt(8)))
    own = model.predict_proba(X_new)[:, 1]
    assert abs(own - truth).mean() < 0.12


# ---- metrics ----


@pytest.mark.parametrize("metric", ["log_loss", "accuracy", "roc_auc", "balanced_accuracy", "f1"])
def test_metrics_of_classes(metric):
    sklearn = pytest.importorskip("sklearn.metrics")
    X, y = data("classification")
    y = np.where(y > 5, "yes", "no")
    model = predictor("classification", metric=metric).fit(X, y, seed=0)
    p = model.oof_prediction
    labels = model.targets.classes[p.argmax(axis=1)]
    wanted = {
        "log_loss": lambda: sklearn.log_loss(y, p),
        "accuracy": lambda: sklearn.accuracy_score(y, labels),
        "roc_auc": lambda: sklearn.roc_auc_score(y, p[:, 1]),
        "balanced_accuracy": lambda: sklearn.balanced_accuracy_score(y, labels),
        "f1": lambda: sklearn.f1_score(y, labels, pos_label="yes"),
    }[metric]()
    assert model.oof_score == pytest.approx(wanted)
    assert model.recipe.smoothing == (0.1 if metric == "accuracy" else 0)


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2"])
def test_metrics_of_numbers(metric):
    sklearn = pytest.importorskip("sklearn.metrics")
    X, y = data("regression")
    weights = np.random.default_rng(1).random(80) + 0.1
    model = predictor("regression", metric=metric).fit(X, y, weights, seed=0)
    pair = y, model.oof_prediction
    wanted = {
        "rmse": lambda: np.sqrt(sklearn.mean_squared_error(*pair, sample_weight=weights)),
        "mae": lambda: sklearn.mean_absolute_error(*pair, sample_weight=weights),
        "r2": lambda: sklearn.r2_score(*pair, sample_weight=weights),
    }[metric]()
    assert model.oof_score == pytest.approx(wanted)


def test_a_function_as_metric():
    calls = []

    def share(y_true, y_pred):
        calls.append((y_true, y_pred))
        return np.mean(y_true == np.array(["no", "yes"])[y_pred.argmax(axis=1)])

    X, y = data("classification")
    y = np.where(y > 5, "yes", "no")
    model = predictor("classification", metric=share).fit(X, y, seed=0, threads=1)
    assert set(calls[0][0]) <= {"no", "yes"}
    assert model.oof_score == pytest.approx(
        (model.targets.classes[model.oof_prediction.argmax(1)] == y).mean()
    )
    scores = model.validation_scores
    assert model.best_epoch == len(scores) - int(np.argmax(scores[::-1]))


def test_metrics_that_are_none():
    for task, metric in (("classification", "rmse"), ("regression", "log_loss")):
        with pytest.raises(ArgumentError, match=f"metric '{metric}' is unknown"):
            predictor(task, metric=metric).fit(*data(task))
    with pytest.raises(TypeError, match="metric must be a name or a function, got 3"):
        fitted("regression", {"metric": 3})


# ---- time, interruptions, bad settings ----


def test_a_time_limit():
    X, y = data("regression", rows=3000)
    model = predictor("regression", epochs=100_000, patience=None, time_limit=0.6)
    start = time.monotonic()
    model.fit(X, y, seed=0, threads=2)
    assert time.monotonic() - start < 10
    assert 1 <= len(model.nets) <= 5
    assert all(one.best_epoch >= 1 for one in model.trained)


@TASKS
def test_a_net_that_diverges_ends_the_fit(task):
    with pytest.raises(DivergenceError, match="diverged"):
        fitted("regression", {"lr": 1e30}, threads=2)


def test_an_interrupted_ensemble_keeps_the_nets_it_has():
    def interrupt(net, epoch, logs):
        seen.append(epoch)
        if len(seen) == 15:
            raise KeyboardInterrupt

    seen, model = [], predictor("regression")
    callback = pybp.callbacks.LambdaCallback(on_epoch_end=interrupt)
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data("regression"), callbacks=[callback], seed=3)
    assert [len(one.history) for one in model.trained] == [12, 3]
    assert model.predict(data("regression")[0]).shape == (80,)


@pytest.fixture
def ctrl_c():
    """Ctrl-C raises KeyboardInterrupt, also where the tests run in the background, which ignores it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_ends_nets_on_threads():
    """Ctrl-C reaches the calling thread, which asks the others to stop."""
    model = predictor("regression", epochs=20_000, patience=None)
    timer = threading.Timer(0.5, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(*data("regression"), threads=2)
    timer.join()
    assert len(model.trained) == 2  # the others had not begun
    assert all(1 <= one.best_epoch <= len(one.history) < 20_000 for one in model.trained)
    assert model.predict(data("regression")[0]).shape == (80,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_ensemble", 0),
        ("n_ensemble", "many"),
        ("patience", -1),
        ("patience_factor", 0.5),
        ("time_limit", 0),
        ("label_smoothing", 2.0),
    ],
)
def test_bad_settings(name, value):
    with pytest.raises((ArgumentError, TypeError), match=name):
        predictor("classification", **{name: value})


@TASKS
def test_bad_targets_name_the_rows(task):
    X, y = data(task)
    y = y.astype(float)
    y[[4, 9]] = np.nan
    with pytest.raises(ValueError, match=r"rows 4, 9 \(2\)"):
        predictor(task).fit(X, y)
