"""The oracle itself: against PyTorch's stored results, central differences, and what theory says."""

import numpy as np
import pytest

from oracle import ACTIVATIONS, INITIALIZERS, LOSSES, OPTIMIZERS, Net, registry
from oracle.initializers import initial_weights
from oracle.losses import loss_of, one_hot
from oracle.net import Layer, Pass, Update
from oracle.optimizers import clip_norm, clip_value
from oracle.random import permutation
from project import TRAJECTORIES
from trajectories.cases import CASES, LOSS_CASES, LOSS_OUTPUT, targets_for

each_triple = pytest.mark.parametrize(("hidden", "output", "loss"), registry.triples())


@pytest.fixture(scope="module")
def torch_steps():
    return np.load(TRAJECTORIES / "optimizers.npz")


@pytest.fixture(scope="module")
def torch_gradients():
    return np.load(TRAJECTORIES / "gradients.npz")


# ---- against PyTorch ----


def update_of(case, step):
    """The oracle's Update for one step of a stored case."""
    lr = case["lr"][step] if isinstance(case["lr"], list) else case["lr"]
    return Update(OPTIMIZERS[case["optimizer"]](**case["params"]), lr, **case["common"])


@pytest.mark.parametrize("name", CASES)
def test_optimizers_follow_pytorch(name, torch_steps):
    parameters, gradients = torch_steps[f"{name}/parameters"], torch_steps[f"{name}/gradients"]
    assert len(gradients) >= 50
    net = Net([Layer(parameters[0, :4].reshape(2, 2), parameters[0, 4:])])
    unused = np.zeros((1, 2))
    for step, g in enumerate(gradients):
        found = Pass(unused, unused, unused, dW=g[:4].reshape(2, 2), db=g[4:])
        net.step([found], update_of(CASES[name], step))
        moved = np.concatenate([net.layers[0].W.ravel(), net.layers[0].b])
        np.testing.assert_allclose(moved, parameters[step + 1], rtol=1e-10, atol=1e-14)


@each_triple
def test_gradients_are_those_of_pytorch(hidden, output, loss, torch_gradients):
    name = f"{hidden}/{output}/{loss}"
    assert name in torch_gradients, f"run make_trajectories.py: it has no gradients of {name}"
    y = targets_for(loss, torch_gradients["y"])
    np.testing.assert_allclose(
        flat_gradients(torch_gradients, hidden, output, loss, y), torch_gradients[name], **CLOSE
    )


@pytest.mark.parametrize("name", LOSS_CASES)
def test_losses_with_parameters_are_those_of_pytorch(name, torch_gradients):
    case = LOSS_CASES[name]
    y = targets_for(case["loss"], torch_gradients["y"], case.get("columns"))
    y = y.argmax(1) if case.get("labels") else y
    output = LOSS_OUTPUT.get(case["loss"], "identity")
    loss = loss_of(case["loss"], **case["params"])
    found = flat_gradients(torch_gradients, "tanh", output, loss, y)
    np.testing.assert_allclose(found, torch_gradients[f"tanh/{output}/{name}"], **CLOSE)


CLOSE = {"rtol": 1e-10, "atol": 1e-15}


def flat_gradients(t, hidden, output, loss, y):
    """Loss and gradients of the stored net, in the order of the stored ones."""
    net = Net([Layer(t["W1"], t["b1"], hidden), Layer(t["W2"], t["b2"], output)])
    first, second = net.backward(t["X"], y, loss, t["weights"])
    value = net.loss(t["X"], y, loss, t["weights"])
    found = [[value], first.dW, first.db, second.dW, second.db, first.back]
    return np.concatenate([np.ravel(x) for x in found])


# ---- against central differences ----


def numerical(f, x, h=1e-5):
    """df/dx by central differences of fourth order, x changed in place and restored."""
    slope = np.empty_like(x)
    for i in np.ndindex(x.shape):
        old, values = x[i], []
        for k in (2, 1, -1, -2):
            x[i] = old + k * h
            values.append(f())
        x[i] = old
        slope[i] = (-values[0] + 8 * values[1] - 8 * values[2] + values[3]) / (12 * h)
    return slope


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@each_triple
def test_gradients_are_the_slopes_of_the_loss(hidden, output, loss, reduction):
    rng = np.random.default_rng(3)
    net = Net.create([3, 4, 2], [hidden, output], seed=1)
    for layer in net.layers:  # away from 0, where relu of a dead layer has its kink
        layer.b = rng.normal(size=layer.b.shape)
    X, w = rng.normal(size=(6, 3)), rng.uniform(size=6)
    y = targets_for(loss, rng.uniform(size=(6, 2)))

    def value():
        return net.loss(X, y, loss, w, reduction)

    passes = net.backward(X, y, loss, w, reduction)
    for layer, p in zip(net.layers, passes, strict=True):
        np.testing.assert_allclose(p.dW, numerical(value, layer.W), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(p.db, numerical(value, layer.b), rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(passes[0].back, numerical(value, X), rtol=1e-7, atol=1e-9)


def test_the_textbook_example():
    """Sigmoid with L = 1/2 sum (y - a)^2: delta = (a - y) a (1 - a), dW = delta a', db = delta."""
    net = Net([Layer(np.array([[0.5, -1.0]]), np.array([0.25]), "sigmoid")])
    x, y = np.array([[1.0, 2.0]]), np.array([[1.0]])
    (p,) = net.backward(x, y, "squared_error", reduction="sum")
    a = 1 / (1 + np.exp(1.25))
    delta = (a - 1) * a * (1 - a)
    np.testing.assert_allclose(p.a, [[a]], rtol=1e-15)
    np.testing.assert_allclose(p.delta, [[delta]], rtol=1e-14)
    np.testing.assert_allclose(p.dW, [[delta, 2 * delta]], rtol=1e-14)
    np.testing.assert_allclose(p.db, [delta], rtol=1e-14)
    np.testing.assert_allclose(p.back, [[0.5 * delta, -delta]], rtol=1e-14)


# ---- activations and losses at their limits ----


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations_are_finite_and_quiet_far_out(name):
    z = np.array([[-1e4, -50.0, 0.0], [50.0, 1e4, 1e4], [-1e4, -1e4, -1e4]])
    assert np.isfinite(ACTIVATIONS[name].f(z)).all()


def test_softmax_sums_to_one_and_ignores_a_shift():
    z = np.random.default_rng(0).normal(size=(20, 7)) * 30
    a = ACTIVATIONS["softmax"].f(z)
    np.testing.assert_allclose(a.sum(axis=1), 1.0, rtol=1e-14)
    np.testing.assert_allclose(ACTIVATIONS["softmax"].f(z + 500.0), a, rtol=1e-11)


@pytest.mark.parametrize("name", LOSS_CASES)
def test_losses_with_parameters_have_their_slopes(name):
    case = LOSS_CASES[name]
    output = LOSS_OUTPUT.get(case["loss"], "identity")
    loss = loss_of(case["loss"], **case["params"])
    rng = np.random.default_rng(3)
    y = targets_for(case["loss"], rng.uniform(size=(6, 3)), case.get("columns"))
    z = rng.normal(size=(6, 3))

    def value():
        return loss.rows(z, ACTIVATIONS[output].f(z), y).sum()

    slope = loss.slope(ACTIVATIONS[output].f(z), y)
    np.testing.assert_allclose(slope, numerical(value, z), rtol=1e-7, atol=1e-9)


def test_smoothing_leaves_probabilities():
    y = one_hot(np.array([2, 0]), 3)
    z = np.zeros((2, 3))
    smooth = 0.7 * y + 0.1
    found = loss_of("cross_entropy", label_smoothing=0.3).rows(z, ACTIVATIONS["softmax"].f(z), y)
    np.testing.assert_allclose(found, -(smooth * np.log(1 / 3)).sum(axis=1))


def test_a_quantile_is_where_the_pinball_loss_is_least():
    y = np.random.default_rng(0).exponential(size=(1001, 1))
    grid = np.linspace(0, 4, 401)
    for q in (0.1, 0.5, 0.9):
        rows = loss_of("quantile", q=q).rows
        losses = [rows(None, np.full_like(y, x), y).mean() for x in grid]
        assert abs(grid[np.argmin(losses)] - np.quantile(y, q)) < 0.02


@pytest.mark.parametrize("loss", ["cross_entropy", "binary_cross_entropy"])
def test_logarithmic_losses_survive_a_probability_of_zero(loss):
    output = LOSSES[loss].links.lower()
    z, y = np.array([[2000.0, -2000.0]]), np.array([[0.0, 1.0]])
    a = ACTIVATIONS[output].f(z)
    assert a[0, 1] == 0.0
    wanted = 4000.0 if loss == "cross_entropy" else (2000.0 + 2000.0) / 2
    np.testing.assert_allclose(LOSSES[loss].rows(z, a, y), wanted)
    assert LOSSES[loss].rows(-z, ACTIVATIONS[output].f(-z), y)[0] == 0.0


def test_losses_of_two_outputs():
    z = np.log(np.array([[1.0, 3.0]]))
    a, y = ACTIVATIONS["softmax"].f(z), np.array([[0.0, 1.0]])
    np.testing.assert_allclose(a, [[0.25, 0.75]])
    assert LOSSES["squared_error"].rows(z, a, y)[0] == pytest.approx((0.0625 + 0.0625) / 2)
    assert LOSSES["mse"].rows(z, a, y)[0] == pytest.approx((0.0625 + 0.0625) / 2)
    assert LOSSES["cross_entropy"].rows(z, a, y)[0] == pytest.approx(-np.log(0.75))
    a = ACTIVATIONS["sigmoid"].f(z)  # 1/2 and 3/4
    expected = -(np.log(0.5) + np.log(0.75)) / 2
    assert LOSSES["binary_cross_entropy"].rows(z, a, y)[0] == pytest.approx(expected)


# ---- initial weights ----


@pytest.mark.parametrize("row", registry.rows("initializers"), ids=lambda row: row.name)
def test_initial_weights_have_the_registered_distribution(row):
    n_out, n_in = 150, 250
    w = initial_weights(row.name, n_out, n_in, seed=11, layer=2, value=0.5)
    fan = n_in if row.columns["fan"] == "IN" else (n_in + n_out) / 2
    variance = float(row.columns["scale"]) / fan
    if row.columns["fan"] == "VALUE":
        variance = 0.5**2 / (3 if row.columns["distribution"] == "UNIFORM" else 1)
    if row.columns["distribution"] == "UNIFORM":
        limit = np.sqrt(3 * variance)
        assert 0.999 * limit < np.abs(w).max() < limit
        assert np.histogram(w, bins=4, range=(-limit, limit))[0].min() > 0.24 * w.size
    elif row.columns["distribution"] == "NORMAL":
        fraction = np.mean(np.abs(w) < np.sqrt(variance))
        assert fraction == pytest.approx(0.6827, abs=0.01)
    elif row.columns["distribution"] == "TRUNCATED":
        assert 0.999 < np.abs(w).max() < 1.0
        variance *= 0.7737  # 1 - 4 phi(2) / (P(2) - P(-2))
    elif row.columns["distribution"] == "ORTHOGONAL":
        np.testing.assert_allclose(w @ w.T, 0.25 * np.eye(n_out), atol=1e-14)
        variance = 0.25 / n_in
    elif row.columns["distribution"] == "CONSTANT":
        assert (w == (0.0 if row.name == "zeros" else 0.5)).all()
        return
    else:
        assert row.columns["distribution"] == "AUTO"
        return
    assert w.var() == pytest.approx(variance, rel=0.03)
    assert abs(w.mean()) < 4 * np.sqrt(variance / w.size)


@pytest.mark.parametrize("row", registry.rows("activations"), ids=lambda row: row.name)
def test_auto_is_the_initialiser_of_the_activation(row):
    where = {"seed": 2, "layer": 1, "activation": row.name}
    named = initial_weights(row.columns["initializer"].lower(), 4, 5, **where)
    assert (initial_weights("auto", 4, 5, **where) == named).all()
    assert row.columns["initializer"].lower() in INITIALIZERS


# ---- clipping ----


def test_clip_norm_bounds_the_global_norm_and_keeps_the_direction():
    g = [np.array([[3.0, 0.0], [0.0, 0.0]]), np.array([0.0, 4.0])]
    clipped = clip_norm(g, 1.0)
    np.testing.assert_allclose(clipped[0][0, 0], 0.6, rtol=1e-6)
    np.testing.assert_allclose(clipped[1], [0.0, 0.8], rtol=1e-6)
    for before, after in zip(g, clip_norm(g, 5.1), strict=True):
        assert (before == after).all()


def test_clip_value_cuts_each_element():
    (clipped,) = clip_value([np.array([-3.0, -0.5, 0.0, 0.5, 3.0])], 1.0)
    assert clipped.tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]


# ---- the training loop ----


def problem(n=20, seed=5):
    """Inputs and class indices of three classes."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), rng.integers(0, 3, size=n)


def trained(**options):
    """Weights of a small net after some epochs; options of Net.train."""
    X, y = options.pop("data", problem())
    net = Net.create([3, 5, 3], ["tanh", "softmax"], seed=9)
    update = options.pop("update", Update(OPTIMIZERS["sgd"](momentum=0.9), 0.1))
    history = net.train(X, y, "cross_entropy", update, **{"batch_size": 6, **options})
    return history, np.concatenate([layer.W.ravel() for layer in net.layers])


def test_training_lowers_the_loss():
    history, _ = trained(epochs=100)
    assert history[-1] < 0.5 * history[0]


def test_a_weight_of_two_is_the_row_twice():
    X, y = problem()
    w = np.ones(len(X))
    w[-4:] = 2.0
    twice = (np.concatenate([X, X[-4:]]), np.concatenate([y, y[-4:]]))
    weighted = trained(weights=w, batch_size=100, epochs=3)
    doubled = trained(data=twice, batch_size=100, epochs=3, shuffle=False)
    np.testing.assert_allclose(weighted[0], doubled[0], rtol=1e-12)
    np.testing.assert_allclose(weighted[1], doubled[1], rtol=1e-12)


@pytest.mark.parametrize("name", ["sgd", "adam"])
def test_rows_without_weight_and_batches_without_weight_change_nothing(name):
    X, y = problem()
    update = Update(OPTIMIZERS[name](weight_decay=0.1), 0.1)
    w = np.ones(len(X))
    w[6:12] = 0.0  # the second batch of six
    left = np.flatnonzero(w)
    options = {"update": update, "shuffle": False, "epochs": 3}
    skipped = trained(weights=w, **options)
    without = trained(data=(X[left], y[left]), **options)
    np.testing.assert_allclose(skipped[0], without[0], rtol=1e-12)
    np.testing.assert_allclose(skipped[1], without[1], rtol=1e-12)


def test_a_sum_is_the_mean_times_the_number_of_rows():
    mean = trained(batch_size=5)
    update = Update(OPTIMIZERS["sgd"](momentum=0.9), 0.1 / 5)
    total = trained(batch_size=5, reduction="sum", update=update)
    np.testing.assert_allclose(total[0], 20 * np.array(mean[0]), rtol=1e-12)
    np.testing.assert_allclose(total[1], mean[1], rtol=1e-12)


def test_two_epochs_are_one_and_one():
    X, y = problem()
    nets = [Net.create([3, 5, 3], ["tanh", "softmax"], seed=9) for _ in range(2)]
    update = Update(OPTIMIZERS["adam"](), 0.1)
    nets[0].train(X, y, "cross_entropy", update, epochs=2, batch_size=6)
    for _ in range(2):
        nets[1].train(X, y, "cross_entropy", update, epochs=1, batch_size=6)
    for a, b in zip(nets[0].layers, nets[1].layers, strict=True):
        assert (a.W == b.W).all()


def test_labels_are_one_hot_rows():
    X, y = problem()
    labels, rows = trained(data=(X, y)), trained(data=(X, one_hot(y, 3)))
    assert labels[0] == rows[0]
    assert (labels[1] == rows[1]).all()


def test_each_epoch_visits_the_rows_in_its_own_order():
    X, y = problem()
    net = Net.create([3, 5, 3], ["tanh", "softmax"], seed=9)
    update = Update(OPTIMIZERS["sgd"](momentum=0.9), 0.1)
    for epoch in range(3):
        order = permutation(9, epoch, len(X))
        net.train(X[order], y[order], "cross_entropy", update, batch_size=6, shuffle=False)
    expected = np.concatenate([layer.W.ravel() for layer in net.layers])
    assert (trained(epochs=3)[1] == expected).all()
