"""Running statistics in fits by solvers: only accepted parameters move them, and what is not finite ends the fit."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from pybp import MLP, BatchNorm, Dense
from pybp.errors import DivergenceError
from pybp.optimizers.solvers import Solver

from nets import squared_error

pytest.importorskip("scipy.optimize")

X = np.random.default_rng(0).normal(size=(50, 4)).astype("f4")
Y = np.random.default_rng(1).normal(size=(50, 1)).astype("f4")
LOSSES = pytest.mark.parametrize("loss", ["mse", squared_error])


def scaled(x, factor):
    with np.errstate(invalid="ignore"):
        return factor * x


@dataclass(frozen=True, repr=False)
class Scripted(Solver):
    """Tries and accepts multiples of the initial parameters, then raises, if it is to."""

    name: ClassVar[str] = "scripted"
    max_iter: int | None = None
    trials: tuple[float, ...] = ()
    accepted: tuple[float, ...] = ()
    error: type[BaseException] | None = None

    def solve(self, problem, max_iter, callback):
        start = problem.start.copy()
        for factor in self.accepted:
            for trial in (*self.trials, factor):
                problem.loss_and_gradient(scaled(start, trial))
            callback(scaled(start, factor))
        for trial in self.trials:
            problem.loss_and_gradient(scaled(start, trial))
        if self.error is not None:
            raise self.error
        return "done"


def net():
    return MLP([4, Dense(6), BatchNorm(), 1], seed=0)


def parameters(model):
    return np.concatenate([a.ravel() for a in (*model.weights, *model.biases) if a is not None])


def statistics(model):
    return np.concatenate([a for pair in model.running_statistics if pair for a in pair])


def moved(model, *factors):
    """What training forward passes at these multiples of its parameters make of the statistics."""
    twin = model.copy()
    for factor in factors:
        twin.weights = [None if W is None else factor * W for W in model.weights]
        twin.biases = [None if b is None else factor * b for b in model.biases]
        twin.forward(X, training=True)
    return statistics(twin)


@LOSSES
def test_trials_move_nothing(loss):
    model = net()
    before = statistics(model)
    model.fit(X, Y, loss=loss, optimizer=Scripted(trials=(2.0, 1e30, np.nan)))
    assert np.array_equal(statistics(model), before)


@LOSSES
def test_accepted_parameters_move_them_once(loss):
    model = net()
    expected, start = moved(model, 2.0, 0.5), parameters(model)
    history = model.fit(
        X, Y, loss=loss, epochs=9, optimizer=Scripted(trials=(3.0, 1e30), accepted=(2.0, 0.5))
    )
    assert np.array_equal(statistics(model), expected)
    assert np.array_equal(parameters(model), np.float32(0.5) * start)
    assert len(history.epochs) == 2


@LOSSES
@pytest.mark.parametrize("factor", [1e25, 1e38, np.inf, np.nan])
def test_what_is_not_finite_is_a_divergence(loss, factor):
    """1e25: the loss is finite, as its batch norm divides by the deviation, but the variance is not."""
    model = net()
    expected, start = moved(model, 2.0), parameters(model)
    with pytest.raises(DivergenceError, match=r"diverged in iteration 2: "):
        model.fit(X, Y, loss=loss, epochs=9, optimizer=Scripted(accepted=(2.0, factor, 1.0)))
    assert np.array_equal(statistics(model), expected)
    assert np.array_equal(parameters(model), np.float32(2) * start)


@LOSSES
@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_after_an_exception(loss, error):
    model = net()
    expected, start = moved(model, 2.0), parameters(model)
    with pytest.raises(error):
        model.fit(X, Y, loss=loss, epochs=9, optimizer=Scripted(None, (7.0,), (2.0,), error))
    assert np.array_equal(statistics(model), expected)
    assert np.array_equal(parameters(model), np.float32(2) * start)


@pytest.mark.parametrize("seed", range(5))
def test_targets_of_millions(seed):
    rng = np.random.default_rng(seed)
    inputs = rng.normal(size=(40, 4))
    model = MLP([4, 8, BatchNorm(), 1], seed=seed)
    model.fit(inputs, 1e6 * rng.normal(size=(40, 1)), optimizer="lbfgs", epochs=30)
    assert np.isfinite(parameters(model)).all()
    assert np.isfinite(statistics(model)).all()
    assert np.isfinite(model.predict(inputs)).all()
