"""Write a net as a C file and a header."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any, cast, get_args

import numpy as np

from pybp._common.arguments import choice, shown
from pybp._common.arrays import as_matrix
from pybp._common.types import Array, DTypeName
from pybp.data.dataset import check_categories
from pybp.errors import ArgumentError, ShapeError
from pybp.export.c.file import CFile
from pybp.export.c.floating import floating_source
from pybp.export.c.integers import IntegerNet
from pybp.export.c.text import checked_name
from pybp.export.onnx.net import random_rows
from pybp.io.atomic import write_atomically
from pybp.io.paths import checked_path
from pybp.net.network import Network
from pybp.net.parameters import Parameters
from pybp.net.state import core_net

__all__ = ["net_to_c"]

_REALS = get_args(DTypeName)
_ROWS, _NUMBERS = 8, 20_000  # of the self-test, at most
_CALIBRATION = 5_000  # rows, at most


def net_to_c(
    net: Network,
    path: object,
    name: object,
    dtype: object,
    X: Any,
    input_names: Any,
    class_names: Any,
) -> None:
    """Write a net; see `MLP.to_c`."""
    target, prefix = _checked_target(path), checked_name(name)
    chosen = net.dtype.name if dtype is None else choice(dtype, "dtype", (*_REALS, "int8"))
    frozen = _in_dtype(net, cast(DTypeName, chosen if chosen in _REALS else "float32"))
    inputs = _checked_names(input_names, "input_names", net.n_in)
    classes = _checked_names(class_names, "class_names", max(net.n_out, 2))
    if chosen == "int8" and X is None:
        raise ArgumentError('dtype="int8" needs X, typical inputs of the net')
    given = random_rows(frozen, _ROWS) if X is None else as_matrix(X, "X", frozen.dtype, net.n_in)
    check_categories(given, net.layers, "X")
    rows = np.asarray(given[: max(1, min(_ROWS, _NUMBERS // net.n_in))], frozen.dtype)
    if chosen == "int8":
        integers = IntegerNet(frozen, np.asarray(given[:_CALIBRATION], frozen.dtype))
        source, outputs = integers.source(prefix), integers.predict(rows)
    else:
        source, outputs = floating_source(frozen, prefix), _predicted(frozen, rows)
    file = CFile(source, repr(net), target.stem, rows, outputs, inputs, classes)
    _write_both(target, file)


def _predicted(net: Network, rows: Array) -> Array:
    return net._net.predict(rows, np.empty((len(rows), net.n_out), net.dtype), 0)


def _checked_target(path: object) -> Path:
    target = checked_path(path)
    if target.suffix != ".c" or not target.stem.isprintable() or set(target.stem) & set('"\\?*/'):
        raise ArgumentError(
            "path must end with .c, and its name must be one that #include takes: no quotes, stars, "
            f"question marks, backslashes and control characters; got {shown(str(path))}"
        )
    return target


def _checked_names(names: Any, argument: str, n: int) -> list[Any] | None:
    if names is None:
        return None
    if isinstance(names, str | bytes) or not hasattr(names, "__len__"):
        raise TypeError(f"{argument} must be a list of names, got {shown(names)}")
    if len(names) != n:
        raise ShapeError(f"{argument} has {len(names)} names, expected {n}")
    return list(names)


def _in_dtype(net: Network, dtype: DTypeName) -> Network:
    """A copy of one moment, its parameters rounded to the dtype."""
    frozen = net.copy()
    if frozen.dtype == dtype:
        return frozen
    parameters = Parameters.copy_from(frozen)
    frozen._adopt(core_net(net.layers, dtype, net.seed, zeroed=True), net.layers, net.seed)
    parameters.write_to(frozen)
    return frozen


def _write_both(target: Path, file: CFile) -> None:
    """Write the header and the C file; if one can't be written, both are as they were."""
    header = target.with_suffix(".h")
    code, declarations = file.code().encode(), file.header().encode()
    before = header.read_bytes() if header.is_file() else None
    write_atomically(header, [declarations])
    try:
        write_atomically(target, [code])
    except BaseException:
        if before is None:
            with suppress(OSError):
                header.unlink()
        else:
            write_atomically(header, [before])
        raise
