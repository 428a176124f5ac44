"""pybp against the oracle: every activation, loss, optimizer and initialiser that is registered."""

import dataclasses
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP, Dense, _core

from against_oracle import (
    TOLERANCE,
    assert_same_parameters,
    both_dtypes,
    close,
    data,
    loss_spec,
    make,
    spec,
)
from layer_twin import twin
from nets import assert_same_weights
from oracle import OPTIMIZERS, registry
from oracle.initializers import initial_weights
from oracle.net import Update
from oracle.random import permutation
from project import TRAJECTORIES
from registered import CLASSES, DECAYING, HIDDEN, SWITCHES
from trajectories.cases import CASES

# ---- initial weights and shuffles ----


@both_dtypes
@pytest.mark.parametrize("seed", [0, 12345, 2**63 - 1])
@pytest.mark.parametrize("init", registry.names("initializers"))
def test_initial_weights(init, seed, dtype):
    sizes, activations = [7, 5, 4, 3], ["relu", "relu", "identity"]
    given_init, value = CLASSES["initializers"][init], 0.0
    if dataclasses.fields(given_init):
        given_init, value = given_init(0.3), 0.3
    net = MLP(sizes, activation="relu", output="identity", init=given_init, dtype=dtype, seed=seed)
    for i, (W, name) in enumerate(zip(net.weights, activations, strict=True)):
        wanted = initial_weights(init, *W.shape, seed=seed, layer=i, activation=name, value=value)
        np.testing.assert_allclose(
            W, wanted, rtol=1e-13 if dtype == "float64" else 1e-7, atol=1e-15
        )
    assert all((b == 0).all() for b in net.biases)


@pytest.mark.parametrize("n", [1, 2, 257, 1000])
@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_order_of_an_epoch(n, seed):
    net = _core.Net("float64", 1, [{"kind": 0, "n_out": 1}], seed)
    for epoch in (0, 1, 7):
        net.set_progress((epoch, *net.get_progress()[1:]))
        order = np.empty(n, np.uintp)
        net.order(order)
        assert order.tolist() == permutation(seed, epoch, n).tolist()


# ---- forward and backward ----


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    rows=st.integers(1, 40) | st.sampled_from([255, 256, 257, 600]),
    sizes=st.lists(st.integers(1, 40), min_size=2, max_size=5),
    hidden=st.sampled_from(HIDDEN),
    output=st.sampled_from(registry.names("activations")),
    dtype=st.sampled_from(sorted(TOLERANCE)),
    seed=st.integers(0, 2**32),
)
def test_any_shape(rows, sizes, hidden, output, dtype, seed):
    net, other = make(sizes, hidden, output, dtype, seed)
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, sizes[0])).astype(dtype)
    slope = rng.normal(size=(rows, sizes[-1])).astype(dtype)
    passes = other.backward_from(other.forward(X), slope)
    close(net.predict(X), passes[-1].a, dtype)
    close(net.forward(X), passes[-1].a, dtype)
    # A sum over the rows carries the rounding of each of them.
    wide = {"atol": TOLERANCE[dtype]["atol"] * max(rows, 10)}
    close(net.backward(slope), passes[0].back, dtype, **wide)
    for (dW, db), p in zip(net.gradients, passes, strict=True):
        close(dW, p.dW, dtype, **wide)
        close(db, p.db, dtype, **wide)


@both_dtypes
@pytest.mark.parametrize(("hidden", "output", "loss"), registry.products())
def test_trace(hidden, output, loss, dtype):
    net, other = make([6, 9, 5, 4], hidden, output, dtype)
    X, y = data(11, 6, 4, loss, dtype)
    found = net.trace(X, y, loss=loss)
    passes = other.backward(X, y, loss)
    close(found.loss, other.loss(X, y, loss), dtype)
    close(found.output, passes[-1].a, dtype)
    assert len(found.layers) == len(passes)
    for layer, p in zip(found.layers, passes, strict=True):
        for name in ("input", "z", "a", "delta", "dW", "db", "back"):
            close(getattr(layer, name), getattr(p, name), dtype, err_msg=name)


@both_dtypes
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_trace_with_weights_of_mixed_layers(reduction, dtype):
    """Each layer has its own activation; one has no bias, another starts at a given bias."""
    layers = [6, Dense(9, "relu"), Dense(5, "sigmoid", bias=False), Dense(4, bias_init=0.25)]
    net = MLP(layers, dtype=dtype, seed=3)
    rng = np.random.default_rng(3)
    assert [b is None for b in net.biases] == [False, True, False]
    assert (net.biases[2] == 0.25).all()
    other = twin(net, layers)
    X, y = data(300, 6, 4, "mse", dtype)
    w = rng.uniform(size=300)
    found = net.trace(X, y, loss=loss_spec("mse", reduction), sample_weight=w)
    passes = other.backward(X, y, "mse", w, reduction)
    close(found.loss, other.loss(X, y, "mse", w, reduction), dtype)
    sums = {"rtol": 1e-4, "atol": 2e-4} if dtype == "float32" else {}
    for layer, p in zip(found.layers, passes, strict=True):
        for name in ("z", "a", "delta", "dW", "back"):
            close(getattr(layer, name), getattr(p, name), dtype, err_msg=name, **sums)
    assert found.layers[1].db is None
    close(found.layers[2].db, passes[2].db, dtype, **sums)


# ---- training ----


# Each activation and loss with one optimizer, each optimizer with a few of them.
FEW = [("tanh", "softmax", "cross_entropy"), ("relu", "identity", "mse"), ("silu", "tanh", "huber")]
TRAINED = [(*triple, "adam") for triple in registry.triples()] + [
    (*triple, name) for name in registry.names("optimizers") for triple in FEW if name != "adam"
]


@both_dtypes
@pytest.mark.parametrize(("hidden", "output", "loss", "optimizer"), TRAINED)
def test_training(hidden, output, loss, optimizer, dtype):
    net, other = make([4, 7, 3], hidden, output, dtype)
    X, y = data(50, 4, 3, loss, dtype)
    wanted = other.train(X, y, loss, Update(OPTIMIZERS[optimizer](), 0.01), epochs=3, batch_size=16)
    history = net.fit(
        X, y, loss=loss, optimizer=spec(optimizer, 0.01), epochs=3, batch_size=16, progress=False
    )
    # Where a slope jumps, a difference that rounds to the other side counts in full.
    jumps = dtype == "float32" and loss in ("mae", "quantile", "hinge")
    assert history.history["loss"] == pytest.approx(
        wanted, rel=1e-3 if jumps else TOLERANCE[dtype]["rtol"]
    )
    assert_same_parameters(net, other, dtype, **({"atol": 0.02} if jumps else {}))


def test_inputs_are_rounded_to_the_dtype_of_the_net():
    net, other = make([4, 7, 3], "tanh", "identity", "float32")
    X, y = data(50, 4, 3, "mse", "float64")
    rounded = X.astype(np.float32), y.astype(np.float32)
    other.train(*rounded, "mse", Update(OPTIMIZERS["sgd"](), 0.1), epochs=3)
    twice = net.copy()
    net.fit(X, y, optimizer=spec("sgd", 0.1), epochs=3, progress=False)
    twice.fit(*rounded, optimizer=spec("sgd", 0.1), epochs=3, progress=False)
    assert_same_parameters(net, other, "float32")
    assert_same_weights(net, twice)


COMMON = [
    {"clip_norm": 0.1},
    {"clip_value": 0.01},
    {"clip_norm": 0.2, "clip_value": 0.05},
    {"no_bias_decay": True},
    {"bias_lr_factor": 2.5},
]


def needed(param):
    """Another parameter without which this one has no effect."""
    return {"momentum": 0.5} if param.name == "nesterov" else {}


def another_value(param):
    """A value of a parameter that is not its default."""
    if param.name in SWITCHES:
        return 1.0
    return 0.9 * param.default or 0.1


# Each parameter of each optimizer, the options that all of them share, and PyTorch's cases.
OPTIONS = [
    *(
        (row.name, {param.name: another_value(param)} | needed(param), {})
        for row in registry.rows("optimizers")
        for param in row.params
    ),
    *product(DECAYING, [{"weight_decay": 0.2}], COMMON),
    *((case["optimizer"], case["params"], case["common"]) for case in CASES.values()),
]


@pytest.mark.parametrize(("optimizer", "params", "common"), OPTIONS, ids=str)
def test_options_and_parameters_of_optimizers(optimizer, params, common):
    net, other = make([4, 7, 6, 3], "tanh", "softmax", "float64")
    X, y = data(50, 4, 3, "cross_entropy", "float64")
    update = Update(OPTIMIZERS[optimizer](**params), 0.05, **common)
    other.train(X, y, "cross_entropy", update, epochs=3, batch_size=16)
    ours = spec(optimizer, 0.05, params, **common)
    net.fit(X, y, optimizer=ours, epochs=3, batch_size=16, progress=False)
    assert_same_parameters(net, other, "float64")


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("optimizer", ["sgd", "adam"])
def test_sample_weights_and_a_batch_without_weight(optimizer, threads):
    net, other = make([4, 7, 3], "relu", "softmax", "float64")
    X, y = data(700, 4, 3, "cross_entropy", "float64")
    w = np.random.default_rng(8).uniform(size=700)
    w[300:600] = 0.0
    options = {"batch_size": 300, "shuffle": False, "epochs": 3}
    wanted = other.train(
        X, y, "cross_entropy", Update(OPTIMIZERS[optimizer](), 0.05), weights=w, **options
    )
    history = net.fit(
        X,
        y,
        optimizer=spec(optimizer, 0.05),
        sample_weight=w,
        progress=False,
        threads=threads,
        **options,
    )
    assert history.history["loss"] == pytest.approx(wanted, rel=1e-10)
    assert_same_parameters(net, other, "float64")


def test_state_goes_on_and_a_new_optimizer_starts_anew():
    net, other = make([4, 7, 3], "tanh", "softmax", "float64")
    X, y = data(50, 4, 3, "cross_entropy", "float64")
    for name, lr in [("adam", 0.02), ("adam", 0.01), ("sgd", 0.1), ("adam", 0.02)]:
        other.train(X, y, "cross_entropy", Update(OPTIMIZERS[name](), lr), batch_size=20)
        net.fit(X, y, optimizer=spec(name, lr), batch_size=20, epochs=1, progress=False)
        assert_same_parameters(net, other, "float64")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (pybp.Adam(lr=0.02), pybp.Adam(lr=0.02, amsgrad=True)),
        (pybp.RMSprop(lr=0.02, momentum=0.5), pybp.RMSprop(lr=0.02, centered=True)),
        (pybp.SGD(lr=0.02, momentum=0.5), pybp.SGD(lr=0.02)),
    ],
    ids=repr,
)
def test_other_states_start_anew(before, after):
    """A parameter that adds or removes a state resets the optimizer, even of the same class."""
    net, _ = make([4, 7, 3], "tanh", "softmax", "float64")
    X, y = data(50, 4, 3, "cross_entropy", "float64")
    net.fit(X, y, optimizer=before, epochs=2, progress=False)
    fresh = net.copy()
    fresh.reset_optimizer()
    for one in (net, fresh):
        one.fit(X, y, optimizer=after, epochs=2, progress=False)
    assert_same_weights(net, fresh)


def test_train_step_is_an_epoch_of_one_batch():
    net, other = make([4, 7, 3], "tanh", "sigmoid", "float64")
    X, y = data(20, 4, 3, "binary_cross_entropy", "float64")
    for _ in range(5):
        wanted = other.train(
            X, y, "binary_cross_entropy", Update(OPTIMIZERS["adam"](), 0.01), shuffle=False
        )
        found = net.train_step(X, y, loss="binary_cross_entropy", optimizer=spec("adam", 0.01))
        assert found == pytest.approx(wanted[0], rel=1e-10)
    assert_same_parameters(net, other, "float64")


# ---- the core's optimizers against PyTorch's ----


def leave_gradients(net, dW, db):
    """Make a 2 x 2 net of identities hold exactly these gradients: dW = slope' X, db = its sums."""
    e, nothing = np.eye(2), np.zeros((1, 2))
    X = np.stack([e[0], -e[0], e[1], -e[1], nothing[0]])
    # Rows in pairs of opposite sign: their sum is exactly 0, so that db is left to the last row.
    slope = np.stack([dW[:, 0] / 2, -dW[:, 0] / 2, dW[:, 1] / 2, -dW[:, 1] / 2, db])
    net.forward(X)
    net.backward(slope)
    assert (net.gradients[0][0] == dW).all()
    assert (net.gradients[0][1] == db).all()


@pytest.mark.parametrize("name", CASES)
def test_optimizers_follow_pytorch(name):
    stored = np.load(TRAJECTORIES / "optimizers.npz")
    parameters, gradients = stored[f"{name}/parameters"], stored[f"{name}/gradients"]
    case = CASES[name]
    net = MLP([2, 2], output="identity", dtype="float64", seed=0)
    net.weights, net.biases = [parameters[0, :4].reshape(2, 2)], [parameters[0, 4:]]
    rates = case["lr"] if isinstance(case["lr"], list) else [case["lr"]] * len(gradients)
    for g, lr, wanted in zip(gradients, rates, parameters[1:], strict=True):
        leave_gradients(net, g[:4].reshape(2, 2), g[4:])
        net.step(spec(case["optimizer"], lr, case["params"], **case["common"]))
        found = np.concatenate([net.weights[0].ravel(), net.biases[0]])
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-13)
