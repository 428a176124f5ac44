"""Initial values from data, against the formulas in NumPy."""

import numpy as np
import pytest

from pybp import MLP, Dense, Dropout, ParametricActivation, PeriodicEmbedding, Scale
from pybp.errors import DivergenceError, NotFiniteError, ShapeError

from layer_twin import twin
from oracle.random import WEIGHTS, uniform, words

LAYERS = [
    6,
    PeriodicEmbedding([0, 3, 4]),
    Scale(),
    Dense(20, parametrization="ntk"),
    ParametricActivation("mish"),
    Dropout(0.2),
    Dense(9, "selu", bias=False),
    Dense(4, "tanh", trainable=False, bias_init=0.5),
    Dense(3),
]


def data(rows=700, seed=0):
    return np.random.default_rng(seed).normal(size=(rows, 6)) * [1, 5, 0.1, 1, 1, 1] + 0.3


def initialized(net, layers, X, unit_variance, biases):
    """The oracle's layers with initial values from X."""
    other = twin(net, layers)
    for place, layer in enumerate(other.layers):
        if layer.kind != "dense" or not layer.trainable:
            continue
        b, layer.b = layer.b, None
        if unit_variance:
            layer.W = layer.W / other.forward(X)[place].z.std(axis=0)[:, None]
        if b is None:
            continue
        layer.b = np.zeros_like(b)
        z = other.forward(X)[place].z
        word = words(net.seed, WEIGHTS, place, 10 * len(b), third=2).reshape(len(b), 10)
        chosen = [[int(w) * len(X) >> 64 for w in row] for row in word[:, :5]]
        weights = -np.log(uniform(word[:, 5:]))
        weights /= weights.sum(axis=1, keepdims=True)
        if biases:
            layer.b = -(weights * z[chosen, np.arange(len(b))[:, None]]).sum(axis=1)
    return other


@pytest.mark.parametrize(
    ("unit_variance", "biases"), [(True, True), (True, False), (False, True), (False, False)]
)
def test_the_formulas(unit_variance, biases):
    X = data()
    net = MLP(LAYERS, dtype="float64", seed=5)
    other = initialized(net, LAYERS, X, unit_variance, biases)
    net.initialize(X, unit_variance=unit_variance, biases=biases)
    for W, b, layer in zip(net.weights, net.biases, other.layers, strict=True):
        if W is not None:
            np.testing.assert_allclose(W, layer.scale * layer.W, rtol=1e-9, atol=1e-13)
        if b is not None:
            np.testing.assert_allclose(b, layer.b, rtol=1e-9, atol=1e-12)


def test_z_has_variance_1_and_a_row_of_each_side():
    X = data(rows=2000).astype("float32")
    net = MLP([6, 32, 32, 3], seed=1)
    net.initialize(X)
    for layer in net.trace(X, np.zeros((len(X), 3)), loss="mse").layers:
        np.testing.assert_allclose(layer.z.std(axis=0), 1, rtol=1e-4)
        assert (layer.z.min(axis=0) < 0).all()
        assert (layer.z.max(axis=0) > 0).all()


def test_constant_columns_stay():
    net = MLP([2, 4], seed=0)
    before = net.weights[0]
    net.initialize(np.ones((5, 2)))
    assert (net.weights[0] == before).all()
    assert np.isfinite(net.biases[0]).all()


def test_what_is_refused_changes_nothing():
    net = MLP([2, 4], seed=0)
    before = net.weights[0]
    with pytest.raises(ShapeError):
        net.initialize(np.ones((5, 3)))
    with pytest.raises(NotFiniteError):
        net.initialize([[np.nan, 1.0]])
    with pytest.raises(TypeError, match="biases must be True or False"):
        net.initialize(np.ones((5, 2)), biases="he+5")
    with pytest.raises(ShapeError, match="X is empty"):
        net.initialize(np.ones((0, 2)))
    assert (net.weights[0] == before).all()
    net.weights = [np.full((4, 2), 10.0)]
    with pytest.raises(DivergenceError):
        net.initialize([[3e38, 3e38], [-3e38, 3e38]])
    assert (net.weights[0] == 10).all()
    assert (net.biases[0] == 0).all()
