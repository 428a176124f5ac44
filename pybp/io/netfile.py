"""Save and load nets: safetensors files with a description in JSON. See docs/file-format.md."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, get_args

import numpy as np

from pybp._common.arguments import count
from pybp._common.specs import row, row_names
from pybp._common.types import Array, DTypeName
from pybp._core import Net
from pybp._core import version as library_version
from pybp.errors import ArgumentError, FileFormatError, NotFiniteError, PybpError
from pybp.io.atomic import write_atomically
from pybp.io.callback_values import callback_arrays, decode_states, encode_states
from pybp.io.layer_descriptions import describe_layers, parse_layers
from pybp.io.paths import checked_path
from pybp.io.safetensors import Reader, checksum, encode, open_reader, parse_json
from pybp.layers import Layer
from pybp.layers.entries import remake_layers
from pybp.net.callback_states import CallbackStates
from pybp.net.state import PROGRESS, core_net, read_state, state_arrays, write_state

__all__ = ["SavedNet", "load_net", "save_net"]

_KEY, _CHECKSUM = "pybp", "pybp.crc32"
_FORMAT = 2
_FIELDS_1 = {"format", "library", "dtype", "seed", "layers", "progress"}
_FIELDS = {"format", "library", "kind", "nets", "schema", "preprocessing", "crc32"}
_FIELDS_OF_NET = {"dtype", "seed", "n_in", "layers", "progress", "callbacks"}
_FREE_WIDTH = 1 << 22  # of layers for which a file has no arrays


class SavedNet(NamedTuple):
    """The contents of a file: a net, its layers, its seed, and the states of its callbacks."""

    net: Net
    layers: tuple[Layer, ...]
    seed: int
    callbacks: CallbackStates = CallbackStates()


# ---- writing ---------------------------------------------------------------------------------


def save_net(path: str | os.PathLike[str], saved: SavedNet, optimizer: bool) -> None:
    """Save a net, with its training state if `optimizer` is True; else the net forgets it."""
    target = checked_path(path)
    net, layers, seed, callbacks = saved
    if not optimizer:
        net.reset_optimizer()
        callbacks = CallbackStates()
    remake_layers(layers)  # what `load` does
    state = read_state(net, layers)
    tensors = {_name(what, index): array for what, index, array in state["arrays"]}
    _check_tensors(tensors, layers)
    tensors |= callback_arrays(callbacks)
    description = {
        "dtype": net.dtype.name,
        "seed": seed,
        "n_in": layers[0].n_in,
        "layers": describe_layers(layers),
        "progress": _progress_to_json(state["progress"]),
        "callbacks": encode_states(callbacks),
    }
    document = {
        "format": _FORMAT,
        "library": library_version(),
        "kind": "net",
        "nets": [description],
        "schema": None,
        "preprocessing": None,
        "crc32": {name: checksum(array) for name, array in tensors.items()},
    }
    text = json.dumps(document, allow_nan=False)
    write_atomically(target, encode(tensors, {_CHECKSUM: checksum(text), _KEY: text}))


def _check_tensors(tensors: Mapping[str, Array], layers: Sequence[Layer]) -> None:
    """Raise if `load` would raise for these arrays."""
    for name, array in tensors.items():
        if not np.isfinite(array).all():
            raise NotFiniteError(f"{name} holds NaN or infinity; such a net can't be saved")
    if not _fits_into(sum(array.nbytes for array in tensors.values()), layers):
        raise ArgumentError("layers without parameters are too wide for a file of this net")


def _fits_into(data_bytes: int, layers: Sequence[Layer]) -> bool:
    """Whether norms without parameters need no more memory than a file with so much data allows.

    The core keeps a scale of 1 for each of their features; a file has nothing for them.
    """
    without = [
        layer.n_out
        for layer in layers
        if row("layers", layer.kind)["label"] == "VECTOR"
        and not (layer.scale or layer.keeps_statistics)
    ]
    return sum(without) <= _FREE_WIDTH + data_bytes


def _name(what: str, index: int) -> str:
    """The name of an array in the file: "layers.0.weights", counted from 0."""
    return f"layers.{index}.{what}"


def _progress_to_json(progress: tuple[Any, ...]) -> dict[str, Any]:
    """The training state by field names; the optimizer by name, not number."""
    fields = dict(zip(PROGRESS, progress, strict=True))
    number = fields["optimizer"]
    return fields | {"optimizer": None if number < 0 else row_names("optimizers")[number]}


# ---- reading ---------------------------------------------------------------------------------


def load_net(path: str | os.PathLike[str]) -> SavedNet:
    """Load a net that `save_net` saved.

    Raises
    ------
    FileFormatError
        The file is not a pybp file, or it is damaged.
    OSError
        The file can't be read.
    """
    target = checked_path(path)
    try:
        with open_reader(target) as reader:
            return _load(reader)
    except (PybpError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FileFormatError(f"{os.fspath(path)} is not a file of pybp: {error}") from error


def _load(reader: Reader) -> SavedNet:
    file_format, description = _description(reader)
    dtype = description["dtype"]
    if dtype not in get_args(DTypeName):
        raise FileFormatError(f"dtype {dtype!r:.40} is unknown")
    seed = count(description["seed"], "seed", low=0, high=2**64 - 1)
    layers = parse_layers(description["layers"], file_format, description.get("n_in"))
    progress = _progress_from_json(description["progress"])
    names = list(_expected(reader, layers, progress, dtype))
    if not _fits_into(reader.data_bytes, layers):
        raise FileFormatError("its layers without parameters are too wide for its size")
    callbacks = decode_states(description.get("callbacks"), reader)
    net = core_net(layers, dtype, seed, zeroed=True)
    arrays = ((what, index, reader.read(_name(what, index))) for what, index in names)
    write_state(net, {"progress": progress, "arrays": arrays})
    return SavedNet(net, layers, seed, callbacks)


def _description(reader: Reader) -> tuple[int, dict[str, Any]]:
    """The file's format, and the description of the net in it."""
    text = reader.metadata.get(_KEY)
    if text is None:
        raise FileFormatError(f"its metadata has no entry {_KEY!r}")
    found = reader.metadata.get(_CHECKSUM)
    if found is not None and found != checksum(text):
        raise FileFormatError(f"its description is damaged: its checksum is not {found!r:.20}")
    document = parse_json(text)
    if not isinstance(document, dict) or "format" not in document:
        raise FileFormatError("its metadata has no format number")
    number = document["format"]
    if type(number) is not int or number not in (1, _FORMAT):
        raise FileFormatError(f"it has format {number!r:.40}; this pybp reads 1 and {_FORMAT}")
    if (number == 1) != (found is None):
        raise FileFormatError(f"format {number} {'with' if number == 1 else 'without'} a checksum")
    _check_fields(document, _FIELDS_1 if number == 1 else _FIELDS, "its description")
    return (1, document) if number == 1 else (_FORMAT, _only_net(document, reader))


def _only_net(document: dict[str, Any], reader: Reader) -> dict[str, Any]:
    """The description of the only net of a file in format 2; sets the reader's checksums."""
    if document["kind"] != "net":
        raise FileFormatError(f"it holds {document['kind']!r:.40}; this pybp reads nets")
    for name in ("schema", "preprocessing"):
        if document[name] is not None:
            raise FileFormatError(f"it has a {name}, which this pybp doesn't read")
    if not isinstance(document["nets"], list) or len(document["nets"]) != 1:
        raise FileFormatError("it doesn't hold one net")
    if not isinstance(document["crc32"], dict):
        raise FileFormatError("it has no checksums")
    for name in document["crc32"].keys() ^ reader.tensors.keys():
        raise FileFormatError(f"it doesn't have both {name!r:.60} and its checksum")
    reader.checksums = document["crc32"]
    description: Any = document["nets"][0]
    _check_fields(description, _FIELDS_OF_NET, "its net")
    return dict(description)


def _check_fields(found: object, expected: set[str], what: str) -> None:
    if not isinstance(found, dict) or set(found) != expected:
        given = sorted(found) if isinstance(found, dict) else found
        raise FileFormatError(f"{what} has the fields {given!r:.200}; expected {sorted(expected)}")


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
    """Name and layer of each array of the net; the file must contain exactly these.

    Shapes are compared before the net is made, so that a small file can't make a large net.
    """
    remaining = dict(reader.tensors)
    for what, index, shape in state_arrays(tuple(layers), progress):
        name = _name(what, index)
        found = remaining.pop(name, None)
        if found is None or found.shape != shape or found.dtype.name != dtype:
            there = "no" if found is None else f"{found.dtype.name} of shape {found.shape} as"
            raise FileFormatError(f"it has {there} array {name!r}; expected {dtype} of {shape}")
        yield what, index
    for name in remaining:
        if not name.startswith("callbacks."):
            raise FileFormatError(f"it has the unexpected array {name!r:.60}")
