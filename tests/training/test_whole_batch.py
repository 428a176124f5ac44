"""L-BFGS and Levenberg-Marquardt: scipy's iterations over the core's gradient and Jacobian."""

from itertools import pairwise

import numpy as np
import pytest

import pybp
from pybp import MLP
from pybp.callbacks import Callback
from pybp.datasets import load_digits
from pybp.errors import ArgumentError, DivergenceError, MissingExtraError
from pybp.losses import MSE, SquaredError
from pybp.optimizers import LBFGS, LevenbergMarquardt
from pybp.training.problem import TrainingProblem
from pybp.training.settings import TrainSettings

from nets import mse
from registered import SOLVERS

pytest.importorskip("scipy.optimize")

X = np.random.default_rng(0).normal(size=(90, 3))
LINE = X @ [[1.0, -2.0], [0.5, 0.0], [0.0, 3.0]] + [0.3, -0.1]
W = np.random.default_rng(1).integers(1, 4, size=90).astype("f8")
BOTH = [LBFGS(tol=1e-10, ftol=0.0), LevenbergMarquardt()]


def problem(net, y, loss, weights=None):
    data = net._reader(loss).rows(X, y, weights)
    return TrainingProblem(
        net._net, net.layers, data, TrainSettings(loss, pybp.SGD(), 32, False, 0)
    )


@pytest.mark.parametrize("solver", BOTH)
def test_a_line_is_found_exactly(solver):
    net = MLP([3, 2], dtype="float64", seed=0)
    history = net.fit(X, LINE, optimizer=solver, epochs=60)
    assert np.abs(net.weights[0].T - [[1, -2], [0.5, 0], [0, 3]]).max() < 1e-6
    assert np.abs(net.biases[0] - [0.3, -0.1]).max() < 1e-6
    assert history.history["loss"][-1] < 1e-12
    assert len(history) < 60
    assert history.message


@pytest.mark.parametrize("solver", BOTH)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_curve(solver, dtype):
    x = np.linspace(-3, 3, 80)[:, np.newaxis]
    net = MLP([1, 10, 1], activation="tanh", dtype=dtype, seed=1)
    history = net.fit(x, np.sin(2 * x), optimizer=solver, epochs=150)
    losses = history.history["loss"]
    assert losses[-1] < 0.02
    assert net.evaluate(x, np.sin(2 * x))["loss"] == pytest.approx(losses[-1], rel=1e-4, abs=1e-12)
    assert all(after <= before * 1.001 for before, after in pairwise(losses))


def test_digits_as_well_as_scikit_learn():
    neural = pytest.importorskip("sklearn.neural_network")
    images, labels = load_digits()
    images = images / images.max()
    train, test = slice(1200), slice(1200, None)
    net = MLP([64, 32, 10], activation="tanh", output="softmax", dtype="float64", seed=0)
    net.fit(images[train], labels[train], optimizer=LBFGS(max_iter=200))
    peer = neural.MLPClassifier(
        (32,), activation="tanh", solver="lbfgs", alpha=0, max_iter=200, random_state=0
    ).fit(images[train], labels[train])
    assert net.evaluate(images[train], labels[train])["loss"] < max(2 * peer.loss_, 1e-3)
    accuracy = net.evaluate(images[test], labels[test])["accuracy"]
    assert accuracy > peer.score(images[test], labels[test]) - 0.03


def test_digits():
    images, labels = load_digits()
    net = MLP([64, 16, 10], output="softmax", seed=0)
    history = net.fit(images / images.max(), labels, optimizer="lbfgs", epochs=100)
    assert history.history["accuracy"][-1] > 0.99


# ---- the gradient and the Jacobian -------------------------------------------------------------


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize("loss", [MSE(), SquaredError(), SquaredError(reduction="sum")], ids=repr)
def test_gradient_is_that_of_the_errors(loss, weights):
    """For half the sum of squares, J^T e is the gradient that backpropagation computes."""
    net = MLP([3, 7, 2], activation="tanh", dtype="float64", seed=0)
    function = problem(net, LINE, loss, weights)
    value, gradient = function.loss_and_gradient(function.start)
    errors, table = function.errors(function.start), function.jacobian(function.start)
    factor = 1.0 if loss.name == "mse" else 0.5
    assert value == pytest.approx(factor * errors @ errors, rel=1e-12)
    assert np.allclose(gradient, 2 * factor * table.T @ errors, rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
def test_jacobian_against_central_differences(output):
    net = MLP([3, 5, 2], activation="tanh", output=output, dtype="float64", seed=2)
    function = problem(net, LINE, MSE())
    table = function.jacobian(function.start)
    for place in range(0, function.start.size, 3):
        step = np.zeros_like(function.start)
        step[place] = 1e-6
        slope = (
            function.errors(function.start + step) - function.errors(function.start - step)
        ) / 2e-6
        assert np.allclose(table[:, place], slope, rtol=1e-6, atol=1e-9)


def test_gradient_does_not_depend_on_how_many_rows_are_at_work():
    net = MLP([3, 7, 2], activation="tanh", seed=0)
    x, y = np.tile(X, (50, 1)), np.tile(LINE, (50, 1))
    data = net._reader(MSE()).rows(x, y)
    gradients = []
    for size in (512, 2048, 10000):
        options = TrainSettings(MSE(), pybp.SGD(), 32, False, 2).gradient_options(size)
        net._net.gradient(options, data.X, data.y, None)
        gradients.append(net._net.get_flat("gradient", np.empty(net.n_parameters, "f4")).tobytes())
    assert len(set(gradients)) == 1


def test_custom_losses():
    nets = [MLP([3, 4, 2], activation="tanh", dtype="float64", seed=0) for _ in range(2)]
    histories = [
        net.fit(X, LINE, loss=chosen, optimizer="lbfgs", epochs=20)
        for net, chosen in zip(nets, (mse, "mse"), strict=True)
    ]
    assert np.allclose(histories[0].history["loss"], histories[1].history["loss"], rtol=1e-6)


def test_sparse_samples():
    sparse = pytest.importorskip("scipy.sparse")
    thin = X * (np.abs(X) > 0.5)
    for solver in BOTH:
        nets = [MLP([3, 4, 2], activation="tanh", dtype="float64", seed=0) for _ in range(2)]
        for net, given in zip(nets, (thin, sparse.csr_matrix(thin)), strict=True):
            net.fit(given, LINE, optimizer=solver, epochs=5)
        assert nets[0].weights[0].tobytes() == nets[1].weights[0].tobytes()


# ---- in fit --------------------------------------------------------------------------------------


class Watch(Callback):
    every = 1

    def __init__(self, last=None):
        self.last = last
        self.weights = {}
        self.steps = []

    def on_step_end(self, net, step, logs):
        self.steps.append(step)

    def on_epoch_end(self, net, epoch, logs):
        self.weights[epoch] = net.weights[0].copy()
        return epoch == self.last


@pytest.mark.parametrize("solver", BOTH)
def test_each_iteration_is_an_epoch(solver):
    net, watch = MLP([3, 5, 2], activation="tanh", seed=0), Watch()
    history = net.fit(
        X,
        LINE,
        optimizer=solver,
        epochs=4,
        callbacks=[watch],
        validation_data=(X, LINE, W),
        metrics=["mae"],
    )
    assert history.epochs == [1, 2, 3, 4]
    assert set(history.history) == {"loss", "mae", "val_loss", "val_mae"}
    assert (watch.weights[4] == net.weights[0]).all()
    assert (watch.weights[3] != net.weights[0]).any()
    assert net.epochs_done == 4
    assert watch.steps == [1, 2, 3, 4]


@pytest.mark.parametrize("solver", BOTH)
def test_a_callback_stops_it(solver):
    net, watch = MLP([3, 5, 2], activation="tanh", seed=0), Watch(last=2)
    history = net.fit(X, LINE, optimizer=solver, epochs=9, callbacks=[watch])
    assert len(history) == 2
    assert history.message == "a callback stopped training"
    assert (watch.weights[2] == net.weights[0]).all()


@pytest.mark.parametrize("solver", BOTH)
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_callback_that_raises_leaves_the_last_iteration(solver, error):
    class Failing(Watch):
        def on_epoch_end(self, net, epoch, logs):
            super().on_epoch_end(net, epoch, logs)
            if epoch == 2:
                raise error("no")

    net, watch = MLP([3, 5, 2], activation="tanh", seed=0), Failing()
    with pytest.raises(error):
        net.fit(X, LINE, optimizer=solver, epochs=9, callbacks=[watch])
    assert (watch.weights[2] == net.weights[0]).all()
    net.fit(X, LINE, epochs=1)


@pytest.mark.parametrize("name", SOLVERS)
def test_max_iter_and_names(name):
    kind = SOLVERS[name]
    for optimizer, count in ((kind(max_iter=3), 3), (kind, 2), (name, 2)):
        net = MLP([3, 5, 2], activation="tanh", seed=0)
        assert len(net.fit(X, LINE, optimizer=optimizer, epochs=2)) == count
    assert repr(kind(max_iter=3)) == f"{kind.__name__}(max_iter=3)"


def test_the_other_optimizers_start_anew_afterwards():
    net = MLP([3, 5, 2], seed=0)
    net.fit(X, LINE, epochs=2)
    net.fit(X, LINE, optimizer="lbfgs", epochs=2)
    assert net._net.get_progress()[1] == 0


# ---- what can be wrong -----------------------------------------------------------------------------

BAD = {
    "max_iter": (lambda: LBFGS(max_iter=0), ArgumentError, "max_iter must be a whole number >= 1"),
    "max_fun": (lambda: LBFGS(max_fun=1.5), TypeError, "max_fun must be a whole number"),
    "tol": (lambda: LBFGS(tol=-1), ArgumentError, "tol must be a finite number >= 0"),
    "ftol": (lambda: LBFGS(ftol=float("nan")), ArgumentError, "ftol must be"),
    "history_size": (lambda: LBFGS(history_size=0), ArgumentError, "history_size must be"),
    "gtol": (lambda: LevenbergMarquardt(gtol=0), ArgumentError, "gtol must be a finite number > 0"),
}


@pytest.mark.parametrize(("make", "error", "message"), BAD.values(), ids=BAD)
def test_bad_parameters(make, error, message):
    with pytest.raises(error, match=message):
        make()


FITS = {
    "batches": (
        lambda net: net.fit([(X, LINE)], optimizer="lbfgs"),
        ArgumentError,
        r"LBFGS\(\) needs all samples in memory, not batches",
    ),
    "few": (
        lambda net: net.fit(X[:9], LINE[:9], optimizer="levenberg_marquardt"),
        ArgumentError,
        "there are 18 errors and 32 parameters",
    ),
    "loss": (
        lambda net: net.fit(X, LINE, loss="mae", optimizer="levenberg_marquardt"),
        ArgumentError,
        "LevenbergMarquardt needs mse or squared_error, got MAE",
    ),
    "a step": (
        lambda net: net.train_step(X, LINE, optimizer="lbfgs"),
        TypeError,
        r"LBFGS\(\) can.t do single updates",
    ),
    "rates": (
        lambda net: net.fit(
            X, LINE, optimizer="lbfgs", callbacks=[pybp.callbacks.ReduceLROnPlateau("loss")]
        ),
        ArgumentError,
        r"LBFGS\(\) has no learning rate for a callback to change",
    ),
    "name": (
        lambda net: net.fit(X, LINE, optimizer="lbfg"),
        ArgumentError,
        "optimizer 'lbfg' is unknown; did you mean 'lbfgs'",
    ),
    "too large": (
        lambda net: net.fit(X * 1e30, LINE, optimizer="lbfgs"),
        DivergenceError,
        "the loss is not finite with the net's initial parameters",
    ),
}


@pytest.mark.parametrize("solver", BOTH)
@pytest.mark.parametrize("layer", [pybp.Dropout(0.5), pybp.layers.GaussianNoise(0.1)])
def test_layers_of_chance_are_refused(solver, layer, unchanged):
    net = MLP([3, 5, layer, 2], seed=0)
    with unchanged(net), pytest.raises(ArgumentError, match="this net has a layer"):
        net.fit(X, LINE, optimizer=solver)


def test_batch_norm(unchanged):
    net = MLP([3, 5, pybp.BatchNorm(), 2], seed=0)
    losses = net.fit(X, LINE, optimizer="lbfgs", epochs=30).history["loss"]
    assert losses[-1] < losses[0] / 10
    with unchanged(net), pytest.raises(ArgumentError, match="this net has a layer batch_norm"):
        net.fit(X, LINE, optimizer="levenberg_marquardt")


@pytest.mark.parametrize(("call", "error", "message"), FITS.values(), ids=FITS)
def test_bad_fits(call, error, message, unchanged):
    net = MLP([3, 5, 2], seed=0)
    with unchanged(net), pytest.raises(error, match=message):
        call(net)


def test_without_scipy(monkeypatch, unchanged):
    import sys

    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    net = MLP([3, 5, 2], seed=0)
    net.fit(X, LINE, epochs=1)
    with unchanged(net), pytest.raises(MissingExtraError, match=r"pip install scipy"):
        net.fit(X, LINE, optimizer="lbfgs")
