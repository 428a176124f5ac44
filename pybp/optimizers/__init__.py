"""Optimizers: how a parameter w moves with its gradient g at learning rate lr.

Parameters are named as in PyTorch, and the rules are PyTorch's. A plain name such as ``"adam"``
works wherever one of these does. An optimizer's state lives in the net: it goes on where it was as
long as the optimizer's class stays the same, and with it what it has to keep: switching SGD's or
RMSprop's momentum, RMSprop's `centered` or Adam's `amsgrad` on or off starts anew.
"""

from pybp._common.public import set_public_module
from pybp.optimizers.adam import Adam, Adamax, AdamW, NAdam, RAdam
from pybp.optimizers.base import Optimizer
from pybp.optimizers.resolve import OptimizerLike
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
    "RAdam",
    "RMSprop",
    "Rprop",
]

set_public_module(globals())
