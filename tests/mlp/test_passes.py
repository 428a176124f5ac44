"""predict, evaluate, and manual forward, backward and step."""

import numpy as np
import pytest

import pybp
from pybp import MLP
from pybp.errors import ShapeError, StateError

from nets import assert_same_weights


@pytest.fixture
def net():
    return MLP([3, 5, 2], activation="tanh", dtype="float64", seed=0)


def formula(net, X):
    hidden = np.tanh(X @ net.weights[0].T + net.biases[0])
    return hidden @ net.weights[1].T + net.biases[1]


# ---- predict ----


def test_predict_is_the_formula(net, rng):
    X = rng.normal(size=(10, 3))
    np.testing.assert_allclose(net.predict(X), formula(net, X), rtol=1e-12)


def test_one_row_in_one_row_out(net, rng):
    X = rng.normal(size=(4, 3))
    whole = net.predict(X)
    for row, outputs in zip(X, whole, strict=True):
        assert net.predict(row).shape == (2,)
        assert net.predict(row).tobytes() == outputs.tobytes()
        assert net.predict(row[np.newaxis]).shape == (1, 2)


@pytest.mark.parametrize("convert", [np.asarray, np.asfortranarray, np.ndarray.tolist])
def test_out_is_filled_and_returned(net, convert, rng):
    X = rng.normal(size=(4, 3))
    out = np.empty((4, 2))
    assert net.predict(convert(X), out=out) is out
    np.testing.assert_array_equal(out, net.predict(X))
    row = np.empty(2)
    assert net.predict(X[0], out=row) is row
    np.testing.assert_array_equal(row, out[0])


def test_out_may_overlap_the_input(rng):
    net = MLP([3, 3], dtype="float64", seed=0)
    X = rng.normal(size=(5, 3))
    wanted = net.predict(X)
    np.testing.assert_array_equal(net.predict(X, out=X), wanted)


@pytest.mark.parametrize(
    ("out", "error"),
    [
        (np.empty((4, 2), np.float32), TypeError),
        ([[0.0, 0.0]] * 4, TypeError),
        (np.empty((5, 2)), ShapeError),
        (np.empty((4, 3)), ShapeError),
        (np.empty(8), ShapeError),
        (np.empty((4, 2), order="F"), ShapeError),
        (np.empty((4, 4))[:, ::2], ShapeError),
        (np.broadcast_to(np.zeros(()), (4, 2)), ShapeError),
    ],
)
def test_out_that_does_not_fit(net, out, error):
    with pytest.raises(error, match="out "):
        net.predict(np.ones((4, 3)), out=out)


def test_threads_change_nothing(net, rng):
    X = rng.normal(size=(1000, 3))
    assert net.predict(X, threads=1).tobytes() == net.predict(X, threads=3).tobytes()


# ---- evaluate ----


def test_evaluate_regression(net, rng):
    X, y = rng.normal(size=(300, 3)), rng.normal(size=(300, 2))
    weights = rng.uniform(size=300)
    d = net.predict(X) - y
    logs = net.evaluate(X, y, metrics=["mse", "mae", "r2"])
    spread = ((y - y.mean(0)) ** 2).sum(0)
    assert list(logs) == ["loss", "mse", "mae", "r2"]
    assert logs["loss"] == pytest.approx((d**2).mean())
    assert logs["mse"] == pytest.approx(logs["loss"])
    assert logs["mae"] == pytest.approx(np.abs(d).mean())
    assert logs["r2"] == pytest.approx((1 - (d**2).sum(0) / spread).mean())
    weighted = net.evaluate(X, y, sample_weight=weights, metrics=["mse"])
    wanted = np.average((d**2).mean(1), weights=weights)
    assert weighted == {"loss": pytest.approx(wanted), "mse": pytest.approx(wanted)}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_evaluate_classification(blobs, dtype):
    X, y = blobs
    net = MLP([2, 4, 3], output="softmax", dtype=dtype, seed=0)
    p = net.predict(X)
    logs = net.evaluate(X, y)
    assert list(logs) == ["loss", "accuracy"]
    assert logs["loss"] == pytest.approx(-np.log(p[np.arange(len(y)), y]).mean(), rel=1e-5)
    assert logs["accuracy"] == np.mean(p.argmax(1) == y)
    brier = net.evaluate(X, y, metrics=["mse"])["mse"]
    assert brier == pytest.approx(((p - np.eye(3)[y]) ** 2).mean(), rel=1e-5)


def test_metrics_may_be_functions(net, rng):
    X, y = rng.normal(size=(30, 3)), rng.normal(size=(30, 2))

    def largest(y_true, y_pred):
        return np.abs(y_true - y_pred).max()

    logs = net.evaluate(X, y, metrics=[largest])
    assert logs["largest"] == np.abs(y - net.predict(X)).max()


def test_functions_see_matching_shapes():
    shapes = []
    net = MLP([3, 1], seed=0)
    net.evaluate(
        np.ones((4, 3)), np.ones(4), metrics=[lambda y, a: shapes.extend([y.shape, a.shape]) or 0]
    )
    assert shapes == [(4, 1), (4, 1)]


# ---- manual passes ----


def test_forward_is_predict(net, rng):
    X = rng.normal(size=(7, 3))
    np.testing.assert_array_equal(net.forward(X), net.predict(X))
    assert net.forward(X[0]).shape == (2,)


def test_backward_gives_the_gradients(net, rng):
    X, g = rng.normal(size=(7, 3)), rng.normal(size=(7, 2))
    net.forward(X)
    back = net.backward(g)
    hidden = np.tanh(X @ net.weights[0].T + net.biases[0])
    delta = (g @ net.weights[1]) * (1 - hidden**2)
    (dW1, db1), (dW2, db2) = net.gradients
    np.testing.assert_allclose(dW2, g.T @ hidden, rtol=1e-10)
    np.testing.assert_allclose(db2, g.sum(0), rtol=1e-10)
    np.testing.assert_allclose(dW1, delta.T @ X, rtol=1e-10)
    np.testing.assert_allclose(db1, delta.sum(0), rtol=1e-10)
    np.testing.assert_allclose(back, delta @ net.weights[0], rtol=1e-10)


def test_backward_of_one_row(net):
    net.forward([1.0, 2.0, 3.0])
    assert net.backward([1.0, 0.0]).shape == (3,)


def test_gradients_of_a_layer_without_bias():
    net = MLP([3, pybp.Dense(2, bias=False)], seed=0)
    net.forward(np.ones((1, 3)))
    net.backward(np.ones((1, 2)))
    ((dW, db),) = net.gradients
    assert dW.shape == (2, 3)
    assert db is None


def test_a_manual_loop_is_train_step(rng):
    one = MLP([3, 5, 2], activation="tanh", seed=0)
    other = one.copy()
    optimizer = pybp.Adam(lr=0.01)
    for _ in range(5):
        X, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 2)).astype(np.float32)
        loss = one.train_step(X, y, loss="squared_error", optimizer=optimizer)
        d = other.forward(X) - y
        other.backward(d * np.float32(1 / 6))
        other.step(optimizer)
        assert loss == pytest.approx((d**2).sum() / 12)
    assert_same_weights(one, other)


def test_order_of_calls(net, unchanged):
    with unchanged(net):
        with pytest.raises(StateError, match="forward"):
            net.backward(np.ones((2, 2)))
        with pytest.raises(StateError, match="backward"):
            _ = net.gradients
        with pytest.raises(StateError, match="backward"):
            net.step()
    X = np.ones((2, 3))
    net.forward(X)
    with pytest.raises(ShapeError, match="dL_dy"):
        net.backward(np.ones((3, 2)))
    net.backward(np.ones((2, 2)))
    net.step()
    with pytest.raises(StateError, match="forward"):
        net.backward(np.ones((2, 2)))
    net.forward(X)
    net.weights = net.weights
    with pytest.raises(StateError, match="forward"):
        net.backward(np.ones((2, 2)))


def test_optimizer_state_belongs_to_a_class(net):
    def progress():
        return net.__getstate__()["progress"]

    X, y = np.ones((4, 3)), np.ones((4, 2))
    net.train_step(X, y, optimizer=pybp.Adam(lr=0.1))
    net.train_step(X, y, optimizer=pybp.Adam(lr=0.01))
    assert progress()[1] == 2
    net.train_step(X, y, optimizer="rmsprop")
    assert progress()[1] == 1
    net.reset_optimizer()
    assert progress()[1] == 0
