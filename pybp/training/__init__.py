"""Training: an epoch, the loop of `MLP.fit`, callbacks' base class, history, progress, solvers."""

from pybp._common.public import publish
from pybp.training.history import History

__all__ = ["History"]

publish(globals())
