"""Multilayer perceptrons, trained by backpropagation, with the same bits everywhere."""

from pybp import activations, callbacks, errors, initializers, losses, optimizers, schedules
from pybp._core import version as _version
from pybp.callbacks import Callback
from pybp.errors import PybpError
from pybp.layers import Dense
from pybp.losses import MAE, MSE, BinaryCrossEntropy, CrossEntropy, Huber, Quantile, SquaredError
from pybp.mlp import MLP
from pybp.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

__version__ = _version()

load = MLP.load

__all__ = [
    "MAE",
    "MLP",
    "MSE",
    "SGD",
    "Adagrad",
    "Adam",
    "AdamW",
    "BinaryCrossEntropy",
    "Callback",
    "CrossEntropy",
    "Dense",
    "Huber",
    "PybpError",
    "Quantile",
    "RMSprop",
    "SquaredError",
    "__version__",
    "activations",
    "callbacks",
    "errors",
    "initializers",
    "load",
    "losses",
    "optimizers",
    "schedules",
]
