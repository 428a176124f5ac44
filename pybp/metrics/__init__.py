"""Metrics: numbers that are reported, but not trained on.

A metric is one of these names or a function ``f(y_true, y_pred) -> number``.

- ``"mse"``, ``"rmse"``, ``"mae"``, ``"r2"``: mean squared error, its square root, mean absolute error and
  coefficient of determination over all outputs, weighted by the sample weights. If several quantiles
  of a target are predicted, each is compared with the target.
- ``"accuracy"``: fraction of samples that are predicted correctly, unweighted. A sample is correct if the
  largest output is at the largest target. With one output or sigmoid outputs, every output and its
  target must be on the same side of 1/2 (of 0, with the hinge losses).
- ``"top_3"`` (or any other number): fraction of samples whose class is among the three largest outputs,
  unweighted.
- ``"auc"``, ``"f1"``, ``"balanced_accuracy"``: area under the ROC curve, F1 score, and mean recall of the
  classes, unweighted. For several classes or outputs they are means over these; for two classes,
  ``"auc"`` and ``"f1"`` are those of class 1. Classes without samples are left out.
"""

from pybp._common.public import publish
from pybp.metrics.metric import (
    Metric,
    MetricLike,
    MetricName,
    larger_is_better,
    n_correct,
    resolve_metrics,
)

__all__ = ["Metric", "MetricLike", "MetricName", "larger_is_better", "n_correct", "resolve_metrics"]

publish(globals())
