"""The regressor of tables."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils import check_array, column_or_1d

from pybp._common.types import Array, DTypeName
from pybp.activations import ActivationLike
from pybp.sklearn.estimator import store_parameters
from pybp.sklearn.tabular.base import TabularEstimator
from pybp.sklearn.tabular.parameters import ATTRIBUTES, PARAMETERS
from pybp.sklearn.tabular.scorers import MetricLike, metric_of
from pybp.sklearn.types import Callbacks, LayerSizes, ProgressLike, RandomState
from pybp.tabular.recipe import RECIPE_PARAMETERS, REFERENCES, REGRESSION
from pybp.tabular.scores import NUMBER_METRICS

__all__ = ["TabularMLPRegressor"]


class TabularMLPRegressor(RegressorMixin, TabularEstimator):
    __doc__ = f"""A regressor of tables that needs no tuning: the RealMLP-TD-S recipe.

    As `TabularMLPClassifier`, with mish layers, the mean squared error of targets that are scaled to
    mean 0 and standard deviation 1, and a larger learning rate.

    Parameters
    ----------{RECIPE_PARAMETERS}
    metric : str or callable, optional
        The metric that chooses the epochs, and whose value is `oof_score_`: "rmse" (default), "mae" or
        "r2"; or a scorer of scikit-learn, or its name.{PARAMETERS}
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
        epochs: int = REGRESSION.epochs,
        batch_size: int = REGRESSION.batch_size,
        lr: float = REGRESSION.lr,
        scale_lr_factor: float = REGRESSION.scale_lr_factor,
        bias_lr_factor: float = REGRESSION.bias_lr_factor,
        betas: tuple[float, float] = REGRESSION.betas,
        metric: MetricLike | None = None,
        n_ensemble: int | Literal["auto"] = REGRESSION.n_ensemble,
        patience: int | None = REGRESSION.patience,
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

    def _metric(self, y: Array) -> Any:
        return metric_of(self.metric, NUMBER_METRICS, None)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
