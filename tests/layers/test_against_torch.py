"""Norms and a net of many layers against PyTorch's stored results, for pybp and for the oracle."""

import numpy as np
import pytest

import pybp
from pybp import MLP, Activation, BatchNorm, Dense, Embedding, LayerNorm, Residual, RMSNorm

from layer_twin import twin
from oracle import OPTIMIZERS
from oracle.net import Update
from project import TRAJECTORIES

STORED = np.load(TRAJECTORIES / "layers.npz")
NORMS = {
    "batch_norm": BatchNorm(momentum=0.3, eps=1e-3),
    "batch_norm, not affine": BatchNorm(affine=False),
    "layer_norm": LayerNorm(),
    "layer_norm, no bias": LayerNorm(bias=False, eps=1e-2),
    "layer_norm, not affine": LayerNorm(affine=False),
    "rms_norm": RMSNorm(),
    "rms_norm, not affine": RMSNorm(eps=1e-3, affine=False),
}
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


def stored(name):
    return {key.split("/")[1]: STORED[key] for key in STORED if key.startswith(f"{name}/")}


def flat(values):
    return np.concatenate([np.ravel(value) for value in values if value is not None])


def test_all_that_is_stored_is_compared():
    assert {key.split("/")[0] for key in STORED} == {*NORMS, "block"}


@pytest.mark.parametrize("name", NORMS)
def test_norms(name):
    wanted = stored(name)
    layers = [5, NORMS[name]]
    net = MLP(layers, dtype="float64", seed=0)
    net.weights, net.biases = [wanted.get("gamma")], [wanted.get("beta")]
    other = twin(net, layers)
    for step in range(4):
        training = step < 3
        X, slope, result = (wanted[f"{what}{step}"] for what in ("X", "slope", "result"))
        output = net.forward(X, training=training)
        dX = net.backward(slope)
        np.testing.assert_allclose(flat([output, dX, *net.gradients[0]]), result, **CLOSE)
        (p,) = other.backward_from(other.forward(X, training), slope)
        gamma, beta = other.layers[0].W, other.layers[0].b
        own = [p.a, p.back, None if gamma is None else p.dW, None if beta is None else p.db]
        np.testing.assert_allclose(flat(own), result, **CLOSE)
    if "statistics" in wanted:
        np.testing.assert_allclose(flat(net.running_statistics[0]), wanted["statistics"], **CLOSE)
        np.testing.assert_allclose(flat(other.layers[0].running), wanted["statistics"], **CLOSE)


def parameters(weights, biases):
    return flat([p for pair in zip(weights, biases, strict=True) for p in pair])


def test_a_net_of_many_layers_in_training():
    wanted = stored("block")
    block = [Dense(6), BatchNorm(), Activation("tanh"), Dense(6), BatchNorm()]
    layers = [
        4,
        Embedding({1: (3, 2)}),
        Residual(block, activation="relu"),
        LayerNorm(),
        RMSNorm(),
        3,
    ]
    net = MLP(layers, output="softmax", dtype="float64", seed=0)
    given = iter(np.split(wanted["before"], np.cumsum(_sizes(net))[:-1]))
    arrays = [
        [None if old is None else next(given).reshape(old.shape) for old in pair]
        for pair in zip(net.weights, net.biases, strict=True)
    ]
    net.weights, net.biases = zip(*arrays, strict=True)
    other = twin(net, layers, output="softmax")
    X, y = wanted["X"], wanted["y"]
    options = {"epochs": 5, "batch_size": 16, "shuffle": False}
    rule = pybp.SGD(lr=0.1, momentum=0.9)
    history = net.fit(X, y, optimizer=rule, progress=False, **options).history["loss"]
    losses = other.train(
        X, y, "cross_entropy", Update(OPTIMIZERS["sgd"](momentum=0.9), 0.1), **options
    )
    fractions = np.array([16, 16, 16, 2]) / 50
    means = wanted["losses"].reshape(5, 4) @ fractions
    np.testing.assert_allclose(history, means, rtol=1e-9)
    np.testing.assert_allclose(losses, means, rtol=1e-9)
    np.testing.assert_allclose(
        parameters(net.weights, net.biases), wanted["after"], rtol=1e-7, atol=1e-9
    )
    statistics = flat([v for pair in net.running_statistics if pair for v in pair])
    np.testing.assert_allclose(statistics, wanted["statistics"], rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(net.predict(X), wanted["output"], rtol=1e-7)
    np.testing.assert_allclose(other.predict(X), wanted["output"], rtol=1e-7)


def _sizes(net):
    arrays = [p for pair in zip(net.weights, net.biases, strict=True) for p in pair]
    return [array.size for array in arrays if array is not None]
