"""Convert the layers of a net back to the list of layers that makes them."""

from collections.abc import Sequence
from dataclasses import fields
from itertools import takewhile, zip_longest
from typing import Any

from pybp._common.specs import row, spec_classes
from pybp.activations import Identity
from pybp.errors import ArgumentError
from pybp.initializers import Auto, InitializerLike
from pybp.layers.composite import Concat, Embedding, Residual
from pybp.layers.layer import TRAINING, Layer
from pybp.layers.numbers import GroupedDense, Periodic
from pybp.layers.resolve import resolve_layers
from pybp.layers.specs import Activation, Dense, LayerSpec

__all__ = ["list_entries", "remake_layers"]

_PERIODIC_OPTIONS = [field.name for field in fields(Periodic) if field.name in TRAINING]

Placed = tuple[int, LayerSpec]
"""The index of an entry's last layer, and the entry."""


def remake_layers(layers: Sequence[Layer]) -> tuple[Layer, ...]:
    """These layers as `MLP` makes them, with its types of numbers.

    Raises
    ------
    ArgumentError, TypeError
        No list of layers makes these layers.
    """
    try:
        made = resolve_layers([layers[0].n_in, *list_entries(layers)], Identity(), None, Auto())
    except (IndexError, MemoryError, ValueError) as error:
        raise ArgumentError(f"no list of layers makes these: {error}") from None
    for index, (layer, same) in enumerate(zip_longest(layers, made)):
        if layer != same:
            raise ArgumentError(f"no list of layers makes layer {index}, {layer!r:.300}")
    return made


def list_entries(layers: Sequence[Layer]) -> list[LayerSpec]:
    """The entries of the list of layers, without the number of inputs.

    The layers of a `Residual` or an `Embedding` make one entry. For layers that no list makes, this
    raises, or the entries make other layers; `remake_layers` finds both.
    """
    placed: list[Placed] = []
    for index, layer in enumerate(layers):
        if layer.kind == "embedding":
            continue  # the "join" layer makes the entry
        if layer.kind == "join":
            entry: LayerSpec = _embedding(layers, index)
        elif layer.kind == "add":
            entry = _residual(layers, index, placed)
        elif layer.kind == "concat":
            entry = _concat(layers, index, placed)
        else:
            entry = _plain(layer)
        placed.append((index, entry))
    return [entry for _, entry in placed]


def _residual(layers: Sequence[Layer], index: int, placed: list[Placed]) -> Residual:
    """The residual whose "add" layer is at `index`; its layers' entries are removed from `placed`."""
    if len(layers[index].inputs) != 2:
        raise ArgumentError(f"layer {index} adds {len(layers[index].inputs)} outputs, expected 2")
    before, skip = layers[index].inputs
    if before != index - 1:
        raise ArgumentError(f"layer {index} does not read the previous layer")
    projected = layers[before].kind == Dense.name and layers[before].inputs != (before - 1,)
    source = layers[before].inputs[0] if projected else skip
    branch: list[LayerSpec] = []
    while placed and placed[-1][0] > source:
        branch.append(placed.pop()[1])
    branch.reverse()
    if not projected:
        return Residual(branch)
    projection = branch.pop()
    if projection != Dense(layers[before].n_out, Identity(), Auto()):
        return Residual(branch, projection=projection)  # type: ignore[arg-type]  # a Dense
    return Residual(
        branch, projection="auto" if layers[before].n_in != layers[before].n_out else True
    )


def _concat(layers: Sequence[Layer], index: int, placed: list[Placed]) -> Concat:
    """The block whose "concat" layer is at `index`; its layers' entries are removed from `placed`."""
    if len(layers[index].inputs) != 2 or layers[index].inputs[1] != index - 1:
        raise ArgumentError(f"layer {index} does not put the previous layer beside another one")
    branch: list[LayerSpec] = []
    while placed and placed[-1][0] > layers[index].inputs[0]:
        branch.append(placed.pop()[1])
    return Concat(branch[::-1])


def _embedding(layers: Sequence[Layer], index: int) -> Embedding:
    tables = list(takewhile(lambda layer: layer.kind == "embedding", layers))
    if len(tables) != index:
        raise ArgumentError(f"layer {index} joins more than embeddings")
    columns = {table.column: (table.n_categories, table.n_out) for table in tables}
    return Embedding(columns, tables[0].init)


def _plain(layer: Layer) -> LayerSpec:
    """The entry of a layer that makes an entry by itself."""
    if layer.kind == Periodic.name:
        columns = layer.columns or None
        n_frequencies = layer.n_out // (len(layer.columns) or layer.n_in)
        trained = {name: getattr(layer, name) for name in _PERIODIC_OPTIONS}
        init: InitializerLike = "auto" if layer.init == Auto() else layer.init
        return Periodic(n_frequencies, columns, init, **trained)
    if layer.kind == Activation.name:
        return Activation(layer.activation)
    spec = spec_classes(LayerSpec).get(layer.kind)
    if spec is None:
        raise ArgumentError(f"{layer.kind!r:.40} is not a kind of layer")
    names = [param["name"] for param in row("layers", layer.kind)["params"]]
    values: dict[str, Any] = dict(zip(names, layer.params, strict=True))
    values |= {name: getattr(layer, name) for name in TRAINING}
    values |= {"max_norm": layer.max_norm or None, "affine": layer.scale, "bias": layer.bias}
    values |= {"n_out": layer.n_out, "activation": layer.activation, "init": layer.init}
    values |= {"bias_init": layer.bias_init, "bias_std": layer.bias_std}
    if layer.kind == GroupedDense.name:
        values |= {"n_in": layer.n_in // layer.groups, "n_out": layer.n_out // layer.groups}
    own = {field.name for field in fields(spec)}
    if "affine" in own and not layer.scale:
        own.discard("bias")  # without scale there is no bias
    return spec(**{name: value for name, value in values.items() if name in own})
