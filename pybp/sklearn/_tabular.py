"""Nets for tables, with strong defaults: RealMLP-TD-S of Holzmüller et al. 2024."""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils import check_array, column_or_1d
from sklearn.utils.multiclass import check_classification_targets

from pybp._common.arguments import real, shown
from pybp._common.types import Array
from pybp.activations import ActivationLike
from pybp.callbacks import Callback
from pybp.errors import ArgumentError
from pybp.losses import MSE, CrossEntropy, Loss
from pybp.sklearn._tabular_base import TabularBase
from pybp.sklearn._tabular_samples import Samples

__all__ = ["TabularMLPClassifier", "TabularMLPRegressor"]


class TabularMLPClassifier(ClassifierMixin, TabularBase):
    """A classifier of tables that needs no tuning: the RealMLP-TD-S recipe.

    Columns of numbers are scaled by their quartiles and clipped smoothly to (-3, 3), categories become
    one-hot codes; both may be missing. A learned factor for each input is followed by three selu
    layers in the NTK parametrisation, trained by Adam along a cosine schedule of growing periods, with
    smoothed labels. The net of the last epoch with the least validation error is kept.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Neurons of the hidden layers.
    activation : str or ActivationFunction
        Of the hidden layers.
    n_epochs : int
        How often every sample is used.
    batch_size : int
        Samples in a minibatch; at most all of them. Those that don't fill the last one of an epoch
        are left out of it.
    learning_rate : float
        The largest of the schedule `pybp.schedules.CosLog4`, > 0.
    scale_lr_factor, bias_lr_factor : float
        What it is multiplied with for the factors of the inputs, and for biases.
    betas : tuple of float
        Of `pybp.optimizers.Adam`.
    label_smoothing : float
        The share of each label that is spread over all classes, 0 to 1.
    class_weight : dict or "balanced", optional
        Weights of the classes in training, by label, 1 for those left out; "balanced" gives all classes
        the same weight together.
    validation_fraction : float, optional
        The share of samples that the epoch is chosen by, in [0, 1), with each class in proportion. They
        are not trained on. 0 or None: none, and the last epoch is kept.
    categorical_features : "from_dtype", None, or array-like of bool, int or str
        Which columns hold categories: of DataFrames those of dtype category, string, object and
        bool; none; or a mask, places or names.
    random_state : int, RandomState instance or None
        Of the split, the initial weights and the order of samples.
    callbacks : list of pybp.callbacks.Callback, optional
        Called by the net's fit.
    n_jobs : int, optional
        Threads, -1 for all CPUs; if not given, PYBP_NUM_THREADS, OMP_NUM_THREADS or the CPUs
        decide. The result doesn't depend on it.
    verbose : bool
        Whether to print each epoch.
    progress : bool or "auto"
        Whether to show a progress bar; see `MLP.fit`.
    dtype : {"float32", "float64"}
        Of the net.

    Attributes
    ----------
    classes_ : ndarray, shape (n_classes,)
        The labels.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray, shape (n_features_in_,)
        Their names, if all of them are strings.
    net_ : MLP
        The net; its inputs are what `preprocess` gives.
    input_names_ : list of str
        What they are.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        The one that was kept, counted from 1.
    loss_curve_, validation_loss_curve_ : list of float
        Loss of each epoch, in training and in validation; None without validation.
    validation_scores_ : list of float
        Accuracy of each epoch in validation; None without.

    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data", NeurIPS 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from pybp.sklearn import TabularMLPClassifier
    >>> X, y = load_breast_cancer(return_X_y=True, as_frame=True)
    >>> model = TabularMLPClassifier(n_epochs=50, random_state=0).fit(X[::2], y[::2])
    >>> round(model.score(X[1::2], y[1::2]), 2)
    0.98
    """

    _output = "softmax"
    _classifies = True

    def __init__(
        self,
        hidden_layer_sizes: Any = (256, 256, 256),
        *,
        activation: ActivationLike = "selu",
        n_epochs: int = 256,
        batch_size: int = 256,
        learning_rate: float = 0.04,
        scale_lr_factor: float = 6.0,
        bias_lr_factor: float = 0.1,
        betas: tuple[float, float] = (0.9, 0.95),
        label_smoothing: float = 0.1,
        class_weight: Mapping[Any, float] | str | None = None,
        validation_fraction: float | None = 0.2,
        categorical_features: Any = "from_dtype",
        random_state: Any = None,
        callbacks: Iterable[Callback] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        progress: bool | str = False,
        dtype: str = "float32",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scale_lr_factor = scale_lr_factor
        self.bias_lr_factor = bias_lr_factor
        self.betas = betas
        self.label_smoothing = label_smoothing
        self.class_weight = class_weight
        self.validation_fraction = validation_fraction
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.progress = progress
        self.dtype = dtype

    def _encoded(self, y: Any, *, reset: bool) -> Array:
        y = check_array(y, ensure_2d=False, dtype=None, input_name="y")
        labels = column_or_1d(y, warn=True)
        check_classification_targets(labels)
        if reset:
            self.classes_, codes = np.unique(labels, return_inverse=True)
            return np.asarray(codes, np.int32)
        codes = np.searchsorted(self.classes_, labels)
        codes = np.minimum(codes, len(self.classes_) - 1)
        unknown = self.classes_[codes] != labels
        if unknown.any():
            label = labels[unknown].tolist()[0]
            raise ArgumentError(f"validation_data has the label {label!r}, but y has not")
        return np.asarray(codes, np.int32)

    def _n_outputs(self, y: Array) -> int:
        return len(self.classes_)

    def _loss(self) -> Loss:
        name = "label_smoothing"
        return CrossEntropy(label_smoothing=real(self.label_smoothing, name, low=0.0, high=1.0))

    def _training_weights(self, samples: Samples) -> Array | None:
        if self.class_weight is None:
            return samples.weights
        weights = np.ones(len(samples)) if samples.weights is None else samples.weights
        product: Array = weights * self._class_factors(samples.y, weights)[samples.y]
        return product

    def _class_factors(self, classes: Array, weights: Array) -> Array:
        """What the weights of each class are multiplied with."""
        given, n = self.class_weight, len(self.classes_)
        if isinstance(given, str) and given == "balanced":
            sums = np.bincount(classes, weights, minlength=n)
            shares = np.where(sums > 0, sums, np.inf) * np.count_nonzero(sums)
            return np.asarray(sums.sum() / shares)
        if not isinstance(given, Mapping):
            raise TypeError(f"class_weight must be a dict or 'balanced', got {shown(given)}")
        labels = self.classes_.tolist()
        if unknown := [label for label in given if label not in labels]:
            raise ArgumentError(f"class_weight names {unknown[0]!r}; the classes are {labels[:20]}")
        return np.array(
            [real(given.get(c, 1.0), f"class_weight[{c!r}]", low=0.0) for c in labels], np.float64
        )

    def predict_proba(self, X: Any) -> Array:
        """Probabilities of the classes.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`. Categories that were not there count as missing.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        outputs = self._outputs(X)
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))

    def predict_log_proba(self, X: Any) -> Array:
        """Logarithms of `predict_proba`.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        with np.errstate(divide="ignore"):  # of a probability that is 0 in the net's dtype
            return np.asarray(np.log(self.predict_proba(X)))

    def predict(self, X: Any) -> Array:
        """The most probable class of each sample.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs.

        Returns
        -------
        ndarray, shape (n_samples,)
            Labels.
        """
        winners = self._outputs(X).argmax(axis=1)
        labels: Array = self.classes_[winners]
        return labels


class TabularMLPRegressor(RegressorMixin, TabularBase):
    """A regressor of tables that needs no tuning: the RealMLP-TD-S recipe.

    As `TabularMLPClassifier`, with mish layers, the mean squared error of targets that are scaled to
    mean 0 and standard deviation 1, and a larger learning rate.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int
        Neurons of the hidden layers.
    activation : str or ActivationFunction
        Of the hidden layers.
    n_epochs : int
        How often every sample is used.
    batch_size : int
        Samples in a minibatch; at most all of them. Those that don't fill the last one of an epoch
        are left out of it.
    learning_rate : float
        The largest of the schedule `pybp.schedules.CosLog4`, > 0.
    scale_lr_factor, bias_lr_factor : float
        What it is multiplied with for the factors of the inputs, and for biases.
    betas : tuple of float
        Of `pybp.optimizers.Adam`.
    validation_fraction : float, optional
        The share of samples that the epoch is chosen by, in [0, 1). They are not trained on. 0 or
        None: none, and the last epoch is kept.
    categorical_features : "from_dtype", None, or array-like of bool, int or str
        Which columns hold categories: of DataFrames those of dtype category, string, object and
        bool; none; or a mask, places or names.
    random_state : int, RandomState instance or None
        Of the split, the initial weights and the order of samples.
    callbacks : list of pybp.callbacks.Callback, optional
        Called by the net's fit.
    n_jobs : int, optional
        Threads, -1 for all CPUs; if not given, PYBP_NUM_THREADS, OMP_NUM_THREADS or the CPUs
        decide. The result doesn't depend on it.
    verbose : bool
        Whether to print each epoch.
    progress : bool or "auto"
        Whether to show a progress bar; see `MLP.fit`.
    dtype : {"float32", "float64"}
        Of the net.

    Attributes
    ----------
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : ndarray, shape (n_features_in_,)
        Their names, if all of them are strings.
    net_ : MLP
        The net; its inputs are what `preprocess` gives, its outputs scaled targets.
    input_names_ : list of str
        What they are.
    n_iter_ : int
        Epochs trained.
    best_epoch_ : int
        The one that was kept, counted from 1.
    loss_curve_, validation_loss_curve_ : list of float
        Loss of each epoch, for scaled targets, in training and in validation; None without validation.

    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees on
    tabular data", NeurIPS 2024.

    Examples
    --------
    >>> from sklearn.datasets import load_diabetes
    >>> from pybp.sklearn import TabularMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, as_frame=True)
    >>> model = TabularMLPRegressor(n_epochs=50, random_state=0).fit(X[::2], y[::2])
    >>> model.predict(X[1:3]).shape
    (2,)
    """

    _output = "identity"
    _classifies = False

    def __init__(
        self,
        hidden_layer_sizes: Any = (256, 256, 256),
        *,
        activation: ActivationLike = "mish",
        n_epochs: int = 256,
        batch_size: int = 256,
        learning_rate: float = 0.07,
        scale_lr_factor: float = 6.0,
        bias_lr_factor: float = 0.1,
        betas: tuple[float, float] = (0.9, 0.95),
        validation_fraction: float | None = 0.2,
        categorical_features: Any = "from_dtype",
        random_state: Any = None,
        callbacks: Iterable[Callback] | None = None,
        n_jobs: int | None = None,
        verbose: bool = False,
        progress: bool | str = False,
        dtype: str = "float32",
    ) -> None:
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.n_epochs = n_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.scale_lr_factor = scale_lr_factor
        self.bias_lr_factor = bias_lr_factor
        self.betas = betas
        self.validation_fraction = validation_fraction
        self.categorical_features = categorical_features
        self.random_state = random_state
        self.callbacks = callbacks
        self.n_jobs = n_jobs
        self.verbose = verbose
        self.progress = progress
        self.dtype = dtype

    def _encoded(self, y: Any, *, reset: bool) -> Array:
        numbers = check_array(y, ensure_2d=False, dtype=np.float64, input_name="y")
        if numbers.ndim == 2 and numbers.shape[1] == 1:
            numbers = column_or_1d(numbers, warn=True)
        if reset:
            self._targets_shape = numbers.shape[1:]
        elif numbers.shape[1:] != self._targets_shape:
            expected = ("n", *self._targets_shape)
            raise ArgumentError(
                f"y of validation_data has shape {numbers.shape}; expected {expected}"
            )
        return np.asarray(numbers)

    def _learn_targets(self, samples: Samples) -> None:
        self._mean = np.average(samples.y, axis=0, weights=samples.weights)
        centered = samples.y - self._mean
        std = np.sqrt(np.average(centered**2, axis=0, weights=samples.weights))
        self._std = np.where(std > 0, std, 1.0)

    def _targets(self, y: Array) -> Array:
        scaled: Array = (y - self._mean) / self._std
        return scaled

    def _n_outputs(self, y: Array) -> int:
        return 1 if y.ndim == 1 else y.shape[1]

    def _loss(self) -> Loss:
        return MSE()

    def predict(self, X: Any) -> Array:
        """Predicted targets.

        Parameters
        ----------
        X : DataFrame or array-like, shape (n_samples, n_features)
            Inputs, with the columns of `fit`. Categories that were not there count as missing.

        Returns
        -------
        ndarray, shape (n_samples,) or (n_samples, n_outputs)
            Numbers, of the shape that y had.
        """
        outputs = self._outputs(X)
        scaled = outputs[:, 0] if self._mean.ndim == 0 else outputs
        return np.asarray(scaled * self._std + self._mean)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
