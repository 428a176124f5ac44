"""Predictors for tables as ONNX models, and tables as the inputs of these."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from pybp._common.types import Array
from pybp.export.onnx.ensembles import Scaled, TableModel, output_names, table_to_onnx
from pybp.export.onnx.predictions import given_rows
from pybp.export.onnx.tables import InputColumn, input_columns, missing_text
from pybp.tabular.categories import category_to_json
from pybp.tabular.columns import as_table, is_missing
from pybp.tabular.preprocessing import Preprocessing
from pybp.tabular.reading import read_categories, read_durations, read_numbers, read_times
from pybp.tabular.targets import ClassTargets, NumberTargets

__all__ = ["onnx_inputs", "predictor_to_onnx"]


def predictor_to_onnx(predictor: Any, path: str | os.PathLike[str], check: Any) -> None:
    """Write a predictor; see `TabularPredictor.to_onnx`."""
    model = TableModel(
        predictor.preprocessing.description(),
        predictor.preprocessing.arrays(),
        [predictor._first.net, *predictor.nets[1:]],
        _head(predictor),
    )
    pair = None
    if given_rows(check):
        names = output_names(model, input_columns(model.description))
        expected = {name: _predicted(predictor, key, check) for key, name in names.items()}
        pair = onnx_inputs(predictor.preprocessing, check), expected
    table_to_onnx(model, path, pair)


def _head(predictor: Any) -> Array | Scaled:
    targets = predictor.targets
    if isinstance(targets, ClassTargets):
        return targets.classes
    assert isinstance(targets, NumberTargets)
    n = targets.n_outputs
    mean, std, low, high = (
        np.broadcast_to(np.asarray(array, np.float64), (n,)) if n > 1 else np.asarray(array)
        for array in (targets.mean, targets.std, targets.low, targets.high)
    )
    flat = not targets._row_shape and not len(targets.quantiles) > 1
    return Scaled(mean, std, low, high, len(targets.quantiles) > 1, flat)


def _predicted(predictor: Any, name: str, X: Any) -> Array:
    predict = predictor.predict_proba if name == "probabilities" else predictor.predict
    return np.asarray(predict(X))


# ---- tables as inputs ------------------------------------------------------------------------


def onnx_inputs(preprocessing: Preprocessing, X: Any) -> dict[str, Array]:
    """The inputs of a model for a table; see `TabularPredictor.onnx_inputs`."""
    table = as_table(X)
    preprocessing._check_columns(table)
    columns = input_columns(preprocessing.description())
    return {column.name: _values(table, column)[:, np.newaxis] for column in columns}


def _values(table: Any, column: InputColumn) -> Array:
    where = table, column.index, column.description["name"]
    if column.kind == "numbers":
        return read_numbers(*where)
    if column.kind == "times":
        return read_times(*where).astype("datetime64[us]").view(np.int64)
    if column.kind == "durations":
        return read_durations(*where).astype("timedelta64[us]").view(np.int64)
    codes, values = read_categories(*where)
    if column.kind == "texts":
        missing = missing_text(column.description["categories"])
        texts = [missing if is_missing(value) else _text(value) for value in values]
        known = np.array([*texts, missing], object)
    else:
        known = np.array([*map(_number, values), _number(None)], np.float64)
    return np.asarray(known[codes])


def _text(value: Any) -> str:
    """A category as a string; those that are none are unknown to the net anyway."""
    return str(value) if isinstance(value, str) else f"{type(value).__name__} {value}"


def _number(value: Any) -> float:
    if is_missing(value):
        return float("nan")
    plain = category_to_json(value, "a category")
    return float(plain) if isinstance(plain, bool | int | float) else float("inf")
