"""Check samples, targets and sample weights, and convert them to a layout that the core reads."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from pybp._common.arguments import count, real, shown
from pybp._common.arrays import as_numbers, finite_matrix, plain
from pybp._common.types import Array, DType
from pybp.data.sparse import Inputs, as_inputs, column_of, take_inputs
from pybp.errors import ArgumentError, NotFiniteError, ShapeError
from pybp.layers import Layer
from pybp.losses import Custom, Loss

__all__ = [
    "ClassWeight",
    "Data",
    "check_categories",
    "checked_weights",
    "prepare",
    "split",
    "with_class_weights",
]

ClassWeight = Literal["balanced"] | Mapping[Any, float]

_CLASS_NAMES = (
    "; np.unique(y, return_inverse=True)[1] turns names of classes into class indices, and "
    "pybp.sklearn.MLPClassifier takes them as they are"
)


@dataclass(slots=True)
class Data:
    """Checked samples: ``X`` of shape (rows, n_in), targets ``y``, and ``weights`` (rows,) or None.

    ``y`` holds int32 class indices of shape (rows,), or numbers of shape (rows, n_targets). For a custom
    loss and several outputs it may hold any numbers of shape (rows,).
    """

    X: Inputs
    y: Array
    weights: Array | None

    def __len__(self) -> int:
        return len(self.X)

    @property
    def arrays(self) -> tuple[Inputs, Array, Array | None]:
        """X, y and weights."""
        return self.X, self.y, self.weights

    def take(self, rows: Array | slice) -> "Data":
        """These rows."""
        weights = None if self.weights is None else self.weights[rows]
        return Data(take_inputs(self.X, rows), self.y[rows], weights)

    def weight_of(self, rows: Array | slice) -> float:
        """Sum of the weights of these rows; without weights, their number."""
        if self.weights is None:
            return float(len(self.y[rows]))
        return float(self.weights[rows].sum())


def prepare(
    X: object,
    y: object,
    loss: Loss,
    *,
    n_in: int,
    n_out: int,
    dtype: DType,
    sample_weight: object = None,
    names: tuple[str, str, str] = ("X", "y", "sample_weight"),
    allow_zero_weight: bool = False,
) -> Data:
    """Check samples, targets and weights for a net and a loss, and convert them."""
    x_name, y_name, weight_name = names
    matrix = as_inputs(X, x_name, dtype, n_in)
    targets = as_numbers(y, y_name, hint=_CLASS_NAMES)
    n_targets = loss.n_targets(n_out)
    if matrix.shape[0] == 1:
        targets = _one_row(targets, n_targets)
    if targets.ndim not in (1, 2):
        raise ShapeError(f"{y_name} has {targets.ndim} dimensions; expected 1 or 2")
    if len(targets) != len(matrix):
        raise ShapeError(f"{y_name} has {len(targets)} rows, but {x_name} has {len(matrix)}")
    if isinstance(loss, Custom):
        targets = _custom_targets(targets, y_name, n_out)
    elif loss.targets == "classes" and (targets.ndim == 1 or targets.shape[1] != n_out):
        targets = _labels(targets, y_name, n_out)
    else:
        targets = _values(targets, y_name, n_out, dtype, loss)
        _check_values(targets, y_name, loss)
    weights = checked_weights(sample_weight, weight_name, len(matrix), allow_zero_weight)
    return Data(matrix, targets, weights)


def split(data: Data, fraction: float) -> tuple[Data, Data]:
    """Split off the last ceil(rows * fraction) rows."""
    if not 0 < fraction < 1:
        raise ArgumentError(f"validation_split must be in (0, 1), got {fraction!r}")
    rows = len(data)
    kept = rows - math.ceil(rows * fraction - 1e-9)  # 0.1 * 30 is slightly more than 3
    if kept < 1:
        raise ArgumentError(f"validation_split={fraction!r} leaves none of {rows} rows to train on")
    parts = data.take(slice(kept)), data.take(slice(kept, None))
    for part, name in zip(parts, ("training", "validation"), strict=True):
        if part.weights is not None:
            _check_total(part.weights, f"sample_weight of the {name} part")
    return parts


def with_class_weights(
    data: Data, class_weight: ClassWeight, loss: Loss, n_out: int, allow_zero_weight: bool = False
) -> Data:
    """The data with each weight multiplied by that of the sample's class."""
    weights = _class_weights(class_weight, _classes(data.y, loss), n_out)
    if data.weights is not None:
        weights = weights * data.weights
    if not allow_zero_weight:
        _check_total(weights, "class_weight")
    return Data(data.X, data.y, weights)


def check_categories(X: Inputs, layers: tuple[Layer, ...], name: str) -> None:
    """Raise if a column that an embedding reads holds a value that is not a category."""
    for layer in layers:
        if layer.kind != "embedding":
            break  # embeddings are the first layers
        values = column_of(X, layer.column)
        wrong = (values < 0) | (values >= layer.n_categories) | (values != np.floor(values))
        if wrong.any():
            row = int(np.argmax(wrong))
            raise ArgumentError(
                f"{name} holds {float(values[row])!r} at row {row}, column {layer.column}; "
                f"expected a category, a whole number from 0 to {layer.n_categories - 1}"
            )


# ---- targets ---------------------------------------------------------------------------------


def _one_row(targets: Array, n_targets: int) -> Array:
    """Add the dimension of the rows to the targets of a single sample that lack it."""
    if targets.ndim == 0:
        return targets.reshape(1)
    if targets.ndim == 1 and targets.size == n_targets > 1:
        return targets.reshape(1, n_targets)
    return targets


def _values(targets: Array, name: str, n_out: int, dtype: DType, loss: Loss) -> Array:
    """Targets of shape (rows, n_targets); a single target may have shape (rows,)."""
    n_targets = loss.n_targets(n_out)
    if targets.ndim == 1 and n_targets == 1:
        targets = targets.reshape(-1, 1)
    if targets.ndim == 1 or targets.shape[1] != n_targets:
        hint = "; for class indices use output='softmax' and cross_entropy" * (targets.ndim == 1)
        if n_targets < n_out:
            hint = f", {n_out // n_targets} for each target"
        raise ShapeError(
            f"{name} has shape {targets.shape}; expected {(len(targets), n_targets)} for "
            f"{loss.name} with {n_out} outputs{hint}"
        )
    return finite_matrix(targets, name, dtype)


def _check_values(values: Array, name: str, loss: Loss) -> None:
    """Raise if a value is not in the range of `Loss.targets`."""
    if loss.targets == "counts":
        _refuse_values(values < 0, values, name, loss, ">= 0")
    elif loss.targets == "signs":
        _check_signs(values, name, loss)
    elif loss.targets in ("probabilities", "classes"):
        _refuse_values((values < 0) | (values > 1), values, name, loss, "in [0, 1]")
    if loss.targets == "classes":
        sums = values.sum(axis=1, dtype=np.float64)
        off = np.abs(sums - 1) > 1e-3
        if off.any():
            row = int(np.argmax(off))
            raise ArgumentError(
                f"row {row} of {name} sums to {sums[row]:.6g}; cross_entropy expects class "
                "indices, one-hot rows or probabilities that sum to 1"
            )


def _check_signs(values: Array, name: str, loss: Loss) -> None:
    zero, negative = values == 0, values == -1
    wrong = ~(zero | negative | (values == 1))
    _refuse_values(wrong, values, name, loss, "-1 and 1, or 0 and 1")
    if zero.any() and negative.any():
        _refuse_values(zero, values, name, loss, "-1 and 1, or 0 and 1, not all three")


def _refuse_values(wrong: Array, values: Array, name: str, loss: Loss, expected: str) -> None:
    if wrong.any():
        row, column = np.argwhere(wrong)[0]
        raise ArgumentError(
            f"{name} holds {float(values[row, column])!r} at row {row}, column {column}; "
            f"{loss.name} expects targets {expected}"
        )


def _labels(targets: Array, name: str, n_classes: int) -> Array:
    """Class indices as int32, shape (rows,)."""
    if targets.ndim == 2:
        if targets.shape[1] != 1:
            raise ShapeError(
                f"{name} has shape {targets.shape}; expected {(len(targets),)} (class indices) "
                f"or {(len(targets), n_classes)} for cross_entropy with {n_classes} outputs"
            )
        targets = targets[:, 0]
    if targets.dtype.kind == "f":
        _refuse(~np.isfinite(targets), targets, name, n_classes, NotFiniteError)
        _refuse(targets != np.floor(targets), targets, name, n_classes, ArgumentError)
    if targets.dtype.kind != "b" and not (targets.min() >= 0 and targets.max() < n_classes):
        _refuse((targets < 0) | (targets >= n_classes), targets, name, n_classes, ArgumentError)
    return plain(targets, np.int32)


def _refuse(
    wrong: Array, targets: Array, name: str, n_classes: int, error: type[Exception]
) -> None:
    if wrong.any():
        row = int(np.argmax(wrong))
        raise error(
            f"{name} holds {targets[row].item()!r} at row {row}; expected class indices, whole "
            f"numbers from 0 to {n_classes - 1}"
        )


def _custom_targets(targets: Array, name: str, n_out: int) -> Array:
    """Targets of a custom loss, unchanged, except that (rows,) becomes (rows, 1) for one output."""
    if targets.ndim == 1 and n_out == 1:
        targets = targets.reshape(-1, 1)
    if targets.dtype.kind == "f":
        finite_matrix(targets.reshape(len(targets), -1), name, np.dtype(np.float64))
    return targets


# ---- weights ---------------------------------------------------------------------------------


def checked_weights(
    values: object, name: str, rows: int, allow_zero_weight: bool = False
) -> Array | None:
    """Sample weights: finite, >= 0, and unless `allow_zero_weight` one of them above 0."""
    if values is None:
        return None
    weights = as_numbers(values, name)
    if weights.shape != (rows,):
        raise ShapeError(f"{name} has shape {weights.shape}; expected {(rows,)}")
    weights = plain(weights, np.float64)
    if not np.isfinite(weights).all():
        row = int(np.argmin(np.isfinite(weights)))
        raise NotFiniteError(
            f"{name} holds {float(weights[row])!r} at row {row}; expected finite numbers"
        )
    if (weights < 0).any():
        row = int(np.argmax(weights < 0))
        raise ArgumentError(f"{name} holds {float(weights[row])!r} at row {row}; expected >= 0")
    if not allow_zero_weight:
        _check_total(weights, name)
    return weights


def _check_total(weights: Array, name: str) -> None:
    if not (weights > 0).any():
        raise ArgumentError(f"{name} is zero for every sample; expected at least one above 0")


def _classes(targets: Array, loss: Loss) -> Array:
    """The class index of each sample."""
    if loss.targets == "classes":
        if targets.ndim == 1:
            return targets
        largest: Array = targets.argmax(axis=1)
        return largest
    if loss.targets in ("probabilities", "signs") and targets.shape[1] == 1:
        return (targets[:, 0] >= 0.5).astype(np.intp)
    raise ArgumentError(
        "class_weight needs classes: cross_entropy, or binary_cross_entropy or a hinge loss with "
        f"one output; got {loss!r}"
    )


def _class_weights(class_weight: ClassWeight, classes: Array, n_out: int) -> Array:
    """The weight of each sample's class."""
    n_classes = max(n_out, 2)
    factors = np.ones(n_classes)
    if isinstance(class_weight, str):
        if class_weight != "balanced":
            raise ArgumentError(f"class_weight must be 'balanced' or a dict, got {class_weight!r}")
        counts = np.bincount(classes, minlength=n_classes)
        present = counts > 0
        factors[present] = len(classes) / (present.sum() * counts[present])
    elif isinstance(class_weight, Mapping):
        for index, factor in class_weight.items():
            label = count(index, "a class of class_weight", low=0)
            if label >= n_classes:
                raise ArgumentError(
                    f"class_weight names class {label}, but the classes are 0 to {n_classes - 1}"
                )
            factors[label] = real(factor, f"class_weight[{label}]", low=0.0)
    else:
        raise TypeError(f"class_weight must be 'balanced' or a dict, got {shown(class_weight)}")
    return factors[classes]
