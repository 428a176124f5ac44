"""The structure of a net as its list of layers states it: blocks hold their layers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from pybp.layers import Concat, Embedding, Layer, Residual
from pybp.layers.entries import list_entries
from pybp.layers.specs import LayerSpec

__all__ = ["Part", "Placed", "structure"]

Placed = tuple[int, Layer]
"""A layer and its index in the net."""


@dataclass(frozen=True)
class Part:
    """An entry of a list of layers.

    Attributes
    ----------
    entry : LayerSpec
        The entry.
    own : tuple of Placed
        The net's layers that it adds itself. For a `Residual` its projection, if there is one, and
        the sum; for a `Concat` the layer that puts its outputs side by side; for an `Embedding` the tables, and what joins them.
    children : tuple of Part
        The entries of a `Residual` or `Concat`.
    """

    entry: LayerSpec
    own: tuple[Placed, ...]
    children: tuple[Part, ...] = ()

    @property
    def width(self) -> int:
        """The number of its outputs."""
        return self.own[-1][1].n_out

    @property
    def first(self) -> Layer:
        """The first of the net's layers in it."""
        return self.children[0].first if self.children else self.own[0][1]


def structure(layers: Sequence[Layer]) -> tuple[Part, ...]:
    """The parts of a net, first to last."""
    return tuple(_parts(list_entries(layers), enumerate(layers)))


def _parts(entries: Sequence[object], layers: Iterator[Placed]) -> Iterator[Part]:
    for entry in entries:
        assert isinstance(entry, LayerSpec)
        if isinstance(entry, Concat):
            children = tuple(_parts(entry.layers, layers))
            yield Part(entry, (next(layers),), children)
        elif isinstance(entry, Residual):
            children = tuple(_parts(entry.layers, layers))
            own = [next(layers)]
            if own[0][1].kind != Residual.name:  # the projection comes first
                own.append(next(layers))
            yield Part(entry, tuple(own), children)
        else:
            several = len(entry.columns) + 1 if isinstance(entry, Embedding) else 1
            yield Part(entry, tuple(next(layers) for _ in range(several)))
