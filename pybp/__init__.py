"""Multilayer perceptrons, trained by backpropagation, with the same bits everywhere.

>>> import pybp
>>> from pybp.datasets import load_digits, train_test_split
>>> X, y = load_digits()
>>> X, X_test, y, y_test = train_test_split(X, y, seed=0)
>>> net = pybp.MLP([64, 64, 10], activation="relu", output="softmax", seed=0)
>>> history = net.fit(X, y, epochs=10, optimizer=pybp.Adam(lr=0.003))
>>> net.evaluate(X_test, y_test)["accuracy"] > 0.95
True
>>> net.predict(X_test).argmax(axis=1)[:5]  # predict gives the probability of each class
array([2, 4, 5, 4, 8])

`MLP` is the class to begin with: ``help(pybp.MLP.fit)`` says how it is trained. Wherever a net,
a layer or `fit` takes an activation, an initializer, a loss, an optimizer or a metric, a name such
as ``"relu"`` does, and so does one of the classes with their parameters::

    MLP, load       a net: fit, predict, evaluate, save, summary, trace, diagnose; a saved net
    from_onnx, from_torch, from_keras, from_sklearn: nets from models of other libraries
    layers          Dense, Activation, Dropout, BatchNorm, Residual, Embedding, ...
    activations     ReLU, Sigmoid, Softmax, ...
    initializers    HeNormal, GlorotUniform, ...
    losses          CrossEntropy, MSE, Huber, Quantile, ...
    optimizers      Adam, SGD, ..., LBFGS, LevenbergMarquardt
    schedules       learning rates that change: Cosine, OneCycle, Step, ...
    metrics         accuracy, auc, f1, r2, ...
    callbacks       EarlyStopping, ModelCheckpoint, ReduceLROnPlateau, ...
    plotting        pictures of training, decision boundaries, weights
    errors          what pybp raises

and two that are imported by themselves::

    pybp.datasets   digits to try it on, and a split
    pybp.sklearn    MLPClassifier, MLPRegressor, TabularMLPClassifier, ... for scikit-learn
"""

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
from pybp._common.include import get_include
from pybp._common.public import publish as _publish
from pybp._core import version as _version
from pybp.callbacks import Callback
from pybp.errors import PybpError
from pybp.layers import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Concat,
    Dense,
    Dropout,
    Embedding,
    GaussianNoise,
    GroupedDense,
    LayerNorm,
    ParametricActivation,
    Periodic,
    PeriodicEmbedding,
    Residual,
    RMSNorm,
    Scale,
)
from pybp.loading import load
from pybp.losses import MAE, MSE, BinaryCrossEntropy, CrossEntropy, Huber, Quantile, SquaredError
from pybp.mlp import MLP
from pybp.optimizers import SGD, Adagrad, Adam, AdamW, RMSprop

__version__ = _version()

from_onnx = MLP.from_onnx
from_torch = MLP.from_torch
from_keras = MLP.from_keras
from_sklearn = MLP.from_sklearn

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
    "Concat",
    "CrossEntropy",
    "Dense",
    "Dropout",
    "Embedding",
    "GaussianNoise",
    "GroupedDense",
    "Huber",
    "LayerNorm",
    "ParametricActivation",
    "Periodic",
    "PeriodicEmbedding",
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
    "from_keras",
    "from_onnx",
    "from_sklearn",
    "from_torch",
    "get_include",
    "initializers",
    "layers",
    "load",
    "losses",
    "metrics",
    "optimizers",
    "plotting",
    "schedules",
]

_publish(globals(), ["MLP", "get_include", "load"])
