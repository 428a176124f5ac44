"""scikit-learn's checks of X and y, without lossy conversions and with better messages."""

from typing import Any

from sklearn.base import is_classifier
from sklearn.utils.validation import validate_data

from pybp._common.arrays import as_numbers, is_sparse, refuse_masked
from pybp.errors import ArgumentError, NotFiniteError
from pybp.tabular.columns import column_kind, column_names, is_frame
from pybp.tabular.predictor import unpacked_validation_data

__all__ = ["checked_validation", "refuse_lossy", "validated"]

_CONVERSION = ("convert", "argument must be", "arrays of bytes/strings", "sequence")
"""What messages about values that are no numbers contain."""


def refuse_lossy(values: Any, name: str) -> None:
    """Raise for data that scikit-learn would convert with a loss: masked arrays and dates.

    Raises
    ------
    TypeError
        Entries are masked, or are dates or durations.
    """
    refuse_masked(values, name)
    if is_frame(values):
        kinds = {column: column_kind(values, i) for i, column in enumerate(column_names(values))}
    else:
        kinds = {None: getattr(getattr(values, "dtype", None), "kind", "")}
    for column, kind in kinds.items():
        if kind in ("m", "M"):
            where = "" if column is None else f"column {column!r} of "
            raise TypeError(
                f"{where}{name} holds dates or durations; expected numbers, such as days since a "
                "date, years, or hours"
            )


def validated(estimator: Any, X: Any, y: Any = "no_validation", **how: Any) -> Any:
    """`validate_data` for an estimator that takes numbers alone."""
    refuse_lossy(X, "X")
    try:
        return validate_data(estimator, X, y, **how)
    except (TypeError, ValueError) as error:
        message = _explained(estimator, X, str(error))
        if message is None:
            raise
        kind = TypeError if isinstance(error, TypeError) else ArgumentError
        raise (NotFiniteError if "contains NaN" in message else kind)(message) from None


def checked_validation(
    validation_data: Any, X_val: Any, y_val: Any, sample_weight_val: Any
) -> tuple[Any, ...] | None:
    """(X, y) or (X, y, sample_weight) for validation, from either form of the arguments, or None."""
    if X_val is None and y_val is None and sample_weight_val is None:
        return None if validation_data is None else unpacked_validation_data(validation_data)
    if validation_data is not None:
        raise ArgumentError("give validation_data, or X_val and y_val, but not both")
    for given, value in (("X_val", X_val), ("y_val", y_val)):
        if value is None:
            raise ArgumentError(f"X_val and y_val belong together, but {given} was not given")
    weights = () if sample_weight_val is None else (sample_weight_val,)
    return (X_val, y_val, *weights)


def _explained(estimator: Any, X: Any, message: str) -> str | None:
    """A better message for missing values and for what is no number, or None."""
    table = f"pybp.sklearn.TabularMLP{'Classifier' if is_classifier(estimator) else 'Regressor'}"
    if message.startswith("Input X contains NaN"):
        return (
            f"Input X contains NaN: {table} takes missing values as they are, or impute them, such "
            "as by sklearn.impute.SimpleImputer in a pipeline"
        )
    if is_sparse(X) or not any(part in message for part in _CONVERSION):
        return None
    try:
        as_numbers(X, "X", hint=f"; {table} takes text, categories and missing values")
    except TypeError as error:
        return f"{error} ({message.splitlines()[0]})"
    return None
