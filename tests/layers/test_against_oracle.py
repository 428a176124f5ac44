"""Every kind of layer against its twin in the oracle: forward, backward, training."""

import dataclasses
import inspect

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP, Activation, BatchNorm, Dense, Dropout, Residual, initializers

from layer_nets import NETS, ONE_OF_EACH, OPTIONS, TRAINED, VARIANTS, disturb, inputs, specs
from layer_twin import Twin, twin
from nets import mse
from oracle import OPTIMIZERS, registry
from oracle.net import Update
from registered import CLASSES

TOLERANCE = {
    "float64": {"rtol": 1e-9, "atol": 1e-12},
    "float32": {"rtol": 2e-4, "atol": 1e-5},
}
both_dtypes = pytest.mark.parametrize("dtype", TOLERANCE)
both_modes = pytest.mark.parametrize("training", [False, True])
each_net = pytest.mark.parametrize("layers", NETS.values(), ids=list(NETS))


def close(actual, wanted, dtype, scale=1.0, **other):
    tolerance = {"rtol": TOLERANCE[dtype]["rtol"], "atol": TOLERANCE[dtype]["atol"] * scale}
    np.testing.assert_allclose(actual, wanted, **tolerance, **other)


def close_or_none(actual, wanted, dtype, scale=1.0, **other):
    if actual is not None:
        close(actual, wanted, dtype, scale, **other)


def make(layers, dtype, seed=1, **options):
    net = MLP(layers, activation="tanh", dtype=dtype, seed=seed, **options)
    disturb(net, np.random.default_rng(seed))
    return net, twin(net, layers, "tanh")


def kept_gradient(layer, p):
    """dW with respect to the weights as nets keep them, multiplied by the layer's scale."""
    return None if p.dW is None else p.dW / layer.scale


def same_parameters(net, other, dtype, scale=1.0):
    for W, b, pair, layer in zip(
        net.weights, net.biases, net.running_statistics, other.layers, strict=True
    ):
        close_or_none(W, W if W is None else layer.scale * layer.W, dtype, scale)
        close_or_none(b, layer.b, dtype, scale)
        if pair is not None:
            close(pair[0], layer.running[0], dtype, scale)
            close(pair[1], layer.running[1], dtype, scale)


# ---- everything is compared ----


def test_every_kind_of_layer_is_in_the_nets():
    made = {layer.kind for layers in NETS.values() for layer in MLP(layers, seed=0).layers}
    assert made == set(registry.names("layers"))
    assert {*ONE_OF_EACH, "embedding", "join"} == made


@pytest.mark.parametrize("kind", CLASSES["layers"])
def test_the_twin_states_every_option_and_its_default(kind):
    stated = list(inspect.signature(getattr(Twin, kind)).parameters.values())[1:]  # not self
    missing = {inspect.Parameter.empty: dataclasses.MISSING}
    assert {option.name: missing.get(option.default, option.default) for option in stated} == {
        field.name: field.default for field in dataclasses.fields(CLASSES["layers"][kind])
    }


@pytest.mark.parametrize("kind", CLASSES["layers"])
def test_every_option_is_in_the_nets(kind):
    """With a value other than its default, or no test would notice that it is ignored."""
    used = [spec for layers in TRAINED.values() for spec in specs(layers) if spec.name == kind]
    used += [Dense(1, **options) for options in OPTIONS] if kind == "dense" else []
    for field in dataclasses.fields(CLASSES["layers"][kind]):
        assert any(getattr(spec, field.name) != field.default for spec in used), field.name


@each_net
@both_dtypes
def test_initial_parameters(layers, dtype):
    net = MLP(layers, dtype=dtype, seed=2)
    for place, (stated, layer) in enumerate(Twin(layers).layers):
        W, b, running = stated.initial(layer, place, net.seed, initializers.Auto())
        close_or_none(net.weights[place], W if W is None else layer.scale * W, dtype)
        close_or_none(net.biases[place], b, dtype)
        assert running is None or all(map(np.array_equal, net.running_statistics[place], running))


# ---- passes and training ----


@each_net
@both_dtypes
@both_modes
def test_every_quantity_of_a_pass(layers, dtype, training):
    net, other = make(layers, dtype)
    rng = np.random.default_rng(2)
    X, y = inputs(layers, 20, rng, dtype), rng.normal(size=(20, 3)).astype(dtype)
    w = rng.uniform(size=20)
    found = net.trace(X, y, sample_weight=w, training=training)
    passes = other.backward(X, y, "mse", w, training=training)
    close(found.loss, other.loss_after(passes, y, "mse", w), dtype)
    close(found.output, passes[-1].a, dtype)
    for place, (layer, p) in enumerate(zip(found.layers, passes, strict=True)):
        about = f"layer {place}, {layer.kind}"
        for name in ("a", "delta"):
            close(getattr(layer, name), getattr(p, name), dtype, err_msg=f"{about}, {name}")
        kept = other.layers[place]
        close_or_none(layer.dW, kept_gradient(kept, p), dtype, err_msg=f"{about}, dW")
        close_or_none(layer.db, p.db, dtype, err_msg=f"{about}, db")
        if layer.kind not in ("embedding", "join"):
            close(layer.input, p.input, dtype, err_msg=f"{about}, input")
            close(layer.back, p.back, dtype, err_msg=f"{about}, back")
        assert (layer.z is None) == (p.z is None), about
        close_or_none(layer.z, p.z, dtype, err_msg=f"{about}, z")
        assert (layer.dW is None) == (layer.W is None)
        assert (layer.db is None) == (layer.b is None)


@each_net
@both_dtypes
@both_modes
def test_manual_passes(layers, dtype, training):
    """forward, backward, gradients and step; the second pass in training has other masks."""
    net, other = make(layers, dtype)
    rng = np.random.default_rng(3)
    for _ in range(3):
        X = inputs(layers, 33, rng, dtype)
        slope = rng.normal(size=(33, 3)).astype(dtype)
        passes = other.forward(X, training)
        close(net.forward(X, training=training), passes[-1].a, dtype)
        other.backward_from(passes, slope)
        close(net.backward(slope), other.input_gradient(passes), dtype, 10)
        for (dW, db), p, layer in zip(net.gradients, passes, other.layers, strict=True):
            close_or_none(dW, kept_gradient(layer, p), dtype, 30)
            close_or_none(db, p.db, dtype, 30)
        net.step(pybp.SGD(lr=0.01))
        other.step(passes, Update(OPTIMIZERS["sgd"](), 0.01))
        same_parameters(net, other, dtype)
    close(net.predict(X), other.predict(X), dtype, 10)


@pytest.mark.parametrize("layers", TRAINED.values(), ids=list(TRAINED))
@both_dtypes
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_training(layers, optimizer, dtype):
    """Several epochs with a short last minibatch; then prediction with running statistics."""
    net, other = make(layers, dtype)
    rng = np.random.default_rng(4)
    X, y = inputs(layers, 50, rng, dtype), rng.normal(size=(50, 3)).astype(dtype)
    w = rng.uniform(size=50)
    # The gradient of a bias in front of batch norm is 0, but for rounding, which Adam would divide
    # by next to nothing; hence the large eps.
    own, lr, params = {
        "sgd": (pybp.SGD, 0.02, {"momentum": 0.5}),
        "adam": (pybp.Adam, 0.01, {"eps": 1e-3}),
    }[optimizer]
    twin_rule = OPTIMIZERS[optimizer](**params)
    wanted = other.train(X, y, "mse", Update(twin_rule, lr), epochs=3, batch_size=16, weights=w)
    rule = own(lr=lr, **params)
    history = net.fit(
        X, y, optimizer=rule, epochs=3, batch_size=16, sample_weight=w, progress=False
    )
    scale = 10 if dtype == "float32" else 1
    close(history.history["loss"], wanted, dtype, scale)
    same_parameters(net, other, dtype, scale)
    close(net.predict(X), other.predict(X), dtype, 10 * scale)


widths = st.integers(1, 40)
entries = st.sampled_from([*ONE_OF_EACH.values(), *VARIANTS])


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    rows=st.integers(2, 40) | st.sampled_from([255, 256, 257, 513]),
    n_in=widths,
    middle=st.lists(widths | entries, max_size=5),
    n_out=widths,
    training=st.booleans(),
    dtype=st.sampled_from(sorted(TOLERANCE)),
    seed=st.integers(0, 2**32),
)
def test_any_shape(rows, n_in, middle, n_out, training, dtype, seed):
    # A dense layer of 9 in front of each, as residuals of a fixed width add to that.
    layers = [n_in]
    for entry in middle:
        layers += [entry] if isinstance(entry, int) else [9, entry]
    net, other = make([*layers, n_out], dtype, seed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, n_in)).astype(dtype)
    slope = (rng.normal(size=(rows, n_out)) / rows).astype(dtype)
    passes = other.backward_from(other.forward(X, training), slope)
    # A narrow row may have next to no variance, which a norm divides by.
    scale = 1e3 if dtype == "float32" else 1e4
    close(net.forward(X, training=training), passes[-1].a, dtype, scale)
    close(net.backward(slope), other.input_gradient(passes), dtype, scale)
    for (dW, db), p, layer in zip(net.gradients, passes, other.layers, strict=True):
        close_or_none(dW, kept_gradient(layer, p), dtype, scale)
        close_or_none(db, p.db, dtype, scale)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "tanh"])
@pytest.mark.parametrize("last", [BatchNorm(), Residual([Dense(3)]), Dropout(0.2), Dense(3)])
def test_the_output_activation_as_a_layer(output, last):
    """Losses that belong to an activation find it behind whatever comes last."""
    loss = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy", "tanh": "mse"}[output]
    net, other = make([6, 9, 3, last, Activation(output)], "float64")
    assert net.layers[-1].kind == "activation"
    rng = np.random.default_rng(5)
    X = rng.normal(size=(30, 6))
    y = np.eye(3)[rng.integers(3, size=30)]
    wanted = other.train(X, y, loss, Update(OPTIMIZERS["adam"](), 0.01), epochs=3, batch_size=10)
    history = net.fit(X, y, optimizer=pybp.Adam(lr=0.01), epochs=3, batch_size=10, progress=False)
    close(history.history["loss"], wanted, "float64")
    same_parameters(net, other, "float64")
    assert net.check_gradients(X, y, training=True).ok


def test_a_loss_written_in_python_trains_with_masks_and_statistics():
    layers = [6, 9, BatchNorm(), Dropout(0.3), Residual([Dense(9, "tanh")]), 3]
    rng = np.random.default_rng(6)
    X, y = rng.normal(size=(40, 6)), rng.normal(size=(40, 3))

    own, other = make(layers, "float64")
    wanted = other.train(X, y, "mse", Update(OPTIMIZERS["sgd"](), 0.05), epochs=3, batch_size=16)
    history = own.fit(
        X, y, loss=mse, optimizer=pybp.SGD(lr=0.05), epochs=3, batch_size=16, progress=False
    )
    close(history.history["loss"], wanted, "float64")
    same_parameters(own, other, "float64")
