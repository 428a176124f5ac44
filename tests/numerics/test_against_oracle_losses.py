"""The losses of pybp against the oracle and PyTorch's stored results, with each output activation."""

import numpy as np
import pytest

from pybp import MLP

from against_oracle import (
    PAIRS,
    TOLERANCE,
    assert_same_parameters,
    both_dtypes,
    close,
    data,
    each_pair,
    loss_spec,
    make,
    spec,
)
from oracle import LOSSES, OPTIMIZERS, registry
from oracle.losses import loss_of, one_hot
from oracle.net import Update
from project import TRAJECTORIES
from registered import CLASSES
from trajectories.cases import LOSS_CASES, LOSS_OUTPUT, targets_for

LINKS = {row.name: row.columns["links"] for row in registry.rows("losses")}


@both_dtypes
@each_pair
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_losses(output, loss, reduction, weighted, dtype):
    net, other = make([3, 8, 5], "tanh", output, dtype)
    X, y = data(300, 3, 5, loss, dtype)
    w = np.random.default_rng(2).uniform(size=300) * 3 if weighted else None
    found = net.evaluate(X, y, loss=loss_spec(loss, reduction), sample_weight=w)["loss"]
    wanted = other.loss(X, y, loss, w, reduction)
    assert found == pytest.approx(wanted, rel=TOLERANCE[dtype]["rtol"])


@both_dtypes
def test_losses_far_out(dtype):
    """Outputs that saturate: the logarithmic losses stay exact, and so do their deltas."""
    for output, loss in PAIRS:
        net, other = make([2, 3], "identity", output, dtype)
        X, y = data(6, 2, 3, loss, dtype)
        X *= 5 if loss == "poisson" else 200  # exp(a) must stay finite
        y = one_hot(y.argmax(axis=1), 3)
        wanted = other.backward(X, y, loss)[-1].delta
        found = net.trace(X, y, loss=loss)
        assert found.loss == pytest.approx(other.loss(X, y, loss), rel=TOLERANCE[dtype]["rtol"])
        close(found.layers[-1].delta, wanted, dtype, err_msg=f"{output}, {loss}")


@both_dtypes
@pytest.mark.parametrize("name", LOSS_CASES)
def test_losses_with_parameters(name, dtype):
    """More outputs than a panel has, and rows in several blocks; weighted."""
    case = LOSS_CASES[name]
    rng = np.random.default_rng(5)
    X = rng.normal(size=(50, 4)).astype(dtype)
    y = targets_for(case["loss"], rng.uniform(size=(50, 21)).astype(dtype))
    params = dict(case["params"])
    if case.get("columns"):
        y = y[:, :7]  # 3 quantiles of 7 targets
    if name == "pos_weights":
        params["pos_weight"] = tuple(rng.uniform(0.1, 5, size=21).tolist())
    y = y.argmax(axis=1) if case.get("labels") else y
    w = rng.uniform(size=50)
    net, other = make([4, 7, 21], "tanh", LOSS_OUTPUT.get(case["loss"], "identity"), dtype)
    ours, theirs = (
        CLASSES["losses"][case["loss"]](**params),
        loss_of(case["loss"], **params),
    )
    found = net.trace(X, y, loss=ours, sample_weight=w)
    assert found.loss == pytest.approx(other.loss(X, y, theirs, w), rel=TOLERANCE[dtype]["rtol"])
    for layer, p in zip(found.layers, other.backward(X, y, theirs, w), strict=True):
        for part in ("delta", "dW", "db", "back"):
            close(getattr(layer, part), getattr(p, part), dtype, err_msg=part)
    update = Update(OPTIMIZERS["adam"](), 0.01)
    wanted = other.train(X, y, theirs, update, epochs=2, batch_size=16, weights=w)
    history = net.fit(
        X, y, loss=ours, optimizer=spec("adam", 0.01), sample_weight=w, epochs=2, batch_size=16
    )
    assert history.history["loss"] == pytest.approx(wanted, rel=TOLERANCE[dtype]["rtol"])
    assert_same_parameters(net, other, dtype)


@pytest.mark.parametrize("name", [*LOSS_CASES, *(f"{o}/{loss}" for o, loss in PAIRS)])
def test_gradients_are_those_of_pytorch(name):
    """The core against PyTorch's stored results, without the oracle in between."""
    t = np.load(TRAJECTORIES / "gradients.npz")
    output, _, loss = name.rpartition("/")
    case = LOSS_CASES.get(loss, {"loss": loss, "params": {}})
    output = output or LOSS_OUTPUT.get(case["loss"], "identity")
    y = targets_for(case["loss"], t["y"], case.get("columns"))
    y = y.argmax(1) if case.get("labels") else y
    net = MLP([3, 4, 3], activation="tanh", output=output, dtype="float64", seed=0)
    net.weights, net.biases = [t["W1"], t["W2"]], [t["b1"], t["b2"]]
    ours = CLASSES["losses"][case["loss"]](**case["params"])
    found = net.trace(t["X"], y, loss=ours, sample_weight=t["weights"])
    first, second = found.layers
    parts = [[found.loss], first.dW, first.db, second.dW, second.db, first.back]
    flat = np.concatenate([np.ravel(x) for x in parts])
    np.testing.assert_allclose(flat, t[f"tanh/{output}/{loss}"], rtol=1e-10, atol=1e-14)


@both_dtypes
def test_targets_as_indices_rows_and_probabilities(dtype):
    rng = np.random.default_rng(4)
    X, labels = rng.normal(size=(40, 3)).astype(dtype), rng.integers(0, 4, size=40)
    rows = one_hot(labels, 4)
    soft = 0.9 * rows + 0.1 / 4
    for y in (labels, labels.astype(np.int32), rows, soft):
        net, other = make([3, 6, 4], "tanh", "softmax", dtype)
        wanted = other.train(
            X,
            y.astype(dtype) if y.ndim == 2 else y,
            "cross_entropy",
            Update(OPTIMIZERS["sgd"](), 0.1),
        )
        history = net.fit(X, y, optimizer=spec("sgd", 0.1), epochs=1, progress=False)
        assert history.history["loss"] == pytest.approx(wanted, rel=TOLERANCE[dtype]["rtol"])
        assert_same_parameters(net, other, dtype)


@pytest.mark.parametrize("loss", [name for name in LINKS if LINKS[name] == "ANY"])
def test_a_loss_written_in_python(loss):
    net, other = make([4, 7, 3], "tanh", "softmax", "float64")
    X, y = data(50, 4, 3, loss, "float64")

    def function(y_true, y_pred):
        return LOSSES[loss].rows(None, y_pred, y_true), LOSSES[loss].slope(y_pred, y_true)

    w = np.random.default_rng(8).uniform(size=50)
    options = {"epochs": 3, "batch_size": 16}
    wanted = other.train(X, y, loss, Update(OPTIMIZERS["adam"](), 0.01), weights=w, **options)
    ours = spec("adam", 0.01)
    history = net.fit(
        X, y, loss=function, optimizer=ours, sample_weight=w, progress=False, **options
    )
    assert history.history["loss"] == pytest.approx(wanted, rel=1e-10)
    assert_same_parameters(net, other, "float64")


@each_pair
def test_reduction_by_sum(output, loss):
    net, other = make([4, 7, 3], "tanh", output, "float64")
    X, y = data(50, 4, 3, loss, "float64")
    w = np.random.default_rng(8).uniform(size=50)
    wanted = other.train(
        X, y, loss, Update(OPTIMIZERS["sgd"](), 0.01), epochs=2, weights=w, reduction="sum"
    )
    history = net.fit(
        X,
        y,
        loss=loss_spec(loss, "sum"),
        optimizer=spec("sgd", 0.01),
        epochs=2,
        sample_weight=w,
        progress=False,
    )
    assert history.history["loss"] == pytest.approx(wanted, rel=1e-10)
    assert_same_parameters(net, other, "float64")
