"""Options of layers: penalties, learning rate factors, max_norm, trainable, NTK."""

import dataclasses
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import pybp
from pybp import MLP, Dense, Scale
from pybp.optimizers import LBFGS

from layer_nets import OPTIONS
from layer_twin import twin
from nets import assert_same_weights, mse
from oracle import OPTIMIZERS
from oracle.net import Update
from oracle.random import WEIGHTS, normal_quantile, uniform, words
from registered import CLASSES, DECAYING

TOLERANCE = {
    "float64": {"rtol": 1e-9, "atol": 1e-12},
    "float32": {"rtol": 2e-4, "atol": 2e-6},
}


def with_twin(options, place=1, dtype="float64", sizes=(4, 7, 6, 3), seed=3):
    """A net whose layer `place` has the options, its biases not 0, and the oracle's net."""
    layers = [Dense(n, "tanh") for n in sizes[1:-1]] + [Dense(sizes[-1])]
    layers[place] = dataclasses.replace(layers[place], **options)
    net = MLP([sizes[0], *layers], dtype=dtype, seed=seed)
    rng = np.random.default_rng(seed)
    net.biases = [rng.normal(size=b.shape) / 3 for b in net.biases]
    return net, twin(net, [sizes[0], *layers])


def make(options, **more):
    """Such a net alone."""
    return with_twin(options, **more)[0]


def data(rows, net, seed=0):
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(rows, net.n_in)).astype(net.dtype)
    return X, rng.normal(size=(rows, net.n_out)).astype(net.dtype)


def assert_same(net, other, **tolerance):
    """The net against its twin, whose W is not scaled."""
    for W, b, layer in zip(net.weights, net.biases, other.layers, strict=True):
        np.testing.assert_allclose(W, layer.W * layer.scale, **tolerance)
        np.testing.assert_allclose(b, layer.b, **tolerance)


def optimizer(name, lr, **common):
    return CLASSES["optimizers"][name](lr=lr, **common)


# ---- against the oracle ----


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("place", [0, 1, 2])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_training(options, place, dtype):
    net, other = with_twin(options, place, dtype)
    X, y = data(50, net)
    wanted = other.train(X, y, "mse", Update(OPTIMIZERS["adam"](), 0.01), epochs=3, batch_size=16)
    history = net.fit(X, y, optimizer=optimizer("adam", 0.01), epochs=3, batch_size=16)
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(history.history["loss"], wanted, rtol=tolerance["rtol"])
    assert_same(net, other, **tolerance)
    found = net.evaluate(X, y)["loss"]
    np.testing.assert_allclose(found, other.loss(X, y, "mse"), rtol=tolerance["rtol"])


@pytest.mark.parametrize(
    ("name", "decay"),
    [*((name, 0.0) for name in CLASSES["optimizers"]), *((name, 0.1) for name in DECAYING)],
)
def test_ntk_with_every_optimizer(name, decay):
    """Without computing x W / sqrt(n_in), pybp gets its result, with weight decay too."""
    net, other = with_twin({"parametrization": "ntk", "init": "normal", "lr_factor": 2.0})
    X, y = data(50, net)
    given = {"weight_decay": decay} if decay else {}
    rule = OPTIMIZERS[name](**given)
    other.train(X, y, "mse", Update(rule, 0.02, no_bias_decay=True), epochs=3, batch_size=16)
    ours = optimizer(name, 0.02, decay_bias=False, **given)
    net.fit(X, y, optimizer=ours, epochs=3, batch_size=16)
    assert_same(net, other, **TOLERANCE["float64"])


@pytest.mark.parametrize("common", [{"clip_norm": 0.05}, {"clip_value": 0.02}], ids=str)
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_clipping_sees_the_whole_gradient(options, common):
    net, other = with_twin(options)
    X, y = data(50, net)
    other.train(X, y, "mse", Update(OPTIMIZERS["sgd"](), 0.1, **common), epochs=2)
    net.fit(X, y, optimizer=pybp.SGD(lr=0.1, **common), epochs=2)
    assert_same(net, other, **TOLERANCE["float64"])


@pytest.mark.parametrize("clip_norm", [None, 0.05])
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_manual_steps_and_accumulation(options, clip_norm):
    """Manual steps, accumulated minibatches and a loss in Python give the same weights."""
    net = make(options)
    X, y = data(32, net)
    manual, accumulated, custom = net.copy(), net.copy(), net.copy()
    ours = pybp.SGD(lr=0.1, momentum=0.5, clip_norm=clip_norm)
    for one, batch, together in ((net, 32, 1), (accumulated, 16, 2)):
        options = {"batch_size": batch, "accumulate": together}
        seen = one.fit(X, y, optimizer=ours, epochs=3, shuffle=False, **options)
    for _ in range(3):
        outputs = manual.forward(X)
        manual.backward(2 * (outputs - y) / y.size)
        manual.step(ours)

    history = custom.fit(X, y, loss=mse, optimizer=ours, epochs=3, batch_size=32, shuffle=False)
    assert history.history["loss"] == pytest.approx(seen.history["loss"], rel=1e-10)
    for other in (manual, accumulated, custom):
        assert_same_weights(net, other, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_sample_weights_and_reductions(reduction):
    net, other = with_twin({"l1": 0.02, "l2": 0.3})
    X, y = data(50, net)
    w = np.random.default_rng(5).uniform(size=50)
    update = Update(OPTIMIZERS["sgd"](), 0.005)
    options = {"epochs": 3, "batch_size": 16}
    wanted = other.train(X, y, "squared_error", update, weights=w, reduction=reduction, **options)
    loss = pybp.SquaredError(reduction=reduction)
    history = net.fit(X, y, loss=loss, optimizer=pybp.SGD(lr=0.005), sample_weight=w, **options)
    assert history.history["loss"] == pytest.approx(wanted, rel=1e-10)
    assert_same(net, other, **TOLERANCE["float64"])


# ---- gradients ----


@settings(max_examples=30, deadline=None, derandomize=True)
@given(
    options=st.sampled_from(OPTIONS),
    sizes=st.lists(st.integers(1, 20), min_size=3, max_size=5),
    place=st.integers(0, 3),
    rows=st.integers(1, 20),
    seed=st.integers(0, 2**32),
)
def test_gradients(options, sizes, place, rows, seed):
    net = make(options, place=place % (len(sizes) - 1), sizes=sizes, seed=seed)
    check = net.check_gradients(*data(rows, net), max_entries=20)
    assert check.ok, check


def test_a_wrong_penalty_gradient_is_found():
    """Where the penalty is all there is, central differences are its derivative."""
    net = make({"l1": 0.1, "l2": 0.5}, place=0)
    X = np.zeros((3, 4))
    net.weights = [net.weights[0], *(np.zeros_like(W) for W in net.weights[1:])]
    core = net._net
    core.forward(X, False, np.empty((3, 3)), 0)
    core.backward(np.zeros((3, 3)), None, 0)
    flat = core.get_flat("loss_gradient", np.empty(net.n_parameters))
    W = net.weights[0]
    np.testing.assert_allclose(flat[: W.size], (0.1 * np.sign(W) + 0.5 * W).ravel(), rtol=1e-14)
    assert not flat[W.size :].any()
    assert not core.get_flat("gradient", np.empty(net.n_parameters)).any()


def test_manual_gradients_are_those_of_the_loss_alone():
    net, plain = make({"l1": 1.0, "l2": 1.0}), make({})
    X, y = data(20, net)
    for one in (net, plain):
        one.forward(X)
        one.backward(y)
    for (dW, db), (wanted, wanted_b) in zip(net.gradients, plain.gradients, strict=True):
        assert np.array_equal(dW, wanted)
        assert np.array_equal(db, wanted_b)


# ---- what they mean ----


def test_penalty():
    net = MLP([4, Dense(7, "tanh", l1=0.1, l2=0.2), Dense(3, l2=0.5)], dtype="float64", seed=0)
    W1, W2 = net.weights
    wanted = 0.1 * np.abs(W1).sum() + 0.1 * (W1**2).sum() + 0.25 * (W2**2).sum()
    assert net.penalty == pytest.approx(wanted, rel=1e-14)
    X, y = data(9, net)
    plain = MLP([4, Dense(7, "tanh"), 3], dtype="float64", seed=0)
    plain.weights = net.weights
    difference = net.evaluate(X, y)["loss"] - plain.evaluate(X, y)["loss"]
    assert difference == pytest.approx(wanted, rel=1e-12)
    assert net.trace(X, y).loss == pytest.approx(net.evaluate(X, y)["loss"], rel=1e-14)
    assert plain.penalty == 0


def test_a_penalty_shrinks_weights():
    free, held = make({}), make({"l2": 10.0})
    X, y = data(50, free)
    for one in (free, held):
        one.fit(X, y, optimizer=pybp.SGD(lr=0.05), epochs=50)
    assert np.linalg.norm(held.weights[1]) < 0.1 * np.linalg.norm(free.weights[1])


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("n", [1, 3, 16, 33])
def test_max_norm(n, dtype):
    net = MLP([5, Dense(n, "relu", max_norm=0.25), 1], dtype=dtype, seed=1)
    X, y = data(40, net)
    before = net.weights[0]
    net.train_step(X, y, optimizer=pybp.SGD(lr=1e-6))
    norms = np.linalg.norm(net.weights[0].astype(np.float64), axis=1)
    assert (norms <= 0.25 * (1 + np.finfo(dtype).eps)).all()
    longer = np.linalg.norm(before, axis=1) > 0.26
    assert longer.any()
    directions = before[longer] / np.linalg.norm(before[longer], axis=1, keepdims=True)
    np.testing.assert_allclose(net.weights[0][longer] / 0.25, directions, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("name", CLASSES["optimizers"])
def test_a_frozen_layer_stays(name, threads):
    net = make({"trainable": False})
    W, b = net.weights[1], net.biases[1]
    X, y = data(700, net)
    for batch_size in (32, 600):
        ours = optimizer(name, 0.01, clip_norm=1.0)
        net.fit(X, y, optimizer=ours, epochs=1, batch_size=batch_size, threads=threads)
    assert np.array_equal(net.weights[1], W)
    assert np.array_equal(net.biases[1], b)
    states = [
        values
        for what, place, values in net.__getstate__()["arrays"]
        if "_state" in what and place == 1
    ]
    assert not any(values.any() for values in states)
    assert not np.array_equal(net.weights[0], make({}).weights[0])


def test_ntk_starts_at_the_scale_of_its_outputs():
    """Weights N(0, 1) in this parametrization leave outputs of variance 1, at any width."""
    net = MLP([2000, Dense(500, parametrization="ntk", init=pybp.initializers.Normal(1.0))], seed=0)
    plain = MLP([2000, Dense(500, init=pybp.initializers.Normal(1.0))], seed=0)
    np.testing.assert_allclose(net.weights[0] * 2000**0.5, plain.weights[0], rtol=1e-6)
    x = np.random.default_rng(0).normal(size=2000)
    assert net.predict(x).std() == pytest.approx(1.0, abs=0.1)


def test_scale_has_a_factor_and_can_be_frozen():
    X = np.random.default_rng(0).normal(size=(20, 3))
    moves = []
    for layer in (Scale(), Scale(lr_factor=6.0), Scale(trainable=False)):
        net = MLP([3, layer, Dense(2)], dtype="float64", seed=0)
        net.train_step(X, X[:, :2], optimizer=pybp.SGD(lr=0.01))
        moves.append(net.weights[0] - 1)
    np.testing.assert_allclose(moves[1], 6 * moves[0], rtol=1e-10)
    assert not moves[2].any()


def test_penalty_per_weight_is_the_alpha_of_scikit_learn():
    """With it, a step's loss is the mean plus alpha / 2 sum W^2 / (the rows' weight)."""
    net, other = make({"l2": 2.0}), make({"l2": 2.0 / 8.0})
    X, y = data(32, net)
    w = np.full(32, 0.25)
    for one, per_weight in ((net, True), (other, False)):
        history = one.fit(
            X,
            y,
            loss="mse",
            optimizer=pybp.SGD(lr=0.1),
            epochs=1,
            batch_size=32,
            shuffle=False,
            sample_weight=w,
            penalty_per_weight=per_weight,
        )
        expected = make({"l2": 0.25}).evaluate(X, y)["loss"]
        assert history.history["loss"][0] == pytest.approx(expected, rel=1e-12)
    assert_same_weights(net, other, rtol=1e-13)


# ---- the rest of a net's life ----


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_copies_and_pickles(options, same_state, tmp_path):
    net = make(options)
    X, y = data(40, net)
    net.fit(X, y, epochs=1)
    net.save(tmp_path / "net")
    others = [net.copy(), pickle.loads(pickle.dumps(net)), MLP.load(tmp_path / "net")]
    for one in (net, *others):
        one.fit(X, y, epochs=1)
    for other in others:
        assert same_state(net, other)
        assert other.layers == net.layers


def test_repr_and_summary():
    net = MLP([4, Dense(7, "relu", l1=0.01, trainable=False), Scale(lr_factor=6.0), 3], seed=1)
    assert "Dense(7, 'relu', l1=0.01, trainable=False)" in repr(net)
    assert "Scale(lr_factor=6.0)" in repr(net)
    names = {name: getattr(pybp, name) for name in ("MLP", "Dense", "Scale")}
    assert eval(repr(net), names).layers == net.layers
    assert "l1=0.01, trainable=False" in str(net.summary())
    assert "66 parameters, 35 of them not trained" in str(net.summary())
    assert ">training</th>" in net.summary()._repr_html_()
    assert "training" not in str(MLP([4, 3], seed=1).summary())


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_the_bits_do_not_depend_on_threads(threads, same_state):
    def fitted(number):
        options = {"l1": 0.01, "l2": 0.1, "max_norm": 0.5, "parametrization": "ntk"}
        net = make(options, place=1, dtype="float32", sizes=(33, 65, 70, 3))
        X, y = data(600, net)
        net.fit(X, y, epochs=2, batch_size=300, threads=number)
        return net

    assert same_state(fitted(1), fitted(threads))


def test_lbfgs_minimises_the_penalised_loss():
    """At the end, the gradient of what is not frozen is nearly 0."""
    pytest.importorskip("scipy")
    layers = [Dense(7, "tanh", trainable=False), Dense(6, "tanh", l2=0.1), Dense(3, l2=0.1)]
    net = MLP([4, *layers], dtype="float64", seed=3)
    X, y = data(30, net)
    frozen = net.weights[0]
    net.fit(X, y, optimizer=LBFGS(tol=1e-9, ftol=0.0), epochs=300)
    assert np.array_equal(net.weights[0], frozen)
    core = net._net
    core.forward(X, False, np.empty_like(y), 0)
    core.backward_loss(y, None, pybp.MSE().core, "mean", None, 0)
    flat = core.get_flat("loss_gradient", np.empty(net.n_parameters))
    n_frozen = net.layers[0].n_parameters
    assert np.abs(flat[:n_frozen]).max() > 1e-3
    assert np.abs(flat[n_frozen:]).max() < 1e-6


# ---- initial biases ----


@pytest.mark.parametrize("seed", [0, 2**64 - 1])
def test_biases_are_drawn_by_their_place(seed):
    layers = [Dense(7), Dense(40, bias_init=-0.5, bias_std=0.3, parametrization="ntk"), Dense(2)]
    net = MLP([4, *layers], dtype="float64", seed=seed)
    deviates = normal_quantile(uniform(words(seed, WEIGHTS, 1, 40, third=1)))
    np.testing.assert_allclose(net.biases[1], -0.5 + 0.3 * deviates, rtol=1e-13)
    assert not net.biases[0].any()
    assert not net.biases[2].any()
    weights = MLP([4, Dense(7), 40, 2], dtype="float64", seed=seed).weights[0]
    assert (net.weights[0] == weights).all()


def test_drawn_biases_are_kept(tmp_path):
    net = MLP([3, Dense(5, bias_std=2.0), 1], seed=1)
    net.save(tmp_path / "net")
    for again in (pickle.loads(pickle.dumps(net)), pybp.load(tmp_path / "net")):
        assert repr(again) == repr(net)
        assert (again.biases[0] == net.biases[0]).all()
    assert "Dense(5, bias_std=2.0)" in repr(net)
