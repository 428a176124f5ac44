"""Tables of the command: the columns of a file, its target, and what is said about them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.arguments import did_you_mean
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.tabular.columns import column_kinds
from pybp.tabular.files import Dialect, Table, read_table, table_batches
from pybp.tabular.files.read import Kind
from pybp.tabular.files.source import kind_of
from pybp.tabular.plain_columns import PlainColumn, plain_columns

__all__ = [
    "LabelledTable",
    "as_plain_table",
    "column_index",
    "known_columns",
    "read_inputs",
    "read_labelled",
    "selected_table",
]

_CLASSES = 20  # at most this many different whole numbers are taken for classes


@dataclass(frozen=True)
class LabelledTable:
    """Rows with known targets.

    Attributes
    ----------
    columns : list of PlainColumn
        The inputs.
    y : ndarray, shape (n_samples,)
        Classes, or numbers in float64.
    weights : ndarray, shape (n_samples,), or None
        Weights of the rows.
    target : str
        The target's name.
    dropped : int
        Rows that were left out because their target is missing.
    """

    columns: list[PlainColumn]
    y: Array
    weights: Array | None
    target: str
    dropped: int

    @property
    def table(self) -> Table:
        """The inputs as a table."""
        return as_plain_table(self.columns)


def as_plain_table(columns: Sequence[PlainColumn]) -> Table:
    """A table of these columns."""
    return Table({column.name: column.values for column in columns})


def column_index(names: Sequence[str], given: str, option: str) -> int:
    """The index of the column with this name, or with this number: 1 is the first, -1 the last.

    Raises
    ------
    ArgumentError
        There is no such column.
    """
    if given in names:
        return list(names).index(given)
    try:
        number = int(given)
    except ValueError:
        number = 0
    if number and abs(number) <= len(names):
        return number - 1 if number > 0 else len(names) + number
    raise ArgumentError(
        f"{option}: there is no column {given!r}{did_you_mean(given, names)}; the file has "
        f"{', '.join(map(str, names[:20]))}{' ...' if len(names) > 20 else ''}"
    )


def read_labelled(
    path: str,
    dialect: Dialect,
    target: str,
    *,
    task: str = "auto",
    weight: str | None = None,
    ignore: Iterable[str] = (),
    categorical: Iterable[str] = (),
    columns: Sequence[str] | None = None,
    kinds: Sequence[str] | None = None,
) -> tuple[LabelledTable, str]:
    """Read a table with targets; the second result is the task.

    Parameters
    ----------
    path, dialect
        As in `pybp.tabular.files.read_table`.
    target, weight, ignore, categorical : str
        Columns, by name or number.
    task : {"auto", "classification", "regression"}
    columns, kinds : sequence of str, optional
        The columns to read and what they hold, where a model is tested; by default all others of the
        file, and the target must be one that can be learned.
    """
    frame = read_table(path, dialect)
    names = [str(name) for name in frame.columns]
    y_index = column_index(names, target, "--target")
    used = {y_index, *(column_index(names, name, "--ignore") for name in ignore)}
    w_index = None if weight is None else column_index(names, weight, "--weight")
    used |= set() if w_index is None else {w_index}
    if columns is None:
        chosen = [i for i in range(len(names)) if i not in used]
    else:
        chosen = [names.index(name) for name in known_columns(columns, names, path)]
    if not chosen:
        raise ArgumentError(f"{path}: no column is left to predict {names[y_index]!r} from")
    if kinds is None:
        listed = [column_index(names, name, "--categorical") for name in categorical]
        found = column_kinds(frame)
        kinds = ["categories" if i in listed else found[i] for i in chosen]
    inputs = plain_columns(_selected(frame, chosen), kinds)
    label = plain_columns(_selected(frame, [y_index]), None)[0]
    weights = None if w_index is None else _weights(frame, w_index, names[w_index])
    labelled, task = _labelled(inputs, label, weights, task, path)
    if columns is None:
        _refuse_target(labelled, task, path)
    return labelled, task


def known_columns(wanted: Sequence[str], names: Sequence[str], path: str) -> Sequence[str]:
    """`wanted`, if a file has these columns.

    Raises
    ------
    ArgumentError
        Some are missing; all of them are named.
    """
    lacking = [name for name in wanted if name not in names]
    if lacking:
        hint = did_you_mean(lacking[0], names)
        raise ArgumentError(f"{path} lacks the columns {', '.join(map(repr, lacking[:20]))}{hint}")
    return wanted


def read_inputs(path: str, dialect: Dialect, kinds: Mapping[str, Kind]) -> Table:
    """The columns of `kinds` of a whole file, of any format, as what the model reads.

    Raises
    ------
    ArgumentError, FileFormatError
        Columns are missing, or hold something else.
    """
    if path == "-" or kind_of(path) == "csv":
        parts = list(table_batches(path, kinds, dialect))
        return Table({name: np.concatenate([part[name] for part in parts]) for name in kinds})
    return selected_table(read_table(path), list(kinds), path)


def selected_table(frame: Any, names: Sequence[str], path: str) -> Table:
    """Some columns of a frame that was read from `path`.

    Raises
    ------
    ArgumentError
        Columns are missing.
    """
    wanted = list(known_columns(names, list(frame.columns), path))
    return as_plain_table(plain_columns(frame.select(wanted)))


def _selected(frame: Any, indices: Sequence[int]) -> Any:
    """Some columns of a frame of polars, or of a `Table`."""
    names = [frame.columns[i] for i in indices]
    return frame.select(names)


def _weights(frame: Any, index: int, name: str) -> Array:
    column = plain_columns(_selected(frame, [index]), None)[0]
    if column.kind != "numbers" or column.missing.any() or (column.values < 0).any():
        raise ArgumentError(f"--weight: column {name!r} must hold numbers >= 0, none missing")
    return column.values


def _labelled(
    inputs: list[PlainColumn], label: PlainColumn, weights: Array | None, task: str, path: str
) -> tuple[LabelledTable, str]:
    keep = np.flatnonzero(~label.missing)
    dropped = len(label.values) - len(keep)
    if not len(keep):
        raise ArgumentError(f"{path}: all values of the target {label.name!r} are missing")
    label = label.take(keep)
    task = _task(label) if task == "auto" else task
    y = _classes(label) if task == "classification" else _numbers(label)
    if dropped:
        inputs = [column.take(keep) for column in inputs]
        weights = None if weights is None else weights[keep]
    return LabelledTable(inputs, y, weights, label.name, dropped), task


def _refuse_target(data: LabelledTable, task: str, path: str) -> None:
    """Raise ArgumentError if nothing can be learned about the target."""
    n, rows = len(np.unique(data.y)), len(data.y)
    if n < 2:
        raise ArgumentError(
            f"{path}: the target {data.target!r} is {data.y.tolist()[0]!r} in all rows"
        )
    if task == "classification" and n > max(2, rows // 2):
        raise ArgumentError(
            f"{path}: the target {data.target!r} has {n:,} classes in {rows:,} rows, as an id has; "
            "give another --target, or --task regression if it is a number"
        )


def _task(label: PlainColumn) -> str:
    if label.kind == "categories":
        return "classification"
    if label.kind != "numbers":
        return "regression"
    distinct = np.unique(label.values)
    whole = bool((distinct == np.rint(distinct)).all())
    few = len(distinct) <= _CLASSES and len(distinct) <= max(2, len(label.values) // 10)
    return "classification" if whole and few else "regression"


def _classes(label: PlainColumn) -> Array:
    """Class labels: text, or whole numbers as such."""
    if label.kind == "categories":
        return label.values.astype(str)
    values = label.numbers
    return values.astype(np.int64) if (values == np.rint(values)).all() else values


def _numbers(label: PlainColumn) -> Array:
    if label.kind == "categories":
        example = label.values[0]
        raise ArgumentError(
            f"the target {label.name!r} holds {example!r}, no numbers, so the task can't be regression"
        )
    return label.numbers
