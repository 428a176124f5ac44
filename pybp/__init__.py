"""Multilayer perceptrons, trained by backpropagation, with the same bits everywhere."""

from pybp import (
    activations,
    callbacks,
    errors,
    initializers,
    layers,
    losses,
    metrics,
    optimizers,
    plotting,
    schedules,
)
from pybp._common.public import set_public_module as _set_public_module
from pybp._core import version as _version
from pybp.callbacks import Callback
from pybp.errors import PybpError
from pybp.layers import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    LayerNorm,
    Residual,
    RMSNorm,
    Scale,
)
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
    "Activation",
    "Adagrad",
    "Adam",
    "AdamW",
    "AlphaDropout",
    "BatchNorm",
    "BinaryCrossEntropy",
    "Callback",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Embedding",
    "GaussianNoise",
    "Huber",
    "LayerNorm",
    "PybpError",
    "Quantile",
    "RMSNorm",
    "RMSprop",
    "Residual",
    "Scale",
    "SquaredError",
    "__version__",
    "activations",
    "callbacks",
    "errors",
    "initializers",
    "layers",
    "load",
    "losses",
    "metrics",
    "optimizers",
    "plotting",
    "schedules",
]

_set_public_module(globals(), ["MLP"])
