"""Layers: what a net is made of.

A list of layers holds numbers, which are dense layers with the net's activation, and these. Formulas
and what they are good for stand in docs/layers.md.
"""

from pybp._common.public import set_public_module
from pybp.layers.composite import Embedding, Residual
from pybp.layers.layer import Layer
from pybp.layers.resolve import resolve_layers
from pybp.layers.specs import (
    Activation,
    AlphaDropout,
    BatchNorm,
    Dense,
    Dropout,
    GaussianNoise,
    LayerLike,
    LayerNorm,
    LayerSpec,
    RMSNorm,
    Scale,
)

__all__ = [
    "Activation",
    "AlphaDropout",
    "BatchNorm",
    "Dense",
    "Dropout",
    "Embedding",
    "GaussianNoise",
    "Layer",
    "LayerLike",
    "LayerNorm",
    "LayerSpec",
    "RMSNorm",
    "Residual",
    "Scale",
    "resolve_layers",
]

set_public_module(globals())
