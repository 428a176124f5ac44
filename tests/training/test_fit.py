"""Training: what fit learns, what it returns, what changes it and what doesn't."""

import numpy as np
import pytest

import pybp
from pybp import MLP
from pybp.callbacks import LambdaCallback
from pybp.errors import DivergenceError
from pybp.training.progress import Progress

from nets import assert_same_weights
from registered import CLASSES

XOR = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([0, 1, 1, 0])


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_learns_xor(dtype):
    net = MLP([2, 8, 1], activation="tanh", output="sigmoid", dtype=dtype, seed=0)
    net.fit(*XOR, epochs=500, optimizer=pybp.Adam(lr=0.05))
    assert net.evaluate(*XOR)["accuracy"] == 1.0
    np.testing.assert_array_equal(net.predict(XOR[0]).round()[:, 0], XOR[1])


@pytest.mark.parametrize("optimizer", CLASSES["optimizers"])
def test_every_optimizer_learns(classifier, blobs, optimizer):
    history = classifier.fit(*blobs, epochs=20, optimizer=optimizer, batch_size=8)
    losses = history.history["loss"]
    assert losses[-1] < 0.7 * losses[0]


def test_learns_a_line():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 3))
    y = X @ [1.0, -2.0, 0.5] + 3.0
    net = MLP([3, 1], seed=0)
    net.fit(X, y, epochs=60, optimizer=pybp.SGD(lr=0.05, momentum=0.9))
    assert net.evaluate(X, y, metrics=["r2"])["r2"] > 0.9999
    np.testing.assert_allclose(net.weights[0], [[1, -2, 0.5]], atol=1e-3)
    np.testing.assert_allclose(net.biases[0], [3], atol=1e-3)


@pytest.mark.parametrize(
    ("output", "loss"),
    [("softmax", "cross_entropy"), ("sigmoid", "binary_cross_entropy"), ("identity", "mse")],
)
def test_the_output_chooses_the_loss(output, loss, same_state):
    X, y = np.random.default_rng(0).normal(size=(20, 3)), np.eye(2)[np.arange(20) % 2]
    nets = [MLP([3, 4, 2], output=output, seed=0) for _ in range(2)]
    nets[0].fit(X, y, epochs=2)
    nets[1].fit(X, y, epochs=2, loss=loss)
    assert same_state(*nets)


# ---- what makes no difference ----


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_threads_make_no_difference(blobs, same_state, threads):
    X, y = blobs
    nets = [MLP([2, 40, 33, 3], output="softmax", seed=0) for _ in range(2)]
    histories = [
        net.fit(np.tile(X, (4, 1)), np.tile(y, 4), epochs=2, batch_size=300, threads=number)
        for net, number in zip(nets, (1, threads), strict=True)
    ]
    assert same_state(*nets)
    assert histories[0].history == histories[1].history


def test_two_fits_are_one(classifier, blobs, same_state):
    twin = classifier.copy()
    classifier.fit(*blobs, epochs=5)
    for epochs in (2, 3):
        twin.fit(*blobs, epochs=epochs)
    assert same_state(classifier, twin)


@pytest.mark.parametrize("encode", [np.int8, np.uint64, np.float32, list, np.eye(3).__getitem__])
def test_encodings_of_classes_make_no_difference(classifier, blobs, same_state, encode):
    X, y = blobs
    twin = classifier.copy()
    classifier.fit(X, y, epochs=2)
    twin.fit(X, encode(y), epochs=2)
    assert same_state(classifier, twin)


def test_targets_of_one_output_may_be_a_column(same_state):
    nets = [MLP([2, 3, 1], output="sigmoid", seed=0) for _ in range(4)]
    for net, y in zip(nets, [XOR[1], XOR[1][:, None], XOR[1] > 0, XOR[1] * 1.0], strict=True):
        net.fit(XOR[0], y, epochs=3)
        assert same_state(net, nets[0])


def test_zero_weight_is_absence(classifier, blobs):
    X, y = blobs
    twin = classifier.copy()
    weights = (np.arange(len(X)) < 150).astype(float)
    classifier.fit(X, y, sample_weight=weights, batch_size=50, shuffle=False, epochs=2)
    twin.fit(X[:150], y[:150], batch_size=50, shuffle=False, epochs=2)
    assert_same_weights(classifier, twin, rtol=1e-6)
    assert classifier.__getstate__()["progress"] == twin.__getstate__()["progress"]


def test_a_batch_larger_than_the_data_is_one_batch(classifier, blobs, same_state):
    twin = classifier.copy()
    classifier.fit(*blobs, batch_size=200, epochs=2)
    twin.fit(*blobs, batch_size=10**9, epochs=2)
    assert same_state(classifier, twin)


def test_without_shuffle_rows_come_in_order():
    X, y = np.random.default_rng(0).normal(size=(10, 3)), np.arange(10.0)
    one, other = (MLP([3, 4, 1], seed=0) for _ in range(2))
    one.fit(X, y, batch_size=4, shuffle=False, epochs=1, optimizer="sgd")
    for rows in (slice(0, 4), slice(4, 8), slice(8, 10)):
        other.train_step(X[rows], y[rows], optimizer="sgd")
    assert_same_weights(one, other)


def test_shuffle_makes_a_difference(classifier, blobs, same_state):
    twin = classifier.copy()
    classifier.fit(*blobs, epochs=1)
    twin.fit(*blobs, epochs=1, shuffle=False)
    assert not same_state(classifier, twin)


@pytest.mark.parametrize(
    ("settings", "alike"),
    [
        ({"batch_size": 200}, True),
        ({"batch_size": 300, "drop_last": True}, True),
        ({"batch_size": 100, "accumulate": 2}, True),
        ({"batch_size": 100}, False),
        ({"batch_size": 150, "drop_last": True}, False),
    ],
)
@pytest.mark.parametrize("loss", ["mse", "a function"])
def test_an_epoch_of_one_update_is_not_shuffled(blobs, same_state, settings, alike, loss):
    def absolute(y, a):
        return abs(a - y).mean(axis=1), np.sign(a - y) / 3

    X, y = blobs[0], np.eye(3)[blobs[1]]
    loss = absolute if loss == "a function" else loss
    one, other = (MLP([2, 8, 3], seed=0) for _ in range(2))
    one.fit(X, y, loss=loss, epochs=2, **settings)
    other.fit(X, y, loss=loss, epochs=2, shuffle=False, **settings)
    assert same_state(one, other) == alike


def test_one_row():
    net = MLP([3, 2], output="softmax", seed=0)
    net.fit([1, 2, 3], 1, epochs=30, optimizer=pybp.SGD(lr=1.0))
    assert net.predict([1, 2, 3]).argmax() == 1
    net.fit([1, 2, 3], [1.0, 0.0], epochs=30, optimizer=pybp.SGD(lr=1.0))
    assert net.predict([1, 2, 3]).argmax() == 0


# ---- the history ----


def test_history_of_a_classifier(classifier, blobs):
    history = classifier.fit(*blobs, epochs=3)
    assert history.epochs == [1, 2, 3]
    assert list(history.history) == ["loss", "accuracy"]
    assert all(len(values) == 3 for values in history.history.values())
    assert len(history) == 3


def test_loss_and_accuracy_are_measured_before_each_update(classifier, blobs):
    before = classifier.evaluate(*blobs)
    history = classifier.fit(*blobs, epochs=1, batch_size=200)
    assert history.history["loss"] == [pytest.approx(before["loss"], rel=1e-6)]
    assert history.history["accuracy"] == [before["accuracy"]]


def test_history_of_a_regression():
    X, y = np.random.default_rng(0).normal(size=(50, 3)), np.arange(50.0)
    net = MLP([3, 4, 1], seed=0)
    history = net.fit(X, y, epochs=2, metrics=["mae", "r2"])
    assert list(history.history) == ["loss", "mae", "r2"]
    logs = net.evaluate(X, y, metrics=["mae", "r2"])
    assert history.history["mae"][-1] == logs["mae"]
    assert history.history["r2"][-1] == logs["r2"]


def test_validation_data(classifier, blobs):
    X, y = blobs
    history = classifier.fit(
        X[:150], y[:150], epochs=2, validation_data=(X[150:], y[150:]), metrics=["accuracy", "mse"]
    )
    logs = classifier.evaluate(X[150:], y[150:], metrics=["accuracy", "mse"])
    assert list(history.history) == [
        *("loss", "accuracy", "mse"),
        *("val_loss", "val_accuracy", "val_mse"),
    ]
    assert {name: history.history[f"val_{name}"][-1] for name in logs} == logs


def test_validation_data_with_weights(classifier, blobs):
    X, y = blobs
    weights = np.linspace(0, 1, len(X))
    history = classifier.fit(X, y, epochs=1, validation_data=(X, y, weights))
    wanted = classifier.evaluate(X, y, sample_weight=weights)["loss"]
    assert history.history["val_loss"] == [wanted]


@pytest.mark.parametrize(
    ("fraction", "held_out"), [(0.25, 50), (0.1, 20), (0.001, 1), (0.2525, 51)]
)
def test_validation_split_takes_the_end(classifier, blobs, same_state, fraction, held_out):
    X, y = blobs
    twin = classifier.copy()
    kept = len(X) - held_out
    given = classifier.fit(X, y, epochs=2, validation_split=fraction)
    wanted = twin.fit(X[:kept], y[:kept], epochs=2, validation_data=(X[kept:], y[kept:]))
    assert same_state(classifier, twin)
    assert given.history == wanted.history


def test_history_as_a_table(classifier, blobs):
    history = classifier.fit(*blobs, epochs=2)
    header, first, second = str(history).splitlines()
    assert header.split() == ["epoch", "loss", "accuracy"]
    assert first.split()[0] == "1"
    assert float(second.split()[1]) == pytest.approx(history.history["loss"][1], rel=1e-5)
    assert repr(history).startswith("<History of 2 epochs, the last: loss ")


def test_history_as_a_frame(classifier, blobs):
    pytest.importorskip("pandas")
    history = classifier.fit(*blobs, epochs=3)
    frame = history.to_frame()
    assert list(frame.columns) == ["loss", "accuracy"]
    assert list(frame.index) == [1, 2, 3]
    assert list(frame["loss"]) == history.history["loss"]


def test_frame_without_pandas(classifier, blobs, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    history = classifier.fit(*blobs, epochs=1)
    with pytest.raises(ImportError, match=r"pip install pandas"):
        history.to_frame()


# ---- epochs that the core trains in one call --------------------------------------------------


def test_many_short_epochs_are_those_of_single_ones(classifier, blobs, same_state):
    twin = classifier.copy()
    seen = []
    many = classifier.fit(*blobs, epochs=300, metrics=["accuracy"])
    watch = LambdaCallback(on_epoch_end=lambda net, epoch, logs: seen.append((epoch, dict(logs))))
    one = twin.fit(*blobs, epochs=300, metrics=["accuracy"], callbacks=[watch])
    assert same_state(classifier, twin)
    assert many.epochs == one.epochs == list(range(1, 301))
    assert many.history == one.history
    assert [logs["loss"] for _, logs in seen] == many.history["loss"]


def test_divergence_among_many_epochs_names_its_epoch():
    X = np.random.default_rng(0).normal(size=(40, 3))
    nets, errors = [MLP([3, 1], seed=0) for _ in range(2)], []
    for net, callbacks in zip(nets, ([], [LambdaCallback()]), strict=True):
        with pytest.raises(DivergenceError) as caught:
            net.fit(X, X[:, 0], epochs=900, optimizer=pybp.SGD(lr=1.0), callbacks=callbacks)
        errors.append(caught.value)
    assert errors[0].epoch == errors[1].epoch > 20
    assert errors[0].step == errors[1].step
    assert str(errors[0]) == str(errors[1])
    assert_same_weights(nets[0], nets[1])


def test_progress_that_fails_among_many_epochs(classifier, blobs, monkeypatch):
    class Full(Progress):
        def on_epoch(self, epoch, logs):
            if epoch == 3:
                raise OSError("no space left")

    monkeypatch.setattr("pybp.mlp.make_progress", lambda *arguments: Full())
    with pytest.raises(OSError, match="no space left"):
        classifier.fit(*blobs, epochs=300)
    assert classifier.epochs_done == 3
    classifier.fit(*blobs, epochs=1)


def test_steps_are_shown_among_many_epochs(classifier, blobs, monkeypatch):
    steps, done = [], []

    class Shown(Progress):
        shows_steps = True

        def on_step(self, step, loss):
            steps.append((len(done), step))

        def on_epoch(self, epoch, logs):
            done.append(epoch)

    monkeypatch.setattr("pybp.mlp.make_progress", lambda *arguments: Shown())
    classifier.fit(*blobs, epochs=4000, batch_size=8)
    per_epoch = -(-len(blobs[0]) // 8)
    assert done == list(range(1, 4001))
    assert steps == sorted(steps)
    assert all(1 <= step <= per_epoch for _, step in steps)
