"""Derivatives of outputs by inputs."""

import numpy as np
import pytest

import pybp
from pybp import MLP, Embedding
from pybp.errors import NotFiniteError, ShapeError

from layer_nets import NETS, inputs


def differences(net, X, h=1e-6):
    """Central differences, (rows, n_out, n_in)."""
    found = np.empty((len(X), net.n_out, net.n_in))
    for column in range(net.n_in):
        step = np.zeros(net.n_in)
        step[column] = h
        found[:, :, column] = (net.predict(X + step) - net.predict(X - step)) / (2 * h)
    return found


@pytest.mark.parametrize(
    "name", [name for name, net in NETS.items() if "mbedding" not in repr(net)]
)
def test_against_differences(name, rng, unchanged):
    net = MLP(NETS[name], dtype="float64", seed=0)
    X = inputs(NETS[name], 7, rng)
    with unchanged(net):
        found = net.input_gradients(X)
    assert found.dtype == np.float64
    np.testing.assert_allclose(found, differences(net, X), rtol=1e-5, atol=1e-8)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity"])
def test_each_output_by_itself(output, rng):
    net = MLP([4, 6, 3], activation="tanh", output=output, dtype="float64", seed=0)
    X = rng.normal(size=(5, 4))
    np.testing.assert_allclose(net.input_gradients(X), differences(net, X), rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(net.input_gradients(X[2]), net.input_gradients(X)[2])
    np.testing.assert_array_equal(net.input_gradients(X, threads=1), net.input_gradients(X))
    assert net.input_gradients(X[2]).shape == (3, 4)


def test_columns_of_categories_have_none(rng):
    net = MLP([3, Embedding({1: 4}), 5, 2], activation="tanh", dtype="float64", seed=0)
    X = rng.normal(size=(6, 3))
    X[:, 1] = rng.integers(4, size=6)
    found = net.input_gradients(X)
    assert not found[:, :, 1].any()
    assert found[:, :, [0, 2]].all()


def test_sparse_inputs(rng):
    sparse = pytest.importorskip("scipy.sparse")
    net = MLP([9, 4, 2], activation="tanh", seed=0)
    X = sparse.random(8, 9, density=0.3, format="csr", random_state=0)
    np.testing.assert_array_equal(net.input_gradients(X), net.input_gradients(X.toarray()))


def test_what_forward_left_stays(rng):
    net = MLP([3, 4, 2], activation="tanh", seed=0)
    X = rng.normal(size=(5, 3)).astype("f4")
    net.forward(X)
    net.input_gradients(X[:2])
    assert net.backward(np.ones((5, 2))).shape == (5, 3)


def test_wrong_inputs():
    net = MLP([3, 2], seed=0)
    with pytest.raises(ShapeError, match="2 columns, but the net has 3 inputs"):
        net.input_gradients(np.ones((4, 2)))
    with pytest.raises(NotFiniteError, match="row 0, column 1"):
        net.input_gradients([1.0, np.nan, 2.0])
    with pytest.raises(TypeError, match="it takes X, threads"):
        net.input_gradients([1.0, 2.0, 3.0], unheard_of=1)


def test_permutation_importance_takes_a_net(rng):
    """scikit-learn's own function, with a scorer of ours."""
    inspection = pytest.importorskip("sklearn.inspection")
    X = rng.normal(size=(300, 3))
    y = 3 * X[:, 0] + X[:, 1]
    net = MLP([3, 1], seed=0)
    net.fit(X, y, epochs=30, optimizer=pybp.Adam(lr=0.05))
    found = inspection.permutation_importance(
        net,
        X,
        y,
        scoring=lambda net, X, y: net.evaluate(X, y, metrics=["r2"])["r2"],
        random_state=0,
    )
    first, second, third = found["importances_mean"]
    assert first > second > 0.05 > abs(third)
