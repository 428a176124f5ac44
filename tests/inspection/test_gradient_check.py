"""check_gradients: right gradients pass, wrong ones fail, kinks are skipped."""

import numpy as np
import pytest

from pybp import MLP, Dense, losses
from pybp.inspection import gradient_check

from oracle import registry
from registered import CLASSES, HIDDEN
from trajectories.cases import LOSS_CASES, LOSS_OUTPUT, targets_for

X = np.random.default_rng(0).normal(size=(12, 4))


def targets(loss="cross_entropy", columns=3):
    return targets_for(loss, np.random.default_rng(1).uniform(size=(12, columns)))


@pytest.mark.parametrize(("activation", "output", "loss"), registry.products())
def test_every_activation_with_every_loss(activation, output, loss):
    net = MLP([4, 6, 5, 3], activation=activation, output=output, seed=0)
    check = net.check_gradients(X, targets(loss), loss=loss)
    assert check.ok, check
    assert check.max_relative_error < 1e-6


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize("name", LOSS_CASES)
def test_every_activation_with_losses_with_parameters(activation, name):
    case = LOSS_CASES[name]
    loss = CLASSES["losses"][case["loss"]](**case["params"])
    output = LOSS_OUTPUT.get(case["loss"], "identity")
    net = MLP([4, 6, 5, 3], activation=activation, output=output, seed=0)
    y = targets(case["loss"], case.get("columns", 3))
    y = y.argmax(axis=1) if case.get("labels") else y
    check = net.check_gradients(X, y, loss=loss)
    assert check.ok, check
    assert check.max_relative_error < 1e-6


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_weights_and_reductions(reduction, rng):
    net = MLP([4, 6, 3], activation="tanh", output="softmax", seed=0)
    weights = rng.uniform(size=12)
    labels = rng.integers(3, size=12)
    loss = losses.CrossEntropy(reduction)
    assert net.check_gradients(X, labels, loss=loss, sample_weight=weights).ok


def test_functions_and_missing_biases():
    def quartic(y_true, y_pred):
        d = y_pred - y_true
        return (d**4).sum(axis=1), 4 * d**3

    def wrong(y_true, y_pred):
        values, gradient = quartic(y_true, y_pred)
        return values, 1.01 * gradient

    net = MLP([4, Dense(5, "tanh", bias=False), 3], seed=0)
    check = net.check_gradients(X, targets(), loss=quartic)
    assert check.ok, check
    assert [block.name for block in check.blocks] == [
        *("layer 1 W", "layer 2 W", "layer 2 b"),
        "input",
    ]
    assert not net.check_gradients(X, targets(), loss=wrong).ok


def test_the_net_stays_as_it_is(trained, blobs, unchanged):
    points, labels = blobs
    with unchanged(trained):
        assert trained.check_gradients(points[:9], labels[:9]).ok


def test_the_data_stays_as_it_is():
    given = X.copy()
    MLP([4, 3], dtype="float64", seed=0).check_gradients(given, targets())
    np.testing.assert_array_equal(given, X)


def injected(monkeypatch, change):
    """Make the analytic gradients wrong."""
    right = gradient_check.analytic_gradients

    def wrong(*arguments):
        value, gradients, dx = right(*arguments)
        change(gradients, dx)
        return value, gradients, dx

    monkeypatch.setattr(gradient_check, "analytic_gradients", wrong)


def flip_layer(gradients, dx):
    gradients[0] = -gradients[0][0], gradients[0][1]


def flip_bias(gradients, dx):
    gradients[1] = gradients[1][0], -gradients[1][1]


def flip_entry(gradients, dx):
    gradients[1][0][1, 2] *= -1


def flip_input(gradients, dx):
    dx *= -1


def transpose(gradients, dx):
    gradients[1] = gradients[1][0].T.copy(), gradients[1][1]


def scale(gradients, dx):
    gradients[0][0][...] *= 1.001


def forget(gradients, dx):
    gradients[0][0][...] = 0


def not_a_number(gradients, dx):
    gradients[0][0][0, 0] = np.nan


@pytest.mark.parametrize("activation", HIDDEN)
@pytest.mark.parametrize(
    "change",
    [
        *(flip_layer, flip_bias, flip_entry, flip_input),
        *(transpose, scale, forget, not_a_number),
    ],
)
def test_wrong_gradients_fail(monkeypatch, change, activation, rng):
    net = MLP([4, 5, 5], activation=activation, seed=0)
    y = rng.normal(size=(12, 5))
    assert net.check_gradients(X, y).ok
    injected(monkeypatch, change)
    check = net.check_gradients(X, y)
    assert not check.ok
    assert "FAILED" in str(check)


def test_a_kink_is_skipped():
    net = MLP([1, 200, 1], activation="relu", output="identity", dtype="float64", seed=0)
    net.biases = [np.zeros(200), np.zeros(1)]
    weights = [W.copy() for W in net.weights]
    weights[0][0] = 1e-6  # the first neuron turns on within the step
    weights[1][0] = 1.0
    net.weights = weights
    check = net.check_gradients([[1.0]], [2.0])
    first = check.blocks[0]
    assert (first.name, first.skipped) == ("layer 1 W", 1)
    assert check.skipped >= 1
    assert check.ok, check


def test_too_many_kinks_are_no_success():
    net = MLP([1, 4, 1], activation="relu", dtype="float64", seed=0)
    net.weights = [np.full((4, 1), 1e-6), np.ones((1, 4))]
    check = net.check_gradients([[1.0]], [2.0])
    assert check.skipped > 0.05 * check.checked
    assert not check.ok


def test_the_number_of_entries_is_bounded_and_seeded():
    net = MLP([4, 30, 3], activation="tanh", seed=0)
    y = targets()
    check = net.check_gradients(X, y, max_entries=7)
    assert [block.checked for block in check.blocks] == [7, 7, 7, 3, 7]
    assert check.checked == 31
    assert check == net.check_gradients(X, y, max_entries=7)
    assert check != net.check_gradients(X, y, max_entries=7, seed=1)


def test_it_prints_as_a_table():
    check = MLP([4, 3], seed=0).check_gradients(X, targets())
    first, header, *blocks = str(check).splitlines()
    assert first.startswith("Gradient check: ok, largest relative error ")
    assert header.split() == ["block", "checked", "skipped", "error", "at"]
    assert [line.split("  ")[1] for line in blocks] == ["layer 1 W", "layer 1 b", "input    "[:5]]
    assert repr(check) == str(check)


def test_as_html_and_frame(classifier, blobs):
    X, y = blobs
    check = classifier.check_gradients(X[:10], y[:10])
    html = check._repr_html_()
    assert html.count("<tr>") == len(check.blocks) + 1
    assert '<div class="pybp-good"><b>ok</b></div>' in html
    failed = type(check)(check.blocks, tolerance=0.0)
    assert '<div class="pybp-bad"><b>FAILED</b></div>' in failed._repr_html_()
    pytest.importorskip("pandas")
    frame = check.to_frame()
    assert frame["name"].tolist() == [block.name for block in check.blocks]
    assert frame["max_relative_error"].max() == check.max_relative_error
    assert frame["worst"].tolist() == [block.worst for block in check.blocks]
