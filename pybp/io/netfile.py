"""Save a net in a safetensors file, and load it: arrays as tensors, all else as JSON in the metadata."""

import json
import os
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NamedTuple

from pybp._common.arguments import count
from pybp._common.specs import row, row_names
from pybp._core import Net
from pybp._core import version as library_version
from pybp.errors import FileFormatError, PybpError
from pybp.io.atomic import write_atomically
from pybp.io.safetensors import Reader, Tensor, open_reader, parse_json, write
from pybp.layers import Layer, resolve_layers
from pybp.net.state import PROGRESS, core_net, read_state, state_arrays, write_state

__all__ = ["Loaded", "load_net", "save_net"]

_KEY = "pybp"
_FORMAT = 1
_FIELDS = {"format", "library", "dtype", "seed", "layers", "progress"}


class Loaded(NamedTuple):
    """The contents of a file."""

    net: Net
    layers: tuple[Layer, ...]
    seed: int


# ---- writing ---------------------------------------------------------------------------------


def save_net(
    path: str | os.PathLike[str], net: Net, layers: tuple[Layer, ...], seed: int, optimizer: bool
) -> None:
    """Write a net; `optimizer` says whether to include the optimizer's state."""
    net = net.copy()  # a consistent state, even if another thread changes the net meanwhile
    if not optimizer:
        net.reset_optimizer()
    state = read_state(net, layers)
    document = {
        "format": _FORMAT,
        "library": library_version(),
        "dtype": net.dtype.name,
        "seed": seed,
        "layers": [layer.description for layer in layers],
        "progress": _progress_to_json(state["progress"]),
    }
    tensors = {_name(what, index): array for what, index, array in state["arrays"]}
    metadata = {_KEY: json.dumps(document, allow_nan=False)}
    write_atomically(path, partial(write, tensors=tensors, metadata=metadata))


def _name(what: str, index: int) -> str:
    """The name of an array in the file: "layers.0.weights", counted from 0."""
    return f"layers.{index}.{what}"


def _progress_to_json(progress: tuple[Any, ...]) -> dict[str, Any]:
    """The training state as a dict, in which the optimizer is a name, not a number."""
    fields = dict(zip(PROGRESS, progress, strict=True))
    number = fields["optimizer"]
    return fields | {"optimizer": None if number < 0 else row_names("optimizers")[number]}


# ---- reading ---------------------------------------------------------------------------------


def load_net(path: str | os.PathLike[str]) -> Loaded:
    """Read a net that `save_net` wrote.

    Raises
    ------
    FileFormatError
        The file was not written by `save_net`, or it is damaged.
    OSError
        The file can't be read.
    """
    try:
        with open_reader(path) as reader:
            return _load(reader)
    except (PybpError, TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(f"{os.fspath(path)} is not a file of pybp: {error}") from error


def _load(reader: Reader) -> Loaded:
    document = _document(reader)
    seed = count(document["seed"], "seed", low=0, high=2**64 - 1)
    layers = _layers(document["layers"])
    progress = _progress_from_json(document["progress"])
    names = list(_expected(reader, layers, progress, document["dtype"]))
    net = core_net(layers, document["dtype"], seed)
    write_state(
        net,
        {
            "progress": progress,
            "arrays": [(what, index, reader.read(_name(what, index))) for what, index in names],
        },
    )
    return Loaded(net, layers, seed)


def _document(reader: Reader) -> dict[str, Any]:
    if _KEY not in reader.metadata:
        raise FileFormatError(f"its metadata has no entry {_KEY!r}")
    document = parse_json(reader.metadata[_KEY])
    if not isinstance(document, dict) or "format" not in document:
        raise FileFormatError("its metadata has no format number")
    if document["format"] != _FORMAT:
        raise FileFormatError(
            f"it has format {document['format']!r:.40}; this pybp reads {_FORMAT}"
        )
    if set(document) != _FIELDS:
        raise FileFormatError(
            f"its metadata has the fields {sorted(document)}; expected {sorted(_FIELDS)}"
        )
    if document["dtype"] not in ("float32", "float64"):
        raise FileFormatError(f"dtype {document['dtype']!r:.40} is unknown")
    return document


def _layers(descriptions: object) -> tuple[Layer, ...]:
    if not isinstance(descriptions, list) or not descriptions:
        raise FileFormatError("it has no list of layers")
    layers = tuple(_layer(index, given) for index, given in enumerate(descriptions))
    for index in range(len(layers)):
        if not _fits(layers, index):
            raise FileFormatError(f"layer {index + 1} doesn't match the layers that it reads")
    return layers


def _fits(layers: tuple[Layer, ...], index: int) -> bool:
    """Whether a layer reads earlier layers only, and its widths follow from theirs.

    The core computes the widths itself. A file with other widths could be small, yet describe a
    large net.
    """
    layer = layers[index]
    if not layer.inputs or not all(
        type(source) is int and -1 <= source < index for source in layer.inputs
    ):
        return False
    if layer.kind == "join":
        embeddings = layers[:index]
        n_in = layers[0].n_in - index + sum(embedding.n_out for embedding in embeddings)
        if any(embedding.kind != "embedding" for embedding in embeddings):
            return False
    else:
        widths = {layers[at].n_out if at >= 0 else layers[0].n_in for at in layer.inputs}
        n_in = widths.pop()
        if widths:
            return False
    any_n_out = layer.kind in ("dense", "embedding")
    return layer.n_in == n_in and (any_n_out or layer.n_out == layer.n_in)


def _layer(index: int, given: object) -> Layer:
    """The layer of a description, which must equal the description of that layer."""
    if not isinstance(given, dict):
        raise FileFormatError(f"layer {index} has no description")
    for name, value in given.items():
        if name not in _example() or not _same_type(value, _example()[name]):
            raise FileFormatError(f"layer {index} can't have {name!r:.40} = {value!r:.80}")
    try:
        layer = Layer.from_description(given)
        again = layer.description
    except PybpError:
        raise
    except Exception as error:
        raise FileFormatError(f"layer {index} can't be made: {error!r:.200}") from error
    if layer.kind not in row_names("layers"):
        raise FileFormatError(f"layer {index} is of the unknown kind {layer.kind!r:.40}")
    if len(layer.params) != len(row("layers", layer.kind)["params"]):
        raise FileFormatError(f"layer {index} has {len(layer.params)} parameters")
    for name, value in given.items():
        if json.dumps(again[name]) != json.dumps(value):
            raise FileFormatError(f"layer {index} can't have {name!r:.40} = {value!r:.80}")
    return layer


@cache
def _example() -> dict[str, Any]:
    """The description of some layer; it shows the type of each field."""
    return resolve_layers([1, 1], "relu", None, "auto")[0].description


def _same_type(value: object, example: object) -> bool:
    """Whether the type of `value` is allowed where the example stands; None allows a number, too."""
    if isinstance(example, tuple | list):
        return isinstance(value, list) and all(type(item) in (int, float) for item in value)
    if example is None:
        return value is None or type(value) in (int, float)
    return type(value) is type(example)


def _progress_from_json(given: object) -> Any:
    """The training state as the tuple for `Net.set_progress`."""
    if not isinstance(given, dict) or set(given) != set(PROGRESS):
        raise FileFormatError(f"its training state doesn't have the fields {sorted(PROGRESS)}")
    names = row_names("optimizers")
    if given["optimizer"] is not None and given["optimizer"] not in names:
        raise FileFormatError(f"optimizer {given['optimizer']!r:.40} is unknown")
    powers = given["powers"]
    if not isinstance(powers, list) or any(type(power) is not float for power in powers):
        raise FileFormatError("its powers are not numbers")
    others = {
        name: count(value, name, low=0, high=2**64 - 1)
        for name, value in given.items()
        if name not in ("optimizer", "powers")
    }
    optimizer = -1 if given["optimizer"] is None else names.index(given["optimizer"])
    fields = others | {"optimizer": optimizer, "powers": tuple(powers)}
    return tuple(fields[name] for name in PROGRESS)


def _expected(
    reader: Reader, layers: Sequence[Layer], progress: tuple[Any, ...], dtype: str
) -> Iterator[tuple[str, int]]:
    """Name and layer of each array of the state; the file must contain exactly these.

    Shapes are compared before the net is made, so that a small file can't make a large net.
    """
    remaining = dict(reader.tensors)
    for what, index, shape in state_arrays(tuple(layers), progress):
        name = _name(what, index)
        found: Tensor | None = remaining.pop(name, None)
        if found is None or found.shape != shape or found.dtype.name != dtype:
            there = "no" if found is None else f"{found.dtype.name} of shape {found.shape} as"
            raise FileFormatError(f"it has {there} array {name!r}; expected {dtype} of {shape}")
        yield what, index
    if remaining:
        raise FileFormatError(f"it has the unexpected array {next(iter(remaining))!r:.60}")
