"""The base class of classifier and regressor."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted

from pybp._common.explain import explained
from pybp._common.types import Array
from pybp.data.dataset import Data
from pybp.mlp import MLP
from pybp.sklearn.checks import checked_validation, refuse_lossy, validated
from pybp.sklearn.estimator import restored_on_failure
from pybp.sklearn.mlp import coefficients, training
from pybp.sklearn.mlp.architecture import Architecture, hidden_index
from pybp.sklearn.mlp.coefficients import WeightLists
from pybp.sklearn.mlp.exports import Exported
from pybp.sklearn.mlp.objective import Objective, loss_and_gradient
from pybp.sklearn.mlp.parameters import ADVICE, CONSTRAINTS
from pybp.sklearn.mlp.solvers import is_stochastic
from pybp.sklearn.mlp.validation import Samples

__all__ = ["BaseMLP"]

_SPARSE = ("csr", "csc")


class BaseMLP(Exported, ABC):
    """Base class of `MLPClassifier` and `MLPRegressor`."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = dict(CONSTRAINTS)
    _argument_advice: ClassVar[Mapping[str, str]] = ADVICE

    # What training sets, for type checkers.
    net_: MLP
    n_outputs_: int
    _architecture: Architecture
    _objective: Objective
    _lists: WeightLists | None = None

    @abstractmethod
    def _checked(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Array]:
        """X and y, validated; a classifier learns the classes."""

    @abstractmethod
    def _objective_of(self, y: Array) -> tuple[Objective, int]:
        """What is minimised, and the number of outputs."""

    @abstractmethod
    def _targets(self, y: Array) -> Array:
        """The targets as the core takes them."""

    @abstractmethod
    def _stratified_by(self, targets: Array) -> Array | None:
        """The classes whose proportions the split for early stopping keeps, if any."""

    @abstractmethod
    def _score_outputs(self, outputs: Array, data: Data, samples: Samples) -> float:
        """The score that early stopping watches if there is no `monitor`."""

    # ---- learning ----------------------------------------------------------------------------

    @explained
    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any = None,
        *,
        validation_data: Any = None,
        X_val: Any = None,
        y_val: Any = None,
        sample_weight_val: Any = None,
    ) -> Self:
        """Fit the model to samples X with targets y.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.
        y : array-like, shape (n_samples,) or (n_samples, n_outputs)
            Class labels, a 0/1 matrix of labels, or numbers.
        sample_weight : array-like, shape (n_samples,), optional
            Weights of the samples, >= 0.
        validation_data : tuple (X, y) or (X, y, sample_weight), optional
            Samples to score after each epoch; with `early_stopping` they replace those that
            `validation_fraction` holds out.
        X_val, y_val, sample_weight_val : array-like, optional
            The same samples in scikit-learn's way: a `Pipeline` with ``transform_input=["X_val"]``
            transforms them as it does X.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            An argument is wrong, or training diverged.
        """
        validation = checked_validation(validation_data, X_val, y_val, sample_weight_val)
        with restored_on_failure(self):
            return self._fit(X, y, sample_weight, False, validation)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        incremental: bool,
        validation_data: tuple[Any, ...] | None = None,
    ) -> Self:
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        reset = not self._has_weights or (not self.warm_start and not incremental)
        samples = self._samples(X, y, sample_weight, incremental, reset)
        self._random_state = check_random_state(self.random_state)
        self._prepare(samples, reset)
        validation = self._validation(validation_data)
        try:
            training.train(self, samples, validation, incremental, reset)
        finally:
            self._read_net(in_place=not reset)
        return self

    def _samples(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, reset: bool
    ) -> Samples:
        """The samples to train on, validated."""
        X, y = self._checked(X, y, incremental, reset)
        weights = None
        if sample_weight is not None:
            refuse_lossy(sample_weight, "sample_weight")
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        self._objective, self.n_outputs_ = self._objective_of(y)
        return Samples(X, y, self._targets(y), self._with_class_weight(y, weights))

    def _with_class_weight(self, y: Array, weights: Array | None) -> Array | None:
        """The weights of the samples, multiplied by those of their classes."""
        return weights

    def _validation(self, given: tuple[Any, ...] | None) -> Samples | None:
        """The samples for validation, validated."""
        if given is None:
            return None
        X, y = self._checked(given[0], given[1], True, False)
        weights = None if len(given) == 2 else _check_sample_weight(given[2], X, dtype=np.float64)
        return Samples(X, y, self._targets(y), weights)

    # ---- the net -------------------------------------------------------------------------------

    def _prepare(self, samples: Samples, reset: bool) -> None:
        """Make the net that the parameters describe, with the weights to start from."""
        architecture = Architecture.of(
            self,
            samples.X.shape[1],
            self.n_outputs_,
            self._objective.output,
            self._dtype_name(samples, reset),
            self.alpha / self._objective.scale,
            getattr(self, "feature_names_in_", None),
        )
        if reset:
            self._initialize(architecture)
        elif not hasattr(self, "net_"):  # the user set weights before any fit
            self.net_ = architecture.net(self._draw_seed())
            self._write_net()
        elif architecture != self._architecture:
            self._write_net()
            self.net_ = architecture.rebuilt(self.net_)
        else:
            self._write_net()
        self._architecture = architecture

    def _dtype_name(self, samples: Samples, reset: bool) -> str:
        """The parameter `dtype`, else that of the net that is trained further, else that of X."""
        if self.dtype is not None:
            return str(np.dtype(self.dtype).name)
        if not reset and hasattr(self, "_architecture"):
            return str(self._architecture.dtype)
        return str(np.dtype(samples.X.dtype).name)

    def _initialize(self, architecture: Architecture) -> None:
        """Make a new net with random weights."""
        self.n_layers_ = len(architecture.sizes) + 2
        self.out_activation_ = self._objective.out_activation
        self.net_ = architecture.net(self._draw_seed())
        logistic = all(function.name == "sigmoid" for function in architecture.activations)
        factor = 2.0 if logistic and architecture.activations else 6.0
        coefficients.write(self.net_, *coefficients.draw(self.net_, self._random_state, factor))
        self._read_net(in_place=False)

    def _draw_seed(self) -> int:
        """The net's seed: a word of the random state, which is not advanced.

        The next draws are then those of scikit-learn.
        """
        state = self._random_state.get_state(legacy=False)["state"]
        if "pos" not in state:  # not the Mersenne twister
            return int(self._random_state.randint(np.iinfo(np.int32).max))
        return int(state["key"][(state["pos"] + 1) % len(state["key"])])

    @property
    def coefs_(self) -> list[Array]:
        """Weights of the dense layers, (inputs, outputs); may be changed or assigned."""
        return self._list("coefs")

    @coefs_.setter
    def coefs_(self, coefs: list[Array]) -> None:
        self._assign("coefs", coefs)

    @property
    def intercepts_(self) -> list[Array]:
        """Biases of the dense layers; may be changed or assigned."""
        return self._list("intercepts")

    @intercepts_.setter
    def intercepts_(self, intercepts: list[Array]) -> None:
        self._assign("intercepts", intercepts)

    def _list(self, name: str) -> list[Array]:
        if self._lists is None and hasattr(self, "net_"):
            self._lists = WeightLists.of(self.net_)
        found: list[Array] | None = getattr(self._lists, name, None)
        if found is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute '{name}_'")
        return found

    def _assign(self, name: str, arrays: list[Array]) -> None:
        if self._lists is None:
            self._lists = WeightLists.of(self.net_) if hasattr(self, "net_") else WeightLists()
        setattr(self._lists, name, arrays)

    @property
    def _has_weights(self) -> bool:
        """Whether there are weights, from a fit or assigned by the user."""
        return hasattr(self, "net_") or getattr(self._lists, "coefs", None) is not None

    def _read_net(self, in_place: bool) -> None:
        """Set `coefs_` and `intercepts_` to the net's weights and biases."""
        if self._lists is not None and not (in_place and self._lists.update_from(self.net_)):
            self._lists = None  # made again when they are read

    def _write_net(self) -> None:
        """Set the net's weights and biases to `coefs_` and `intercepts_`, if these have been changed."""
        if self._lists is not None:
            self._lists.write_to(self.net_)

    def _fitted_attributes(self) -> dict[str, Any]:
        """The attributes that a copy needs, during training, to count as fitted up to now."""
        return {"net_": self.net_.copy(), "_lists": None, "loss_curve_": [*self.loss_curve_]}

    def _get_fitted_attr_html(self, doc_link: str = "") -> Any:
        """The table of fitted attributes in notebooks; does not keep the `coefs_` that it makes."""
        lists = self._lists
        try:
            return super()._get_fitted_attr_html(doc_link)
        finally:
            self._lists = lists

    # ---- predicting ----------------------------------------------------------------------------

    def _outputs(self, X: Any) -> Array:
        """The net's outputs, (n_samples, n_outputs)."""
        check_is_fitted(self, "net_")
        X = validated(self, X, accept_sparse=_SPARSE, reset=False)
        self._write_net()
        return self._objective.predictions(self.net_.predict(X, threads=self._threads))

    def hidden_activations(self, X: Any, layer: int = -1) -> Array:
        """Outputs of a hidden layer: the features that the net has learned.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.
        layer : int
            Which hidden layer, counted from 0; negative numbers count from the last.

        Returns
        -------
        ndarray, shape (n_samples, n_neurons)
            Outputs after the layer's activation, norm and residual sum.
        """
        check_is_fitted(self, "net_")
        X = validated(self, X, accept_sparse=_SPARSE, reset=False)
        return self._until(layer).predict(X, threads=self._threads)

    def _until(self, layer: int) -> MLP:
        """The part of the net up to a hidden layer."""
        index = hidden_index(layer, len(self._architecture.sizes))
        self._write_net()
        return self._architecture.until(index, self.net_)

    def input_gradients(self, X: Any) -> Array:
        """Derivatives of each output with respect to each input, by backpropagation.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs, n_features)
            ``d output_k / d x_j`` for each sample. The outputs are the probabilities of a classifier
            (with two classes, of the second one alone) or the predictions of a regressor.
        """
        check_is_fitted(self, "net_")
        X = validated(self, X, accept_sparse=_SPARSE, reset=False)
        self._write_net()
        gradients = self.net_.input_gradients(X, threads=self._threads or None)
        slopes = np.asarray(self._objective.slopes(self.net_.predict(X)), gradients.dtype)
        scaled: Array = gradients * slopes[..., np.newaxis]
        return scaled

    # ---- for scikit-learn ----------------------------------------------------------------------

    def _check_solver(self) -> bool:
        """Whether there is a `partial_fit`, for `available_if`."""
        if not is_stochastic(self.solver):
            raise AttributeError(
                "partial_fit is only available for stochastic optimizers. "
                f"{self.solver} is not stochastic."
            )
        return True

    def _unpack(self, packed_parameters: Array) -> None:
        """Set weights and biases from one vector: all weights, then all biases."""
        start = 0
        for arrays in (self.coefs_, self.intercepts_):
            for i, array in enumerate(arrays):
                end = start + array.size
                arrays[i] = np.reshape(packed_parameters[start:end], array.shape)
                start = end

    def _loss_grad_lbfgs(
        self, packed_coef_inter: Array, X: Any, y: Any, sample_weight: Any = None, *_: Any
    ) -> tuple[float, Array]:
        """Loss and gradient at a vector as in `_unpack`; scikit-learn's tests call it by this name."""
        self._unpack(packed_coef_inter)
        self._write_net()
        value, flat = loss_and_gradient(self, X, y, sample_weight)
        coefs, intercepts = coefficients.dense_views(self.net_, flat)
        return value, np.hstack([array.ravel() for array in coefs + intercepts])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
