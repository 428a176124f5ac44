"""Early stopping, learning rates on plateaus, averages and checkpoints."""

import math
import os
from typing import get_args

import numpy as np
import pytest

import pybp
from pybp import MLP
from pybp.activations import Softmax
from pybp.callbacks import (
    EMA,
    SWA,
    EarlyStopping,
    LambdaCallback,
    ModelCheckpoint,
    ReduceLROnPlateau,
)
from pybp.callbacks.monitors import Monitor
from pybp.data.dataset import Data
from pybp.errors import ArgumentError, StateError
from pybp.losses import resolve_loss
from pybp.metrics import MetricName, resolve_metrics


def run(callback, values, name="val_loss"):
    """Feed a callback an epoch for each value; the epoch that stopped, or None."""
    net = pybp.MLP([1, 1], seed=0)
    callback.on_fit_begin(net)
    for epoch, value in enumerate(values, start=1):
        net.weights = [np.full((1, 1), epoch)]
        if callback.on_epoch_end(net, epoch, {name: value}):
            break
    else:
        epoch = None
    callback.on_fit_end(net, None)
    return epoch, net.weights[0].item()


# ---- early stopping ----


@pytest.mark.parametrize(
    ("options", "values", "stops", "best_epoch"),
    [
        ({}, [3, 2, 1, 1, 0], 4, 3),
        ({"patience": 1}, [3, 2, 2, 1, 1, 2, 0], 6, 4),
        ({"patience": 2}, [3, 4, 5, 2, 2, 2, 2], 7, 4),
        ({"min_delta": 0.5}, [3, 2.6, 1], 2, 1),
        ({"mode": "max"}, [1, 2, 3, 3], 4, 3),
        ({"monitor": "val_accuracy"}, [0.1, 0.5, 0.4], 3, 2),
        ({"monitor": "r2"}, [0.1, 0.5, 0.4], 3, 2),
        ({"baseline": 2.0, "patience": 1}, [3, 2.5, 1], 2, 0),
        ({"baseline": 2.0, "patience": 1}, [3, 1.5, 2], None, 2),
        ({"start_from_epoch": 3}, [1, 2, 3, 4], 4, 3),
        ({"patience": 1}, [3, math.nan, math.nan, 0], 3, 1),
        ({}, [math.nan], 1, 0),
    ],
)
def test_when_it_stops(options, values, stops, best_epoch):
    stopping = EarlyStopping(**options)
    found, _ = run(stopping, values, options.get("monitor", "val_loss"))
    assert found == stops
    assert stopping.stopped_epoch == (stops or 0)
    assert stopping.best_epoch == best_epoch
    if best_epoch:
        assert stopping.best == values[best_epoch - 1]


@pytest.mark.parametrize("values", [[3, 1, 2, 2, 2], [3, 1, 2]])
def test_the_best_parameters_come_back(values):
    assert run(EarlyStopping(patience=2, restore_best=True), values)[1] == 2.0
    assert run(EarlyStopping(patience=2), values)[1] == len(values)


def test_it_stops_a_fit(classifier, blobs):
    best = {}

    def remember(net, epoch, logs):
        if logs["val_loss"] < best.get("loss", math.inf):
            best.update(loss=logs["val_loss"], epoch=epoch, weights=net.weights, biases=net.biases)

    stopping = EarlyStopping(patience=3, restore_best=True)
    history = classifier.fit(
        *blobs,
        epochs=500,
        optimizer=pybp.Adam(lr=0.5),
        validation_split=0.3,
        callbacks=[stopping, LambdaCallback(on_epoch_end=remember)],
    )
    assert len(history) == stopping.stopped_epoch == stopping.best_epoch + 4 < 500
    assert (stopping.best, stopping.best_epoch) == (best["loss"], best["epoch"])
    for what in ("weights", "biases"):
        assert all(map(np.array_equal, getattr(classifier, what), best[what]))


def test_a_second_fit_begins_anew():
    stopping = EarlyStopping()
    assert run(stopping, [1, 2])[0] == run(stopping, [5, 6])[0] == 2


@pytest.mark.parametrize(
    "make",
    [
        EarlyStopping,
        ReduceLROnPlateau,
        lambda monitor: ModelCheckpoint("net", monitor=monitor, save_best_only=True),
    ],
)
def test_a_wrong_monitor_is_refused_at_once(classifier, blobs, unchanged, make):
    message = "'val_acuracy', but the logs have .*; did you mean 'val_accuracy'?"
    with unchanged(classifier), pytest.raises(ArgumentError, match=message):
        classifier.fit(*blobs, validation_split=0.2, callbacks=[make("val_acuracy")])


def test_what_is_watched_must_be_there(classifier, blobs):
    message = "monitor is 'val_loss', but the logs have loss, accuracy; give validation_data"
    with pytest.raises(ArgumentError, match=message):
        classifier.fit(*blobs, callbacks=[EarlyStopping()])
    with pytest.raises(ArgumentError, match="'los', but the logs have loss, accuracy, lr"):
        classifier.fit(*blobs, callbacks=[ReduceLROnPlateau("los")])


@pytest.mark.parametrize("make", [EarlyStopping, ReduceLROnPlateau])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"monitor": 3}, TypeError, "monitor must be a name"),
        ({"mode": "up"}, ArgumentError, "mode must be 'auto', 'min' or 'max', got 'up'"),
        ({"patience": -1}, ArgumentError, "patience must be a whole number >= 0"),
        ({"min_delta": -1.0}, ArgumentError, "min_delta must be a finite number >= 0"),
    ],
)
def test_wrong_arguments(make, options, error, message):
    with pytest.raises(error, match=message):
        make(**options)


def test_more_wrong_arguments():
    with pytest.raises(TypeError, match="restore_best must be True or False"):
        EarlyStopping(restore_best=1)
    with pytest.raises(ArgumentError, match=r"factor must be a number in \(0, 1\), got 1.0"):
        ReduceLROnPlateau(factor=1.0)


# ---- plateaus ----


def factors(callback, values):
    net = pybp.MLP([1, 1], seed=0)
    callback.on_fit_begin(net)
    found = []
    for epoch, value in enumerate(values, start=1):
        callback.on_epoch_end(net, epoch, {"val_loss": value})
        found.append(callback.total_factor)
    return found


def test_when_the_rate_falls():
    halve = ReduceLROnPlateau(factor=0.5, patience=1)
    assert factors(halve, [3, 3, 3, 3, 3, 2, 2, 2]) == [1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.125]
    # The definition of PyTorch and Keras: the epochs of the cooldown don't count.
    cooling = ReduceLROnPlateau(factor=0.5, patience=1, cooldown=2)
    assert factors(cooling, [3] * 8) == [1, 1, 0.5, 0.5, 0.5, 0.25, 0.25, 0.25]


def test_the_rate_falls_on_top_of_a_schedule(classifier, blobs):
    reduce = ReduceLROnPlateau("loss", factor=0.1, patience=0, min_delta=1e9, min_lr=0.002)
    lr = pybp.schedules.Step(0.1, 2, 0.5, per="epoch")
    history = classifier.fit(*blobs, epochs=4, optimizer=pybp.SGD(lr=lr), callbacks=[reduce])
    # With this min_delta only the first epoch counts as an improvement.
    expected = [0.1, 0.1, 0.05 * 0.1, max(0.05 * 0.01, 0.002)]
    assert history.history["lr"] == pytest.approx(expected, rel=1e-12)


# ---- averages ----


def after_each_step(net, data, **settings):
    """Parameters after each step of a fit, and those at its end."""
    seen = [net.weights + net.biases]
    look = LambdaCallback(on_step_end=lambda net, step, logs: seen.append(net.weights + net.biases))
    callbacks = [look, *settings.pop("callbacks")]
    net.fit(*data, callbacks=callbacks, **settings)
    return seen, net.weights + net.biases


@pytest.mark.parametrize(("every", "start"), [(1, 0), (3, 0), (2, 7)])
def test_exponential_moving_average(classifier, blobs, every, start):
    average = EMA(0.8, every=every, start_step=start)
    seen, final = after_each_step(classifier, blobs, epochs=2, callbacks=[average])
    for place, found in enumerate(final):
        values = [parameters[place].astype(np.float64) for parameters in seen]
        steps = [step for step in range(1, len(values)) if step % every == 0 and step >= start]
        expected = values[0] if start == 0 else values[steps.pop(0)]
        for step in steps:
            expected = expected + (1.0 - 0.8) * (values[step] - expected)
        assert np.array_equal(found, expected.astype(np.float32))
        assert not np.array_equal(found, seen[-1][place])


def test_stochastic_weight_averaging(classifier, blobs):
    seen, final = after_each_step(
        classifier, blobs, epochs=6, callbacks=[SWA(2, every_epochs=2)], batch_size=100
    )
    for place, found in enumerate(final):
        mean = np.mean([seen[2 * epoch][place].astype(np.float64) for epoch in (2, 4, 6)], axis=0)
        np.testing.assert_allclose(found, mean, rtol=1e-6, atol=1e-7)


def test_a_fit_that_raises_swaps_nothing_by_itself(classifier, blobs):
    def fail(net, epoch, logs):
        raise LookupError

    average = EMA(0.5)
    with pytest.raises(LookupError):
        classifier.fit(*blobs, callbacks=[average, LambdaCallback(on_epoch_end=fail)])
    trained = classifier.weights
    average.swap_in(classifier)
    assert not np.array_equal(classifier.weights[0], trained[0])
    with pytest.raises(StateError, match="no average yet"):
        EMA().swap_in(classifier)


def test_averages_need_sensible_numbers():
    with pytest.raises(ArgumentError, match=r"decay must be a number in \[0, 1\), got 1.0"):
        EMA(1.0)
    with pytest.raises(ArgumentError, match="start_epoch must be a whole number >= 1"):
        SWA(0)


# ---- checkpoints ----


def test_a_file_for_each_epoch(classifier, blobs, tmp_path, same_state):
    saved = []
    checkpoint = ModelCheckpoint(tmp_path / "net-{epoch:02d}.pybp", every_epochs=2)
    keep = LambdaCallback(on_epoch_end=lambda net, epoch, logs: saved.append(net.copy()))
    classifier.fit(*blobs, epochs=5, callbacks=[checkpoint, keep])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["net-02.pybp", "net-04.pybp"]
    assert checkpoint.last_path == tmp_path / "net-04.pybp"
    assert same_state(pybp.MLP.load(tmp_path / "net-04.pybp"), saved[3])


def test_only_the_best(classifier, blobs, tmp_path, same_state):
    values, nets = iter([0.5, 0.7, 0.6, 0.9, 0.1]), []

    def score(y_true, y_pred):
        return next(values)

    checkpoint = ModelCheckpoint(
        tmp_path / "best", monitor="score", save_best_only=True, mode="max"
    )
    keep = LambdaCallback(on_epoch_end=lambda net, epoch, logs: nets.append(net.copy()))
    classifier.fit(*blobs, epochs=5, metrics=[score], callbacks=[checkpoint, keep])
    assert checkpoint.best == 0.9
    assert same_state(pybp.MLP.load(tmp_path / "best"), nets[3])


def test_a_name_from_the_logs(classifier, blobs, tmp_path):
    classifier.fit(
        *blobs, epochs=1, callbacks=[ModelCheckpoint(tmp_path / "{loss:.1f}")], batch_size=500
    )
    assert len(list(tmp_path.iterdir())) == 1
    wrong = ModelCheckpoint(tmp_path / "{val_los}")
    with pytest.raises(ArgumentError, match="can't be formatted with epoch, loss, accuracy"):
        classifier.fit(*blobs, epochs=1, callbacks=[wrong])
    with pytest.raises(TypeError, match="path must be a path, got 3"):
        ModelCheckpoint(3)
    classifier.fit(*blobs, epochs=1)


def test_folders_are_created(classifier, blobs, tmp_path):
    begun = []
    checkpoint = ModelCheckpoint(tmp_path / "new" / "{epoch}" / "net")
    plain = ModelCheckpoint(tmp_path / "other" / "new" / "net")
    look = LambdaCallback(on_fit_begin=lambda net: begun.append((tmp_path / "other").exists()))
    classifier.fit(*blobs, epochs=2, callbacks=[checkpoint, plain, look])
    assert begun == [True]
    assert (tmp_path / "new" / "2" / "net").is_file()
    assert (tmp_path / "other" / "new" / "net").is_file()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("net-{epoch", "expected '}'"),
        ("net-}", "Single '}'"),
        ("net-{}", "Replacement index 0"),
        ("net-{epoch:q}", "Unknown format code"),
        ("net-{epoch.x}", "no attribute"),
        ("net-{epoch[x]}", "not subscriptable"),
        ("net-{val_loss}", "val_loss"),
    ],
)
def test_a_path_that_cannot_be_formatted_is_refused_at_once(
    classifier, blobs, tmp_path, unchanged, name, reason
):
    with unchanged(classifier), pytest.raises(ArgumentError, match="can't be formatted") as caught:
        classifier.fit(*blobs, callbacks=[ModelCheckpoint(tmp_path / name)])
    assert reason in str(caught.value)
    assert "path twice, {{ and }}" in str(caught.value)


def test_braces_written_twice_are_braces(classifier, blobs, tmp_path):
    classifier.fit(*blobs, epochs=1, callbacks=[ModelCheckpoint(tmp_path / "{{net}}")])
    assert [path.name for path in tmp_path.iterdir()] == ["{net}"]


def test_no_folder_to_write_to(classifier, blobs, tmp_path, unchanged, monkeypatch):
    (tmp_path / "file").write_text("")
    with unchanged(classifier), pytest.raises(OSError, match="file"):
        classifier.fit(*blobs, callbacks=[ModelCheckpoint(tmp_path / "file" / "net")])
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with unchanged(classifier), pytest.raises(PermissionError) as caught:
        classifier.fit(*blobs, callbacks=[ModelCheckpoint(tmp_path / "net")])
    assert caught.value.filename == str(tmp_path)


def test_errors_name_the_file_and_not_a_temporary_one(classifier, tmp_path):
    path = tmp_path / "missing" / "net"
    with pytest.raises(FileNotFoundError) as caught:
        classifier.save(path)
    assert caught.value.filename == str(path)
    assert "tmp'" not in str(caught.value)


@pytest.mark.parametrize("name", sorted({*get_args(MetricName), "top_4"}))
def test_every_metric_says_whether_more_is_better(name):
    """A perfect prediction is better than a wrong one, by the value and the direction of the metric."""
    rng = np.random.default_rng(0)
    classes = rng.integers(6, size=60)
    perfect = np.eye(6)[classes]
    wrong = np.eye(6)[(classes + 1) % 6]
    target, loss = (perfect, "mse") if name in ("mse", "rmse", "mae", "r2") else (classes, None)
    [metric] = resolve_metrics([name], resolve_loss(loss, Softmax()))
    good, bad = (metric_value(metric, target, outputs) for outputs in (perfect, wrong))
    monitor = Monitor(f"val_{name}")
    assert monitor.better(good, bad)
    assert not monitor.better(bad, good)


def metric_value(metric, target, outputs):
    """The metric's value, or for the accuracy, which the core counts, the fraction of right rows."""
    if metric.function is None:
        return float((outputs.argmax(axis=1) == target).mean())
    return metric(Data(np.zeros((len(outputs), 1)), target, None), outputs)


@pytest.mark.parametrize(
    "callback",
    [
        EarlyStopping,
        ReduceLROnPlateau,
        lambda monitor, mode: ModelCheckpoint(
            os.devnull, monitor=monitor, mode=mode, save_best_only=True, every_epochs=9
        ),
    ],
)
def test_a_metric_of_ones_own_needs_a_mode(callback, blobs):
    def profit(y_true, y_pred):
        return float((y_pred.argmax(axis=1) == y_true).sum())

    def fit(mode):
        net = MLP([2, 3], output="softmax", seed=0)
        return net.fit(
            *blobs, metrics=[profit], epochs=1, callbacks=[callback("profit", mode=mode)]
        )

    with pytest.raises(ArgumentError, match="mode must be 'min' or 'max' for monitor='profit'"):
        fit("auto")
    assert len(fit("max")) == 1
