"""Parameters and statistics by layer; how nets of all kinds of layers print, copy and pickle."""

import copy
import pickle

import numpy as np
import pytest

import pybp
from pybp import (
    MLP,
    Activation,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    Residual,
    RMSNorm,
    Scale,
)
from pybp.errors import ArgumentError, NotFiniteError, ShapeError

from layer_nets import NETS, disturb, inputs

each_net = pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))


def kinds(net):
    return [layer.kind for layer in net.layers]


# ---- parameters ----


def test_parameters_by_layer():
    layers = [
        6,
        Embedding({1: (5, 4)}),
        7,
        BatchNorm(),
        LayerNorm(bias=False),
        RMSNorm(affine=False),
    ]
    net = MLP([*layers, Scale(), Dropout(), Residual([Dense(7, bias=False)])], seed=0)
    shapes = [None if W is None else W.shape for W in net.weights]
    assert shapes == [(4, 5), None, (7, 9), (7,), (7,), None, (7,), None, (7, 7), None]
    shapes = [None if b is None else b.shape for b in net.biases]
    assert shapes == [None, None, (7,), (7,), None, None, None, None, None, None]
    assert net.n_parameters == 20 + 70 + 14 + 7 + 7 + 49
    assert net.n_parameters == sum(layer.n_parameters for layer in net.layers)
    for place in (3, 4, 6):
        assert (net.weights[place] == 1).all()
    assert (net.biases[3] == 0).all()
    mean, variance = net.running_statistics[3]
    assert (mean == 0).all()
    assert (variance == 1).all()
    assert [pair is not None for pair in net.running_statistics].count(True) == 1


def test_an_embedding_starts_from_a_standard_normal():
    W = MLP([1, Embedding({0: (2000, 10)}), 1], seed=0).weights[0]
    assert abs(W.mean()) < 0.03
    assert abs(W.std() - 1) < 0.03
    W = MLP([1, Embedding({0: (2000, 10)}, init=pybp.initializers.Normal(0.1)), 1], seed=0).weights[
        0
    ]
    assert abs(W.std() - 0.1) < 0.003


def test_auto_looks_for_the_activation_behind_norms():
    """A linear layer in front of norms, dropout and relu starts as one with relu of its own does."""
    plain = MLP([50, Dense(40, "relu"), 1], seed=3).weights[0]
    for between in ([], [BatchNorm()], [LayerNorm(), Scale(), Dropout(0.1), GaussianNoise(0.1)]):
        net = MLP([50, Dense(40), *between, Activation("relu"), 1], seed=3)
        np.testing.assert_array_equal(net.weights[0], plain)
    assert (MLP([50, Dense(40), BatchNorm(), 1], seed=3).weights[0] != plain).any()


@each_net
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_that_is_set_is_read_again(layers, dtype):
    net = MLP(layers, dtype=dtype, seed=0)
    other = MLP(layers, dtype=dtype, seed=1)
    disturb(other, np.random.default_rng(0))
    net.weights, net.biases = other.weights, other.biases
    net.running_statistics = other.running_statistics
    for one, same in zip(net.weights + net.biases, other.weights + other.biases, strict=True):
        assert (one is None) == (same is None)
        assert one is None or (one == same).all()
    for one, same in zip(net.running_statistics, other.running_statistics, strict=True):
        assert (one is None) == (same is None)
        assert one is None or ((one[0] == same[0]).all() and (one[1] == same[1]).all())
    X = inputs(layers, 5, np.random.default_rng(1))
    np.testing.assert_array_equal(net.predict(X), other.predict(X))


@pytest.mark.parametrize(
    ("what", "values", "error", "message"),
    [
        ("weights", [np.ones((3, 2)), np.ones(3)], ShapeError, "weights has 2 arrays, but .* 4"),
        (
            "weights",
            [np.ones((3, 2)), np.ones((3, 1)), None, np.ones((1, 3))],
            ShapeError,
            r"weights\[1\] has shape \(3, 1\); expected \(3,\)",
        ),
        (
            "weights",
            [np.ones((3, 2)), np.ones(3), np.ones(3), np.ones((1, 3))],
            ShapeError,
            r"weights\[2\] must be None",
        ),
        (
            "biases",
            [np.ones(3), [1, np.nan, 1], None, np.ones(1)],
            NotFiniteError,
            r"biases\[1\] holds nan",
        ),
        (
            "running_statistics",
            [None, None, None, None],
            TypeError,
            r"running_statistics\[1\] must be \(mean, variance\), got None",
        ),
        (
            "running_statistics",
            [None, (np.ones(3), [1, -0.5, 1]), None, None],
            ArgumentError,
            r"\[1\]\[1\], a variance, holds -0.5",
        ),
        (
            "running_statistics",
            [None, (np.ones(2), np.ones(3)), None, None],
            ShapeError,
            r"\[1\]\[0\] has shape \(2,\); expected \(3,\)",
        ),
        (
            "running_statistics",
            [(np.ones(3), np.ones(3))] * 4,
            ShapeError,
            r"running_statistics\[0\] must be None",
        ),
        ("running_statistics", 3, TypeError, "running_statistics must be a list"),
    ],
)
def test_wrong_arrays(what, values, error, message, unchanged):
    net = MLP([2, Dense(3), BatchNorm(), Dropout(0.1), Dense(1)], seed=0)
    with unchanged(net), pytest.raises(error, match=message):
        setattr(net, what, values)


# ---- copies and pictures ----


@each_net
def test_repr_makes_the_same_net(layers, same_state):
    net = MLP(layers, activation="tanh", seed=3)
    again = eval(repr(net), vars(pybp) | vars(pybp.initializers) | vars(pybp.activations))
    assert again.layers == net.layers
    assert same_state(again, net)
    assert repr(again) == repr(net)


def test_repr_nests_residuals_again():
    layers = (
        "3, Dense(4), Residual([BatchNorm(momentum=0.2), Residual([Dense(5), Dense(4, 'relu')]), "
        "Dropout(rate=0.1)]), Residual([Dense(4)], projection=True), Residual([Dense(6)], "
        "projection=Dense(6, bias=False)), Residual([Dense(2)]), Activation('softmax')"
    )
    text = f"MLP([{layers}], dtype='float32', seed=0)"
    assert repr(eval(text, vars(pybp))) == text


@each_net
def test_summary_and_html(layers):
    net = MLP(layers, seed=0)
    lines = str(net.summary()).splitlines()
    numbers = [line.split()[0] for line in lines[3:-2] if line.split()[0].isdigit()]
    assert numbers == [str(number) for number in range(1, len(net.layers) + 1)]
    assert lines[-1] == f"{net.n_parameters:,} parameters"
    assert net._repr_html_().count("<tr>") == len(lines) - 4


@each_net
def test_copies_and_pickles_go_on_alike(layers, same_state):
    """Running statistics, optimizer state and the position in the masks are all there."""
    net = MLP(layers, seed=0)
    rng = np.random.default_rng(0)
    X, y = inputs(layers, 40, rng), rng.normal(size=(40, 3))
    net.fit(X, y, epochs=2, batch_size=16, progress=False)
    twins = [net.copy(), copy.deepcopy(net), pickle.loads(pickle.dumps(net))]
    net.fit(X, y, epochs=2, batch_size=16, progress=False)
    for twin in twins:
        assert twin.layers == net.layers
        assert not same_state(twin, net)
        twin.fit(X, y, epochs=2, batch_size=16, progress=False)
        assert same_state(twin, net)


def test_descriptions_are_plain_values():
    def plain(value):
        if isinstance(value, tuple | list):
            return all(map(plain, value))
        return value is None or type(value) in (str, int, float, bool)

    for layers in NETS.values():
        for layer in MLP(layers, seed=0).layers:
            assert all(map(plain, layer.description.values()))
            assert type(layer).from_description(layer.description) == layer
            as_lists = {
                k: list(v) if isinstance(v, tuple) else v for k, v in layer.description.items()
            }
            assert type(layer).from_description(as_lists) == layer
