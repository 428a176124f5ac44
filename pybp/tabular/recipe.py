"""Recipes: the settings of a net for tables and of its training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import count, real
from pybp._common.types import DTypeName
from pybp.activations import ActivationLike, ActivationName
from pybp.initializers import Normal
from pybp.layers import Dense, Embedding, LayerLike, Scale
from pybp.mlp import MLP
from pybp.optimizers import Adam
from pybp.schedules import CosLog4
from pybp.tabular.preprocessing import InputLayout

__all__ = ["CLASSIFICATION", "RECIPE_PARAMETERS", "REFERENCES", "REGRESSION", "Recipe"]


RECIPE_PARAMETERS = """
    hidden_layer_sizes : int or sequence of int
        Neurons of the hidden layers.
    activation : str or ActivationFunction
        Activation of the hidden layers.
    epochs : int
        Number of epochs.
    batch_size : int
        Samples in a minibatch; at most all of them. Samples that don't fill the last minibatch of
        an epoch are left out of that epoch.
    lr : float
        The largest one of the schedule `pybp.schedules.CosLog4`, >= 0.
    scale_lr_factor, bias_lr_factor : float
        Factors of the learning rate for the scales of the inputs and for the biases, >= 0.
    betas : tuple of float
        Decay rates of `pybp.optimizers.Adam`.
    validation_fraction : float, optional
        Fraction of the samples by which the epoch is chosen, in [0, 1), with each class in
        proportion. Training doesn't use them. With 0 or None the last epoch is kept.
    dtype : {"float32", "float64"}
        dtype of the net."""
"""What the parameters of recipes and of estimators mean."""

REFERENCES = """
    References
    ----------
    Holzmüller, Grinsztajn and Steinwart, "Better by default: strong pre-tuned MLPs and boosted trees
    on tabular data", NeurIPS 2024.
"""


_EMBEDDING = 8
"""The length of the vectors that stand for category indices."""


@dataclass(frozen=True, kw_only=True)
class Recipe:
    __doc__ = f"""The settings of a net for tables and of its training.

    `CLASSIFICATION` and `REGRESSION` are the two settings of RealMLP-TD-S.

    Parameters
    ----------{RECIPE_PARAMETERS}
    label_smoothing : float
        Fraction of each label that is spread over all classes, 0 to 1; for classification only.
{REFERENCES}    """

    activation: ActivationLike
    lr: float
    label_smoothing: float = 0.0
    hidden_layer_sizes: int | Sequence[int] = (256, 256, 256)
    epochs: int = 256
    batch_size: int = 256
    scale_lr_factor: float = 6.0
    bias_lr_factor: float = 0.1
    betas: tuple[float, float] = (0.9, 0.95)
    validation_fraction: float | None = 0.2
    dtype: DTypeName = "float32"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            count(getattr(self, name), name)
        for name in ("lr", "scale_lr_factor", "bias_lr_factor"):
            real(getattr(self, name), name, low=0.0)
        self.hidden_sizes  # noqa: B018  # the property checks them
        real(self.label_smoothing, "label_smoothing", low=0.0, high=1.0)
        if self.validation_fraction is not None:
            fraction = self.validation_fraction
            real(fraction, "validation_fraction", low=0.0, high=1.0, high_open=True)

    @property
    def hidden_sizes(self) -> list[int]:
        """Neurons of each hidden layer."""
        sizes: Any = self.hidden_layer_sizes
        return [count(n, "hidden_layer_sizes") for n in ([sizes] if np.ndim(sizes) == 0 else sizes)]

    def net(self, layout: InputLayout, n_out: int, output: ActivationName, seed: int) -> MLP:
        """The net before training.

        Vectors of length 8 for category indices, a scale for each input, hidden layers whose weights start from N(0, 1), and an output that
        starts at 0.
        """
        dense: dict[str, Any] = {"parametrization": "ntk", "bias_lr_factor": self.bias_lr_factor}
        normal: dict[str, Any] = {"init": Normal(1.0), "bias_std": 1.0}
        embeddings = layout.embeddings(_EMBEDDING)
        layers: list[LayerLike] = [layout.n_inputs]
        layers += [Embedding(embeddings)] if embeddings else []
        layers += [Scale(lr_factor=self.scale_lr_factor)]
        layers += [Dense(n, self.activation, **normal, **dense) for n in self.hidden_sizes]
        layers += [Dense(n_out, output, init="zeros", **dense)]
        return MLP(layers, dtype=self.dtype, seed=seed)

    def optimizer(self) -> Adam:
        """The optimizer."""
        return Adam(lr=CosLog4(self.lr), betas=self.betas)


CLASSIFICATION = Recipe(activation="selu", lr=0.04, label_smoothing=0.1)
"""The settings for classification."""

REGRESSION = Recipe(activation="mish", lr=0.07)
"""The settings for regression."""
