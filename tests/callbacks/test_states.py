"""What callbacks remember is part of the training state: a fit that was saved goes on with the same bits."""

import copy
import math
import pickle

import numpy as np
import pytest

import pybp
from pybp import MLP, BatchNorm, Dropout, callbacks
from pybp.callbacks import EMA, SWA, Callback, EarlyStopping, ModelCheckpoint, ReduceLROnPlateau
from pybp.errors import ArgumentError, StateError


@pytest.fixture
def data():
    rng = np.random.default_rng(5)
    X = rng.normal(size=(120, 4))
    y = (X[:, 0] + 0.5 * rng.normal(size=120) > 0).astype(int)
    return (X[:80], y[:80]), (X[80:], y[80:])


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net"


def make():
    return MLP([4, 8, BatchNorm(), Dropout(0.2), 2], output="softmax", seed=3)


class StopAfter(Callback):
    """Ends the fit as an interruption would, after an epoch."""

    def __init__(self, last):
        self.last = last

    def on_epoch_end(self, net, epoch, logs):
        return epoch == self.last


class SaveAfter(Callback):
    """Saves the net in the middle of the fit: while it is told of the end of an epoch."""

    def __init__(self, path, last):
        self.path, self.last = path, last

    def on_epoch_end(self, net, epoch, logs):
        if epoch == self.last:
            net.save(self.path)


def fit(net, data, watching, done=0):
    train, validation = data
    return net.fit(
        *train,
        epochs=9,
        initial_epoch=done,
        batch_size=16,
        optimizer=pybp.Adam(lr=0.1),
        validation_data=validation,
        callbacks=watching,
        progress=False,
    )


def plateau():
    return ReduceLROnPlateau(patience=0, factor=0.5, cooldown=1, min_delta=0.05)


WATCHING = {
    "EMA": lambda: [EMA(0.9, every=3)],
    "EMA, late": lambda: [EMA(0.9, start_step=12)],
    "SWA": lambda: [SWA(2, every_epochs=2)],
    "SWA, later": lambda: [SWA(6)],
    "EarlyStopping": lambda: [EarlyStopping(patience=2)],
    "EarlyStopping, best": lambda: [EarlyStopping(patience=20, restore_best=True)],
    "EarlyStopping that stops, best": lambda: [EarlyStopping(patience=2, restore_best=True)],
    "ReduceLROnPlateau": lambda: [plateau()],
    "all of them": lambda: [
        EMA(0.9),
        plateau(),
        EarlyStopping(patience=20, restore_best=True),
        SWA(2),
    ],
    "two of a class": lambda: [EMA(0.9), EarlyStopping("loss", patience=20), EMA(0.5)],
}


@pytest.mark.parametrize("make_watching", WATCHING.values(), ids=WATCHING)
@pytest.mark.parametrize("last", [1, 4, 5])
@pytest.mark.parametrize("how", ["ended", "saved first", "saved last"])
def test_a_resumed_fit_has_the_same_bits(make_watching, last, how, data, path, same_state):
    """Ended by another callback, or killed after a callback saved it, before or behind the others."""
    whole, watching = make(), make_watching()
    history = fit(whole, data, watching)
    first, saver = make(), SaveAfter(path, last)
    if how == "ended":
        seen = fit(first, data, [*make_watching(), StopAfter(last)])
        first.save(path)
        assert seen.epochs == list(range(1, min(last, len(history)) + 1))
    else:
        fit(
            first,
            data,
            [saver, *make_watching()] if how == "saved first" else [*make_watching(), saver],
        )
    if not path.exists():
        pytest.skip("the fit stops before that")
    again, resumed = pybp.load(path), make_watching()
    rest = fit(again, data, resumed, done=last)
    assert rest.epochs == history.epochs[last:]
    assert rest.history == {
        name: values[last:] for name, values in history.history.items()
    } or not len(rest)
    assert same_state(again, whole)
    for one, other in zip(watching, resumed, strict=True):
        assert getattr(one, "best", None) == getattr(other, "best", None)
        assert getattr(one, "best_epoch", None) == getattr(other, "best_epoch", None)
        assert getattr(one, "total_factor", None) == getattr(other, "total_factor", None)


def test_the_same_net_goes_on_too(data, same_state):
    whole, parts = make(), make()
    fit(whole, data, [EMA(0.9), EarlyStopping(patience=20, restore_best=True)])
    watching = [EMA(0.9), EarlyStopping(patience=20, restore_best=True), StopAfter(4)]
    fit(parts, data, watching)
    parts = pickle.loads(pickle.dumps(copy.deepcopy(parts.copy())))
    watching[2].last = 0
    fit(parts, data, watching, done=4)
    assert same_state(parts, whole)


def test_only_a_fit_that_continues_another_is_restored(data):
    stopping = EarlyStopping(patience=20)
    net = make()
    fit(net, data, [stopping])
    best = stopping.best
    assert best < math.inf
    train, _ = data
    net.fit(*train, epochs=1, validation_data=train, callbacks=[stopping], progress=False)
    assert stopping.best_epoch == 1  # anew
    net.fit(*train, epochs=1, progress=False)
    assert net._callbacks.states_now().states == ()
    other = EarlyStopping("val_accuracy", patience=20)
    fit(net, data, [stopping], done=5)
    fit(net, data, [other], done=8)
    assert other.best_epoch in (0, 9)  # what is monitored is another number


def test_without_the_optimizer_nothing_is_remembered(data, path):
    net = make()
    fit(net, data, [EMA(), EarlyStopping(patience=20, restore_best=True)])
    assert len(net._callbacks.states_now().states) == 2
    net.save(path)
    full = path.stat().st_size
    net.save(path, optimizer=False)
    assert path.stat().st_size < full / 2
    assert pybp.load(path)._callbacks.states_now().states == ()
    net.reset_optimizer()
    assert net._callbacks.states_now().states == ()


def test_weights_that_were_set_in_between_stay(data):
    """Averages and best parameters give way to what they replaced only while they are still there."""
    for watching in (EMA(), EarlyStopping(patience=20, restore_best=True)):
        net = make()
        fit(net, data, [watching, StopAfter(4)])
        kept = net.copy()
        net.weights = make().weights
        seen = []
        look = callbacks.LambdaCallback(
            on_epoch_begin=lambda net, epoch, seen=seen: seen.append(net.weights)
        )
        fit(net, data, [watching, look], done=8)
        for W, same in zip(seen[0], make().weights, strict=True):
            assert W is None or (same == W).all()
        fit(kept, data, [watching, look], done=8)
        assert (seen[-1][0] != kept.weights[0]).any()


def test_a_better_checkpoint_is_not_overwritten(data, tmp_path):
    """After the documented way to resume, save_best_only knows the best value of before."""
    train, validation = data
    best, last = tmp_path / "best", tmp_path / "last"
    settings = {"validation_data": validation, "progress": False, "batch_size": 16}
    net = make()
    checkpoint = ModelCheckpoint(best, save_best_only=True)
    net.fit(*train, epochs=5, callbacks=[checkpoint, ModelCheckpoint(last)], **settings)
    before = best.read_bytes()
    value = checkpoint.best
    for path in (best, last):
        again = pybp.load(path)
        watching = ModelCheckpoint(best, save_best_only=True)
        again.fit(
            *train,
            epochs=again.epochs_done + 3,
            initial_epoch=again.epochs_done,
            optimizer=pybp.SGD(lr=30.0, clip_norm=1.0),  # nothing becomes better
            callbacks=[watching],
            **settings,
        )
        assert watching.best == value
        assert best.read_bytes() == before


# ---- callbacks of one's own --------------------------------------------------------------------------


class Remembers(Callback):
    def __init__(self, **values):
        self.values = values
        self.restored = None

    def state(self):
        return self.values

    def restore(self, state):
        self.restored = state


def test_any_plain_values_and_arrays(data, path):
    values = {
        "none": None,
        "flag": True,
        "whole": 2**70,
        "number": 0.1,
        "infinite": math.inf,
        "more": [1, [-math.inf, {"a": "b"}], {}],
        "numpy": [np.float32(0.5), np.int8(3), np.bool_(True)],
        "text": "ü\0\n",
        "vector": np.arange(3.0),
        "none of them": np.zeros((0, 2), "f4"),
        "one": np.array(7),
        "bytes": np.arange(256, dtype=np.uint8).reshape(16, 16),
        "not finite": np.array([np.nan, np.inf]),
    }
    net = make()
    fit(net, data, [Remembers(**values), StopAfter(2)])
    net.save(path)
    for again in (pybp.load(path), pickle.loads(pickle.dumps(net)), net):
        watching = Remembers()
        fit(again, data, [watching], done=8)
        found = watching.restored
        assert found.keys() == values.keys()
        for name, value in values.items():
            if isinstance(value, np.ndarray):
                assert found[name].dtype == value.dtype
                np.testing.assert_array_equal(found[name], value)
            else:
                assert found[name] == value
    safetensors = pytest.importorskip("safetensors.numpy")
    net.save(path)
    assert "layers.0.weights" in safetensors.load_file(path)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (1j, r"holds 1j \(complex\); a file can hold None, numbers"),
        ({1: 2}, r"holds \{1: 2\} \(dict\); a file can hold None, numbers"),
        ({"$float": "inf"}, r"holds .* \(dict\); a file can hold None, numbers"),
        (np.zeros(2, "f2"), r"has 'x' of float16; a file can hold float32, float64"),
    ],
)
def test_what_a_file_can_not_hold(value, message, data, path):
    net = make()
    fit(net, data, [Remembers(x=value)])
    with pytest.raises(ArgumentError, match=rf"the state of .*Remembers {message}"):
        net.save(path)
    assert not path.exists()


def test_a_state_that_is_no_dict(data):
    callback = Remembers()
    callback.values = [1]
    with pytest.raises(TypeError, match=r"the state of .*Remembers must be a dict, got \[1\]"):
        fit(make(), data, [callback])


def test_a_state_that_does_not_fit(data):
    net = make()
    fit(net, data, [EMA()])
    twin = MLP([4, 9, 2], output="softmax", seed=0)
    twin._callbacks = net._callbacks
    with pytest.raises(
        ArgumentError, match="the net has 65 parameters and statistics, not so many"
    ):
        fit(twin, data, [EMA()], done=1)
    state = net._callbacks.states_now().states[0]
    state.values.clear()
    state.values["n"] = "x"
    net._callbacks = pybp.net.callback_states.CallbackStates(
        (pybp.net.callback_states.CallbackState("pybp.callbacks.SWA", 0, False, {"n": "x"}),)
    )
    with pytest.raises(StateError, match=r"the state of pybp\.callbacks\.SWA can't be restored"):
        fit(net, data, [SWA()], done=1)


def test_hooks_are_called_in_order(data):
    calls = []

    class Tell(Callback):
        def __init__(self, name):
            self.name = name

        def state(self):
            return {"name": self.name}

        def on_fit_begin(self, net):
            calls.append(f"begin {self.name}")

        def restore(self, state):
            calls.append(f"restore {state['name']}")

        def undo_fit_end(self, net):
            calls.append(f"resume {self.name}")

    net = make()
    fit(net, data, [Tell("a"), Tell("b")])
    assert calls == ["begin a", "begin b"]
    fit(net, data, [Tell("c"), Tell("d"), Tell("e")], done=8)
    expected = ["begin c", "begin d", "begin e", "restore a", "restore b", "resume d", "resume c"]
    assert calls[2:] == expected


def test_every_callback_has_a_state_that_can_be_saved(data, tmp_path):
    for name in callbacks.__all__:
        kind = getattr(callbacks, name)
        if name in ("CSVLogger", "ModelCheckpoint", "TensorBoard"):
            callback = kind(tmp_path / name)
        elif name == "TerminateOnTime":
            callback = kind(100.0)
        else:
            callback = kind()
        net = make()
        fit(net, data, [callback])
        net.save(tmp_path / "net")
        fit(pybp.load(tmp_path / "net"), data, [callback], done=8)
