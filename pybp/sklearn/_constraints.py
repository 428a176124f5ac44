"""What the estimators' parameters may be, in scikit-learn's own terms, so that its messages say what is wrong."""

from collections.abc import Mapping
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.utils._param_validation import Interval, Options, StrOptions

from pybp._common.specs import spec_classes
from pybp.activations import ActivationFunction
from pybp.callbacks import Callback
from pybp.losses import Loss
from pybp.optimizers import Optimizer
from pybp.optimizers.solvers import SOLVERS, Solver
from pybp.schedules import Schedule
from pybp.sklearn._architecture import SKLEARN_NAMES
from pybp.sklearn._solvers import OPTIMIZERS

__all__ = ["COMMON", "loss_constraint"]

_ACTIVATIONS = ({*spec_classes(ActivationFunction)} | {*SKLEARN_NAMES}) - {"softmax"}
_WHOLE = Interval(Integral, 1, None, closed="left")
_POSITIVE = Interval(Real, 0, None, closed="neither")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_SHARE = Interval(Real, 0, 1, closed="left")

COMMON: Mapping[str, list[Any]] = {
    "hidden_layer_sizes": ["array-like", _WHOLE],
    "activation": [StrOptions(_ACTIVATIONS), list, tuple, ActivationFunction, type],
    "solver": [StrOptions({*OPTIMIZERS, *SOLVERS}), Optimizer, Solver, type],
    "alpha": [_NOT_NEGATIVE],
    "batch_size": [StrOptions({"auto"}), _WHOLE],
    "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
    "learning_rate_init": [_POSITIVE],
    "power_t": [_NOT_NEGATIVE],
    "max_iter": [_WHOLE],
    "shuffle": ["boolean"],
    "random_state": ["random_state"],
    "tol": [_NOT_NEGATIVE],
    "verbose": ["verbose"],
    "warm_start": ["boolean"],
    "momentum": [Interval(Real, 0, 1, closed="both")],
    "nesterovs_momentum": ["boolean"],
    "early_stopping": ["boolean"],
    "validation_fraction": [_SHARE],
    "beta_1": [_SHARE],
    "beta_2": [_SHARE],
    "epsilon": [_POSITIVE],
    "n_iter_no_change": [_WHOLE, Options(Real, {np.inf})],
    "max_fun": [_WHOLE],
    "dropout": [_SHARE, list, tuple],
    "batch_norm": ["boolean"],
    "layer_norm": ["boolean"],
    "residual": ["boolean"],
    "embedding": [Mapping, None],
    "schedule": [StrOptions({*spec_classes(Schedule)}), Schedule, callable, None],
    "clip_norm": [_POSITIVE, None],
    "monitor": [str, callable, None],
    "callbacks": [list, tuple, Callback],
    "n_jobs": [Integral, None],
    "progress": ["boolean", StrOptions({"auto"})],
    "dtype": [
        StrOptions({"float32", "float64"}),
        Options(type, {np.float32, np.float64}),
        Options(np.dtype, {np.dtype(np.float32), np.dtype(np.float64)}),
        None,
    ],
}
"""Of all estimators."""


def loss_constraint(*own: str, refused: set[str]) -> list[Any]:
    """The losses that scikit-learn knows, and pybp's but for some."""
    return [StrOptions({*own, *spec_classes(Loss)} - refused), Loss, type, callable]
