"""The types of the estimators' parameters, by names that signatures show."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import numpy as np

from pybp._common.types import Array, DType, DTypeName
from pybp.activations import ActivationLike
from pybp.callbacks import Callback
from pybp.losses import Loss, LossFunction, LossName
from pybp.optimizers import OptimizerLike
from pybp.schedules import Schedule

__all__ = [
    "Activations",
    "BatchSize",
    "Callbacks",
    "ClassWeights",
    "ClassifierLoss",
    "DTypeLike",
    "LayerSizes",
    "LearningRateRule",
    "Monitor",
    "ProgressLike",
    "RandomState",
    "Rates",
    "RegressorLoss",
    "ScheduleLike",
    "SolverLike",
]

LayerSizes = int | Sequence[int] | Array
Activations = ActivationLike | Literal["logistic"] | Sequence[ActivationLike | Literal["logistic"]]
SolverLike = OptimizerLike
ClassifierLoss = LossName | Literal["log_loss"] | Loss | type[Loss] | LossFunction
RegressorLoss = LossName | Loss | type[Loss] | LossFunction
BatchSize = int | Literal["auto"]
LearningRateRule = Literal["constant", "invscaling", "adaptive"]
RandomState = int | np.random.RandomState | None
ClassWeights = Mapping[Any, float] | Literal["balanced"] | None
Rates = float | Sequence[float] | Array
ScheduleLike = str | Schedule | Callable[[int], float] | None
Monitor = str | Callable[..., float] | None
Callbacks = Iterable[Callback]
ProgressLike = bool | Literal["auto"]
DTypeLike = DTypeName | type[np.floating[Any]] | DType | None
