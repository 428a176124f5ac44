"""Optimizers: how a parameter w is updated with its gradient g and the learning rate lr.

Rules and names of parameters are those of PyTorch. A name such as ``"adam"`` means the optimizer with
default parameters.

The net holds the optimizer's state. The next call of `fit`, `train_step` or `step` continues with it,
if its optimizer is of the same class and keeps the same state arrays. It starts with a new state if
the class changes, or if SGD's or RMSprop's momentum, RMSprop's `centered` or Adam's `amsgrad` is
switched on or off.
"""

from pybp._common.public import publish
from pybp.optimizers.adam import Adam, Adamax, AdamW, NAdam, RAdam
from pybp.optimizers.base import Optimizer
from pybp.optimizers.resolve import OptimizerLike, OptimizerName
from pybp.optimizers.rules import SGD, Adadelta, Adagrad, Lion, RMSprop, Rprop
from pybp.optimizers.solvers import LBFGS, LevenbergMarquardt

__all__ = [
    "LBFGS",
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "LevenbergMarquardt",
    "Lion",
    "NAdam",
    "Optimizer",
    "OptimizerLike",
    "OptimizerName",
    "RAdam",
    "RMSprop",
    "Rprop",
]

publish(globals())
