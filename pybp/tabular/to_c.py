"""What a trained predictor is, as data for the C file."""

from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.export.c import TableModel
from pybp.tabular.categories import category_to_json
from pybp.tabular.columns import is_missing
from pybp.tabular.encodings import Encoding, LeftOut, Measured, Numbers
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.reading import read_categories
from pybp.tabular.targets import ClassTargets, NumberTargets, Targets
from pybp.tabular.training import TrainedNet

__all__ = ["column_values", "table_model"]


def table_model(
    trained: list[TrainedNet], preprocessing: Preprocessing, targets: Targets
) -> TableModel:
    """Nets, preprocessing and targets as data."""
    arrays = preprocessing.arrays()
    columns = preprocessing.description()["columns"]
    given = ([one.net for one in trained], columns, arrays["medians"], arrays["spreads"])
    if isinstance(targets, ClassTargets):
        return TableModel(*given, classes=targets.classes.tolist())
    assert isinstance(targets, NumberTargets)
    scales = {name: getattr(targets, name) for name in ("std", "mean", "low", "high")}
    return TableModel(*given, scales=scales, ascending=len(targets.quantiles) > 1)


def column_values(preprocessing: Preprocessing, table: Any, rows: int) -> list[list[Any]]:
    """The values of the first rows of a table by column, None where they are missing: floats, microseconds
    or categories as JSON."""
    return [
        _values(encoding, table, index)[:rows]
        for index, encoding in enumerate(preprocessing.encodings)
    ]


def _values(encoding: Encoding, table: Any, index: int) -> list[Any]:
    if isinstance(encoding, LeftOut):
        return []
    if isinstance(encoding, Numbers):
        return [None if np.isnan(x) else float(x) for x in encoding.read(table, index)]
    if isinstance(encoding, Measured):
        values: Array = encoding.read(table, index)
        pairs = zip(np.isnat(values), values.view(np.int64).tolist(), strict=True)
        return [None if missing else value for missing, value in pairs]
    codes, different = read_categories(table, index, encoding.name)
    where = f"column {encoding.name!r} of X"
    known = [None if is_missing(v) else category_to_json(v, where) for v in different]
    return [known[code] if code >= 0 else None for code in codes.tolist()]
