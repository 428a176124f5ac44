"""Metrics: numbers that are watched, not trained on.

By name: ``"accuracy"``, the share of samples answered right (the largest output is at the largest
target; with one output or sigmoid outputs, every output is on the target's side of 1/2; with the
hinge losses, of 0), not weighted; ``"mse"``, ``"rmse"``, ``"mae"`` and ``"r2"``, mean squared error,
its root, mean absolute error and coefficient of determination over all outputs, weighted by the
sample weights; where several quantiles of a target are predicted, each is compared with it.

For classifiers also, not weighted: ``"top_3"`` (or any other number), the share of samples whose
class is among the three largest outputs; ``"auc"``, the area under the ROC curve; ``"f1"``; and
``"balanced_accuracy"``. Of several classes or outputs, the last three take the mean over them; of two
classes, ``"auc"`` and ``"f1"`` are those of class 1. A class that there is none of is left out.

Or any function ``f(y_true, y_pred) -> number``.
"""

from pybp._common.public import set_public_module
from pybp.metrics.metric import Metric, MetricLike, n_correct, resolve_metrics

__all__ = ["Metric", "MetricLike", "n_correct", "resolve_metrics"]

set_public_module(globals())
