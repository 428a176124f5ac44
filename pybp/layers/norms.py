"""The specs of norms and scales."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import ClassVar

from pybp._common.arguments import flag
from pybp.layers.builder import LayerBuilder
from pybp.layers.specs import LayerSpec

__all__ = ["BatchNorm", "LayerNorm", "RMSNorm", "Scale"]


@dataclass(frozen=True, repr=False)
class _Affine(LayerSpec):
    """Base class of layers that can scale and shift each feature: ``a = gamma z + beta``."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.training  # noqa: B018  # reading it checks it
        for field in fields(self):
            if field.name in ("affine", "bias"):
                flag(getattr(self, field.name), field.name)

    def expand(self, builder: LayerBuilder, where: str) -> None:
        """Append the layer."""
        scale = getattr(self, "affine", True)
        bias = scale and getattr(self, "bias", True)
        builder.push(self.name, params=self.parameters, scale=scale, bias=bias, **self.training)


@dataclass(frozen=True, repr=False)
class BatchNorm(_Affine):
    """``a = gamma z + beta``, ``z = (x - mean) / sqrt(var + eps)`` for each feature.

    In training, mean and variance are those of the minibatch, which needs at least two rows. Otherwise
    they are running averages, ``running += momentum (batch - running)`` with the unbiased variance of the
    minibatch, as in PyTorch; see `MLP.running_statistics`.

    Parameters
    ----------
    momentum : float
        Weight of a minibatch in the running averages, 0 to 1.
    eps : float
        Added under the square root, > 0.
    affine : bool
        Whether there are gamma, initially 1, and beta, initially 0.

    References
    ----------
    Ioffe and Szegedy, "Batch normalization: accelerating deep network training by reducing
    internal covariate shift", ICML 2015.
    """

    name: ClassVar[str] = "batch_norm"
    momentum: float = 0.1
    eps: float = 1e-5
    affine: bool = True


@dataclass(frozen=True, repr=False)
class LayerNorm(_Affine):
    """``a = gamma z + beta``, ``z = (x - mean) / sqrt(var + eps)`` over the features of a row.

    Parameters
    ----------
    eps : float
        Added under the square root, > 0.
    affine : bool
        Whether there is a gamma for each feature, initially 1.
    bias : bool
        Whether there is a beta, initially 0; requires `affine`.

    References
    ----------
    Ba, Kiros and Hinton, "Layer normalization", 2016.
    """

    name: ClassVar[str] = "layer_norm"
    eps: float = 1e-5
    affine: bool = True
    bias: bool = True


@dataclass(frozen=True, repr=False)
class RMSNorm(_Affine):
    """``a = gamma z + beta``, ``z = x / sqrt(mean(x^2) + eps)`` over the features of a row.

    Parameters
    ----------
    eps : float
        Added under the square root, > 0.
    affine : bool
        Whether there is a gamma for each feature, initially 1.
    bias : bool
        Whether there is a beta, initially 0; requires `affine`.

    References
    ----------
    Zhang and Sennrich, "Root mean square layer normalization", NeurIPS 2019.
    """

    name: ClassVar[str] = "rms_norm"
    eps: float = 1e-5
    affine: bool = True
    bias: bool = False


@dataclass(frozen=True, repr=False)
class Scale(_Affine):
    """``a = gamma x + beta``, with a learnable factor gamma for each feature, initially 1.

    Parameters
    ----------
    bias : bool
        Whether there is a beta, initially 0.
    lr_factor : float
        Factor of the optimizer's learning rate, >= 0.
    trainable : bool
        Whether updates change the layer.
    """

    name: ClassVar[str] = "scale"
    bias: bool = False
    lr_factor: float = 1.0
    trainable: bool = True
