"""What classifier and regressor have in common."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Self

import joblib
import numpy as np
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from pybp._common.types import Array
from pybp.data.dataset import Data
from pybp.data.sparse import Sparse, as_inputs
from pybp.mlp import MLP
from pybp.sklearn import _coefficients, _training
from pybp.sklearn._architecture import Architecture, hidden_place
from pybp.sklearn._callbacks import CallbackSupportMixin
from pybp.sklearn._constraints import COMMON
from pybp.sklearn._holdout import Samples
from pybp.sklearn._lbfgs import loss_and_gradient
from pybp.sklearn._objective import Objective
from pybp.sklearn._solvers import is_stochastic
from pybp.sklearn._undo import undone_if_it_fails

__all__ = ["BaseMLP", "keep_arguments"]

_SPARSE = ("csr", "csc")


class BaseMLP(CallbackSupportMixin, BaseEstimator, ABC):
    """Base class of `MLPClassifier` and `MLPRegressor`; not to be used itself."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = dict(COMMON)

    # What training sets, for type checkers.
    net_: MLP
    coefs_: list[Array]
    intercepts_: list[Array]
    n_outputs_: int
    _architecture: Architecture
    _objective: Objective

    @abstractmethod
    def _checked(self, X: Any, y: Any, incremental: bool, reset: bool) -> tuple[Any, Array]:
        """X and y as they are trained on; learns the classes, if any."""

    @abstractmethod
    def _objective_of(self, y: Array) -> tuple[Objective, int]:
        """What is minimised, and the number of outputs."""

    @abstractmethod
    def _targets(self, y: Array) -> Array:
        """The targets as the core has them."""

    @abstractmethod
    def _stratified_by(self, targets: Array) -> Array | None:
        """What is held out keeps the proportions of this."""

    @abstractmethod
    def _score_outputs(self, outputs: Array, data: Data, samples: Samples) -> float:
        """The score that early stopping watches, if nothing else is said."""

    # ---- learning ----------------------------------------------------------------------------

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self, X: Any, y: Any, sample_weight: Any = None, *, validation_data: Any = None
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
            Samples to score after each epoch; with `early_stopping` they take the place of
            `validation_fraction`.

        Returns
        -------
        self
            The fitted estimator.

        Raises
        ------
        ValueError
            An argument is wrong, or training diverged.
        """
        with undone_if_it_fails(self):
            return self._fit(X, y, sample_weight, False, validation_data)

    def _fit(
        self,
        X: Any,
        y: Any,
        sample_weight: Any,
        incremental: bool,
        validation_data: Any = None,
    ) -> Self:
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        first = not hasattr(self, "coefs_") or (not self.warm_start and not incremental)
        samples = self._samples(X, y, sample_weight, incremental, first)
        self._random_state = check_random_state(self.random_state)
        self._prepare(samples, first)
        held = self._validation(validation_data)
        try:
            _training.train(self, samples, held, incremental, first)
        finally:
            self._pull(in_place=not first)
        return self

    def _samples(
        self, X: Any, y: Any, sample_weight: Any, incremental: bool, first: bool
    ) -> Samples:
        """What is trained on, checked."""
        X, y = self._checked(X, y, incremental, first)
        weights = None
        if sample_weight is not None:
            weights = _check_sample_weight(sample_weight, X, dtype=np.float64)
        self._objective, self.n_outputs_ = self._objective_of(y)
        return Samples(X, y, self._targets(y), self._with_class_weight(y, weights))

    def _with_class_weight(self, y: Array, weights: Array | None) -> Array | None:
        """The weights, multiplied by those of the classes."""
        return weights

    def _validation(self, given: Any) -> Samples | None:
        """What `validation_data` stands for."""
        if given is None:
            return None
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise ValueError("validation_data must be (X, y) or (X, y, sample_weight)")
        X, y = self._checked(given[0], given[1], True, False)
        weights = None if len(given) == 2 else _check_sample_weight(given[2], X, dtype=np.float64)
        return Samples(X, y, self._targets(y), weights)

    # ---- the net -------------------------------------------------------------------------------

    def _prepare(self, samples: Samples, first: bool) -> None:
        """Have the net that the parameters describe, with the weights to start from."""
        wanted = Architecture.of(
            self,
            samples.X.shape[1],
            self.n_outputs_,
            self._objective.output,
            self._dtype_name(samples, first),
            self.alpha / self._objective.scale,
            getattr(self, "feature_names_in_", None),
        )
        if first:
            self._initialize(wanted)
        elif not hasattr(self, "net_"):  # weights were given to an estimator that wasn't fitted
            self.net_ = wanted.net(self._draw_seed())
            self._push()
        elif wanted != self._architecture:
            self._push()
            self.net_ = wanted.rebuilt(self.net_)
        else:
            self._push()
        self._architecture = wanted

    def _dtype_name(self, samples: Samples, first: bool) -> str:
        """That of the parameter, else of the net that is there, else of X."""
        if self.dtype is not None:
            return str(np.dtype(self.dtype).name)
        if not first and hasattr(self, "_architecture"):
            return self._architecture.dtype
        return str(np.dtype(samples.X.dtype).name)

    def _initialize(self, wanted: Architecture) -> None:
        """A new net, with random weights."""
        self.n_layers_ = len(wanted.sizes) + 2
        self.out_activation_ = self._objective.out_activation
        self.net_ = wanted.net(self._draw_seed())
        logistic = all(function.name == "sigmoid" for function in wanted.activations)
        factor = 2.0 if logistic and wanted.activations else 6.0
        drawn = _coefficients.drawn(self.net_, self._random_state, factor)
        _coefficients.write(self.net_, *drawn)
        self._pull(in_place=False)

    def _draw_seed(self) -> int:
        """The net's seed: a word of the state, so that what is drawn next is what scikit-learn draws."""
        state = self._random_state.get_state(legacy=False)["state"]
        if "pos" not in state:  # not the Mersenne twister
            return int(self._random_state.randint(np.iinfo(np.int32).max))
        return int(state["key"][(state["pos"] + 1) % len(state["key"])])

    def _pull(self, in_place: bool) -> None:
        """Let `coefs_` and `intercepts_` be what the net has."""
        coefs, intercepts = _coefficients.read(self.net_)
        self._synced = ([c.copy() for c in coefs], [b.copy() for b in intercepts])
        for name, new in (("coefs_", coefs), ("intercepts_", intercepts)):
            old = getattr(self, name, None)
            if in_place and old is not None and _all_alike(old, new):
                for array, values in zip(old, new, strict=True):
                    array[...] = values
            else:
                setattr(self, name, new)

    def _push(self) -> None:
        """Let the net have what is in `coefs_` and `intercepts_`, if they have been changed."""
        given = (self.coefs_, self.intercepts_) if hasattr(self, "coefs_") else None
        synced = getattr(self, "_synced", None)
        if given is not None and (synced is None or _coefficients.differ(given, synced)):
            _coefficients.write(self.net_, *given)
            copies = [[np.array(array) for array in arrays] for arrays in given]
            self._synced = (copies[0], copies[1])

    def _snapshot(self) -> dict[str, Any]:
        """What makes a copy of this estimator, in the midst of training, one that was fitted."""
        net = self.net_.copy()
        coefs, intercepts = _coefficients.read(net)
        synced = ([c.copy() for c in coefs], [b.copy() for b in intercepts])
        lists = {"coefs_": coefs, "intercepts_": intercepts, "loss_curve_": [*self.loss_curve_]}
        return {"net_": net, "_synced": synced, **lists}

    @property
    def _threads(self) -> int:
        """The core's number of threads for `n_jobs`."""
        return 0 if self.n_jobs is None else int(joblib.effective_n_jobs(self.n_jobs))

    # ---- predicting ----------------------------------------------------------------------------

    def _outputs(self, X: Any) -> Array:
        """The net's outputs, (n_samples, n_outputs)."""
        check_is_fitted(self, "net_")
        X = validate_data(self, X, accept_sparse=_SPARSE, reset=False)
        self._push()
        return self._objective.predictions(self.net_.predict(X, threads=self._threads or None))

    def hidden_activations(self, X: Any, layer: int = -1) -> Array:
        """Outputs of a hidden layer: the features that the net has learnt.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.
        layer : int
            Which hidden layer, counted from 0; negative numbers count from the last.

        Returns
        -------
        ndarray, shape (n_samples, n_neurons)
            What follows the layer's activation, norm and residual sum.
        """
        check_is_fitted(self, "net_")
        X = validate_data(self, X, accept_sparse=_SPARSE, reset=False)
        place = hidden_place(layer, len(self._architecture.sizes))
        self._push()
        part = self._architecture.until(place, self.net_)
        return part.predict(X, threads=self._threads or None)

    def input_gradients(self, X: Any) -> Array:
        """How much each output changes with each input: backpropagation down to X.

        Parameters
        ----------
        X : array-like or sparse matrix, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_outputs, n_features)
            ``d output_k / d x_j`` for each sample, of the net's outputs: the probabilities of a
            classifier (of two classes that of the second, the only one there is), the predictions
            of a regressor.
        """
        check_is_fitted(self, "net_")
        X = validate_data(self, X, accept_sparse=_SPARSE, reset=False)
        self._push()
        net = self.net_.copy()
        matrix = as_inputs(X, "X", net.dtype, net.n_in)
        rows = matrix.toarray() if isinstance(matrix, Sparse) else matrix
        outputs = net.forward(rows)
        slopes = np.broadcast_to(self._objective.slopes(outputs), outputs.shape)
        gradients = np.empty((len(rows), net.n_out, net.n_in), net.dtype)
        for place in range(net.n_out):
            chosen = np.zeros_like(outputs)
            chosen[:, place] = slopes[:, place]
            gradients[:, place] = net.backward(chosen)
        return gradients

    # ---- for scikit-learn ----------------------------------------------------------------------

    def _check_solver(self) -> bool:
        """Whether `partial_fit` is there."""
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
            for place, array in enumerate(arrays):
                end = start + array.size
                arrays[place] = np.reshape(packed_parameters[start:end], array.shape)
                start = end

    def _loss_grad_lbfgs(
        self, packed_coef_inter: Array, X: Any, y: Any, sample_weight: Any = None, *_: Any
    ) -> tuple[float, Array]:
        """Loss and gradient at a vector as in `_unpack`; scikit-learn's tests check it by this name."""
        self._unpack(packed_coef_inter)
        self._push()
        value, flat = loss_and_gradient(self, X, y, sample_weight)
        coefs, intercepts = _coefficients.dense_views(self.net_, flat)
        return value, np.hstack([array.ravel() for array in coefs + intercepts])

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


def keep_arguments(estimator: Any, arguments: dict[str, Any]) -> None:
    """What an estimator's __init__ does: keep the arguments as they are."""
    for name, value in arguments.items():
        if name not in ("self", "__class__"):
            setattr(estimator, name, value)


def _all_alike(old: Any, new: list[Array]) -> bool:
    """Whether the arrays can take each other's values."""
    return len(old) == len(new) and all(
        isinstance(array, np.ndarray)
        and array.shape == values.shape
        and array.dtype == values.dtype
        and array.flags.writeable
        for array, values in zip(old, new, strict=True)
    )
