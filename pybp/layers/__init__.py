"""Layers, for the argument `layers` of `MLP`.

A number in a list of layers is a dense layer with the net's activation. docs/layers.md has the formulas
and says when to use which layer.
"""

from pybp._common.public import publish
from pybp.layers.composite import Concat, Embedding, PeriodicEmbedding, Residual
from pybp.layers.layer import Layer
from pybp.layers.norms import BatchNorm, LayerNorm, RMSNorm, Scale
from pybp.layers.numbers import GroupedDense, Periodic
from pybp.layers.resolve import resolve_layers
from pybp.layers.specs import (
    Activation,
    AlphaDropout,
    Dense,
    Dropout,
    GaussianNoise,
    LayerLike,
    LayerSpec,
    ParametricActivation,
)

__all__ = [
    "Activation",
    "AlphaDropout",
    "BatchNorm",
    "Concat",
    "Dense",
    "Dropout",
    "Embedding",
    "GaussianNoise",
    "GroupedDense",
    "Layer",
    "LayerLike",
    "LayerNorm",
    "LayerSpec",
    "ParametricActivation",
    "Periodic",
    "PeriodicEmbedding",
    "RMSNorm",
    "Residual",
    "Scale",
    "resolve_layers",
]

publish(globals())
