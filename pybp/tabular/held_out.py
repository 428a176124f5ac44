"""What the held-out rows are for after training: calibration, out-of-fold predictions, intervals."""

from dataclasses import dataclass

import numpy as np

from pybp._common.types import Array
from pybp.tabular.calibration import temperature, tempered
from pybp.tabular.ensemble import Training
from pybp.tabular.folds import Part
from pybp.tabular.insight import HeldRows
from pybp.tabular.intervals import Residuals
from pybp.tabular.targets import ClassTargets, NumberTargets
from pybp.tabular.training import TrainedNet

__all__ = ["HeldOut"]


@dataclass(frozen=True)
class HeldOut:
    """Predictions for rows by nets that have not trained on them.

    Attributes
    ----------
    y, weights : ndarray
        Targets and weights (or None) of the rows.
    rows : ndarray of int, shape (n_held,)
        Their indices among the samples of training, or of validation.
    outputs : ndarray, shape (n_held, n_outputs)
        The mean outputs of the nets, calibrated.
    temperature : float
        What calibrates the nets.
    each : HeldRows
        Rows of each net.
    """

    y: Array
    weights: Array | None
    rows: Array
    outputs: Array
    temperature: float
    each: HeldRows

    @classmethod
    def of(
        cls, training: Training, plan: list[Part], trained: dict[int, TrainedNet]
    ) -> "HeldOut | None":
        """Those of trained nets; None if they held nothing out."""
        validation, targets = training.validation, training.targets
        held = training.samples if validation is None else validation
        everyone = np.arange(0 if validation is None else len(validation))
        own, outputs = [], []
        for index, one in trained.items():
            if one.outputs is not None:
                part = plan[index].held
                own.append(everyone if part is None else part)
                outputs.append(one.outputs)
        if not own:
            return None
        rows, predicted, factor = np.concatenate(own), np.concatenate(outputs), 1.0
        if isinstance(targets, ClassTargets):
            weights = training.weights if validation is None else validation.weights
            factor = temperature(
                predicted, held.y[rows], None if weights is None else weights[rows]
            )
            predicted = tempered(predicted, factor)
        distinct, group, times = np.unique(rows, return_inverse=True, return_counts=True)
        mean = np.zeros((len(distinct), predicted.shape[1]))
        np.add.at(mean, group, predicted)
        mean /= times[:, np.newaxis]
        each = HeldRows.kept(training.metric, held, own)
        own_weights = None if held.weights is None else held.weights[distinct]
        return cls(held.y[distinct], own_weights, distinct, mean, factor, each)

    def oof(self, training: Training, n_rows: int, kept: Array) -> tuple[Array, float]:
        """The out-of-fold predictions for the rows of the table, of which `kept` were samples; their score."""
        targets, metric = training.targets, training.metric
        predicted = targets.scored(self.outputs)
        table = np.full((n_rows, *predicted.shape[1:]), np.nan)
        table[kept[self.rows]] = predicted
        truth = self.y
        if metric.custom:
            truth = targets.compared(truth, self.outputs, own_scale=True)[0]
        with np.errstate(over="ignore"):
            return table, metric.function(truth, predicted, self.weights)

    def residuals(self, targets: NumberTargets) -> Residuals:
        """How far their targets are from the predictions."""
        low, high = targets.range(targets.predictions(self.outputs))
        return Residuals.of(self.y, low, high, self.weights)
