"""Activations with parameters against the oracle; all at large values and at kinks."""

import numpy as np
import pytest

from pybp import MLP

from layer_twin import twin
from oracle import ACTIVATIONS, registry
from registered import CLASSES

WITH_PARAMETERS = [row for row in registry.rows("activations") if row.params]


@pytest.mark.parametrize("row", WITH_PARAMETERS, ids=lambda row: row.name)
@pytest.mark.parametrize("factor", [0.5, 3.0])
def test_parameters_arrive(row, factor, rng):
    """In hidden layers and at the output, forward and backward."""
    params = {param.name: param.default * factor for param in row.params}
    spec = CLASSES["activations"][row.name](**params)
    net = MLP([6, 9, 4], activation=spec, output=spec, dtype="float64", seed=1)
    other = twin(net, [6, 9, 4], spec, spec)
    X, y = rng.normal(size=(11, 6)), rng.normal(size=(11, 4))
    found, passes = net.trace(X, y, loss="mse"), other.backward(X, y, "mse")
    for layer, p in zip(found.layers, passes, strict=True):
        for what in ("a", "delta", "dW", "back"):
            wanted = getattr(p, what)
            np.testing.assert_allclose(getattr(layer, what), wanted, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", registry.hidden_activations())
def test_far_out(name, dtype):
    """Values and slopes stay finite and right where exponentials and powers end."""
    net = MLP([1, 1], output=name, dtype=dtype, seed=0)
    net.weights = [np.ones((1, 1))]
    z = np.array([0, 1e-30, 0.5, 2.9, 3.1, 5.9, 6.1, 12, 40, 95, 700, 1e4, 1e25])
    z = np.concatenate([-z, z]).astype(dtype)[:, np.newaxis]
    wide = z.astype(np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        a = ACTIVATIONS[name].f(wide)
        slope = ACTIVATIONS[name].backward(np.ones_like(wide), wide, a)
    close = {"rtol": 5e-5, "atol": 2e-6} if dtype == "float32" else {"rtol": 1e-10, "atol": 1e-13}
    np.testing.assert_allclose(net.forward(z), a, **close)
    limits = np.abs(wide) < 1e20  # where the textbook's formulas do not overflow
    found = net.backward(np.ones_like(z))
    assert np.isfinite(found).all()
    away = limits & (wide != 0)
    np.testing.assert_allclose(found[away], slope[away], **close)
