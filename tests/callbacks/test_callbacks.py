"""The hooks of callbacks: when they are called, and what they may do."""

import copy
import pickle

import numpy as np
import pytest

import pybp
from pybp import MLP, SGD
from pybp.callbacks import (
    EMA,
    SWA,
    Callback,
    EarlyStopping,
    LambdaCallback,
    ReduceLROnPlateau,
    TerminateOnTime,
)
from pybp.errors import ArgumentError, BusyError, DivergenceError
from pybp.schedules import Exponential

from nets import mse
from registered import AVERAGES, CALLBACKS, HOOKS


def ways(X, y):
    """Every way to train: the core's loop, a Python loss, and batches."""
    one_hot = np.eye(3)[y]
    return {
        "core": ((X, y), {}),
        "function": ((X, one_hot), {"loss": mse}),
        "batches": (([(X[i : i + 32], y[i : i + 32]) for i in range(0, 200, 32)],), {}),
    }


@pytest.fixture(params=["core", "function", "batches"])
def way(request, blobs):
    return ways(*blobs)[request.param]


def test_step_hooks_are_called_when_they_are_due(classifier, way):
    seen = {1: [], 3: [], 5: []}
    watchers = [
        LambdaCallback(on_step_end=lambda net, step, logs, n=n: seen[n].append(step), every=n)
        for n in seen
    ]
    data, settings = way
    classifier.fit(*data, epochs=3, callbacks=[*watchers, EMA(every=2)], **settings)
    assert seen[1] == list(range(1, 22))
    assert seen[3] == list(range(3, 22, 3))
    assert seen[5] == [5, 10, 15, 20]


def test_step_hooks_change_no_bit(classifier, way, same_state):
    twin = classifier.copy()
    data, settings = way
    stops = []
    hook = LambdaCallback(on_step_end=lambda *arguments: stops.append(1), every=2)
    watched = classifier.fit(*data, epochs=3, callbacks=[hook], **settings)
    plain = twin.fit(*data, epochs=3, **settings)
    assert same_state(classifier, twin)
    assert watched.history == plain.history
    assert len(stops) == 10


def test_the_logs_of_a_step(classifier, blobs):
    logs = []
    lr = Exponential(0.1, 0.9)
    history = classifier.fit(
        *blobs,
        epochs=2,
        optimizer=pybp.SGD(lr=lr),
        callbacks=[LambdaCallback(on_step_end=lambda net, step, seen: logs.append(seen))],
    )
    assert [entry["lr"] for entry in logs] == lr.rates(0, 14).tolist()
    assert logs[6]["loss"] == history.history["loss"][0]
    assert logs[13]["loss"] == history.history["loss"][1]
    assert history.history["lr"] == lr.rates(0, 14)[[6, 13]].tolist()


def test_a_step_hook_sees_and_sets_current_weights(classifier, blobs):
    """Two steps of a fit are two calls of train_step."""
    X, y = blobs
    twin, seen = classifier.copy(), []

    def look(net, step, logs):
        seen.append(net.weights[0].copy())
        net.biases = [0 * b for b in net.biases]

    classifier.fit(
        X, y, epochs=1, shuffle=False, batch_size=50, callbacks=[LambdaCallback(on_step_end=look)]
    )
    for place in range(4):
        rows = slice(50 * place, 50 * place + 50)
        twin.train_step(X[rows], y[rows])
        assert np.array_equal(twin.weights[0], seen[place])
        twin.biases = [0 * b for b in twin.biases]


@pytest.mark.parametrize("hook", HOOKS)
def test_any_hook_may_stop(classifier, way, hook):
    data, settings = way
    calls = []

    def note(name):
        def function(net, *arguments):
            calls.append(name)
            return name == hook

        return function

    recorder = LambdaCallback(**{name: note(name) for name in HOOKS}, every=3)
    history = classifier.fit(*data, epochs=2, callbacks=[recorder], **settings)
    begin, epoch, step, end, last = HOOKS
    expected = {
        begin: [begin, last],
        epoch: [begin, epoch, last],
        step: [begin, epoch, step, end, last],
        end: [begin, epoch, step, step, end, last],
        last: [begin, epoch, step, step, end, epoch, step, step, end, last],
    }
    assert calls == expected[hook]
    assert len(history) == {begin: 0, epoch: 0, step: 1, end: 1, last: 2}[hook]


def test_a_stop_within_an_epoch_leaves_the_rest_out(classifier, way):
    data, settings = way
    stop = LambdaCallback(on_step_end=lambda net, step, logs: step == 3)
    classifier.fit(*data, epochs=2, callbacks=[stop], **settings)
    epochs, steps, *_ = classifier._net.get_progress()
    assert (epochs, steps) == (0, 3)


@pytest.mark.parametrize("hook", HOOKS)
def test_any_hook_that_raises_leaves_a_usable_net(classifier, way, hook):
    data, settings = way

    def fail(*arguments):
        raise LookupError("of mine")

    twin = classifier.copy()
    with pytest.raises(LookupError, match="of mine"):
        classifier.fit(
            *data, epochs=2, callbacks=[LambdaCallback(**{hook: fail}, every=4)], **settings
        )
    assert all(np.isfinite(w).all() for w in classifier.weights)
    done = {"on_step_end": 4, "on_epoch_end": 7, "on_fit_end": 14}.get(hook, 0)
    assert classifier._net.get_progress()[1] == done
    changed = not np.array_equal(classifier.weights[0], twin.weights[0])
    assert changed == (done > 0)
    classifier.fit(*data, epochs=1, **settings)
    assert classifier._net.get_progress()[1] == done + 7


def test_a_step_hook_may_not_train(classifier, blobs):
    step = LambdaCallback(on_step_end=lambda net, step, logs: net.train_step(*blobs))
    with pytest.raises(BusyError, match="a callback can't train it"):
        classifier.fit(*blobs, callbacks=[step])
    classifier.train_step(*blobs)


def test_divergence_after_a_pause_goes_back_to_the_epochs_begin(blobs):
    net, kept = pybp.MLP([2, 8, 8, 3], output="softmax", seed=1), []
    callbacks = [
        LambdaCallback(
            on_epoch_begin=lambda net, epoch: kept.append(net.weights),
            on_step_end=lambda net, step, logs: None,
        )
    ]

    def lr(step):
        return 1e-3 if step < 10 else 1e38

    with pytest.raises(pybp.errors.DivergenceError, match="epoch 2 of 5, step 5 of 7"):
        net.fit(*blobs, epochs=5, optimizer=pybp.SGD(lr=lr), callbacks=callbacks)
    assert len(kept) == 2
    assert all(map(np.array_equal, net.weights, kept[1]))


def test_learning_rates_may_be_changed(classifier, way, same_state):
    class Halve(Callback):
        def change_rates(self, rates):
            return rates * 0.5

    twin = classifier.copy()
    data, settings = way
    history = classifier.fit(
        *data, optimizer=pybp.SGD(lr=0.1), epochs=2, callbacks=[Halve(), Halve()], **settings
    )
    twin.fit(*data, optimizer=pybp.SGD(lr=0.025), epochs=2, **settings)
    assert same_state(classifier, twin)
    assert history.history["lr"] == [0.025, 0.025]


@pytest.mark.parametrize("rates", [None, np.ones(3), -1.0])
def test_changed_rates_must_be_learning_rates(classifier, blobs, rates, unchanged):
    class Wrong(Callback):
        def change_rates(self, given):
            return given * rates if isinstance(rates, float) else rates

    with unchanged(classifier), pytest.raises(ArgumentError, match="learning rate"):
        classifier.fit(*blobs, callbacks=[Wrong()])


def test_functions_must_be_callable():
    with pytest.raises(TypeError, match="on_epoch_end must be callable, got 3"):
        LambdaCallback(on_epoch_end=3)
    with pytest.raises(ArgumentError, match="every must be a whole number >= 1"):
        LambdaCallback(on_step_end=print, every=0)


# ---- time ----


def test_time_is_over(classifier, blobs, monkeypatch):
    clock = iter(range(100))
    monkeypatch.setattr("pybp.callbacks.monitors.time.monotonic", lambda: next(clock))
    stop = TerminateOnTime(3.0, every=3)  # looks at 3, 6, the end of the epoch, ...
    classifier.fit(*blobs, epochs=50, callbacks=[stop])
    assert stop.stopped
    assert classifier._net.get_progress()[:2] == (1, 7)
    classifier.fit(*blobs, epochs=1, callbacks=[again := TerminateOnTime(1000.0)])
    assert not again.stopped


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_time_must_be_positive(seconds):
    with pytest.raises(ArgumentError, match="seconds must be a finite number > 0"):
        TerminateOnTime(seconds)


# ---- everything together ----


def one_of_each(folder):
    """Every callback that comes with pybp, as a user may make it."""
    pytest.importorskip("tensorboardX")
    given = {
        "CSVLogger": (folder / "log.csv",),
        "EarlyStopping": ("loss",),
        "LambdaCallback": (),
        "ModelCheckpoint": (folder / "net",),
        "ProgressBar": ("lines",),
        "ReduceLROnPlateau": ("loss",),
        "TensorBoard": (folder,),
        "TerminateOnTime": (1e9,),
    }
    return {name: made(*given.get(name, ())) for name, made in CALLBACKS.items()}


def test_all_callbacks_change_no_bit_of_training_together(classifier, blobs, tmp_path, same_state):
    """Only averages change the net, at the end of a fit."""
    callbacks = one_of_each(tmp_path)
    assert all(isinstance(callback, Callback) for callback in callbacks.values())
    twin = classifier.copy()
    averages = {each.__name__: callbacks.pop(each.__name__) for each in AVERAGES}
    classifier.fit(*blobs, epochs=3, callbacks=list(callbacks.values()))
    twin.fit(*blobs, epochs=3)
    assert same_state(classifier, twin)
    twin.fit(*blobs, epochs=1, callbacks=list(averages.values()))
    assert not same_state(classifier, twin)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_callback_can_be_copied_and_pickled_after_a_fit(classifier, blobs, tmp_path, name):
    callback = one_of_each(tmp_path)[name]
    classifier.fit(*blobs, epochs=2, callbacks=[callback])
    for again in (copy.deepcopy(callback), pickle.loads(pickle.dumps(callback))):
        classifier.fit(*blobs, epochs=2, callbacks=[again])


def test_any_number_of_threads_gives_the_same_bits(classifier, blobs, same_state):
    nets = []
    for threads in (1, 2, 3):
        net = classifier.copy()
        callbacks = [
            EMA(0.9, every=3),
            ReduceLROnPlateau("val_loss", patience=0, factor=0.5),
            pybp.callbacks.EarlyStopping("val_loss", patience=2, restore_best=True),
        ]
        net.fit(
            *blobs,
            epochs=20,
            optimizer=pybp.Adam(lr=pybp.schedules.Cosine(0.05, warmup=0.1)),
            validation_split=0.3,
            callbacks=callbacks,
            threads=threads,
        )
        nets.append(net)
    assert same_state(nets[0], nets[1])
    assert same_state(nets[0], nets[2])


# ---- fits that an exception ends ----


def interrupted_after(epochs):
    """A callback that raises KeyboardInterrupt at the end of that epoch, as Ctrl-C would."""

    def interrupt(net, epoch, logs):
        if epoch == epochs:
            raise KeyboardInterrupt

    return LambdaCallback(on_epoch_end=interrupt)


def test_ctrl_c_leaves_the_best_net_and_the_history(blobs):
    net = MLP([2, 8, 3], output="softmax", seed=0)
    stopping = EarlyStopping("loss", restore_best=True, mode="max")  # the first epoch is the best
    first = MLP([2, 8, 3], output="softmax", seed=0)
    first.fit(*blobs, epochs=1)
    with pytest.raises(KeyboardInterrupt):
        net.fit(*blobs, epochs=9, callbacks=[stopping, interrupted_after(1)])
    assert net.history.epochs == [1]
    net = MLP([2, 8, 3], output="softmax", seed=0)
    stopping.patience = 9
    with pytest.raises(KeyboardInterrupt):
        net.fit(*blobs, epochs=9, callbacks=[stopping, interrupted_after(3)])
    assert net.history.epochs == [1, 2, 3]
    assert stopping.best_epoch == 1
    for weights, expected in zip(net.weights, first.weights, strict=True):
        np.testing.assert_array_equal(weights, expected)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_on_fit_end_is_called_after_ctrl_c(blobs, optimizer):
    ended = []
    note = LambdaCallback(on_fit_end=lambda net, history: ended.append(history.epochs))
    net = MLP([2, 3], output="softmax", seed=0)
    with pytest.raises(KeyboardInterrupt):
        net.fit(*blobs, epochs=5, optimizer=optimizer, callbacks=[interrupted_after(2), note])
    assert ended == [[1, 2]]
    assert net.history.epochs == [1, 2]


def test_on_fit_end_is_called_after_divergence(blobs):
    ended = []
    note = LambdaCallback(on_fit_end=lambda net, history: ended.append(len(history)))
    net = MLP([2, 8, 1], seed=0)
    with pytest.raises(DivergenceError):
        net.fit(
            blobs[0], blobs[1], epochs=50, optimizer=SGD(lr=1e10), callbacks=[note, EMA(), SWA()]
        )
    assert ended == [len(net.history)]
    assert all(np.isfinite(weights).all() for weights in net.weights)


def test_on_fit_end_is_not_called_after_other_exceptions(blobs):
    def fail(net, epoch, logs):
        raise LookupError

    ended = []
    note = LambdaCallback(on_fit_end=lambda net, history: ended.append(1))
    net = MLP([2, 3], output="softmax", seed=0)
    with pytest.raises(LookupError):
        net.fit(*blobs, callbacks=[LambdaCallback(on_epoch_end=fail), note])
    assert ended == []


def test_history_of_the_last_fit(blobs):
    net = MLP([2, 3], output="softmax", seed=0)
    assert net.history is None
    assert net.fit(*blobs, epochs=2) is net.history
    assert net.copy().history is None
