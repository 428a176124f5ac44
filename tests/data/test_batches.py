"""Minibatches from an iterable: a list, a generator, an object that can be iterated again."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP
from pybp.callbacks import Callback
from pybp.errors import ArgumentError, DivergenceError, ShapeError
from pybp.training.progress import Bar

from nets import assert_same_weights

X = np.random.default_rng(0).normal(size=(240, 4)).astype("f4")
Y = np.random.default_rng(1).integers(0, 3, size=240)
W = np.random.default_rng(2).integers(0, 3, size=240).astype("f8")


class Anew:
    """Batches of `size` rows, starting over each time."""

    def __init__(self, size=30, weights=None, rows=240):
        self.size, self.weights, self.rows = size, weights, rows
        self.passes = 0

    def __iter__(self):
        self.passes += 1
        for start in range(0, self.rows, self.size):
            part = slice(start, start + self.size)
            batch = X[part], Y[part]
            yield batch if self.weights is None else (*batch, self.weights[part])


class Known(Anew):
    def __len__(self):
        return -(-self.rows // self.size)


@pytest.fixture
def net():
    return MLP([4, 9, 3], activation="tanh", output="softmax", seed=0)


def squares(y_true, y_pred):
    return ((y_pred - np.eye(3)[y_true]) ** 2).sum(axis=1), 2 * (y_pred - np.eye(3)[y_true])


@pytest.mark.parametrize("loss", [None, "mse", squares], ids=["core", "mse", "custom"])
@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize("size", [30, 32, 240])
def test_same_bits_as_arrays_in_that_order(net, same_state, size, weights, loss):
    if loss == "mse":
        net = MLP([4, 9, 3], seed=0)
        source = [(X[i : i + size], np.eye(3)[Y[i : i + size]]) for i in range(0, 240, size)]
        weights, targets = None, np.eye(3)[Y]
    else:
        source, targets = Anew(size, weights), Y
    twin = net.copy()
    streamed = net.fit(source, loss=loss, epochs=3)
    whole = twin.fit(
        X, targets, loss=loss, epochs=3, batch_size=size, shuffle=False, sample_weight=weights
    )
    assert same_state(net, twin)
    for name, values in whole.history.items():
        assert streamed.history[name] == pytest.approx(values, rel=1e-12)


@settings(max_examples=30, deadline=None)
@given(size=st.integers(1, 100), accumulate=st.integers(1, 5), drop=st.booleans())
def test_accumulated(size, accumulate, drop):
    net = MLP([4, 5, 3], output="softmax", dtype="float64", seed=0)
    twin = net.copy()
    net.fit(Anew(size, W), epochs=1, accumulate=accumulate, drop_last=drop)
    starts = list(range(0, 240, size))
    groups = [starts[i : i + accumulate] for i in range(0, len(starts), accumulate)]
    for group in groups:
        if len(group) == accumulate or not drop or len(groups) == 1:
            part = slice(group[0], group[-1] + size)
            if W[part].any():
                twin.train_step(X[part], Y[part], sample_weight=W[part])
    assert_same_weights(net, twin, rtol=1e-9, atol=1e-12)


def test_a_generator_goes_on_from_epoch_to_epoch(net):
    twin = net.copy()
    endless = itertools.cycle(list(Anew(20)))  # 12 batches
    history = net.fit(endless, steps_per_epoch=5, epochs=3)
    assert len(history) == 3
    wanted = itertools.islice(itertools.cycle(list(Anew(20))), 15)
    twin.fit(wanted, epochs=1)
    assert_same_weights(net, twin)
    assert net._net.get_progress()[:2] == (3, 15)


def test_other_iterables_start_anew_when_they_end(net):
    source = Anew(60)  # 4 batches
    net.fit(source, steps_per_epoch=3, epochs=4)
    assert source.passes == 3
    source.passes = 0
    net.fit(source, epochs=2)
    assert source.passes == 2


def test_a_generator_is_one_epoch(net, unchanged):
    net.fit(iter(Anew()), epochs=1)
    with (
        unchanged(net),
        pytest.raises(ArgumentError, match="a generator, can be iterated only once"),
    ):
        net.fit(iter(Anew()), epochs=2)


def test_weightless_batches_are_skipped(net, same_state):
    twin = net.copy()
    weights = np.ones(240)
    weights[30:60] = 0
    net.fit(Anew(30, weights), epochs=2)
    twin.fit(X, Y, sample_weight=weights, shuffle=False, batch_size=30, epochs=2)
    assert same_state(net, twin)
    with pytest.raises(ArgumentError, match="sample weights of all batches of the epoch are 0"):
        net.fit(Anew(30, np.zeros(240)), epochs=1)


def test_class_weights(net, same_state):
    twin = net.copy()
    net.fit(Anew(), class_weight={1: 3.0}, epochs=2)
    twin.fit(X, Y, class_weight={1: 3.0}, shuffle=False, batch_size=30, epochs=2)
    assert same_state(net, twin)


def test_sparse_batches(net, same_state):
    sparse = pytest.importorskip("scipy.sparse")
    twin = net.copy()
    thin = [(sparse.csr_matrix(x), y) for x, y in Anew(50)]
    for model, source in ((net, thin), (twin, Anew(50))):
        model.fit(source, epochs=2, accumulate=2)
    assert same_state(net, twin)
    with pytest.raises(TypeError, match="X of an update's batches must be all sparse"):
        net.fit([thin[0], (X[:30], Y[:30])], accumulate=2, epochs=1)


@pytest.mark.parametrize("size", [7, 240])
def test_validation_batches(net, size):
    twin = net.copy()
    names = ["accuracy", "mse", "r2"]
    streamed = net.fit(X, Y, validation_data=Anew(size, W), metrics=names, epochs=3).history
    whole = twin.fit(X, Y, validation_data=(X, Y, W), metrics=names, epochs=3).history
    assert set(streamed) == set(whole)
    for name, values in whole.items():
        assert streamed[name] == pytest.approx(values, rel=1e-6)
    assert net.evaluate(Anew(size)) == pytest.approx(net.evaluate(X, Y), rel=1e-6)


def test_weightless_validation_batches_count_for_the_accuracy(net):
    weights = np.ones(240)
    weights[:30] = 0
    assert net.evaluate(Anew(30, weights), metrics=["accuracy", "mse"]) == pytest.approx(
        net.evaluate(X, Y, sample_weight=weights, metrics=["accuracy", "mse"]), rel=1e-6
    )


def test_a_list_of_tuples_is_batches_and_a_pair_is_arrays(net):
    one = net.copy().fit(X, Y, epochs=1, validation_data=list(Anew(120))).history
    other = net.copy().fit(X, Y, epochs=1, validation_data=[X, Y]).history
    assert one["val_loss"] == pytest.approx(other["val_loss"], rel=1e-6)


@pytest.mark.parametrize(("source", "steps"), [(Anew(), None), (Known(), 8)])
def test_progress(net, source, steps, capsys):
    pytest.importorskip("tqdm")
    net.fit(source, epochs=2, progress=True)
    shown = capsys.readouterr().err
    assert "16/16" in shown if steps else "16step" in shown.replace(" ", "")


def test_bar_without_a_known_end():
    pytest.importorskip("tqdm")
    import sys

    bar = Bar(2, None, sys.stderr)
    for steps in (3, 5):
        bar.on_step(steps, 1.0)
    bar.on_epoch(1, {"loss": 1.0})
    bar.on_step(2, 1.0)
    assert bar.bar.n == 7
    bar.close()


# ---- what can be wrong -----------------------------------------------------------------------


def after_two(bad):
    return [(X[:30], Y[:30]), (X[30:60], Y[30:60]), bad]


BAD = {
    "width": (after_two((X[:30, :3], Y[:30])), ShapeError, r"X of batch 3 has shape \(30, 3\)"),
    "rows": (after_two((X[:30], Y[:29])), ShapeError, "y of batch 3 has 29 rows, but X of batch 3"),
    "labels": (after_two((X[:30], Y[:30] + 1)), ArgumentError, "y of batch 3 holds 3 at row"),
    "NaN": (after_two((X[:30] * np.nan, Y[:30])), ValueError, "X of batch 3 holds nan at row 0"),
    "weights": (after_two((X[:30], Y[:30], -W[:30] - 1)), ArgumentError, "weight of batch 3 holds"),
    "one thing": (after_two(X[:30]), TypeError, r"batch 3 of X must be \(X, y\) or \(X, y, sample"),
    "four things": (after_two((X, Y, W, W)), TypeError, "batch 3 of X must be"),
    "nothing": ([], ArgumentError, "X has no batches"),
}


@pytest.mark.parametrize(("source", "error", "message"), BAD.values(), ids=BAD)
def test_bad_batches(net, source, error, message):
    with pytest.raises(error, match=message):
        net.fit(source, epochs=2)
    assert net._net.get_progress()[1] == max(0, len(source) - 1)  # the steps before stay done
    net.fit(X, Y, epochs=1)


def test_a_generator_that_ends_early(net):
    with pytest.raises(ArgumentError, match="X ended after 3 of the 5 batches of an epoch"):
        net.fit(iter(Anew(30)), steps_per_epoch=5, epochs=2)
    assert net._net.get_progress()[:2] == (1, 8)
    net.fit(X, Y, epochs=1)


def test_a_generator_that_raises(net):
    def failing():
        yield X[:30], Y[:30]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="the disk is gone") as raised:
        net.fit(failing(), epochs=1)
    assert raised.value.__notes__ == ["X raised this at batch 2."]
    net.fit(X, Y, epochs=1)


def test_divergence_goes_back_to_the_epoch_before(net):
    class Keep(Callback):
        def on_epoch_end(self, net, epoch, logs):
            self.weights = net.weights

    keep = Keep()
    good, bad = (X[:30], np.eye(3)[Y[:30]]), (X[:30] * 1e30, np.eye(3)[Y[:30]])
    line = MLP([4, 3], seed=0)
    with pytest.raises(
        DivergenceError, match=r"in epoch 2 of 2, step 2 of 3: .*end of epoch 1"
    ) as e:
        line.fit(
            itertools.chain([good] * 4, [bad] * 2),
            steps_per_epoch=3,
            epochs=2,
            optimizer="sgd",
            callbacks=[keep],
        )
    assert (e.value.epoch, e.value.step) == (2, 2)
    assert_same_weights(line, keep)


ARGUMENTS = {
    "no y": (lambda net: net.fit(X), TypeError, "y is missing: without it X must be an iterable"),
    "weights beside": (
        lambda net: net.fit(Anew(), sample_weight=W),
        ArgumentError,
        "sample_weight can't be given with batches",
    ),
    "split": (
        lambda net: net.fit(Anew(), validation_split=0.1),
        ArgumentError,
        "validation_split needs samples in memory, not batches",
    ),
    "balanced": (
        lambda net: net.fit(Anew(), class_weight="balanced"),
        ArgumentError,
        "class_weight='balanced' needs all of y, not batches",
    ),
    "steps with arrays": (
        lambda net: net.fit(X, Y, steps_per_epoch=3),
        ArgumentError,
        "steps_per_epoch is for an iterable of batches",
    ),
    "steps": (
        lambda net: net.fit(Anew(), steps_per_epoch=0),
        ArgumentError,
        "steps_per_epoch must be a whole number >= 1, got 0",
    ),
    "metrics": (
        lambda net: net.fit(Anew(), metrics=["mse"]),
        ArgumentError,
        "metric 'mse' needs validation_data if X is an iterable of batches",
    ),
    "validation once": (
        lambda net: net.fit(X, Y, validation_data=iter(Anew())),
        ArgumentError,
        "validation_data, a generator, can be iterated only once, but epochs=10",
    ),
    "validation": (
        lambda net: net.fit(X, Y, validation_data=3),
        TypeError,
        r"validation_data must be \(X, y\), \(X, y, sample_weight\) or an iterable",
    ),
    "a text": (lambda net: net.fit("abc"), TypeError, "y is missing"),
}


@pytest.mark.parametrize(("call", "error", "message"), ARGUMENTS.values(), ids=ARGUMENTS)
def test_bad_arguments(net, unchanged, call, error, message):
    with unchanged(net), pytest.raises(error, match=message):
        call(net)


def test_a_validation_batch_of_another_width(net):
    with pytest.raises(ShapeError, match=r"X of batch 1 has shape \(10, 2\)"):
        net.fit(X, Y, epochs=1, validation_data=[(X[:10, :2], Y[:10])])


def test_the_generator_may_use_the_net(net):
    def hardest():
        for _ in range(3):
            wrong = net.predict(X).argmax(axis=1) != Y
            yield X[wrong], Y[wrong]

    net.fit(hardest(), epochs=1)


def test_interrupted_between_batches(net):
    def pressed():
        yield X[:30], Y[:30]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        net.fit(pressed(), epochs=1)
    assert isinstance(net.fit(X, Y, epochs=1), pybp.training.History)
