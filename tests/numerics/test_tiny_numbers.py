"""What is below the threshold of docs/contract.md, "Tiny numbers", is 0, as in the oracle."""

import numpy as np
import pytest

import pybp

from against_oracle import make

EXPONENT = {"float32": -63, "float64": -511}


def twins(dtype, hidden):
    net, other = make([5, 8, 8, 3], hidden, "identity", dtype)
    net.biases = [np.zeros_like(b) for b in net.biases]
    for layer in other.layers:
        layer.b = np.zeros_like(layer.b)
    other.tiny = 2.0 ** EXPONENT[dtype]
    return net, other


def assert_alike(actual, wanted):
    """The same zeros, and the same numbers within rounding."""
    assert ((actual == 0) == (wanted == 0)).all()
    np.testing.assert_allclose(actual, wanted, rtol=1e-4)


@pytest.mark.parametrize("hidden", ["tanh", "relu", "gelu", "softsign"])
@pytest.mark.parametrize("dtype", EXPONENT)
def test_forward_and_backward_around_the_threshold(dtype, hidden):
    """Inputs, and in other rows slopes at the output, of sizes from far above it to far below it."""
    net, other = twins(dtype, hidden)
    rng = np.random.default_rng(0)
    sizes = 2.0 ** (EXPONENT[dtype] + np.arange(-6, 6))[:, np.newaxis]
    X = np.concatenate([rng.normal(size=(12, 5)) * sizes, rng.normal(size=(12, 5))]).astype(dtype)
    slope = np.concatenate([rng.normal(size=(12, 3)), rng.normal(size=(12, 3)) * sizes]).astype(
        dtype
    )
    trace = net.forward(X)
    passes = other.forward(X)
    assert_alike(trace, passes[-1].a)
    assert 0 < np.mean(trace == 0) < 1
    dX = net.backward(slope)
    other.backward_from(passes, other.flushed(slope.astype(float)))
    wanted = other.input_gradient(passes)
    assert_alike(dX, wanted)
    assert 0 < np.mean(dX == 0) < 1


@pytest.mark.parametrize("dtype", EXPONENT)
def test_weights_that_decay_end_at_0(dtype):
    """An input that is always 0 has a weight that only decays."""
    net = pybp.MLP([2, 1], dtype=dtype, seed=0)
    net.weights = [[[0.5, 2.0 ** (EXPONENT[dtype] + 2)]]]
    X, y = np.array([[1.0, 0], [-1, 0]]), np.array([[1.0], [-1]])
    sizes = []
    for _ in range(4):
        net.fit(X, y, optimizer=pybp.SGD(lr=0.5, weight_decay=1.0), epochs=1)
        sizes.append(float(net.weights[0][0, 1]) / 2.0 ** EXPONENT[dtype])
    assert sizes == [2, 1, 0, 0]
