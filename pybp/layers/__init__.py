"""Layers: what a net is made of."""

from pybp.layers.layer import Layer
from pybp.layers.resolve import LayerLike, resolve_layers
from pybp.layers.specs import Dense

__all__ = ["Dense", "Layer", "LayerLike", "resolve_layers"]
