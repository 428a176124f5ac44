"""trace: the textbook's quantities, layer by layer, and how they print."""

import numpy as np
import pytest

import pybp
from pybp import MLP, Dense, losses

from nets import squared_error


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


@pytest.fixture
def worked_example():
    """A 2-2-1 sigmoid net with round numbers."""
    net = MLP([2, 2, 1], activation="sigmoid", output="sigmoid", dtype="float64", seed=0)
    net.weights = [[[0.15, 0.20], [0.25, 0.30]], [[0.40, 0.45]]]
    net.biases = [[0.35, 0.35], [0.60]]
    return net


def test_the_steps_of_the_textbook(worked_example):
    x, y = np.array([0.05, 0.10]), np.array([0.01])
    W1, W2 = worked_example.weights
    b1, b2 = worked_example.biases
    z1 = W1 @ x + b1
    a1 = sigmoid(z1)
    z2 = W2 @ a1 + b2
    a2 = sigmoid(z2)
    delta2 = (a2 - y) * a2 * (1 - a2)
    delta1 = (W2.T @ delta2) * a1 * (1 - a1)

    trace = worked_example.trace(x, y, loss="squared_error")
    first, second = trace.layers
    assert trace.loss == pytest.approx(0.5 * (a2 - y).item() ** 2)
    wanted = [
        *[(first.input, x), (first.z, z1), (first.a, a1), (first.delta, delta1)],
        *[(first.dW, np.outer(delta1, x)), (first.db, delta1), (first.back, W1.T @ delta1)],
        *[(second.input, a1), (second.z, z2), (second.a, a2), (second.delta, delta2)],
        *[(second.dW, np.outer(delta2, a1)), (second.db, delta2), (second.back, W2.T @ delta2)],
        *[(first.W, W1), (first.b, b1), (trace.output, a2)],
    ]
    for actual, value in wanted:
        np.testing.assert_allclose(np.squeeze(actual), np.squeeze(value), rtol=1e-12)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    ("output", "loss"),
    [
        ("softmax", losses.CrossEntropy),
        ("sigmoid", losses.BinaryCrossEntropy),
        ("identity", losses.MSE),
        ("softmax", losses.SquaredError),
    ],
)
def test_quantities_belong_together(output, loss, dtype, reduction, rng):
    net = MLP([3, 5, 4, 2], activation="tanh", output=output, dtype=dtype, seed=0)
    X, y = rng.normal(size=(300, 3)), np.eye(2)[rng.integers(2, size=300)]
    weights = rng.uniform(size=300)
    trace = net.trace(X, y, loss=loss(reduction), sample_weight=weights)
    assert trace.loss == net.evaluate(X, y, loss=loss(reduction), sample_weight=weights)["loss"]
    np.testing.assert_array_equal(trace.output, net.predict(X))
    close = {"rtol": 1e-4, "atol": 1e-4} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-12}
    a = X
    for place, layer in enumerate(trace.layers):
        W, b = net.weights[place], net.biases[place]
        np.testing.assert_allclose(layer.input, a, **close)
        np.testing.assert_allclose(layer.z, layer.input @ W.T + b, **close)
        np.testing.assert_allclose(layer.dW, layer.delta.T @ layer.input, **close)
        np.testing.assert_allclose(layer.db, layer.delta.sum(0), **close)
        np.testing.assert_allclose(layer.back, layer.delta @ W, **close)
        a = layer.a
    for layer, after in zip(trace.layers, trace.layers[1:], strict=False):
        np.testing.assert_allclose(layer.delta, after.back * (1 - layer.a**2), **close)


def test_arrays_are_those_of_manual_passes(worked_example, rng):
    X, y = rng.normal(size=(5, 2)), rng.uniform(size=(5, 1))
    trace = worked_example.trace(X, y, loss="squared_error")
    back = worked_example.backward((worked_example.forward(X) - y) / 5)
    np.testing.assert_allclose(trace.layers[0].back, back, rtol=1e-12)
    for layer, (dW, db) in zip(trace.layers, worked_example.gradients, strict=True):
        np.testing.assert_allclose(layer.dW, dW, rtol=1e-12)
        np.testing.assert_allclose(layer.db, db, rtol=1e-12)


def test_a_trace_leaves_the_net_alone(trained, blobs, unchanged):
    X, y = blobs
    out = trained.forward(X)
    with unchanged(trained):
        trained.trace(X[:3], y[:3])
    trained.backward(np.ones_like(out))  # still of the 200 rows


def test_a_function_as_loss(worked_example):
    x, y = [0.05, 0.10], [0.01]
    one = worked_example.trace(x, y, loss=squared_error)
    other = worked_example.trace(x, y, loss="squared_error")
    assert one.loss == other.loss
    for a, b in zip(one.layers, other.layers, strict=True):
        np.testing.assert_array_equal(a.delta, b.delta)


def test_a_layer_without_bias():
    net = MLP([2, Dense(3, "relu", bias=False), 1], seed=0)
    trace = net.trace([1, 2], [0.0])
    assert trace.layers[0].db is None
    assert trace.layers[0].b is None
    assert "z = W x   a = relu(z)" in str(trace)


def test_one_sample_prints_every_neuron(worked_example):
    text = str(worked_example.trace([0.05, 0.10], [0.01], loss="squared_error"))
    lines = text.splitlines()
    assert lines[0].startswith("Trace of 1 sample: L = ")
    assert "Layer 1: 2 -> 2   z = W x + b   a = sigmoid(z)" in text
    assert "Layer 2: 2 -> 1   z = W a1 + b   a = sigmoid(z)" in text
    assert lines[3].split() == ["neuron", "z", "a", "delta", "db", "dW[0]", "dW[1]"]
    assert lines[4].split()[:3] == ["0", "0.3775", "0.59327"]
    assert sum("back = delta W" in line for line in lines) == 2
    assert repr(worked_example.trace([0.05, 0.10], [0.01], loss="squared_error")) == text


def test_wide_layers_print_shortened():
    text = str(MLP([30, 40, 1], seed=0).trace(np.ones(30), [0.0]))
    assert "... 28 more neurons" in text
    assert max(map(len, text.splitlines())) < 200


def test_several_samples_print_statistics(blobs, classifier):
    X, y = blobs
    text = str(classifier.trace(X, y))
    assert text.startswith("Trace of 200 samples: L = ")
    assert "(cross_entropy, mean)" in text
    for name in ("z", "a", "delta", "dW", "db", "back"):
        assert sum(line.split()[:1] == [name] for line in text.splitlines()) == 2


def test_a_plain_net_of_float32():
    trace = MLP([3, 2], seed=0).trace(np.ones(3), np.zeros(2), loss=pybp.MSE())
    assert all(array.dtype == np.float32 for array in (trace.output, trace.layers[0].dW))
