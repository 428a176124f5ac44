"""Plots of training and of nets, drawn with matplotlib.

Each function draws on the given axes, or makes a figure, and returns the axes. In a notebook the
figure appears; elsewhere call ``matplotlib.pyplot.show()`` or ``axes.figure.savefig(path)``.

All functions raise MissingExtraError if matplotlib is not installed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pybp._common.arguments import count, did_you_mean, shown
from pybp._common.arrays import as_numbers
from pybp._common.optional import require
from pybp._common.public import publish
from pybp._common.types import Array
from pybp.errors import ArgumentError, ShapeError
from pybp.losses import LossLike
from pybp.schedules import Schedule

__all__ = [
    "plot_decision_boundary",
    "plot_gradient_flow",
    "plot_history",
    "plot_schedule",
    "plot_weights",
]

_TRAINING, _VALIDATION = "#1f77b4", "#d95f02"


def plot_history(history: Any, metrics: Sequence[str] | None = None, *, axes: Any = None) -> Any:
    """Plot loss and metrics over the epochs; training and validation share one panel for each.

    Parameters
    ----------
    history : History, fitted estimator or dict
        The return value of `fit`; or an estimator with a `loss_curve_`, scikit-learn's included; or
        a dict of lists such as ``history.history``.
    metrics : list of str, optional
        The names to plot, such as "loss"; default: all.
    axes : sequence of matplotlib axes, optional
        One for each metric.

    Returns
    -------
    ndarray of matplotlib axes
        The panels.

    Raises
    ------
    ArgumentError
        The history has no epochs, or no metric of that name.
    """
    epochs, logs = _epochs(history)
    if not epochs:
        raise ArgumentError("there is nothing to plot: the history has no epochs")
    known = list(dict.fromkeys(name.removeprefix("val_") for name in logs))
    names = known if metrics is None else list(metrics)
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) if isinstance(name, str) else ""
            raise ArgumentError(
                f"the history has no {shown(name)} (it has {', '.join(known)}){hint}"
            )
    panels = _panels(len(names), axes, "History.plot", width=4.2, height=3.0)
    marker = "o" if len(epochs) == 1 else None
    for panel, name in zip(panels, names, strict=True):
        for key, label, color in (
            (name, "training", _TRAINING),
            (f"val_{name}", "validation", _VALIDATION),
        ):
            if key in logs:
                panel.plot(epochs, logs[key], color=color, label=label, marker=marker)
        panel.set(xlabel="epoch", ylabel=name)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(alpha=0.3)
        if f"val_{name}" in logs:
            legend_above(panel)
    return panels


def _epochs(history: Any) -> tuple[list[int], dict[str, Sequence[float]]]:
    """The epochs, and the lists of loss and metrics by name."""
    if hasattr(history, "epochs") and hasattr(history, "history"):
        return list(history.epochs), dict(history.history)
    if hasattr(history, "loss_curve_"):
        curves = {
            "loss": history.loss_curve_,
            "val_loss": getattr(history, "validation_loss_curve_", None),
            "val_score": getattr(history, "validation_scores_", None),
        }
        history = {name: values for name, values in curves.items() if values is not None}
    if not isinstance(history, Mapping):
        raise TypeError(
            f"history must be what fit returned, or a fitted estimator, got {shown(history)}"
        )
    return list(range(1, 1 + max(map(len, history.values()), default=0))), dict(history)


def plot_gradient_flow(
    source: Any, X: Any = None, y: Any = None, *, loss: LossLike = None, axes: Any = None
) -> Any:
    """Plot the root mean square of activations, deltas and gradients of each layer.

    Parameters
    ----------
    source : MLP, fitted estimator, Diagnosis or Trace
        A net or an `MLPClassifier` or `MLPRegressor`, with samples; or what `MLP.diagnose` or
        `MLP.trace` returned.
    X, y : array-like, optional
        Samples and targets, for a net or an estimator.
    loss : str, Loss or callable, optional
        As in `MLP.fit`, for a net.
    axes : matplotlib axes, optional
        Where to draw.

    Returns
    -------
    matplotlib axes
        The panel; its y axis is logarithmic.
    """
    sizes = _sizes(source, X, y, loss)
    (panel,) = _panels(
        1, None if axes is None else [axes], "plot_gradient_flow", width=6.4, height=3.6
    )
    activations, deltas, gradients = zip(*sizes, strict=True)
    places = np.arange(1, len(sizes) + 1)
    for values, label, color, marker in (
        (activations, "activations a", "#7570b3", "s"),
        (deltas, "deltas dL/dz", _TRAINING, "o"),
        (gradients, "gradients dL/dW", _VALIDATION, "^"),
    ):
        known = np.array([np.nan if v is None or v == 0 else v for v in values], float)
        panel.plot(places, known, marker=marker, markersize=4, color=color, label=label)
    panel.set_yscale("log")
    panel.set(xlabel="layer", ylabel="root mean square")
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.grid(alpha=0.3)
    legend_above(panel)
    return panel


def _sizes(source: Any, X: Any, y: Any, loss: LossLike) -> list[tuple[float | None, ...]]:
    """Of each layer the root mean squares of a, delta and dW."""
    net = getattr(source, "net_", source)
    if hasattr(net, "diagnose"):
        if X is None or y is None:
            raise TypeError(f"the gradient flow of {shown(source)} needs X and y")
        classes = getattr(source, "classes_", None)
        targets = y if classes is None else _class_indices(y, classes)
        source = net.diagnose(X, targets, loss=loss)
    layers = getattr(source, "layers", ())
    if not layers:
        raise TypeError(
            "source must be a net or an estimator, with X and y, a Diagnosis or a Trace, got "
            f"{shown(source)}"
        )
    if hasattr(layers[0], "activation_rms"):
        return [(one.activation_rms, one.delta_rms, one.gradient_rms) for one in layers]
    return [tuple(map(_rms, (one.a, one.delta, one.dW))) for one in layers]


def _rms(values: Array | None) -> float | None:
    return None if values is None else float(np.sqrt(np.mean(np.square(values, dtype=np.float64))))


def plot_decision_boundary(
    model: Any, X: Any, y: Any = None, *, resolution: int = 200, axes: Any = None
) -> Any:
    """Plot the predicted class over the plane of two inputs, and the samples.

    Parameters
    ----------
    model : MLP or fitted classifier
        A net with two inputs, or a classifier with `predict_proba`, of scikit-learn too. The
        predicted class is that of the largest output; for one output, whether it is at least 1/2.
        Darker colours mean more confident predictions.
    X : array-like, shape (n_samples, 2)
        Samples. Their range determines the part of the plane that is shown.
    y : array-like, shape (n_samples,), optional
        Class indices of the samples; for a classifier its labels.
    resolution : int
        Number of grid points along each axis.
    axes : matplotlib axes, optional
        Where to draw.

    Returns
    -------
    matplotlib axes
        The panel.

    Raises
    ------
    ShapeError
        The model doesn't have two inputs, or the shapes of X and y don't match.
    """
    points = as_numbers(X, "X")
    n_in = getattr(model, "n_in", getattr(model, "n_features_in_", 2))
    if n_in != 2 or points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(
            f"a decision boundary needs two inputs; the net has {n_in}, X has shape {points.shape}"
        )
    classes = getattr(model, "classes_", None)
    labels = None if y is None else _class_indices(y, classes)
    if labels is not None and len(labels) != len(points):
        raise ShapeError(f"y has {len(labels)} rows, but X has {len(points)}")
    steps = count(resolution, "resolution", low=2)
    (panel,) = _panels(
        1, None if axes is None else [axes], "plot_decision_boundary", width=4.6, height=4.4
    )
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * np.where(high > low, high - low, 1.0)
    sides = [np.linspace(low[i] - margin[i], high[i] + margin[i], steps) for i in range(2)]
    names = [str(name) for name in getattr(X, "columns", ("x1", "x2"))]
    outputs = _outputs(model, np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2), names)
    n_classes = max(outputs.shape[1], 2)
    colours = _class_colours(n_classes)
    panel.imshow(
        _shades(outputs, colours).reshape(steps, steps, 3),
        origin="lower",
        extent=(sides[0][0], sides[0][-1], sides[1][0], sides[1][-1]),
        aspect="auto",
        interpolation="bilinear",
    )
    if n_classes == 2:
        lead = outputs[:, -1] - (0.5 if outputs.shape[1] == 1 else outputs[:, 0])
        panel.contour(*sides, lead.reshape(steps, steps), levels=[0], colors="k", linewidths=1)
    for value in [None] if labels is None else np.unique(labels):
        chosen = points if value is None else points[labels == value]
        colour = "k" if value is None else colours[int(value) % n_classes]
        name = value if classes is None or value is None else classes[value]
        panel.scatter(*chosen.T, s=14, color=colour, edgecolors="white", linewidths=0.5, label=name)
    panel.set(xlabel=names[0], ylabel=names[1])
    if labels is not None:
        panel.legend(frameon=True, title="class", loc="best", fontsize="small")
    return panel


def _outputs(model: Any, grid: Array, names: list[str]) -> Array:
    """What the model says of the points of a grid, (points, classes) or (points, 1)."""
    if hasattr(model, "feature_names_in_"):  # it would warn of an array
        grid = require("pandas", "plot_decision_boundary").DataFrame(grid, columns=names)
    predict = model.predict_proba if hasattr(model, "predict_proba") else model.predict
    return np.asarray(predict(grid), np.float64).reshape(len(grid), -1)


def _class_indices(y: Any, classes: Any) -> Array:
    """Class indices of labels; `classes` are the labels that a classifier knows, None of a net."""
    if classes is None:
        return as_numbers(y, "y").reshape(-1)
    labels = np.asarray(y).reshape(-1)
    places: dict[Any, int] = {
        label: place for place, label in enumerate(np.asarray(classes).tolist())
    }
    for label in labels.tolist():
        if label not in places:
            raise ArgumentError(f"y holds {shown(label)}, which is no class of the model")
    return np.array([places[label] for label in labels.tolist()], np.intp)


def plot_weights(net: Any, *, bins: int = 50, axes: Any = None) -> Any:
    """Plot a histogram of the weights of each layer that has weights.

    Parameters
    ----------
    net : MLP or fitted estimator
        The net, or an estimator with a net or with `coefs_`.
    bins : int
        Number of bins of each histogram.
    axes : sequence of matplotlib axes, optional
        One for each layer with weights.

    Returns
    -------
    ndarray of matplotlib axes
        The panels.
    """
    all_weights = getattr(getattr(net, "net_", net), "weights", getattr(net, "coefs_", None))
    if all_weights is None:
        raise TypeError(f"net must be a net or a fitted estimator, got {shown(net)}")
    given = [(number, W) for number, W in enumerate(all_weights, 1) if W is not None]
    panels = _panels(len(given), axes, "plot_weights", width=3.0, height=2.4)
    for panel, (number, weights) in zip(panels, given, strict=True):
        panel.hist(weights.ravel(), bins=count(bins, "bins"), color=_TRAINING)
        shape = " x ".join(map(str, weights.shape))
        panel.set_title(f"layer {number}: {shape}", fontsize="medium")
        panel.set(xlabel="weight", ylabel="number")
    return panels


def plot_schedule(
    schedule: Schedule, steps: int, *, steps_per_epoch: int | None = None, axes: Any = None
) -> Any:
    """Plot the learning rate of each step.

    Parameters
    ----------
    schedule : Schedule
        One of `pybp.schedules`.
    steps : int
        Number of steps to plot; also the length of a schedule whose own length is not set.
    steps_per_epoch : int, optional
        Steps of an epoch; needed by schedules with ``per="epoch"``.
    axes : matplotlib axes, optional
        Where to draw.

    Returns
    -------
    matplotlib axes
        The panel.
    """
    n = count(steps, "steps")
    rates = schedule.rates(0, n, horizon=n, steps_per_epoch=steps_per_epoch)
    (panel,) = _panels(1, None if axes is None else [axes], "plot_schedule", width=4.6, height=2.8)
    panel.plot(np.arange(n), rates, color=_TRAINING)
    panel.set(xlabel="step", ylabel="learning rate")
    panel.set_ylim(bottom=0)
    panel.grid(alpha=0.3)
    return panel


# ---- helpers ------------------------------------------------------------------------------------


def _panels(n: int, axes: Any, purpose: str, *, width: float, height: float) -> Any:
    """`n` axes: the given ones, or new ones in rows of at most four."""
    pyplot = require("matplotlib.pyplot", purpose)
    if axes is not None:
        given = np.atleast_1d(np.asarray(axes, dtype=object)).ravel()
        if len(given) != n:
            raise ArgumentError(f"axes must be {n} axes, got {len(given)}")
        return given
    columns = min(n, 4)
    rows = -(-n // columns)
    figure, made = pyplot.subplots(
        rows,
        columns,
        figsize=(width * columns, height * rows),
        squeeze=False,
        layout="constrained",
    )
    for unused in made.ravel()[n:]:
        figure.delaxes(unused)
    return made.ravel()[:n]


def legend_above(*axes: Any, **how: Any) -> None:
    """A legend on the last of the axes, which lie upon each other, above all of their curves."""
    for one in axes:
        one.set_autoscaley_on(True)
        one.autoscale_view()
        room = one.transAxes.transform((0.0, 1.13))
        one.set_ylim(top=one.transData.inverted().transform(room)[1])
    legend = {"loc": "upper center", "frameon": False, "fontsize": "small", "borderaxespad": 0.3}
    axes[-1].legend(ncols=4, columnspacing=1.2, **legend, **how)


def _class_colours(n: int) -> Any:
    """RGB colours in [0, 1], shape (n, 3)."""
    matplotlib = require("matplotlib", "plot_decision_boundary")
    if n == 2:
        return np.array([[0.85, 0.37, 0.01], [0.12, 0.47, 0.71]])
    table = matplotlib.colormaps["tab10" if n <= 10 else "hsv"]
    return np.array([table(j if n <= 10 else j / n)[:3] for j in range(n)])


def _shades(outputs: Any, colours: Any) -> Any:
    """The colour of each row's predicted class, paler if the prediction is less confident."""
    if outputs.shape[1] == 1:
        probability = np.clip(outputs[:, 0].astype(float), 0.0, 1.0)
        predicted = (probability >= 0.5).astype(int)
        confidence = np.abs(2 * probability - 1)
    else:
        predicted = outputs.argmax(axis=1)
        ordered = np.sort(outputs.astype(float), axis=1)
        confidence = np.clip(ordered[:, -1] - ordered[:, -2], 0.0, 1.0)
    opacity = 0.15 + 0.45 * confidence[:, None]
    return 1 - opacity * (1 - colours[predicted])


publish(globals())
