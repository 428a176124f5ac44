"""Nets and specs of pybp and their twins in the oracle, and how close they must be."""

import numpy as np
import pytest

from pybp import MLP

from layer_twin import twin
from oracle import OPTIMIZERS, registry
from registered import CLASSES, SWITCHES
from trajectories.cases import PARAMETER_PAIRS, targets_for

# The oracle computes in float64 from the net's own (rounded) weights and inputs, so what differs is
# the rounding of the computation itself.
TOLERANCE = {
    "float64": {"rtol": 1e-10, "atol": 1e-13},
    "float32": {"rtol": 5e-5, "atol": 2e-6},
}
PAIRS = registry.pairs()
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE)
each_pair = pytest.mark.parametrize(("output", "loss"), PAIRS)


def close(actual, wanted, dtype, **other):
    np.testing.assert_allclose(actual, wanted, **{**TOLERANCE[dtype], **other})


def spec(name, lr, params=None, no_bias_decay=False, **common):
    """pybp's optimizer for a registered row; beta1 and beta2 are its `betas`, and so on."""
    params = {"decay_bias": not no_bias_decay, **(params or {})}
    rule = OPTIMIZERS[name]()
    for pair, (a, b) in PARAMETER_PAIRS.items():
        if a in params or b in params:
            params[pair] = (params.pop(a, getattr(rule, a)), params.pop(b, getattr(rule, b)))
    params |= {k: bool(params[k]) for k in SWITCHES & params.keys()}
    return CLASSES["optimizers"][name](lr=lr, **params, **common)


def loss_spec(name, reduction):
    """pybp's loss for a registered row."""
    return CLASSES["losses"][name](reduction=reduction)


def make(sizes, hidden, output, dtype, seed=1):
    """A net of pybp with biases that are not 0, and its twin."""
    net = MLP(sizes, activation=hidden, output=output, dtype=dtype, seed=seed)
    rng = np.random.default_rng(seed)
    net.biases = [rng.normal(size=b.shape) / 2 for b in net.biases]
    return net, twin(net, sizes, hidden, output)


def data(n, n_in, n_out, loss, dtype, seed=0):
    """Inputs, and targets that suit the loss."""
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n, n_in)).astype(dtype)
    y = rng.uniform(size=(n, n_out)).astype(dtype)
    return X, targets_for(loss, y)


def assert_same_parameters(net, other, dtype, **tolerance):
    for W, b, layer in zip(net.weights, net.biases, other.layers, strict=True):
        close(W, layer.W, dtype, **tolerance)
        close(b, layer.b, dtype, **tolerance)
