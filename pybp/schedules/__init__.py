"""Schedules: how the learning rate goes with the step.

The ``lr`` of any optimizer takes one of these, or any function ``f(step) -> learning rate``, instead
of a number. The position t counts the steps since the optimizer's state was new, from 0: it goes
on over repeated calls of `fit`, `train_step` and `step`, as the optimizer's state does, and starts
anew with it. With ``per="epoch"`` t counts epochs, and the learning rate changes between epochs only.

Schedules that end need to know where: N is their ``steps`` (epochs, with ``per="epoch"``), or if that
is not given the end of the `fit` that is running. After N they stay at what they reached.

The core computes the learning rates, so they are the same on every machine; what functions of your own
compute is up to them.
"""

from pybp._common.public import set_public_module
from pybp.schedules.base import Function, LearningRate, Schedule, Sequential
from pybp.schedules.cycles import Cosine, CosineRestarts, CosLog4, Cyclic, OneCycle
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

set_public_module(globals())
