"""Write what predicts from the rows of a table: preprocessing, nets, and what becomes of their outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.export.c.file import CFile
from pybp.export.c.table import TableRow
from pybp.export.c.text import array, checked_name
from pybp.export.c.write import CNets, checked_target, write_both
from pybp.net.network import Network

__all__ = ["TableModel", "predictor_to_c"]

_HEADER = """
{struct}
/* The net's inputs x[{n_in}] for a row. */
void {name}_prepare(const struct {name}_row *row, {real} *x);

/* {meaning} */
void {name}_predict_row(const struct {name}_row *row, double *y);
"""

_PREDICT_ROW = """\
void {name}_predict_row(const struct {name}_row *row, double *y)
{{
    {real} x[{n_in}];
    {scratch_type} scratch[{name}_scratch_bytes / sizeof({scratch_type})];
    {name}_prepare(row, x);
    {name}_mean(x, y, scratch);
{finish}}}
"""

_PROBABILITIES = """\
    const double sum = {name}_total({n_out}, y);
    for (size_t j = 0; j < {n_out}; j++)
        y[j] = y[j] / sum;
"""

_SORTED = """\
    {name}_sort({n_out}, y);
"""

_NUMBERS = """\
    for (size_t j = 0; j < {n_out}; j++) {{
        y[j] = {name}_product(y[j], {name}_std[j]) + {name}_y_mean[j];
        y[j] = y[j] < {name}_low[j] ? {name}_low[j] : y[j];
        y[j] = y[j] > {name}_high[j] ? {name}_high[j] : y[j];
    }}
"""

_TEST = """\
#if defined({NAME}_MAIN) || defined({NAME}_SELF_TEST)
static int {name}_rows_that_differ(void)
{{
    static const struct {name}_row rows[{rows}] = {{
{values},
    }};
    {wanted}
    int differ = 0;
    for (size_t row = 0; row < {rows}; row++) {{
        double y[{n_out}];
        {name}_predict_row(&rows[row], y);
        for (size_t j = 0; j < {n_out}; j++) {{
#ifdef {NAME}_NO_FMA
            const double distance = y[j] - wanted[row * {n_out} + j], size = wanted[row * {n_out} + j];
            differ += !(distance * distance <= {tolerance} * (1 + size * size));
#else
            differ += memcmp(&y[j], &wanted[row * {n_out} + j], sizeof y[j]) != 0;
#endif
        }}
    }}
    return differ;
}}
#endif
"""


@dataclass(frozen=True)
class TableModel:
    """A predictor for tables as data.

    Attributes
    ----------
    nets : sequence of Network
        The nets, whose outputs are averaged.
    columns : list
        The description of the preprocessing: docs/preprocessing.md.
    medians, spreads : ndarray
        Its arrays.
    classes : sequence, optional
        The classes; None for numbers.
    scales : mapping, optional
        "std", "mean", "low" and "high" of numbers: predictions are ``std y + mean`` between low and high.
    ascending : bool
        Whether the outputs are sorted first: they are quantiles.
    """

    nets: Sequence[Network]
    columns: Sequence[Mapping[str, Any]]
    medians: Array
    spreads: Array
    classes: Sequence[Any] | None = None
    scales: Mapping[str, Array] | None = None
    ascending: bool = False


def predictor_to_c(
    model: TableModel,
    path: object,
    name: object,
    dtype: object,
    X: Array | None,
    values: Sequence[Sequence[Any]],
) -> None:
    """Write a predictor; see `TabularPredictor.to_c`.

    Parameters
    ----------
    model : TableModel
        The predictor.
    path, name, dtype
        As in `MLP.to_c`.
    X : ndarray, optional
        Inputs of the nets for typical rows.
    values : sequence
        For each column its values in these rows; None where they are missing.
    """
    target, prefix = checked_target(path), checked_name(name)
    nets = CNets(model.nets, prefix, dtype, X)
    source = nets.sources[0]
    row = TableRow(prefix, source.c_real, model.columns, model.medians, model.spreads)
    n_out = model.nets[0].n_out
    words = {
        "name": prefix,
        "NAME": prefix.upper(),
        "real": source.c_real,
        "n_in": model.nets[0].n_in,
        "n_out": n_out,
        "scratch_type": source.scratch_type,
        "tolerance": "1e-16" if source.real == "float64" else "1e-8",
    }
    tables, finish, meaning = _finish(model, words)
    code = [*tables, row.function(), _PREDICT_ROW.format(finish=finish.format(**words), **words)]
    if X is not None:
        wanted = _finished(model, nets.predict(nets.rows))
        given = row.rows([column[: len(wanted)] for column in values])
        expected = array("double wanted[]", wanted, "float64")
        words |= {"rows": len(wanted), "values": given, "wanted": expected}
        code.append(_TEST.format(**words))
    file = CFile(
        nets.sources,
        f"mean of {len(model.nets)} nets: {model.nets[0]!r}"
        if model.nets[1:]
        else repr(model.nets[0]),
        target.stem,
        nets.rows,
        nets.predict(nets.rows).astype(nets.rows.dtype),
        class_names=None if model.classes is None else list(model.classes),
        extra_header=_HEADER.format(struct=row.struct(), meaning=meaning, **words),
        extra_code="\n".join(code),
        extra_test="0" if X is None else f"{prefix}_rows_that_differ()",
    )
    write_both(target, file)


def _finish(model: TableModel, words: Mapping[str, Any]) -> tuple[list[str], str, str]:
    """Constants, statements that make predictions of outputs, and what they are."""
    if model.scales is None:
        return (
            [],
            _PROBABILITIES,
            "The probability of each class for a row, in y[{n_out}].".format(**words),
        )
    names = {"std": "std", "mean": "y_mean", "low": "low", "high": "high"}
    tables = [
        array(
            f"double {words['name']}_{own}[{words['n_out']}]",
            _flat(model.scales[key], words["n_out"]),
            "float64",
        )
        + "\n"
        for key, own in names.items()
    ]
    return (
        tables,
        _SORTED * model.ascending + _NUMBERS,
        "The numbers predicted for a row, in y[{n_out}].".format(**words),
    )


def _flat(values: Array, n: int) -> Array:
    return np.broadcast_to(np.asarray(values, np.float64).ravel(), (n,))


def _finished(model: TableModel, outputs: Array) -> Array:
    """The predictions for outputs of the nets."""
    if model.scales is None:
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))
    n = outputs.shape[1]
    outputs = np.sort(outputs, axis=1) if model.ascending else outputs
    std, mean, low, high = (_flat(model.scales[k], n) for k in ("std", "mean", "low", "high"))
    return np.asarray(np.clip(outputs * std + mean, low, high))
