"""What the tabular estimators have in common."""

import warnings
from types import SimpleNamespace
from typing import Any, ClassVar, Self

import joblib
import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_consistent_length, check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pybp._common.arguments import count, flag, real, shown
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.losses import Loss
from pybp.optimizers import Adam
from pybp.schedules import CosLog4
from pybp.sklearn._callbacks import CallbackSupportMixin, Reports
from pybp.sklearn._tabular_columns import Column, is_frame, roles_of, table_columns
from pybp.sklearn._tabular_preprocessing import Preprocessing
from pybp.sklearn._tabular_samples import Samples
from pybp.sklearn._tabular_training import LastBest, Record, tabular_net
from pybp.sklearn._undo import undone_if_it_fails
from pybp.training.callback_list import checked_callbacks

__all__ = ["TabularBase"]


class TabularBase(CallbackSupportMixin, BaseEstimator):
    """Base class of `TabularMLPClassifier` and `TabularMLPRegressor`."""

    _parameter_constraints: ClassVar[dict[str, Any]] = {}  # fit checks them all
    _output: ClassVar[str]
    _classifies: ClassVar[bool]

    # ---- what the two do differently ---------------------------------------------------------

    def _encoded(self, y: Any, *, reset: bool) -> Array:
        """Targets as class indices or numbers; with `reset` also learns what classes there are."""
        raise NotImplementedError

    def _learn_targets(self, samples: Samples) -> None:
        """What is to know of the targets before a net is made."""

    def _targets(self, y: Array) -> Array:
        """Encoded targets as the net learns them."""
        return y

    def _n_outputs(self, y: Array) -> int:
        raise NotImplementedError

    def _loss(self) -> Loss:
        raise NotImplementedError

    def _training_weights(self, samples: Samples) -> Array | None:
        return samples.weights

    # ---- fit ---------------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None
    ) -> Self:
        """Train a new net.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs. Of DataFrames (pandas, polars), columns of dtype category, string, object and bool
            hold categories, unless `categorical_features` says otherwise. NaN, None and null are
            missing values.
        y : array-like, shape (n_samples,), of the regressor also (n_samples, n_outputs)
            Class labels, or numbers.
        sample_weight : array-like, shape (n_samples,), optional
            Weights >= 0 of the samples: in the loss, in scaling and in validation.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            What to choose the best epoch by, instead of a share of the training data.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError, TypeError
            An argument is wrong.
        DivergenceError
            Loss or parameters became infinite or NaN.
        """
        with undone_if_it_fails(self):
            self._fit(X, y, sample_weight, validation_data)
        return self

    def _fit(self, X: Any, y: Any, sample_weight: Any, validation_data: Any) -> None:
        """`fit`, with its arguments."""
        table = self._table(X, y, reset=True)
        self._roles = roles_of(table, self.categorical_features)
        samples = self._samples(table, y, sample_weight, reset=True)
        if len(samples) <= count(self.batch_size, "batch_size"):
            samples = samples.merged()  # all are in each minibatch: it learns the same
        random = check_random_state(self.random_state)
        seed = int(random.randint(np.iinfo(np.int32).max))
        if validation_data is None:
            samples, validation = samples.split(self._fraction(), random, self._classifies)
        else:
            validation = self._validation(validation_data)
        self._preprocessing = Preprocessing().fit(samples.columns, samples.weights)
        self.input_names_ = self._preprocessing.feature_names
        self._learn_targets(samples)
        raw = SimpleNamespace(X=X, y=y, weights=sample_weight)
        self._train(
            samples, validation, seed, Reports.of(self, raw, count(self.n_epochs, "n_epochs"))
        )

    def _train(
        self, samples: Samples, validation: Samples | None, seed: int, reports: list[Reports]
    ) -> None:
        inputs = self._inputs(samples.columns)
        self.net_ = tabular_net(
            inputs.shape[1],
            self._hidden(),
            self._n_outputs(samples.y),
            activation=self.activation,
            output=self._output,
            scale_lr_factor=real(self.scale_lr_factor, "scale_lr_factor", low=0.0),
            bias_lr_factor=real(self.bias_lr_factor, "bias_lr_factor", low=0.0),
            dtype=self.dtype,
            seed=seed,
        )
        watched, best = self._watched(validation)
        record = Record(flag(self.verbose, "verbose"))
        own = [record] if best is None else [record, best]
        try:
            self.net_.fit(
                inputs,
                self._targets(samples.y),
                loss=self._loss(),
                optimizer=Adam(
                    lr=CosLog4(real(self.learning_rate, "learning_rate", low=0.0)),
                    betas=self.betas,
                ),
                epochs=self.n_epochs,
                batch_size=self.batch_size,
                drop_last=True,
                sample_weight=self._training_weights(samples),
                validation_data=watched,
                callbacks=[*own, *reports, *checked_callbacks(self.callbacks or ())],
                progress=self.progress,
                threads=self._threads,
            )
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", ConvergenceWarning, stacklevel=5)
        self.n_iter_ = self.net_.epochs_done
        self.best_epoch_ = self.n_iter_ if best is None else best.restore(self.net_)
        seen = record.history.history
        self.loss_curve_ = seen.get("loss", [])
        self.validation_loss_curve_ = seen.get("val_loss")
        self.validation_scores_ = None
        if best is not None and self._classifies:
            self.validation_scores_ = [1 - error for error in best.errors]

    def _table(self, X: Any, y: Any = "no_validation", *, reset: bool) -> Any:
        """X as a DataFrame or an array of two dimensions."""
        if is_frame(X) or y is None:
            validate_data(self, X, y, reset=reset, skip_check_array=True)
            if len(X) == 0:
                raise ArgumentError(
                    f"Found array with 0 sample(s) (shape={X.shape}); 1 is required"
                )
            return X
        given = self.categorical_features
        numbers = given is None or (isinstance(given, str) and given == "from_dtype")
        return validate_data(
            self,
            X,
            reset=reset,
            dtype="numeric" if numbers else None,
            ensure_all_finite="allow-nan",
        )

    def _samples(self, table: Any, y: Any, sample_weight: Any, *, reset: bool) -> Samples:
        targets = self._encoded(y, reset=reset)
        check_consistent_length(table, targets)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(
                sample_weight, table, dtype=np.float64, ensure_non_negative=True
            )
            if not (weights > 0).any():
                raise ArgumentError("sample_weight is zero for every sample")
        return Samples(table_columns(table, self._roles), targets, weights).cleaned()

    def _validation(self, given: Any) -> Samples:
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise TypeError(
                f"validation_data must be (X, y) or (X, y, sample_weight), got {shown(given)}"
            )
        X, y, *weight = given
        return self._samples(self._table(X, reset=False), y, *(weight or [None]), reset=False)

    def _watched(self, validation: Samples | None) -> tuple[Any, LastBest | None]:
        """The data that are evaluated after each epoch, and what keeps the best one."""
        if validation is None:
            return None, None
        inputs, targets = self._inputs(validation.columns), self._targets(validation.y)
        if validation.weights is None:
            return (inputs, targets), LastBest()
        given = (inputs, targets, validation.weights)
        return given, LastBest(*given) if self._classifies else LastBest()

    def _inputs(self, columns: list[Column] | Any) -> Array:
        return np.ascontiguousarray(self._preprocessing.transform(columns), dtype=self.dtype)

    def _hidden(self) -> list[int]:
        sizes = self.hidden_layer_sizes
        return [count(n, "hidden_layer_sizes") for n in ([sizes] if np.ndim(sizes) == 0 else sizes)]

    @property
    def _threads(self) -> int | None:
        """The core's number of threads for `n_jobs`."""
        return None if self.n_jobs is None else int(joblib.effective_n_jobs(self.n_jobs))

    def _fraction(self) -> float:
        given, name = self.validation_fraction, "validation_fraction"
        return 0.0 if given is None else real(given, name, low=0.0, high=1.0, high_open=True)

    def _snapshot(self) -> dict[str, Any]:
        """What makes a copy of this estimator, in the midst of training, one that was fitted."""
        return {"net_": self.net_.copy()}

    # ---- predict -----------------------------------------------------------------------------

    def preprocess(self, X: Any) -> Array:
        """What `net_` is fed.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`.

        Returns
        -------
        ndarray, shape (n_samples, n_inputs)
            Scaled numbers and one-hot codes, in the net's dtype; `input_names_` tells them apart.
        """
        check_is_fitted(self)
        return self._inputs(table_columns(self._table(X, reset=False), self._roles))

    def _outputs(self, X: Any) -> Array:
        """(n_samples, n_outputs) outputs of the net, in float64."""
        inputs = self.preprocess(X)
        return self.net_.predict(inputs, threads=self._threads).astype(np.float64)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags
