"""trace: the textbook's quantities, layer by layer, and how they print."""

import copy
import pickle

import numpy as np
import pytest

import pybp
from pybp import MLP, Dense, Residual, losses

from layer_nets import NETS, inputs
from nets import squared_error
from registered import CLASSES

each_net = pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))


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
    columns = ["neuron", "z", "a", "f'(z)", "dL/da", "delta", "db", "dW[0]", "dW[1]"]
    assert lines[3].split() == columns
    assert lines[4].split()[:4] == ["0", "0.3775", "0.59327", "0.241301"]
    assert "delta = dL/dz = dL/da f'(z)" in text
    assert sum("back = delta W" in line for line in lines) == 2
    assert repr(worked_example.trace([0.05, 0.10], [0.01], loss="squared_error")) == text


def test_a_few_samples_print_their_numbers(worked_example):
    """Each sample's numbers, then the gradients, which are sums over the samples."""
    trace = worked_example.trace([[0.05, 0.10], [1.0, 2.0]], [0.01, 0.5], loss="squared_error")
    lines = str(trace).splitlines()
    assert lines[0].startswith("Trace of 2 samples: L = ")
    assert lines[3].split() == ["sample", "neuron", "z", "a", "f'(z)", "dL/da", "delta"]
    first, second = trace.layers
    for line, (r, j) in zip(lines[4:8], [(0, 0), (0, 1), (1, 0), (1, 1)], strict=True):
        quantities = (first.z, first.a, first.derivative, first.dL_da, first.delta)
        assert line.split() == [str(r), str(j), *(f"{values[r, j]:.6g}" for values in quantities)]
    assert lines[9].split() == ["neuron", "db", "dW[0]", "dW[1]"]
    wanted = ["0", *(f"{value:.6g}" for value in (first.db[0], *first.dW[0]))]
    assert lines[10].split() == wanted
    assert lines[13].split() == ["sample", "back[0]", "back[1]"]
    assert lines[14].split() == ["0", *(f"{value:.6g}" for value in first.back[0])]
    assert f"{second.delta[1, 0]:.6g}" in lines[-7] + lines[-8]


def test_how_many_samples_are_a_few(classifier, blobs):
    X, y = blobs
    assert "rms" not in str(classifier.trace(X[:8], y[:8]))
    assert "rms" in str(classifier.trace(X[:9], y[:9]))


def test_wide_layers_print_shortened():
    text = str(MLP([30, 40, 1], seed=0).trace(np.ones(30), [0.0]))
    assert "... 28 more neurons" in text
    assert max(map(len, text.splitlines())) < 200


def test_several_samples_print_statistics(blobs, classifier):
    X, y = blobs
    text = str(classifier.trace(X, y))
    assert text.startswith("Trace of 200 samples: L = ")
    assert "(cross_entropy, mean)" in text
    for name in ("z", "a", "dL/da", "delta", "dW", "db", "back"):
        assert sum(line.split()[:1] == [name] for line in text.splitlines()) == 2


def test_a_plain_net_of_float32():
    trace = MLP([3, 2], seed=0).trace(np.ones(3), np.zeros(2), loss=pybp.MSE())
    assert all(array.dtype == np.float32 for array in (trace.output, trace.layers[0].dW))


# ---- f'(z) and dL/da ----


@pytest.mark.parametrize("output", ["identity", "sigmoid", "tanh", "softmax"])
@pytest.mark.parametrize(
    "loss", ["mse", "mae", "huber", "hinge", "cross_entropy", "binary_cross_entropy"]
)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_delta_is_the_product(output, loss, reduction, rng):
    """delta = dL/da f'(z) in every layer, with softmax's Jacobian, whatever the loss."""
    if {"cross_entropy": "softmax", "binary_cross_entropy": "sigmoid"}.get(loss, output) != output:
        return
    spec = CLASSES["losses"][loss](reduction=reduction)
    layers = [4, Dense(5, "tanh"), Residual([Dense(5, "elu"), pybp.Activation("softplus")]), 3]
    net = MLP(layers, output=output, dtype="float64", seed=0)
    X, y = rng.normal(size=(6, 4)), rng.integers(2, size=(6, 3)).astype(float)
    if loss == "cross_entropy":
        y = np.eye(3)[rng.integers(3, size=6)]
    trace = net.trace(X, y, loss=spec, sample_weight=rng.uniform(1, 2, size=6))
    for layer in trace.layers:
        if layer.derivative is None:
            wanted = layer.dL_da
        elif layer.activation == "softmax":
            wanted = np.einsum("rj,rjk->rk", layer.dL_da, layer.derivative)
        else:
            wanted = layer.dL_da * layer.derivative
        np.testing.assert_allclose(layer.delta, wanted, rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize(
    "loss", [losses.CrossEntropy(label_smoothing=0.2), losses.CrossEntropy("sum")]
)
def test_labels_and_smoothing(loss, rng):
    net = MLP([4, 3], output="softmax", dtype="float64", seed=0)
    X, y = rng.normal(size=(6, 4)), rng.integers(3, size=6)
    (layer,) = net.trace(X, y, loss=loss).layers
    wanted = np.einsum("rj,rjk->rk", layer.dL_da, layer.derivative)
    np.testing.assert_allclose(layer.delta, wanted, rtol=1e-9, atol=1e-13)


def test_weights_of_positives(rng):
    net = MLP([4, 3], output="sigmoid", dtype="float64", seed=0)
    X, y = rng.normal(size=(6, 4)), rng.integers(2, size=(6, 3))
    (layer,) = net.trace(X, y, loss=losses.BinaryCrossEntropy(pos_weight=[1, 2, 3])).layers
    np.testing.assert_allclose(layer.delta, layer.dL_da * layer.derivative, rtol=1e-9)


def test_several_quantiles(rng):
    net = MLP([4, 6], output="tanh", dtype="float64", seed=0)
    X, y = rng.normal(size=(5, 4)), rng.normal(size=(5, 2))
    (layer,) = net.trace(X, y, loss=losses.Quantile([0.1, 0.5, 0.9])).layers
    np.testing.assert_allclose(layer.delta, layer.dL_da * layer.derivative, rtol=1e-12)


def test_the_gradient_of_a_sure_output_is_infinite():
    """Where a is 0 or 1 to the last bit: dL/dz, which the core computes at once, stays finite."""
    net = MLP([1, 1], output="sigmoid", seed=0)
    net.weights = [[[1000.0]]]
    (layer,) = net.trace([1.0], [0.0]).layers
    assert np.isinf(layer.dL_da).all()
    assert layer.delta == 1


@each_net
def test_a_derivative_for_each_activation(layers, rng):
    net = MLP(layers, seed=0)
    trace = net.trace(inputs(layers, 7, rng), rng.normal(size=(7, 3)), loss="mse")
    activated = ("dense", "grouped_dense", "activation")
    for layer in trace.layers:
        assert (layer.derivative is None) == (layer.kind not in activated)
        assert layer.dL_da.shape == layer.a.shape
        if layer.derivative is not None and layer.derivative.ndim == 2:
            np.testing.assert_allclose(
                layer.delta, layer.dL_da * layer.derivative, rtol=1e-4, atol=1e-6
            )
    str(trace)
    trace._repr_html_()


# ---- tables elsewhere ----


@each_net
def test_as_html(layers, rng):
    net = MLP(layers, seed=0)
    for rows in (1, 3, 20):
        trace = net.trace(inputs(layers, rows, rng), rng.normal(size=(rows, 3)), loss="mse")
        html = trace._repr_html_()
        assert html.count("<details") == len(net.layers) == html.count("</details>")
        assert "Layer 1: " in html
        assert "delta = dL/d" in html


def test_as_frame(worked_example):
    pytest.importorskip("pandas")
    trace = worked_example.trace([[0.05, 0.10], [1.0, 2.0]], [0.01, 0.5])
    frame = trace.to_frame()
    assert frame.index.names == ["layer", "sample", "neuron"]
    assert list(frame.columns) == ["z", "a", "derivative", "dL_da", "delta"]
    for number, layer in enumerate(trace.layers, start=1):
        for name in frame.columns:
            found = frame.loc[number, name].to_numpy().reshape(2, -1)
            np.testing.assert_array_equal(found, getattr(layer, name))


def test_as_frame_where_there_is_nothing(blobs, classifier):
    pytest.importorskip("pandas")
    X, y = blobs
    frame = classifier.trace(X[:2], y[:2]).to_frame()
    assert frame.loc[2, "derivative"].isna().all()  # softmax has a Jacobian
    assert frame.loc[1].notna().all().all()


def test_a_copied_trace_prints_the_same():
    net = MLP([2, 3, 2], activation="sigmoid", output="identity", seed=0)
    trace = net.trace([1.0, 0.5], [1.0, 0.0], loss="mse")
    assert str(copy.deepcopy(trace)) == str(pickle.loads(pickle.dumps(trace))) == str(trace)
