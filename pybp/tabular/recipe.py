"""Recipes: the settings of a net for tables and of its training."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal, get_args

import numpy as np

from pybp._common.arguments import choice, count, real, shown
from pybp._common.types import DTypeName
from pybp.activations import ActivationLike, ActivationName
from pybp.errors import ArgumentError
from pybp.initializers import Normal
from pybp.layers import (
    Dense,
    Dropout,
    Embedding,
    LayerLike,
    ParametricActivation,
    PeriodicEmbedding,
    Scale,
)
from pybp.losses import MAE, MSE, CrossEntropy, Loss, Quantile
from pybp.mlp import MLP
from pybp.optimizers import AdamW
from pybp.schedules import CosLog4, FlatCos
from pybp.tabular.inputs import InputLayout

__all__ = ["CLASSIFICATION", "RECIPE_PARAMETERS", "REFERENCES", "REGRESSION", "Recipe"]

LossName = Literal["auto", "mse", "mae", "quantile"]

MetricLike = str | Callable[[Any, Any], float]
"""The name of a metric, or a function ``f(y_true, y_pred)`` of which larger values are better."""


RECIPE_PARAMETERS = """
    hidden_layer_sizes : int or sequence of int
        Neurons of the hidden layers.
    activation : str or ActivationFunction
        Activation f of the hidden layers, ``x + alpha (f(x) - x)`` with a learned alpha for each neuron.
    n_frequencies : int
        Number of frequencies for each column of numbers in `pybp.layers.PeriodicEmbedding`, of which each has
        two, a coarse and a fine one, from 1000 samples on; 0: the numbers are not embedded.
    dropout : float
        Fraction of the neurons of hidden layers that are left out in each step of training; it follows
        `pybp.schedules.FlatCos`.
    weight_decay : float
        That of `pybp.optimizers.AdamW`, for the weights; it follows `FlatCos`, too.
    n_ensemble : int or "auto"
        Number of nets, whose predictions are averaged; "auto": 10 up to 5000 samples, 5 above.
    epochs : int or "auto"
        The largest number of epochs; for n samples, "auto" is the larger of 250,000 / n, at most 256,
        and 1,250,000 / n, between 8 and 64.
    patience, patience_factor : int or "auto" and float
        Training stops after epoch ``patience_factor * best + patience``, best being the best epoch so
        far. None: never before the last epoch. "auto" is 40/256 of the epochs.
    time_limit : float, optional
        Seconds after which training stops, with the nets that were trained by then; the result then
        depends on the time.
    batch_size : int
        Samples in a minibatch; at most all of them. Samples that don't fill the last minibatch of
        an epoch are left out of that epoch.
    lr : float
        The largest learning rate of the schedule `pybp.schedules.CosLog4`, >= 0.
    scale_lr_factor, bias_lr_factor : float
        Factors of the learning rate for the scales of the inputs and for the biases, >= 0.
    betas : tuple of float
        Decay rates of `pybp.optimizers.Adam`.
    validation_fraction : float, optional
        Fraction of the samples, in [0, 1), that a net is not trained on, with each class in proportion;
        they choose its epoch. An ensemble has ``round(1 / validation_fraction)`` folds of
        the samples, which its nets hold out in turn. With 0 or None all nets train on all samples,
        and the last epoch is kept.
    dtype : {"float32", "float64"}
        dtype of the net."""
"""What the parameters of recipes and of estimators mean."""

REFERENCES = """
    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data", NeurIPS 2024.
"""


_ALPHA_LR_FACTOR = 0.1
"""The factor of the learning rate for the alphas of activations."""

_COARSE, _FINE, _SAMPLES_FOR_FINE = 0.1, 10.0, 1000
"""Standard deviations of the frequencies of a number's embeddings; from so many samples on it has a fine one."""

_FREQUENCIES_LR_FACTOR = 0.6
"""The factor of the learning rate for the embeddings of numbers."""

_EMBEDDING = 8
"""The length of the vectors that stand for category indices."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    __doc__ = f"""The settings of a net for tables and of its training.

    `CLASSIFICATION` and `REGRESSION` follow RealMLP-TD; docs/tabular.md says how they differ from it.

    Parameters
    ----------{RECIPE_PARAMETERS}
    metric : str or callable, optional
        The metric that chooses the epoch and scores the held-out predictions: "log_loss" (default),
        "accuracy", "roc_auc", "balanced_accuracy" or "f1" for classes, "rmse" (default), "mae" or "r2"
        for numbers; or a function ``f(y_true, y_pred)`` of labels and probabilities or of numbers,
        of which larger values are better.
    loss : {"auto", "mse", "mae", "quantile"}
        What the nets minimise for numbers; "auto" is "mae" for that metric, else "mse".
    quantiles : sequence of float
        The quantiles that loss="quantile" predicts, ascending, in (0, 1).
    label_smoothing : float or "auto"
        Fraction of each label that is spread over all classes, 0 to 1; for classification only. "auto"
        is 0.1 for the metric "accuracy", else 0.
{REFERENCES}    """

    activation: ActivationLike
    lr: float
    metric: MetricLike | None = None
    loss: LossName = "auto"
    quantiles: Sequence[float] = (0.05, 0.5, 0.95)
    label_smoothing: float | Literal["auto"] = "auto"
    n_ensemble: int | Literal["auto"] = "auto"
    hidden_layer_sizes: int | Sequence[int] = (256, 256, 256)
    epochs: int | Literal["auto"] = "auto"
    patience: int | Literal["auto"] | None = "auto"
    patience_factor: float = 3.0
    time_limit: float | None = None
    batch_size: int = 256
    n_frequencies: int = 16
    dropout: float = 0.15
    weight_decay: float = 0.02
    scale_lr_factor: float = 6.0
    bias_lr_factor: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    validation_fraction: float | None = 0.2
    dtype: DTypeName = "float32"

    def __post_init__(self) -> None:
        count(self.batch_size, "batch_size")
        count(self.n_frequencies, "n_frequencies", low=0)
        for name in ("lr", "weight_decay", "scale_lr_factor", "bias_lr_factor"):
            real(getattr(self, name), name, low=0.0)
        self.hidden_sizes  # noqa: B018  # the property checks them
        choice(self.loss, "loss", get_args(LossName))
        _check_quantiles(self.quantiles)
        if self.label_smoothing != "auto":
            real(self.label_smoothing, "label_smoothing", low=0.0, high=1.0)
        if self.n_ensemble != "auto":
            count(self.n_ensemble, "n_ensemble")
        if self.patience not in (None, "auto"):
            count(self.patience, "patience", low=0)
        if self.epochs != "auto":
            count(self.epochs, "epochs")
        real(self.dropout, "dropout", low=0.0, high=1.0, high_open=True)
        real(self.patience_factor, "patience_factor", low=1.0)
        if self.time_limit is not None:
            real(self.time_limit, "time_limit", low=0.0, low_open=True)
        if self.validation_fraction is not None:
            fraction = self.validation_fraction
            real(fraction, "validation_fraction", low=0.0, high=1.0, high_open=True)

    @property
    def hidden_sizes(self) -> list[int]:
        """Neurons of each hidden layer."""
        sizes: Any = self.hidden_layer_sizes
        return [count(n, "hidden_layer_sizes") for n in ([sizes] if np.ndim(sizes) == 0 else sizes)]

    def training_loss(self, *, classification: bool) -> Loss:
        """What the nets minimise."""
        if classification:
            return CrossEntropy(label_smoothing=self.smoothing)
        if self.loss == "quantile":
            return Quantile(tuple(map(float, self.quantiles)))
        mae = self.loss == "mae" or (self.loss == "auto" and self.metric == "mae")
        return MAE() if mae else MSE()

    @property
    def smoothing(self) -> float:
        """The label smoothing."""
        if self.label_smoothing == "auto":
            return 0.1 if self.metric == "accuracy" else 0.0
        return self.label_smoothing

    def n_nets(self, n_samples: int) -> int:
        """Number of nets of the ensemble."""
        if self.n_ensemble != "auto":
            return self.n_ensemble
        return 10 if n_samples <= 5000 else 5

    def n_epochs(self, n_samples: int) -> int:
        """The largest number of epochs."""
        if self.epochs != "auto":
            return self.epochs
        few = min(_FEW_ROWS // n_samples, 256)
        many = min(max(_MANY_ROWS // n_samples, 8), 64)
        return max(few, many)

    def patience_of(self, epochs: int) -> int | None:
        """The patience for a number of epochs."""
        return -(-epochs * 40 // 256) if self.patience == "auto" else self.patience

    def net(
        self,
        layout: InputLayout,
        n_out: int,
        output: ActivationName,
        seed: int,
        n_samples: int,
    ) -> MLP:
        """The net for so many samples, before `initialize` and training.

        Vectors of length 8 for category indices, periodic embeddings of numbers, a scale for each of
        these and of the other inputs, hidden layers whose weights are from N(0, 1), and an output that
        starts at 0.
        """
        dense: dict[str, Any] = {
            "init": Normal(1.0),
            "parametrization": "ntk",
            "bias_lr_factor": self.bias_lr_factor,
        }
        embeddings = layout.embeddings(_EMBEDDING)
        layers: list[LayerLike] = [layout.n_inputs]
        layers += [Embedding(embeddings)] if embeddings else []
        if layout.n_numbers and self.n_frequencies:
            numbers = range(layout.n_numbers)
            layers += [
                PeriodicEmbedding(
                    numbers, self.n_frequencies, init=Normal(std), lr_factor=_FREQUENCIES_LR_FACTOR
                )
                for std in (_COARSE, _FINE)[: 1 + (n_samples >= _SAMPLES_FOR_FINE)]
            ]
        layers += [Scale(lr_factor=self.scale_lr_factor)]
        for n in self.hidden_sizes:
            layers += [Dense(n, "identity", **dense)]
            layers += [ParametricActivation(self.activation, lr_factor=_ALPHA_LR_FACTOR)]
            layers += [Dropout(self.dropout)] if self.dropout > 0 else []
        layers += [Dense(n_out, output, **(dense | {"init": "zeros"}))]
        return MLP(layers, dtype=self.dtype, seed=seed)

    def optimizer(self) -> AdamW:
        """The optimizer."""
        decay = FlatCos(self.weight_decay)
        return AdamW(lr=CosLog4(self.lr), betas=self.betas, weight_decay=decay, decay_bias=False)

    def dropout_rates(self) -> FlatCos | None:
        """The rates of dropout in training."""
        return FlatCos(self.dropout) if self.dropout > 0 else None


def _check_quantiles(quantiles: Any) -> None:
    """Raise unless these are ascending numbers in (0, 1)."""
    if isinstance(quantiles, str) or not np.iterable(quantiles) or len(list(quantiles)) == 0:
        raise ArgumentError(f"quantiles must be a list of numbers, got {shown(quantiles)}")
    for q in quantiles:
        real(q, "quantiles", low=0.0, high=1.0, low_open=True, high_open=True)
    if any(a >= b for a, b in pairwise(quantiles)):
        raise ArgumentError(f"quantiles must be ascending, got {shown(quantiles)}")


_FEW_ROWS, _MANY_ROWS = 250_000, 1_250_000
"""Epochs "auto" read so many samples in all, where they are more or less than 64."""

CLASSIFICATION = Recipe(activation="selu", lr=0.02)
"""The settings for classification."""

REGRESSION = Recipe(activation="mish", lr=0.2)
"""The settings for regression."""
