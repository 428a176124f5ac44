"""Write a net as a C file and a header."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from functools import partial
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

__all__ = ["CNets", "checked_names", "checked_target", "net_to_c", "write_both"]

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
    target, prefix = checked_target(path), checked_name(name)
    inputs = checked_names(input_names, "input_names", net.n_in)
    classes = checked_names(class_names, "class_names", max(net.n_out, 2))
    given = None if X is None else as_matrix(X, "X", net.dtype, net.n_in)
    nets = CNets([net], prefix, dtype, given)
    rows, outputs = nets.rows, nets.predict(nets.rows).astype(nets.rows.dtype)
    write_both(target, CFile(nets.sources, repr(net), target.stem, rows, outputs, inputs, classes))


class CNets:
    """Nets of the same sizes in C, whose outputs are averaged.

    Parameters
    ----------
    nets : sequence of Network
        The nets; their parameters are copied.
    name : str
        The prefix of all names in C.
    dtype : {"float32", "float64", "int8"}, optional
        Type of the computation.
    X : ndarray, optional
        Typical inputs.

    Attributes
    ----------
    sources : list of Source
        The C of each net.
    rows : ndarray
        Inputs for the self-test.
    """

    def __init__(self, nets: Sequence[Network], name: str, dtype: object, X: Array | None) -> None:
        first = nets[0]
        chosen = first.dtype.name if dtype is None else choice(dtype, "dtype", (*_REALS, "int8"))
        real = cast(DTypeName, chosen if chosen in _REALS else "float32")
        frozen = [_in_dtype(net, real) for net in nets]
        if chosen == "int8" and X is None:
            raise ArgumentError('dtype="int8" needs X, typical inputs of the net')
        given = random_rows(frozen[0], _ROWS) if X is None else X
        check_categories(given, first.layers, "X")
        typical = np.asarray(given[:_CALIBRATION], frozen[0].dtype)
        self.rows = typical[: max(1, min(_ROWS, _NUMBERS // first.n_in))]
        numbers = ["", *map(str, range(1, len(nets)))]
        if chosen == "int8":
            integers = [IntegerNet(net, typical) for net in frozen]
            self._predict = [each.predict for each in integers]
            self.sources = [i.source(name, n) for i, n in zip(integers, numbers, strict=True)]
        else:
            self._predict = [partial(_predicted, net) for net in frozen]
            self.sources = [
                floating_source(net, name, n) for net, n in zip(frozen, numbers, strict=True)
            ]

    def predict(self, X: Array) -> Array:
        """The mean of the outputs, in float64, as the C file computes it."""
        first, *others = self._predict
        total = first(X).astype(np.float64)
        for predict in others:
            total += predict(X)
        return np.asarray(total / len(self._predict))


def _predicted(net: Network, rows: Array) -> Array:
    return net._net.predict(rows, np.empty((len(rows), net.n_out), net.dtype), 0)


def checked_target(path: object) -> Path:
    target = checked_path(path)
    if target.suffix != ".c" or not target.stem.isprintable() or set(target.stem) & set('"\\?*/'):
        raise ArgumentError(
            "path must end with .c, and its name must be one that #include takes: no quotes, stars, "
            f"question marks, backslashes and control characters; got {shown(str(path))}"
        )
    return target


def checked_names(names: Any, argument: str, n: int) -> list[Any] | None:
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


def write_both(target: Path, file: CFile) -> None:
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
