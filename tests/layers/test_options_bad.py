"""Wrong options of layers: out of range, of another kind of layer, not for a solver."""

import numpy as np
import pytest

from pybp import MLP, BatchNorm, Dense, Scale, _core
from pybp.errors import ArgumentError, PybpError
from pybp.optimizers import LBFGS, LevenbergMarquardt

from oracle import registry


@pytest.mark.parametrize("name", ["l1", "l2", "lr_factor", "bias_lr_factor", "max_norm"])
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), "a", None])
def test_numbers_out_of_range(name, value):
    if name == "max_norm" and value is None:
        assert Dense(3, max_norm=None).max_norm is None
        return
    with pytest.raises((ArgumentError, TypeError), match=f"{name} must be"):
        Dense(3, **{name: value})


def test_more_that_cannot_be():
    with pytest.raises(ArgumentError, match=r"max_norm must be .* got 0\.0"):
        Dense(3, max_norm=0.0)
    with pytest.raises(TypeError, match="trainable must be True or False, got 1"):
        Dense(3, trainable=1)
    with pytest.raises(ArgumentError, match="parametrization 'nkt' is unknown; did you mean 'ntk'"):
        Dense(3, parametrization="nkt")
    with pytest.raises(TypeError, match="parametrization must be a name, got 1"):
        Dense(3, parametrization=1)
    with pytest.raises(TypeError):
        Dense(3, "relu", "auto", True, 0.0, 0.5)  # options by name only
    with pytest.raises(ArgumentError, match="lr_factor must be"):
        Scale(lr_factor=-1.0)
    with pytest.raises(TypeError):
        BatchNorm(l1=0.1)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"l1": -1.0}, "l1 = -1"),
        ({"l2": float("nan")}, "l2 = nan"),
        ({"l2": 1e39}, "l2 = 1e.39"),
        ({"max_norm": -0.5}, "max_norm = -0.5"),
        ({"has_lr_factors": True, "lr_factor": float("inf"), "bias_lr_factor": 1.0}, "lr_factor"),
        ({"has_lr_factors": True, "lr_factor": 1.0, "bias_lr_factor": -1.0}, "bias_lr_factor = -1"),
        ({"parametrization": 2}, "no parametrization 2"),
    ],
)
def test_the_core_refuses_too(given, message):
    layer = {"kind": 0, "n_out": 2, **given}
    with pytest.raises(PybpError, match=message):
        _core.Net("float32", 3, [layer], 0)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("activation", {"l2": 0.1}),
        ("dropout", {"frozen": True}),
        ("scale", {"max_norm": 1.0}),
        ("layer_norm", {"parametrization": 1}),
    ],
)
def test_options_of_layers_that_cannot_have_them(kind, given):
    number = registry.names("layers").index(kind)
    with pytest.raises(ArgumentError, match=f"{kind} has no {next(iter(given))}"):
        _core.Net("float32", 3, [{"kind": number, "n_out": 3, **given}], 0)


def test_solvers_refuse_what_they_cannot_do():
    pytest.importorskip("scipy")
    for options, solver in [
        ({"max_norm": 1.0}, LBFGS()),
        ({"lr_factor": 2.0}, LBFGS()),
        ({"l1": 0.1}, LevenbergMarquardt()),
        ({"l2": 0.1}, LevenbergMarquardt()),
    ]:
        net = MLP([2, Dense(4, "tanh", **options), 1], seed=0)
        X = np.random.default_rng(0).normal(size=(200, 2))
        message = f"{type(solver).__name__} can't train layers with {next(iter(options))}"
        with pytest.raises(ArgumentError, match=message):
            net.fit(X, X[:, :1], optimizer=solver, epochs=2)
