"""Save and load nets: safetensors files with a description in JSON. See docs/file-format.md."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from pybp._common.specs import row, row_names
from pybp._common.types import Array
from pybp._core import File, Net
from pybp._core import version as library_version
from pybp.errors import ArgumentError, FileFormatError, NotFiniteError, PybpError
from pybp.io.atomic import write_atomically
from pybp.io.callback_values import callback_arrays, decode_states, encode_states
from pybp.io.layer_descriptions import describe_layers, parse_layers
from pybp.io.paths import checked_path
from pybp.io.safetensors import checksum, encode
from pybp.layers import Layer
from pybp.layers.entries import remake_layers
from pybp.net.callback_states import CallbackStates
from pybp.net.state import PROGRESS, read_state

__all__ = [
    "SavedNet",
    "describe_net",
    "load_net",
    "open_file",
    "read_net",
    "read_nets",
    "save_net",
    "write_document",
]

_WRONG = (
    PybpError,
    TypeError,
    ValueError,
    AttributeError,
    LookupError,
    ArithmeticError,
    RecursionError,
)
"""What values that nobody expects lead to."""
_KEY, _CHECKSUM = "pybp", "pybp.crc32"
_FORMAT = 2
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
    if not optimizer:
        saved.net.reset_optimizer()
        saved = saved._replace(callbacks=CallbackStates())
    description, tensors = describe_net(saved)
    write_document(target, "net", [description], tensors)


def describe_net(saved: SavedNet, index: int = 0) -> tuple[dict[str, Any], dict[str, Array]]:
    """The description of a file's net number `index`, and its arrays by their names."""
    net, layers, seed, callbacks = saved
    remake_layers(layers)  # what `load` does
    state = read_state(net, layers)
    tensors = {_name(what, layer, index): array for what, layer, array in state["arrays"]}
    _check_tensors(tensors, layers)
    description = {
        "dtype": net.dtype.name,
        "seed": seed,
        "n_in": layers[0].n_in,
        "layers": describe_layers(layers),
        "progress": _progress_to_json(state["progress"]),
        "callbacks": encode_states(callbacks),
    }
    return description, tensors | dict(callback_arrays(callbacks))


def write_document(
    target: Path,
    kind: str,
    nets: Sequence[dict[str, Any]],
    tensors: Mapping[str, Array],
    schema: dict[str, Any] | None = None,
    preprocessing: dict[str, Any] | None = None,
) -> None:
    """Write a file of these parts: docs/file-format.md."""
    document = {
        "format": _FORMAT,
        "library": library_version(),
        "kind": kind,
        "nets": nets,
        "schema": schema,
        "preprocessing": preprocessing,
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


def _name(what: str, layer: int, net: int) -> str:
    """The name of an array in the file: "layers.0.weights", "nets.1.layers.0.weights", ..."""
    return f"layers.{layer}.{what}" if net == 0 else f"nets.{net}.layers.{layer}.{what}"


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
        The file is not a pybp file, or it is damaged, or it holds something else.
    OSError
        The file can't be read.
    """
    with open_file(path) as file:
        if file.kind != "net":
            raise FileFormatError(f"it holds {file.kind!r}, and not one net: use pybp.load")
        return read_nets(file)[0]


@contextmanager
def open_file(path: str | os.PathLike[str]) -> Iterator[File]:
    """Open a file of pybp for the duration of a ``with`` block; the core checks it.

    Errors in the block that the file's contents cause become FileFormatErrors that name the file.
    """
    target = checked_path(path)
    try:
        if not stat.S_ISREG(target.stat().st_mode):  # opening a pipe waits for a writer
            raise FileFormatError("it is not a regular file")
        with target.open("rb") as stream:
            yield File(stream.fileno())
    except _WRONG as error:
        raise FileFormatError(f"{os.fspath(path)} is not a file of pybp: {error}") from error


def read_nets(file: File) -> list[SavedNet]:
    """All nets of a file."""
    document = json.loads(file.description)
    number = document["format"]
    nets = [document] if number == 1 else document["nets"]
    return [read_net(file, index, number, net) for index, net in enumerate(nets)]


def read_net(file: File, index: int, file_format: int, description: Any) -> SavedNet:
    """Net number `index` of a file, which has this description.

    Python checks that a list of layers makes its layers, then the core checks the rest.
    """
    layers: tuple[Layer, ...] = ()
    if isinstance(description, dict) and "layers" in description:
        layers = parse_layers(description["layers"], file_format, description.get("n_in"))
    net = file.net(index)
    callbacks = decode_states(description.get("callbacks"), file)
    return SavedNet(net, layers, description["seed"], callbacks)
