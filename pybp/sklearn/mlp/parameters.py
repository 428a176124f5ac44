"""The parameters and attributes that classifier and regressor share: described, and constrained."""

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
from pybp.sklearn.mlp.architecture import SKLEARN_NAMES
from pybp.sklearn.mlp.solvers import OPTIMIZERS

__all__ = ["ADVICE", "ATTRIBUTES", "CONSTRAINTS", "PARAMETERS", "loss_constraint"]

PARAMETERS = """
    hidden_layer_sizes : array-like of int
        Neurons of each hidden layer.
    activation : str, ActivationFunction, or list of them
        Activation of the hidden layers: "relu", "tanh", "logistic", "identity", or any other of
        `pybp.activations`; a list has one for each hidden layer.
    solver : {"adam", "sgd", "lbfgs"}, str or Optimizer
        The optimizer. Beyond scikit-learn's: the name of any of `pybp.optimizers`, which is used
        with learning rate `learning_rate_init` and its other defaults, or an instance, which is
        used as it is.
    alpha : float
        Penalty ``alpha / 2 sum W^2`` of the weights, not of the biases, divided by the total weight
        of the samples of each update.
    batch_size : int or "auto"
        Samples of a minibatch; "auto" is ``min(200, n_samples)``.
    learning_rate : {"constant", "invscaling", "adaptive"}
        For ``solver="sgd"``: constant, ``learning_rate_init / t^power_t``, or divided by 5 whenever
        there is no progress.
    learning_rate_init : float
        The initial learning rate.
    power_t : float
        Exponent of "invscaling".
    max_iter : int
        Largest number of epochs, or of iterations of "lbfgs".
    shuffle : bool
        Whether each epoch takes the samples in a new order.
    random_state : int, RandomState or None
        Of the weights, the order of samples, dropout, and the split for early stopping.
    tol : float
        Least improvement that counts as progress; for "lbfgs" the largest gradient at convergence.
    verbose : bool or int
        Whether to print each iteration's loss.
    warm_start : bool
        Whether `fit` starts from the weights of the last fit.
    momentum : float
        Momentum of "sgd".
    nesterovs_momentum : bool
        Whether that is Nesterov's momentum.
    early_stopping : bool
        Whether to hold out samples, to stop when their score makes no progress, and to restore the
        weights of the best epoch. Without it training stops when the training loss makes no
        progress.
    validation_fraction : float
        Fraction of the samples that is held out for early stopping.
    beta_1, beta_2, epsilon : float
        Parameters of "adam".
    n_iter_no_change : int
        Largest number of epochs in a row without progress.
    max_fun : int
        Largest number of evaluations of the loss by "lbfgs".
    dropout : float or list of float
        Fraction of a hidden layer's outputs that is dropped in training; a list has one for each
        hidden layer.
    batch_norm, layer_norm : bool
        Whether each hidden layer has such a norm between weights and activation. With batch norm, a
        last minibatch of one sample is left out.
    residual : bool
        Whether the input of each hidden layer is added to its output (see `pybp.Residual`).
    embedding : dict, optional
        Columns of X, by index or name, that hold categories 0, 1, ... n - 1, each with n or (n, dim):
        they become learned vectors (see `pybp.Embedding`).
    schedule : str, Schedule or callable, optional
        One of `pybp.schedules` instead of `learning_rate`; a name starts from
        `learning_rate_init`. Over calls of `partial_fit` it counts on, and needs its ``steps``.
    clip_norm : float, optional
        Largest Euclidean norm of the gradient; longer gradients are scaled down to it.
    monitor : "loss", str or callable, optional
        What `early_stopping` watches instead of the score: the validation loss, or any of
        scikit-learn's scorers.
    callbacks : list of pybp.callbacks.Callback
        Called by the net's fit; they may watch "val_loss" if there are validation samples.
    n_jobs : int, optional
        Threads, -1 for all CPUs; if not given, PYBP_NUM_THREADS, OMP_NUM_THREADS or the CPUs
        decide. The result doesn't depend on it.
    progress : bool or "auto"
        Whether to show a progress bar.
    dtype : {"float32", "float64"}, optional
        Of weights and computation; if not given that of X, or float64 for other numbers.
"""

ATTRIBUTES = """
    net_ : pybp.MLP
        The net itself, to inspect or save.
    coefs_ : list of ndarray, shape (n_in, n_out)
        Weights of the dense layers; may be changed or assigned.
    intercepts_ : list of ndarray, shape (n_out,)
        Their biases.
    loss_, best_loss_ : float
        The last loss and the smallest one.
    loss_curve_ : list of float
        Loss of each epoch, measured before each update.
    validation_scores_ : list of float or None
        Score of each epoch on validation samples, the larger the better.
    best_validation_score_ : float or None
        The best score, with `early_stopping`.
    validation_loss_curve_ : list of float or None
        Loss of each epoch without the penalty: on `validation_data`, or with ``monitor="loss"`` on
        the samples held out.
    n_iter_ : int
        Epochs, or iterations, of the last fit.
    t_ : int
        Samples trained on, summed over the epochs.
    n_layers_, n_outputs_, n_features_in_ : int
        Number of layers (with input and output), of outputs and of inputs.
    feature_names_in_ : ndarray of str
        Names of the inputs, if X has them.
    out_activation_ : str
        Activation of the output.
"""

_ACTIVATIONS = ({*spec_classes(ActivationFunction)} | {*SKLEARN_NAMES}) - {"softmax"}
_WHOLE = Interval(Integral, 1, None, closed="left")
_POSITIVE = Interval(Real, 0, None, closed="neither")
_NOT_NEGATIVE = Interval(Real, 0, None, closed="left")
_FRACTION = Interval(Real, 0, 1, closed="left")

CONSTRAINTS: Mapping[str, list[Any]] = {
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
    "validation_fraction": [_FRACTION],
    "beta_1": [_FRACTION],
    "beta_2": [_FRACTION],
    "epsilon": [_POSITIVE],
    "n_iter_no_change": [_WHOLE, Options(Real, {np.inf})],
    "max_fun": [_WHOLE],
    "dropout": [_FRACTION, list, tuple],
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
"""What the parameters may be; scikit-learn's messages are made from it."""


ADVICE: Mapping[str, str] = {
    **dict.fromkeys(("lr", "eta", "step_size"), "learning_rate_init"),
    **dict.fromkeys(("optimizer", "algorithm"), "solver"),
    **dict.fromkeys(("layers", "layer_sizes", "hidden_layers", "units"), "hidden_layer_sizes"),
    **dict.fromkeys(("patience", "early_stopping_rounds"), "n_iter_no_change"),
    **dict.fromkeys(("dropout_rate", "p"), "dropout"),
    **dict.fromkeys(("lr_scheduler", "learning_rate_schedule"), "schedule"),
    **dict.fromkeys(("scoring", "metric", "eval_metric"), "monitor"),
    "output": "the labels or numbers of y decide",
}
"""What foreign arguments mean: the name of a parameter, or a text."""


def loss_constraint(*own: str, refused: set[str]) -> list[Any]:
    """An estimator's own names of losses, and pybp's losses without those refused."""
    return [StrOptions({*own, *spec_classes(Loss)} - refused), Loss, type, callable]
