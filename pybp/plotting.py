"""Plots of training and of nets, drawn with matplotlib.

Each function draws on the given axes, or makes a figure, and returns the axes. In a notebook the
figure appears; elsewhere call ``matplotlib.pyplot.show()`` or ``axes.figure.savefig(path)``.

All functions raise MissingExtraError if matplotlib is not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from pybp._common.arguments import count, shown
from pybp._common.arrays import as_numbers
from pybp._common.optional import require
from pybp._common.public import publish
from pybp._common.types import Array
from pybp.errors import ArgumentError, ShapeError
from pybp.net.network import Network
from pybp.schedules import Schedule

__all__ = [
    "plot_decision_boundary",
    "plot_gradient_flow",
    "plot_history",
    "plot_schedule",
    "plot_weights",
]

_TRAINING, _VALIDATION = "#1f77b4", "#d95f02"


class Epochs(Protocol):
    """The part of `History` that `plot_history` uses."""

    epochs: list[int]
    history: dict[str, list[float]]

    def __len__(self) -> int: ...


class Layers(Protocol):
    """The part of `Diagnosis` that `plot_gradient_flow` uses."""

    @property
    def layers(self) -> Sequence[Any]: ...


class Predictor(Protocol):
    """The part of `MLP` that `plot_decision_boundary` uses."""

    @property
    def n_in(self) -> int: ...
    @property
    def n_out(self) -> int: ...
    def predict(self, X: Any, /) -> Array: ...


def plot_history(history: Epochs, metrics: Sequence[str] | None = None, *, axes: Any = None) -> Any:
    """Plot loss and metrics over the epochs; training and validation share one panel for each.

    Parameters
    ----------
    history : History
        The return value of `fit`.
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
    if not len(history):
        raise ArgumentError("there is nothing to plot: the history has no epochs")
    known = list(dict.fromkeys(name.removeprefix("val_") for name in history.history))
    names = known if metrics is None else list(metrics)
    for name in names:
        if name not in known:
            raise ArgumentError(f"the history has no {shown(name)} (it has {', '.join(known)})")
    panels = _panels(len(names), axes, "History.plot", width=4.2, height=3.0)
    marker = "o" if len(history) == 1 else None
    for panel, name in zip(panels, names, strict=True):
        for key, label, color in (
            (name, "training", _TRAINING),
            (f"val_{name}", "validation", _VALIDATION),
        ):
            if key in history.history:
                values = history.history[key]
                panel.plot(history.epochs, values, color=color, label=label, marker=marker)
        panel.set(xlabel="epoch", ylabel=name)
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.grid(alpha=0.3)
        if f"val_{name}" in history.history:
            panel.legend(frameon=False)
    return panels


def plot_gradient_flow(diagnosis: Layers, *, axes: Any = None) -> Any:
    """Plot the root mean square of activations, deltas and gradients of each layer.

    Parameters
    ----------
    diagnosis : Diagnosis
        The return value of `MLP.diagnose`.
    axes : matplotlib axes, optional
        Where to draw.

    Returns
    -------
    matplotlib axes
        The panel; its y axis is logarithmic.
    """
    (panel,) = _panels(
        1, None if axes is None else [axes], "plot_gradient_flow", width=6.4, height=3.6
    )
    places = np.arange(1, len(diagnosis.layers) + 1)
    for values, label, color, marker in (
        ([layer.activation_rms for layer in diagnosis.layers], "activations a", "#7570b3", "s"),
        ([layer.delta_rms for layer in diagnosis.layers], "deltas dL/dz", _TRAINING, "o"),
        ([layer.gradient_rms for layer in diagnosis.layers], "gradients dL/dW", _VALIDATION, "^"),
    ):
        known = np.array([np.nan if v is None or v == 0 else v for v in values], float)
        panel.plot(places, known, marker=marker, markersize=4, color=color, label=label)
    panel.set_yscale("log")
    panel.set(xlabel="layer", ylabel="root mean square")
    panel.xaxis.get_major_locator().set_params(integer=True)
    panel.grid(alpha=0.3)
    panel.legend(frameon=False)
    return panel


def plot_decision_boundary(
    net: Predictor, X: Any, y: Any = None, *, resolution: int = 200, axes: Any = None
) -> Any:
    """Plot the predicted class over the plane of two inputs, and the samples.

    Parameters
    ----------
    net : MLP
        A net with two inputs. The predicted class is that of the largest output; for one output,
        whether it is at least 1/2. Darker colours mean more confident predictions.
    X : array-like, shape (n_samples, 2)
        Samples. Their range determines the part of the plane that is shown.
    y : array-like, shape (n_samples,), optional
        Class indices of the samples.
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
        The net doesn't have two inputs, or the shapes of X and y don't match.
    """
    points = as_numbers(X, "X")
    if net.n_in != 2 or points.ndim != 2 or points.shape[1] != 2:
        raise ShapeError(
            f"a decision boundary needs two inputs; the net has {net.n_in}, X has shape {points.shape}"
        )
    labels = None if y is None else as_numbers(y, "y").reshape(-1)
    if labels is not None and len(labels) != len(points):
        raise ShapeError(f"y has {len(labels)} rows, but X has {len(points)}")
    steps = count(resolution, "resolution", low=2)
    (panel,) = _panels(
        1, None if axes is None else [axes], "plot_decision_boundary", width=4.6, height=4.4
    )
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.05 * np.where(high > low, high - low, 1.0)
    sides = [np.linspace(low[i] - margin[i], high[i] + margin[i], steps) for i in range(2)]
    grid = np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2)
    outputs = net.predict(grid)
    n_classes = max(net.n_out, 2)
    colours = _class_colours(n_classes)
    panel.imshow(
        _shades(outputs, colours).reshape(steps, steps, 3),
        origin="lower",
        extent=(sides[0][0], sides[0][-1], sides[1][0], sides[1][-1]),
        aspect="auto",
        interpolation="bilinear",
    )
    if net.n_out == 1:
        panel.contour(*sides, outputs.reshape(steps, steps), levels=[0.5], colors="k", linewidths=1)
    for value in [None] if labels is None else np.unique(labels):
        chosen = points if value is None else points[labels == value]
        colour = "k" if value is None else colours[int(value) % n_classes]
        panel.scatter(
            *chosen.T, s=14, color=colour, edgecolors="white", linewidths=0.5, label=value
        )
    panel.set(xlabel="x1", ylabel="x2")
    if labels is not None:
        panel.legend(frameon=True, title="class", loc="best", fontsize="small")
    return panel


def plot_weights(net: Network, *, bins: int = 50, axes: Any = None) -> Any:
    """Plot a histogram of the weights of each layer that has weights.

    Parameters
    ----------
    net : MLP
        The net.
    bins : int
        Number of bins of each histogram.
    axes : sequence of matplotlib axes, optional
        One for each layer with weights.

    Returns
    -------
    ndarray of matplotlib axes
        The panels.
    """
    given = [
        (number, weights) for number, weights in enumerate(net.weights, 1) if weights is not None
    ]
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
