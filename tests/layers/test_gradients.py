"""Backpropagation through every kind of layer against central differences, in both modes."""

import itertools

import numpy as np
import pytest

from pybp import MLP, Activation, BatchNorm, Dense, Dropout, Embedding, Residual, _core

from layer_nets import NETS, ONE_OF_EACH, disturb, inputs

both_modes = pytest.mark.parametrize("training", [False, True])


def checked(layers, training, loss="mse", seed=1, rows=9, **options):
    net = MLP(layers, activation="tanh", dtype="float32", seed=seed, **options)
    rng = np.random.default_rng(seed)
    disturb(net, rng)
    X, y = inputs(layers, rows, rng), rng.normal(size=(rows, net.n_out))
    w = rng.uniform(0.5, 2, size=rows)
    return net.check_gradients(X, y, loss=loss, sample_weight=w, training=training, max_entries=40)


@pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))
@both_modes
def test_each_net(layers, training):
    check = checked(layers, training)
    assert check.ok, check
    assert check.skipped == 0
    expected = {"numeric": [b.name for b in check.blocks].count("input")}
    categories = sum(len(e.columns) for e in layers[1:] if isinstance(e, Embedding))
    assert expected["numeric"] == (categories < layers[0])


@pytest.mark.parametrize("pair", list(itertools.permutations(ONE_OF_EACH, 2)), ids=" ".join)
def test_each_pair_in_training(pair):
    """Any kind of layer may follow any other."""
    one, other = (ONE_OF_EACH[name] for name in pair)
    check = checked([6, 9, one, other, 3], training=True)
    assert check.ok, check


@pytest.mark.parametrize("kind", ONE_OF_EACH)
@both_modes
def test_each_kind_inside_a_residual_with_norm_and_dropout(kind, training):
    block = [Dense(9), BatchNorm(), ONE_OF_EACH[kind], Dropout(0.3), Dense(9)]
    layers = [6, 9, Residual([*block, Residual(block, activation="tanh")], projection=True), 3]
    check = checked(layers, training)
    assert check.ok, check


@pytest.mark.parametrize("kind", ONE_OF_EACH)
def test_each_kind_behind_an_embedding(kind):
    layers = [6, Embedding({1: (5, 4), 2: (3, 1)}), ONE_OF_EACH[kind], 3]
    if kind == "add":
        layers[2] = Residual([Dense(9, "tanh"), Dropout(0.2)])
    assert checked(layers, training=True).ok


@pytest.mark.parametrize("activation", [row["name"] for row in _core.registry("activations")])
@both_modes
def test_every_activation_as_a_layer(activation, training):
    middle = [] if activation == "softmax" else [BatchNorm(), Activation(activation), 5]
    output = activation if activation == "softmax" else "identity"
    check = checked([6, 9, *middle, BatchNorm()], training, output=output)
    assert check.ok, check


def test_the_mode_matters():
    """In training, a feature's shift in front of batch norm has no gradient; else it has."""
    layers = [6, Dense(9), BatchNorm(), Activation("tanh"), 3]
    net = MLP(layers, dtype="float64", seed=0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 6)), rng.normal(size=(9, 3))
    assert abs(net.trace(X, y, training=True).layers[0].db).max() < 1e-15
    assert abs(net.trace(X, y).layers[0].db).max() > 1e-3


@pytest.mark.parametrize("training", [False, True])
def test_the_net_stays_as_it_is(training, unchanged):
    net = MLP([6, 9, BatchNorm(), Dropout(0.5), 3], seed=0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 6)), rng.normal(size=(9, 3))
    with unchanged(net):
        net.trace(X, y, training=training)
        net.check_gradients(X, y, training=training)


def test_masks_are_those_of_the_next_step():
    net = MLP([6, 9, Dropout(0.5), 3], dtype="float64", seed=0)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(9, 6)), rng.normal(size=(9, 3))
    for _ in range(3):
        trace = net.trace(X, y, training=True)
        assert net.trace(X, y, training=True).loss == trace.loss
        assert net.train_step(X, y) == trace.loss
    other = net.trace(X, y, training=True).layers[1].z
    assert (other != trace.layers[1].z).any()


def test_a_wrong_gradient_fails(monkeypatch):
    """The check fails if batch norm ignores that mean and variance depend on every row."""
    import pybp.inspection.gradient_check

    right = pybp.inspection.gradient_check.analytic_gradients

    def frozen(net, layers, data, loss, training):
        return right(net, layers, data, loss, training=False)

    layers = [6, 9, BatchNorm(), 3]
    assert checked(layers, training=True).ok
    monkeypatch.setattr(pybp.inspection.gradient_check, "analytic_gradients", frozen)
    assert not checked(layers, training=True).ok
