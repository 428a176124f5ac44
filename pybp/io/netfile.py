"""A net as a file: its arrays, and as JSON in the metadata what else it is."""

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
from pybp.io.safetensors import Reader, Tensor, parse_json, reading, write
from pybp.layers import Layer, resolve_layers
from pybp.net.state import PROGRESS, core_net, read_state, state_arrays, write_state

__all__ = ["Loaded", "load_net", "save_net"]

_KEY = "pybp"
_FORMAT = 1
_FIELDS = {"format", "library", "dtype", "seed", "layers", "progress"}


class Loaded(NamedTuple):
    """What a file says of a net."""

    net: Net
    layers: tuple[Layer, ...]
    seed: int


# ---- writing ---------------------------------------------------------------------------------


def save_net(
    path: str | os.PathLike[str], net: Net, layers: tuple[Layer, ...], seed: int, optimizer: bool
) -> None:
    """Write a net, with or without its optimizer's state."""
    net = net.copy()  # what other threads do to the net now doesn't get between the arrays
    if not optimizer:
        net.reset_optimizer()
    state = read_state(net, layers)
    document = {
        "format": _FORMAT,
        "library": library_version(),
        "dtype": net.dtype.name,
        "seed": seed,
        "layers": [layer.description for layer in layers],
        "progress": _named(state["progress"]),
    }
    tensors = {_name(what, place): array for what, place, array in state["arrays"]}
    metadata = {_KEY: json.dumps(document, allow_nan=False)}
    write_atomically(path, partial(write, tensors=tensors, metadata=metadata))


def _name(what: str, place: int) -> str:
    """The name of an array in the file: "layers.0.weights", counted from 0."""
    return f"layers.{place}.{what}"


def _named(progress: tuple[Any, ...]) -> dict[str, Any]:
    """The training state, the optimizer by name rather than number."""
    fields = dict(zip(PROGRESS, progress, strict=True))
    number = fields["optimizer"]
    return fields | {"optimizer": None if number < 0 else row_names("optimizers")[number]}


# ---- reading ---------------------------------------------------------------------------------


def load_net(path: str | os.PathLike[str]) -> Loaded:
    """Read a net that `save_net` wrote.

    Raises
    ------
    FileFormatError
        It is no such file, or it is damaged.
    OSError
        It can't be read.
    """
    try:
        with reading(path) as reader:
            return _load(reader)
    except (PybpError, TypeError, ValueError, OverflowError) as error:
        raise FileFormatError(f"{os.fspath(path)} is not a file of pybp: {error}") from error


def _load(reader: Reader) -> Loaded:
    document = _document(reader)
    seed = count(document["seed"], "seed", low=0, high=2**64 - 1)
    layers = _layers(document["layers"])
    progress = _numbered(document["progress"])
    names = list(_expected(reader, layers, progress, document["dtype"]))
    net = core_net(layers, document["dtype"], seed)
    write_state(
        net,
        {
            "progress": progress,
            "arrays": [(what, place, reader.read(_name(what, place))) for what, place in names],
        },
    )
    return Loaded(net, layers, seed)


def _document(reader: Reader) -> dict[str, Any]:
    if _KEY not in reader.metadata:
        raise FileFormatError(f"its metadata have no entry {_KEY!r}")
    document = parse_json(reader.metadata[_KEY])
    if not isinstance(document, dict) or "format" not in document:
        raise FileFormatError("it doesn't say its format")
    if document["format"] != _FORMAT:
        raise FileFormatError(
            f"it has format {document['format']!r:.40}; this pybp reads {_FORMAT}"
        )
    if set(document) != _FIELDS:
        raise FileFormatError(f"it says {sorted(document)}; expected {sorted(_FIELDS)}")
    if document["dtype"] not in ("float32", "float64"):
        raise FileFormatError(f"dtype {document['dtype']!r:.40} is unknown")
    return document


def _layers(descriptions: object) -> tuple[Layer, ...]:
    if not isinstance(descriptions, list) or not descriptions:
        raise FileFormatError("it has no list of layers")
    layers = tuple(_layer(place, given) for place, given in enumerate(descriptions))
    for place in range(len(layers)):
        if not _fits(layers, place):
            raise FileFormatError(f"layer {place + 1} doesn't fit what it reads")
    return layers


def _fits(layers: tuple[Layer, ...], place: int) -> bool:
    """Whether a layer reads earlier ones and has the widths that follow from theirs.

    The core works the widths out by itself, so that other ones here would let a small file ask for
    a large net.
    """
    layer = layers[place]
    if not layer.inputs or not all(
        type(source) is int and -1 <= source < place for source in layer.inputs
    ):
        return False
    if layer.kind == "join":
        tables = layers[:place]
        read = layers[0].n_in - place + sum(table.n_out for table in tables)
        if any(table.kind != "embedding" for table in tables):
            return False
    else:
        widths = {layers[at].n_out if at >= 0 else layers[0].n_in for at in layer.inputs}
        read = widths.pop()
        if widths:
            return False
    chooses = layer.kind in ("dense", "embedding")
    return layer.n_in == read and (chooses or layer.n_out == layer.n_in)


def _layer(place: int, given: object) -> Layer:
    """The layer of a description, which must be one that a layer gives."""
    if not isinstance(given, dict):
        raise FileFormatError(f"layer {place} is not described")
    for name, value in given.items():
        if name not in _example() or not _alike(value, _example()[name]):
            raise FileFormatError(f"layer {place} can't have {name!r:.40} = {value!r:.80}")
    try:
        layer = Layer.from_description(given)
        again = layer.description
    except PybpError:
        raise
    except Exception as error:
        raise FileFormatError(f"layer {place} can't be made: {error!r:.200}") from error
    if layer.kind not in row_names("layers"):
        raise FileFormatError(f"layer {place} is of the unknown kind {layer.kind!r:.40}")
    if len(layer.params) != len(row("layers", layer.kind)["params"]):
        raise FileFormatError(f"layer {place} has {len(layer.params)} parameters")
    for name, value in given.items():
        if json.dumps(again[name]) != json.dumps(value):
            raise FileFormatError(f"layer {place} can't have {name!r:.40} = {value!r:.80}")
    return layer


@cache
def _example() -> dict[str, Any]:
    """The description of some layer, for the types in it."""
    return resolve_layers([1, 1], "relu", None, "auto")[0].description


def _alike(value: object, example: object) -> bool:
    """Whether it has the example's type; lists hold numbers, and numbers stand where None does."""
    if isinstance(example, tuple | list):
        return isinstance(value, list) and all(type(item) in (int, float) for item in value)
    if example is None:
        return value is None or type(value) in (int, float)
    return type(value) is type(example)


def _numbered(given: object) -> Any:
    """The training state as the core takes it."""
    if not isinstance(given, dict) or set(given) != set(PROGRESS):
        raise FileFormatError("its training state is not described")
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
    """The arrays of the state, all of which the file must have, and no others.

    Comparing shapes before the net is made keeps a small file from asking for a large net.
    """
    missing = dict(reader.tensors)
    for what, place, shape in state_arrays(tuple(layers), progress):
        name = _name(what, place)
        found: Tensor | None = missing.pop(name, None)
        if found is None or found.shape != shape or found.dtype.name != dtype:
            there = "no" if found is None else f"{found.dtype.name} of shape {found.shape} as"
            raise FileFormatError(f"it has {there} array {name!r}; expected {dtype} of {shape}")
        yield what, place
    if missing:
        raise FileFormatError(f"array {next(iter(missing))!r:.60} belongs to nothing")
