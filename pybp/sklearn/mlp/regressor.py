"""The regressor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import RegressorMixin, _fit_context
from sklearn.metrics import d2_pinball_score
from sklearn.utils import column_or_1d
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from pybp import _core
from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.data.dataset import Data
from pybp.export.onnx.predictions import Head, NumberHead
from pybp.losses import Quantile
from pybp.sklearn.checks import refuse_lossy, validated
from pybp.sklearn.estimator import restored_on_failure, store_parameters
from pybp.sklearn.mlp.base import BaseMLP
from pybp.sklearn.mlp.objective import Objective, regression_objective
from pybp.sklearn.mlp.parameters import ATTRIBUTES, CONSTRAINTS, PARAMETERS, loss_constraint
from pybp.sklearn.mlp.validation import Samples
from pybp.sklearn.types import (
    Activations,
    BatchSize,
    Callbacks,
    DTypeLike,
    LayerSizes,
    LearningRateRule,
    Monitor,
    ProgressLike,
    RandomState,
    Rates,
    RegressorLoss,
    ScheduleLike,
    SolverLike,
)

__all__ = ["MLPRegressor"]


class MLPRegressor(RegressorMixin, BaseMLP):
    __doc__ = f"""A regressor: scikit-learn's `MLPRegressor`, trained by pybp.

    Parameters
    ----------
    loss : str, Loss or callable
        "squared_error" (half the squared error), "poisson" (half the Poisson deviance, with outputs
        exp(z)), or any other of `pybp.losses` for numbers. Several quantiles have an output each;
        those of one target are adjacent, and `score` is their mean `d2_pinball_score`.{PARAMETERS}
    Attributes
    ----------{ATTRIBUTES}
    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pybp.sklearn import MLPRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(early_stopping=True, learning_rate_init=0.05, random_state=0)
    >>> model.fit(X * 20, y).score(X * 20, y) > 0.4
    True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **CONSTRAINTS,
        "loss": loss_constraint(
            "squared_error",
            "poisson",
            refused={"cross_entropy", "binary_cross_entropy", "hinge", "squared_hinge"},
        ),
    }

    def __init__(
        self,
        loss: RegressorLoss = "squared_error",
        hidden_layer_sizes: LayerSizes = (100,),
        activation: Activations = "relu",
        *,
        solver: SolverLike = "adam",
        alpha: float = 0.0001,
        batch_size: BatchSize = "auto",
        learning_rate: LearningRateRule = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: RandomState = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: Rates = 0.0,
        batch_norm: bool = False,
        layer_norm: bool = False,
        residual: bool = False,
        embedding: Mapping[Any, Any] | None = None,
        schedule: ScheduleLike = None,
        clip_norm: float | None = None,
        monitor: Monitor = None,
        callbacks: Callbacks = (),
        n_jobs: int | None = None,
        progress: ProgressLike = False,
        dtype: DTypeLike = None,
    ) -> None:
        store_parameters(self, locals())

    @available_if(lambda estimator: estimator._check_solver())
    @explained
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Train one more epoch on these samples.

        Parameters
        ----------
        X, y, sample_weight
            As in `fit`.

        Returns
        -------
        self
            The estimator.
        """
        with restored_on_failure(self):
            return self._fit(X, y, sample_weight, True)

    def _checked(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Array]:
        refuse_lossy(y, "y")
        X, y = validated(
            self,
            X,
            y,
            accept_sparse=["csr", "csc"],
            multi_output=True,
            y_numeric=True,
            dtype=(np.float64, np.float32),
            reset=reset,
        )
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        return X, y

    def _objective_of(self, y: Array) -> tuple[Objective, int]:
        return regression_objective(self.loss, 1 if y.ndim == 1 else y.shape[1])

    def _targets(self, y: Array) -> Array:
        return y.reshape(len(y), -1)

    def _stratified_by(self, targets: Array) -> Array | None:
        return None

    def _score_outputs(self, outputs: Array, data: Data, samples: Samples) -> float:
        if not np.isfinite(outputs).all():
            return float("nan")
        if self._quantiles:
            return self._pinball_score(data.y, outputs, samples.weights)
        return _core.metric_value("r2", data.y, outputs, samples.weights)

    # ---- predicting --------------------------------------------------------------------------

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """R²; of several quantiles, the mean of scikit-learn's `d2_pinball_score` of each.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.
        y : array-like, shape (n_samples,) or (n_samples, n_targets)
            True targets.
        sample_weight : array-like, shape (n_samples,), optional
            Weights of the samples.

        Returns
        -------
        float
            At most 1, for perfect predictions; 0 for the best constant ones.
        """
        check_is_fitted(self, "net_")
        if not self._quantiles:
            return float(super().score(X, y, sample_weight))
        return self._pinball_score(np.asarray(y), self._outputs(X), sample_weight)

    @property
    def _quantiles(self) -> tuple[float, ...]:
        """The quantiles of each target, if there are several."""
        loss = self._objective.loss
        levels = loss.q if isinstance(loss, Quantile) else ()
        return levels if isinstance(levels, tuple) and len(levels) > 1 else ()

    def _pinball_score(self, y: Array, outputs: Array, weights: Any) -> float:
        """The mean of the pinball scores of several quantiles."""
        predicted = outputs.reshape(len(outputs), -1, len(self._quantiles))
        targets = y.reshape(len(y), -1)
        scores = [
            d2_pinball_score(targets, predicted[:, :, i], alpha=q, sample_weight=weights)
            for i, q in enumerate(self._quantiles)
        ]
        return float(np.mean(scores))

    def predict(self, X: Any) -> Array:
        """Predicted targets.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_outputs)
            Predictions.
        """
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def _onnx_head(self) -> tuple[Head | NumberHead, Mapping[str, Callable[[Any], Any]]]:
        exponential = self._objective.out_activation == "exp"
        return NumberHead(exponential=exponential), {"prediction": self.predict}

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
