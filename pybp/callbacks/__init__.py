"""Callbacks, which `MLP.fit` calls at its start and end, between epochs, and between steps."""

from pybp._common.public import publish
from pybp.callbacks.averaging import EMA, SWA
from pybp.callbacks.checkpoint import ModelCheckpoint
from pybp.callbacks.monitors import EarlyStopping, ReduceLROnPlateau, TerminateOnTime
from pybp.callbacks.reports import CSVLogger, ProgressBar, TensorBoard
from pybp.training.callback import Callback, LambdaCallback

__all__ = [
    "EMA",
    "SWA",
    "CSVLogger",
    "Callback",
    "EarlyStopping",
    "LambdaCallback",
    "ModelCheckpoint",
    "ProgressBar",
    "ReduceLROnPlateau",
    "TensorBoard",
    "TerminateOnTime",
]

publish(globals())
