"""The regressor of tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.validation import check_is_fitted

from pybp._common.types import Array, DTypeName
from pybp.activations import ActivationLike
from pybp.sklearn.estimator import store_parameters
from pybp.sklearn.tabular.base import TabularEstimator
from pybp.sklearn.tabular.parameters import ATTRIBUTES, PARAMETERS
from pybp.sklearn.tabular.scorers import MetricLike, metric_of
from pybp.sklearn.types import Callbacks, LayerSizes, ProgressLike, RandomState
from pybp.tabular.recipe import RECIPE_PARAMETERS, REFERENCES, REGRESSION, LossName
from pybp.tabular.scores import NUMBER_METRICS

__all__ = ["TabularMLPRegressor"]


class TabularMLPRegressor(RegressorMixin, TabularEstimator):
    __doc__ = f"""A regressor of tables that needs no tuning: an ensemble of RealMLP-TD nets.

    As `TabularMLPClassifier`, with mish layers, the mean squared error of targets that are scaled to
    mean 0 and standard deviation 1, and a larger learning rate. Predictions stay within the range of
    the targets.

    Parameters
    ----------{RECIPE_PARAMETERS}
    loss : {{"auto", "mse", "mae", "quantile"}}
        What the nets minimise; "auto" is "mae" for that metric, else "mse".
    quantiles : sequence of float
        The quantiles that loss="quantile" predicts, ascending, in (0, 1).
    metric : str or callable, optional
        The metric that chooses the epochs, and whose value is `oof_score_`: "rmse" (default), "mae" or
        "r2", for quantiles the pinball loss; or a scorer of scikit-learn, or its name.{PARAMETERS}
    Attributes
    ----------{ATTRIBUTES}{REFERENCES}
    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pybp.sklearn import TabularMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = TabularMLPRegressor(epochs=50, random_state=0).fit(X[::2], y[::2])
    >>> model.predict(X[1:3]).shape
    (2,)
    """

    _task = "regression"

    def __init__(
        self,
        hidden_layer_sizes: LayerSizes = REGRESSION.hidden_layer_sizes,
        *,
        activation: ActivationLike = REGRESSION.activation,
        epochs: int | Literal["auto"] = REGRESSION.epochs,
        batch_size: int = REGRESSION.batch_size,
        n_frequencies: int = REGRESSION.n_frequencies,
        dropout: float = REGRESSION.dropout,
        weight_decay: float = REGRESSION.weight_decay,
        lr: float = REGRESSION.lr,
        scale_lr_factor: float = REGRESSION.scale_lr_factor,
        bias_lr_factor: float = REGRESSION.bias_lr_factor,
        betas: tuple[float, float] = REGRESSION.betas,
        loss: LossName = REGRESSION.loss,
        quantiles: Sequence[float] = tuple(REGRESSION.quantiles),
        metric: MetricLike | None = None,
        n_ensemble: int | Literal["auto"] = REGRESSION.n_ensemble,
        patience: int | Literal["auto"] | None = REGRESSION.patience,
        patience_factor: float = REGRESSION.patience_factor,
        time_limit: float | None = REGRESSION.time_limit,
        validation_fraction: float | None = REGRESSION.validation_fraction,
        categorical_features: Any = "from_dtype",
        random_state: RandomState = None,
        callbacks: Callbacks | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        progress: ProgressLike = False,
        dtype: DTypeName = REGRESSION.dtype,
    ) -> None:
        store_parameters(self, locals())

    def _checked_targets(self, y: Any) -> Array:
        numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = column_or_1d(numbers, warn=True)
        return np.asarray(numbers)

    def predict_interval(self, X: Any, coverage: float = 0.9) -> Array:
        """For each sample an interval that contains its target with the probability `coverage`.

        The prediction, or with loss="quantile" the range from the least to the largest quantile, is made
        wider on both sides by a quantile of the held-out samples' residuals (conformal prediction).

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.
        coverage : float
            In (0, 1).

        Returns
        -------
        ndarray, shape (n_samples, 2) or (n_samples, n_outputs, 2)
            The lower and the upper end.

        Raises
        ------
        StateError
            No samples were held out.
        ArgumentError
            Too few were held out for this coverage.
        """
        check_is_fitted(self)
        table = self._checked_table(X)
        return self._predictor.predict_interval(table, coverage, threads=self._threads)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The coefficient of determination; for quantiles the fraction of the pinball loss explained.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.
        y : array-like, shape (n_samples,) or (n_samples, n_outputs)
            True numbers.
        sample_weight : array-like, shape (n_samples,), optional
            Weights of the samples.

        Returns
        -------
        float
            R^2, or the mean of `sklearn.metrics.d2_pinball_score` over the quantiles.
        """
        if self.loss != "quantile":
            return float(super().score(X, y, sample_weight))
        predicted = np.reshape(self.predict(X), (-1, len(self.quantiles)))
        scores = [
            d2_pinball_score(y, column, sample_weight=sample_weight, alpha=q)
            for column, q in zip(predicted.T, self.quantiles, strict=True)
        ]
        return float(np.mean(scores))

    def _metric(self, y: Array) -> Any:
        return metric_of(self.metric, NUMBER_METRICS, None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
