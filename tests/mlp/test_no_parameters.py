"""Nets without parameters: whatever works with others works with them."""

import pickle

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, Adam, BatchNorm, Residual

from nets import squared_error

X = np.random.default_rng(0).normal(size=(300, 2)).astype("f4")
NETS = pytest.mark.parametrize(
    "layers",
    [
        [Activation("tanh")],
        [BatchNorm(affine=False), Activation("relu")],
        [Residual([Activation("tanh")]), Activation("sigmoid")],
    ],
    ids=["activation", "norm", "residual"],
)


@NETS
@pytest.mark.parametrize("batch_size", [2, 256, 299, 300, 1000])
def test_fit(layers, batch_size):
    net = MLP([2, *layers], seed=0)
    common = {"loss": "mse", "batch_size": batch_size, "drop_last": True, "epochs": 2}
    history = net.fit(X, X, optimizer=Adam(clip_norm=1.0), **common)
    assert np.isfinite(history.history["loss"]).all()
    assert net.epochs_done == 2


@NETS
@pytest.mark.parametrize("optimizer", ["lbfgs", "levenberg_marquardt"])
def test_solvers(layers, optimizer):
    pytest.importorskip("scipy.optimize")
    if optimizer != "lbfgs" and isinstance(layers[0], BatchNorm):
        pytest.skip("refused")
    MLP([2, *layers], seed=0).fit(X, X, loss="mse", optimizer=optimizer, epochs=3)


@NETS
def test_the_rest(layers, tmp_path):
    net = MLP([2, *layers], seed=0)
    net.fit(X, X, loss=squared_error, epochs=1, accumulate=2)
    net.forward(X)
    net.backward(X)
    net.step()
    assert net.n_parameters == 0
    assert net.weights == net.biases == (None,) * len(net.layers)
    assert net.check_gradients(X[:5], X[:5], loss="mse").ok
    for shown in (
        net.trace(X[:3], X[:3], loss="mse"),
        net.diagnose(X, X, loss="mse"),
        net.summary(),
    ):
        assert str(shown)
    net.save(tmp_path / "net")
    for same in (net.copy(), pickle.loads(pickle.dumps(net)), pybp.load(tmp_path / "net")):
        assert same.predict(X).tobytes() == net.predict(X).tobytes()
