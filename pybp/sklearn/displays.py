"""Pictures of fitted estimators, with the methods of scikit-learn's displays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Self

import numpy as np
from sklearn.utils.validation import check_is_fitted

from pybp._common.arguments import count, shown
from pybp._common.optional import require
from pybp._common.types import Array
from pybp.errors import ArgumentError
from pybp.plotting import legend_above

__all__ = ["LossCurveDisplay", "WeightsDisplay"]

_MOST_IMAGES = 36


class LossCurveDisplay:
    """Loss of each epoch, and validation score.

    Parameters
    ----------
    loss_curve : list of float
        Training loss of each epoch.
    validation_loss_curve : list of float, optional
        Validation loss of each epoch.
    validation_scores : list of float, optional
        Validation score of each epoch; on an axis of its own.
    name : str, optional
        Name of the estimator.

    Attributes
    ----------
    ax_, score_ax_ : matplotlib axes
        The axes of the losses, and those of the scores or None.
    figure_ : matplotlib figure
        The figure of the axes.
    lines_ : list of matplotlib lines
        The curves.
    """

    def __init__(
        self,
        loss_curve: Sequence[float],
        validation_loss_curve: Sequence[float] | None = None,
        validation_scores: Sequence[float] | None = None,
        *,
        name: str | None = None,
    ) -> None:
        self.loss_curve = loss_curve
        self.validation_loss_curve = validation_loss_curve
        self.validation_scores = validation_scores
        self.name = name

    @classmethod
    def from_estimator(
        cls, estimator: Any, *, ax: Any = None, name: str | None = None, **line_kwargs: Any
    ) -> Self:
        """Draw the curves of a fitted estimator, scikit-learn's own MLPs included.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            A fitted estimator.
        ax : matplotlib axes, optional
            Axes to draw on; a new figure if not given.
        name : str, optional
            The title; the estimator's class if not given.
        **line_kwargs
            For matplotlib's `plot`.

        Returns
        -------
        LossCurveDisplay
            The picture.
        """
        check_is_fitted(estimator)
        if not getattr(estimator, "loss_curve_", None):
            raise ArgumentError(f"{type(estimator).__name__} has no loss curve")
        display = cls(
            estimator.loss_curve_,
            getattr(estimator, "validation_loss_curve_", None),
            getattr(estimator, "validation_scores_", None),
            name=type(estimator).__name__ if name is None else name,
        )
        return display.plot(ax=ax, **line_kwargs)

    def plot(self, *, ax: Any = None, **line_kwargs: Any) -> Self:
        """Draw.

        Parameters
        ----------
        ax : matplotlib axes, optional
            Axes to draw on; a new figure if not given.
        **line_kwargs
            For matplotlib's `plot`.

        Returns
        -------
        LossCurveDisplay
            Itself.
        """
        self.ax_ = _axes(ax, "LossCurveDisplay")
        self.figure_, self.score_ax_ = self.ax_.figure, None
        self.lines_: list[Any] = []
        self._draw(self.ax_, self.loss_curve, "training loss", "C0", line_kwargs)
        self._draw(self.ax_, self.validation_loss_curve, "validation loss", "C1", line_kwargs)
        self.ax_.set(xlabel="epoch", ylabel="loss", title=self.name)
        if self.validation_scores is not None:
            self.score_ax_ = self.ax_.twinx()
            self._draw(
                self.score_ax_, self.validation_scores, "validation score", "C2", line_kwargs
            )
            self.score_ax_.set_ylabel("score")
        axes = [self.ax_] if self.score_ax_ is None else [self.ax_, self.score_ax_]
        legend_above(*axes, handles=self.lines_)
        return self

    def _draw(
        self,
        axes: Any,
        values: Sequence[float] | None,
        label: str,
        color: str,
        kwargs: dict[str, Any],
    ) -> None:
        if values is not None:
            epochs = np.arange(1, len(values) + 1)
            self.lines_ += axes.plot(epochs, values, **{"label": label, "color": color, **kwargs})


class WeightsDisplay:
    """The weights of a dense layer: as a matrix, or as one image for each neuron.

    Parameters
    ----------
    weights : ndarray, shape (n_in, n_out)
        Weights of the layer.
    image_shape : tuple of int, optional
        (height, width) of the image of a neuron's weights.
    names : list of str, optional
        Names of the inputs.

    Attributes
    ----------
    axes_ : ndarray of matplotlib axes
        One, or one for each neuron.
    figure_ : matplotlib figure
        The figure of the axes.
    images_ : list of matplotlib images
        The image in each of the axes.
    """

    def __init__(
        self,
        weights: Array,
        *,
        image_shape: tuple[int, int] | None = None,
        names: Sequence[str] | None = None,
    ) -> None:
        self.weights = weights
        self.image_shape = image_shape
        self.names = names

    @classmethod
    def from_estimator(
        cls,
        estimator: Any,
        *,
        layer: int = 0,
        image_shape: tuple[int, int] | None = None,
        max_images: int = _MOST_IMAGES,
        ax: Any = None,
        cmap: str = "RdBu",
    ) -> Self:
        """Draw the weights of a fitted estimator, scikit-learn's own MLPs included.

        Parameters
        ----------
        estimator : MLPClassifier or MLPRegressor
            A fitted estimator.
        layer : int
            Index of the layer in `coefs_`.
        image_shape : tuple of int, optional
            (height, width) of an image for each neuron, whose product is the number of inputs.
        max_images : int
            Largest number of images: those of the first neurons.
        ax : matplotlib axes, optional
            Axes to draw the matrix on; a new figure if not given. Images always get a new figure.
        cmap : str
            matplotlib's colour map, centred at 0.

        Returns
        -------
        WeightsDisplay
            The picture.
        """
        check_is_fitted(estimator)
        if not hasattr(estimator, "coefs_"):
            raise ArgumentError(f"{type(estimator).__name__} has no coefs_")
        layers = len(estimator.coefs_)
        if not -layers <= layer < layers:
            raise ArgumentError(f"layer is {layer}, but there are {layers} layers of weights")
        first = layer % layers == 0
        display = cls(
            estimator.coefs_[layer],
            image_shape=image_shape,
            names=getattr(estimator, "feature_names_in_", None) if first else None,
        )
        return display.plot(ax=ax, max_images=max_images, cmap=cmap)

    def plot(self, *, ax: Any = None, max_images: int = _MOST_IMAGES, cmap: str = "RdBu") -> Self:
        """Draw; the parameters are those of `from_estimator`.

        Returns
        -------
        WeightsDisplay
            Itself.
        """
        largest = float(np.abs(self.weights).max())
        how = {"cmap": cmap, "vmin": -largest, "vmax": largest}
        if self.image_shape is None:
            axes = _axes(ax, "WeightsDisplay")
            self.axes_ = np.array([axes])
            self.images_ = [axes.imshow(self.weights.T, aspect="auto", **how)]
            axes.set(xlabel="input", ylabel="neuron")
            if self.names is not None:
                axes.set_xticks(range(len(self.names)), self.names, rotation=90)
        else:
            self._plot_images(count(max_images, "max_images"), how)
        self.figure_ = self.axes_[0].figure
        self.figure_.colorbar(self.images_[0], ax=[*self.axes_])
        return self

    def _plot_images(self, most: int, how: dict[str, Any]) -> None:
        """Draw an image for each neuron."""
        shape = self.image_shape
        if shape is None or len(shape) != 2 or np.prod(shape) != len(self.weights):
            raise ArgumentError(
                f"image_shape must be (height, width) of {len(self.weights)} inputs, got {shown(shape)}"
            )
        pyplot = require("matplotlib.pyplot", "WeightsDisplay")
        neurons = min(most, self.weights.shape[1])
        columns = int(np.ceil(np.sqrt(neurons)))
        _, grid = pyplot.subplots(-(-neurons // columns), columns, squeeze=False)
        for panel in grid.ravel():
            panel.set_axis_off()
        self.axes_ = grid.ravel()[:neurons]
        self.images_ = [
            panel.imshow(self.weights[:, neuron].reshape(shape), **how)
            for neuron, panel in enumerate(self.axes_)
        ]


def _axes(ax: Any, purpose: str) -> Any:
    if ax is not None:
        return ax
    return require("matplotlib.pyplot", purpose).subplots(layout="constrained")[1]
