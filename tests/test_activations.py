"""Activations with parameters against the oracle; all at large values and at kinks."""

import numpy as np
import pytest

import pybp
from pybp import MLP
from pybp.errors import ShapeError

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
    wide[np.abs(wide) < (2.0**-63 if dtype == "float32" else 2.0**-511)] = 0  # docs/contract.md
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


# ---- as functions of arrays ----

SHAPES = [(), (1,), (7,), (3, 5), (2, 3, 33), (1100,)]


def functions():
    """Each activation with its defaults, and those with parameters also with others."""
    for row in registry.rows("activations"):
        spec = CLASSES["activations"][row.name]
        yield row, spec(), {param.name: param.default for param in row.params}
        if row.params:
            others = {param.name: 2 * param.default for param in row.params}
            yield row, spec(**others), others


@pytest.mark.parametrize(("row", "function", "params"), list(functions()), ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_functions_of_arrays(row, function, params, dtype, rng):
    """Values and derivatives are the oracle's, in any shape, and have the bits of a net."""
    close = {"rtol": 1e-5, "atol": 1e-6} if dtype == "float32" else {"rtol": 1e-11, "atol": 1e-13}
    oracle = ACTIVATIONS[row.name]
    for shape in SHAPES[row.name == "softmax" :]:
        z = rng.normal(size=shape, scale=3).astype(dtype)
        wide = np.atleast_2d(z.astype(np.float64))
        a = oracle.f(wide, **params)
        found = function(z)
        assert (found.shape, found.dtype) == (shape, dtype)
        np.testing.assert_allclose(found, a.reshape(shape), **close)
        slope = function.derivative(z)
        if row.name == "softmax":
            unit = np.eye(shape[-1])
            wanted = np.stack(
                [oracle.backward(one, wide.reshape(z.shape), found) for one in unit], -2
            )
            assert slope.shape == (*shape, shape[-1])
        else:
            wanted = oracle.backward(np.ones_like(wide), wide, a, **params).reshape(shape)
        assert slope.dtype == dtype
        np.testing.assert_allclose(slope, wanted, **close)


@pytest.mark.parametrize("row", registry.rows("activations"), ids=lambda row: row.name)
def test_functions_have_the_bits_of_a_net(row, rng):
    function = CLASSES["activations"][row.name]()
    net = MLP([20, pybp.Activation(function)], seed=0)
    z = rng.normal(size=(30, 20)).astype("f4")
    np.testing.assert_array_equal(function(z), net.forward(z))
    if row.name != "softmax":
        np.testing.assert_array_equal(function.derivative(z), net.backward(np.ones_like(z)))


@pytest.mark.parametrize("z", [[1, 2], np.arange(3, dtype="u1"), [True, False], [[1.0], [2.5]]])
def test_functions_take_what_numpy_reads(z):
    for function in (pybp.activations.Tanh(), pybp.activations.Softmax()):
        wanted = function(np.array(z, "f8"))
        np.testing.assert_array_equal(function(z), wanted)
        assert function(z).dtype == np.float64


def test_functions_of_series_and_views(rng):
    pandas = pytest.importorskip("pandas")
    z = rng.normal(size=(6, 8))
    tanh = pybp.activations.Tanh()
    np.testing.assert_array_equal(tanh(pandas.Series(z[:, 0])), tanh(z)[:, 0])
    np.testing.assert_array_equal(tanh(z.T[::2]), tanh(z).T[::2])
    np.testing.assert_array_equal(tanh(z.astype(">f8")), tanh(z))


def test_functions_of_nothing():
    assert pybp.activations.Tanh()([]).shape == (0,)
    assert pybp.activations.Softmax().derivative(np.empty((0, 3))).shape == (0, 3, 3)


def test_functions_refuse():
    with pytest.raises(ShapeError, match="z is a number; softmax needs a row"):
        pybp.activations.Softmax()(1.0)
    with pytest.raises(TypeError, match=r"z has dtype <U1; expected numbers"):
        pybp.activations.Tanh()(["a"])
    with pytest.raises(TypeError, match=r"Tanh\(\) takes no arguments"):
        pybp.activations.Tanh(3.0)
    with pytest.raises(TypeError, match="loss must be a name"):
        MLP([2, 1]).fit([[1, 2]], [1], loss=pybp.activations.Tanh())
