"""Extreme data: tiny, all equal, one class, one row, a million columns, weights of zero."""

import dataclasses

import numpy as np
import pytest

import pybp
from pybp import MLP

from processes import linux, run
from registered import CLASSES

TINY = {"float32": 2.0**-63, "float64": 2.0**-511}
DTYPES = list(TINY)
OPTIMIZERS = CLASSES["optimizers"]


def normal(*shape):
    return np.random.default_rng(0).normal(size=shape)


def all_finite(net):
    return all(np.isfinite(array).all() for array in [*net.weights, *net.biases])


# ---- tiny numbers ----


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_from_the_threshold_on_count(dtype):
    """Whole multiples of the threshold add up exactly, forward and backward."""
    net = MLP([3, 2], dtype=dtype, seed=0)
    net.weights = [[[1, 2, 3], [-1, 0, 5]]]
    X = np.array([[1, 2, 3], [0, 7, -2], [1000, -1000, 1]]).astype(dtype)
    small = X * np.dtype(dtype).type(TINY[dtype])
    wanted = X @ np.array([[1, -1], [2, 0], [3, 5]])
    assert (net.forward(small) == (wanted * TINY[dtype]).astype(dtype)).all()
    assert (net.predict(small) == net.forward(small)).all()
    net.backward(np.ones((3, 2)))
    dW, _ = net.gradients[0]
    assert (dW == small.sum(axis=0)).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_inputs_below_the_threshold_are_zero(dtype):
    net = MLP([3, 2], dtype=dtype, seed=0)
    below = np.full((5, 3), TINY[dtype] * 0.999, dtype)
    assert (net.forward(below) == 0).all()
    assert (net.predict(below) == 0).all()
    net.backward(np.ones((5, 2)))
    dW, db = net.gradients[0]
    assert (dW == 0).all()
    assert (db == 5).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_tiny_weights_become_zero(dtype):
    net = MLP([2, 1], dtype=dtype, seed=0)
    net.weights = [[[TINY[dtype], -TINY[dtype] * 0.999]]]
    assert (net.weights[0] == [[TINY[dtype], 0]]).all()


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_training_on_denormal_inputs(optimizer):
    """Denormal inputs tell nothing, so the output learns the mean, in both dtypes alike."""
    X, y = normal(100, 4) * 1e-40, normal(100, 1) + 3
    nets = [MLP([4, 8, 1], activation="tanh", dtype=dtype, seed=0) for dtype in DTYPES]
    for net in nets:
        history = net.fit(X, y, optimizer=optimizer, epochs=30, batch_size=10)
        assert history.history["loss"][-1] < history.history["loss"][0]
        assert all_finite(net)
    outputs = [net.predict(X) for net in nets]
    assert np.ptp(outputs[0]) == 0
    if optimizer != "rprop":  # which steps by the sign of a gradient, even of one that is next to 0
        np.testing.assert_allclose(*outputs, rtol=1e-4)


# ---- nothing to tell apart ----


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_equal_inputs(dtype):
    """What is left to learn is the mean of the targets."""
    X, y = np.full((60, 5), 0.7), normal(60, 2)
    net = MLP([5, 8, 2], activation="tanh", dtype=dtype, seed=0)
    net.fit(X, y, optimizer=pybp.Adam(lr=0.02), epochs=300, batch_size=60)
    outputs = net.predict(X)
    assert (outputs == outputs[0]).all()
    np.testing.assert_allclose(outputs[0], y.mean(axis=0), atol=1e-3)


@pytest.mark.parametrize("dtype", DTYPES)
def test_all_zero_weights(dtype):
    """Equal outputs, no gradient below the output, and hidden neurons that stay alike."""
    net = MLP([3, 4, 5], activation="tanh", output="softmax", dtype=dtype, seed=0)
    net.weights = [np.zeros((4, 3)), np.zeros((5, 4))]
    X, y = normal(40, 3), np.arange(40) % 5
    assert (net.predict(X) == np.dtype(dtype).type(0.2)).all()
    trace = net.trace(X, y)
    assert trace.loss == pytest.approx(np.log(5), rel=1e-6)
    hidden, output = trace.layers
    assert not hidden.dW.any()
    assert not output.dW.any()
    np.testing.assert_allclose(output.db, 0, atol=1e-7)
    net.fit(X, y % 2, epochs=20, optimizer="adam", batch_size=8)
    assert all_finite(net)
    assert not net.weights[0].any()
    assert (net.weights[1] == 0).all()
    assert net.evaluate(X, y % 2)["loss"] < np.log(5)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
@pytest.mark.parametrize("output", ["softmax", "sigmoid"])
def test_one_class_only(output, optimizer):
    n_out = 3 if output == "softmax" else 1
    X, y = normal(50, 4), np.ones(50, int)
    net = MLP([4, 8, n_out], activation="relu", output=output, seed=0)
    rule = OPTIMIZERS[optimizer]()
    rule = dataclasses.replace(rule, lr=max(rule.lr, 1e-3))
    history = net.fit(X, y, optimizer=rule, epochs=200, batch_size=5, class_weight="balanced")
    losses = history.history["loss"]
    assert 0 <= losses[-1] < losses[0]
    assert all_finite(net)
    assert net.evaluate(X, y)["accuracy"] == 1


# ---- very small, very wide ----


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_one_row_only(optimizer):
    x, y = [0.5, -1.0, 2.0], [0.3, -0.2]
    net = MLP([3, 8, 2], activation="tanh", seed=0)
    twin = net.copy()
    history = net.fit([x], [y], optimizer=optimizer, epochs=200, batch_size=100)
    assert history.history["loss"][-1] < history.history["loss"][0]
    for _ in range(200):
        twin.train_step(x, y, optimizer=optimizer)
    assert net.predict(x).tobytes() == twin.predict(x).tobytes()


@linux
def test_a_million_columns():
    """Memory for a few copies of the weights (64 MB) and of the rows (32 MB), and no more."""
    seconds, mib, same = run("""
    import resource
    def peak():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    X = np.random.default_rng(0).normal(size=(8, 10**6)).astype("f4")
    y = np.arange(8) % 2
    before, begin = peak(), time.process_time()
    net = MLP([10**6, 16, 2], activation="tanh", output="softmax", seed=0)
    net.fit(X, y, optimizer=pybp.SGD(lr=1e-3), epochs=3, threads=2)
    outputs = net.predict(X)
    print(time.process_time() - begin, peak() - before)
    print((net.predict(X[3]) == outputs[3]).all() and np.isfinite(outputs).all())
    """).split()
    assert same == "True"
    assert float(seconds) < 15
    assert float(mib) < 3 * 64 + 4 * 32
