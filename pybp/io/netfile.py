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

__all__ = ["SavedNet", "load_net", "save_net"]

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
        with open_file(target) as file:
            return _load(file)
    except (PybpError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise FileFormatError(f"{os.fspath(path)} is not a file of pybp: {error}") from error


@contextmanager
def open_file(path: Path) -> Iterator[File]:
    """Open a file of pybp for the duration of a ``with`` block; the core checks it."""
    if not stat.S_ISREG(path.stat().st_mode):  # opening a pipe waits for a writer
        raise FileFormatError("it is not a regular file")
    with path.open("rb") as stream:
        yield File(stream.fileno())


def _load(file: File) -> SavedNet:
    if file.kind != "net":
        raise FileFormatError(f"it holds {file.kind!r}; this pybp reads nets")
    document = json.loads(file.description)
    number = document["format"]
    return read_net(file, 0, number, document if number == 1 else document["nets"][0])


def read_net(file: File, index: int, file_format: int, description: Any) -> SavedNet:
    """Net number `index` of a file, which has this description.

    The core checks it, after Python has seen whether a list of layers makes its layers.
    """
    layers: tuple[Layer, ...] = ()
    if isinstance(description, dict) and "layers" in description:
        layers = parse_layers(description["layers"], file_format, description.get("n_in"))
    net = file.net(index)
    callbacks = decode_states(description.get("callbacks"), file)
    return SavedNet(net, layers, description["seed"], callbacks)
