"""Schedules: the learning rate as a function of the step.

The ``lr`` of any optimizer may be a number, a schedule, or a function ``f(t) -> learning rate``. t is the
number of steps since the optimizer's state was initialized. It continues over calls of `fit`,
`train_step` and `step` as that state does. With ``per="epoch"`` t is the number of epochs, and the
learning rate changes only between epochs.

Some schedules have a length N: their parameter ``steps`` (epochs, with ``per="epoch"``), or if it is
None, the last step of the running `fit`. After N steps the learning rate is constant.

The core computes the learning rates of all schedules but `Function`, so that they are the same on every
machine.
"""

from pybp._common.public import publish
from pybp.schedules.base import Function, LearningRate, Schedule, Sequential
from pybp.schedules.cycles import Cosine, CosineRestarts, CosLog4, Cyclic, FlatCos, OneCycle
from pybp.schedules.shapes import (
    Constant,
    Exponential,
    InverseScaling,
    Linear,
    MultiStep,
    Polynomial,
    Step,
)

__all__ = [
    "Constant",
    "CosLog4",
    "Cosine",
    "CosineRestarts",
    "Cyclic",
    "Exponential",
    "FlatCos",
    "Function",
    "InverseScaling",
    "LearningRate",
    "Linear",
    "MultiStep",
    "OneCycle",
    "Polynomial",
    "Schedule",
    "Sequential",
    "Step",
]

publish(globals())
