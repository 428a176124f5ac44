"""Losses of all kinds in training: built in, written in Python, weighted, summed."""

import numpy as np
import pytest

import pybp
from pybp import MLP, losses
from pybp.errors import DivergenceError, ShapeError

from nets import assert_same_weights, squared_error

X = np.random.default_rng(0).normal(size=(50, 3))
Y = np.random.default_rng(1).normal(size=(50, 2)).astype(np.float32)
WEIGHTS = np.random.default_rng(2).uniform(size=50)


@pytest.fixture
def net():
    return MLP([3, 6, 2], activation="tanh", seed=0)


# ---- a function as loss ----


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_a_function_trains_as_its_built_in_twin_does(net, optimizer, shuffle):
    twin = net.copy()
    settings = {"optimizer": optimizer, "shuffle": shuffle, "epochs": 3, "batch_size": 8}
    one = net.fit(X, Y, loss="squared_error", **settings)
    other = twin.fit(X, Y, loss=squared_error, **settings)
    np.testing.assert_allclose(one.history["loss"], other.history["loss"], rtol=1e-6)
    assert_same_weights(net, twin)
    assert net.__getstate__()["progress"] == twin.__getstate__()["progress"]


def test_a_function_is_weighted_by_the_library(net):
    twin = net.copy()
    net.fit(X, Y, loss="squared_error", sample_weight=WEIGHTS, epochs=3)
    twin.fit(X, Y, loss=squared_error, sample_weight=WEIGHTS, epochs=3)
    assert_same_weights(net, twin, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("given", [0.5, np.float64(0.5), np.zeros(8), None, (1.0, 2.0, 3.0)])
def test_a_function_that_gives_no_pair_is_told_what_to_give(net, unchanged, given):
    message = "must return two arrays, .* and its derivative with respect to y_pred, got "
    with unchanged(net), pytest.raises(TypeError, match=message):
        net.fit(X, Y, loss=lambda y_true, y_pred: given)


def test_a_batch_without_weight_is_skipped(net):
    twin = net.copy()
    weights = (np.arange(50) < 30).astype(float)
    settings = {"batch_size": 10, "shuffle": False, "epochs": 1}
    net.fit(X, Y, loss=squared_error, sample_weight=weights, **settings)
    twin.fit(X[:30], Y[:30], loss=squared_error, **settings)
    assert_same_weights(net, twin)
    assert net.__getstate__()["progress"][1] == 3


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_function_evaluates_as_its_twin_does(net, reduction):
    built_in = losses.SquaredError(reduction)
    custom = losses.Custom(reduction, function=squared_error)
    for weights in (None, WEIGHTS):
        wanted = net.evaluate(X, Y, loss=built_in, sample_weight=weights)
        assert net.evaluate(X, Y, loss=custom, sample_weight=weights) == pytest.approx(wanted)


def test_a_function_gets_classes_as_they_are(blobs, classifier):
    def cross_entropy(y_true, y_pred):
        rows = np.arange(len(y_true))
        gradient = np.zeros_like(y_pred)
        gradient[rows, y_true] = -1 / y_pred[rows, y_true]
        return -np.log(y_pred[rows, y_true]), gradient

    history = classifier.fit(
        *blobs, loss=cross_entropy, epochs=20, metrics=["accuracy"], batch_size=8
    )
    assert history.history["accuracy"][-1] > 0.9
    assert history.history["accuracy"][-1] == pytest.approx(
        classifier.evaluate(*blobs)["accuracy"], abs=0.05
    )


@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
def test_a_function_counts_right_answers_as_the_core_does(output, rng):
    net = MLP([3, 2], output=output, seed=0)
    y = rng.integers(2, size=(50, 2))
    one, other = (
        net.evaluate(X, y, loss=loss, metrics=["accuracy"])["accuracy"]
        for loss in ("squared_error", squared_error)
    )
    assert one == other


def test_a_function_of_one_output_sees_columns():
    shapes = set()

    def loss(y_true, y_pred):
        shapes.add((y_true.shape, y_pred.shape))
        return squared_error(y_true, y_pred)

    MLP([3, 1], seed=0).fit(X, np.arange(50), loss=loss, epochs=1, batch_size=25)
    assert shapes == {((25, 1), (25, 1))}


@pytest.mark.parametrize(
    ("loss", "error"),
    [
        (lambda y, a: (np.zeros(3), a - y), ShapeError),
        (lambda y, a: (np.zeros(len(a)), np.zeros(len(a))), ShapeError),
        (lambda y, a: (0.0, a - y), ShapeError),
        (lambda y, a: 0.0, TypeError),
        (lambda y, a: (["a"] * len(a), a - y), TypeError),
        (lambda y, a: (np.full(len(a), np.nan), a - y), DivergenceError),
        (lambda y, a: (np.zeros(len(a)), np.full(a.shape, np.inf)), DivergenceError),
    ],
)
def test_a_function_that_gives_the_wrong_thing(net, loss, error):
    before = net.weights
    with pytest.raises(error):
        net.fit(X, Y, loss=loss, epochs=1)
    assert_same_weights(net, before)


def test_a_function_that_diverges_late_leaves_the_last_epoch(net):
    twin = net.copy()
    calls = []

    def loss(y_true, y_pred):
        calls.append(1)
        values, gradient = squared_error(y_true, y_pred)
        return values + (np.inf if len(calls) > 12 else 0), gradient

    with pytest.raises(DivergenceError, match="epoch 3 of 9, step 3 of 5"):
        net.fit(X, Y, loss=loss, epochs=9, batch_size=10)
    twin.fit(X, Y, loss=squared_error, epochs=2, batch_size=10)
    assert_same_weights(net, twin)


# ---- reductions and weights ----


@pytest.mark.parametrize("loss", [losses.MSE, losses.SquaredError])
def test_sum_is_mean_times_rows(net, loss):
    mean, total = (net.evaluate(X, Y, loss=loss(how))["loss"] for how in ("mean", "sum"))
    assert total == pytest.approx(50 * mean)
    twin = net.copy()
    net.train_step(X, Y, loss=loss("mean"), optimizer=pybp.SGD(lr=0.5))
    twin.train_step(X, Y, loss=loss("sum"), optimizer=pybp.SGD(lr=0.01))
    assert_same_weights(net, twin, rtol=1e-5, atol=1e-7)


def test_equal_weights_are_none(net):
    twin = net.copy()
    net.fit(X, Y, epochs=2)
    twin.fit(X, Y, epochs=2, sample_weight=np.full(50, 2.0))
    assert_same_weights(net, twin, rtol=1e-4, atol=1e-6)


def test_whole_weights_repeat_rows(net):
    repeats = np.arange(50) % 3
    weighted = net.evaluate(X, Y, sample_weight=repeats)["loss"]
    repeated = net.evaluate(X.repeat(repeats, axis=0), Y.repeat(repeats, axis=0))["loss"]
    assert weighted == pytest.approx(repeated)


@pytest.mark.parametrize("one_hot", [False, True])
def test_class_weights_are_sample_weights(blobs, classifier, same_state, one_hot):
    points, labels = blobs
    y = np.eye(3)[labels] if one_hot else labels
    twins = [classifier.copy() for _ in range(3)]
    classifier.fit(points, y, class_weight={0: 2.0, 2: 0.5}, epochs=2)
    twins[0].fit(points, y, sample_weight=np.array([2.0, 1.0, 0.5])[labels], epochs=2)
    assert same_state(classifier, twins[0])
    counts = np.bincount(labels)
    twins[1].fit(points, y, class_weight="balanced", epochs=2)
    twins[2].fit(points, y, sample_weight=(200 / (3 * counts))[labels], epochs=2)
    assert same_state(twins[1], twins[2])


def test_class_weights_multiply_sample_weights(blobs, classifier, same_state, rng):
    points, labels = blobs
    weights = rng.uniform(size=200)
    twin = classifier.copy()
    classifier.fit(points, labels, sample_weight=weights, class_weight={1: 3}, epochs=2)
    twin.fit(points, labels, sample_weight=weights * np.where(labels == 1, 3, 1), epochs=2)
    assert same_state(classifier, twin)


def test_class_weights_act_in_training_only(blobs, classifier, same_state):
    points, labels = blobs
    twin = classifier.copy()
    one = classifier.fit(points, labels, class_weight={1: 5}, validation_split=0.25, epochs=2)
    weights = np.where(labels[:150] == 1, 5.0, 1.0)
    rest = points[150:], labels[150:]
    other = twin.fit(
        points[:150], labels[:150], sample_weight=weights, validation_data=rest, epochs=2
    )
    assert same_state(classifier, twin)
    assert one.history == other.history


def test_class_weights_of_two_classes(same_state):
    y = (X[:, 0] > 0.5).astype(int)
    one, other = (MLP([3, 4, 1], output="sigmoid", seed=0) for _ in range(2))
    one.fit(X, y, class_weight={1: 5.0}, epochs=2)
    other.fit(X, y, sample_weight=np.where(y, 5.0, 1.0), epochs=2)
    assert same_state(one, other)


def test_multi_label():
    y = np.stack([X[:, 0] > 0, X[:, 1] > 0], axis=1)
    net = MLP([3, 8, 2], output="sigmoid", seed=0)
    net.fit(X, y, epochs=150, optimizer=pybp.Adam(lr=0.02))
    assert net.evaluate(X, y)["accuracy"] > 0.95


def test_soft_targets(rng):
    p = rng.uniform(size=(50, 2))
    p /= p.sum(axis=1, keepdims=True)
    net = MLP([3, 2], output="softmax", dtype="float64", seed=0)
    a = net.predict(X)
    assert net.evaluate(X, p)["loss"] == pytest.approx(-(p * np.log(a)).sum(1).mean())


# ---- optimizers in fit ----


def test_learning_rate_zero_moves_nothing(net):
    before = net.weights
    net.fit(X, Y, optimizer=pybp.SGD(lr=0.0), epochs=1)
    assert_same_weights(net, before)


def test_clipping_bounds_the_update(net):
    def moved(**limits):
        other = net.copy()
        other.train_step(100 * X, Y, optimizer=pybp.SGD(lr=1.0, **limits))
        pairs = [*zip(net.weights, other.weights, strict=True)]
        pairs += [*zip(net.biases, other.biases, strict=True)]
        return np.concatenate([(a - b).ravel() for a, b in pairs])

    assert np.linalg.norm(moved()) > 1
    assert np.linalg.norm(moved(clip_norm=0.5)) == pytest.approx(0.5, rel=1e-4)
    assert np.abs(moved(clip_value=0.01)).max() == pytest.approx(0.01, rel=1e-3)


def test_biases_may_be_spared(net):
    net.biases = [b + 1 for b in net.biases]
    still = net.copy()
    still.train_step(X, Y, optimizer=pybp.SGD(lr=0.1, bias_lr_factor=0.0))
    for a, b in zip(still.biases, net.biases, strict=True):
        np.testing.assert_array_equal(a, b)
    decayed, spared, plain = (net.copy() for _ in range(3))
    decayed.train_step(X, Y, optimizer=pybp.SGD(lr=0.1, weight_decay=0.5))
    spared.train_step(X, Y, optimizer=pybp.SGD(lr=0.1, weight_decay=0.5, decay_bias=False))
    plain.train_step(X, Y, optimizer=pybp.SGD(lr=0.1))
    for a, b, c, before in zip(
        spared.biases, plain.biases, decayed.biases, net.biases, strict=True
    ):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_allclose(c, b - 0.05 * before, rtol=1e-4)
